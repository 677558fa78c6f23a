"""What a run reads: entries of the source, each checked, its id new, cut into shards."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stance.corpus.documents import Columns, Entry, given_entries, read_entries, taken
from stance.corpus.input_files import InputFile, find_files, fingerprint
from stance.corpus.shards import checked
from stance.errors import InputError
from stance.values import Document

SHARD_CHARACTERS = 64_000_000
"""A shard also ends with the document that brings it to so many characters."""
Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]
Source = Paths | Iterable[Document] | Iterable[Mapping[str, Any]]
Shard = tuple[int, Iterator[Entry]]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: documents read and failed so far, and how many there are if that is known."""

    done: int = 0
    failed: int = 0
    total: int | None = None


OnProgress = Callable[[Progress], None]


def read_source(
    source: Source, columns: Columns, folder: Path
) -> tuple[Iterator[Entry], list[InputFile] | None]:
    """The entries of the source, and its files if it is files."""
    items: Iterator[Any] = taken([source] if isinstance(source, str | os.PathLike) else source)
    some = list(itertools.islice(items, 1))
    given = itertools.chain(some, items)
    if not (some and isinstance(some[0], str | os.PathLike)):
        return given_entries(given, columns), None
    files = [fingerprint(path) for path in find_files(given, folder)]
    return read_entries((file.path for file in files), columns), files


def screened(
    entries: Iterable[Entry], strict: bool, total: int | None, on_progress: OnProgress | None
) -> Iterator[Entry]:
    """The entries, with an error for each that cannot be scored or whose id came before."""
    seen = SeenIds()
    failed = 0
    for done, given in enumerate(entries, 1):
        entry = checked(given)
        if entry.error is None and entry.document and not seen.first_time(entry.document.id):
            message = f"document {entry.document.id!r}: another with this id came before"
            entry = Entry(entry.file, entry.row, entry.document, InputError(message))
        if entry.error is not None:
            if strict:
                raise entry.error
            failed += 1
        if on_progress is not None:
            on_progress(Progress(done, failed, total))
        yield entry


class SeenIds:
    """Which ids came before, by a hash of 8 bytes.

    Two ids among n share a hash with a probability below n² / 2⁶⁵: 0.03% at 10⁸ documents.
    """

    def __init__(self) -> None:
        self._sorted = np.empty(0, dtype=np.uint64)
        self._recent: set[int] = set()

    def first_time(self, identity: str) -> bool:
        """Whether the id is new; it no longer is afterwards."""
        raw = hashlib.blake2b(identity.encode(), digest_size=8).digest()
        key = np.frombuffer(raw, dtype=np.uint64)[0]
        at = int(np.searchsorted(self._sorted, key))
        if int(key) in self._recent or (at < len(self._sorted) and self._sorted[at] == key):
            return False
        self._recent.add(int(key))
        if len(self._recent) == 10_000:
            recent = np.array(sorted(self._recent), dtype=np.uint64)
            self._sorted = np.insert(self._sorted, np.searchsorted(self._sorted, recent), recent)
            self._recent.clear()
        return True


def total_documents(files: list[InputFile] | None, source: Source) -> int | None:
    """How many documents there are, None if only reading them all would tell."""
    if files is None:
        return len(source) if isinstance(source, Sized) else None
    counts = [file.documents for file in files]
    return None if None in counts else sum(c for c in counts if c is not None)


def cut(entries: Iterator[Entry], size: int) -> Iterator[Shard]:
    """Numbered stretches, each to be taken whole before the next; their bounds depend on the entries alone."""
    for index in itertools.count():
        first = next(entries, None)
        if first is None:
            return
        yield index, _stretch(first, entries, size)


def _stretch(first: Entry, entries: Iterator[Entry], size: int) -> Iterator[Entry]:
    entry: Entry | None = first
    characters = 0
    for room in range(size, 0, -1):
        if entry is None:
            return
        yield entry
        if entry.document and entry.error is None:
            characters += len(entry.document.text)
        if room == 1 or characters >= SHARD_CHARACTERS:
            return
        entry = next(entries, None)


def shown(source: object) -> str:
    """The source in an error message."""
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    return (
        ", ".join(map(os.fspath, source))
        if isinstance(source, list | tuple) and source
        else "the input"
    )

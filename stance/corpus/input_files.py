"""Which files an input names, and what identifies their content."""

from __future__ import annotations

import glob
import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from stance.errors import CorpusError, InputError

KINDS = {
    ".txt": "text",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
}
COMPRESSIONS = (".gz", ".zst")
Identity = tuple[int, int] | str


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file and its content's SHA-256, None if it cannot be read; `documents` if that is known cheaply."""

    path: str
    size: int
    sha256: str | None
    documents: int | None


def kind_of(path: str | os.PathLike[str]) -> tuple[str | None, str]:
    """How a file is read, by its name, None for a name that says nothing; and its compression, or ""."""
    name = os.path.basename(os.fspath(path)).lower()
    compression = next((c for c in COMPRESSIONS if name.endswith(c)), "")
    stem = name.removesuffix(compression)
    kind = next((kind for suffix, kind in KINDS.items() if stem.endswith(suffix)), None)
    return (None if kind == "parquet" and compression else kind), compression


def find_files(
    paths: Iterable[str | os.PathLike[str]], out_dir: str | os.PathLike[str]
) -> list[str]:
    """The files that files, folders and globs name, each once, folders in the order of names.

    A folder gives every .txt, .jsonl, .ndjson, .csv, .tsv (also .gz and .zst) and .parquet file
    below it; hidden ones and other names are left out. Links are followed, into each folder once.
    A folder that holds the output folder gives what is outside of that.

    Raises:
        InputError: a path does not exist, a glob or folder has no such file, or a folder cannot
            be listed.
        CorpusError: a path is the output folder or in it.
    """
    outside = os.path.realpath(out_dir)
    seen: set[Identity] = set()
    found: list[str] = []
    for given in paths:
        path = os.fspath(given)
        holds_none = True
        for name in _named(path):
            if (os.path.realpath(name) + os.sep).startswith(outside + os.sep):
                raise CorpusError(
                    f"the input {name} is in the output folder {os.fspath(out_dir)}",
                    hint="give an output folder that holds no input",
                )
            if os.path.isdir(name) and not _first_time(name, seen):
                holds_none = False
                continue
            for file in _walk(name, outside, seen) if os.path.isdir(name) else [name]:
                holds_none = False
                if _first_time(file, seen):
                    found.append(file)
        if holds_none:
            raise InputError(f"{path} holds no file that can be read", hint=_READABLE)
    return found


_READABLE = f"read are: {', '.join(KINDS)}, the text ones also as .gz and .zst"


def fingerprint(path: str) -> InputFile:
    """The file with its size and hash, and how many documents it holds where reading it tells."""
    kind, compression = kind_of(path)
    counts_lines = kind == "jsonl" and not compression
    digest, size, lines, last = hashlib.sha256(), 0, 0, b"\n"
    try:
        with open(path, "rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
                size += len(block)
                if counts_lines:
                    lines += block.count(b"\n")
                    last = block[-1:]
    except OSError:
        return InputFile(path, 0, None, None)
    documents: int | None = None
    if kind == "parquet":
        documents = _parquet_rows(path)
    elif counts_lines:
        documents = lines + (last != b"\n")
    elif kind in ("text", None):
        documents = 1
    return InputFile(path, size, digest.hexdigest(), documents)


def _named(path: str) -> list[str]:
    if path == "-":
        raise InputError(
            "standard input cannot be read again to go on with a run",
            hint="write it to a file, or give stance.score_corpus an iterable of documents",
        )
    if os.path.lexists(path):
        return [path]
    if not glob.has_magic(path):
        raise InputError(f"{path} does not exist")
    matches = sorted(glob.glob(path, recursive=True))
    if not matches:
        raise InputError(f"no file matches {path}")
    return matches


def _walk(folder: str, outside: str, seen: set[Identity]) -> Iterator[str]:
    for root, folders, names in os.walk(folder, followlinks=True, onerror=_cannot_list):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and os.path.realpath(os.path.join(root, name)) != outside
            and _first_time(os.path.join(root, name), seen)
        )
        for name in sorted(names):
            if not name.startswith(".") and kind_of(name)[0] is not None:
                yield os.path.join(root, name)


def _first_time(path: str, seen: set[Identity]) -> bool:
    """Whether no earlier path led to the same file, folder or broken link."""
    identity: Identity
    try:
        status = os.stat(path)
        identity = (status.st_dev, status.st_ino)
    except OSError:  # broken, or a glob that went around a loop of links until the system refused
        real = os.path.realpath(path)
        try:
            status = os.stat(real)
            identity = (status.st_dev, status.st_ino)
        except OSError:
            identity = real
    if identity in seen:
        return False
    seen.add(identity)
    return True


def _cannot_list(error: OSError) -> None:
    raise InputError(f"folder {error.filename} cannot be listed: {error.strerror}") from error


def _parquet_rows(path: str) -> int | None:
    from pyarrow import ArrowException
    from pyarrow.parquet import read_metadata

    try:
        return int(read_metadata(Path(path)).num_rows)
    except (OSError, ArrowException):
        return None

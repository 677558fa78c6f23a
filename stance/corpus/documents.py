"""Documents read from files or given: each place of the input with its document, or why it has none."""

from __future__ import annotations

import datetime
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from stance.corpus.input_files import kind_of
from stance.corpus.input_rows import (
    Row,
    csv_rows,
    jsonl_rows,
    parquet_rows,
    plain_row,
    read_bytes,
    undecodable,
)
from stance.dates import parse_date
from stance.errors import CorpusError, InputError, StanceError
from stance.values import Document

OnError = Callable[[StanceError], None]
ID_TYPES = ("string", "integer", "null")
DATE_TYPES = ("string", "date", "integer", "float", "null")
TEXT_TYPES = ("string", "null")


@dataclass(frozen=True, slots=True)
class Columns:
    """What the columns or JSON fields of documents are called, and how dates in them are read.

    A file without `id`, `date` or `outlet` is read without them; a CSV or Parquet file must have
    those that were given another name here. `day_first` says what 03/04/2021 means; None refuses it.
    """

    id: str = "id"
    text: str = "text"
    date: str = "date"
    outlet: str = "outlet"
    day_first: bool | None = None

    @property
    def needed(self) -> tuple[str, ...]:
        """Those that a table must have, the text first."""
        named = [getattr(self, f.name) for f in fields(self)[:4] if f.name != "text"]
        defaults = {f.default for f in fields(self)}
        return (self.text, *(name for name in named if name not in defaults))

    @property
    def types(self) -> dict[str, tuple[str, ...]]:
        """What each column of a typed table may hold."""
        kinds = (ID_TYPES, TEXT_TYPES, DATE_TYPES, TEXT_TYPES)
        return dict(zip((self.id, self.text, self.date, self.outlet), kinds, strict=True))


@dataclass(frozen=True, slots=True)
class Entry:
    """A place of the input: a file's `row`, or all of it if None, and what was read there."""

    file: str | None
    row: int | None
    document: Document | None = None
    error: StanceError | None = None


def read_documents(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    date: datetime.date | None = None,
    on_error: OnError | None = None,
    *,
    columns: Columns | None = None,
) -> Iterator[Document]:
    """The documents of files, read as they are taken.

    .jsonl and .csv (also .gz, .zst) and .parquet files hold a document a row, with `text` and
    optionally `id`, `date`, `outlet`; any other file, and standard input ("-"), is one document,
    named by its path. Documents without an id are named `<file>:<row>`; in JSONL the row is the line.

    Args:
        paths: a file or several, or "-" for standard input.
        date: for documents that have no date of their own.
        on_error: receives the error of a file or row that cannot be read, which is then left
            out; without it the first such error is raised.
        columns: the names of the columns, if they are others.

    Raises:
        InputError: a file is missing, a folder, cut short or not UTF-8, or a row is not as above.
        MissingDependencyError: a .parquet or .zst file, and pyarrow is not installed.
    """
    files = [paths] if isinstance(paths, str | os.PathLike) else paths
    for entry in read_entries(files, columns or Columns(), date):
        if entry.document is not None:
            yield entry.document
        elif entry.error is not None:
            if on_error is None:
                raise entry.error
            on_error(entry.error)


def read_entries(
    paths: Iterable[str | os.PathLike[str]],
    columns: Columns,
    date: datetime.date | None = None,
) -> Iterator[Entry]:
    """Every document and every error of the files, in order.

    Raises:
        MissingDependencyError: a .parquet or .zst file, and pyarrow is not installed.
    """
    for given in paths:
        path = os.fspath(given)
        try:
            yield from _read_file(path, columns, date)
        except InputError as error:
            yield Entry(path, None, error=error)


def given_entries(documents: Iterable[object], columns: Columns) -> Iterator[Entry]:
    """Every document and every error of an iterable of documents, or of mappings like rows of a file.

    Raises:
        CorpusError: the iterable itself fails for want of a disk or network.
    """
    for number, given in enumerate(taken(documents), 1):
        if isinstance(given, Mapping):
            yield _row_entry(None, number, plain_row(given), columns, None)
        elif isinstance(given, Document):
            yield Entry(None, number, given)
        else:
            kind = type(given).__name__
            message = f"row {number}: is {kind}; must be a stance.Document or a mapping"
            yield Entry(None, number, error=InputError(message))


def taken(documents: Iterable[object]) -> Iterator[object]:
    """The documents; an error of disk or network on the way becomes a CorpusError."""
    try:
        yield from documents
    except OSError as error:
        raise CorpusError(f"the documents given cannot be read on: {error}") from error


def _read_file(path: str, columns: Columns, date: datetime.date | None) -> Iterator[Entry]:
    kind, compression = kind_of(path)
    rows: Iterator[Row]
    if kind == "jsonl":
        rows = jsonl_rows(path, compression)
    elif kind == "csv":
        rows = csv_rows(path, compression, columns.needed)
    elif kind == "parquet":
        rows = parquet_rows(path, columns.types, columns.needed)
    else:
        yield Entry(path, None, _read_text(path, compression, date))
        return
    for number, row in rows:
        yield _row_entry(path, number, row, columns, date)


def _read_text(path: str, compression: str, date: datetime.date | None) -> Document:
    name = "standard input" if path == "-" else path
    raw = sys.stdin.buffer.read() if path == "-" else read_bytes(path, compression)
    utf_16 = raw[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        return Document(name, raw.decode("utf-16" if utf_16 else "utf-8-sig"), date)
    except UnicodeDecodeError as error:
        raise undecodable(raw, error, name) from error


def _row_entry(
    file: str | None,
    number: int,
    row: Mapping[str, Any] | InputError,
    columns: Columns,
    date: datetime.date | None,
) -> Entry:
    if isinstance(row, InputError):
        return Entry(file, number, error=row)
    name = f"row {number}" if file is None else f"{file}:{number}"
    try:
        return Entry(file, number, _document(row, name, columns, date))
    except InputError as error:
        return Entry(file, number, error=error)


def _document(
    row: Mapping[str, Any], name: str, columns: Columns, date: datetime.date | None
) -> Document:
    if columns.text not in row:
        raise InputError(
            f"{name}: lacks the field {columns.text!r}; it has {', '.join(map(repr, row)) or 'none'}"
        )
    text, outlet = row[columns.text], row.get(columns.outlet)
    for field, value in ((columns.text, text), (columns.outlet, outlet)):
        if value is not None and not isinstance(value, str):
            raise InputError(
                f"{name}, field {field!r}: is {type(value).__name__}; must be a string"
            )
    if text is None:
        raise InputError(f"{name}, field {columns.text!r}: is null; must be a string")
    _check_encoding(text, name)
    identity = row.get(columns.id)
    if identity is not None and (isinstance(identity, bool) or not isinstance(identity, str | int)):
        raise InputError(
            f"{name}, field {columns.id!r}: is {type(identity).__name__}; must be a string"
        )
    own_date = parse_date(
        row.get(columns.date), f"{name}, field {columns.date!r}", day_first=columns.day_first
    )
    return Document(
        name if identity is None or identity == "" else str(identity),
        text,
        own_date or date,
        outlet or None,
    )


def _check_encoding(text: str, name: str) -> None:
    """Bytes of a table that are not UTF-8 arrive as lone surrogates."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as halves:
        try:
            raw = text.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return  # half a surrogate pair, written out in JSON: the scorer names it
        error = UnicodeDecodeError("utf-8", raw, len(text[: halves.start].encode()), len(raw), "")
        raise undecodable(raw, error, name) from None

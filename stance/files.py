"""Documents and records in files: .txt, .jsonl and standard input in; JSONL records in and out."""

from __future__ import annotations

import datetime
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from stance.errors import InputError, StanceError
from stance.records import StanceRecord
from stance.values import Document

OnError = Callable[[StanceError], None]


def read_documents(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    date: datetime.date | None = None,
    on_error: OnError | None = None,
) -> Iterator[Document]:
    """The documents of files, read as they are taken.

    A .jsonl file holds one object a line with `text` and optionally `id`, `date`, `outlet`; any other
    file, and standard input ("-"), is one document, named by its path. JSONL documents without an
    id are named `<file>:<line>`.

    Args:
        paths: a file or several, or "-" for standard input.
        date: for documents that have no date of their own.
        on_error: receives the error of a file or row that cannot be read, which is then left
            out; without it the first such error is raised.

    Raises:
        InputError: a file is missing, a folder or not UTF-8, or a row is not as above.
    """
    for path in [paths] if isinstance(paths, str | os.PathLike) else paths:
        try:
            if str(path).lower().endswith((".jsonl", ".ndjson")):
                yield from _read_rows(path, date, on_error)
            else:
                yield _read_text(path, date)
        except StanceError as error:
            if on_error is None:
                raise
            on_error(error)


def write_records(records: Iterable[StanceRecord], path: str | os.PathLike[str]) -> int:
    """Write records as JSONL and return how many there were."""
    written = 0
    with open(path, "w", encoding="utf-8") as out:
        for record in records:
            out.write(json.dumps(record.to_json(), ensure_ascii=False) + "\n")
            written += 1
    return written


def read_records(path: str | os.PathLike[str]) -> Iterator[StanceRecord]:
    """The records of a file that `write_records` or `stance analyze --json` wrote.

    Raises:
        InputError: a line is not a stance record; names file and line.
    """
    for number, line in _lines(path):
        try:
            yield StanceRecord.from_json(json.loads(line))
        except (ValueError, RecursionError) as error:
            hint = error.hint if isinstance(error, StanceError) else None
            raise InputError(f"{os.fspath(path)}, line {number}: {error}", hint=hint) from error


def parse_date(value: object, where: str) -> datetime.date | None:
    """An ISO date or date-time, or None for None and "".

    Raises:
        InputError: anything else; `where` names document and field.
    """
    if value is None or value == "":
        return None
    try:
        return datetime.datetime.fromisoformat(value).date()  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{where}: is {value!r}; must be an ISO date such as 2021-12-24"
        ) from error


def _read_text(path: str | os.PathLike[str], date: datetime.date | None) -> Document:
    name = "standard input" if str(path) == "-" else os.fspath(path)
    raw = sys.stdin.buffer.read() if str(path) == "-" else _read_bytes(Path(path))
    return Document(name, _decode(raw, name), date)


def _read_rows(
    path: str | os.PathLike[str], date: datetime.date | None, on_error: OnError | None
) -> Iterator[Document]:
    for number, line in _lines(path):
        name = f"{os.fspath(path)}:{number}"
        try:
            yield _document(_decode(line, name), name, date)
        except StanceError as error:
            if on_error is None:
                raise
            on_error(error)


def _document(line: str, name: str, date: datetime.date | None) -> Document:
    try:
        row: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{name}: is not JSON ({error})", hint="each line must be one JSON object"
        ) from error
    if not isinstance(row, dict):
        raise InputError(f"{name}: is a JSON {type(row).__name__}; must be an object with 'text'")
    if "text" not in row:
        raise InputError(
            f"{name}: lacks the field 'text'; it has {', '.join(map(repr, row)) or 'none'}"
        )
    for field in ("text", "outlet"):
        if row.get(field) is not None and not isinstance(row[field], str):
            raise InputError(
                f"{name}, field {field!r}: is {type(row[field]).__name__}; must be a string"
            )
    identity = row.get("id")
    if identity is not None and not isinstance(identity, str | int):
        raise InputError(f"{name}, field 'id': is {type(identity).__name__}; must be a string")
    own_date = parse_date(row.get("date"), f"{name}, field 'date'")
    return Document(
        name if identity is None else str(identity),
        row["text"] or "",
        own_date or date,
        row.get("outlet"),
    )


def _lines(path: str | os.PathLike[str]) -> Iterator[tuple[int, bytes]]:
    """Numbered lines that are not blank."""
    try:
        with open(path, "rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, line
    except OSError as error:
        raise _cannot_read(Path(path), error) from error


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _cannot_read(path, error) from error


def _cannot_read(path: Path, error: OSError) -> InputError:
    if path.is_dir():
        return InputError(
            f"{path} is a folder; must be a file", hint="give its files, as in folder/*.txt"
        )
    return InputError(f"{path} cannot be read: {error.strerror or error}")


def _decode(raw: bytes, name: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"document {name!r}, field 'text': is not UTF-8 (byte 0x{raw[error.start]:02x} at {error.start})",
            hint="convert it first, as in: iconv -f windows-1252 -t utf-8 FILE",
        ) from error

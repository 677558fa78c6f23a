"""Files to rows: JSONL, CSV and Parquet read as they are taken, each bad row alone."""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import json
import math
import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from stance.errors import InputError, MissingDependencyError

MAX_ROW_BYTES = 64 * 1024 * 1024
"""A longer row is refused unread, or memory would not be bounded; no document may have as many."""
PARQUET_BATCH_ROWS = 256
Row = tuple[int, Mapping[str, Any] | InputError]
"""The number of a row, from 1 (in JSONL of its line), and its fields or why it has none."""


def read_bytes(path: str, compression: str = "") -> bytes:
    """A whole file.

    Raises:
        InputError: it cannot be read, is cut short, or has more than MAX_ROW_BYTES.
    """
    with opened(path, compression) as file:
        raw = file.read(MAX_ROW_BYTES + 1)
    if len(raw) > MAX_ROW_BYTES:
        raise InputError(
            f"{path} has more than {MAX_ROW_BYTES:,} bytes; too long for one document",
            hint="give each article as a file or a row of its own",
        )
    return raw


def jsonl_rows(path: str, compression: str = "") -> Iterator[Row]:
    """The objects of a JSONL file, by line; blank lines are no rows.

    Raises:
        InputError: the file cannot be read, or not to its end.
    """
    with opened(path, compression) as file:
        for number in itertools.count(1):
            line = file.readline(MAX_ROW_BYTES + 1)
            if not line:
                return
            if len(line) > MAX_ROW_BYTES and not line.endswith(b"\n"):
                while not line.endswith(b"\n") and (line := file.readline(1 << 20)):
                    pass
                yield number, _too_long(f"{path}:{number}")
            elif line.strip():
                yield number, _json_object(line, f"{path}:{number}")


def csv_rows(path: str, compression: str, columns: tuple[str, ...]) -> Iterator[Row]:
    """The records of a CSV file with a header; separated by comma, semicolon or tab, as the header is.

    Args:
        path: UTF-8, or UTF-16 with a byte-order mark.
        compression: as `kind_of` says.
        columns: those that the header must have.

    Raises:
        InputError: the file cannot be read, or not to its end, or the header lacks a column.
    """
    # A limit of the whole process, by default too low for a long article.
    csv.field_size_limit(max(csv.field_size_limit(), MAX_ROW_BYTES))
    with opened(path, compression) as file:
        mark = file.peek(2)[:2] in (b"\xff\xfe", b"\xfe\xff")
        text = io.TextIOWrapper(
            file, "utf-16" if mark else "utf-8-sig", errors="surrogateescape", newline=""
        )
        first = text.readline(1 << 20)
        delimiter = next((d for d in ",;\t" if columns[0] in _cells(first, d)), ",")
        header = _cells(first, delimiter)
        check_columns(path, header, columns)
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        for number in itertools.count(1):
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield number, InputError(f"{path}:{number}: is not CSV ({error})")
                continue
            if len(cells) == len(header):
                yield number, dict(zip(header, cells, strict=True))
            elif cells:
                yield (
                    number,
                    InputError(
                        f"{path}:{number}: has {len(cells)} fields; the header has {len(header)}",
                        hint="a text with a separator or line end in it must be quoted",
                    ),
                )


def parquet_rows(
    path: str, wanted: Mapping[str, tuple[str, ...]], needed: tuple[str, ...]
) -> Iterator[Row]:
    """The rows of a Parquet file, only the wanted columns.

    Args:
        path: the file.
        wanted: columns, and for each what its type may be, as `_type_name` calls it.
        needed: those of them that the file must have.

    Raises:
        InputError: the file cannot be read, or not to its end, or a column is missing or of
            another type.
    """
    try:
        import pyarrow
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise MissingDependencyError("pyarrow", "corpus") from error
    number = 0
    try:
        # Without read-ahead: a row group can be larger than all else that is held.
        with ParquetFile(path, pre_buffer=False) as file:
            types = {field.name: _type_name(field.type) for field in file.schema_arrow}
            check_columns(path, list(types), needed)
            columns = [name for name in wanted if name in types]
            for name in columns:
                if types[name] not in wanted[name]:
                    raise InputError(
                        f"{path}: column {name!r} is {types[name]}; "
                        f"must be {' or '.join(wanted[name])}"
                    )
            # Group by group, so that a damaged one takes no row of the one before with it.
            for group in range(file.num_row_groups):
                for batch in file.iter_batches(
                    PARQUET_BATCH_ROWS, [group], columns, use_threads=False
                ):
                    for row in _rows_of(batch, columns):
                        number += 1
                        yield number, row
    except (OSError, pyarrow.ArrowException) as error:
        after = f" after row {number}" if number else ""
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"{path} cannot be read as Parquet{after}: {reason}", hint="was it copied whole?"
        ) from error


def check_columns(path: str, present: list[str], needed: tuple[str, ...]) -> None:
    """Raise InputError if a needed column is not present."""
    for name in needed:
        if name not in present:
            shown = ", ".join(map(repr, present[:20])) or "none"
            raise InputError(
                f"{path} lacks the column {name!r}; it has {shown}",
                hint="name the columns with --text, --id, --date, --outlet (in Python: Columns)",
            )


def undecodable(raw: bytes, error: UnicodeDecodeError, name: str) -> InputError:
    """What to say of bytes that are not UTF-8."""
    return InputError(
        f"document {name!r}, field 'text': is not UTF-8 (byte 0x{raw[error.start]:02x} at {error.start})",
        hint="convert it first, as in: iconv -f windows-1252 -t utf-8 FILE",
    )


@contextmanager
def opened(path: str, compression: str = "") -> Iterator[io.BufferedReader]:
    """The file, decompressed; whatever breaks while it is read becomes an InputError."""
    try:
        with _open(path, compression) as file:
            yield file
    except EOFError as error:
        raise InputError(
            f"{path} ends early: the compressed file was cut short", hint="copy it again"
        ) from error
    except UnicodeDecodeError as error:  # UTF-16: of UTF-8 wrong bytes are kept
        raise InputError(
            f"{path} is not whole UTF-16: {error.reason}", hint="copy it again"
        ) from error
    except (OSError, zlib.error) as error:
        if os.path.isdir(path):
            raise InputError(
                f"{path} is a folder; must be a file", hint="give its files, as in folder/*.txt"
            ) from error
        early = compression and "Truncated" in str(error)
        reason = "ends early: the compressed file was cut short" if early else "cannot be read"
        detail = getattr(error, "strerror", None) or error
        raise InputError(f"{path} {reason}" + ("" if early else f": {detail}")) from error


def _open(path: str, compression: str) -> io.BufferedReader:
    raw: Any
    if compression == ".gz":
        raw = gzip.GzipFile(path, "rb")
    elif compression == ".zst":
        try:
            from pyarrow import input_stream
        except ImportError as error:
            raise MissingDependencyError("pyarrow", "corpus") from error
        raw = input_stream(path, compression="zstd")
    else:
        return open(path, "rb")
    return io.BufferedReader(raw, 1 << 16)


def _json_object(line: bytes, name: str) -> Mapping[str, Any] | InputError:
    try:
        row: Any = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return undecodable(line, error, name)
    except (ValueError, RecursionError) as error:
        return InputError(
            f"{name}: is not JSON ({error})", hint="each line must be one JSON object"
        )
    if not isinstance(row, dict):
        return InputError(f"{name}: is a JSON {type(row).__name__}; must be an object with 'text'")
    return row


def _too_long(name: str) -> InputError:
    return InputError(f"{name}: has more than {MAX_ROW_BYTES:,} bytes; too long for one document")


def _cells(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter), [])


def _rows_of(batch: Any, columns: list[str]) -> Iterator[Mapping[str, Any]]:
    try:
        yield from batch.to_pylist()
    # The whole batch fails for one string that is not UTF-8, or one date beyond the year 9999.
    except (ValueError, OverflowError):
        for i in range(batch.num_rows):
            yield {name: _value(batch.column(name)[i]) for name in columns}


def _value(scalar: Any) -> Any:
    try:
        return scalar.as_py()
    except UnicodeDecodeError as error:
        return error.object.decode("utf-8", "surrogateescape")
    except (ValueError, OverflowError) as error:
        return f"a date out of range ({error})"  # no date: the row is refused, and this says why


def _type_name(arrow_type: Any) -> str:
    """The kind of a column's values: string, integer, float, date, or what Arrow calls it."""
    from pyarrow import types

    if types.is_dictionary(arrow_type):
        arrow_type = arrow_type.value_type
    if types.is_string(arrow_type) or types.is_large_string(arrow_type):
        return "string"
    for name in ("string_view", "integer", "floating", "date", "timestamp", "null"):
        if getattr(types, f"is_{name}")(arrow_type):
            return {"string_view": "string", "floating": "float", "timestamp": "date"}.get(
                name, name
            )
    return str(arrow_type)


def plain_row(row: Any) -> Any:
    """A row with its cells as Python values."""
    if not isinstance(row, Mapping):
        return row
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    """A cell as a Python value: numpy scalars and the several kinds of missing value undone."""
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    kind = getattr(getattr(value, "dtype", None), "kind", None)
    if kind is not None and not getattr(value, "shape", ()):
        value = value.astype("datetime64[D]").item() if kind == "M" else value.item()
    return None if isinstance(value, float) and math.isnan(value) else value

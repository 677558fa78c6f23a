"""Labelled pairs from files and tables: the format is recognised, wrong rows are named."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from stance.errors import InputError
from stance.evaluation.labelled import (
    LabelledPair,
    RowError,
    good_rows,
    json_object,
    numbered_lines,
    show,
)
from stance.evaluation.native import DSE_COLUMNS, PARSERS, SHAPES, Row
from stance.evaluation.rows import rows_of_table
from stance.values import STANCES

Labelled = str | os.PathLike[str] | Iterable[Any]
"""A file, pairs, rows as mappings, or a table: pandas, polars, Arrow, `datasets.Dataset`."""


def read_pairs(
    data: Labelled,
    *,
    format: str | None = None,
    labels: Sequence[str] | None = STANCES,
    on_error: Callable[[InputError], object] | None = None,
) -> list[LabelledPair]:
    """All labelled pairs of a file or table, in order.

    Args:
        data: a file (.jsonl, .json, .csv, .tsv, .txt, in UTF-8); pairs; rows as mappings; a pandas,
            polars or Arrow table; a `datasets.Dataset`.
        format: one of pairs, csv, newsmtsc, rusentne, dse, seesaw, plover, semeval2016; None
            recognises it by the columns of the first row.
        labels: what `stance` may be; None for anything.
        on_error: receives the error of each wrong row, which is then skipped, so that one bad row
            never loses the others; None raises the first.

    Returns:
        The pairs; empty for an empty file. A row without `id` gets its number.

    Raises:
        InputError: the data cannot be read or recognised, or a row is wrong; names file, line and field.
    """
    return list(iter_pairs(data, format=format, labels=labels, on_error=on_error))


def iter_pairs(
    data: Labelled,
    *,
    format: str | None = None,
    labels: Sequence[str] | None = STANCES,
    on_error: Callable[[InputError], object] | None = None,
) -> Iterator[LabelledPair]:
    """What `read_pairs` returns, one at a time: a JSONL file may be larger than memory.

    Raises:
        InputError: as `read_pairs`; a file that cannot be opened raises at the call.
    """
    if format is not None and format not in PARSERS:
        raise InputError(f"format is {format!r}; must be one of {', '.join(PARSERS)}")
    if isinstance(data, str | os.PathLike):
        name, rows = os.fspath(data), _file_rows(Path(data), format)
    else:
        name, rows = "the given rows", enumerate(rows_of_table(data), 1)

    def parse(row: Any, number: int) -> list[LabelledPair]:
        nonlocal format
        if isinstance(row, bytes):
            row = json_object(row, number)
        if isinstance(row, LabelledPair):
            return [_checked(row, labels)]
        if not isinstance(row, Mapping):
            raise RowError(f"a row must be a LabelledPair or a mapping, got {show(row)}")
        format = format or _recognise(row, name)
        try:
            return [_checked(pair, labels) for pair in PARSERS[format](row, number)]
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise RowError(f"not a row of the format {format}: {error!r}") from error

    return chain.from_iterable(good_rows(rows, name, parse, on_error))


def _checked(pair: LabelledPair, labels: Sequence[str] | None) -> LabelledPair:
    if labels is not None and pair.stance is not None and pair.stance not in labels:
        raise RowError(
            f"field 'stance' must be one of {tuple(labels)} or null, got {show(pair.stance)}",
            hint="labels of your own are named when a model is trained: stance train --labels",
        )
    return pair


def _recognise(row: Row, name: str) -> str:
    for format, needed in SHAPES:
        if needed <= row.keys():
            return format
    shapes = "; ".join(f"{format}: {', '.join(sorted(needed))}" for format, needed in SHAPES)
    raise InputError(
        f"{name} is of no known format: its first row has the fields {show(sorted(map(str, row)))}",
        hint=f"fields needed: {shapes}",
    )


def _file_rows(path: Path, format: str | None) -> Iterator[tuple[int, Any]]:
    """Numbered rows of a file: mappings, or lines that hold a JSON object."""
    kind = path.suffix.lower()
    if kind in (".csv", ".tsv", ".txt", ".tab"):
        return _delimited_rows(path, format)
    if kind == ".json":
        return enumerate(_json_rows(path), 1)
    return numbered_lines(path)


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is not UTF-8: byte 0x{error.object[error.start]:02x} at {error.start}",
            hint="convert it first, as in: iconv -f windows-1252 -t utf-8 FILE",
        ) from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error


def _delimited_rows(path: Path, format: str | None) -> Iterator[tuple[int, Row]]:
    content = _read(path)
    header = content.partition("\n")[0].rstrip("\r")
    lines = io.StringIO(content, newline="")
    tabs = header.count("\t")
    if format == "dse" or (format is None and tabs == 3 and "[" in header):
        reader = csv.DictReader(lines, DSE_COLUMNS, delimiter="\t")
    elif header.lower().split("\t") == ["id", "target", "tweet", "stance"]:
        # Tweets hold quotation marks that open and never close.
        reader = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    else:
        reader = csv.DictReader(lines, delimiter="\t" if tabs else ",")
    for row in reader:
        yield reader.line_num, {k.strip(): v for k, v in row.items() if isinstance(k, str)}


def _json_rows(path: Path) -> Sequence[Row]:
    try:
        rows = json.loads(_read(path))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not JSON: {error}") from error
    if not isinstance(rows, list):
        raise InputError(f"{path} holds a JSON {type(rows).__name__}; must be an array of rows")
    return rows

"""Labelled pairs: the JSONL rows that training and evaluation read, one ordered pair a line."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from stance.errors import InputError
from stance.values import ACTS, SENTIMENTS, STANCES

Span = tuple[int, int]
Row = TypeVar("Row")
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class LabelledPair:
    """A text with one ordered pair in it and what people said about the pair.

    `source` and `target` are half-open character offsets into `text`. With no `source` the row
    says how the text portrays the target (`sentiment`); with no `target` it is a stance toward
    nobody named. `stance` is one of STANCES (or of a model's own labels) and None where there is
    no source; `sentiment` is
    one of SENTIMENTS or None; `shift_from` is the stance held before, or "none" where the text states
    no change; `act` is a PLOVER root code, or "NONE"; both are None where nobody has said.
    `split` is whatever the file calls its parts.
    """

    id: str
    text: str
    source: Span | None
    target: Span | None
    stance: str | None = None
    sentiment: str | None = None
    shift_from: str | None = None
    act: str | None = None
    date: datetime.date | None = None
    doc_id: str | None = None
    split: str | None = None


def numbered_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a file with their numbers, blank ones left out, read as they are taken.

    Raises:
        InputError: the file cannot be opened (at the call).
    """
    try:
        with path.open("rb"):
            pass
    except IsADirectoryError as error:
        raise InputError(f"{path} is a folder, a JSONL file was expected") from error
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist, a JSONL file was expected") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{str(path)!r} cannot be opened: {error}") from error
    return _lines(path)


def _lines(file: Path) -> Iterator[tuple[int, bytes]]:
    with file.open("rb") as lines:
        yield from ((number, raw) for number, raw in enumerate(lines, 1) if raw.strip())


def good_rows(
    rows: Iterable[tuple[int, Row]],
    name: str,
    parse: Callable[[Row, int], Made],
    on_error: Callable[[InputError], object] | None,
) -> Iterator[Made]:
    """What `parse` makes of each numbered row; its RowError gets the name of the data and the line."""
    for number, row in rows:
        try:
            made = parse(row, number)
        except RowError as problem:
            error = InputError(f"{name}, line {number}: {problem}", hint=problem.hint)
            if on_error is None:
                raise error from None
            on_error(error)
        else:
            yield made


class RowError(Exception):
    """What is wrong with a row, before the file and line are known."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


def parse_row(row: Mapping[str, Any], number: int) -> LabelledPair:
    """The pair of one row in the format of labelled pairs; which labels a stance may have is not checked.

    Raises:
        RowError: a field is missing or wrong.
    """
    text = check_text(row)
    source, target = _span(row, "source", text), _span(row, "target", text)
    stance = _string(row, "stance")
    sentiment = _label(row, "sentiment", SENTIMENTS)
    _check_question(source, target, stance, sentiment)
    return LabelledPair(
        id=_string(row, "id") or str(number),
        text=text,
        source=source,
        target=target,
        stance=stance if source else None,
        sentiment=sentiment,
        shift_from=_label(row, "shift_from", ("none", *STANCES)),
        act=_label(row, "act", ("NONE", *ACTS)),
        date=_date(row),
        doc_id=_string(row, "doc_id"),
        split=_string(row, "split"),
    )


def json_object(raw: bytes, number: int) -> dict[str, Any]:
    """The JSON object of line `number`.

    Raises:
        RowError: the line is something else.
    """
    try:
        # A byte order mark is allowed where editors put it.
        line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise RowError(
            f"not UTF-8: byte 0x{raw[error.start]:02x} at position {error.start}",
            hint="save the file as UTF-8",
        ) from None
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise RowError(
            f"not JSON: {error.msg} at column {error.colno}: {show(line.strip())}",
            hint="each line must be one whole JSON object",
        ) from None
    except (ValueError, RecursionError) as error:
        raise RowError(f"not JSON that can be read: {error}") from None
    if not isinstance(row, dict):
        raise RowError(
            f"expected a JSON object, got {_kind(row)}: {show(row)}",
            hint="each line must be one JSON object, without brackets around the file",
        )
    return row


def check_text(row: Mapping[str, Any]) -> str:
    """The row's text, which must be a string that is not empty.

    Raises:
        RowError: it is not.
    """
    if "text" not in row:
        raise RowError(f"field 'text' is missing; the fields are {show(sorted(row))}")
    text = row["text"]
    if not isinstance(text, str) or not text.strip():
        raise RowError(f"field 'text' must be a string that is not empty, got {show(text)}")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise RowError(
            f"field 'text' holds half of a surrogate pair at offset {error.start}"
        ) from None
    return text


def _span(row: Mapping[str, Any], field: str, text: str) -> Span | None:
    value = row.get(field)
    if value is None:
        return None
    if not isinstance(value, dict) or not {"start", "end"} <= value.keys():
        raise RowError(
            f"field '{field}' must be null or an object with 'start' and 'end', got {show(value)}"
        )
    start, end = value["start"], value["end"]
    for name, offset in (("start", start), ("end", end)):
        if isinstance(offset, bool) or not isinstance(offset, int):
            raise RowError(f"field '{field}.{name}' must be an int, got {show(offset)}")
    if start == end:
        raise RowError(f"field '{field}' is an empty span, [{start}, {end})")
    if not 0 <= start < end <= len(text):
        raise RowError(
            f"field '{field}' is [{start}, {end}), but offsets must satisfy "
            f"0 <= start < end <= {len(text)}, the length of the text in characters"
        )
    return start, end


def _label(row: Mapping[str, Any], field: str, allowed: tuple[str, ...]) -> str | None:
    value = row.get(field)
    if value is None:
        return None
    if value not in allowed:
        raise RowError(f"field '{field}' must be one of {allowed} or null, got {show(value)}")
    return str(value)


def _string(row: Mapping[str, Any], field: str) -> str | None:
    value = row.get(field)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise RowError(f"field '{field}' must be a string or null, got {show(value)}")


def _date(row: Mapping[str, Any]) -> datetime.date | None:
    value = row.get("date")
    if value is None or value == "":
        return None
    if isinstance(value, datetime.date):
        return value.date() if isinstance(value, datetime.datetime) else value
    try:
        return datetime.datetime.fromisoformat(value).date()
    except (TypeError, ValueError):
        raise RowError(
            f"field 'date' must be an ISO date such as '2026-01-31' or null, got {show(value)}"
        ) from None


def _check_question(
    source: Span | None, target: Span | None, stance: str | None, sentiment: str | None
) -> None:
    """A row must ask something, and hold the answer to it."""
    if source is None and target is None:
        raise RowError("both 'source' and 'target' are null or missing; give at least one")
    if source is None and sentiment is None:
        raise RowError(
            f"a row with only a 'target' needs 'sentiment', one of {SENTIMENTS}",
            hint="a stance needs a source to hold it",
        )
    if target is None and stance is None:
        raise RowError(f"a row with only a 'source' needs 'stance', one of {STANCES}")
    if stance is None and sentiment is None:
        raise RowError("a row needs 'stance' or 'sentiment', both are null or missing")


def show(value: object) -> str:
    """A short form of what came, for an error message."""
    shown = ascii(value) if not isinstance(value, str) else repr(value)
    return shown if len(shown) <= 80 else shown[:77] + "..."


def _kind(value: object) -> str:
    names = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")

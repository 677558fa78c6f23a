"""Reading labelled pairs: what is accepted, and what each wrong row is told."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest

from stance.errors import InputError
from stance.evaluation.formats import iter_pairs, read_pairs
from stance.evaluation.labelled import LabelledPair

TEXT = "Japan thanked Peru 😀."
GOOD = {
    "id": "a",
    "text": TEXT,
    "source": {"start": 0, "end": 5},
    "target": {"start": 14, "end": 18},
    "stance": "favor",
}


def _write(folder: Path, *rows: object) -> Path:
    path = folder / "pairs.jsonl"
    lines = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def test_all_fields(tmp_path: Path) -> None:
    extra = {"shift_from": "neutral", "act": "SUPPORT", "sentiment": "positive", "split": "dev"}
    row = {**GOOD, **extra, "date": "2026-01-31", "doc_id": 7, "unknown": [1]}
    assert read_pairs(_write(tmp_path, row)) == [
        LabelledPair(
            "a", TEXT, (0, 5), (14, 18), "favor", "positive", "neutral", "SUPPORT",
            datetime.date(2026, 1, 31), "7", "dev",
        )
    ]  # fmt: skip


def test_one_sided_rows(tmp_path: Path) -> None:
    target_only = {"text": TEXT, "target": {"start": 14, "end": 18}, "sentiment": "negative"}
    source_only = {"text": TEXT, "source": {"start": 0, "end": 5}, "target": None}
    path = _write(tmp_path, target_only, {**source_only, "stance": "against"})
    first, second = read_pairs(path)
    assert (first.id, first.source, first.target, first.stance) == ("1", None, (14, 18), None)
    assert first.sentiment == "negative"
    assert (second.id, second.source, second.target) == ("2", (0, 5), None)


def test_blank_lines_mark_and_separators(tmp_path: Path) -> None:
    row = json.dumps({**GOOD, "text": TEXT + "\u2028\x85next"}, ensure_ascii=False).encode()
    path = _write(tmp_path, b"\xef\xbb\xbf" + row, b"", b"  \r", row + b"\r")
    assert [pair.id for pair in read_pairs(path)] == ["a", "a"]


def test_empty_file_has_no_pairs(tmp_path: Path) -> None:
    assert read_pairs(_write(tmp_path)) == []


def test_datetime_is_cut_to_its_date(tmp_path: Path) -> None:
    (pair,) = read_pairs(_write(tmp_path, {**GOOD, "date": "2026-01-31T23:00:00Z"}))
    assert pair.date == datetime.date(2026, 1, 31)


WRONG = {
    "not JSON": (b'{"id": "a", "text": ', ["not JSON", "column"]),
    "not an object": ([1, 2], ["object", "an array"]),
    "null": (None, ["object", "null"]),
    "deep": (b"[" * 100_000, ["not JSON"]),
    "not UTF-8": (b'{"text": "caf\xe9"}', ["UTF-8", "0xe9"]),
    "no text": ({"id": "a"}, ["'text'", "missing", "'id'"]),
    "text is null": ({**GOOD, "text": None}, ["'text'", "None"]),
    "text is blank": ({**GOOD, "text": " "}, ["'text'", "empty"]),
    "half a surrogate": ({**GOOD, "text": "Japan thanked Peru \ud83d"}, ["'text'", "surrogate"]),
    "span past the end": ({**GOOD, "target": {"start": 14, "end": 99}}, ["'target'", "99", "21"]),
    "span below zero": ({**GOOD, "source": {"start": -5, "end": 5}}, ["'source'", "-5"]),
    "span backwards": ({**GOOD, "source": {"start": 5, "end": 0}}, ["'source'", "[5, 0)"]),
    "empty span": ({**GOOD, "source": {"start": 5, "end": 5}}, ["'source'", "empty"]),
    "offset is float": ({**GOOD, "source": {"start": 0.0, "end": 5}}, ["source.start", "0.0"]),
    "offset is bool": ({**GOOD, "source": {"start": 0, "end": True}}, ["source.end", "True"]),
    "offset is text": ({**GOOD, "target": {"start": "14", "end": 18}}, ["target.start", "'14'"]),
    "span is a list": ({**GOOD, "target": [14, 18]}, ["'target'", "[14, 18]"]),
    "span lacks end": ({**GOOD, "target": {"start": 14}}, ["'target'", "'end'"]),
    "unknown stance": ({**GOOD, "stance": "pro"}, ["'stance'", "'pro'", "favor"]),
    "stance is a number": ({**GOOD, "stance": 1}, ["'stance'", "1", "favor"]),
    "unknown sentiment": ({**GOOD, "sentiment": "favor"}, ["'sentiment'", "positive"]),
    "unknown shift": ({**GOOD, "shift_from": "warm"}, ["'shift_from'", "'warm'", "against"]),
    "no actor": ({"text": TEXT, "stance": "favor"}, ["'source'", "'target'"]),
    "target alone": ({**GOOD, "source": None}, ["'target'", "'sentiment'", "negative"]),
    "source alone": ({**GOOD, "target": None, "stance": None}, ["'source'", "'stance'"]),
    "no label": ({**GOOD, "stance": None}, ["'stance'", "'sentiment'"]),
    "date": ({**GOOD, "date": "31/01/2026"}, ["'date'", "31/01/2026", "ISO"]),
    "date is a number": ({**GOOD, "date": 2026}, ["'date'", "2026"]),
    "act": ({**GOOD, "act": ["SUPPORT"]}, ["'act'", "SUPPORT"]),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_row_is_named_and_loses_no_other(name: str, tmp_path: Path) -> None:
    row, parts = WRONG[name]
    path = _write(tmp_path, GOOD, row, {**GOOD, "id": "b"})
    with pytest.raises(InputError) as caught:
        read_pairs(path)
    for part in [str(path), "line 2", *parts]:
        assert part in str(caught.value)
    errors: list[InputError] = []
    assert [pair.id for pair in iter_pairs(path, on_error=errors.append)] == ["a", "b"]
    assert [str(error) for error in errors] == [str(caught.value)]


def test_rows_before_a_wrong_one_are_read_first(tmp_path: Path) -> None:
    rows = iter_pairs(_write(tmp_path, GOOD, [1]))
    assert next(rows).id == "a"
    with pytest.raises(InputError, match="line 2"):
        next(rows)


def test_files_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"folder"):
        iter_pairs(tmp_path, on_error=lambda error: None)
    with pytest.raises(InputError, match=r"none\.jsonl does not exist"):
        iter_pairs(tmp_path / "none.jsonl", on_error=lambda error: None)
    with pytest.raises(InputError, match="cannot be opened"):
        iter_pairs("a\0b")

"""Changes that a sentence itself states."""

import dataclasses
import datetime
import random

import pytest

from stance import Document, Scorer, StanceRecord, StatedShift, find_turns, stated_shifts

from .test_turns import record

SENTENCE = "Japan, once neutral, now backs the United States on chips."


def stated(
    score: float = 0.9, month: int = 3, document: str = "d", **fields: object
) -> StanceRecord:
    row = record(score, month, document, sentence=SENTENCE)
    return dataclasses.replace(row, **{"stance": "favor", "shift_from": "neutral", **fields})


def test_a_stated_shift_has_its_date_sentence_and_records() -> None:
    row = stated()
    assert stated_shifts([row, record(0.1, 1, "other")]) == [
        StatedShift(
            "JPN",
            "USA",
            datetime.date(2020, 4, 5),
            "neutral",
            "favor",
            SENTENCE,
            ("Herald",),
            (row.id,),
        )
    ]


def test_copies_are_one_shift_with_all_outlets_and_the_first_date() -> None:
    rows = [stated(document="b", month=4, outlet="B"), stated(document="a", month=2, outlet="A")]
    longer = SENTENCE.replace("now", "now also")
    rows.append(stated(document="c", month=5, outlet=None, sentence=longer))
    (shift,) = stated_shifts(rows)
    assert (shift.date, shift.sentence, shift.outlets) == (
        datetime.date(2020, 3, 5), longer, ("A", "B"),
    )  # fmt: skip
    assert len(shift.record_ids) == 3


@pytest.mark.parametrize(
    "fields",
    [
        {"shift_from": None},
        {"shift_from": "favor"},
        {"source_id": None},
        {"target_id": None},
        {"abstained": "too far apart"},
    ],
)
def test_what_states_no_shift_between_two_actors(fields: dict[str, object]) -> None:
    assert stated_shifts([stated(**fields)]) == []


def test_sorted_whatever_the_order_with_undated_last() -> None:
    rows = [
        stated(document="a", date=None, sentence="One thing."),
        stated(document="b", month=9, sentence="Another matter."),
        stated(document="c", month=2, sentence="Third, on ships."),
        stated(document="d", source_id="AUS", sentence="Fourth in line."),
    ]
    shifts = stated_shifts(rows)
    assert [s.record_ids[0][0] for s in shifts] == ["d", "c", "b", "a"]
    assert stated_shifts(random.Random(1).sample(rows, 4)) == shifts


def test_stated_shifts_are_no_turns() -> None:
    assert find_turns([stated(document=f"d{i}", month=i) for i in range(12)]) == []


def test_json_has_an_iso_date() -> None:
    assert stated_shifts([stated()])[0].to_json()["date"] == "2020-04-05"
    assert stated_shifts([stated(date=None)])[0].to_json()["date"] is None


def test_the_shipped_model_reads_one(scorer: Scorer) -> None:
    text = "Hungary reversed its opposition and now backs Sweden's bid to join NATO."
    shifts = stated_shifts(scorer([Document("d", text, datetime.date(2021, 12, 24))]))
    assert ("HUN", "SWE", "against", "favor") in [
        (s.source_id, s.target_id, s.shift_from, s.shift_to) for s in shifts
    ]


def test_labels_of_ones_own_are_told_by_their_side() -> None:
    rows = [
        stated(
            -0.9, stance=label, document=label, shift_from="favor", sentence=f"{label} {SENTENCE}"
        )
        for label in ("oppose", "strongly oppose")
    ]
    assert {(s.shift_from, s.shift_to) for s in stated_shifts(rows)} == {("favor", "against")}

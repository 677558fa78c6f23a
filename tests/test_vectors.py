"""Records to vectors."""

import dataclasses
import datetime
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance import InputError, Method, StanceRecord, aggregate
from stance.periods import PERIODS, period_of


def record(
    source: str | None,
    target: str | None,
    probs: tuple[float, float, float],
    *,
    document: str = "d",
    sentence: str = "s",
    day: str | None = "2021-12-24",
) -> StanceRecord:
    against, neutral, favor = probs
    return StanceRecord(
        document, datetime.date.fromisoformat(day) if day else None, None, 0, 0, 9, sentence,
        source, "S", 0, 1, None, target, "T" if target else None, 2 if target else None,
        3 if target else None, None, "neutral", favor - against, against, neutral, favor,
        None, None, None, None, None, None, None, False, "m",
    )  # fmt: skip


AGAINST, FAVOR = (0.9, 0.1, 0.0), (0.0, 0.2, 0.8)
PROBS = st.tuples(st.floats(0.01, 1), st.floats(0.01, 1), st.floats(0.01, 1)).map(
    lambda p: (p[0] / sum(p), p[1] / sum(p), p[2] / sum(p))
)
RECORDS = st.lists(
    st.builds(
        record,
        st.sampled_from(["JPN", "CHN", None]),
        st.sampled_from(["USA", "TWN", None]),
        PROBS,
        document=st.sampled_from(["a", "b"]),
        sentence=st.sampled_from(["one", "two", "three"]),
        day=st.sampled_from(["2021-12-24", "2022-01-01", None]),
    ),
    max_size=12,
)


def test_mean_n_and_evidence() -> None:
    rows = [
        record("JPN", "USA", FAVOR, sentence="a"),
        record("JPN", "USA", AGAINST, sentence="b", document="e"),
    ]
    (vector,) = aggregate(rows, by="month", weights="equal")
    (cell,) = vector.cells
    assert (vector.source_id, vector.period, cell.target_id, cell.n) == ("JPN", "2021-12", "USA", 2)
    assert cell.mean == pytest.approx((0.8 - 0.9) / 2)
    assert set(cell.record_ids) == {row.id for row in rows}


def test_wire_copy_counts_once() -> None:
    copies = [record("JPN", "USA", FAVOR, document=d, sentence="Tokyo  praised it.") for d in "abc"]
    one = record("JPN", "USA", AGAINST, sentence="Tokyo cursed it.")
    (vector,) = aggregate([*copies, one], by="all", weights="equal")
    assert vector.cells[0].n == 2
    assert vector.cells[0].mean == pytest.approx((0.8 - 0.9) / 2)


def test_copies_with_different_answers_count_alike() -> None:
    rows = [record("JPN", "USA", FAVOR), record("JPN", "USA", AGAINST)]
    assert aggregate(rows) == aggregate(rows[::-1])


def test_pairs_too_far_apart_say_nothing() -> None:
    row = dataclasses.replace(record("JPN", "USA", FAVOR), abstained="too far apart")
    assert aggregate([row]) == []


def test_unresolved_and_untargeted_are_left_out() -> None:
    assert aggregate([record(None, "USA", FAVOR), record("JPN", None, FAVOR)]) == []


@given(RECORDS, st.randoms(use_true_random=False), st.sampled_from(PERIODS))
def test_order_of_records_is_irrelevant(
    rows: list[StanceRecord], rng: random.Random, by: str
) -> None:
    shuffled = list(rows)
    rng.shuffle(shuffled)
    assert aggregate(rows, by) == aggregate(shuffled, by)


@given(RECORDS)
def test_interval_holds_the_mean_and_stays_in_range(rows: list[StanceRecord]) -> None:
    for vector in aggregate(rows):
        for cell in vector.cells:
            assert -1 <= cell.low <= cell.mean <= cell.high <= 1


@given(RECORDS)
def test_exchanging_against_and_favor_flips_the_sign(rows: list[StanceRecord]) -> None:
    flipped = [
        record(r.source_id, r.target_id, (r.p_favor, r.p_neutral, r.p_against), document=r.document_id,
               sentence=r.sentence, day=r.date.isoformat() if r.date else None)
        for r in rows
    ]  # fmt: skip
    method = Method(base_rates=(0.1, 0.8, 0.1))
    for one, other in zip(
        aggregate(rows, method=method), aggregate(flipped, method=method), strict=True
    ):
        for a, b in zip(one.cells, other.cells, strict=True):
            assert (a.mean, a.low, a.high) == pytest.approx((-b.mean, -b.high, -b.low))


@pytest.mark.parametrize(
    ("by", "name"),
    [
        ("day", "2021-12-24"),
        ("week", "2021-W51"),
        ("month", "2021-12"),
        ("quarter", "2021-Q4"),
        ("year", "2021"),
        ("all", "all"),
    ],
)
def test_period_names(by: str, name: str) -> None:
    assert period_of(datetime.date(2021, 12, 24), by) == name


def test_bad_options_say_what_is_allowed() -> None:
    with pytest.raises(InputError, match="fortnight.*month"):
        aggregate([], by="fortnight")
    with pytest.raises(InputError, match="between 0 and 1"):
        aggregate([], level=90)

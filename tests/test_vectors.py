"""Records to vectors."""

import dataclasses
import datetime
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance import (
    InputError,
    Method,
    Selection,
    StanceRecord,
    aggregate,
    evidence_units,
    finish,
    merge,
    partial,
)
from stance.vectors.evidence import entity_of
from stance.vectors.periods import PERIODS, period_of, windows

from .made_records import AGAINST, FAVOR, NEUTRAL, RECORDS, record


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


@settings(deadline=None)
@given(RECORDS, st.randoms(use_true_random=False), st.sampled_from(PERIODS))
def test_order_of_records_is_irrelevant(
    rows: list[StanceRecord], rng: random.Random, by: str
) -> None:
    shuffled = list(rows)
    rng.shuffle(shuffled)
    assert aggregate(rows, by) == aggregate(shuffled, by)


@settings(deadline=None)
@given(RECORDS)
def test_interval_holds_the_mean_and_stays_in_range(rows: list[StanceRecord]) -> None:
    for vector in aggregate(rows):
        for cell in vector.cells:
            assert -1 <= cell.low <= cell.mean <= cell.high <= 1


@settings(deadline=None)
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


WIRE = "Japan's prime minister praised the United States for its firm support of the treaty"


@pytest.mark.parametrize("weights", ["confidence", "equal", "document", "outlet"])
def test_a_mean_is_recomputed_from_the_records_it_names(weights: str) -> None:
    rows = [
        record("JPN", "USA", FAVOR, document="a", outlet="x", sentence=f"{WIRE}."),
        record("JPN", "USA", FAVOR, document="b", outlet="y", sentence=f"{WIRE}, Reuters said."),
        record("JPN", "USA", (0.2, 0.6, 0.2), document="a", outlet="x", sentence="They met.", place=5),
        record("JPN", "USA", AGAINST, document="c", outlet="x", sentence="Tokyo cursed it."),
        record("JPN", "CHN", AGAINST, document="c", sentence="Tokyo cursed it.", place=5),
    ]  # fmt: skip
    (vector,) = aggregate(rows, by="all", weights=weights)
    cell = next(c for c in vector.cells if c.target_id == "USA")
    named = {r.id: r for r in rows if r.id in cell.record_ids}
    assert len(named) == len(cell.record_ids) == 4 and cell.n == 3
    units = evidence_units(named.values(), "all", weights=weights)
    total = sum(u.weight for u in units)
    assert cell.mean == pytest.approx(sum(u.weight * u.score for u in units) / total)
    by_hand = {
        "confidence": (0.8 * 0.8 + 0.6 * 0 - 0.9 * 0.9) / (0.8 + 0.6 + 0.9),
        "equal": (0.8 + 0 - 0.9) / 3,
        # Document a has two reports, half a vote each; b and c have one.
        "document": (0.8 * (0.5 + 1) + 0 * 0.5 - 0.9 * 1) / 3,
        # Outlet x has three, y one.
        "outlet": (0.8 * (1 / 3 + 1) + 0 / 3 - 0.9 / 3) / 2,
    }
    assert cell.mean == pytest.approx(by_hand[weights])
    assert cell.favor - cell.against == pytest.approx(cell.mean)
    assert cell.against + cell.neutral + cell.favor == pytest.approx(1)


def test_outlets_documents_and_first_date_of_a_wire_report_are_kept() -> None:
    rows = [
        record("JPN", "USA", FAVOR, document="a", outlet="x", sentence=f"{WIRE}.", day="2021-12-25"),
        record("JPN", "USA", FAVOR, document="b", outlet="y", sentence=f"TOKYO (AP) - {WIRE}"),
        record("JPN", "USA", FAVOR, document="c", sentence=f"{WIRE}", day=None),
    ]  # fmt: skip
    (unit,) = evidence_units(rows)
    assert (unit.document_ids, unit.outlets) == (("a", "b", "c"), ("x", "y"))
    assert (unit.date, len(unit.record_ids)) == (datetime.date(2021, 12, 24), 3)


@settings(deadline=None)
@given(RECORDS, RECORDS, RECORDS, st.sampled_from(PERIODS))
def test_merged_parts_are_exactly_all_at_once(
    a: list[StanceRecord], b: list[StanceRecord], c: list[StanceRecord], by: str
) -> None:
    one, two, three = (partial(rows, by) for rows in (a, b, c))
    whole = aggregate([*a, *b, *c], by)
    assert finish(merge(merge(one, two), three)) == whole
    assert finish(merge(three, merge(two, one))) == whole
    assert finish(merge(two, one, three)) == whole
    assert finish(one) == aggregate(a, by)  # merging has not changed it
    assert finish(merge(one, partial([], by))) == aggregate(a, by)
    assert merge(one, two).left_out == merge(two, one).left_out


@settings(deadline=None)
@given(RECORDS)
def test_sources_share_nothing(rows: list[StanceRecord]) -> None:
    """So records can be split by source and aggregated apart."""
    parts = [[r for r in rows if r.source_id == source] for source in ("CHN", "JPN")]
    for window in (1, 2):
        apart = [v for part in parts for v in aggregate(part, window=window)]
        assert aggregate(rows, window=window) == apart


def test_copies_in_two_parts_are_found() -> None:
    rows = [
        record("JPN", "USA", FAVOR, document=d, sentence=s)
        for d, s in (("a", WIRE), ("b", f"TOKYO (Reuters) - {WIRE}."))
    ]
    (vector,) = finish(merge(partial(rows[:1]), partial(rows[1:])))
    assert (vector.cells[0].n, len(vector.cells[0].record_ids)) == (1, 2)


def test_parts_that_differ_do_not_merge() -> None:
    with pytest.raises(InputError, match="parts differ"):
        merge(partial([], "month"), partial([], "year"))
    with pytest.raises(InputError, match="parts differ"):
        merge(partial([]), partial([], select=Selection(entity="role")))


def test_no_records_give_no_vectors() -> None:
    assert aggregate([]) == [] == aggregate([], by="all", window=1, weights="outlet")


def test_two_models_do_not_mix_unless_told() -> None:
    rows = [record("JPN", "USA", FAVOR, model=m, sentence=m) for m in ("m1", "m2")]
    with pytest.raises(InputError, match="2 models: m1, m2") as error:
        aggregate(rows)
    assert "mix_models" in str(error.value.hint)
    with pytest.raises(InputError, match="2 models"):
        finish(merge(partial(rows[:1]), partial(rows[1:])))
    assert aggregate(rows, select=Selection(mix_models=True))[0].cells[0].n == 2


def test_missing_and_impossible_dates_are_counted_and_kept() -> None:
    days = ["2021-12-24", None, None, "0001-01-01", "9999-12-31", "2021-06-01"]
    rows = [
        record("JPN", "USA", FAVOR, day=day, sentence=f"s{n}", document=f"{n}")
        for n, day in enumerate(days)
    ]
    june, december, undated = aggregate(rows)
    assert [v.period for v in (june, december, undated)] == ["2021-06", "2021-12", "undated"]
    assert (undated.no_date, undated.out_of_range, undated.cells[0].n) == (2, 2, 4)
    assert (june.no_date, june.out_of_range) == (0, 0)
    assert partial(rows).missing() == (2, 2)
    ranged = Selection(since=datetime.date(2021, 12, 1))
    december, undated = aggregate(rows, select=ranged)
    assert (december.period, undated.out_of_range) == ("2021-12", 3)
    # Without a range, "all" takes records without a date; with one, nobody knows whether they are in it.
    assert [(v.period, v.cells[0].n) for v in aggregate(rows, by="all")] == [
        ("all", 4),
        ("undated", 2),
    ]
    assert [(v.period, v.cells[0].n) for v in aggregate(rows, by="all", select=ranged)] == [
        ("all", 1),
        ("undated", 5),
    ]


def test_what_does_not_count_is_counted() -> None:
    rows = [
        record(None, "USA", FAVOR),
        dataclasses.replace(record(None, "USA", FAVOR), abstained="unsure"),
        dataclasses.replace(record("JPN", "USA", FAVOR), abstained="too far apart"),
    ]
    assert partial(rows).left_out == {"unresolved": 2, "too far apart": 1}


def test_rolling_windows_hold_their_periods() -> None:
    rows = [
        record("JPN", "USA", FAVOR, day=day, sentence=day or "none")
        for day in ("2021-10-01", "2021-12-24", "2022-01-05", None)
    ]
    found = {v.period: v.cells[0].n for v in aggregate(rows, window=3)}
    assert found == {
        "2021-08/2021-10": 1,
        "2021-09/2021-11": 1,
        "2021-10/2021-12": 2,
        "2021-11/2022-01": 2,
        "undated": 1,
    }


@pytest.mark.parametrize(
    ("by", "first", "last", "names"),
    [
        ("day", "2021-12-31", "2022-01-01", ["2021-12-30/2021-12-31", "2021-12-31/2022-01-01"]),
        ("week", "2020-W53", "2021-W01", ["2020-W52/2020-W53", "2020-W53/2021-W01"]),
        ("quarter", "2021-Q1", "2021-Q2", ["2020-Q4/2021-Q1", "2021-Q1/2021-Q2"]),
        ("year", "2021", "2024", ["2020/2021", "2021/2022"]),
    ],
)
def test_window_names(by: str, first: str, last: str, names: list[str]) -> None:
    assert windows([first, last], by, 2)[first] == names


def test_a_state_is_its_government_forces_and_legislature() -> None:
    rows = [
        record("TUR", "GRC", AGAINST, roles=(role, "GOV"), sentence=f"s{n}")
        for n, role in enumerate(["GOV", "MIL", "LEG", None, "OPP", "CVL", "REB", "BUS", "ELI"])
    ]
    sources = {v.source_id: v.cells[0].n for v in aggregate(rows)}
    assert sources == {"TUR": 4, **{f"TUR/{r}": 1 for r in ("OPP", "CVL", "REB", "BUS", "ELI")}}
    apart = aggregate(rows, select=Selection(entity="role"))
    assert {v.source_id for v in apart} > {"TUR", "TUR/GOV", "TUR/MIL", "TUR/LEG"}
    assert {v.cells[0].target_id for v in apart} == {"GRC/GOV"}
    (together,) = aggregate(rows, select=Selection(entity="country"))
    assert (together.source_id, together.cells[0].n) == ("TUR", 9)


def test_only_states_are_split_by_role() -> None:
    assert entity_of("grp:HAMAS", "REB", "role") == "grp:HAMAS"
    assert entity_of("USA", None, "role") == "USA"


def test_sentences_of_one_document_are_worth_less() -> None:
    apart = [record("JPN", "USA", p, document=f"{n}", sentence=f"s{n}", place=n)
             for n, p in enumerate([FAVOR, FAVOR, FAVOR, AGAINST, AGAINST, AGAINST])]  # fmt: skip
    same = [dataclasses.replace(r, document_id="ab"[n // 3]) for n, r in enumerate(apart)]
    (one,), (other,) = (aggregate(rows, weights="equal")[0].cells for rows in (apart, same))
    assert one.effective_n == pytest.approx(6) and 1 < other.effective_n < 5
    assert other.high - other.low > one.high - one.low


def test_more_sentences_narrow_the_interval_but_not_to_nothing() -> None:
    widths = []
    for n in (1, 5, 25, 125, 3000):
        rows = [record("JPN", "USA", AGAINST if i % 3 else NEUTRAL, document=f"{i}", sentence=f"{i}")
                for i in range(n)]  # fmt: skip
        cell = aggregate(rows)[0].cells[0]
        widths.append(cell.high - cell.low)
    assert widths == sorted(widths, reverse=True) and 0.05 < widths[-1] < 0.5


def test_a_corrected_mean_is_free_of_the_pull_toward_neutral() -> None:
    """Fifty sentences that are each rather hostile than not: the cell is hostile."""
    rows = [record("JPN", "USA", (0.5, 0.45, 0.05), document=f"{i}", sentence=f"{i}")
            for i in range(50)]  # fmt: skip
    plain = aggregate(rows)[0].cells[0]
    corrected = aggregate(rows, method=Method(corrected=True))[0].cells[0]
    assert plain.mean == pytest.approx(-0.45) and corrected.mean < -0.75
    assert plain.low < -0.8 and plain.high >= plain.mean


def test_a_confusion_matrix_corrects_the_labels() -> None:
    """A model that finds half of the hostile sentences and calls the others neutral."""
    rows = [record("JPN", "USA", AGAINST if i % 2 else NEUTRAL, document=f"{i}", sentence=f"{i}")
            for i in range(200)]  # fmt: skip
    confusion = ((50, 50, 0), (0, 100, 0), (0, 0, 100))
    method = Method(confusion=confusion, corrected=True)
    assert aggregate(rows, method=method)[0].cells[0].against > 0.9
    perfect = Method(confusion=((100, 0, 0), (0, 100, 0), (0, 0, 100)), corrected=True)
    assert aggregate(rows, method=perfect)[0].cells[0].against == pytest.approx(0.5, abs=0.03)


def test_intervals_widen_with_the_level_and_for_the_population() -> None:
    rows = [record("JPN", "USA", [AGAINST, NEUTRAL, FAVOR][i % 3], document=f"{i}", sentence=f"{i}")
            for i in range(12)]  # fmt: skip
    cells = [aggregate(rows, level=level)[0].cells[0] for level in (0.5, 0.9, 0.99)]
    assert cells[0].high < cells[1].high < cells[2].high
    alone = aggregate(rows, method=Method(covers="sentences"))[0].cells[0]
    assert alone.high - alone.low < cells[1].high - cells[1].low


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weights": "votes"}, "weights is 'votes'; must be one of confidence"),
        ({"window": 0}, "window is 0"),
        ({"window": True}, "window is True"),
        ({"window": 2, "by": "all"}, "a window needs periods"),
        ({"select": Selection(entity="actor")}, "entity is 'actor'; must be one of state"),
        ({"method": Method(covers="cell")}, "covers is 'cell'"),
        ({"method": Method(base_rates=(0.5, 0.5, 0.0))}, "three positive shares"),
        ({"method": Method(confusion=((1, 0), (0, 1)))}, "three rows of three counts"),
        ({"method": Method(confusion=((1, 0), (0, 1, 2)))}, "three rows of three counts"),
    ],
)
def test_wrong_options(options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        aggregate([record("JPN", "USA", FAVOR)], **options)


def test_probabilities_of_zero_and_one_are_finite() -> None:
    rows = [
        record("JPN", "USA", (1.0, 0.0, 0.0)),
        record("JPN", "USA", (0.0, 0.0, 1.0), sentence="t"),
    ]
    cell = aggregate(rows)[0].cells[0]
    assert all(map(math.isfinite, (cell.mean, cell.low, cell.high, cell.effective_n)))

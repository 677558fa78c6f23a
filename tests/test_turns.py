"""Turns: changes of stance in dated records, with the evidence on both sides."""

import dataclasses
import datetime
import json
import math
import random
from pathlib import Path

import pytest

from stance import (
    Document,
    InputError,
    Scorer,
    StanceRecord,
    Turn,
    find_turns,
    merge,
    partial,
    search_turns,
    write_records,
)
from stance.turns.search import telling_records
from stance.vectors.partials import Selection

from .test_cli import run

WORDS = (
    "tariffs fishing islands visas refugees pipelines missiles cables textbooks reactors ports "
    "satellites harvests museums railways vaccines borders hackers drills sugar steel rivers "
    "embassies prisoners"
).split()
AGAINST, MIXED, FAVOR = (-0.9, -0.5, 0.1), (-0.5, 0.0, 0.5), (0.9, 0.5, -0.1)


def record(
    score: float,
    month: int,
    document: str,
    *,
    outlet: str | None = "Herald",
    sentence: str | None = None,
    source: str = "JPN",
) -> StanceRecord:
    against, favor = max(-score, 0) + 0.02, max(score, 0) + 0.02
    return StanceRecord(
        document, datetime.date(2020 + month // 12, month % 12 + 1, 5), outlet, 0, 0, 9,
        sentence or f"{document} {month}", source, "S", 0, 1, "GOV", "USA", "T", 2, 3, "GOV",
        "neutral", favor - against, against, 1 - against - favor, favor,
        None, None, None, None, None, None, None, False, "m",
    )  # fmt: skip


def series(
    levels: list[tuple[float, ...]], *, seed: int = 0, a_month: int = 6, source: str = "JPN"
) -> list[StanceRecord]:
    """A month for each level: documents of three outlets, scores drawn from the level."""
    rng = random.Random(seed)
    return [
        record(
            rng.choice(level),
            month,
            f"{source}{month}-{i}",
            outlet=f"outlet {i % 3}",
            source=source,
        )
        for month, level in enumerate(levels)
        for i in range(a_month)
    ]


def test_a_planted_turn_is_found_with_its_evidence() -> None:
    rows = series([AGAINST] * 9 + [FAVOR] * 9)
    (turn,) = find_turns(rows)
    assert (turn.source_id, turn.target_id, turn.at, turn.last_before) == (
        "JPN", "USA", "2020-10", "2020-09",
    )  # fmt: skip
    assert turn.low < turn.after - turn.before == turn.delta < turn.high
    assert turn.p_value == turn.q_value < 0.001 and turn.level == 0.9
    days = {r.id: r.date for r in rows}
    assert {days[i] for i in turn.record_ids_before} == {r.date for r in rows[:54]}
    assert {days[i] for i in turn.record_ids_after} == {r.date for r in rows[54:]}
    assert (turn.n_before, turn.n_after) == (54, 54)


def test_means_can_be_recomputed_from_the_records() -> None:
    rows = [dataclasses.replace(r, outlet=None) for r in series([AGAINST] * 6 + [FAVOR] * 9)]
    (turn,) = find_turns(rows)
    for ids, mean in ((turn.record_ids_before, turn.before), (turn.record_ids_after, turn.after)):
        some = [r for r in rows if r.id in ids]
        weights = [max(r.p_against, r.p_neutral, r.p_favor) for r in some]
        total = math.fsum(w * r.score for w, r in zip(weights, some, strict=True))
        assert mean == pytest.approx(total / math.fsum(weights))


def test_a_constant_series_is_silent() -> None:
    found = search_turns(partial(series([MIXED] * 18)))
    assert (found.turns, found.tested, found.untested) == ((), 1, 0)


def test_more_news_is_no_turn() -> None:
    rows = series([MIXED] * 9) + [
        r for r in series([MIXED] * 18, a_month=24, seed=1) if r.date >= datetime.date(2020, 10, 1)
    ]
    assert find_turns(rows) == []


def test_other_outlets_are_no_turn() -> None:
    """A friendly outlet takes over from a hostile one: the plain means move, both outlets stay."""
    rng = random.Random(0)
    rows = []
    for month in range(18):
        for i in range(10):
            friendly = i >= (2 if month >= 9 else 8)
            score = rng.choice(FAVOR if friendly else AGAINST)
            outlet = "friendly" if friendly else "hostile"
            rows.append(record(score, month, f"{month}-{i}", outlet=outlet))
    assert find_turns(rows) == []
    (blind,) = find_turns([dataclasses.replace(r, outlet=None) for r in rows])
    assert blind.at == "2020-10"


def test_standardised_means_compare_outlets_with_themselves() -> None:
    """Both outlets move by +0.6 while the mix turns to the hostile one, which hides it."""
    rows = []
    for month in range(18):
        late = month >= 9
        for i in range(10):
            friendly = i >= (8 if late else 2)
            score = (0.3 if friendly else -0.3) + (0.3 if late else -0.3) + 0.05 * (i % 3 - 1)
            outlet = "friendly" if friendly else "hostile"
            rows.append(record(score, month, f"{month}-{i}", outlet=outlet))
    (turn,) = find_turns(rows)
    assert turn.at == "2020-10" and turn.delta == pytest.approx(0.6, abs=0.05)


def test_a_spell_gives_two_turns_that_share_a_side() -> None:
    first, second = find_turns(series([FAVOR] * 7 + [AGAINST] * 6 + [FAVOR] * 7))
    assert (first.at, second.at) == ("2020-08", "2021-02")
    assert first.delta < 0 < second.delta
    assert first.record_ids_after == second.record_ids_before


def test_one_document_is_one_piece_of_evidence() -> None:
    """Forty hostile sentences of one article do not make a turn."""
    rows = series([MIXED] * 18, a_month=2)
    article = [record(-0.9, 14, "long", sentence=f"Sentence {i}.") for i in range(40)]
    article = [dataclasses.replace(r, source_start=i) for i, r in enumerate(article)]
    assert find_turns(rows + article) == []


def test_wire_copy_counts_once_and_moves_as_one() -> None:
    rows = series([MIXED] * 18, a_month=3)
    copies = [
        record(-0.9, 15, f"copy {i}", outlet=f"paper {i}", sentence="Japan denounced the envoy.")
        for i in range(30)
    ]
    assert find_turns(rows + copies) == []
    (turn,) = find_turns(series([AGAINST] * 9 + [FAVOR] * 9) + copies)
    assert turn.n_after == 55 and {r.id for r in copies} <= {*turn.record_ids_after}


def test_order_and_parts_do_not_matter() -> None:
    rows = series([AGAINST] * 9 + [FAVOR] * 9) + series([MIXED] * 18, source="CHN")
    shuffled = random.Random(5).sample(rows, len(rows))
    assert find_turns(shuffled) == find_turns(rows)
    assert search_turns(merge(partial(shuffled[:70]), partial(shuffled[70:]))) == search_turns(
        partial(rows)
    )


def test_other_dyads_change_q_only() -> None:
    rows = series([AGAINST] * 9 + [FAVOR] * 9)
    for i in range(9):
        rows += series([MIXED] * 18, source=f"A{i:02}", seed=i)
    found = search_turns(partial(rows))
    (alone,) = find_turns(rows[:108])
    (turn,) = found.turns
    assert found.tested == 10 and turn.p_value == alone.p_value
    assert turn.q_value == pytest.approx(10 * turn.p_value)
    assert dataclasses.replace(turn, q_value=0.0) == dataclasses.replace(alone, q_value=0.0)


def test_the_seed_decides_the_draws() -> None:
    rows = series([AGAINST] * 9 + [FAVOR] * 9)
    (one,), (same,), (other,) = (find_turns(rows, seed=seed) for seed in (1, 1, 2))
    assert one == same and (one.low, one.high) != (other.low, other.high)


def test_undated_and_impossible_dates_are_counted_and_left_out() -> None:
    rows = series([AGAINST] * 9 + [FAVOR] * 9)
    undated = [
        dataclasses.replace(r, date=None, document_id=f"u{i}") for i, r in enumerate(rows[:7])
    ]
    wrong = dataclasses.replace(rows[0], date=datetime.date(9999, 12, 31), document_id="w")
    found = search_turns(partial([*rows, *undated, wrong]))
    assert (found.no_date, found.out_of_range) == (7, 1)
    assert found.turns == search_turns(partial(rows)).turns


def test_periods_without_evidence_are_passed_over() -> None:
    rows = [
        r
        for r in series([AGAINST] * 12 + [FAVOR] * 6)
        if not 7 <= r.date.month + 12 * (r.date.year - 2020) <= 12
    ]
    (turn,) = find_turns(rows)
    assert (turn.last_before, turn.at) == ("2020-06", "2021-01")


@pytest.mark.parametrize(
    ("rows", "untested"),
    [
        pytest.param([], 0, id="empty"),
        pytest.param(series([FAVOR], a_month=1), 1, id="one record"),
        pytest.param(series([MIXED], a_month=40), 1, id="one period"),
        pytest.param(series([(0.3,)] * 18), 1, id="all the same"),
        pytest.param(
            [dataclasses.replace(r, date=None) for r in series([MIXED] * 9)], 0, id="undated"
        ),
    ],
)
def test_too_little_is_no_error(rows: list[StanceRecord], untested: int) -> None:
    found = search_turns(partial(rows))
    assert (found.turns, found.tested, found.untested) == ((), 0, untested)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": "all"}, "by is 'all'"),
        ({"by": "fortnight"}, "by is 'fortnight'"),
        ({"level": 1.0}, "level is 1.0"),
        ({"alpha": 0}, "alpha is 0"),
        ({"alpha": math.nan}, "alpha is nan"),
        ({"min_periods": 0}, "min_periods is 0"),
        ({"min_periods": 2.5}, "min_periods is 2.5"),
        ({"seed": -1}, "seed is -1"),
        ({"select": Selection("town")}, "entity is 'town'"),
    ],
)
def test_bad_options_are_named(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        find_turns([], **options)


def test_models_do_not_mix_unless_told() -> None:
    rows = series([AGAINST] * 9 + [FAVOR] * 9)
    mixed = [dataclasses.replace(r, model_id=f"m{i % 2}") for i, r in enumerate(rows)]
    with pytest.raises(InputError, match="2 models"):
        find_turns(mixed)
    assert find_turns(mixed, select=Selection(mix_models=True)) == find_turns(rows)


def test_telling_sentences_point_the_way_of_the_turn() -> None:
    rows = series([AGAINST] * 9 + [FAVOR] * 9)
    (turn,) = find_turns(rows)
    before, after = telling_records(turn, {r.id: r for r in rows}, 3)
    assert [r.score for r in before] == [pytest.approx(-0.9)] * 3
    assert [r.score for r in after] == [pytest.approx(0.9)] * 3
    # Of equal scores those next to the turn.
    assert max(r.date for r in rows[:54] if r.score < -0.8) == before[0].date
    assert min(r.date for r in rows[54:] if r.score > 0.8) == after[0].date
    assert {r.sentence for r in before}.isdisjoint(r.sentence for r in after)


def articles() -> list[Document]:
    """A year in which Beijing turns on Canberra in July."""
    texts = {
        False: "China thanked Australia for its help with the {}. Peru met Chile.",
        True: "China condemned Australia over the {}. Peru met Chile.",
    }
    return [
        Document(
            f"{month}-{i}",
            texts[month > 6].format(WORDS[(4 * month + i) % len(WORDS)]),
            datetime.date(2021, month, 3 + i),
            f"outlet {i % 2}",
        )
        for month in range(1, 13)
        for i in range(4)
    ]


@pytest.fixture(scope="module")
def records_file(scorer: Scorer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("turns") / "records.jsonl"
    shift = Document(
        "s",
        "Once neutral toward Canberra, Beijing is now openly hostile to it.",
        datetime.date(2021, 8, 1),
    )
    write_records(scorer([*articles(), shift]), path)
    return path


def test_articles_to_turns_with_the_shipped_model(scorer: Scorer) -> None:
    turns = [t for t in find_turns(scorer(articles())) if t.target_id == "AUS"]
    assert [(t.source_id, t.at) for t in turns] == [("CHN", "2021-07")]
    assert turns[0].delta < -1


def test_command_prints_turns_sentences_and_counts(records_file: Path) -> None:
    done = run("turns", str(records_file))
    out = done.stdout.decode()
    assert (done.returncode, done.stderr) == (0, b"")
    assert "2021-07" in out and "China → Australia, 2021-07" in out
    assert "China thanked Australia" in out and "China condemned Australia" in out
    assert "Dyads tested: " in out and "without a date: 0" in out


def test_command_as_json(records_file: Path) -> None:
    done = run("turns", str(records_file), "--json", "--by", "month", "--seed", "3")
    result = json.loads(done.stdout)
    assert done.returncode == 0
    assert {field.name for field in dataclasses.fields(Turn)} == set(result["turns"][0])
    assert {"tested", "untested", "no_date", "out_of_range", "stated_shifts"} <= set(result)


def test_command_without_a_turn_and_with_a_bad_option(tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    done = run("turns", str(empty))
    assert done.returncode == 0 and b"No turn found." in done.stdout
    done = run("turns", str(empty), "--by", "all")
    assert (
        done.returncode == 1 and b"by is 'all'" in done.stderr and b"Traceback" not in done.stderr
    )

"""Change points in arrays: the statistic, its test, and where a change is put."""

import itertools

import numpy as np
import pytest
import ruptures
from scipy.stats import false_discovery_control

from stance.turns.changepoints import (
    Change,
    Documents,
    _counts,
    _scores,
    _seeded,
    _splits,
    benjamini_hochberg,
    find_changes,
)


def documents(period: np.ndarray, stratum: np.ndarray, score: np.ndarray) -> Documents:
    order = np.lexsort((period, stratum))
    period, stratum, score = period[order], stratum[order], score[order]
    mean = np.bincount(stratum, score) / np.bincount(stratum)
    return Documents(period, stratum, score - mean[stratum])


def search(series: Documents, seed: int = 0, **options: float) -> list[Change] | None:
    given = {"alpha": 0.05, "min_periods": 3, "min_documents": 5, "permutations": 999, **options}
    return find_changes(series, rng=np.random.default_rng(seed), **given)


def simulated(rng: np.random.Generator, step: float = 0.0, at: int = 12) -> Documents:
    """Five documents a month from three outlets with house lines, in an outlet mix that turns over."""
    period = np.repeat(np.arange(24), 5)
    late = period >= 12
    stratum = np.where(rng.random(120) < np.where(late, 0.2, 0.8), 0, 1 + (rng.random(120) < 0.5))
    score = 0.4 * stratum + step * (period >= at) + rng.choice([-0.9, 0, 0.1, 0.8], 120)
    return documents(period, stratum, score)


def test_scores_have_mean_0_and_variance_1_over_all_permutations() -> None:
    period = np.array([0, 1, 2, 3, 0, 2, 3])
    stratum = np.array([0, 0, 0, 0, 1, 1, 1])
    series = documents(period, stratum, np.array([0.1, -0.4, 0.8, 0.3, -0.9, 0.2, 0.5]))
    counts = _counts(series)
    splits = _splits([(0, 1, 4), (0, 2, 4), (0, 3, 4), (1, 2, 3), (1, 3, 4)], series, counts, 1)
    orders = [
        [*first, *second]
        for first in itertools.permutations(range(4))
        for second in itertools.permutations(range(4, 7))
    ]
    scores = _scores(series.value[np.array(orders).T], counts, splits)
    assert scores.mean(1) == pytest.approx(0, abs=1e-12)
    # Of a stretch in which a stratum has no documents on one side, only the other one counts.
    assert scores.var(1) == pytest.approx(1)


@pytest.mark.parametrize("seed", range(6))
def test_a_lasting_change_is_where_ruptures_puts_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    at = int(rng.integers(5, 19))
    score = np.where(np.arange(24) < at, -0.5, 0.4) + rng.normal(0, 0.25, 24)
    found = search(documents(np.arange(24), np.zeros(24, int), score), min_documents=3)
    best = ruptures.Dynp(model="l2", min_size=3, jump=1).fit(score).predict(n_bkps=1)[0]
    assert found and [change.at for change in found] == [best]


def test_a_spell_is_two_changes() -> None:
    period = np.repeat(np.arange(24), 5)
    rng = np.random.default_rng(1)
    score = np.where((period >= 8) & (period < 14), 0.6, -0.2) + rng.normal(0, 0.3, 120)
    found = search(documents(period, rng.integers(0, 3, 120), score))
    assert found and [change.at for change in found] == [8, 14]


def test_false_alarms_stay_within_alpha_when_the_outlet_mix_turns_over() -> None:
    rng = np.random.default_rng(7)
    alarms = sum(bool(search(simulated(rng), seed, permutations=199)) for seed in range(300))
    # 24 of 300 is the 99.5% point of a true rate of 5%.
    assert alarms <= 24


def test_without_outlets_the_same_mix_is_a_false_alarm() -> None:
    rng = np.random.default_rng(7)
    series = [simulated(rng) for _ in range(40)]
    blind = []
    for one in series:
        score = one.value + 0.4 * one.stratum
        blind.append(documents(one.period, np.zeros(120, int), score))
    assert sum(bool(search(one, permutations=199)) for one in blind) > 10


def test_a_change_is_found_while_the_outlet_mix_turns_over() -> None:
    rng = np.random.default_rng(8)
    found = [search(simulated(rng, step=0.9, at=9), seed) for seed in range(20)]
    assert sum(any(abs(c.at - 9) <= 1 for c in changes or []) for changes in found) >= 16


def test_outlets_that_replace_each_other_cannot_be_compared() -> None:
    period = np.repeat(np.arange(12), 5)
    late = period >= 6
    assert search(documents(period, late.astype(int), 1.0 * late), min_periods=6) is None


@pytest.mark.parametrize(
    ("period", "score"),
    [
        pytest.param([0], [0.5], id="one document"),
        pytest.param([0] * 20, [0.5, -0.5] * 10, id="one period"),
        pytest.param(list(range(24)), [0.3] * 24, id="all the same"),
        pytest.param(list(range(8)), [0, 1] * 4, id="too few documents"),
    ],
)
def test_nothing_to_test(period: list[int], score: list[float]) -> None:
    series = documents(np.array(period), np.zeros(len(period), int), np.array(score, float))
    assert search(series) is None


def test_p_values_hold_over_all_splits() -> None:
    """Under the null, "any change" at alpha = 0.3 happens in at most 30% of series."""
    rng = np.random.default_rng(3)
    score = rng.normal(size=(200, 30))
    alarms = sum(
        bool(search(documents(np.arange(30), np.zeros(30, int), s), alpha=0.3, permutations=99))
        for s in score
    )
    assert 10 <= alarms <= 80


def test_seeded_intervals_leave_room_on_both_sides() -> None:
    triples = _seeded(24, 3)
    assert all(
        start + 3 <= at <= end - 3 and start >= 0 and end <= 24 for start, at, end in triples
    )
    assert {at for start, at, end in triples if (start, end) == (0, 24)} == set(range(3, 22))
    assert len({end - start for start, _, end in triples}) >= 5
    assert _seeded(5, 3) == []


def test_benjamini_hochberg_is_that_of_scipy() -> None:
    p = np.random.default_rng(0).random(50) ** 3
    assert benjamini_hochberg(list(p)) == pytest.approx(false_discovery_control(p))
    assert benjamini_hochberg([]).shape == (0,)

"""Vectors against an outside series."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import stance
from stance import Cell, InputError, StanceVector, validate
from stance.vectors.validation import spearman


def vector(source: str, period: str, **means: float) -> StanceVector:
    cells = tuple(
        Cell(target, mean, -1.0, 1.0, 0.0, 1.0, 0.0, 1, 1.0, ())
        for target, mean in sorted(means.items())
    )
    return StanceVector(source, period, cells, 0.9)


VECTORS = [
    vector("CHN", "2021-01", JPN=-0.5, RUS=0.5),
    vector("CHN", "2021-02", JPN=-0.6, RUS=0.6),
    vector("CHN", "2021-03", JPN=-0.9, RUS=0.4),
    vector("CHN", "2021-04", JPN=-0.4, RUS=0.0),
    vector("CHN", "undated", JPN=1.0),
]
SERIES = {(v.source_id, c.target_id, v.period): c.mean for v in VECTORS[:4] for c in v.cells}


def test_a_series_that_goes_along_is_found_in_levels_and_changes() -> None:
    result = validate(VECTORS, {key: 3 * value + 1 for key, value in SERIES.items()})
    assert result.levels.rho == pytest.approx(1) and result.changes.rho == pytest.approx(1)
    assert (result.levels.n, result.changes.n, result.levels.dyads) == (8, 6, 2)


def test_friends_being_friends_is_not_a_change() -> None:
    """The series knows the dyads' levels and moves against their changes."""
    series = {key: (key[1] == "RUS") * 10 - value for key, value in SERIES.items()}
    result = validate(VECTORS, series)
    assert result.levels.rho > 0.5 and result.changes.rho == pytest.approx(-1)


def test_what_does_not_match_is_counted_and_undated_never_does() -> None:
    series = SERIES | {("CHN", "JPN", "undated"): 1.0, ("CHN", "USA", "2021-01"): 1.0}
    result = validate(VECTORS, series)
    assert (result.unmatched, result.levels.n) == (2, 8)


def test_too_little_is_nan() -> None:
    result = validate(VECTORS[:1], SERIES)
    assert math.isnan(result.levels.rho) and math.isnan(result.changes.low)
    assert (result.levels.n, result.changes.n) == (2, 0)


def test_the_interval_is_of_dyads_not_of_points() -> None:
    """Copies of a dyad's points do not make it surer."""
    rng = np.random.default_rng(0)
    series = {(f"s{i}", "t", f"{y}"): float(rng.normal()) for i in range(8) for y in range(10, 20)}
    given = [vector(f"s{i}", f"{y}", t=float(i)) for i in range(8) for y in range(10, 20)]
    assert validate(given, series).levels.high - validate(given, series).levels.low > 0.1
    assert validate(given, series, seed=1) == validate(given, series, seed=1)


@pytest.mark.parametrize(
    ("series", "options", "message"),
    [
        ({("CHN", "JPN", "2021-01"): math.nan}, {}, "must be finite"),
        ({("CHN", "JPN", "2021"): 1.0}, {}, "none of the 1 values"),
        (SERIES, {"level": 90}, "must be in"),
    ],
)
def test_errors(series: dict, options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        validate(VECTORS, series, **options)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=3, max_size=30))
def test_spearman_as_scipy_has_it(points: list[tuple[int, int]]) -> None:
    x, y = np.array(points, dtype=float).T
    if len(set(x)) > 1 and len(set(y)) > 1:
        assert spearman(x, y) == pytest.approx(stats.spearmanr(x, y).statistic)
    else:
        assert math.isnan(spearman(x, y))


def test_on_records() -> None:
    records = stance.analyze("China condemned Japan. China thanked Russia. China met India.")
    vectors = stance.aggregate(records, by="all")
    series = {("CHN", "JPN", "all"): 1.0, ("CHN", "IND", "all"): 2.0, ("CHN", "RUS", "all"): 3.0}
    assert validate(vectors, series).levels.rho == pytest.approx(1)

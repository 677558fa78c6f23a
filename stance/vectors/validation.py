"""Vectors against the world: do their means move with a series measured by others?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stance.errors import InputError
from stance.vectors.aggregation import StanceVector
from stance.vectors.periods import UNDATED

FloatArray = NDArray[np.float64]
Series = Mapping[tuple[str, str, str], float]
FEWEST = 3
"""Points a rank correlation needs; with fewer it is nan."""


@dataclass(frozen=True, slots=True)
class Correlation:
    """Spearman's rank correlation in [−1, 1] of `n` points of so many dyads, and its interval.

    nan where there are fewer than three points or one side does not vary.
    """

    rho: float
    low: float
    high: float
    n: int
    dyads: int


@dataclass(frozen=True, slots=True)
class Validation:
    """How vectors and an outside series go together.

    `levels` compares dyads and periods all at once; a high value may only say that friends are
    friends. `changes` compares the change from one period with a value on both sides to the next, within a
    dyad; it is the harder test. `level` is the intervals' nominal coverage; `unmatched` counts values of the series
    without a cell.
    """

    levels: Correlation
    changes: Correlation
    level: float
    unmatched: int


def validate(
    vectors: Iterable[StanceVector],
    outside: Series,
    *,
    level: float = 0.9,
    n_resamples: int = 1000,
    seed: int = 0,
) -> Validation:
    """Rank correlations of dyads' means with any outside series, in levels and in changes.

    Intervals are percentiles over resamples of whole dyads, since the periods of one dyad depend on each
    other; with a handful of dyads they are too narrow.

    Args:
        vectors: from `aggregate`, of periods named as in the series; undated ones are left out.
        outside: (source id, target id, period) -> value: UN votes, sanctions, trade, expert codes.
        level: of the intervals, in (0, 1).
        n_resamples: of the dyads.
        seed: the same seed gives the same intervals.

    Raises:
        InputError: a value is not finite, no value has a cell, or an option is out of range.

    Source: Spearman 1904; Field and Welsh 2007 for resampling clusters.
    """
    if not 0 < level < 1 or n_resamples < 1:
        raise InputError(
            f"level is {level!r}, n_resamples {n_resamples!r}; must be in (0, 1) and at least 1"
        )
    wrong = next((key for key, value in outside.items() if not math.isfinite(value)), None)
    if wrong is not None:
        raise InputError(f"outside series at {wrong}: is {outside[wrong]!r}; must be finite")
    means = {
        (vector.source_id, cell.target_id, vector.period): cell.mean
        for vector in vectors
        if vector.period != UNDATED
        for cell in vector.cells
    }
    matched = sorted(means.keys() & outside.keys())
    if not matched:
        raise InputError(
            f"none of the {len(outside)} values of the series has a cell",
            hint="keys are (source id, target id, period), as in ('CHN', 'JPN', '2021-12')",
        )
    by_dyad: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for key in matched:
        by_dyad.setdefault(key[:2], []).append((means[key], outside[key]))
    levels = [np.array(points) for points in by_dyad.values()]
    # Rounded, or 0.3 - 0.2 and 0.2 - 0.1 would not tie.
    changes = [np.diff(points, axis=0).round(12) for points in levels if len(points) > 1]
    return Validation(
        _correlation(levels, level, n_resamples, seed),
        _correlation(changes, level, n_resamples, seed),
        level,
        len(outside) - len(matched),
    )


def spearman(x: FloatArray, y: FloatArray) -> float:
    """Correlation of ranks, ties sharing their mean rank; nan if it is not defined."""
    if len(x) < FEWEST:
        return math.nan
    a, b = (ranks - ranks.mean() for ranks in (_ranks(x), _ranks(y)))
    norm = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / norm if norm > 0 else math.nan


def _correlation(
    blocks: list[FloatArray], level: float, n_resamples: int, seed: int
) -> Correlation:
    """Over the points of all blocks, each of shape (points, 2); blocks are resampled whole."""
    if not blocks:
        return Correlation(math.nan, math.nan, math.nan, 0, 0)
    points = np.concatenate(blocks)
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(n_resamples):
        drawn = np.concatenate([blocks[i] for i in rng.integers(0, len(blocks), len(blocks))])
        values.append(spearman(drawn[:, 0], drawn[:, 1]))
    defined = [value for value in values if not math.isnan(value)]
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(defined, tails) if defined else (math.nan, math.nan)
    rho = spearman(points[:, 0], points[:, 1])
    return Correlation(rho, float(low), float(high), len(points), len(blocks))


def _ranks(values: FloatArray) -> FloatArray:
    _, where, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[where])

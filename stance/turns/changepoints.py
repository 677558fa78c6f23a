"""Change points in one series of scored documents, tested by permutation; plain arrays in and out.

The question is whether documents after a split score higher or lower than those before it, *outlet
by outlet*. The statistic is the stratified score test (Cochran-Mantel-Haenszel for means): within
each stratum the documents after the split are compared with those of the same stratum before it,
the differences are added up and divided by their exact standard deviation under permutation. A
stratum that is seen on one side only adds nothing, so neither a change of volume nor of the mix of
strata looks like a change of stance.

Splits are tried in seeded intervals (all lengths, half overlapping), so that a spell that ends again
is found as well as one lasting change. The series' own scatter from one period to the next divides
the statistic where it is larger than chance, as when each period has its own event.

Significance: whole documents exchange their periods within their stratum, and the largest statistic
over all splits is compared with the largest one of each permutation. Under the null (in every
stratum, documents are exchangeable in time) the chance of any change at all is at most alpha. Further
changes are held against the same maxima, in which the changes already found count as noise.

The search is numpy and not ruptures, which takes one series a call and knows neither weights nor
strata; the tests compare places with it.

Sources: Kovacs, Bühlmann, Li and Munk 2023, "Seeded binary segmentation", Biometrika 110(1);
Westfall and Young 1993 (the largest statistic controls the family-wise error); Besag and Clifford
1991, "Sequential Monte Carlo p-values", Biometrika 78(2).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from stance.metrics import FloatArray, IntArray

DECAY = 2**-0.5
"""How much shorter the intervals of each layer are; the value its authors recommend."""
ENOUGH = 20
"""Permutations that beat the observed series before no more are drawn."""
BATCH = 4_000_000
"""Statistics computed at once while permuting, 32 MB."""
TINY = 1e-9
"""Differences below this are rounding."""
LEAST_NEIGHBOURS = 5
"""Comparable neighbouring periods from which their scatter can be told; with fewer, chance alone counts."""


@dataclass(frozen=True, slots=True)
class Documents:
    """One series: a row a document, sorted by stratum, then period.

    `period` and `stratum` count from 0; `value` is the document's total deviation from the mean of
    its stratum, so values of a stratum sum to 0. All of shape (documents,).
    """

    period: IntArray
    stratum: IntArray
    value: FloatArray


@dataclass(frozen=True, slots=True)
class Change:
    """`at` is the first period after the change; `p_value` is family-wise over the series."""

    at: int
    p_value: float


@dataclass(frozen=True, slots=True)
class _Splits:
    """Ways to split a stretch of the series in two: periods [start, at) against [at, end).

    `share` is the share of the stretch's documents that come before the split, by stratum, shape
    (strata, splits); `scale` is the statistic's standard deviation under permutation, shape
    (splits,), inf where the split cannot be tested. All are the same for every permutation.
    """

    start: IntArray
    at: IntArray
    end: IntArray
    share: FloatArray
    scale: FloatArray


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is tried on the observed series and on every permutation: splits, and near neighbours.

    `counts` are the documents of each stratum before each boundary of periods, (strata, periods + 1).
    """

    counts: IntArray
    scan: _Splits
    neighbours: _Splits
    min_periods: int
    min_documents: int


def find_changes(
    documents: Documents,
    *,
    alpha: float,
    min_periods: int,
    min_documents: int,
    permutations: int,
    rng: np.random.Generator,
) -> list[Change] | None:
    """The changes with p <= alpha, in order of time.

    Binary segmentation: the best split of a stretch, whole or in a seeded interval of it, divides it
    if it is significant, and both parts are searched in turn. Then each change moves to the best
    place between its neighbours and is tested once more on all that lies between them; its p-value
    is the larger of the two. The weakest goes and the others are looked at again, until all pass.

    Args:
        documents: the series.
        alpha: the chance of finding any change in a series without one, at most.
        min_periods: on each side of a change, between neighbouring changes too.
        min_documents: on each side of a split, in strata that have documents on both sides.
        permutations: at most so many; fewer are drawn where the answer is clear.
        rng: gives the permutations.

    Returns:
        None if there is no split with enough on both sides.
    """
    counts = _counts(documents)
    n_periods = counts.shape[1] - 1
    scan = _splits(_seeded(n_periods, min_periods), documents, counts, min_documents)
    if not np.isfinite(scan.scale).any():
        return None
    pairs = [(t - 1, t, t + 1) for t in range(1, n_periods)]
    neighbours = _splits(pairs, documents, counts, 1)
    plan = _Plan(counts, scan, neighbours, min_periods, min_documents)
    observed = _statistics(documents.value[:, None], plan)[:, 0]
    null = _null_maxima(documents, plan, observed.max(), permutations, rng)
    p_value = partial(_p_value, null=np.sort(null), permutations=permutations)
    found = _divided(documents, plan, observed, lambda size: p_value(size) <= alpha)
    while found:
        found, given = _moved(found, documents, plan), found
        weakest = min(range(len(found)), key=lambda i: found[i][1])
        if p_value(found[weakest][1]) <= alpha:
            return [Change(at, p_value(size)) for at, size in found]
        found = given[:weakest] + given[weakest + 1 :]
    return []


def benjamini_hochberg(p_values: Sequence[float]) -> FloatArray:
    """Adjusted p-values (q): calling all with q <= alpha keeps the false discovery rate at alpha.

    Source: Benjamini and Hochberg 1995, JRSS B 57(1).
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    q = np.empty(len(p))
    q[order] = np.minimum.accumulate(scaled[::-1])[::-1]
    return np.minimum(q, 1.0)


def _seeded(n_periods: int, min_periods: int) -> list[tuple[int, int, int]]:
    """Every (start, at, end) of the seeded intervals, longest first, `min_periods` on each side."""
    intervals: dict[tuple[int, int], None] = {}
    length = float(n_periods)
    while length >= 2 * min_periods:
        size, n = math.ceil(length), 2 * math.ceil(n_periods / length) - 1
        for start in np.linspace(0, n_periods - size, n).round().astype(int).tolist():
            intervals[start, start + size] = None
        length *= DECAY
    return [
        (start, at, end)
        for start, end in intervals
        for at in range(start + min_periods, end - min_periods + 1)
    ]


def _counts(documents: Documents) -> IntArray:
    """Documents of each stratum before each boundary of periods, (strata, periods + 1)."""
    n_periods, n_strata = documents.period.max() + 1, documents.stratum.max() + 1
    cells = documents.stratum * n_periods + documents.period
    counts = np.bincount(cells, minlength=n_strata * n_periods).reshape(n_strata, n_periods)
    return np.pad(counts.cumsum(1), ((0, 0), (1, 0)))


def _splits(
    triples: Sequence[tuple[int, int, int]],
    documents: Documents,
    counts: IntArray,
    min_documents: int,
) -> _Splits:
    start, at, end = np.array(triples, dtype=np.int64).reshape(-1, 3).T
    before = counts[:, at] - counts[:, start]
    after = counts[:, end] - counts[:, at]
    both = (before > 0) & (after > 0)
    size = np.bincount(documents.stratum)
    spread = np.bincount(documents.stratum, documents.value**2) / np.maximum(size - 1, 1)
    share = before / np.maximum(before + after, 1)
    scale = np.sqrt(spread @ (share * after))
    enough = np.minimum((before * both).sum(0), (after * both).sum(0)) >= min_documents
    scale[~(enough & (scale > TINY))] = np.inf
    return _Splits(start, at, end, share, scale)


def _scores(values: FloatArray, counts: IntArray, splits: _Splits) -> FloatArray:
    """After minus before, stratum by stratum, in standard deviations.

    Shape: values (documents, series) -> (splits, series).
    """
    sums = np.pad(values.cumsum(0), ((1, 0), (0, 0)))
    overall = np.zeros((counts.shape[1], values.shape[1]))
    expected = np.zeros((len(splits.at), values.shape[1]))
    first = 0
    for stratum, share in zip(counts, splits.share, strict=True):
        # Documents lie sorted by stratum, then period: a count before a boundary is a position.
        running = sums[first + stratum]
        expected += share[:, None] * (running[splits.end] - running[splits.start])
        overall += running
        first += int(stratum[-1])
    before = overall[splits.at] - overall[splits.start]
    return np.asarray((expected - before) / splits.scale[:, None])


def _statistics(values: FloatArray, plan: _Plan) -> FloatArray:
    """Size of every split's score over the series' own scatter.

    Shape: values (documents, series) -> (splits, series).
    """
    sizes = np.abs(_scores(values, plan.counts, plan.scan))
    testable = np.isfinite(plan.neighbours.scale)
    if testable.sum() < LEAST_NEIGHBOURS:
        return sizes
    scatter = _scores(values, plan.counts, plan.neighbours)[testable]
    return np.asarray(sizes / np.sqrt(np.maximum(np.mean(scatter**2, axis=0), 1)))


def _null_maxima(
    documents: Documents,
    plan: _Plan,
    observed: float,
    permutations: int,
    rng: np.random.Generator,
) -> FloatArray:
    """The largest statistic of each permutation, until ENOUGH of them reach the observed one."""
    maxima = np.empty(0)
    step = min(250, max(1, BATCH // max(len(plan.scan.at), len(documents.value))))
    while len(maxima) < permutations:
        rows = min(step, permutations - len(maxima))
        # Random numbers below 1 plus the stratum: sorting deals the documents anew within it.
        order = (rng.random((rows, len(documents.value))) + documents.stratum).argsort(1)
        new = _statistics(documents.value[order.T], plan).max(0)
        maxima = np.concatenate([maxima, new])
        reached = np.flatnonzero(maxima >= observed * (1 - TINY))
        if len(reached) >= ENOUGH:
            return maxima[: reached[ENOUGH - 1] + 1]
    return maxima


def _p_value(size: float, null: FloatArray, permutations: int) -> float:
    """Share of the sorted maxima that reach a size; the observed one counts if none stopped the draw."""
    reached = len(null) - int(np.searchsorted(null, size * (1 - TINY)))
    itself = int(len(null) == permutations)
    return (reached + itself) / (len(null) + itself)


def _divided(
    documents: Documents,
    plan: _Plan,
    observed: FloatArray,
    significant: Callable[[float], bool],
) -> list[tuple[int, float]]:
    """Places of significant splits and their statistics, in order of time."""
    found = []
    stretches = [(0, plan.counts.shape[1] - 1)]
    while stretches:
        start, end = stretches.pop()
        at, size = _best(documents, plan, start, end)
        inside = (plan.scan.start >= start) & (plan.scan.end <= end)
        seeded = np.where(inside, observed, 0)
        if seeded.max() > size:
            at, size = int(plan.scan.at[seeded.argmax()]), float(seeded.max())
        if significant(size):
            found.append((at, size))
            stretches += [(start, at), (at, end)]
    return sorted(found)


def _moved(
    found: Sequence[tuple[int, float]], documents: Documents, plan: _Plan
) -> list[tuple[int, float]]:
    """Each split at the best place between its neighbours, with the smaller of its two statistics."""
    moved: list[tuple[int, float]] = []
    for i, (_, size) in enumerate(found):
        start = moved[-1][0] if moved else 0
        end = found[i + 1][0] if i + 1 < len(found) else plan.counts.shape[1] - 1
        place, again = _best(documents, plan, start, end)
        moved.append((place, min(size, again)))
    return moved


def _best(documents: Documents, plan: _Plan, start: int, end: int) -> tuple[int, float]:
    """The best split of a stretch and its statistic, which is 0 where nothing can be tested."""
    margin = plan.min_periods
    triples = [(start, at, end) for at in range(start + margin, end - margin + 1)]
    if not triples:
        return start, 0.0
    splits = _splits(triples, documents, plan.counts, plan.min_documents)
    sizes = _statistics(documents.value[:, None], replace(plan, scan=splits))[:, 0]
    best = int(sizes.argmax())
    return triples[best][1], float(sizes[best])

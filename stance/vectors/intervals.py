"""How far the mean of the labels in a cell can be known from a classifier's answers.

The model's probabilities hold for the mix of labels it was calibrated on, where most pairs are
neutral. A cell has a mix of its own (label shift): where nearly all sentences are hostile, the
mean score stays well short of −1 however many there are. So an interval is read off the posterior
over the cell's own label shares,

    p(shares | sentences) ∝ prior(shares) · Π (Σ_k shares_k · L_k) ^ vote,

where L_k says how likely the sentence's answer is under label k: its probability of k over the base
rate of k, or a column of a confusion matrix. Few sentences, unsure answers and wrong ones widen
it; votes below 1 stand for sentences of one document that repeat each other.

Source: the likelihood is that of Saerens, Latinne and Decaestecker 2002, "Adjusting the Outputs of
a Classifier to New a Priori Probabilities"; here it has a Dirichlet prior and is summed on a grid, since
their EM gives a point without an interval. How often the intervals hold: benchmarks/intervals.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stance.errors import InputError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

COVERS = ("population", "sentences")
BASE_RATES = (0.10, 0.82, 0.08)
"""Shares of against, neutral and favor that the shipped model's probabilities are calibrated to.

The mean of its mean probabilities on the two dev sets with human or written stances (DSE: 0.12, 0.81,
0.07; our corpus: 0.09, 0.83, 0.08)."""
PRIOR = (0.5, 1.0, 0.5)
"""Dirichlet prior over a cell's shares: as if half a hostile, one neutral, half a friendly sentence were known."""
MODEL_ERROR = 0.05
"""Standard deviation of the model's own bias in the mean of a cell without neutral sentences.

More sentences do not lower it. It and the prior were chosen on the dev sets, for coverage next to 90%."""
DOCUMENT_CORRELATION = 0.1
"""Correlation of two scores of one document before the cell's own are seen, ..."""
CORRELATION_PAIRS = 20
"""... and how many pairs of them it weighs as much as."""
STEPS = 30
_SCORES = np.array([-1.0, 0.0, 1.0])
_MOST_ROWS = 2048  # rows and cells at once: their sums over the grid take 8 MB


@dataclass(frozen=True, slots=True)
class Method:
    """What an interval is for and which errors of the classifier it allows for.

    Args:
        covers: "population": the mean label of reports like those seen, so it allows for few
            sentences; "sentences": the mean label a reader would give to these sentences alone,
            so it allows only for the classifier's errors.
        corrected: whether mean and shares are those of the posterior too, free of the pull toward
            the base rates; else they are plain means of the probabilities.
        base_rates: shares of against, neutral and favor that the probabilities are calibrated to.
        confusion: counts of labelled sentences, rows the true label, columns the model's, as
            `evaluate(...).confusion` of dev data; where given, the model's labels are used with these error
            rates in place of its probabilities. The rates are taken as known.

    Source: Rogan and Gladen 1978, "Estimating Prevalence from the Results of a Screening Test", for the correction by
        error rates.
    """

    covers: str = "population"
    corrected: bool = False
    base_rates: tuple[float, float, float] = BASE_RATES
    confusion: Sequence[Sequence[float]] | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """The posterior of each cell: mean label shares, shape (cells, 3), and bounds of the mean, (cells,)."""

    shares: FloatArray
    low: FloatArray
    high: FloatArray


def likelihoods(probabilities: ArrayLike, method: Method | None = None) -> FloatArray:
    """How likely each sentence's answer is under each label, up to a factor of its own.

    Args:
        probabilities: calibrated, shape (n, 3).
        method: base rates or confusion matrix.

    Returns:
        Shape (n, 3), positive.

    Raises:
        InputError: base rates or confusion matrix are not as described in `Method`.
    """
    method = method or Method()
    p = np.asarray(probabilities, dtype=np.float64).reshape(-1, 3)
    if method.confusion is None:
        rates = np.asarray(method.base_rates, dtype=np.float64)
        if rates.shape != (3,) or not (rates > 0).all():
            raise InputError(f"base_rates are {method.base_rates}; must be three positive shares")
        return np.maximum(p, 1e-6) / rates
    try:
        counts = np.asarray(method.confusion, dtype=np.float64)
    except (TypeError, ValueError):
        counts = np.empty(0)
    if counts.shape != (3, 3) or not (counts >= 0).all() or not (counts.sum(1) > 0).all():
        raise InputError(
            f"confusion is {method.confusion}; must be three rows of three counts, each row with one at least"
        )
    # Half a count each: an error that did not occur is rare, not impossible.
    smooth = counts + 0.5
    return np.asarray((smooth / smooth.sum(1, keepdims=True)).T[p.argmax(1)])


def design_effect(scores: ArrayLike, clusters: ArrayLike) -> float:
    """How many times fewer sentences a cell is worth because some share a document; at least 1.

    1 + (m − 1)·r, where m is the mean size of a sentence's document in the cell (sizes squared over n) and
    r the correlation of the scores within documents, shrunk toward DOCUMENT_CORRELATION.

    Args:
        scores: shape (n,).
        clusters: the document of each as an int in [0, n), shape (n,).

    Source: Kish 1965, Survey Sampling, section 5.4.
    """
    x, cluster = np.asarray(scores, dtype=np.float64), np.asarray(clusters)
    n, sizes = len(x), np.bincount(cluster).astype(np.float64)
    pairs = float((sizes * (sizes - 1)).sum()) / 2
    if pairs == 0:
        return 1.0
    residuals = x - x.mean()
    squares = float((residuals**2).sum())
    within = (float((np.bincount(cluster, residuals) ** 2).sum()) - squares) / 2
    observed = within / squares * (n - 1) if squares > 0 else 0.0
    weight = CORRELATION_PAIRS + pairs
    r = min(max((CORRELATION_PAIRS * DOCUMENT_CORRELATION + observed) / weight, 0.0), 1.0)
    return 1 + (float((sizes**2).sum()) / n - 1) * r


def estimate(
    likelihood: FloatArray,
    votes: FloatArray,
    starts: Sequence[int],
    *,
    level: float = 0.9,
    covers: str = "population",
) -> Estimate:
    """Label shares and an interval of the mean score of each cell.

    Args:
        likelihood: of all cells' sentences one after another, shape (n, 3).
        votes: how much each sentence counts, shape (n,).
        starts: where each cell begins, ascending; none is empty.
        level: probability inside the interval.
        covers: as in `Method`.
    """
    ends = [*starts[1:], len(votes)]
    found = Estimate(np.empty((len(starts), 3)), np.empty(len(starts)), np.empty(len(starts)))
    for cells in _blocks(starts, ends):
        rows = slice(starts[cells.start], ends[cells.stop - 1])
        begin = np.asarray(starts[cells]) - rows.start
        grid, weights = _SIMPLEX, _posterior(likelihood[rows], votes[rows], begin, _SIMPLEX)
        part = _read(likelihood[rows], begin, grid, weights, level, covers)
        found.shares[cells], found.low[cells], found.high[cells] = part.shares, part.low, part.high
        for cell in np.flatnonzero(_spread(weights, grid) < 2 / STEPS) + cells.start:
            one = slice(starts[cell], ends[cell])
            fine = _refined(likelihood[one], votes[one], level, covers)
            found.shares[cell], found.low[cell], found.high[cell] = (
                fine.shares[0],
                fine.low[0],
                fine.high[0],
            )
    return found


def _blocks(starts: Sequence[int], ends: Sequence[int]) -> list[slice]:
    """Runs of cells with at most _MOST_ROWS sentences in all, or a single larger cell."""
    blocks, first = [], 0
    for cell in range(len(starts)):
        if ends[cell] - starts[first] > _MOST_ROWS and cell > first:
            blocks.append(slice(first, cell))
            first = cell
    return [*blocks, slice(first, len(starts))] if starts else []


def _refined(likelihood: FloatArray, votes: FloatArray, level: float, covers: str) -> Estimate:
    """The estimate of one cell whose posterior falls between the points of the grid."""
    begin = np.zeros(1, dtype=np.int64)
    grid, step = _SIMPLEX, 1 / STEPS
    weights = _posterior(likelihood, votes, begin, grid)
    while _spread(weights, grid)[0] < 2 * step and step > 1e-6:
        grid, step = _zoom(grid[weights[0] > 1e-6 * weights[0].max()], step)
        weights = _posterior(likelihood, votes, begin, grid)
    return _read(likelihood, begin, grid, weights, level, covers)


def _zoom(points: FloatArray, step: float) -> tuple[FloatArray, float]:
    """A finer grid over where the points are, and its step."""
    low, high = points[:, [0, 2]].min(0) - step, points[:, [0, 2]].max(0) + step
    fine = float((high - low).max()) / STEPS
    across, up = np.meshgrid(np.arange(STEPS + 1), np.arange(STEPS + 1))
    polar = np.stack([low[0] + fine * across.ravel(), low[1] + fine * up.ravel()], axis=1)
    grid = np.stack([polar[:, 0], 1 - polar.sum(1), polar[:, 1]], axis=1)
    return grid[(grid > 1e-7).all(1)], fine


def _posterior(
    likelihood: FloatArray, votes: FloatArray, begin: IntArray, grid: FloatArray
) -> FloatArray:
    """Probability of each point of the grid, shape (cells, points)."""
    logs = _sums(lambda rows: np.log(likelihood[rows] @ grid.T), votes, begin)
    logs += np.log(grid) @ (np.asarray(PRIOR) - 1)
    weights = np.exp(logs - logs.max(1, keepdims=True))
    return np.asarray(weights / weights.sum(1, keepdims=True))


def _read(
    likelihood: FloatArray,
    begin: IntArray,
    grid: FloatArray,
    weights: FloatArray,
    level: float,
    covers: str,
) -> Estimate:
    shares = weights @ grid
    z = NormalDist().inv_cdf((1 + level) / 2)
    error = MODEL_ERROR * np.sqrt(1 - shares[:, 1])
    if covers == "sentences":
        mean, variance = _moments(likelihood, begin, grid, weights)
        below = above = z * np.sqrt(variance)
    else:
        mean = shares @ _SCORES
        below = mean - _quantiles(weights, grid, (1 - level) / 2)
        above = _quantiles(weights, grid, (1 + level) / 2) - mean
    low = mean - np.hypot(np.maximum(below, 0), z * error)
    high = mean + np.hypot(np.maximum(above, 0), z * error)
    return Estimate(shares, np.maximum(low, -1), np.minimum(high, 1))


def _moments(
    likelihood: FloatArray, begin: IntArray, grid: FloatArray, weights: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Mean and variance of the mean label of the very sentences, each of shape (cells,)."""
    polar = likelihood * _SCORES

    def expected(rows: slice) -> FloatArray:
        return np.asarray((polar[rows] @ grid.T) / (likelihood[rows] @ grid.T))

    def variance(rows: slice) -> FloatArray:
        square = ((likelihood[rows] * _SCORES**2) @ grid.T) / (likelihood[rows] @ grid.T)
        return np.asarray(square - expected(rows) ** 2)

    ones = np.ones(len(likelihood))
    n = np.diff([*begin, len(likelihood)])[:, None]
    mean, noise = _sums(expected, ones, begin) / n, _sums(variance, ones, begin) / n**2
    centre = (weights * mean).sum(1)
    spread = (weights * (noise + (mean - centre[:, None]) ** 2)).sum(1)
    return centre, np.asarray(spread)


def _sums(values: Callable[[slice], FloatArray], votes: FloatArray, begin: IntArray) -> FloatArray:
    """Each cell's sum of its rows' values times votes, shape (cells, points), some rows at a time."""
    n = len(votes)
    cells = np.repeat(np.arange(len(begin)), np.diff([*begin, n]))
    sums: FloatArray | None = None
    for at in range(0, n, _MOST_ROWS):
        rows = slice(at, at + _MOST_ROWS)
        part = values(rows) * votes[rows, None]
        which, first = np.unique(cells[rows], return_index=True)
        if sums is None:
            sums = np.zeros((len(begin), part.shape[1]))
        sums[which] += np.add.reduceat(part, first, axis=0)
    assert sums is not None  # no cell is empty
    return sums


def _spread(weights: FloatArray, grid: FloatArray) -> FloatArray:
    """Standard deviation of the mean score, shape (cells,)."""
    scores = grid @ _SCORES
    mean = weights @ scores
    return np.asarray(np.sqrt(np.maximum(weights @ scores**2 - mean**2, 0)))


def _quantiles(weights: FloatArray, grid: FloatArray, at: float) -> FloatArray:
    """Where the mean score's distribution passes `at`, interpolated, shape (cells,)."""
    scores, where = np.unique(np.round(grid @ _SCORES, 9), return_inverse=True)
    order = np.argsort(where, kind="stable")
    first = np.searchsorted(where[order], np.arange(len(scores)))
    mass = np.add.reduceat(weights[:, order], first, axis=1)
    middle = np.cumsum(mass, axis=1) - mass / 2
    return np.array([np.interp(at, cdf, scores) for cdf in middle])


def _simplex() -> FloatArray:
    """Label shares in steps of 1 / STEPS, kept off zero."""
    counts = [(i, STEPS - i - j, j) for i in range(STEPS + 1) for j in range(STEPS + 1 - i)]
    return (np.array(counts, dtype=np.float64) + 0.25) / (STEPS + 0.75)


_SIMPLEX = _simplex()

"""How well confidence tells right from wrong: reliability bins, risk–coverage, as pure functions.

Confidence is the probability of the most probable label. Arrays and weights are as in `metrics`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from stance.metrics import N_BINS, FloatArray, IntArray, checked_probs, checked_weights


def reliability(probs: ArrayLike, gold: ArrayLike, n_bins: int = N_BINS) -> FloatArray:
    """Mean confidence, accuracy and number of items of every bin that is not empty.

    Bins are those of `metrics.expected_calibration_error`; a calibrated model has equal columns 0 and 1.

    Shape: (bins, 3), from low confidence to high.
    """
    p, true = checked_probs(probs, gold)
    confidence, right = p.max(1), p.argmax(1) == true
    bins = np.clip(np.ceil(confidence * n_bins - 1e-9).astype(int) - 1, 0, n_bins - 1)
    counts = np.bincount(bins, minlength=n_bins)
    sums = [np.bincount(bins, weights=x, minlength=n_bins) for x in (confidence, right)]
    kept = counts > 0
    return np.stack([*(s[kept] / counts[kept] for s in sums), counts[kept]], axis=1)


def risk_coverage(probs: ArrayLike, gold: ArrayLike, points: int = 10) -> FloatArray:
    """Share of answers that are wrong when only the most confident ones are given.

    Args:
        probs: shape (n, k).
        gold: labels, shape (n,).
        points: coverages 1/points, 2/points, ..., 1.

    Returns:
        Shape (m, 2): coverage and risk, both in [0, 1]. Items of equal confidence are answered
        together, so a coverage may be a little above the one asked for, and none comes twice.
    """
    p, true = checked_probs(probs, gold)
    covered, wrong = _cumulative(p, true, np.ones((1, len(p))))
    share = covered[0] / covered[0, -1]
    wanted = np.arange(1, points + 1) / points
    at = np.unique(np.searchsorted(share, wanted - 1e-9))
    return np.stack([share[at], wrong[0, at] / covered[0, at]], axis=1)


def area_under_risk_coverage(
    probs: ArrayLike, gold: ArrayLike, weights: ArrayLike | None = None
) -> FloatArray:
    """Mean risk over all coverages, in [0, 1]; lower is better, 0 if nothing is wrong.

    Items of equal confidence are answered together, so the order of the items does not matter.

    Source: Geifman and El-Yaniv 2017, "Selective Classification for Deep Neural Networks";
        AURC as in Geifman, Uziel and El-Yaniv 2019.

    Args:
        probs: shape (n, k).
        gold: labels, shape (n,).
        weights: how often each item counts, shape (n,), or (r, n) for r resamples.

    Returns:
        Shape () or (r,).
    """
    p, true = checked_probs(probs, gold)
    w = checked_weights(weights, len(p))
    covered, wrong = _cumulative(p, true, np.atleast_2d(w))
    new = np.diff(covered, axis=1, prepend=0)
    risk = wrong / np.where(covered > 0, covered, 1)
    area = (new * risk).sum(1) / covered[:, -1]
    return np.asarray(area.reshape(w.shape[:-1]))


def _cumulative(
    probs: FloatArray, gold: IntArray, weights: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Weight answered, and weight answered wrongly, from the highest confidence down.

    Shape: both (r, distinct confidences).
    """
    confidence = probs.max(1)
    order = np.argsort(-confidence, kind="stable")
    starts = np.flatnonzero(np.diff(confidence[order], prepend=2.0))
    wrong = (probs.argmax(1) != gold)[order]
    ordered = weights[:, order]
    sums = (np.add.reduceat(x, starts, axis=1) for x in (ordered, ordered * wrong))
    covered, errors = (np.cumsum(s, axis=1) for s in sums)
    return covered, errors

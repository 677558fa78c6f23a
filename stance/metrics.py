"""Scores of predictions against gold labels, as pure functions on numpy arrays.

Every score here is a function of sums over items (a confusion matrix, or sums per confidence
bin). So each function that takes `weights` also takes a stack of them, and `bootstrap` computes
hundreds of resamples in one matrix product instead of copying the items hundreds of times.

Labels are integers in the order of the label names: 0 is the hostile end (against, negative),
the last one the friendly end (favor, positive).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stance.errors import InputError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Statistic = Callable[[FloatArray], FloatArray]

N_BINS = 15
_CHUNK = 2_000_000  # weights held at once while bootstrapping: 16 MB


def confusion_matrix(
    gold: ArrayLike, predicted: ArrayLike, n_labels: int, weights: ArrayLike | None = None
) -> FloatArray:
    """How often each gold label (row) was predicted as each label (column).

    Args:
        gold: labels, shape (n,), in [0, n_labels).
        predicted: labels, shape (n,), the same range.
        n_labels: number of labels.
        weights: how often each item counts, shape (n,), or (r, n) for r resamples.

    Returns:
        Shape (n_labels, n_labels), or (r, n_labels, n_labels); sums to the weights.

    Raises:
        InputError: the shapes differ or a label is out of range.
    """
    true, guess = _labels(gold, n_labels, "gold"), _labels(predicted, n_labels, "predicted")
    if true.shape != guess.shape:
        raise InputError(f"{len(true)} gold labels but {len(guess)} predictions")
    cells = np.eye(n_labels * n_labels)[true * n_labels + guess]
    sums = checked_weights(weights, len(true)) @ cells
    return np.asarray(sums.reshape(*sums.shape[:-1], n_labels, n_labels))


def precision(confusion: FloatArray) -> FloatArray:
    """Share of each predicted label that is right, in [0, 1]; 0 where it is never predicted.

    Shape: (..., k, k) -> (..., k).
    """
    return _ratio(_diagonal(confusion), confusion.sum(-2))


def recall(confusion: FloatArray) -> FloatArray:
    """Share of each gold label that is found, in [0, 1]; 0 where it does not occur.

    Shape: (..., k, k) -> (..., k).
    """
    return _ratio(_diagonal(confusion), confusion.sum(-1))


def f1(confusion: FloatArray) -> FloatArray:
    """Harmonic mean of precision and recall of each label, in [0, 1], as 2tp / (gold + predicted).

    A label that is neither in gold nor predicted has F1 0, as in scikit-learn with all labels
    given and `zero_division=0`.

    Shape: (..., k, k) -> (..., k).
    """
    total = confusion.sum(-1) + confusion.sum(-2)
    return _ratio(2 * _diagonal(confusion), total)


def macro_f1(confusion: FloatArray) -> FloatArray:
    """Mean F1 over all labels, in [0, 1]. Shape: (..., k, k) -> (...)."""
    return np.asarray(f1(confusion).mean(-1))


def polar_f1(confusion: FloatArray) -> FloatArray:
    """Mean F1 of the first and the last label, in [0, 1]; neutral counts only as an error.

    Shape: (..., k, k) -> (...).

    Source: SemEval-2016 task 6 (Mohammad et al. 2016), F_avg.
    """
    return np.asarray(f1(confusion)[..., [0, -1]].mean(-1))


def accuracy(confusion: FloatArray) -> FloatArray:
    """Share of items that are right, in [0, 1]. Shape: (..., k, k) -> (...)."""
    return _ratio(_diagonal(confusion).sum(-1), confusion.sum((-2, -1)))


def polarity_confusion(
    probs: ArrayLike, gold: ArrayLike, weights: ArrayLike | None = None
) -> FloatArray:
    """Which end was thought likelier, over the items whose gold label is the first or the last.

    Args:
        probs: shape (n, k), k >= 2.
        gold: labels, shape (n,).
        weights: as for `confusion_matrix`.

    Returns:
        Shape (2, 3) or (r, 2, 3): rows gold first, gold last; columns p_first > p_last,
        p_last > p_first, equal. An equal pair is an error for either row, so that renaming the
        labels cannot change the scores.

    Raises:
        InputError: probabilities or labels are not as described.
    """
    p, true = checked_probs(probs, gold)
    last = p.shape[1] - 1
    polar = (true == 0) | (true == last)
    side = np.where(p[:, 0] > p[:, last], 0, np.where(p[:, last] > p[:, 0], 1, 2))
    cells = np.eye(6)[(true == last) * 3 + side] * polar[:, None]
    sums = checked_weights(weights, len(true)) @ cells
    return np.asarray(sums.reshape(*sums.shape[:-1], 2, 3))


def polarity_accuracy(polarity: FloatArray) -> FloatArray:
    """Share of gold-polar items on the right side, in [0, 1]; nan where there are none.

    Shape: (..., 2, 3), as `polarity_confusion` returns -> (...).
    """
    return _ratio(_diagonal(polarity).sum(-1), polarity.sum((-2, -1)), empty=np.nan)


def polarity_macro_f1(polarity: FloatArray) -> FloatArray:
    """Mean F1 of the two ends over gold-polar items, in [0, 1]; nan where there are none.

    Shape: (..., 2, 3), as `polarity_confusion` returns -> (...).
    """
    total = polarity.sum(-1) + polarity[..., :2].sum(-2)
    mean = _ratio(2 * _diagonal(polarity), total).mean(-1)
    return np.where(polarity.sum((-2, -1)) > 0, mean, np.nan)


def expected_calibration_error(
    probs: ArrayLike, gold: ArrayLike, n_bins: int = N_BINS, weights: ArrayLike | None = None
) -> FloatArray:
    """Mean distance between confidence and accuracy over equal-width bins, in [0, 1].

    Confidence is the probability of the most probable label; bins are (i/n, (i+1)/n], weighted
    by the items in them. 0 is perfectly calibrated. It is biased upward on few items.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", equation 3.

    Args:
        probs: shape (n, k).
        gold: labels, shape (n,).
        n_bins: number of bins.
        weights: as for `confusion_matrix`.

    Returns:
        Shape () or (r,).

    Raises:
        InputError: probabilities or labels are not as described.
    """
    p, true = checked_probs(probs, gold)
    confidence = p.max(1)
    # The nudge keeps a confidence that should lie on an edge in the bin below it.
    bins = np.clip(np.ceil(confidence * n_bins - 1e-9).astype(int) - 1, 0, n_bins - 1)
    gap = np.eye(n_bins)[bins] * (confidence - (p.argmax(1) == true))[:, None]
    w = checked_weights(weights, len(true))
    return _ratio(np.abs(w @ gap).sum(-1), w.sum(-1))


def brier_score(probs: ArrayLike, gold: ArrayLike, weights: ArrayLike | None = None) -> FloatArray:
    """Mean squared distance between the probabilities and the gold label, summed over labels.

    In [0, 2]; 0 is perfect, 2/3 is what (1/3, 1/3, 1/3) always gets.

    Source: Brier 1950, the multi-category form.

    Args:
        probs: shape (n, k).
        gold: labels, shape (n,).
        weights: as for `confusion_matrix`.

    Returns:
        Shape () or (r,).

    Raises:
        InputError: probabilities or labels are not as described.
    """
    p, true = checked_probs(probs, gold)
    squared = ((p - np.eye(p.shape[1])[true]) ** 2).sum(1)
    w = checked_weights(weights, len(true))
    return _ratio(w @ squared, w.sum(-1))


def bootstrap(
    statistic: Statistic,
    n_items: int,
    groups: Sequence[Hashable] | NDArray[np.generic] | None,
    n_resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> FloatArray:
    """Percentile interval of a statistic when whole groups of items are drawn again.

    Items of one document share its topic and wording, so drawing items alone gives intervals
    that are too narrow: groups are drawn, with replacement, as many as there are.

    Args:
        statistic: called with weights of shape (r, n_items), how often each item was drawn;
            returns shape (r,), or (r, m) for m statistics on the same resamples.
        n_items: number of items.
        groups: the group of each item (its document, or its text), length n_items; None makes
            every item its own group.
        n_resamples: number of resamples.
        seed: the same seed gives the same interval.
        level: share of resamples inside the interval.

    Returns:
        Lower and upper bound, shape (2,) or (2, m). Resamples in which a statistic is not
        defined (nan) are left out of its interval; nan if it never is.

    Raises:
        InputError: sizes disagree, or level or n_resamples is out of range.

    Source: Efron and Tibshirani 1993, chapter 13 (percentile) and Field and Welsh 2007
        (resampling clusters).
    """
    if not 0 < level < 1:
        raise InputError(f"the level of a bootstrap must be in (0, 1), got {level}")
    return percentiles(resample(statistic, n_items, groups, n_resamples, seed), level)


def resample(
    statistic: Statistic,
    n_items: int,
    groups: Sequence[Hashable] | NDArray[np.generic] | None,
    n_resamples: int = 1000,
    seed: int = 0,
) -> FloatArray:
    """The statistic on every resample of `bootstrap`. Shape: (r,) or (r, m).

    Raises:
        InputError: sizes disagree or are below 1.
    """
    if n_items < 1 or n_resamples < 1:
        raise InputError(
            f"a bootstrap needs n_items >= 1 and n_resamples >= 1, got {n_items}, {n_resamples}"
        )
    index = _group_index(groups, n_items)
    n_groups = int(index.max()) + 1
    rng = np.random.default_rng(seed)
    step = max(1, _CHUNK // max(n_items, n_groups))
    values = []
    for begin in range(0, n_resamples, step):
        rows = min(step, n_resamples - begin)
        draws = rng.integers(0, n_groups, (rows, n_groups)) + n_groups * np.arange(rows)[:, None]
        counts = np.bincount(draws.ravel(), minlength=rows * n_groups).reshape(rows, n_groups)
        values.append(np.asarray(statistic(counts[:, index].astype(np.float64))))
    return np.concatenate(values)


def softmax(logits: ArrayLike) -> NDArray[np.floating]:
    """Probabilities of logits over the last axis, in the logits' precision. Shape: as given."""
    scores = np.asarray(logits)
    shifted = np.exp(scores - scores.max(axis=-1, keepdims=True))
    out: NDArray[np.floating] = shifted / shifted.sum(axis=-1, keepdims=True)
    return out


def five_class(forward_probs: ArrayLike, backward_probs: ArrayLike) -> FloatArray:
    """Joint scores of the two directions of a pair, in the order of the DSE classes.

    Each class is the product of its two directions, taken as independent, normalised over the
    five; combinations DSE has no class for (both directions polar) are left out.

    Args:
        forward_probs: p -> q over (against, neutral, favor), shape (n, 3).
        backward_probs: q -> p, the same.

    Returns:
        Shape (n, 5), rows sum to 1: 0 neutral both ways, 1 p -> q favor, 2 q -> p favor,
        3 p -> q against, 4 q -> p against.

    Raises:
        InputError: the arrays are not both (n, 3).
    """
    forward = np.asarray(forward_probs, dtype=np.float64)
    backward = np.asarray(backward_probs, dtype=np.float64)
    if forward.ndim != 2 or forward.shape[1] != 3 or forward.shape != backward.shape:
        raise InputError(
            f"five_class needs two arrays of shape (n, 3), got {forward.shape}, {backward.shape}"
        )
    # Two certain polar directions would leave nothing to normalise.
    f_against, f_neutral, f_favor = np.clip(forward, 1e-12, 1.0).T
    b_against, b_neutral, b_favor = np.clip(backward, 1e-12, 1.0).T
    joint = np.stack(
        [
            f_neutral * b_neutral,
            f_favor * b_neutral,
            b_favor * f_neutral,
            f_against * b_neutral,
            b_against * f_neutral,
        ],
        axis=1,
    )
    return np.asarray(joint / joint.sum(1, keepdims=True))


def _diagonal(confusion: FloatArray) -> FloatArray:
    return np.asarray(np.diagonal(confusion, axis1=-2, axis2=-1))


def _ratio(part: FloatArray, whole: FloatArray, empty: float = 0.0) -> FloatArray:
    """Part / whole, and `empty` where there is nothing to divide by."""
    whole = np.asarray(whole)
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1), empty)


def _labels(values: ArrayLike, n_labels: int, name: str) -> IntArray:
    labels = np.asarray(values)
    if labels.ndim != 1 or (labels.size and not np.issubdtype(labels.dtype, np.integer)):
        raise InputError(f"{name} must be a flat array of ints, got {labels.dtype} {labels.shape}")
    if labels.size and (labels.min() < 0 or labels.max() >= n_labels):
        raise InputError(f"{name} must be in [0, {n_labels}), got {labels.min()} to {labels.max()}")
    return labels.astype(np.int64)


def checked_probs(probs: ArrayLike, gold: ArrayLike) -> tuple[FloatArray, IntArray]:
    """Both as arrays, or an error that says what is wrong with them."""
    p = np.asarray(probs, dtype=np.float64)
    if p.ndim != 2 or p.shape[1] < 2:
        raise InputError(f"probs must have shape (n, k) with k >= 2, got {p.shape}")
    true = _labels(gold, p.shape[1], "gold")
    if len(true) != len(p):
        raise InputError(f"{len(true)} gold labels but {len(p)} rows of probabilities")
    sums = p.sum(1)
    wrong = ~(np.isfinite(sums) & (p >= 0).all(1) & (np.abs(sums - 1) < 1e-3))
    if wrong.any():
        row = int(wrong.argmax())
        raise InputError(f"row {row} of probs is not a distribution: {p[row].tolist()}")
    return p, true


def checked_weights(weights: ArrayLike | None, n_items: int) -> FloatArray:
    """How often each item counts, once if not said, shape (n,) or (r, n)."""
    w = np.ones(n_items) if weights is None else np.asarray(weights, dtype=np.float64)
    if w.ndim not in (1, 2) or w.shape[-1] != n_items:
        raise InputError(f"weights must have shape (n,) or (r, n), n = {n_items}, got {w.shape}")
    return w


def _group_index(groups: Sequence[Hashable] | NDArray[np.generic] | None, n_items: int) -> IntArray:
    """Groups as consecutive ints, numbered as they appear."""
    if groups is None:
        return np.arange(n_items)
    if len(groups) != n_items:
        raise InputError(f"{len(groups)} groups but {n_items} items")
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(group, len(numbers)) for group in groups], dtype=np.int64)


def percentiles(values: FloatArray, level: float) -> FloatArray:
    """The middle `level` of each column, shape (2,) or (2, m), nan values left out."""
    tails = [(1 - level) / 2, (1 + level) / 2]
    if not np.isnan(values).any():
        return np.asarray(np.quantile(values, tails, axis=0))
    columns = values.reshape(len(values), -1).T
    kept = [column[~np.isnan(column)] for column in columns]
    bounds = [np.quantile(k, tails) if k.size else np.full(2, np.nan) for k in kept]
    return np.stack(bounds, axis=1).reshape(2, *values.shape[1:])

"""One measure of a check, with an interval from resampled documents and what is asked of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from stance import metrics
from stance.evaluation.scores import LEVEL, N_RESAMPLES, SEED
from stance.metrics import FloatArray, IntArray
from stance.values import STANCES


@dataclass(frozen=True, slots=True)
class Check:
    """One measure of one check over `n` answers; without any, `value` is nan.

    `at_least` and `at_most` are what is asked of it, None where nothing is.
    """

    check: str
    measure: str
    value: float
    interval: tuple[float, float] | None
    n: int
    at_least: float | None = None
    at_most: float | None = None

    @property
    def asked(self) -> str:
        """The bound as a person reads it; empty where nothing is asked."""
        if self.at_least is not None:
            return f"≥ {self.at_least}"
        return "" if self.at_most is None else f"≤ {self.at_most}"

    @property
    def met(self) -> bool | None:
        """Whether the value is as asked; None where nothing is asked or nothing was measured."""
        if (self.at_least is None and self.at_most is None) or math.isnan(self.value):
            return None
        low = -math.inf if self.at_least is None else self.at_least
        return low <= self.value <= (math.inf if self.at_most is None else self.at_most)


def share(
    check: str,
    measure: str,
    hits: NDArray[np.bool_],
    groups: Sequence[str],
    at_least: float | None = None,
) -> Check:
    """The share of hits, in [0, 1]."""
    result = mean(check, measure, hits.astype(np.float64), groups)
    return replace(result, at_least=at_least)


def mean(
    check: str,
    measure: str,
    values: FloatArray,
    groups: Sequence[str],
    at_most: float | None = None,
) -> Check:
    """The mean of values."""

    def statistic(weights: FloatArray) -> FloatArray:
        return np.asarray(weights @ values / weights.sum(1))

    return _check(check, measure, statistic, groups, at_most)


def macro_f1(
    check: str, measure: str, gold: IntArray, found: IntArray, groups: Sequence[str]
) -> Check:
    """Macro-F1 of found labels against gold ones, over against, neutral and favor."""

    def statistic(weights: FloatArray) -> FloatArray:
        return metrics.macro_f1(metrics.confusion_matrix(gold, found, len(STANCES), weights))

    return _check(check, measure, statistic, groups)


def _check(
    check: str,
    measure: str,
    statistic: metrics.Statistic,
    groups: Sequence[str],
    at_most: float | None = None,
) -> Check:
    """The statistic with its interval over documents; nan where there is nothing to measure."""
    n = len(groups)
    if n == 0:
        return Check(check, measure, math.nan, None, 0, at_most=at_most)
    value = float(statistic(np.ones((1, n)))[0])
    low, high = metrics.bootstrap(statistic, n, groups, N_RESAMPLES, SEED, LEVEL)
    return Check(check, measure, value, (float(low), float(high)), n, at_most=at_most)

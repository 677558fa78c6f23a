"""Where actors stand among others: the actor × target matrix, alignment and similarity."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from stance.errors import InputError
from stance.vectors.aggregation import Cell, StanceVector

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class StanceMatrix:
    """One period's means: `values` and `counts` (n) of shape (sources, targets), nan and 0 where no cell is."""

    values: NDArray[np.float64]
    counts: NDArray[np.int64]
    sources: tuple[str, ...]
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Alignment:
    """Where one actor stands between two others in one period.

    `value` is in [−1, 1]: 1 in favor of the one and against the other, −1 the reverse, 0 as far from
    both. [`low`, `high`] is its interval at the level of the cells; `n` counts the evidence units of both cells.
    """

    actor_id: str
    period: str
    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Similarity:
    """How alike two actors' stances are toward the `targets` both have a cell for, in [−1, 1]."""

    one_id: str
    other_id: str
    period: str
    value: float
    targets: tuple[str, ...]


def to_matrix(vectors: Iterable[StanceVector], period: str | None = None) -> StanceMatrix:
    """The means of one period as an array, with the names of its rows and columns in alphabetic order.

    Args:
        vectors: of any periods.
        period: which; None if all are of one.

    Raises:
        InputError: there are several periods and none is chosen.
    """
    import numpy as np

    given = [v for v in vectors if period is None or v.period == period]
    periods = sorted({v.period for v in given})
    if len(periods) > 1:
        raise InputError(
            f"vectors are of {len(periods)} periods; a matrix holds one",
            hint=f"period={periods[0]!r}, or aggregate(records, by='all')",
        )
    sources = tuple(sorted({v.source_id for v in given}))
    targets = tuple(sorted({cell.target_id for v in given for cell in v.cells}))
    values = np.full((len(sources), len(targets)), np.nan)
    counts = np.zeros(values.shape, dtype=np.int64)
    for vector in given:
        row = sources.index(vector.source_id)
        for cell in vector.cells:
            column = targets.index(cell.target_id)
            values[row, column], counts[row, column] = cell.mean, cell.n
    return StanceMatrix(values, counts, sources, targets)


def alignment(
    vectors: Iterable[StanceVector], toward: str = "USA", away: str = "CHN"
) -> list[Alignment]:
    """Every actor's place between two others, sorted by actor, then period.

    The value is half the difference of the means toward the two. Actors without a cell for both in
    a period are left out, and so are the two themselves.

    The interval takes the two cells as independent: value ± half of √(d₁² + d₂²), with d₁ and d₂ the
    distances from the means to the bounds of their intervals that widen it on that side.

    Args:
        vectors: from `aggregate`.
        toward: the actor at +1.
        away: the actor at −1.

    Source: Zou and Donner 2008, "Construction of confidence limits about effect measures" (MOVER).

    Raises:
        InputError: `toward` and `away` are the same.
    """
    if toward == away:
        raise InputError(f"toward and away are both {toward!r}; must be two actors")
    places = []
    for vector in vectors:
        cells = {cell.target_id: cell for cell in vector.cells}
        if {toward, away} <= cells.keys() and vector.source_id not in (toward, away):
            places.append(_between(vector, cells[toward], cells[away]))
    return sorted(places, key=lambda a: (a.actor_id, a.period))


def similarity(vectors: Iterable[StanceVector]) -> list[Similarity]:
    """How alike every two actors' vectors of a period are, sorted by actors, then period.

    S = 1 − Σ_t w_t |a_t − b_t| / Σ_t w_t over the targets t that both have a cell for, with means a_t and
    b_t, and w_t = 1 / (1/n_a + 1/n_b) of their effective n. It is 1 for equal stances, −1 where
    one is wholly in favor of all that the other is wholly against; actors without a common target are
    left out.

    Source: Signorino and Ritter 1999, "Tau-b or Not Tau-b", the weighted S with a largest distance of 2.
    """
    by_period: dict[str, list[StanceVector]] = defaultdict(list)
    for vector in vectors:
        by_period[vector.period].append(vector)
    pairs = []
    for period, group in by_period.items():
        cells = {v.source_id: {cell.target_id: cell for cell in v.cells} for v in group}
        for one, other in combinations(sorted(cells), 2):
            common = sorted(cells[one].keys() & cells[other].keys())
            if common:
                both = [(cells[one][t], cells[other][t]) for t in common]
                pairs.append(Similarity(one, other, period, _alike(both), tuple(common)))
    return sorted(pairs, key=lambda s: (s.one_id, s.other_id, s.period))


def _between(vector: StanceVector, toward: Cell, away: Cell) -> Alignment:
    value = (toward.mean - away.mean) / 2
    below = math.hypot(toward.mean - toward.low, away.high - away.mean) / 2
    above = math.hypot(toward.high - toward.mean, away.mean - away.low) / 2
    return Alignment(
        vector.source_id,
        vector.period,
        value,
        max(-1.0, value - below),
        min(1.0, value + above),
        toward.n + away.n,
    )


def _alike(both: list[tuple[Cell, Cell]]) -> float:
    weights = [1 / (1 / a.effective_n + 1 / b.effective_n) for a, b in both]
    apart = math.fsum(w * abs(a.mean - b.mean) for w, (a, b) in zip(weights, both, strict=True))
    return 1 - apart / math.fsum(weights)

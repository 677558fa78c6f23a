"""Records to actor-stance vectors: for each source actor and period, a cell for every target."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist

from stance.errors import InputError
from stance.periods import PERIODS, period_of
from stance.records import StanceRecord
from stance.values import TOO_FAR_APART


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a source stands toward one target in one period.

    `mean` is the mean score in [−1, 1] (negative is hostile) over `n` distinct sentences;
    [`low`, `high`] is an interval for it; `record_ids` name the records it was computed from.
    """

    target_id: str
    mean: float
    low: float
    high: float
    n: int
    record_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StanceVector:
    """One actor's cells over its targets in one period ("2021-12", "2021-Q4", ... or "all")."""

    source_id: str
    period: str
    cells: tuple[Cell, ...]
    level: float


def aggregate(
    records: Iterable[StanceRecord], by: str = "month", *, level: float = 0.9
) -> list[StanceVector]:
    """Stance vectors of all resolved actors, sorted by source, then period; cells by target.

    Every record counts, neutral ones too. A sentence that occurs several times (wire copy) counts
    once in a cell. Records without a resolved source and target, and pairs too far apart to be read
    together, are left out; records without a date fall into the period "undated" unless `by` is "all".

    The interval is mean ± z·sqrt((s² + v) / n), clipped to [−1, 1]: s² is the variance of the
    scores between sentences and v the mean variance of the label given its calibrated
    probabilities, p_favor + p_against − score²; together the variance of a label (law of total
    variance). It treats sentences as independent.

    Args:
        records: in any order; the result does not depend on it.
        by: day, week, month, quarter, year or all.
        level: the interval's nominal coverage, in (0, 1).

    Raises:
        InputError: `by` or `level` is not one of the above.
    """
    if by not in PERIODS:
        raise InputError(f"by is {by!r}; must be one of {', '.join(PERIODS)}")
    if not 0 < level < 1:
        raise InputError(f"level is {level!r}; must be between 0 and 1")
    cells: dict[tuple[str, str], dict[str, list[StanceRecord]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for record in records:
        read = record.abstained != TOO_FAR_APART
        if read and record.source_id is not None and record.target_id is not None:
            cells[record.source_id, period_of(record.date, by)][record.target_id].append(record)
    return [
        StanceVector(
            source,
            period,
            tuple(_cell(t, rows, level) for t, rows in sorted(targets.items())),
            level,
        )
        for (source, period), targets in sorted(cells.items())
    ]


def _cell(target: str, records: list[StanceRecord], level: float) -> Cell:
    records = sorted(records, key=lambda r: (r.id, r.sentence))
    sentences: dict[str, list[StanceRecord]] = defaultdict(list)
    for record in records:
        sentences[" ".join(record.sentence.casefold().split())].append(record)
    scores = [math.fsum(r.score for r in copies) / len(copies) for copies in sentences.values()]
    noise = [
        math.fsum(r.p_favor + r.p_against - r.score**2 for r in copies) / len(copies)
        for copies in sentences.values()
    ]
    n = len(scores)
    mean = math.fsum(scores) / n
    between = math.fsum((s - mean) ** 2 for s in scores) / (n - 1) if n > 1 else 0.0
    half = NormalDist().inv_cdf((1 + level) / 2) * math.sqrt((between + math.fsum(noise) / n) / n)
    low, high = max(-1.0, mean - half), min(1.0, mean + half)
    return Cell(target, mean, low, high, n, tuple(r.id for r in records))

"""Records to actor-stance vectors: for each source actor and period, a cell for every target."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stance.errors import InputError
from stance.marking import table_html
from stance.vectors.evidence import (
    WEIGHTS,
    EvidenceUnit,
    Key,
    check_choice,
    documents_joined,
    units_of,
)
from stance.vectors.partials import PartialVectors, Selection, Sentences, partial, windows_of

if TYPE_CHECKING:
    from stance.records import StanceRecord
    from stance.vectors.intervals import Method


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a source stands toward one target in one period.

    `mean` is Σ weight·score / Σ weight over `n` evidence units (sentences, copies counted once), in
    [−1, 1], negative is hostile; [`low`, `high`] is an interval of the mean label and holds `mean`.
    `against`, `neutral` and `favor` are the shares of the labels: the means of their probabilities,
    so that favor − against is `mean`. `effective_n` is how many independent sentences of equal
    weight `n` are worth. `record_ids` name the records of all units, in alphabetic order.
    """

    target_id: str
    mean: float
    low: float
    high: float
    against: float
    neutral: float
    favor: float
    n: int
    effective_n: float
    record_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StanceVector:
    """One actor's cells over its targets in one period.

    `period` is named "2021-12", "2021-Q4", "2021-10/2021-12" (a window), "all" or "undated";
    `level` is the nominal coverage of the intervals. In "undated", `no_date` and `out_of_range` count the
    records without a date and those with one outside the range asked for; elsewhere both are 0.
    """

    source_id: str
    period: str
    cells: tuple[Cell, ...]
    level: float
    no_date: int = 0
    out_of_range: int = 0

    def _repr_html_(self) -> str:
        """For notebooks: a row a target."""
        head = (f"{self.source_id}, {self.period}", "mean", f"{self.level:.0%} interval", "n")
        return table_html(
            head,
            (
                (c.target_id, f"{c.mean:+.2f}", f"{c.low:+.2f} to {c.high:+.2f}", str(c.n))
                for c in self.cells
            ),
        )


def aggregate(
    records: Iterable[StanceRecord],
    by: str = "month",
    *,
    level: float = 0.9,
    weights: str = "confidence",
    window: int = 1,
    select: Selection | None = None,
    method: Method | None = None,
) -> list[StanceVector]:
    """Stance vectors of all resolved actors, sorted by source, then period; cells by target.

    Every record counts, neutral ones too; near-identical sentences (wire copy, reprints) count once in a
    cell. Records without a resolved source and target, and pairs too far apart to be read together,
    are left out. Records without a date, or with one out of range, are kept under "undated".

    The interval allows for few sentences, for several sentences of one document, and for the
    classifier's errors, which pull a mean toward neutral: see `stance.vectors.intervals`. It is for the mean
    of the labels readers would give, so it may reach far to one side of a plain `mean`; with
    `Method(corrected=True)` the mean is free of that pull.

    Args:
        records: in any order; the result does not depend on it.
        by: day, week (ISO), month, quarter, year or all.
        level: the interval's nominal coverage, in (0, 1).
        weights: what a unit counts: "confidence" (probability of its label), "equal", or one vote
            per "document" or "outlet", see `stance.vectors.evidence.weigh`.
        window: how many periods a vector covers, the last of which moves on by one; 1 for
            each period alone.
        select: which actors count as one, which dates count, and whether models may mix.
        method: what the interval is for and how the classifier's errors are allowed for.

    Raises:
        InputError: an option is not one of the above, or the records are of several models.
    """
    return finish(
        partial(records, by, select), level=level, weights=weights, window=window, method=method
    )


def finish(
    sums: PartialVectors,
    *,
    level: float = 0.9,
    weights: str = "confidence",
    window: int = 1,
    method: Method | None = None,
) -> list[StanceVector]:
    """The vectors of partial aggregates, exactly those of `aggregate` on all their records.

    Options are those of `aggregate`.

    Raises:
        InputError: an option is not allowed, or the records are of several models.
    """
    check_choice("weights", weights, WEIGHTS)
    if isinstance(level, str) or not 0 < level < 1:
        raise InputError(
            f"level is {level!r}; must be between 0 and 1, the coverage of the intervals",
            hint="which actors count as one is select=stance.Selection(entity=...)",
        )
    sums.check_models()
    by_source: dict[str, dict[Key, Sentences]] = defaultdict(dict)
    for key, sentences in windows_of(sums, window).items():
        by_source[key.source_id][key] = sentences
    # One source's units at a time, since they are larger than what they are made of.
    return [
        vector
        for _, cells in sorted(by_source.items())
        for vector in _vectors(
            {key: units_of(key, cells[key], weights) for key in sorted(cells)},
            sums.undated,
            level,
            weights,
            method,
        )
    ]


def vectors_of(units: Iterable[EvidenceUnit], *, level: float = 0.9) -> list[StanceVector]:
    """The vectors of `evidence_units`, those of `aggregate` but for its counts of undated records.

    Args:
        units: of one kind of period.
        level: the interval's nominal coverage, in (0, 1).
    """
    by_source: dict[str, dict[Key, list[EvidenceUnit]]] = defaultdict(lambda: defaultdict(list))
    for unit in units:
        key = Key(unit.source_id, unit.period, unit.target_id)
        by_source[unit.source_id][key].append(unit)
    return [
        vector
        for _, cells in sorted(by_source.items())
        for vector in _vectors(dict(sorted(cells.items())), {}, level, "confidence", None)
    ]


def _vectors(
    units: Mapping[Key, Sequence[EvidenceUnit]],
    undated: Mapping[str, tuple[int, int]],
    level: float,
    weights: str,
    method: Method | None,
) -> list[StanceVector]:
    """The vectors of one source, whose units come sorted by period and target."""
    by_period: dict[str, list[Cell]] = defaultdict(list)
    for key, cell in zip(units, _cells(list(units.values()), level, weights, method), strict=True):
        by_period[key.period].append(cell)
    (source,) = {key.source_id for key in units}
    return [
        StanceVector(
            source,
            period,
            tuple(cells),
            level,
            *(undated.get(source, (0, 0)) if period == "undated" else (0, 0)),
        )
        for period, cells in by_period.items()
    ]


def _cells(
    cells: Sequence[Sequence[EvidenceUnit]], level: float, weights: str, method: Method | None
) -> list[Cell]:
    """A cell for each list of units; their targets are those of the units."""
    import numpy as np

    from stance.vectors.intervals import COVERS, Method, design_effect, estimate, likelihoods

    method = method or Method()
    check_choice("covers", method.covers, COVERS)
    votes: list[float] = []
    starts: list[int] = []
    sizes: list[float] = []
    for units in cells:
        starts.append(len(votes))
        effect = design_effect([u.score for u in units], documents_joined(units))
        counts = [u.weight for u in units]
        sizes.append(math.fsum(counts) ** 2 / math.fsum(w * w for w in counts) / effect)
        # The likelihood weighs a sentence by how sure the model is of it; only votes come on top.
        counts = counts if weights in ("document", "outlet") else [1.0] * len(units)
        scale = math.fsum(counts) / math.fsum(w * w for w in counts) / effect
        votes += [w * scale for w in counts]
    probabilities = [(u.p_against, u.p_neutral, u.p_favor) for units in cells for u in units]
    whole = method.covers == "population"
    found = estimate(
        likelihoods(probabilities, method),
        np.array(votes if whole else [1.0] * len(votes)),
        starts,
        level=level,
        covers=method.covers,
    )
    return [
        _cell(
            units,
            size,
            found.shares[i].tolist() if method.corrected else None,
            float(found.low[i]),
            float(found.high[i]),
        )
        for i, (units, size) in enumerate(zip(cells, sizes, strict=True))
    ]


def _cell(
    units: Sequence[EvidenceUnit],
    effective_n: float,
    shares: Sequence[float] | None,
    low: float,
    high: float,
) -> Cell:
    if shares is None:
        total = math.fsum(u.weight for u in units)
        shares = [
            math.fsum(u.weight * p for u, p in zip(units, column, strict=True)) / total
            for column in zip(*((u.p_against, u.p_neutral, u.p_favor) for u in units), strict=True)
        ]
    against, neutral, favor = shares
    mean = favor - against
    return Cell(
        target_id=units[0].target_id,
        mean=mean,
        low=min(low, mean),
        high=max(high, mean),
        against=against,
        neutral=neutral,
        favor=favor,
        n=len(units),
        effective_n=effective_n,
        record_ids=tuple(sorted({i for u in units for i in u.record_ids})),
    )

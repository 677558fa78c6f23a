"""Evidence to turns: when a source's stance toward a target changed, and the records on both sides.

A turn is found by the library in dated evidence; a stated shift is a change that a sentence itself
speaks of ("once neutral, now firmly opposed"). They are different findings and stay apart.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stance.changepoints import TINY, Change, Documents, benjamini_hochberg, find_changes
from stance.errors import InputError
from stance.evidence import EvidenceUnit, check_choice, dyad_of, evidence_units
from stance.metrics import FloatArray
from stance.periods import PERIODS, UNDATED
from stance.records import StanceRecord

MIN_DOCUMENTS = 5
"""Documents on each side of a turn, from outlets that have some on both sides."""
PERMUTATIONS = (1_999, 49_999)
"""At least and at most so many; between them, as many as let one turn among all dyads be seen."""
RESAMPLES = 999
Dyad = tuple[str, str]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Turn:
    """A change of a source's stance toward a target, found in their dated evidence.

    `at` is the first period with evidence after the change and `last_before` the last one before
    it. The two sides reach to the neighbouring turns or to the ends of the series. `before` and
    `after` are mean scores in [−1, 1] (negative is hostile) over the outlets that have evidence on
    both sides, each with the same share of both means, so that a change of the outlet mix alone is
    no change; [`low`, `high`] is an interval for `delta` = after − before. `p_value` holds for all
    turns of the dyad together, `q_value` over all dyads tested. `n_before` and `n_after` count
    evidence units; the record ids are those of all outlets.
    """

    source_id: str
    target_id: str
    at: str
    last_before: str
    before: float
    after: float
    delta: float
    low: float
    high: float
    level: float
    p_value: float
    q_value: float
    n_before: int
    n_after: int
    record_ids_before: tuple[str, ...]
    record_ids_after: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class TurnSearch:
    """The turns and what was searched for them.

    `tested` counts the dyads whose evidence allowed a test, `untested` those with too little on
    both sides of every split, and `undated` the records that have no date.
    """

    turns: tuple[Turn, ...]
    tested: int
    untested: int
    undated: int


def find_turns(
    records: Iterable[StanceRecord],
    by: str = "month",
    *,
    level: float = 0.9,
    alpha: float = 0.05,
    min_periods: int = 3,
    entity: str = "state",
    seed: int = 0,
) -> list[Turn]:
    """The turns of `search_turns`, without its counts."""
    found = search_turns(
        records, by, level=level, alpha=alpha, min_periods=min_periods, entity=entity, seed=seed
    )
    return list(found.turns)


def search_turns(
    records: Iterable[StanceRecord],
    by: str = "month",
    *,
    level: float = 0.9,
    alpha: float = 0.05,
    min_periods: int = 3,
    entity: str = "state",
    seed: int = 0,
) -> TurnSearch:
    """Turns of every source toward every target, sorted by source, target and period.

    The unit of evidence is that of `aggregate`: near-identical sentences count once, weighted by
    confidence. The search and its test are described in `changepoints`. In short: outlets are
    compared with themselves, whole documents are permuted within their outlet, and in a dyad
    whose outlets do not change their stance the chance of any turn is at most `alpha` at q = p.
    Documents that share a near-identical sentence in one period (a wire story) move as one; those
    carried by several outlets form a stratum, as do all outlets with one document only.

    Over dyads, each dyad's smallest p-value is adjusted after Benjamini and Hochberg (1995); of
    a dyad with q <= alpha, all turns are reported that pass at the level of the dyads selected
    (Benjamini and Bogomolov 2014, JRSS B 76(1)).

    The interval of a turn resamples documents with exponential weights (Bayesian bootstrap, Rubin
    1981) with the place of the turn held fixed. Searching for the largest change inflates it, most
    where little evidence makes turns hard to find.

    Args:
        records: in any order; the result does not depend on it.
        by: day, week, month, quarter or year; periods without evidence are passed over.
        level: nominal coverage of the intervals, in (0, 1).
        alpha: the false discovery rate over dyads, in (0, 1).
        min_periods: least number of periods with evidence on each side of a turn; MIN_DOCUMENTS
            says how many documents.
        entity: as in `aggregate`.
        seed: of the permutations and resamples; the same seed gives the same turns.

    Raises:
        InputError: an option is not one of the above.
    """
    _check(by, level, alpha, min_periods, seed)
    rows = list(records)
    dyads: dict[Dyad, list[EvidenceUnit]] = defaultdict(list)
    for unit in evidence_units(rows, by, entity=entity):
        if unit.period != UNDATED:
            dyads[unit.source_id, unit.target_id].append(unit)
    least, most = PERMUTATIONS
    permutations = min(max(least, math.ceil(2 * len(dyads) / alpha)), most)
    series = {dyad: _series(units) for dyad, units in dyads.items()}
    found = {
        dyad: find_changes(
            one.documents,
            alpha=alpha,
            min_periods=min_periods,
            min_documents=MIN_DOCUMENTS,
            permutations=permutations,
            rng=_rng(seed, dyad),
        )
        for dyad, one in series.items()
    }
    tested = {dyad: result for dyad, result in found.items() if result is not None}
    turns = [
        _turn(dyad, series[dyad], changes, i, level, seed)
        for dyad, changes in _selected(tested, alpha).items()
        for i in range(len(changes))
    ]
    undated = sum(r.date is None and dyad_of(r, entity) is not None for r in rows)
    return TurnSearch(tuple(turns), len(tested), len(dyads) - len(tested), undated)


@dataclass(frozen=True, slots=True)
class _Series:
    """A dyad's evidence, with the documents that carry it in the order of `documents`.

    `weight` and `total` are the sums of the units' weights and weighted scores, (documents,).
    """

    periods: tuple[str, ...]
    units: tuple[EvidenceUnit, ...]
    documents: Documents
    weight: FloatArray
    total: FloatArray


def _series(units: Sequence[EvidenceUnit]) -> _Series:
    """Outlets with a single story share a stratum."""
    periods = tuple(sorted({unit.period for unit in units}))
    stories = _stories(units)
    outlets = [_outlet(story) for story in stories]
    count = Counter(outlets)
    strata = [outlet if count[outlet] > 1 else "" for outlet in outlets]
    order = sorted(
        range(len(stories)),
        key=lambda i: (strata[i], stories[i][0].period, stories[i][0].document_ids),
    )
    names = sorted(set(strata))
    stratum = np.array([names.index(strata[i]) for i in order], dtype=np.int64)
    period = np.array([periods.index(stories[i][0].period) for i in order], dtype=np.int64)
    weight = np.array([math.fsum(u.weight for u in stories[i]) for i in order])
    total = np.array([math.fsum(u.weight * u.score for u in stories[i]) for i in order])
    mean = np.bincount(stratum, total) / np.bincount(stratum, weight)
    documents = Documents(period, stratum, total - mean[stratum] * weight)
    return _Series(periods, tuple(units), documents, weight, total)


def _stories(units: Sequence[EvidenceUnit]) -> list[list[EvidenceUnit]]:
    """Units joined by a document they share; units of different periods never are."""
    leader: dict[tuple[str, str], tuple[str, str]] = {}

    def find(document: tuple[str, str]) -> tuple[str, str]:
        while leader.setdefault(document, document) != document:
            document = leader[document]
        return document

    for unit in units:
        first = find((unit.period, unit.document_ids[0]))
        for other in unit.document_ids[1:]:
            leader[find((unit.period, other))] = first
    stories: dict[tuple[str, str], list[EvidenceUnit]] = defaultdict(list)
    for unit in units:
        stories[find((unit.period, unit.document_ids[0]))].append(unit)
    return list(stories.values())


def _outlet(story: Iterable[EvidenceUnit]) -> str:
    """Name of the stratum a story belongs to; no outlet's name starts with a NUL."""
    outlets = {outlet for unit in story for outlet in unit.outlets}
    return outlets.pop() if len(outlets) == 1 else "\0several" if outlets else "\0none"


def _selected(
    tested: dict[Dyad, tuple[float, list[Change]]], alpha: float
) -> dict[Dyad, list[tuple[Change, float]]]:
    """The changes that hold over all dyads, each with its q-value."""
    q_values = benjamini_hochberg([p for p, _ in tested.values()])
    selected = int((q_values <= alpha).sum())
    kept: dict[Dyad, list[tuple[Change, float]]] = {}
    for (dyad, (_, changes)), q in zip(tested.items(), q_values.tolist(), strict=True):
        if q <= alpha:
            adjusted = [(c, max(q, c.p_value * len(tested) / selected)) for c in changes]
            kept[dyad] = [(c, value) for c, value in adjusted if value <= alpha]
    return kept


def _turn(
    dyad: Dyad,
    series: _Series,
    changes: Sequence[tuple[Change, float]],
    i: int,
    level: float,
    seed: int,
) -> Turn:
    """The i-th of a dyad's changes, between its neighbours."""
    change, q_value = changes[i]
    start = changes[i - 1][0].at if i else 0
    end = changes[i + 1][0].at if i + 1 < len(changes) else len(series.periods)
    rng = _rng(seed, (*dyad, series.periods[change.at]))
    before, after, low, high = _estimate(series, start, change.at, end, level, rng)
    left = _within(series, start, change.at)
    right = _within(series, change.at, end)
    return Turn(
        source_id=dyad[0],
        target_id=dyad[1],
        at=series.periods[change.at],
        last_before=series.periods[change.at - 1],
        before=before,
        after=after,
        delta=after - before,
        low=low,
        high=high,
        level=level,
        p_value=change.p_value,
        q_value=q_value,
        n_before=len(left),
        n_after=len(right),
        record_ids_before=tuple(sorted(id for u in left for id in u.record_ids)),
        record_ids_after=tuple(sorted(id for u in right for id in u.record_ids)),
    )


def _estimate(
    series: _Series, start: int, at: int, end: int, level: float, rng: np.random.Generator
) -> tuple[float, float, float, float]:
    """Means of periods [start, at) and [at, end), and the interval of the difference."""
    period = series.documents.period
    left = (period >= start) & (period < at)
    right = (period >= at) & (period < end)
    drawn = rng.exponential(size=(RESAMPLES, len(period)))
    before, after = _means(series, left, right, np.ones((1, len(period))))
    old, new = _means(series, left, right, drawn)
    low, high = np.quantile(new - old, [(1 - level) / 2, (1 + level) / 2])
    return float(before[0]), float(after[0]), float(low), float(high)


def _means(
    series: _Series, left: BoolArray, right: BoolArray, drawn: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Mean scores of two sides over the strata that both have, for each draw of documents.

    A stratum counts by the harmonic mean of its weights on the two sides, in both means.

    Shape: drawn (draws, documents) -> twice (draws,).
    """
    member = np.eye(int(series.documents.stratum.max()) + 1)[series.documents.stratum]
    weights = [drawn[:, s] @ (member * series.weight[:, None])[s] for s in (left, right)]
    totals = [drawn[:, s] @ (member * series.total[:, None])[s] for s in (left, right)]
    share = weights[0] * weights[1] / np.maximum(weights[0] + weights[1], TINY)
    share /= share.sum(1, keepdims=True)
    old, new = (
        (share * total / np.where(weight > 0, weight, 1)).sum(1)
        for total, weight in zip(totals, weights, strict=True)
    )
    return old, new


def _within(series: _Series, start: int, end: int) -> list[EvidenceUnit]:
    names = set(series.periods[start:end])
    return [unit for unit in series.units if unit.period in names]


def _rng(seed: int, names: Sequence[str]) -> np.random.Generator:
    """Random numbers of a dyad's own, so that other dyads do not change its p-value."""
    digest = hashlib.sha256("\0".join(names).encode("utf-8", "surrogatepass")).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:8])])


def _check(by: str, level: float, alpha: float, min_periods: int, seed: int) -> None:
    check_choice("by", by, [kind for kind in PERIODS if kind != "all"])
    for name, value in (("level", level), ("alpha", alpha)):
        if not 0 < value < 1:
            raise InputError(f"{name} is {value!r}; must be between 0 and 1")
    for name, value, least in (("min_periods", min_periods, 1), ("seed", seed, 0)):
        if value < least:
            raise InputError(f"{name} is {value!r}; must be {least} or more")

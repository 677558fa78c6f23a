"""Evidence to turns: when a source's stance toward a target changed, and the records on both sides.

A turn is found by the library in dated evidence; a stated shift is a change that a sentence itself
speaks of ("once neutral, now firmly opposed"). They are different findings and stay apart.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stance.errors import InputError
from stance.metrics import FloatArray
from stance.records import StanceRecord
from stance.turns.changepoints import TINY, Change, Documents, benjamini_hochberg, find_changes
from stance.vectors.evidence import WEIGHTS, EvidenceUnit, check_choice, documents_joined, units_of
from stance.vectors.partials import PartialVectors, Selection, partial
from stance.vectors.periods import PERIODS, UNDATED

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
    """The turns, sorted by source, target and period, and how many dyads were searched for them.

    `tested` counts the dyads whose evidence allowed a test, `untested` those with too little of it
    on both sides of every split; `no_date` and `out_of_range` the records left out for that.
    """

    turns: tuple[Turn, ...]
    tested: int
    untested: int
    no_date: int
    out_of_range: int

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON values."""
        return asdict(self)


def find_turns(
    records: Iterable[StanceRecord],
    by: str = "month",
    *,
    level: float = 0.9,
    alpha: float = 0.05,
    min_periods: int = 3,
    select: Selection | None = None,
    seed: int = 0,
) -> list[Turn]:
    """Turns of every source toward every target, sorted by source, target and period.

    The evidence is that of `aggregate`: near-identical sentences count once, weighted by
    confidence. Undated records are left out and periods without evidence passed over.
    The search and its test are described in `stance.turns.changepoints`: outlets are compared with themselves,
    and whole documents are permuted within their outlet. Documents that share a near-identical
    sentence in one period (a wire story) move as one; those carried by several outlets form
    a stratum of their own, as do all outlets with a single document.

    In a dyad whose outlets never change their stance, and whose documents are independent of each other,
    the chance of any turn is at most `alpha`. Over dyads, the smallest p-value of each is adjusted
    after Benjamini and Hochberg (1995, JRSS B 57); of the dyads with q <= alpha those turns are
    returned that pass at the level of the dyads selected (Benjamini and Bogomolov 2014, JRSS B 76).

    The interval of a turn resamples documents with exponential weights (Bayesian bootstrap, Rubin
    1981), the place of the turn held fixed. It is of the change in the model's scores, whose errors
    pull the means on both sides toward neutral. Where little evidence makes turns hard to
    find, those that are found look larger than they are.

    Args:
        records: in any order; the result does not depend on it.
        by: day, week, month, quarter or year.
        level: nominal coverage of the intervals, in (0, 1).
        alpha: of the tests, in (0, 1).
        min_periods: with evidence, on each side of a turn; MIN_DOCUMENTS says how many documents.
        select: which actors count as one, which dates count, and whether models may mix.
        seed: of permutations and resamples; the same seed gives the same turns.

    Raises:
        InputError: an option is not one of the above, or the records are of several models.
    """
    return list(
        search_turns(
            partial(records, by, select),
            level=level,
            alpha=alpha,
            min_periods=min_periods,
            seed=seed,
        ).turns
    )


def search_turns(
    sums: PartialVectors,
    *,
    level: float = 0.9,
    alpha: float = 0.05,
    min_periods: int = 3,
    weights: str = "confidence",
    seed: int = 0,
) -> TurnSearch:
    """The turns in partial aggregates, exactly those of `find_turns` on all their records.

    Options are those of `find_turns` and `aggregate`.

    Raises:
        InputError: an option is not allowed, or the records are of several models.
    """
    _check(sums.by, level, alpha, min_periods, seed)
    check_choice("weights", weights, WEIGHTS)
    sums.check_models()
    dyads: dict[Dyad, list[EvidenceUnit]] = defaultdict(list)
    for key, sentences in sorted(sums.cells.items()):
        if key.period != UNDATED:
            dyads[key.source_id, key.target_id] += units_of(key, sentences, weights)
    least, most = PERMUTATIONS
    permutations = min(max(least, math.ceil(2 * len(dyads) / alpha)), most)
    series = {dyad: _series(dyads[dyad]) for dyad in sorted(dyads)}
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
    tested = {dyad: changes for dyad, changes in found.items() if changes is not None}
    turns = [
        _turn(dyad, series[dyad], changes, i, level, seed)
        for dyad, changes in _selected(tested, alpha).items()
        for i in range(len(changes))
    ]
    return TurnSearch(tuple(turns), len(tested), len(dyads) - len(tested), *sums.missing())


def telling_records(
    turn: Turn, records: Mapping[str, StanceRecord], n: int = 2
) -> tuple[list[StanceRecord], list[StanceRecord]]:
    """The records before and after a turn whose scores lie furthest the turn's way, the clearest first.

    Of equal ones those nearest to the turn; a sentence occurs once.

    Args:
        turn: from `find_turns`.
        records: what it was found in, by their ids.
        n: at most so many on each side.
    """
    way = 1 if turn.delta > 0 else -1
    old, new = (
        [records[i] for i in ids] for ids in (turn.record_ids_before, turn.record_ids_after)
    )
    return _first(old, way, -1, n), _first(new, -way, 1, n)


def _first(records: Iterable[StanceRecord], way: int, late: int, n: int) -> list[StanceRecord]:
    """The lowest scores for `way` 1, the highest for −1; the earliest of equals for `late` 1."""

    def key(record: StanceRecord) -> tuple[float, int, str]:
        day = record.date.toordinal() if record.date else 0
        return way * record.score, late * day, record.id

    sentences: dict[str, StanceRecord] = {}
    for record in sorted(records, key=key):
        sentences.setdefault(record.sentence, record)
    return list(sentences.values())[:n]


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
    strata = [outlet if count[outlet] > 1 else "\0single" for outlet in outlets]
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


def _stories(units: Iterable[EvidenceUnit]) -> list[list[EvidenceUnit]]:
    """Units joined by a document they share, within a period."""
    by_period: dict[str, list[EvidenceUnit]] = defaultdict(list)
    for unit in units:
        by_period[unit.period].append(unit)
    stories: dict[tuple[str, int], list[EvidenceUnit]] = defaultdict(list)
    for period, some in by_period.items():
        for unit, number in zip(some, documents_joined(some), strict=True):
            stories[period, number].append(unit)
    return list(stories.values())


def _outlet(story: Iterable[EvidenceUnit]) -> str:
    """Name of the stratum a story belongs to; no outlet's name starts with a NUL."""
    outlets = {outlet for unit in story for outlet in unit.outlets}
    return outlets.pop() if len(outlets) == 1 else "\0several" if outlets else "\0none"


def _selected(
    tested: Mapping[Dyad, Sequence[Change]], alpha: float
) -> dict[Dyad, list[tuple[Change, float]]]:
    """The changes that hold over all dyads, each with its q-value."""
    best = [min((c.p_value for c in changes), default=1.0) for changes in tested.values()]
    q_values = benjamini_hochberg(best)
    selected = int((q_values <= alpha).sum())
    kept: dict[Dyad, list[tuple[Change, float]]] = {}
    for (dyad, changes), q in zip(tested.items(), q_values.tolist(), strict=True):
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
    for name, count, least in (("min_periods", min_periods, 1), ("seed", seed, 0)):
        if isinstance(count, bool) or not isinstance(count, int) or count < least:
            raise InputError(f"{name} is {count!r}; must be an integer of {least} or more")

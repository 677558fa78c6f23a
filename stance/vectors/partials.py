"""Sums that merge: what is kept of records until they become vectors.

`finish(merge(partial(some), partial(others)))` equals `aggregate` on all the records, exactly and
in any order: a partial keeps, for every source, period, target and distinct sentence, the
probabilities and ids of its records, and merging puts these together. Copies are looked for only at the
end, so that those in different parts are found as well. The text of a sentence is kept once for all
its copies in a cell; the rest of a record is dropped. For records larger than memory, make the
parts by source: the vectors of different sources share nothing.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from stance.errors import InputError
from stance.records import StanceRecord
from stance.values import TOO_FAR_APART
from stance.vectors.evidence import ENTITIES, Key, Trace, check_choice, dyad_of, trace_of
from stance.vectors.periods import UNDATED, check_period, period_of, windows

FIRST_DATE = datetime.date(1800, 1, 1)
LAST_DATE = datetime.date(2100, 1, 1)
"""Dates outside are taken for mistakes, such as the 0001-01-01 and 9999-12-31 of databases."""

Sentences = dict[str, list[Trace]]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which records count, and for whom.

    Args:
        entity: "state": a state's government, armed forces and legislature count as the state, everyone else
            apart (TUR/OPP); "role": every role apart (TUR/GOV); "country": all count as the state.
        since: the first date that counts; None for FIRST_DATE.
        until: the last date that counts; None for LAST_DATE.
        mix_models: whether records of several models may be added up.
    """

    entity: str = "state"
    since: datetime.date | None = None
    until: datetime.date | None = None
    mix_models: bool = False

    def period(self, date: datetime.date | None, by: str) -> str:
        """The period a record counts in.

        A missing date is undated, except in "all" with no range asked for.
        """
        if date is None:
            return "all" if by == "all" and not (self.since or self.until) else UNDATED
        inside = (self.since or FIRST_DATE) <= date <= (self.until or LAST_DATE)
        return period_of(date, by) if inside else UNDATED


@dataclass(frozen=True, slots=True)
class PartialVectors:
    """What records add up to before the end; made by `partial` and `merge`.

    Args:
        by: the kind of period.
        select: which records count.
        model_ids: of all records that count.
        cells: for each source, period and target the traces of each distinct sentence.
        undated: for each source, its records without a date and those with one out of range.
        left_out: records that do not count: "unresolved" (no source or target id, or both the
            same), "too far apart".
    """

    by: str
    select: Selection
    model_ids: frozenset[str] = frozenset()
    cells: Mapping[Key, Sentences] = field(default_factory=dict)
    undated: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)

    def missing(self) -> tuple[int, int]:
        """How many records have no date, and how many one out of range."""
        counts = list(self.undated.values())
        return sum(none for none, _ in counts), sum(out for _, out in counts)

    def check_models(self) -> None:
        """Raise InputError if records of several models would be mixed without leave."""
        if len(self.model_ids) > 1 and not self.select.mix_models:
            raise InputError(
                f"records are of {len(self.model_ids)} models: {', '.join(sorted(self.model_ids))}",
                hint="score them with one model, or allow it: select=Selection(mix_models=True)",
            )


def partial(
    records: Iterable[StanceRecord], by: str = "month", select: Selection | None = None
) -> PartialVectors:
    """What some of the records add up to, to be merged with other parts and then finished.

    Args:
        records: in any order; read once.
        by: day, week, month, quarter, year or all.
        select: which records count, and for whom.

    Raises:
        InputError: an option is not allowed.
    """
    select = select or Selection()
    check_period(by)
    check_choice("entity", select.entity, ENTITIES)
    cells: dict[Key, Sentences] = {}
    undated: Counter[tuple[str, bool]] = Counter()
    left_out: Counter[str] = Counter()
    models: set[str] = set()
    for record in records:
        dyad = dyad_of(record, select.entity)
        if dyad is None:
            apart = record.abstained == TOO_FAR_APART
            left_out[TOO_FAR_APART if apart else "unresolved"] += 1
            continue
        period = select.period(record.date, by)
        if period == UNDATED:
            undated[dyad[0], record.date is not None] += 1
        models.add(record.model_id)
        sentences = cells.setdefault(Key(dyad[0], period, dyad[1]), {})
        sentences.setdefault(record.sentence, []).append(trace_of(record))
    return PartialVectors(
        by,
        select,
        frozenset(models),
        cells,
        {source: (undated[source, False], undated[source, True]) for source, _ in undated},
        dict(left_out),
    )


def merge(first: PartialVectors, *others: PartialVectors) -> PartialVectors:
    """All parts together; none is changed. Many are merged quickest in one call.

    Raises:
        InputError: they are of different periods or selections.
    """
    parts = (first, *others)
    cells: dict[Key, Sentences] = {}
    undated: dict[str, tuple[int, int]] = {}
    left_out: Counter[str] = Counter()
    for part in parts:
        if (part.by, part.select) != (first.by, first.select):
            raise InputError(
                f"parts differ: by {first.by!r} with {first.select}, by {part.by!r} with {part.select}; "
                "must be the same"
            )
        _add(cells, part.cells.items())
        for source, (none, out) in part.undated.items():
            so_far = undated.get(source, (0, 0))
            undated[source] = (so_far[0] + none, so_far[1] + out)
        left_out.update(part.left_out)
    models = frozenset[str]().union(*(part.model_ids for part in parts))
    return PartialVectors(first.by, first.select, models, cells, undated, dict(left_out))


def _add(cells: dict[Key, Sentences], more: Iterable[tuple[Key, Sentences]]) -> None:
    """Put more traces into cells, whose lists are their own."""
    for key, sentences in more:
        mine = cells.setdefault(key, {})
        for sentence, traces in sentences.items():
            mine.setdefault(sentence, []).extend(traces)


def windows_of(sums: PartialVectors, window: int) -> Mapping[Key, Sentences]:
    """The cells of every window of so many periods, from a source's first period to its last.

    Raises:
        InputError: `window` is not a positive int, or there is only the one period "all".
    """
    if isinstance(window, bool) or not isinstance(window, int) or window < 1:
        raise InputError(f"window is {window!r}; must be a positive number of periods")
    if window == 1:
        return sums.cells
    if sums.by == "all":
        raise InputError("a window needs periods; by is 'all'", hint="by='month', window=3")
    dated: dict[str, set[str]] = {}
    for key in sums.cells:
        if key.period != UNDATED:
            dated.setdefault(key.source_id, set()).add(key.period)
    names = {source: windows(periods, sums.by, window) for source, periods in dated.items()}
    cells: dict[Key, Sentences] = {}
    for key, sentences in sums.cells.items():
        undated = key.period == UNDATED
        for name in (UNDATED,) if undated else names[key.source_id][key.period]:
            _add(cells, [(key._replace(period=name), sentences)])
    return cells

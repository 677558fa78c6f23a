"""Records to what the web page holds: numbers of every pair, and as much evidence as fits.

Everything is columns of whole numbers and places in lists of texts, since the page carries up to
100,000 records in 3 MB: scores in ten-thousandths, probabilities in percent.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from stance.actors.table import ActorTable
from stance.marking import showable
from stance.records import StanceRecord
from stance.report.cues import find_cues
from stance.report.page_evidence import LONGEST_NAME, Dyad, as_json, choose, evidence, wording
from stance.turns.search import Turn, TurnSearch
from stance.vectors.aggregation import Cell, StanceVector, finish, vectors_of
from stance.vectors.evidence import EvidenceUnit, dyad_of, units_of
from stance.vectors.partials import PartialVectors, partial
from stance.vectors.periods import on_calendar, period_start

if TYPE_CHECKING:
    from stance.scoring.scorer import Scorer

MOST_DYADS = 2_000
MOST_POINTS = 30_000
"""Cells of all series together; dyads with the most evidence come first."""
MOST_TURNS = 400
FEW = 5
"""Below this many sentences a cell is grey: its mean says little."""

Columns = dict[str, list[Any]]


def page_data(
    records: Sequence[StanceRecord],
    sums: PartialVectors,
    search: TurnSearch,
    table: ActorTable,
    *,
    level: float,
    max_bytes: int,
    scorer: Scorer | None = None,
) -> dict[str, Any]:
    """What the page shows, as JSON values.

    Args:
        records: all of them.
        sums: of the records, by the period of the series.
        search: for turns in these sums.
        table: gives actors their names.
        level: nominal coverage of the intervals.
        max_bytes: of the JSON; evidence is left out to stay below, never numbers of a dyad kept.
        scorer: finds the cues of the evidence that fits; None marks none.

    Raises:
        InputError: `level` is not allowed, the records are of several models, or the scorer's model
            is another one.
    """
    series = finish(sums, level=level)
    units: dict[Dyad, list[EvidenceUnit]] = defaultdict(list)
    for key, sentences in partial(records, "all", sums.select).cells.items():
        if key.period == "all":
            units[key.source_id, key.target_id] += units_of(key, sentences)
    dyads = sorted(units, key=lambda d: (-len(units[d]), d))[:MOST_DYADS]
    order = dict.fromkeys(actor for dyad in dyads for actor in dyad)
    actors = {actor: place for place, actor in enumerate(order)}
    overall = _cells(vectors_of((u for d in dyads for u in units[d]), level=level), dyads)
    points = _cells(series, dyads)
    with_series = _within_points(dyads, Counter(dyad for _, dyad in points))
    turns = [t for t in search.turns if (t.source_id, t.target_id) in set(dyads)]
    turns = sorted(turns, key=lambda t: (t.p_value, t.source_id, t.target_id))[:MOST_TURNS]
    periods = on_calendar(p for p, _ in points)
    numbers = {
        "level": level,
        "few": FEW,
        "by": sums.by,
        "actors": [showable(table.name_of(actor))[:LONGEST_NAME] for actor in actors],
        "periods": periods,
        "days": [period_start(p).toordinal() for p in periods],
        "dyads": _dyad_columns(dyads, overall, units, actors),
        "series": _series_columns(points, dyads[:with_series], periods),
        "turns": _turn_columns(turns, dyads, periods),
        "pairs_left_out": len(units) - len(dyads),
        "series_left_out": len(dyads) - with_series,
        "cues": scorer is not None,
    }
    by_id: dict[str, list[StanceRecord]] = defaultdict(list)
    for record in records:
        by_id[record.id].append(record)
    room = max_bytes - len(as_json(numbers).encode())
    chosen = list(choose(dyads, units, by_id, turns))
    found = evidence(chosen, by_id, room, {})
    if scorer is not None:
        shown = chosen[: len(found["evidence"].get("dyad", ()))]
        cues = find_cues((wording(unit, by_id) for _, unit in shown), scorer)
        found = evidence(shown, by_id, room, {cue.record: (cue.start, cue.end) for cue in cues})
    return numbers | found


def summary(records: Sequence[StanceRecord], sums: PartialVectors) -> dict[str, Any]:
    """What the page says of its records as a whole."""
    pairs = [(r, dyad_of(r, sums.select.entity)) for r in records]
    counted = [(r, dyad) for r, dyad in pairs if dyad is not None]
    no_date, out_of_range = sums.missing()
    periods = on_calendar(key.period for key in sums.cells)
    return {
        "records": len(records),
        "counted": len(counted),
        "left_out": len(records) - len(counted),
        "no_date": no_date,
        "out_of_range": out_of_range,
        "abstained": sum(r.abstained is not None for r, _ in counted),
        "documents": len({r.document_id for r in records}),
        "outlets": len({r.outlet for r in records if r.outlet is not None}),
        "actors": len({actor for _, dyad in counted for actor in dyad}),
        "dyads": len({dyad for _, dyad in counted}),
        "periods": (periods[0], periods[-1]) if periods else (),
        "models": sorted({showable(r.model_id)[:LONGEST_NAME] for r in records}),
    }


def _cells(vectors: Iterable[StanceVector], dyads: Sequence[Dyad]) -> dict[tuple[str, Dyad], Cell]:
    kept = set(dyads)
    return {
        (v.period, (v.source_id, c.target_id)): c
        for v in vectors
        for c in v.cells
        if (v.source_id, c.target_id) in kept
    }


def _within_points(dyads: Sequence[Dyad], points: Mapping[Dyad, int]) -> int:
    """How many of the dyads, from the first, have no more than MOST_POINTS together."""
    totals = accumulate(points[dyad] for dyad in dyads)
    return sum(total <= MOST_POINTS for total in totals)


def _dyad_columns(
    dyads: Sequence[Dyad],
    cells: Mapping[tuple[str, Dyad], Cell],
    units: Mapping[Dyad, Sequence[EvidenceUnit]],
    actors: Mapping[str, int],
) -> Columns:
    shown = [cells["all", dyad] for dyad in dyads]
    return {
        "source": [actors[source] for source, _ in dyads],
        "target": [actors[target] for _, target in dyads],
        "outlets": [len({o for u in units[dyad] for o in u.outlets}) for dyad in dyads],
        "records": [len(cell.record_ids) for cell in shown],
        **_numbers(shown),
    }


def _series_columns(
    cells: Mapping[tuple[str, Dyad], Cell], dyads: Sequence[Dyad], periods: Sequence[str]
) -> Columns:
    """Points by dyad, then time; undated ones have period −1."""
    places = {period: i for i, period in enumerate(periods)}
    order = {dyad: i for i, dyad in enumerate(dyads)}
    points = [
        (order[dyad], places.get(period, -1), cell)
        for (period, dyad), cell in cells.items()
        if dyad in order
    ]
    points.sort(key=lambda point: point[:2])
    return {
        "dyad": [dyad for dyad, _, _ in points],
        "period": [period for _, period, _ in points],
        **_numbers([cell for _, _, cell in points]),
    }


def _numbers(cells: Sequence[Cell]) -> Columns:
    return {
        "mean": [round(10_000 * c.mean) for c in cells],
        "low": [round(10_000 * c.low) for c in cells],
        "high": [round(10_000 * c.high) for c in cells],
        "n": [c.n for c in cells],
        "against": [round(10_000 * c.against) for c in cells],
        "favor": [round(10_000 * c.favor) for c in cells],
    }


def _turn_columns(turns: Sequence[Turn], dyads: Sequence[Dyad], periods: Sequence[str]) -> Columns:
    order = {dyad: i for i, dyad in enumerate(dyads)}
    return {
        "dyad": [order[t.source_id, t.target_id] for t in turns],
        "period": [periods.index(t.at) for t in turns],
        "before": [round(10_000 * t.before) for t in turns],
        "after": [round(10_000 * t.after) for t in turns],
        "low": [round(10_000 * t.low) for t in turns],
        "high": [round(10_000 * t.high) for t in turns],
        "p": [round(t.p_value, 5) for t in turns],
        "q": [round(t.q_value, 5) for t in turns],
    }

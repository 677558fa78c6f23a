"""Records to what the web page holds: numbers of every pair, and as much evidence as fits.

Everything is columns of whole numbers and places in lists of texts, since the page carries up to
100,000 records in 3 MB: scores in ten-thousandths, probabilities in percent.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stance.actor_table import ActorTable
from stance.evidence import EvidenceUnit, dyad_of, evidence_units
from stance.marking import showable
from stance.periods import on_calendar, period_start
from stance.records import StanceRecord
from stance.turns import Turn
from stance.vectors import Cell, StanceVector, aggregate, vectors_of
from stance.webevidence import LONGEST_NAME, Dyad, choose, evidence

MOST_DYADS = 2_000
MOST_POINTS = 30_000
"""Cells of all series together; dyads with the most evidence come first."""
MOST_TURNS = 400
FEW = 5
"""Below this many sentences a cell is grey: its mean says little."""

Columns = dict[str, list[Any]]


def page_data(
    records: Sequence[StanceRecord],
    turns: Iterable[Turn],
    table: ActorTable,
    *,
    by: str,
    level: float,
    max_bytes: int,
) -> dict[str, Any]:
    """What the page shows, as JSON values.

    Args:
        records: all of them.
        turns: of `find_turns`.
        table: gives actors their names.
        by: the period of the series.
        level: nominal coverage of the intervals.
        max_bytes: of the JSON; evidence is left out to stay below, never numbers of a dyad kept.
    """
    units: dict[Dyad, list[EvidenceUnit]] = defaultdict(list)
    everything = evidence_units(records)
    for unit in everything:
        units[unit.source_id, unit.target_id].append(unit)
    dyads = sorted(units, key=lambda d: (-len(units[d]), d))[:MOST_DYADS]
    order = dict.fromkeys(actor for dyad in dyads for actor in dyad)
    actors = {actor: place for place, actor in enumerate(order)}
    overall = _cells(vectors_of(everything, level=level), dyads)
    series = _cells(aggregate(records, by, level=level), dyads)
    found = [t for t in turns if (t.source_id, t.target_id) in set(dyads)]
    found = sorted(found, key=lambda t: (t.p_value, t.source_id, t.target_id))[:MOST_TURNS]
    periods = on_calendar(p for p, _ in series)
    numbers = {
        "level": level,
        "few": FEW,
        "by": by,
        "actors": [
            [showable(a)[:LONGEST_NAME], showable(table.name_of(a))[:LONGEST_NAME]] for a in actors
        ],
        "periods": periods,
        "days": [period_start(p).toordinal() for p in periods],
        "dyads": _dyad_columns(dyads, overall, units, actors),
        "series": _series_columns(series, dyads, periods),
        "turns": _turn_columns(found, dyads, periods),
        "left_out": {"dyads": len(units) - len(dyads)},
    }
    by_id = {record.id: record for record in records}
    room = max_bytes - len(as_json(numbers).encode())
    return numbers | evidence(choose(dyads, units, by_id, found), by_id, room)


def as_json(value: Any) -> str:
    """Compact JSON that no HTML parser takes for the end of its element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text


def summary(records: Sequence[StanceRecord]) -> dict[str, Any]:
    """What the page says of its records as a whole."""
    days = [r.date for r in records if r.date is not None]
    counted = [r for r in records if dyad_of(r) is not None]
    return {
        "records": len(records),
        "counted": len(counted),
        "left_out": len(records) - len(counted),
        "undated": sum(r.date is None for r in counted),
        "abstained": sum(r.abstained is not None for r in counted),
        "documents": len({r.document_id for r in records}),
        "outlets": len({r.outlet for r in records if r.outlet is not None}),
        "actors": len({actor for r in counted for actor in dyad_of(r) or ()}),
        "dyads": len({dyad_of(r) for r in counted}),
        "first": min(days, default=None),
        "last": max(days, default=None),
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
    points = [(order[dyad], places.get(period, -1), c) for (period, dyad), c in cells.items()]
    points.sort(key=lambda point: point[:2])
    points = points[:MOST_POINTS]
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

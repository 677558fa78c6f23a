"""Turns and stated shifts printed for a person, each in a table of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from stance.marking import showable
from stance.turns.search import telling_records

if TYPE_CHECKING:
    from stance.actors.table import ActorTable
    from stance.records import StanceRecord
    from stance.turns.search import Turn, TurnSearch
    from stance.turns.shifts import StatedShift

MOST_SHIFTS = 20


def print_turns(
    found: TurnSearch,
    shifts: Sequence[StatedShift],
    records: Sequence[StanceRecord],
    table: ActorTable,
    console: Console,
) -> None:
    """The turns with the most telling sentences on both sides, then the stated shifts, then counts.

    Args:
        found: from `search_turns`.
        shifts: from `stated_shifts`.
        records: what both come from.
        table: gives actors their names.
        console: where to print.
    """
    if found.turns:
        _print_found(found.turns, table, console)
        by_id = {record.id: record for record in records}
        for turn in found.turns:
            _print_sentences(turn, by_id, table, console)
    else:
        console.print("No turn found.")
    if shifts:
        _print_shifts(shifts, table, console)
    console.print(
        f"\nDyads tested: {found.tested}; with too little evidence on both sides: {found.untested}. "
        f"Records without a date: {found.no_date}; out of range: {found.out_of_range}."
    )


def _print_found(turns: Sequence[Turn], table: ActorTable, console: Console) -> None:
    grid = Table("dyad", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("at", "before", "after", "change", "interval", "q", "n"):
        grid.add_column(name, no_wrap=True)
    for turn in turns:
        grid.add_row(
            Text(f"{table.name_of(turn.source_id)} → {table.name_of(turn.target_id)}"),
            turn.at,
            f"{turn.before:+.2f}",
            f"{turn.after:+.2f}",
            f"{turn.delta:+.2f}",
            f"{turn.low:+.2f} to {turn.high:+.2f}",
            f"{turn.q_value:.2g}",
            f"{turn.n_before}, {turn.n_after}",
        )
    console.print(
        f"Turns found: mean scores in −1 to +1, {turns[0].level:.0%} interval of the change, q (false "
        "discovery rate), sentences before and after"
    )
    console.print(grid)


def _print_sentences(
    turn: Turn, records: Mapping[str, StanceRecord], table: ActorTable, console: Console
) -> None:
    title = f"\n{table.name_of(turn.source_id)} → {table.name_of(turn.target_id)}, {turn.at}"
    console.print(Text(title, style="bold"))
    for side, some in zip(("before", "after"), telling_records(turn, records), strict=True):
        for record in some:
            origin = " ".join(filter(None, (str(record.date), record.outlet)))
            line = Text(showable(f"{side}, {origin}: {record.score:+.2f}  {record.sentence}"))
            console.print(Padding(line, (0, 0, 0, 2), expand=False))


def _print_shifts(shifts: Sequence[StatedShift], table: ActorTable, console: Console) -> None:
    grid = Table("source", "target", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("date", "from", "to", "sentence"):
        grid.add_column(name, no_wrap=name != "sentence")
    for shift in shifts[:MOST_SHIFTS]:
        grid.add_row(
            Text(table.name_of(shift.source_id)),
            Text(table.name_of(shift.target_id)),
            str(shift.date or "undated"),
            shift.shift_from,
            shift.shift_to,
            Text(showable(shift.sentence)),
        )
    console.print("\nShifts that sentences state, whether or not a turn was found")
    console.print(grid)
    if len(shifts) > MOST_SHIFTS:
        console.print(f"and {len(shifts) - MOST_SHIFTS} more, all with --json")

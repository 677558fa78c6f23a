"""Records and evaluations printed for a person."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from stance.marking import showable
from stance.vectors.aggregation import aggregate
from stance.vectors.partials import Selection

if TYPE_CHECKING:
    from stance.actors.table import ActorTable
    from stance.corpus.shards import CorpusSummary
    from stance.evaluation.scores import Evaluation
    from stance.records import StanceRecord
    from stance.report.cues import Cue
    from stance.robustness.checking import Robustness

COLORS = {"against": "red", "neutral": "bright_black", "favor": "green"}
MOST_COLUMNS = 8


def print_records(
    records: Sequence[StanceRecord],
    table: ActorTable,
    console: Console,
    cues: Sequence[Cue] = (),
) -> None:
    """The actor × target table, then every stance that is not neutral with its sentence.

    Args:
        records: of one or more documents.
        table: gives actors their names.
        console: where to print.
        cues: of any of the records; their words are bold.
    """
    stances = [r for r in records if r.side != "neutral"]
    if not stances:
        console.print("No stance found." if records else "No two actors found in one sentence.")
        return
    _print_matrix(records, table, console)
    cue_of = {cue.record: cue for cue in cues}
    by_source: dict[str, list[StanceRecord]] = defaultdict(list)
    for record in stances:
        by_source[_name(record.source_id, record.source_text, table)].append(record)
    for name, rows in sorted(by_source.items(), key=lambda item: (-len(item[1]), item[0])):
        console.print(f"\n[bold]{escape(name)}[/bold]")
        for record in rows:
            console.print(Padding(_answer(record, table), (0, 0, 0, 2), expand=False))
            console.print(
                Padding(_sentence(record, cue_of.get(record)), (0, 0, 0, 4), expand=False)
            )


def _print_matrix(records: Sequence[StanceRecord], table: ActorTable, console: Console) -> None:
    """Mean stance and sentences of every actor that takes or meets a stance somewhere."""
    polar = [r for r in records if r.side != "neutral"]
    met = Counter(r.target_id for r in polar if r.target_id and r.source_id)
    columns = [target for target, _ in met.most_common(MOST_COLUMNS)]
    holders = {r.source_id for r in polar if r.target_id in columns}
    if not holders:
        return
    words = {r.source_id: r.source_text for r in records}
    words |= {r.target_id: r.target_text or "" for r in records}
    grid = Table("")
    for target in columns:
        grid.add_column(escape(_name(target, words[target], table)), justify="right")
    for vector in aggregate(records, by="all", select=Selection(entity="country")):
        if vector.source_id in holders:
            cells = {cell.target_id: cell for cell in vector.cells}
            grid.add_row(
                escape(_name(vector.source_id, words[vector.source_id], table)),
                *(f"{cells[t].mean:+.2f} ({cells[t].n})" if t in cells else "" for t in columns),
            )
    console.print("Mean stance of row toward column, −1 against to +1 in favor (sentences)")
    console.print(grid)
    if len(met) > len(columns):
        console.print(f"and {len(met) - len(columns)} more targets below")


def _answer(record: StanceRecord, table: ActorTable) -> Text:
    probability = {"against": record.p_against, "favor": record.p_favor}[record.side]
    details = [f"{record.stance} {probability:.2f}"]
    details += [record.act.lower()] if record.act else []
    details += [f"shifted from {record.shift_from}"] if record.shift_from else []
    details += [f"abstained: {record.abstained}"] if record.abstained else []
    details += ["read in parts"] if record.truncated else []
    target = record.target_text or "(nobody named)"
    line = Text("→ ").append(_name(record.target_id, target, table), style="bold")
    return line.append("  " + ", ".join(details), style=COLORS[record.side])


def _sentence(record: StanceRecord, cue: Cue | None) -> Text:
    """The evidence with source and target underlined and the cue bold."""
    sentence = Text(showable(record.sentence))
    for mark in record.marks:
        if mark is not None:
            sentence.stylize("underline", *mark)
    if cue is not None:
        sentence.stylize("bold", cue.start, cue.end)
    return sentence


def _name(actor_id: str | None, text: str, table: ActorTable) -> str:
    """The actor's name; one that no table lists goes by the words used."""
    actor = table.actor(actor_id) if actor_id else None
    return actor.name if actor is not None else text


def print_evaluation(result: Evaluation, console: Console) -> None:
    """Scores with intervals, the confusion matrix, and the signature they hold under."""
    level = result.signature["level"]
    scores = Table("metric", "value", f"{level:.0%} interval")
    for name, value in result.metrics.items():
        low, high = result.intervals.get(name, (None, None))
        interval = "" if low is None else f"{low:.3f} – {high:.3f}"
        scores.add_row(escape(name), str(value) if name == "n" else f"{value:.3f}", interval)
    console.print(scores)
    confusion = Table("gold \\ predicted", *map(escape, result.labels))
    for label, row in zip(result.labels, result.confusion, strict=True):
        confusion.add_row(escape(label), *map(str, row))
    console.print(confusion)
    console.print(
        " ".join(f"{key}={value}" for key, value in result.signature.items()),
        style="bright_black",
        markup=False,
    )


def print_robustness(result: Robustness, console: Console, worst: int = 5) -> None:
    """Every check with what is asked of it, the worst pairs of states, and the signature."""
    table = Table("check", "measure", "value", "interval", "n", "asked")
    for check in result.checks:
        low, high = check.interval or (None, None)
        interval = "" if low is None else f"{low:.3f} – {high:.3f}"
        style = {True: "green", False: "red", None: ""}[check.met]
        value = Text("–" if check.n == 0 else f"{check.value:.3f}", style=style)
        asked = check.asked + {True: " met", False: " missed", None: ""}[check.met]
        table.add_row(check.check, check.measure, value, interval, str(check.n), asked)
    console.print(table)
    if result.shifts:
        shifts = Table("worst pairs of states: source", "target", "mean shift of score", "n")
        for shift in result.shifts[:worst]:
            shifts.add_row(shift.source_id, shift.target_id, f"{shift.shift:+.3f}", str(shift.n))
        console.print(shifts)
    console.print(
        " ".join(f"{key}={value}" for key, value in result.signature.items()),
        style="bright_black",
        markup=False,
    )


def print_summary(summary: CorpusSummary, console: Console) -> None:
    """What a run over a corpus counted, a line each."""
    table = Table(box=None, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, count in asdict(summary).items():
        table.add_row(name, f"{count:,}")
    console.print(table)

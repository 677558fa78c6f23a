"""Records and evaluations printed for a person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from stance.vectors import StanceVector, aggregate

if TYPE_CHECKING:
    from stance.actor_table import ActorTable
    from stance.evaluation import Evaluation
    from stance.records import StanceRecord

COLORS = {"against": "red", "neutral": "bright_black", "favor": "green"}


def print_records(records: Sequence[StanceRecord], table: ActorTable, console: Console) -> None:
    """The actor × target table, then every stance that is not neutral with its sentence.

    Args:
        records: of one or more documents.
        table: gives actors their names.
        console: where to print.
    """
    vectors = aggregate(records, by="all")
    stances = [r for r in records if r.stance != "neutral"]
    if vectors:
        console.print(_matrix(vectors, table))
    if not stances:
        console.print("No stance found." if records else "No two actors found in one sentence.")
    by_source: dict[str, list[StanceRecord]] = defaultdict(list)
    for record in stances:
        by_source[_name(record.source_id, record.source_text, table)].append(record)
    for name, rows in sorted(by_source.items(), key=lambda item: (-len(item[1]), item[0])):
        console.print(f"\n[bold]{escape(name)}[/bold]")
        for record in rows:
            console.print(_line(record, table), soft_wrap=False)


def _matrix(vectors: Sequence[StanceVector], table: ActorTable) -> Table:
    targets: dict[str, int] = defaultdict(int)
    for vector in vectors:
        for cell in vector.cells:
            targets[cell.target_id] += cell.n
    columns = sorted(targets, key=lambda t: (-targets[t], t))[:8]
    grid = Table(title="Mean stance of row toward column, −1 against … +1 in favor (sentences)", title_justify="left")
    grid.add_column("")
    for target in columns:
        grid.add_column(escape(_name(target, target, table)), justify="right")
    for vector in sorted(vectors, key=lambda v: (-sum(c.n for c in v.cells), v.source_id)):
        cells = {cell.target_id: cell for cell in vector.cells}
        grid.add_row(
            escape(_name(vector.source_id, vector.source_id, table)),
            *(f"{cells[t].mean:+.2f} ({cells[t].n})" if t in cells else "" for t in columns),
        )
    return grid


def _line(record: StanceRecord, table: ActorTable) -> Text:
    target = "(nobody named)" if record.target_text is None else _name(record.target_id, record.target_text, table)
    probability = {"against": record.p_against, "favor": record.p_favor}[record.stance]
    details = [f"{record.stance} {probability:.2f}"]
    details += [record.act.lower()] if record.act else []
    details += [f"from {record.shift_from}"] if record.shift_from else []
    details += [f"abstained: {record.abstained}"] if record.abstained else []
    details += ["read in parts"] if record.truncated else []
    line = Text("  → ")
    line.append(target, style="bold")
    line.append("  " + ", ".join(details), style=COLORS[record.stance])
    line.append("\n    ")
    sentence = Text(record.sentence)
    start = record.sentence_start
    sentence.stylize("underline", record.source_start - start, record.source_end - start)
    if record.target_start is not None and record.target_end is not None:
        sentence.stylize("underline", record.target_start - start, record.target_end - start)
    return line.append(sentence)


def _name(actor_id: str | None, text: str, table: ActorTable) -> str:
    """The actor's name; an actor of the document's own ("ent:...") goes by the words used."""
    actor = table.actor(actor_id) if actor_id else None
    if actor is not None:
        return actor.name
    return text.removeprefix("ent:").replace("-", " ") if text.startswith("ent:") else text


def print_evaluation(result: Evaluation, console: Console) -> None:
    """Scores with intervals, the confusion matrix, and the signature they hold under."""
    level = result.signature["level"]
    scores = Table("metric", "value", f"{level:.0%} interval")
    for name, value in result.metrics.items():
        low, high = result.intervals.get(name, (None, None))
        interval = "" if low is None else f"{low:.3f} – {high:.3f}"
        scores.add_row(name, str(value) if name == "n" else f"{value:.3f}", interval)
    console.print(scores)
    confusion = Table("gold \\ predicted", *result.labels)
    for label, row in zip(result.labels, result.confusion, strict=True):
        confusion.add_row(label, *map(str, row))
    console.print(confusion)
    console.print(" ".join(f"{key}={value}" for key, value in result.signature.items()), style="bright_black")

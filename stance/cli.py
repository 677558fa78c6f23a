"""The command line: parse, call the library, print. `stance --help` lists the verbs."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from stance.errors import StanceError
from stance.files import parse_date, read_documents

if TYPE_CHECKING:
    from stance.records import StanceRecord
    from stance.values import Document

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Who takes which stance toward whom in news text.",
)
SLOW_START = 1.5
"""Seconds of work before a progress bar appears on a terminal."""


@app.callback()
def _verbs() -> None:
    """Who takes which stance toward whom in news text."""


@app.command()
def analyze(
    files: Annotated[
        list[str],
        typer.Argument(
            help="Articles: .txt, .jsonl (one object with 'text' a line), or - for standard input."
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one StanceRecord a line.")] = False,
    date: Annotated[
        str | None,
        typer.Option(
            help="When undated articles were written, as 2021-12-24: decides who held an office."
        ),
    ] = None,
    actors: Annotated[
        str | None,
        typer.Option(
            help="Your own actors (CSV, TOML or JSONL); its rows override the built-in table."
        ),
    ] = None,
    only: Annotated[
        str | None, typer.Option(help="Only records with one of these actor ids, as JPN,CHN.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="A model folder; default: the shipped model.")
    ] = None,
) -> None:
    """Print who takes which stance toward whom, with the sentences that say so.

    Exits with 1 if any document could not be read; the others are printed all the same.

    Examples:

      stance analyze article.txt

      stance analyze --json --date 2021-12-24 *.txt > records.jsonl
    """
    from stance.report import print_records
    from stance.scoring import load

    with _reporting_errors() as errors:
        day = parse_date(date, "option --date")
        scorer = load(model, actors=actors)
        # Rows that appear on the terminal as they are made are progress enough.
        with _progress(not (as_json and sys.stdout.isatty())) as counted:
            documents = counted(read_documents(files, day, errors))
            records = _only(scorer(documents, errors), only)
            if as_json:
                for record in records:
                    sys.stdout.write(json.dumps(record.to_json(), ensure_ascii=False) + "\n")
            else:
                found = list(records)
        if as_json:
            return
        if only and not found:
            Console().print(f"No record names {only}.", markup=False)
        else:
            print_records(found, scorer.table, Console())


@app.command()
def evaluate(
    pairs: Annotated[
        str,
        typer.Argument(
            help="Labelled pairs, JSONL: id, text, source, target, stance or sentiment."
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    task: Annotated[
        str | None, typer.Option(help="stance or sentiment; default: stance if the file has one.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="A model folder; default: the shipped model.")
    ] = None,
) -> None:
    """Score the model on labelled pairs, with 95% intervals.

    Exits with 1 if any row is wrong; the other rows are scored all the same.

    Example:

      stance evaluate pairs.jsonl --json
    """
    from stance.evaluation import evaluate as run
    from stance.report import print_evaluation
    from stance.scoring import load

    with _reporting_errors() as errors:
        result = run(Path(pairs), load(model), task=task, on_error=errors)
        if as_json:
            sys.stdout.write(json.dumps(result.to_json()) + "\n")
        else:
            print_evaluation(result, Console())


class _Errors:
    """Prints each error on standard error, with its hint, in one line, and remembers that there was one."""

    def __init__(self) -> None:
        self.any = False

    def __call__(self, error: StanceError) -> None:
        self.any = True
        hint = f" ({error.hint})" if error.hint else ""
        sys.stderr.write(f"stance: {error}{hint}\n")


@contextmanager
def _reporting_errors() -> Iterator[_Errors]:
    """Where to report errors; the command exits with 1 if there was any, without a traceback for ours."""
    # Records are UTF-8 whatever the locale, or they could not be read back.
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    errors = _Errors()
    try:
        yield errors
    except StanceError as error:
        errors(error)
    if errors.any:
        raise typer.Exit(1)


def _only(records: Iterable[StanceRecord], ids: str | None) -> Iterator[StanceRecord]:
    wanted = {part.strip() for part in ids.split(",")} if ids else None
    for record in records:
        if wanted is None or record.source_id in wanted or record.target_id in wanted:
            yield record


@contextmanager
def _progress(wanted: bool) -> Iterator[Callable[[Iterable[Document]], Iterator[Document]]]:
    """Counts documents on a terminal once the work has taken SLOW_START seconds; else silent."""
    if not (wanted and sys.stderr.isatty()):
        yield iter
        return
    columns = (
        SpinnerColumn(),
        BarColumn(),
        TextColumn("{task.completed} documents"),
        TimeElapsedColumn(),
    )
    progress = Progress(*columns, console=Console(stderr=True), transient=True)
    task = progress.add_task("", total=None)
    timer = threading.Timer(SLOW_START, progress.start)
    timer.daemon = True
    timer.start()
    try:
        yield lambda documents: _counted(documents, lambda: progress.advance(task))
    finally:
        timer.cancel()
        progress.stop()


def _counted(documents: Iterable[Document], advance: Callable[[], None]) -> Iterator[Document]:
    for document in documents:
        yield document
        advance()

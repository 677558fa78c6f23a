"""`stance report`: records in, one HTML page out."""

from __future__ import annotations

from contextlib import nullcontext
from itertools import chain
from typing import Annotated

import typer
from rich.console import Console

from stance.cli.options import By, Interval, Level, MixModels, RecordFiles
from stance.cli.terminal import busy, reporting_errors
from stance.errors import InputError


def report(
    records: RecordFiles,
    output: Annotated[
        str, typer.Option("-o", "--output", help="The page to write.")
    ] = "report.html",
    title: Annotated[str, typer.Option(help="Title of the page.")] = "Actor stances",
    by: By = "month",
    level: Level = "state",
    interval: Interval = 0.9,
    mix_models: MixModels = False,
    cues: Annotated[
        bool,
        typer.Option(
            "--cues",
            help="Mark in every sentence the words that moved the model most. Loads the model of the "
            "records and takes about ten times as long as scoring the sentences on the page.",
        ),
    ] = False,
    model: Annotated[
        str | None,
        typer.Option(help="The model of the records, for --cues; default: the shipped model."),
    ] = None,
) -> None:
    """Write one HTML page with heat map, series, turns and sentences; it needs no network.

    Examples:

      stance report records.jsonl -o report.html

      stance report records.jsonl -o report.html --cues
    """
    from stance.corpus.record_files import read_records
    from stance.report.page import write_html
    from stance.scoring.scorer import load
    from stance.vectors.partials import Selection

    with reporting_errors():
        if model and not cues:
            raise InputError(
                "option --model: is for --cues only; a report without them needs no model"
            )
        rows = list(chain.from_iterable(map(read_records, records)))
        select = Selection(level, mix_models=mix_models)
        scorer = load(model) if cues else None
        with busy("finding cues") if cues else nullcontext():
            size = write_html(
                rows, output, title=title, by=by, level=interval, select=select, scorer=scorer
            )
        Console().print(f"{output}: {len(rows):,} records, {size / 1e6:.1f} MB", markup=False)

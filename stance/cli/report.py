"""`stance report`: records in, one HTML page out."""

from __future__ import annotations

from itertools import chain
from typing import Annotated

import typer
from rich.console import Console

from stance.cli.options import By, Interval, Level, MixModels, RecordFiles
from stance.cli.terminal import reporting_errors


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
) -> None:
    """Write one HTML page with heat map, series, turns and sentences; it needs no network.

    Example:

      stance report records.jsonl -o report.html
    """
    from stance.files import read_records
    from stance.partials import Selection
    from stance.webpage import write_html

    with reporting_errors():
        rows = list(chain.from_iterable(map(read_records, records)))
        select = Selection(level, mix_models=mix_models)
        size = write_html(rows, output, title=title, by=by, level=interval, select=select)
        Console().print(f"{output}: {len(rows):,} records, {size / 1e6:.1f} MB", markup=False)

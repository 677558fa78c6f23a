"""`stance report`: records in, one HTML page out."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from stance.cli.terminal import reporting_errors
from stance.files import read_records


def report(
    records: Annotated[str, typer.Argument(help="Records of `stance analyze --json`.")],
    output: Annotated[
        str, typer.Option("-o", "--output", help="The page to write.")
    ] = "report.html",
    by: Annotated[
        str, typer.Option(help="Period of the series: day, week, month, quarter or year.")
    ] = "month",
    title: Annotated[str, typer.Option(help="Title of the page.")] = "Actor stances",
) -> None:
    """Write one HTML page with heat map, series, turns and sentences; it needs no network.

    Example:

      stance report records.jsonl -o report.html
    """
    from stance.webpage import write_html

    with reporting_errors():
        rows = list(read_records(records))
        size = write_html(rows, output, title=title, by=by)
        Console().print(f"{output}: {len(rows):,} records, {size / 1e6:.1f} MB", markup=False)

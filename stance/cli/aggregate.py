"""`stance aggregate`: records in, actor-stance vectors out."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from stance.cli.options import Interval, Level, MixModels, RecordFiles
from stance.cli.terminal import reporting_errors

if TYPE_CHECKING:
    from stance.vectors.partials import PartialVectors


def aggregate(
    records: RecordFiles,
    by: Annotated[str, typer.Option(help="day, week, month, quarter, year or all.")] = "month",
    level: Level = "state",
    output: Annotated[
        str | None, typer.Option("-o", "--output", help="A .parquet, .csv or .jsonl file.")
    ] = None,
    weights: Annotated[
        str, typer.Option(help="confidence, equal, document or outlet.")
    ] = "confidence",
    window: Annotated[int, typer.Option(help="Periods in a rolling window.")] = 1,
    since: Annotated[str | None, typer.Option(help="First date that counts.")] = None,
    until: Annotated[str | None, typer.Option(help="Last date that counts.")] = None,
    interval: Interval = 0.9,
    corrected: Annotated[
        bool, typer.Option("--corrected", help="Means free of the pull toward neutral.")
    ] = False,
    mix_models: MixModels = False,
) -> None:
    """Add records up to stance vectors: who stands where toward whom in each period, with intervals.

    Copies of a sentence count once. Records without a date, or out of range, are counted and kept as "undated".

    Examples:

      stance aggregate records.jsonl --by month --level state -o vectors.parquet

      stance aggregate records.jsonl --by quarter --window 4
    """
    from stance.corpus.record_files import read_records
    from stance.dates import parse_date
    from stance.vectors.aggregation import finish
    from stance.vectors.intervals import Method
    from stance.vectors.partials import Selection, partial
    from stance.vectors.tables import print_vectors, write_vectors

    with reporting_errors():
        dates = parse_date(since, "option --since"), parse_date(until, "option --until")
        select = Selection(level, *dates, mix_models=mix_models)
        sums = partial(chain.from_iterable(map(read_records, records)), by, select)
        method = Method(corrected=corrected)
        vectors = finish(sums, level=interval, weights=weights, window=window, method=method)
        if output:
            write_vectors(vectors, output)
        else:
            print_vectors(vectors, Console())
        _tell(sums)


def _tell(sums: PartialVectors) -> None:
    """What does not count, or counts without a period, on standard error."""
    no_date, out_of_range = sums.missing()
    if no_date or out_of_range:
        typer.echo(f"undated: {no_date} without a date, {out_of_range} out of range", err=True)
    if sums.left_out:
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(sums.left_out.items()))
        typer.echo(f"left out: {reasons}", err=True)

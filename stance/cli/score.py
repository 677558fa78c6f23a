"""`stance score`: a corpus in, Parquet shards of records out."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from stance.cli.options import Device
from stance.cli.terminal import corpus_progress, reporting_errors
from stance.corpus.output_folder import REJECTS
from stance.errors import CorpusError


def score(
    inputs: Annotated[
        list[str],
        typer.Argument(
            help="Files (.parquet; .jsonl, .csv, .txt, also .gz, .zst), folders of them, or globs."
        ),
    ],
    out: Annotated[
        str, typer.Option("--out", "-o", help="A new folder, or that of the run to go on with.")
    ],
    id: Annotated[str, typer.Option(help="The column or field of ids.")] = "id",
    text: Annotated[str, typer.Option(help="The column or field of texts.")] = "text",
    date: Annotated[str, typer.Option(help="The column or field of dates.")] = "date",
    outlet: Annotated[str, typer.Option(help="The column or field of outlets.")] = "outlet",
    day_first: Annotated[
        bool | None,
        typer.Option("--day-first/--month-first", help="What 03/04/2021 means; else refused."),
    ] = None,
    shard_size: Annotated[int, typer.Option(help="Documents of a shard.")] = 10_000,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first failure.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Delete the run in the output folder; start over.")
    ] = False,
    actors: Annotated[
        str | None, typer.Option(help="Your own actors (CSV, TOML or JSONL).")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="A model folder; default: the shipped model.")
    ] = None,
    device: Device = None,
    ray: Annotated[
        str | None, typer.Option(help="Score on the Ray cluster at this address, as auto.")
    ] = None,
) -> None:
    """Score a corpus into a folder of Parquet shards.

    Stopped at any moment, the same command goes on where it was. Exits with 1 if a document
    failed; the others are scored all the same, and _rejects.jsonl says which failed and why.

    Examples:

      stance score articles/ -o records

      stance score *.parquet -o records --text body --date published
    """
    from stance.corpus.documents import Columns
    from stance.corpus.run import score_corpus
    from stance.report.printing import print_summary
    from stance.scoring.scorer import load

    columns = Columns(id, text, date, outlet, day_first)
    with reporting_errors():
        scorer = load(model, device=device, actors=actors)
        with corpus_progress() as on_progress:
            summary = score_corpus(
                inputs, out, scorer, shard_size=shard_size, columns=columns,
                strict=strict, force=force, ray=ray, on_progress=on_progress,
            )  # fmt: skip
        print_summary(summary, Console())
        if summary.failed:
            raise CorpusError(f"{summary.failed:,} failed; {out}/{REJECTS} says where and why")

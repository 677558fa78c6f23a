"""`stance evaluate`: labelled pairs in, scores with intervals out."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from stance.cli.terminal import reporting_errors


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
    from stance.printing import print_evaluation
    from stance.scoring import load

    with reporting_errors() as errors:
        result = run(Path(pairs), load(model), task=task, on_error=errors)
        if as_json:
            sys.stdout.write(json.dumps(result.to_json()) + "\n")
        else:
            print_evaluation(result, Console())

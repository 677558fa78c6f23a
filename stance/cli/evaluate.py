"""`stance evaluate`: labelled pairs in, scores with intervals out."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from stance.cli.terminal import reporting_errors
from stance.errors import InputError


def evaluate(
    pairs: Annotated[
        str | None,
        typer.Argument(help="Labelled pairs: JSONL, CSV or a native format; see --format."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    task: Annotated[
        str | None, typer.Option(help="stance or sentiment; default: stance if the file has one.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", help="A model folder; default: the shipped model."),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(
            help="pairs, csv, newsmtsc, rusentne, dse, seesaw, plover or semeval2016; "
            "default: recognised."
        ),
    ] = None,
    errors_shown: Annotated[
        int, typer.Option("--errors", help="List this many of the worst errors.")
    ] = 0,
    against: Annotated[
        str | None, typer.Option(help="Another model folder to compare with, by paired tests.")
    ] = None,
    html: Annotated[
        str | None, typer.Option(help="Also write a page with reliability, confusion and errors.")
    ] = None,
    robustness: Annotated[
        bool,
        typer.Option(
            "--robustness",
            help="Instead: do answers hold with other names, noise, negation and so on? Takes a minute "
            "or two for a file, and without one looks at the library's own sentences.",
        ),
    ] = False,
) -> None:
    """Score the model on labelled pairs, with 95% intervals.

    Exits with 1 if any row is wrong; the other rows are scored all the same.

    Examples:

      stance evaluate pairs.jsonl --errors 10

      stance evaluate pairs.csv -m mymodel --against models/stance-small-en --html scores.html

      stance evaluate --robustness -m mymodel
    """
    if robustness:
        if errors_shown or against or html or task == "sentiment":
            raise typer.BadParameter(
                "--robustness looks at stance alone and goes with none of --errors, --against, --html"
            )
        _robustness(pairs, model, format, as_json)
        return
    if pairs is None:
        raise typer.BadParameter("give a file of labelled pairs; only --robustness goes without")
    from stance.evaluation.comparison import compare
    from stance.evaluation.scores import evaluate as run
    from stance.report.scores_page import print_scores, write_page
    from stance.scoring.scorer import load

    with reporting_errors() as errors:
        scorer = load(model)
        result = run(pairs, scorer, task=task, format=format, on_error=errors)
        other = None
        if against:
            # The first reading has reported the wrong rows.
            other = compare(
                pairs, scorer, load(against), task=task, format=format, on_error=lambda _: None
            )
        if html:
            try:
                Path(html).write_text(write_page(result, other), encoding="utf-8")
            except OSError as error:
                errors(InputError(f"{html} cannot be written: {error.strerror or error}"))
        if as_json:
            row = result.to_json(errors_shown)
            row |= {"comparison": other.to_json()} if other else {}
            sys.stdout.write(json.dumps(row) + "\n")
        else:
            print_scores(result, other, errors_shown, Console())


def _robustness(pairs: str | None, model: str | None, format: str | None, as_json: bool) -> None:
    from stance.report.printing import print_robustness
    from stance.robustness.checking import check_robustness
    from stance.scoring.scorer import load

    with reporting_errors() as errors:
        result = check_robustness(pairs, load(model), format=format, on_error=errors)
        if as_json:
            sys.stdout.write(json.dumps(result.to_json()) + "\n")
        else:
            print_robustness(result, Console())

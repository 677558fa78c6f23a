"""`stance calibrate`: labelled pairs in, a copy of the model whose probabilities fit them out."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from stance.cli.terminal import reporting_errors


def calibrate(
    pairs: Annotated[
        str, typer.Argument(help="Labelled pairs the model was not trained on, a hundred or more.")
    ],
    out: Annotated[str, typer.Option("--out", "-o", help="The model folder to write.")],
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", help="A model folder; default: the shipped model."),
    ] = None,
    format: Annotated[
        str | None, typer.Option(help="Of the pairs; default: recognised, see stance evaluate.")
    ] = None,
) -> None:
    """Fit the model's temperatures on labelled pairs, in a copy of its folder.

    Exits with 1 if any row is wrong; the other rows are used all the same.

    Example:

      stance calibrate pairs.jsonl -m mymodel -o mymodel-calibrated
    """
    from stance.learning.calibration import calibrate as run
    from stance.report.scores_page import print_fits

    with reporting_errors() as errors:
        print_fits(run(pairs, out, model, format=format, on_error=errors), Console())

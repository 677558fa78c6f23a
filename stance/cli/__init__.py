"""The command line: a module a verb, each of which parses, calls the library and prints."""

from __future__ import annotations

import typer

from stance.cli.actors import actors
from stance.cli.analyze import analyze
from stance.cli.evaluate import evaluate

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Who takes which stance toward whom in news text.",
)


@app.callback()
def _verbs() -> None:
    """Who takes which stance toward whom in news text."""


for verb in (analyze, evaluate):
    app.command()(verb)
app.add_typer(actors, name="actors")

"""The command line: a module a verb, each of which parses, calls the library and prints."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from stance.cli.actors import actors
from stance.cli.aggregate import aggregate
from stance.cli.analyze import analyze
from stance.cli.bench import bench
from stance.cli.calibrate import calibrate
from stance.cli.doctor import doctor
from stance.cli.evaluate import evaluate
from stance.cli.report import report
from stance.cli.score import score
from stance.cli.terminal import run_reporting, with_common_options
from stance.cli.train import train
from stance.cli.turns import turns

EXIT_STATUS = (
    "Exit status: 0 all done; 1 something could not be read or done (the rest was); "
    "2 wrong usage; 70 a fault in stance itself; 130 interrupted."
)

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    epilog=EXIT_STATUS,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from stance import __version__

        sys.stdout.write(f"stance {__version__}\n")
        raise typer.Exit()


@app.callback()
def _verbs(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Who takes which stance toward whom in news text."""


for verb in (analyze, score, aggregate, turns, report, evaluate, calibrate, train, doctor, bench):
    app.command(epilog=EXIT_STATUS)(with_common_options(verb))
app.add_typer(actors, name="actors")


def main() -> None:
    """The `stance` command."""
    sys.exit(run_reporting(app))

"""`stance turns`: records in, changes of stance out."""

from __future__ import annotations

import json
import sys
from itertools import chain
from typing import Annotated

import typer
from rich.console import Console

from stance.cli.options import By, Interval, Level, MixModels, RecordFiles
from stance.cli.terminal import reporting_errors


def turns(
    records: RecordFiles,
    by: By = "month",
    level: Level = "state",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    alpha: Annotated[float, typer.Option(help="False discovery rate over dyads.")] = 0.05,
    min_periods: Annotated[
        int, typer.Option(help="Least periods with evidence on each side of a turn.")
    ] = 3,
    interval: Interval = 0.9,
    mix_models: MixModels = False,
    seed: Annotated[int, typer.Option(help="Of permutations and resamples.")] = 0,
) -> None:
    """Find when an actor's stance toward another changed, with the sentences before and after.

    A change of volume or of the outlets alone is no turn. Shifts that a sentence itself states are listed apart.

    Examples:

      stance turns records.jsonl --by month

      stance turns records.jsonl --by quarter --json > turns.json
    """
    from stance.actors.table import load_actor_table
    from stance.corpus.record_files import read_records
    from stance.turns.search import search_turns
    from stance.turns.shifts import stated_shifts
    from stance.turns.tables import print_turns
    from stance.vectors.partials import Selection, partial

    with reporting_errors():
        rows = list(chain.from_iterable(map(read_records, records)))
        sums = partial(rows, by, Selection(level, mix_models=mix_models))
        found = search_turns(sums, level=interval, alpha=alpha, min_periods=min_periods, seed=seed)
        shifts = stated_shifts(rows, entity=level)
        if as_json:
            result = found.to_json() | {"stated_shifts": [shift.to_json() for shift in shifts]}
            sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
        else:
            print_turns(found, shifts, rows, load_actor_table(), Console())

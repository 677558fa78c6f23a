"""`stance bench`: sentences a second on this machine, end to end and by stage."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from stance.cli.options import Device
from stance.cli.terminal import reporting_errors


def bench(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads to compute with; default: all.")
    ] = None,
    device: Device = None,
    seconds: Annotated[float, typer.Option(help="How long to measure.")] = 3.0,
    model: Annotated[
        str | None, typer.Option(help="A model folder; default: the shipped model.")
    ] = None,
) -> None:
    """Measure speed on three articles that come with stance: the fastest of several rounds.

    Examples:

      stance bench

      stance bench --threads 1 --json
    """
    from stance.scoring.scorer import load
    from stance.scoring.speed import measure_speed

    with reporting_errors():
        speed = measure_speed(load(model, threads=threads, device=device), seconds)
        if as_json:
            sys.stdout.write(json.dumps(asdict(speed)) + "\n")
            return
        sys.stdout.write(f"{speed.sentences_per_second:.0f} sentences a second, text to records\n")
        for stage, share in speed.milliseconds.items():
            sys.stdout.write(f"  {stage:<10} {share:6.2f} ms a sentence\n")
        sys.stdout.write(f"{speed.model_id}, {speed.sentences} sentences, {speed.rounds} rounds\n")

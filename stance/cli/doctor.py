"""`stance doctor`: whether this installation is sound, and what to do where it is not."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from stance.cli.terminal import reporting_errors


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one finding a line.")] = False,
    model: Annotated[
        str | None, typer.Option(help="A model folder; default: the shipped model.")
    ] = None,
) -> None:
    """Check versions, the model's checksums and golden sentences, threads and optional packages.

    Exits with 1 if anything is wrong; optional packages may be missing.

    Example:

      stance doctor
    """
    from stance.scoring.doctor import examine

    with reporting_errors() as errors:
        for finding in examine(model):
            errors.any |= not finding.ok
            hint = f"  ({finding.hint})" if finding.hint else ""
            mark = "ok   " if finding.ok else "WRONG"
            line = f"{mark} {finding.name:<17} {finding.found}{hint}"
            sys.stdout.write((json.dumps(asdict(finding)) if as_json else line) + "\n")

"""The options that several verbs share: where to compute; what is added up, and by what."""

from typing import Annotated

import typer

Device = Annotated[
    str | None, typer.Option(help="Compute with torch on cuda, cuda:1, ...; default: processor.")
]
RecordFiles = Annotated[
    list[str],
    typer.Argument(
        help="Records: JSONL of `stance analyze --json`, .parquet, or the folder of `stance score`."
    ),
]
By = Annotated[str, typer.Option(help="day, week, month, quarter or year.")]
Level = Annotated[
    str,
    typer.Option(
        help="Who counts as one actor: state (its government, armed forces and legislature), role or country."
    ),
]
Interval = Annotated[float, typer.Option(help="Coverage of the intervals.")]
MixModels = Annotated[
    bool, typer.Option("--mix-models", help="Take records of several models together.")
]

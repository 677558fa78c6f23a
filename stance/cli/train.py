"""`stance train`: labelled pairs in, a model folder out."""

from __future__ import annotations

import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stance.cli.terminal import reporting_errors
from stance.errors import InputError

if TYPE_CHECKING:
    from stance.learning.loop import TrainConfig


def train(
    pairs: Annotated[
        str, typer.Argument(help="Labelled pairs: JSONL, CSV or a native format; see --format.")
    ],
    out: Annotated[str, typer.Option("--out", "-o", help="The model folder to write.")],
    dev: Annotated[
        str | None,
        typer.Option(help="Pairs to choose the epoch on; default: a fifth of the documents."),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(
            help="A model folder, a Hugging Face encoder folder or hub id; default: shipped."
        ),
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option(help="Your stance labels and their values, as oppose=-1,mixed=0,favour=1."),
    ] = None,
    config: Annotated[
        str | None, typer.Option(help="A recipe: TOML with fields of stance.TrainConfig.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="At most this many; default 12.")] = None,
    seed: Annotated[int | None, typer.Option(help="Default 13.")] = None,
    class_weights: Annotated[
        str | None, typer.Option(help="balanced: rare labels weigh as much as frequent ones.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="cpu, cuda, ...; default: a GPU if there is one.")
    ] = None,
    format: Annotated[
        str | None, typer.Option(help="Of the pairs; default: recognised, see stance evaluate.")
    ] = None,
) -> None:
    """Fine-tune a model on labelled pairs; killed, the same command goes on.

    Exits with 1 if any row is wrong; the model is trained on the other rows all the same.

    Examples:

      stance train pairs.jsonl -o mymodel

      stance train pairs.csv -o mymodel --labels oppose=-1,mixed=0,favour=1 --class-weights balanced
    """
    import stance
    from stance.evaluation.formats import read_pairs

    with reporting_errors() as errors:
        recipe = _recipe(config, epochs=epochs, seed=seed, class_weights=class_weights)
        parts = [
            read_pairs(path, format=format, labels=None, on_error=errors)
            for path in (pairs, dev)
            if path is not None
        ]
        stance.finetune(
            parts[0],
            out,
            base,
            recipe,
            dev=parts[1] if dev else None,
            labels=_values(labels),
            device=device,
            log=lambda line: print(line, file=sys.stderr, flush=True),  # noqa: T201
        )


def _recipe(path: str | None, **options: Any) -> TrainConfig:
    """The recipe of a TOML file, or the default one, with the options that were given."""
    import tomllib

    from stance import TrainConfig

    try:
        raw = tomllib.loads(Path(path).read_text(encoding="utf-8")) if path else {}
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is no recipe: {error}") from error
    known = [f.name for f in fields(TrainConfig)]
    for key in raw:
        if key not in known:
            raise InputError(f"{path}: {key!r} is no field of a recipe; must be one of {known}")
    given = {key: value for key, value in options.items() if value is not None}
    return TrainConfig(**{**raw, **given})


def _values(labels: str | None) -> dict[str, float] | None:
    """{"oppose": -1.0, ...} from "oppose=-1,..."."""
    if labels is None:
        return None
    values = {}
    for part in labels.split(","):
        name, _, value = part.partition("=")
        try:
            values[name.strip()] = float(value)
        except ValueError as error:
            raise InputError(
                f"option --labels: {part!r} must be a label and its value, as oppose=-1"
            ) from error
    return values

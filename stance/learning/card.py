"""The card of a model somebody trained: README.md, generated from the other files of its folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stance.learning.calibration import calibration_table
from stance.model.artefact import ModelConfig

CARD = """---
license: other
tags: [stance]
---
# {model_id}

A stance model fine-tuned from `{base}`: for every ordered pair of actors in a sentence, which stance
the source takes toward the target. Load it with `stance.load("folder")`. This file is generated; the
numbers are in `metrics.json`, the recipe in `training.json`.

## Labels
{labels}

A score is the expected value of the label. Records call a label by its name and add up probabilities
below, at and above zero as against, neutral and favor.

## Training data
{counts}

Counts are of pairs. Training pairs whose text is in the dev part were dropped ({dropped}). What the pairs leave
open (mentions, acts, shifts, portrayals) was answered by `{teacher}` and learned from it. {epochs}

## Scores on the dev part
Of {n} pairs in {documents} documents; {level:.0%} intervals, percentile bootstrap over documents. The epoch
was chosen and the temperatures were fitted on these pairs, so expect less on others.

{scores}

Against `{teacher}` on the same pairs{folded}:

{comparison}

## Calibration
{calibration}

## Limits
- It knows the kind of text and the labelling conventions of its training pairs, and little else.
- It judges a sentence alone: no context, no knowledge of who is allied with whom.
- A single sentence proves nothing; read the evidence.
- Licence: that of the base and of the training data; the author of the model has to state it.
"""
SHOWN = ("macro_f1", "accuracy", "f1_polar", "polarity_accuracy", "brier", "ece")


def write_card(directory: Path) -> None:
    """Write README.md into a model folder that `stance.finetune` filled."""
    training, calibration, metrics = (
        json.loads((directory / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("training", "calibration", "metrics")
    )
    dev, against, counts = metrics["dev"], metrics["against"], training["pairs"]
    best = max(training["history"], key=lambda s: s["score"])
    text = CARD.format(
        model_id=ModelConfig.read(directory).model_id,
        base=training["base"],
        teacher=against["signature"]["other_id"],
        labels=_table(("label", "value"), training["labels"].items()),
        counts=_counts_table(counts),
        dropped=counts["dropped_from_train"],
        epochs=f"Epoch {training['history'].index(best) + 1} of {len(training['history'])} was kept.",
        n=dev["n"],
        documents=dev["signature"]["groups"],
        level=dev["signature"]["level"],
        scores=_score_table(dev),
        folded=""
        if against["signature"]["labels"] == dev["labels"]
        else ", labels folded to against, neutral and favor",
        comparison=_comparison_table(against),
        calibration=calibration_table(calibration["fits"]),
    )
    (directory / "README.md").write_text(text, encoding="utf-8")


def _table(header: tuple[str, ...], rows: Any) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def _counts_table(counts: Mapping[str, Any]) -> str:
    labels = list(dict.fromkeys([*counts["train"], *counts["dev"]]))
    rows = [(label, *(counts[part].get(label, 0) for part in ("train", "dev"))) for label in labels]
    return _table(("stance", "train", "dev"), rows)


def _score_table(dev: Mapping[str, Any]) -> str:
    names = [name for name in dev if name in SHOWN or name.startswith("f1_")]
    rows = []
    for name in names:
        low, high = dev["intervals"].get(name, (None, None))
        value = "undefined" if dev[name] is None else f"{dev[name]:.3f}"
        rows.append((name, value, "" if low is None else f"{low:.3f} – {high:.3f}"))
    return _table(("score", "value", "interval"), rows)


def _comparison_table(against: Mapping[str, Any]) -> str:
    rows = [
        (
            d["score"],
            *(f"{d[key]:.3f}" for key in ("model", "other")),
            f"{d['difference']:+.3f} ({d['low']:+.3f} to {d['high']:+.3f})",
            f"{d['p_value']:.3f}",
        )
        for d in against["differences"]
    ]
    return _table(("score", "this model", "that one", "difference", "p"), rows)

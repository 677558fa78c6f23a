"""Temperatures: one number a head, so that its probabilities say how often it is right."""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stance.errors import InputError
from stance.evaluation.answers import TASKS, fingerprint, label_of, labelled_for, probabilities
from stance.evaluation.formats import Labelled, read_pairs
from stance.evaluation.labelled import LabelledPair
from stance.metrics import expected_calibration_error, softmax
from stance.model.artefact import write_checksums
from stance.model.hub import find_model
from stance.scoring.golden import rewrite_golden
from stance.scoring.scorer import Scorer, load

Items = Sequence[tuple[NDArray[np.floating], NDArray[np.integer]]]
Fits = Mapping[str, Mapping[str, Any]]
"""What `fit_temperature` returns, by head."""
CANDIDATES = np.geomspace(0.25, 4, 400)
PRIOR_ITEMS = 4.0
"""A log-normal prior around 1, as strong as a few items: a set that is answered without an error
would otherwise ask for the lowest temperature there is."""


def fit_temperature(sets: Items) -> dict[str, Any]:
    """The temperature with the lowest negative log-likelihood, and what it changes.

    Args:
        sets: logits (n, k) and gold positions (n,) of each labelled set; each set weighs the same.

    Returns:
        `temperature`, `n`, and `nll` and `ece` (expected calibration error), each before (at 1) and after.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks".
    """
    n = sum(len(gold) for _, gold in sets)
    losses = [
        _mean_nll(sets, t) + PRIOR_ITEMS / 2 * math.log(t) ** 2 / n for t in CANDIDATES.tolist()
    ]
    best = float(CANDIDATES[int(np.argmin(losses))])
    return {
        "temperature": round(best, 4),
        "n": n,
        "nll": [round(_mean_nll(sets, t), 4) for t in (1.0, best)],
        "ece": [round(_mean_ece(sets, t), 4) for t in (1.0, best)],
    }


def _mean_nll(sets: Items, temperature: float) -> float:
    losses = []
    for logits, gold in sets:
        right = softmax(logits / temperature)[np.arange(len(gold)), gold]
        losses.append(-np.log(np.maximum(right, 1e-12)).mean())
    return float(np.mean(losses))


def _mean_ece(sets: Items, temperature: float) -> float:
    return float(
        np.mean([expected_calibration_error(softmax(x / temperature), gold) for x, gold in sets])
    )


def fit_scorer(scorer: Scorer, pairs: Sequence[LabelledPair]) -> Fits:
    """A fit for each of the heads "stance" and "sentiment" that the pairs have labels of.

    The other heads' probabilities are nowhere shown, so their temperatures do not matter.
    """
    fits = {}
    for head in TASKS:
        labels = scorer.config.pair_heads[head]
        labelled = labelled_for(pairs, head)
        if labelled:
            probs = np.clip(probabilities(scorer, labelled, head), 1e-12, 1)
            # Logits up to a constant, which the softmax does not see.
            logits = np.log(probs) * scorer.config.temperatures[head]
            gold = np.array([labels.index(label_of(p, head)) for p in labelled])
            fits[head] = fit_temperature([(logits, gold)])
    return fits


def with_temperatures(scorer: Scorer, fits: Fits, model_id: str | None = None) -> Scorer:
    """The scorer with the fitted temperatures in place of its own, and another id if one is given."""
    fitted = {head: fit["temperature"] for head, fit in fits.items()}
    config = replace(
        scorer.config,
        temperatures={**scorer.config.temperatures, **fitted},
        model_id=model_id or scorer.config.model_id,
    )
    return Scorer(config, scorer.backend, scorer.tokenizer, scorer.table)


def calibrate(
    pairs: Labelled,
    out_dir: str | os.PathLike[str],
    model_dir: str | os.PathLike[str] | None = None,
    *,
    format: str | None = None,
    on_error: Callable[[InputError], object] | None = None,
) -> Fits:
    """Fit temperatures on labelled pairs and write a copy of the model folder that has them.

    The most probable labels stay as they are, their probabilities change. Use pairs the model was
    not trained on, a hundred or more: fewer leave the temperature close to 1.

    Args:
        pairs: a file, a table or pairs, as `read_pairs` takes them.
        out_dir: a folder that does not exist yet.
        model_dir: the model to calibrate; None for the shipped one.
        format: of the file or table; None recognises it.
        on_error: receives each wrong row, which is then skipped; None raises.

    Returns:
        For "stance" and "sentiment", where the pairs have labels: `temperature`, `n`, and `nll` and
        `ece` at temperature 1 and at the fitted one.

    Raises:
        InputError: a row is wrong, nothing is labelled, or the folder exists.
        ModelError: the model cannot be loaded.
    """
    out, source = Path(out_dir), find_model(model_dir)
    if out.exists():
        raise InputError(f"{out} exists already", hint="give a folder that does not exist yet")
    scorer = load(source)
    given = read_pairs(pairs, format=format, labels=scorer.config.stances, on_error=on_error)
    fits = fit_scorer(scorer, given)
    if not fits:
        raise InputError(
            f"none of the {len(given)} pairs has a stance or sentiment to calibrate on"
        )
    digest = fingerprint(given)
    # Other probabilities are another model, and records name the model they come from.
    scorer = with_temperatures(scorer, fits, f"{scorer.config.model_id}-t{digest[:8]}")
    partial = out.with_name(out.name + ".part")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for file in source.iterdir():
        if file.is_file():
            shutil.copy(file, partial)
    _write_calibrated(scorer, fits, digest, partial)
    os.replace(partial, out)
    return fits


def _write_calibrated(scorer: Scorer, fits: Fits, digest: str, directory: Path) -> None:
    """Bring a copied model folder up to date: config, golden answers, card, checksums."""
    scorer.config.write(directory)
    rewrite_golden(scorer, directory / "golden.jsonl")
    record = {"data_sha256": digest, "fits": fits}
    (directory / "calibration.json").write_text(
        json.dumps(record, indent=1) + "\n", encoding="utf-8"
    )
    with (directory / "README.md").open("a", encoding="utf-8") as card:
        card.write(
            f"\n## Calibrated on other data: {scorer.config.model_id}\n{calibration_table(fits)}\n"
        )
    write_checksums(directory)


def calibration_table(fits: Fits) -> str:
    """Temperatures and what they change, in Markdown."""
    lines = ["| head | temperature | ECE before | after | fitted on |", "|---|---|---|---|---|"]
    for head, fit in fits.items():
        on = ", ".join(fit["sets"]) if "sets" in fit else f"{fit['n']} pairs"
        lines.append(
            f"| {head} | {fit['temperature']} | {fit['ece'][0]} | {fit['ece'][1]} | {on} |"
        )
    return "\n".join(lines)

"""Golden sentences: what a model must answer, stored beside it and checked at every load."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stance.errors import ModelMismatchError
from stance.scoring.pairs import pair_of
from stance.values import Pair

if TYPE_CHECKING:
    from stance.scoring.scorer import Scorer

ENDS = ("source", "target")
TOLERANCE = 0.02
"""Largest allowed difference of a probability: float arithmetic differs a little between CPUs."""


def check_golden(scorer: Scorer, path: Path) -> float:
    """The largest difference of a probability from the stored answers, at most TOLERANCE.

    Raises:
        ModelMismatchError: an answer is further off.
    """
    largest = 0.0
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except ValueError as error:
        raise ModelMismatchError(f"{path} is not JSON, a line a question: {error}") from error
    for row, prediction in zip(rows, scorer.predict([given_pair(r) for r in rows]), strict=True):
        off = max(
            abs(a - b) for a, b in zip(prediction.stance_probs, row["stance_probs"], strict=True)
        )
        if not off <= TOLERANCE:
            raise ModelMismatchError(
                f"{path}: {row['text']!r} should give {row['stance_probs']}, gave "
                f"{[round(p, 3) for p in prediction.stance_probs]}",
                hint="the model or its runtime does not work as it did when it was made",
            )
        largest = max(largest, off)
    return largest


def write_golden(scorer: Scorer, questions: Iterable[dict[str, Any]], path: Path) -> None:
    """Store the scorer's answers to `questions`: objects with text, source and target."""
    rows = list(questions)
    predictions = scorer.predict([given_pair(r) for r in rows])
    lines = [
        json.dumps(
            {**row, "stance_probs": [round(x, 4) for x in p.stance_probs]}, ensure_ascii=False
        )
        for row, p in zip(rows, predictions, strict=True)
    ]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def rewrite_golden(scorer: Scorer, path: Path) -> None:
    """Ask the questions of a golden file again and store this scorer's answers."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    write_golden(scorer, [{k: r[k] for k in r if k != "stance_probs"} for r in rows], path)


def given_pair(row: dict[str, Any]) -> Pair:
    """The question of a labelled-pair row: `source` and `target` are {"start", "end"} or null."""
    spans = [None if row[end] is None else (row[end]["start"], row[end]["end"]) for end in ENDS]
    return pair_of(row["text"], *spans)

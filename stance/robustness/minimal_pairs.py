"""The library's own sentences: negation, passive, reported speech and hypotheticals.

Each line of `data/robustness/*.jsonl` holds a plain sentence and a changed one with the same two
actors, and the labels of both directions of each. They were composed for this and train nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from stance.actors.table import DATA
from stance.evaluation.labelled import LabelledPair
from stance.evaluation.native import locate
from stance.metrics import FloatArray
from stance.robustness.measures import Check, macro_f1, share
from stance.values import STANCES

Answer = Callable[[Sequence[LabelledPair]], FloatArray]
"""Probabilities of against, neutral and favor for each pair. Shape: (n, 3)."""
SETS = ("negation", "passive", "reported speech", "hypothetical")
"""Names of the sets; in a file's name an underscore stands for the space."""


def set_checks(name: str, answer: Answer) -> list[Check]:
    """How much of a set of minimal pairs is answered rightly, beside its plain sentences."""
    plain, changed = minimal_pairs(name)
    groups = [p.doc_id or p.id for p in plain]
    golds = [np.array([STANCES.index(p.stance or "") for p in part]) for part in (plain, changed)]
    founds = [answer(part).argmax(1) for part in (plain, changed)]
    rights = [found == gold for found, gold in zip(founds, golds, strict=True)]
    return [
        share(name, "right, plain sentence", rights[0], groups),
        share(name, f"right, {name}", rights[1], groups),
        macro_f1(name, f"macro-F1, {name}", golds[1], founds[1], groups),
    ]


def minimal_pairs(name: str) -> tuple[list[LabelledPair], list[LabelledPair]]:
    """The plain sentences of a set and the changed ones, each asked in both directions."""
    path = DATA / "robustness" / f"{name.replace(' ', '_')}.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    plain, changed = (
        [pair for row in rows for pair in _both_questions(row, part)]
        for part in ("plain", "changed")
    )
    return plain, changed


def _both_questions(row: Mapping[str, Any], part: str) -> list[LabelledPair]:
    text, stances = row[part], row[f"{part}_stances"]
    source, target = locate(text, row["source"], row["target"])
    key = f"{row['id']}-{part}"
    return [
        LabelledPair(f"{key}-1", text, source, target, stances[0], doc_id=row["id"], split=part),
        LabelledPair(f"{key}-2", text, target, source, stances[1], doc_id=row["id"], split=part),
    ]

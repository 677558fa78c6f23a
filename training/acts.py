"""How well acts and stated shifts are read: what `evaluate.py` adds to the scores of stances."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from stance.evaluation.labelled import LabelledPair
from stance.scoring.pairs import pair_of
from stance.scoring.scorer import Scorer
from stance.values import ACTS, STANCES, Prediction

Float = NDArray[np.float64]
COMMON = 20
"""Acts with fewer labelled pairs are left out of their macro-F1."""
# PLOVER's quad classes: verbal and material co-operation, verbal and material conflict.
QUAD_CLASSES = (
    ("AGREE", "CONSULT", "SUPPORT", "CONCEDE"),
    ("COOPERATE", "AID", "RETREAT"),
    ("REQUEST", "ACCUSE", "REJECT", "THREATEN"),
    ("PROTEST", "SANCTION", "MOBILIZE", "COERCE", "ASSAULT"),
)
QUAD_OF = {act: k for k, acts in enumerate(QUAD_CLASSES) for act in acts}


def answers(scorer: Scorer, pairs: Sequence[LabelledPair]) -> list[Prediction]:
    """The model's final answers, acts and shifts included."""
    return scorer.predict([pair_of(p.text, p.source, p.target) for p in pairs])


def shift_counts(pairs: Sequence[LabelledPair], found: Sequence[Prediction]) -> Float:
    """For each pair: whether both state the same shift, whether the model states one, and the label."""
    rows = []
    for pair, answer in zip(pairs, found, strict=True):
        labelled = pair.shift_from in STANCES
        same = (answer.shift_from, answer.stance) == (pair.shift_from, pair.stance)
        rows.append((labelled and same, answer.shift_from is not None, labelled))
    return np.array(rows, dtype=np.float64)


def shift_f1(counts: Float, weights: Float) -> Float:
    """F1 of (pair, earlier stance, stance), in [0, 1]. Shape: (n, 3), (r, n) -> (r,)."""
    same, found, labelled = (weights @ counts).T
    return np.asarray(2 * same / np.maximum(found + labelled, 1))


def with_act(pair: LabelledPair) -> bool:
    """A polar pair whose act is labelled."""
    return pair.stance in ("against", "favor") and pair.act in ACTS


def act_scores(pairs: Sequence[LabelledPair], found: Sequence[Prediction], weights: Float) -> Float:
    """Macro-F1 of the acts with COMMON pairs or more, and accuracy of quad classes. Shape: (r, 2).

    A pair that the model calls neutral, or polar without an act, has the wrong act.
    """
    gold = [p.act or "NONE" for p in pairs]
    said = [answer.act or "NONE" for answer in found]
    f1 = []
    for act in (act for act, n in Counter(gold).items() if n >= COMMON):
        is_gold, is_said = np.array([g == act for g in gold]), np.array([s == act for s in said])
        both = weights @ (is_gold & is_said)
        f1.append(2 * both / np.maximum(weights @ is_gold + weights @ is_said, 1))
    quad = np.array([QUAD_OF.get(s) == QUAD_OF[g] for g, s in zip(gold, said, strict=True)])
    return np.stack([np.mean(f1, axis=0), weights @ quad / weights.sum(1)], axis=1)

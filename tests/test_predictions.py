"""Logits to an answer: which act a polar pair has, and when an earlier stance is given."""

from dataclasses import replace

import numpy as np
import pytest

from stance.scoring.predictions import predictions
from stance.scoring.scorer import Scorer
from stance.values import Prediction


def answer(scorer: Scorer, **probs: dict[str, float]) -> Prediction:
    """The prediction of heads with these probabilities; labels that are not named share the rest."""
    config = replace(
        scorer.config, shift_above=0.3, temperatures=dict.fromkeys(scorer.config.temperatures, 1.0)
    )
    logits = []
    for head, labels in config.pair_heads.items():
        given = probs.get(head, {})
        others = len(labels) - len(given)
        rest = (1 - sum(given.values())) / max(1, others)
        logits += [np.log(given.get(label, rest)) for label in labels]
    (found,) = predictions(np.array([logits], dtype=np.float32), config)
    return found


AGAINST = {"against": 0.55, "neutral": 0.4, "favor": 0.05}
ACTS = [
    (AGAINST, {"NONE": 0.3, "ACCUSE": 0.6}, "ACCUSE"),
    # Four tenths are neutral, and neutral pairs have no act: that leaves one tenth for none.
    (AGAINST, {"NONE": 0.5, "ACCUSE": 0.2, "REJECT": 0.15}, "ACCUSE"),
    (AGAINST, {"NONE": 0.9, "ACCUSE": 0.05}, None),
    ({"against": 0.3, "neutral": 0.4, "favor": 0.3}, {"NONE": 0.2, "ACCUSE": 0.7}, None),
]  # fmt: skip
SHIFTS = [
    ({"none": 0.69, "favor": 0.2, "neutral": 0.1, "against": 0.01}, "favor"),
    ({"none": 0.71, "favor": 0.2, "neutral": 0.08, "against": 0.01}, None),
    ({"none": 0.2, "favor": 0.1, "neutral": 0.1, "against": 0.6}, None),
]  # fmt: skip


@pytest.mark.parametrize(("stance", "act", "expected"), ACTS)
def test_act_of_a_polar_pair(
    tiny: Scorer, stance: dict[str, float], act: dict[str, float], expected: str | None
) -> None:
    assert answer(tiny, stance=stance, act=act).act == expected


@pytest.mark.parametrize(("shift_from", "expected"), SHIFTS)
def test_earlier_stance(tiny: Scorer, shift_from: dict[str, float], expected: str | None) -> None:
    """Given from `shift_above` on, and only if it is not today's stance (against)."""
    assert answer(tiny, stance=AGAINST, shift_from=shift_from).shift_from == expected

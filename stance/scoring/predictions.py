"""The network's logits for pairs to predictions: calibrated probabilities, labels, what to abstain from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stance.metrics import softmax
from stance.model.artefact import ModelConfig
from stance.model.encode import by_head
from stance.values import TOO_FAR_APART, Prediction, fold, likeliest

if TYPE_CHECKING:
    from stance.model.backends import Array

Heads = dict[str, dict[str, float]]
"""A pair's probability of each label, by head."""


def predictions(logits: Array, config: ModelConfig) -> list[Prediction]:
    """The predictions of pairs. Shape of the logits: (pairs, sum of head sizes)."""
    columns = []
    for head, scores in by_head(logits, config.pair_heads).items():
        labels = config.pair_heads[head]
        probs = softmax(scores / config.temperatures[head]).tolist()
        columns.append([(head, dict(zip(labels, row, strict=True))) for row in probs])
    return [_prediction(dict(row), config) for row in zip(*columns, strict=True)]


def _prediction(heads: Heads, config: ModelConfig) -> Prediction:
    stance_probs, sentiment_probs = tuple(heads["stance"].values()), heads["sentiment"]
    sides = fold(stance_probs, config.stance_values)
    side = likeliest(sides)
    negative, neutral, positive = sentiment_probs.values()
    return Prediction(
        stance_probs=stance_probs,
        sentiment_probs=(negative, neutral, positive),
        stance=_likeliest(heads["stance"]),
        sentiment=_likeliest(sentiment_probs),
        act=None if side == "neutral" else _act(heads["act"], sides[1]),
        shift_from=_shift_from(heads["shift_from"], side, config.shift_above),
        abstained="unsure" if max(sides) < config.abstain_below else None,
        stance_values=config.stance_values,
    )


def _likeliest(probs: dict[str, float]) -> str:
    return max(probs, key=probs.__getitem__)


def _act(probs: dict[str, float], neutral: float) -> str | None:
    """The most probable act of a polar pair.

    A neutral pair has none either: what the stance leaves to neutral says nothing against an act.
    """
    probs["NONE"] -= neutral
    act = _likeliest(probs)
    return None if act == "NONE" else act


def _shift_from(probs: dict[str, float], side: str, above: float) -> str | None:
    """The most probable earlier stance, if one is stated at all and is not today's."""
    stated = 1 - probs.pop("none")
    before = _likeliest(probs)
    return None if stated < above or before == side else before


def too_far_apart(config: ModelConfig) -> Prediction:
    """Half of the probability on the label nearest to zero, the rest shared by the others."""
    values = config.stance_values
    middle = min(range(len(values)), key=lambda i: abs(values[i]))
    other = 0.5 / (len(values) - 1)
    return Prediction(
        stance_probs=tuple(0.5 if i == middle else other for i in range(len(values))),
        sentiment_probs=(0.25, 0.5, 0.25),
        stance=config.stances[middle],
        sentiment="neutral",
        abstained=TOO_FAR_APART,
        truncated=True,
        stance_values=values,
    )

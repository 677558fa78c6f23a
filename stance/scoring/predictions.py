"""The network's logits for pairs to predictions: calibrated probabilities, labels, what to abstain from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stance.metrics import softmax
from stance.model.artefact import ModelConfig
from stance.model.encode import by_head
from stance.values import TOO_FAR_APART, Prediction, fold, likeliest

if TYPE_CHECKING:
    from stance.model.backends import Array

Heads = dict[str, tuple[list[float], str]]
"""A pair's probabilities and most probable label by head."""


def predictions(logits: Array, config: ModelConfig) -> list[Prediction]:
    """The predictions of pairs. Shape of the logits: (pairs, sum of head sizes)."""
    columns = []
    for head, scores in by_head(logits, config.pair_heads).items():
        probs = softmax(scores / config.temperatures[head])
        labels = [config.pair_heads[head][best] for best in probs.argmax(-1).tolist()]
        columns.append([(head, answer) for answer in zip(probs.tolist(), labels, strict=True)])
    return [_prediction(dict(row), config) for row in zip(*columns, strict=True)]


def _prediction(heads: Heads, config: ModelConfig) -> Prediction:
    stance_probs, stance = heads["stance"]
    (negative, neutral, positive), sentiment = heads["sentiment"]
    sides = fold(stance_probs, config.stance_values)
    side = likeliest(sides)
    return Prediction(
        stance_probs=tuple(stance_probs),
        sentiment_probs=(negative, neutral, positive),
        stance=stance,
        sentiment=sentiment,
        act=None if side == "neutral" else _act(_named(heads, "act", config), sides[1]),
        shift_from=_shift_from(_named(heads, "shift_from", config), side, config.shift_above),
        abstained="unsure" if max(sides) < config.abstain_below else None,
        stance_values=config.stance_values,
    )


def _named(heads: Heads, head: str, config: ModelConfig) -> dict[str, float]:
    return dict(zip(config.pair_heads[head], heads[head][0], strict=True))


def _act(probs: dict[str, float], neutral: float) -> str | None:
    """The most probable act of a polar pair.

    A neutral pair has none either: what the stance leaves to neutral says nothing against an act.
    """
    probs["NONE"] -= neutral
    act = max(probs, key=probs.__getitem__)
    return None if act == "NONE" else act


def _shift_from(probs: dict[str, float], side: str, above: float) -> str | None:
    """The most probable earlier stance, if one is stated at all and is not today's."""
    stated = 1 - probs.pop("none")
    before = max(probs, key=probs.__getitem__)
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

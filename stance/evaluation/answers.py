"""What a model answers on labelled pairs, beside what people said."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from stance.errors import InputError
from stance.evaluation.labelled import LabelledPair, Span
from stance.metrics import FloatArray, IntArray
from stance.scoring.pairs import pair_of
from stance.values import STANCE_VALUES, STANCES

if TYPE_CHECKING:
    from stance.scoring.scorer import Scorer

TASKS = ("stance", "sentiment")


@dataclass(frozen=True, slots=True)
class Answers:
    """A model's probabilities for labelled pairs, in the order of the pairs.

    `probs` has shape (n, k) with columns in the order of `labels`, hostile end first; `gold` holds
    positions in `labels`, shape (n,); `values` says what each label counts in a score.
    """

    task: str
    model_id: str
    pairs: tuple[LabelledPair, ...]
    labels: tuple[str, ...]
    values: tuple[float, ...]
    gold: IntArray
    probs: FloatArray

    @property
    def documents(self) -> list[str]:
        """The document of each pair, else its text: what belongs together when resampling."""
        return [p.doc_id or p.text for p in self.pairs]

    def folded(self) -> Answers:
        """The same under against, neutral and favor: labels are added up by the sign of their value."""
        return replace(
            self,
            labels=STANCES,
            values=STANCE_VALUES,
            gold=sides(self.values)[self.gold],
            probs=fold_columns(self.probs, self.values),
        )


def ask(
    pairs: Iterable[LabelledPair],
    scorer: Scorer,
    task: str | None = None,
    meaning: Mapping[str, float] | None = None,
) -> Answers:
    """The scorer's answers to all pairs that are labelled for the task.

    Where the gold labels are not the model's own, both are folded to against, neutral and favor.

    Args:
        pairs: labelled pairs.
        scorer: the model.
        task: "stance", "sentiment" (toward the target), or None: stance if any pair has one.
        meaning: values of gold labels that neither the model nor the library knows.

    Raises:
        InputError: no such task, no pair is labelled for it, or a label means nothing.
    """
    given = list(pairs)
    task = task or ("stance" if any(p.stance for p in given) else "sentiment")
    if task not in TASKS:
        raise InputError(f"task is {task!r}; must be 'stance' or 'sentiment'")
    asked = labelled_for(given, task)
    if not asked:
        raise InputError(f"none of the {len(given)} pairs has a {task} to compare with")
    labels = scorer.config.pair_heads[task]
    values = scorer.config.stance_values if task == "stance" else STANCE_VALUES
    own = dict(zip(labels, values, strict=True))
    known = {**dict(zip(STANCES, STANCE_VALUES, strict=True)), **(meaning or {}), **own}
    said = [label_of(p, task) for p in asked]
    probs = probabilities(scorer, asked, task)
    if task == "stance" and not set(said) <= set(labels):
        for label in said:
            if label not in known:
                raise InputError(
                    f"the stance {label!r} is no label of the model {scorer.config.model_id}, "
                    f"which knows {', '.join(labels)}"
                )
        probs, labels, values = fold_columns(probs, values), STANCES, STANCE_VALUES
        gold = np.array([int(np.sign(known[label])) + 1 for label in said])
    else:
        gold = np.array([labels.index(label) for label in said])
    return Answers(
        task, scorer.config.model_id, tuple(asked), tuple(labels), tuple(values), gold, probs
    )


def labelled_for(pairs: Iterable[LabelledPair], task: str) -> list[LabelledPair]:
    """The pairs that have a label for the task."""
    if task == "stance":
        return [p for p in pairs if p.stance]
    return [p for p in pairs if p.sentiment and p.target]


def label_of(pair: LabelledPair, task: str) -> str:
    """What people said; "" where nobody did."""
    return (pair.stance if task == "stance" else pair.sentiment) or ""


def probabilities(scorer: Scorer, pairs: Iterable[LabelledPair], task: str) -> FloatArray:
    """The scorer's probabilities for each pair's stance or sentiment. Shape: (n, labels).

    A pair is asked on its text alone. Sentiment is how the text portrays the target, so it is
    asked without the source.
    """
    predictions = scorer.predict(
        [pair_of(p.text, p.source if task == "stance" else None, p.target) for p in pairs]
    )
    return np.array(
        [p.stance_probs if task == "stance" else p.sentiment_probs for p in predictions]
    )


def fingerprint(pairs: Iterable[LabelledPair]) -> str:
    """SHA-256 over what is asked and expected, whatever file it came from."""
    digest = hashlib.sha256()
    for p in pairs:
        digest.update(json.dumps([p.text, p.source, p.target, p.stance, p.sentiment]).encode())
    return digest.hexdigest()


def sides(values: Sequence[float]) -> IntArray:
    """For each label the position of its side in STANCES, by the sign of its value. Shape: (k,)."""
    return np.array([(v > 0) - (v < 0) + 1 for v in values], dtype=np.int64)


def fold_columns(probs: FloatArray, values: Sequence[float]) -> FloatArray:
    """Probabilities of labels added up to those of STANCES. Shape: (n, k) -> (n, 3)."""
    return np.asarray(probs @ np.eye(3)[sides(values)])


def both_ways(pairs: Sequence[LabelledPair]) -> NDArray[np.int64]:
    """Where the same two mentions are asked about in both directions. Shape: (m, 2).

    Each row holds the positions of p → q and q → p; p is the mention that comes first in the text.
    """
    places: dict[tuple[str, Span, Span], list[int]] = defaultdict(list)
    for index, pair in enumerate(pairs):
        if pair.source is not None and pair.target is not None:
            places[pair.text, pair.source, pair.target].append(index)
    rows = [
        row
        for (text, p, q), forward in places.items()
        if p < q
        # Where a question comes twice, the first goes with the first.
        for row in zip(forward, places.get((text, q, p), []), strict=False)
    ]
    return np.array(rows, dtype=np.int64).reshape(-1, 2)

"""Scores of a model on labelled pairs, with intervals and the conditions they hold under."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stance import metrics
from stance.errors import InputError
from stance.labelled import LabelledPair, iter_pairs
from stance.metrics import FloatArray
from stance.pairs import pair_of
from stance.values import SENTIMENTS, STANCES

if TYPE_CHECKING:
    from stance.scoring import Scorer


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a model scored on a labelled set.

    `metrics` holds `n` and the scores, each in [0, 1], higher is better but for `ece`; nan where
    a score is not defined. `intervals` holds percentile bootstrap bounds of the scores.
    `confusion` counts items, rows gold and columns predicted, both in the order of `labels`.
    `signature` says what the numbers depend on: data, model, resampling.
    """

    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    confusion: tuple[tuple[int, ...], ...]
    labels: tuple[str, ...]
    signature: dict[str, object]

    def to_json(self) -> dict[str, object]:
        """One object ready for `json.dumps`; scores that are not defined become null."""
        result: dict[str, object] = {key: _plain(value) for key, value in self.metrics.items()}
        result["confusion"] = [list(row) for row in self.confusion]
        result["intervals"] = {
            key: [_plain(low), _plain(high)] for key, (low, high) in self.intervals.items()
        }
        result["signature"] = dict(self.signature)
        return result


def evaluate_probs(
    probs: ArrayLike,
    gold: ArrayLike,
    groups: Sequence[Hashable] | None,
    labels: Sequence[str],
    signature_parts: Mapping[str, object],
    *,
    n_resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Evaluation:
    """Scores of probabilities against gold labels.

    Args:
        probs: shape (n, k), rows sum to 1, columns in the order of `labels`.
        gold: gold labels as positions in `labels`, shape (n,).
        groups: the document (or text) of each item; intervals resample these. None: each
            item alone.
        labels: k >= 3 names, hostile end first: STANCES or SENTIMENTS.
        signature_parts: what the caller knows: `version`, `model_id`, `data_sha256`.
        n_resamples: number of bootstrap resamples.
        seed: of the bootstrap.
        level: of the intervals.

    Returns:
        The metrics `n, macro_f1, accuracy, f1_<label>..., f1_polar, polarity_accuracy,
        polarity_macro_f1, ece`, and intervals of all but `n` and `ece`: resampling adds noise
        to every bin, which pushes a percentile interval of `ece` above the value itself.

    Raises:
        InputError: no items, or shapes, labels or probabilities are not as described.
    """
    p = np.asarray(probs, dtype=np.float64)
    if p.ndim != 2 or len(p) == 0 or p.shape[1] != len(labels) or len(labels) < 3:
        raise InputError(
            f"probs must have shape (n, {len(labels)}) for the labels {tuple(labels)}, with "
            f"n >= 1 and at least three labels, got {p.shape}"
        )
    ece = float(metrics.expected_calibration_error(p, gold))
    counts = metrics.confusion_matrix(gold, p.argmax(1), len(labels))
    names = _score_names(labels)

    def statistic(weights: FloatArray) -> FloatArray:
        return _scores(p, gold, weights)

    point = statistic(np.ones((1, len(p))))[0]
    low, high = metrics.bootstrap(statistic, len(p), groups, n_resamples, seed, level)
    scores = {name: float(value) for name, value in zip(names, point, strict=True)}
    return Evaluation(
        metrics={"n": len(p), **scores, "ece": ece},
        intervals={name: (float(a), float(b)) for name, a, b in zip(names, low, high, strict=True)},
        confusion=_integers(counts),
        labels=tuple(labels),
        signature={
            **signature_parts,
            "labels": list(labels),
            "n": len(p),
            "groups": len(p) if groups is None else len(set(groups)),
            "resamples": n_resamples,
            "seed": seed,
            "level": level,
        },
    )


def _score_names(labels: Sequence[str]) -> list[str]:
    per_label = [f"f1_{label}" for label in labels]
    tail = ["f1_polar", "polarity_accuracy", "polarity_macro_f1"]
    return ["macro_f1", "accuracy", *per_label, *tail]


def _scores(probs: FloatArray, gold: ArrayLike, weights: FloatArray) -> FloatArray:
    """Every score that has an interval, in the order of `_score_names`. Shape: (r, m)."""
    confusion = metrics.confusion_matrix(gold, probs.argmax(1), probs.shape[1], weights)
    polarity = metrics.polarity_confusion(probs, gold, weights)
    columns = [
        metrics.macro_f1(confusion),
        metrics.accuracy(confusion),
        *metrics.f1(confusion).T,
        metrics.polar_f1(confusion),
        metrics.polarity_accuracy(polarity),
        metrics.polarity_macro_f1(polarity),
    ]
    return np.stack(columns, axis=1)


def _integers(counts: NDArray[np.float64]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(int(round(value)) for value in row) for row in counts.tolist())


def _plain(value: float) -> float | None:
    """JSON has no nan."""
    return None if math.isnan(value) else value


def evaluate(
    pairs: str | os.PathLike[str] | Iterable[LabelledPair],
    scorer: Scorer | None = None,
    *,
    task: str | None = None,
    on_error: Callable[[InputError], object] | None = None,
) -> Evaluation:
    """Score a model on labelled pairs; intervals resample documents (`doc_id`, else the text).

    Args:
        pairs: a labelled-pairs file, or pairs.
        scorer: the model; None for the shipped one.
        task: "stance", "sentiment" (toward the target), or None: stance if any pair has one.
        on_error: receives each wrong row of a file, which is then skipped; None raises.

    Raises:
        InputError: a row is wrong, or no pair is labelled for the task.
    """
    from stance import __version__
    from stance.scoring import load

    given = (
        list(iter_pairs(Path(pairs), on_error))
        if isinstance(pairs, str | os.PathLike)
        else list(pairs)
    )
    task = task or ("stance" if any(p.stance for p in given) else "sentiment")
    if task not in ("stance", "sentiment"):
        raise InputError(f"task is {task!r}; must be 'stance' or 'sentiment'")
    gold = [p for p in given if (p.stance if task == "stance" else p.sentiment and p.target)]
    if not gold:
        raise InputError(f"none of the {len(given)} pairs has a {task} to compare with")
    scorer = scorer or load()
    labels = STANCES if task == "stance" else SENTIMENTS
    return evaluate_probs(
        probabilities(scorer, gold, task),
        [labels.index((p.stance if task == "stance" else p.sentiment) or "") for p in gold],
        [p.doc_id or p.text for p in gold],
        labels,
        {
            "task": task,
            "version": __version__,
            "model_id": scorer.config.model_id,
            "data_sha256": fingerprint(gold),
        },
    )


def fingerprint(pairs: Iterable[LabelledPair]) -> str:
    """SHA-256 over what is asked and expected, whatever file it came from."""
    digest = hashlib.sha256()
    for p in pairs:
        digest.update(json.dumps([p.text, p.source, p.target, p.stance, p.sentiment]).encode())
    return digest.hexdigest()


def probabilities(scorer: Scorer, pairs: Iterable[LabelledPair], task: str) -> FloatArray:
    """The scorer's probabilities for each pair's stance or sentiment. Shape: (n, 3).

    A pair is asked on its text alone. Sentiment is how the text portrays the target, so it is
    asked without the source.
    """
    predictions = scorer.predict(
        [pair_of(p.text, p.source if task == "stance" else None, p.target) for p in pairs]
    )
    return np.array(
        [p.stance_probs if task == "stance" else p.sentiment_probs for p in predictions]
    )

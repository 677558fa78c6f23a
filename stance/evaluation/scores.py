"""Scores of a model on labelled pairs, with intervals and the conditions they hold under."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stance import metrics
from stance.errors import InputError
from stance.evaluation import confidence
from stance.evaluation.answers import Answers, ask, both_ways, fingerprint, fold_columns, sides
from stance.evaluation.formats import Labelled, iter_pairs
from stance.evaluation.labelled import LabelledPair
from stance.metrics import FloatArray, IntArray
from stance.values import STANCE_VALUES, STANCES

if TYPE_CHECKING:
    from stance.scoring.scorer import Scorer

N_RESAMPLES, SEED, LEVEL = 1000, 0, 0.95


@dataclass(frozen=True, slots=True)
class Mistake:
    """A pair the model got wrong; `p_gold` is the probability it gave the right label."""

    pair: LabelledPair
    gold: str
    predicted: str
    p_gold: float
    p_predicted: float

    def to_json(self) -> dict[str, object]:
        """The pair with its text and mentions, and what was said of it."""
        pair = self.pair
        ends = {"source": pair.source, "target": pair.target}
        return {
            "id": pair.id,
            "text": pair.text,
            **{end: span and pair.text[span[0] : span[1]] for end, span in ends.items()},
            "gold": self.gold,
            "predicted": self.predicted,
            "p_gold": round(self.p_gold, 4),
            "p_predicted": round(self.p_predicted, 4),
        }


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a model scored on a labelled set.

    `metrics` holds `n` and the scores; nan where a score is not defined. Higher is better but for
    `ece`, `brier` and `aurc`. `intervals` holds percentile bootstrap bounds of the scores.
    `confusion` counts items, rows gold and columns predicted, both in the order of `labels`.
    `reliability` has a row (confidence, accuracy, items) a bin, `risk_coverage` the share of
    errors (second) among the most confident share (first) of the answers. `mistakes` come worst
    first. `signature` says what the numbers depend on: data, model, resampling.
    """

    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    confusion: tuple[tuple[int, ...], ...]
    labels: tuple[str, ...]
    signature: dict[str, object]
    reliability: tuple[tuple[float, ...], ...] = ()
    risk_coverage: tuple[tuple[float, ...], ...] = ()
    mistakes: tuple[Mistake, ...] = ()

    def to_json(self, mistakes: int = 0) -> dict[str, object]:
        """One object ready for `json.dumps`; scores that are not defined become null.

        Args:
            mistakes: how many of the worst to put in.
        """
        result: dict[str, object] = {key: _plain(value) for key, value in self.metrics.items()}
        result["labels"] = list(self.labels)
        result["confusion"] = [list(row) for row in self.confusion]
        result["intervals"] = {
            key: [_plain(low), _plain(high)] for key, (low, high) in self.intervals.items()
        }
        result["reliability"] = [list(row) for row in self.reliability]
        result["risk_coverage"] = [list(row) for row in self.risk_coverage]
        if mistakes:
            result["mistakes"] = [m.to_json() for m in self.mistakes[:mistakes]]
        result["signature"] = dict(self.signature)
        return result


def evaluate_probs(
    probs: ArrayLike,
    gold: ArrayLike,
    groups: Sequence[Hashable] | None,
    labels: Sequence[str],
    signature_parts: Mapping[str, object],
    *,
    values: Sequence[float] | None = None,
    directions: NDArray[np.int64] | None = None,
    n_resamples: int = N_RESAMPLES,
    seed: int = SEED,
    level: float = LEVEL,
) -> Evaluation:
    """Scores of probabilities against gold labels.

    Args:
        probs: shape (n, k), rows sum to 1, columns in the order of `labels`.
        gold: gold labels as positions in `labels`, shape (n,).
        groups: the document (or text) of each item; intervals resample these. None: each
            item alone.
        labels: k names, hostile end first.
        signature_parts: what the caller knows: `version`, `model_id`, `data_sha256`.
        values: what each label counts, by whose sign the polar scores fold labels to against,
            neutral and favor; None for three labels in this order.
        directions: positions of p → q and q → p where both are asked, shape (m, 2).
        n_resamples: number of bootstrap resamples.
        seed: of the bootstrap.
        level: of the intervals.

    Returns:
        The metrics `n, macro_f1, accuracy, f1_<label>..., f1_polar, polarity_accuracy,
        polarity_macro_f1`; with `directions` also `five_class_micro_f1, five_class_macro_f1` (the
        classes of DSE) and `direction_accuracy`; then `brier, aurc, ece`. All but `n` and `ece` have
        intervals: resampling adds noise to every bin, which pushes a percentile interval of `ece`
        above the value itself.

    Raises:
        InputError: no items, or shapes, labels or probabilities are not as described.
    """
    p = np.asarray(probs, dtype=np.float64)
    if p.ndim != 2 or len(p) == 0 or p.shape[1] != len(labels) or len(labels) < 2:
        raise InputError(
            f"probs must have shape (n, {len(labels)}) for the labels {tuple(labels)}, with "
            f"n >= 1 and at least two labels, got {p.shape}"
        )
    if values is None and len(labels) != 3:
        raise InputError(f"values must say what each of the labels {tuple(labels)} counts")
    counts = metrics.confusion_matrix(gold, p.argmax(1), len(labels))
    true = np.asarray(gold)
    score = _Scores(p, true, tuple(labels), tuple(values or STANCE_VALUES), directions)
    point = score(np.ones((1, len(p))))[0]
    low, high = metrics.bootstrap(score, len(p), groups, n_resamples, seed, level)
    scores = {name: float(value) for name, value in zip(score.names, point, strict=True)}
    ece = float(metrics.expected_calibration_error(p, gold))
    bounds = zip(score.names, low, high, strict=True)
    return Evaluation(
        metrics={"n": len(p), **scores, "ece": ece},
        intervals={name: (float(a), float(b)) for name, a, b in bounds},
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
        reliability=_rows(confidence.reliability(p, gold)),
        risk_coverage=_rows(confidence.risk_coverage(p, gold)),
    )


class _Scores:
    """Every score that has an interval, as one function of the items' weights: (r, n) -> (r, m)."""

    def __init__(
        self,
        probs: FloatArray,
        gold: IntArray,
        labels: tuple[str, ...],
        values: tuple[float, ...],
        directions: NDArray[np.int64] | None,
    ) -> None:
        self.probs, self.gold, self.labels = probs, gold, labels
        self.side_probs, self.side_gold = fold_columns(probs, values), sides(values)[gold]
        self.directions = directions
        polar = ["f1_polar", "polarity_accuracy", "polarity_macro_f1"]
        joint = ["five_class_micro_f1", "five_class_macro_f1", "direction_accuracy"]
        self.names = ["macro_f1", "accuracy", *(f"f1_{label}" for label in labels), *polar]
        self.names += [
            *(joint if directions is not None and len(directions) else []),
            "brier",
            "aurc",
        ]

    def __call__(self, weights: FloatArray) -> FloatArray:
        k = len(self.labels)
        counts = metrics.confusion_matrix(self.gold, self.probs.argmax(1), k, weights)
        found = self.side_probs.argmax(1)
        folded = metrics.confusion_matrix(self.side_gold, found, 3, weights)
        polarity = metrics.polarity_confusion(self.side_probs, self.side_gold, weights)
        columns = [
            metrics.macro_f1(counts),
            metrics.accuracy(counts),
            *metrics.f1(counts).T,
            metrics.polar_f1(folded),
            metrics.polarity_accuracy(polarity),
            metrics.polarity_macro_f1(polarity),
        ]
        if self.directions is not None and len(self.directions):
            columns += joint_scores(self.side_probs, self.side_gold, self.directions, weights)
        columns += [
            metrics.brier_score(self.probs, self.gold, weights),
            confidence.area_under_risk_coverage(self.probs, self.gold, weights),
        ]
        return np.stack(columns, axis=1)


def joint_scores(
    probs: FloatArray, gold: IntArray, directions: NDArray[np.int64], weights: FloatArray
) -> list[FloatArray]:
    """Five-class micro- and macro-F1 of DSE, and direction accuracy, of pairs asked both ways.

    Direction accuracy: of the pairs with a stance one way only, how often neutral is less probable
    that way than the other; in [0, 1]. Pairs with a stance both ways have no class in DSE and are
    left out. nan where nothing is left.

    Args:
        probs: over against, neutral and favor, shape (n, 3).
        gold: positions in STANCES, shape (n,).
        directions: from `both_ways`, shape (m, 2).
        weights: of the n items, shape (r, n); a pair weighs as its forward direction.

    Returns:
        Three arrays of shape (r,).
    """
    forward, backward = directions.T
    polar = (gold[forward] != 1).astype(int) + (gold[backward] != 1)
    kept = polar < 2
    forward, backward = forward[kept], backward[kept]
    w = weights[:, forward]
    empty = w.sum(1) == 0
    classes = five_class_gold(gold[forward], gold[backward])
    found = metrics.five_class(probs[forward], probs[backward]).argmax(1)
    counts = metrics.confusion_matrix(classes, found, 5, w)
    micro, macro = metrics.accuracy(counts), metrics.macro_f1(counts)
    one_way = classes > 0
    is_forward = gold[forward] != 1
    nearer = np.where(
        is_forward,
        probs[forward, 1] < probs[backward, 1],
        probs[backward, 1] < probs[forward, 1],
    )
    right, total = w @ (nearer & one_way), w @ one_way
    direction = np.where(total > 0, right / np.where(total > 0, total, 1), np.nan)
    return [np.where(empty, np.nan, micro), np.where(empty, np.nan, macro), direction]


def five_class_gold(forward: IntArray, backward: IntArray) -> IntArray:
    """DSE's class of stances p → q and q → p, positions in STANCES; see `metrics.five_class`."""
    return np.select(
        [forward == 2, backward == 2, forward == 0, backward == 0], [1, 2, 3, 4], default=0
    )


def evaluate(
    pairs: Labelled,
    scorer: Scorer | None = None,
    *,
    task: str | None = None,
    format: str | None = None,
    on_error: Callable[[InputError], object] | None = None,
) -> Evaluation:
    """Score a model on labelled pairs; intervals resample documents (`doc_id`, else the text).

    Args:
        pairs: a file, a table or pairs, as `read_pairs` takes them.
        scorer: the model; None for the shipped one.
        task: "stance", "sentiment" (toward the target), or None: stance if any pair has one.
        format: of the file or table; None recognises it.
        on_error: receives each wrong row of a file, which is then skipped; None raises.

    Raises:
        InputError: a row is wrong, or no pair is labelled for the task.
    """
    from stance.scoring.scorer import load

    scorer = scorer or load()
    labels = known_labels(scorer)
    given = list(iter_pairs(pairs, format=format, labels=labels, on_error=on_error))
    return evaluate_answers(ask(given, scorer, task))


def known_labels(*scorers: Scorer) -> tuple[str, ...]:
    """The stance labels that the models and the library know."""
    names = [label for scorer in scorers for label in scorer.config.stances]
    return tuple(dict.fromkeys([*names, *STANCES]))


def evaluate_answers(answers: Answers) -> Evaluation:
    """The scores of answers that `ask` collected."""
    stance = answers.task == "stance"
    result = evaluate_probs(
        answers.probs,
        answers.gold,
        answers.documents,
        answers.labels,
        {**data_signature(answers), "model_id": answers.model_id},
        values=answers.values,
        directions=both_ways(answers.pairs) if stance else None,
    )
    return replace(result, mistakes=_mistakes(answers))


def data_signature(answers: Answers) -> dict[str, object]:
    """What a score on these pairs depends on besides model and resampling."""
    from stance import __version__

    return {
        "task": answers.task,
        "version": __version__,
        "data_sha256": fingerprint(answers.pairs),
    }


def _mistakes(answers: Answers) -> tuple[Mistake, ...]:
    found = answers.probs.argmax(1)
    p_gold = answers.probs[np.arange(len(found)), answers.gold]
    wrong = np.flatnonzero(found != answers.gold)
    return tuple(
        Mistake(
            answers.pairs[i],
            answers.labels[answers.gold[i]],
            answers.labels[found[i]],
            float(p_gold[i]),
            float(answers.probs[i, found[i]]),
        )
        for i in wrong[np.argsort(p_gold[wrong], kind="stable")]
    )


def _integers(counts: NDArray[np.float64]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(int(round(value)) for value in row) for row in counts.tolist())


def _rows(values: FloatArray) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(round(x, 4) for x in row) for row in values.tolist())


def _plain(value: float) -> float | None:
    """JSON has no nan."""
    return None if math.isnan(value) else value

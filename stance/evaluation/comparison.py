"""Two models on the same pairs: differences with intervals, and paired tests."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from stance import metrics
from stance.errors import InputError
from stance.evaluation.answers import Answers, ask, sides
from stance.evaluation.formats import Labelled, iter_pairs
from stance.evaluation.scores import LEVEL, N_RESAMPLES, SEED, data_signature, known_labels
from stance.metrics import FloatArray

if TYPE_CHECKING:
    from stance.scoring.scorer import Scorer

COMPARED = ("macro_f1", "accuracy", "f1_polar", "brier")


@dataclass(frozen=True, slots=True)
class Difference:
    """A score of the model, of the other, and model − other with interval and two-sided p-value.

    The p-value is that of the paired bootstrap over documents: twice the smaller share of
    resamples on one side of zero.
    """

    score: str
    model: float
    other: float
    difference: float
    low: float
    high: float
    p_value: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two models differ on the same labelled pairs.

    `only_model` and `only_other` count pairs that one of them got right and the other did not;
    `mcnemar_p` is the exact McNemar test on them. It treats pairs as independent; pairs of one
    document are not, so where the two tests disagree believe the bootstrap.
    """

    differences: tuple[Difference, ...]
    only_model: int
    only_other: int
    mcnemar_p: float
    signature: dict[str, object]

    def to_json(self) -> dict[str, object]:
        """One object ready for `json.dumps`."""
        return asdict(self)


def compare(
    pairs: Labelled,
    scorer: Scorer,
    other: Scorer,
    *,
    task: str | None = None,
    format: str | None = None,
    on_error: Callable[[InputError], object] | None = None,
) -> Comparison:
    """Compare two models on labelled pairs; labels that differ are folded to against, neutral, favor.

    Args:
        pairs: a file, a table or pairs, as `read_pairs` takes them.
        scorer: the model.
        other: what it is compared with.
        task: "stance", "sentiment", or None: stance if any pair has one.
        format: of the file or table; None recognises it.
        on_error: receives each wrong row of a file, which is then skipped; None raises.

    Raises:
        InputError: a row is wrong, or no pair is labelled for the task.
    """
    labels = known_labels(scorer, other)
    given = list(iter_pairs(pairs, format=format, labels=labels, on_error=on_error))
    meaning = {
        label: value
        for config in (other.config, scorer.config)
        for label, value in zip(config.stances, config.stance_values, strict=True)
    }
    return compare_answers(*(ask(given, model, task, meaning) for model in (scorer, other)))


def compare_answers(model: Answers, other: Answers) -> Comparison:
    """The comparison of two models' answers to the same pairs."""
    if model.labels != other.labels:
        model, other = model.folded(), other.folded()

    def statistic(weights: FloatArray) -> FloatArray:
        return _scores(model, weights) - _scores(other, weights)

    n = len(model.pairs)
    ones = np.ones((1, n))
    values = [_scores(answers, ones)[0] for answers in (model, other)]
    resamples = metrics.resample(statistic, n, model.documents, N_RESAMPLES, SEED)
    low, high = metrics.percentiles(resamples, LEVEL)
    right = [answers.probs.argmax(1) == answers.gold for answers in (model, other)]
    only_model, only_other = (int((a & ~b).sum()) for a, b in (right, right[::-1]))
    return Comparison(
        tuple(
            Difference(
                name,
                float(a),
                float(b),
                float(a - b),
                float(lo),
                float(hi),
                _p_value(resamples[:, i]),
            )
            for i, (name, a, b, lo, hi) in enumerate(zip(COMPARED, *values, low, high, strict=True))
        ),
        only_model,
        only_other,
        mcnemar(only_model, only_other),
        {
            **data_signature(model),
            "model_id": model.model_id,
            "other_id": other.model_id,
            "labels": list(model.labels),
            "n": n,
            "groups": len(set(model.documents)),
            "resamples": N_RESAMPLES,
            "seed": SEED,
            "level": LEVEL,
        },
    )


def _scores(answers: Answers, weights: FloatArray) -> FloatArray:
    """The scores of COMPARED. Shape: (r, n) -> (r, 4)."""
    found = answers.probs.argmax(1)
    counts = metrics.confusion_matrix(answers.gold, found, len(answers.labels), weights)
    side = sides(answers.values)
    folded = answers.folded()
    polar = metrics.confusion_matrix(side[answers.gold], folded.probs.argmax(1), 3, weights)
    columns = [
        metrics.macro_f1(counts),
        metrics.accuracy(counts),
        metrics.polar_f1(polar),
        metrics.brier_score(answers.probs, answers.gold, weights),
    ]
    return np.stack(columns, axis=1)


def _p_value(differences: FloatArray) -> float:
    """Two-sided, from resampled differences; never 0, as the sample itself counts as one.

    Source: Efron and Tibshirani 1993, section 15.4; Davison and Hinkley 1997, section 4.2.
    """
    tail = min(int((differences <= 0).sum()), int((differences >= 0).sum()))
    return min(1.0, 2 * (tail + 1) / (len(differences) + 1))


def mcnemar(only_first: int, only_second: int) -> float:
    """Exact two-sided p-value of McNemar's test; 1 if the two never differ.

    >>> round(mcnemar(1, 9), 4)
    0.0215

    Source: McNemar 1947; exact form, a binomial test with p = 1/2.
    """
    n, k = only_first + only_second, min(only_first, only_second)
    below = sum(math.comb(n, i) for i in range(k + 1))
    # Integers, as both sides can be beyond the range of a float.
    return min(1.0, float(2 * below / 2**n))

"""Metrics against hand-computed values, scikit-learn and their own symmetries."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import numpy as np
import pytest

from stance import metrics
from stance.errors import InputError
from stance.evaluation.scores import evaluate_probs
from stance.metrics import FloatArray, IntArray
from stance.values import SENTIMENTS, STANCES

GOLD = [0, 0, 1, 1, 2, 2]
PREDICTED = [0, 1, 1, 1, 2, 0]
PROBS = [
    [0.7, 0.2, 0.1],
    [0.3, 0.6, 0.1],
    [0.2, 0.5, 0.3],
    [0.1, 0.8, 0.1],
    [0.1, 0.1, 0.8],
    [0.6, 0.2, 0.2],
]


def _random(n: int, seed: int = 0) -> tuple[FloatArray, IntArray]:
    rng = np.random.default_rng(seed)
    gold = rng.integers(0, 3, n)
    probs = rng.dirichlet([1, 1, 1], n) + 0.4 * np.eye(3)[gold]
    return probs / probs.sum(1, keepdims=True), gold


def test_confusion_has_gold_in_rows() -> None:
    confusion = metrics.confusion_matrix(GOLD, PREDICTED, 3)
    assert confusion.tolist() == [[1, 1, 0], [0, 2, 0], [1, 0, 1]]


def test_scores_by_hand() -> None:
    confusion = metrics.confusion_matrix(GOLD, PREDICTED, 3)
    assert metrics.precision(confusion) == pytest.approx([1 / 2, 2 / 3, 1])
    assert metrics.recall(confusion) == pytest.approx([1 / 2, 1, 1 / 2])
    assert metrics.f1(confusion) == pytest.approx([1 / 2, 4 / 5, 2 / 3])
    assert metrics.macro_f1(confusion) == pytest.approx((1 / 2 + 4 / 5 + 2 / 3) / 3)
    assert metrics.polar_f1(confusion) == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert metrics.accuracy(confusion) == pytest.approx(4 / 6)


def test_label_that_never_occurs_scores_zero() -> None:
    confusion = metrics.confusion_matrix([0, 1], [0, 1], 3)
    assert metrics.f1(confusion).tolist() == [1, 1, 0]


def test_polarity_by_hand() -> None:
    polarity = metrics.polarity_confusion(PROBS, GOLD)
    assert polarity.tolist() == [[2, 0, 0], [1, 1, 0]]  # the neutral argmax of row 1 still leans
    assert metrics.polarity_accuracy(polarity) == pytest.approx(3 / 4)
    assert metrics.polarity_macro_f1(polarity) == pytest.approx((4 / 5 + 2 / 3) / 2)


def test_polarity_tie_is_an_error_and_none_is_nan() -> None:
    tied = metrics.polarity_confusion([[0.3, 0.4, 0.3]], [2])
    assert tied.tolist() == [[0, 0, 0], [0, 0, 1]]
    assert metrics.polarity_accuracy(tied) == 0
    neutral = metrics.polarity_confusion([[0.3, 0.4, 0.3]], [1])
    assert np.isnan(metrics.polarity_accuracy(neutral))
    assert np.isnan(metrics.polarity_macro_f1(neutral))


def test_calibration_by_hand() -> None:
    # Bins (9/15, 10/15], (10/15, 11/15]: confidences .65 (right), .65 (wrong), .7 (right).
    probs = [[0.65, 0.35], [0.65, 0.35], [0.3, 0.7]]
    expected = (abs(2 * 0.65 - 1) + abs(0.7 - 1)) / 3
    assert metrics.expected_calibration_error(probs, [0, 1, 1]) == pytest.approx(expected)
    assert metrics.brier_score(probs, [0, 1, 1]) == pytest.approx(
        (2 * 0.35**2 + 2 * 0.65**2 + 2 * 0.3**2) / 3
    )
    assert metrics.brier_score([[1 / 3] * 3], [0]) == pytest.approx(2 / 3)
    assert metrics.expected_calibration_error([[1.0, 0.0]], [0]) == 0


def test_agrees_with_scikit_learn() -> None:
    scorers = pytest.importorskip("sklearn.metrics")
    probs, gold = _random(500)
    predicted = probs.argmax(1)
    confusion = metrics.confusion_matrix(gold, predicted, 3)
    assert confusion.tolist() == scorers.confusion_matrix(gold, predicted).tolist()
    each = scorers.precision_recall_fscore_support(gold, predicted)
    assert metrics.precision(confusion) == pytest.approx(each[0])
    assert metrics.recall(confusion) == pytest.approx(each[1])
    assert metrics.f1(confusion) == pytest.approx(each[2])
    polar = gold != 1
    side = np.where(probs[polar, 0] > probs[polar, 2], 0, 2)
    expected = scorers.f1_score(gold[polar], side, average="macro")
    ours = metrics.polarity_macro_f1(metrics.polarity_confusion(probs, gold))
    assert ours == pytest.approx(expected)


def test_swapping_the_ends_swaps_the_scores() -> None:
    probs, gold = _random(300)
    one = evaluate_probs(probs, gold, None, STANCES, {}, n_resamples=10).metrics
    other = evaluate_probs(probs[:, ::-1], 2 - gold, None, STANCES, {}, n_resamples=10).metrics
    swap = {"f1_against": "f1_favor", "f1_favor": "f1_against"}
    assert other == pytest.approx({name: one[swap.get(name, name)] for name in one})


def _confusion(probs: FloatArray, gold: IntArray, weights: FloatArray | None) -> FloatArray:
    return metrics.confusion_matrix(gold, probs.argmax(1), 3, weights)


def _ece(probs: FloatArray, gold: IntArray, weights: FloatArray | None) -> FloatArray:
    return metrics.expected_calibration_error(probs, gold, weights=weights)


@pytest.mark.parametrize(
    "score", [_confusion, _ece, metrics.polarity_confusion, metrics.brier_score]
)
def test_weights_count_items(
    score: Callable[[FloatArray, IntArray, FloatArray | None], FloatArray],
) -> None:
    probs, gold = _random(40)
    repeats = np.random.default_rng(1).integers(0, 4, 40)
    stacked = score(probs, gold, np.stack([np.ones(40), repeats]))
    assert stacked[0] == pytest.approx(score(probs, gold, None))
    repeated = score(np.repeat(probs, repeats, axis=0), np.repeat(gold, repeats), None)
    assert stacked[1] == pytest.approx(repeated)


def _bootstrap_macro_f1(n: int, groups: list[int] | None, seed: int = 0) -> FloatArray:
    probs, gold = _random(n)

    def statistic(weights: FloatArray) -> FloatArray:
        return metrics.macro_f1(metrics.confusion_matrix(gold, probs.argmax(1), 3, weights))

    return metrics.bootstrap(statistic, n, groups, seed=seed)


def test_bootstrap_holds_the_value_and_depends_on_the_seed_alone() -> None:
    probs, gold = _random(400)
    point = metrics.macro_f1(metrics.confusion_matrix(gold, probs.argmax(1), 3))
    low, high = _bootstrap_macro_f1(400, None)
    assert low < point < high
    assert (low, high) == tuple(_bootstrap_macro_f1(400, None))
    assert (low, high) != tuple(_bootstrap_macro_f1(400, None, seed=1))


def test_bootstrap_resamples_groups() -> None:
    # Ten documents of forty equal items: the spread is that of ten values, not of four hundred.
    groups = [f"d{i // 40}" for i in range(400)]
    values = np.repeat(np.arange(10) % 2, 40).astype(float)

    def mean(weights: FloatArray) -> FloatArray:
        return np.asarray(weights @ values / weights.sum(1))

    low, high = metrics.bootstrap(mean, 400, groups, n_resamples=4000, level=0.9)
    assert low == pytest.approx(0.2) and high == pytest.approx(0.8)  # binomial(10, 0.5) / 10
    alone = metrics.bootstrap(mean, 400, None, n_resamples=4000, level=0.9)
    assert alone[1] - alone[0] < 0.1


def test_bootstrap_leaves_out_what_is_not_defined() -> None:
    def half_nan(weights: FloatArray) -> FloatArray:
        first = np.where(weights[:, 0] > 0, 1.0, np.nan)
        return np.stack([first, np.full(len(weights), np.nan)], axis=1)

    bounds = metrics.bootstrap(half_nan, 3, None, n_resamples=50)
    assert bounds[:, 0].tolist() == [1, 1]
    assert np.isnan(bounds[:, 1]).all()


def test_bootstrap_is_fast() -> None:
    begun = time.perf_counter()
    _bootstrap_macro_f1(20_000, list(np.arange(20_000) // 4))
    assert time.perf_counter() - begun < 3


def test_five_class_follows_the_order_of_dse() -> None:
    neutral, against, favor = [0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]
    forward = [neutral, favor, neutral, against, neutral]
    backward = [neutral, neutral, favor, neutral, against]
    scores = metrics.five_class(forward, backward)
    assert scores.argmax(1).tolist() == [0, 1, 2, 3, 4]
    assert scores.sum(1) == pytest.approx(1)
    both = metrics.five_class([favor], [against])
    assert both[0] == pytest.approx([0, 0.5, 0, 0, 0.5])


def test_five_class_by_hand() -> None:
    joint = np.array([0.3 * 0.5, 0.5 * 0.5, 0.1 * 0.3, 0.2 * 0.5, 0.4 * 0.3])
    scores = metrics.five_class([[0.2, 0.3, 0.5]], [[0.4, 0.5, 0.1]])
    assert scores[0] == pytest.approx(joint / joint.sum())


@pytest.mark.parametrize(
    ("probs", "gold", "message"),
    [
        ([[0.5, 0.2, 0.3]], [3], r"\[0, 3\)"),
        ([[0.5, 0.2, 0.3]], [-1], r"\[0, 3\)"),
        ([[0.5, 0.2, 0.3]], [0.5], "ints"),
        ([[0.5, 0.2, 0.3]], [0, 1], "2 gold labels but 1"),
        ([[0.5, 0.2, 0.9]], [0], "row 0"),
        ([[0.5, 0.2, 0.3], [np.nan, 0.5, 0.5]], [0, 1], "row 1"),
        ([[1.5, -0.5, 0.0]], [0], "row 0"),
        ([[0.5, 0.5]], [0], "shape"),
        ([], [], "shape"),
    ],
)
def test_wrong_input_is_named(probs: list[list[float]], gold: list[int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        evaluate_probs(probs, gold, None, STANCES, {})


def test_bootstrap_refuses_wrong_sizes() -> None:
    with pytest.raises(InputError, match="2 groups but 3 items"):
        metrics.bootstrap(lambda w: w.sum(1), 3, ["a", "b"])
    with pytest.raises(InputError, match="level"):
        metrics.bootstrap(lambda w: w.sum(1), 3, None, level=95)


@pytest.mark.parametrize("labels", [STANCES, SENTIMENTS])
def test_evaluation_as_json(labels: tuple[str, ...]) -> None:
    parts = {"version": "1.0", "model_id": "m", "data_sha256": "0" * 64}
    evaluation = evaluate_probs(PROBS, GOLD, list("aabbcc"), labels, parts, n_resamples=20, seed=3)
    result = json.loads(json.dumps(evaluation.to_json(), allow_nan=False))
    names = ["macro_f1", "accuracy", *(f"f1_{name}" for name in labels)]
    names += ["f1_polar", "polarity_accuracy", "polarity_macro_f1", "brier", "aurc"]
    assert list(result) == [
        "n", *names, "ece", "labels", "confusion", "intervals", "reliability", "risk_coverage", "signature",
    ]  # fmt: skip
    assert result["n"] == 6
    assert result["macro_f1"] == pytest.approx((1 / 2 + 4 / 5 + 2 / 3) / 3)
    assert result["confusion"] == [[1, 1, 0], [0, 2, 0], [1, 0, 1]]
    assert list(result["intervals"]) == names
    assert result["signature"] == {
        **parts, "labels": list(labels), "n": 6, "groups": 3, "resamples": 20, "seed": 3,
        "level": 0.95,
    }  # fmt: skip


def test_evaluation_without_polar_items_has_nulls() -> None:
    evaluation = evaluate_probs([[0.1, 0.8, 0.1]] * 2, [1, 1], None, STANCES, {}, n_resamples=5)
    result = json.loads(json.dumps(evaluation.to_json(), allow_nan=False))
    assert result["polarity_accuracy"] is None
    assert result["intervals"]["polarity_accuracy"] == [None, None]

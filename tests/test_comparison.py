"""What a model answers on labelled pairs, its mistakes, and two models compared."""

import json
from dataclasses import replace

import numpy as np
import pytest

import stance
from stance.evaluation.answers import Answers, ask, both_ways
from stance.evaluation.comparison import compare_answers, mcnemar
from stance.evaluation.labelled import LabelledPair
from stance.evaluation.scores import evaluate_answers, evaluate_probs, five_class_gold, joint_scores
from stance.report.scores_page import write_page
from stance.scoring.scorer import Scorer
from stance.values import STANCE_VALUES, STANCES

FIVE = ("worst", "bad", "none", "good", "best")
FIVE_VALUES = (-1.0, -0.5, 0.0, 0.5, 1.0)


def made(found: list[int], gold: list[int], p: float = 0.8) -> Answers:
    """Answers that give the found label the probability p."""
    probs = np.full((len(found), 3), (1 - p) / 2)
    probs[np.arange(len(found)), found] = p
    pairs = tuple(
        LabelledPair(str(i), f"Oslo met Rome {i}", (0, 4), (9, 13)) for i in range(len(found))
    )
    return Answers("stance", "m", pairs, STANCES, STANCE_VALUES, np.array(gold), probs)


def test_better_model_is_found_better() -> None:
    gold = [0, 1, 2] * 20
    noise = [(g + 1) % 3 if i % 3 == 0 else g for i, g in enumerate(gold)]
    result = compare_answers(made(gold, gold), made(noise, gold))
    accuracy = next(d for d in result.differences if d.score == "accuracy")
    assert accuracy.difference == pytest.approx(1 / 3)
    assert 0 < accuracy.low < accuracy.difference < accuracy.high < 0.5
    assert accuracy.p_value == pytest.approx(2 / 1001)
    assert (result.only_model, result.only_other) == (20, 0)
    assert result.mcnemar_p == pytest.approx(2 / 2**20)
    assert result.signature["n"] == 60
    json.dumps(result.to_json())


def test_a_model_does_not_differ_from_itself() -> None:
    answers = made([0, 1, 1, 2], [0, 1, 2, 2])
    result = compare_answers(answers, answers)
    assert {d.p_value for d in result.differences} == {1.0} and result.mcnemar_p == 1.0


def test_mcnemar_is_the_binomial_test() -> None:
    assert [mcnemar(0, 0), mcnemar(5, 5)] == [1.0, 1.0]
    assert mcnemar(0, 5) == pytest.approx(2 / 32)
    assert 0 < mcnemar(900, 1100) < 1e-4, "beyond the range of a float on the way"


def test_mistakes_come_worst_first() -> None:
    answers = made([0, 2, 1, 1], [0, 1, 1, 2])
    answers.probs[3] = [0.0, 0.99, 0.01]
    result = evaluate_answers(answers)
    assert [(m.pair.id, m.gold, m.predicted) for m in result.mistakes] == [
        ("3", "favor", "neutral"), ("1", "neutral", "favor"),
    ]  # fmt: skip
    assert "mistakes" not in result.to_json()
    assert [m["id"] for m in result.to_json(1)["mistakes"]] == ["3"]  # type: ignore[index, attr-defined]


def test_both_directions_by_hand() -> None:
    text = "Oslo thanked Rome"
    pairs = [
        LabelledPair("1", text, (13, 17), (0, 4), "neutral"),
        LabelledPair("2", text, (0, 4), (13, 17), "favor"),
        LabelledPair("3", text, (0, 4), None, "neutral"),
    ]
    assert both_ways(pairs).tolist() == [[1, 0]]
    assert both_ways(pairs[1:]).shape == (0, 2)
    gold = np.array([1, 2, 0, 1, 0, 0])
    probs = np.array(
        [[0.1, 0.8, 0.1], [0.1, 0.3, 0.6], [0.3, 0.6, 0.1], [0.1, 0.5, 0.4], [1, 0, 0], [1, 0, 0]]
    )
    directions = np.array([[1, 0], [2, 3], [4, 5]])  # right; wrong way round; both polar: left out
    micro, macro, direction = joint_scores(probs, gold, directions, np.ones((1, 6)))
    assert (micro[0], direction[0]) == (0.5, 0.5)
    # Of the five classes only "p -> q favor" is found where it is.
    assert macro[0] == pytest.approx(1 / 5)
    assert five_class_gold(np.array([1, 2, 1, 0, 1]), np.array([1, 1, 2, 1, 0])).tolist() == [
        0, 1, 2, 3, 4,
    ]  # fmt: skip


def test_polar_scores_fold_own_labels_by_sign() -> None:
    gold = np.array([0, 1, 2, 3, 4])
    mixed_up = np.eye(5)[[1, 0, 2, 4, 3]]  # the right side, the wrong strength
    result = evaluate_probs(mixed_up, gold, None, FIVE, {}, values=FIVE_VALUES, n_resamples=10)
    assert result.metrics["accuracy"] == 0.2
    assert result.metrics["f1_polar"] == result.metrics["polarity_accuracy"] == 1.0
    with pytest.raises(stance.InputError, match="values must say"):
        evaluate_probs(mixed_up, gold, None, FIVE, {}, n_resamples=10)


def test_gold_labels_the_model_does_not_know(tiny: Scorer) -> None:
    text = "Tokyo praised Paris"
    pairs = [
        LabelledPair("1", text, (0, 5), (14, 19), "best"),
        LabelledPair("2", text, (14, 19), (0, 5), "none"),
    ]
    meaning = dict(zip(FIVE, FIVE_VALUES, strict=True))
    answers = ask(pairs, tiny, meaning=meaning)
    assert answers.labels == STANCES and answers.gold.tolist() == [2, 1]
    with pytest.raises(stance.InputError, match="'best' is no label of the model tiny"):
        ask(pairs, tiny)
    wide = replace(
        answers, labels=FIVE, values=FIVE_VALUES, gold=np.array([4, 2]), probs=np.eye(5)[[4, 2]]
    )
    assert compare_answers(wide, answers).differences[0].model == pytest.approx(2 / 3)


def test_page_escapes_what_others_wrote(tiny: Scorer) -> None:
    text = "<script>alert(1)</script> Tokyo & Paris"
    start = text.index("Tokyo")
    pair = LabelledPair("<b>", text, (start, start + 5), (start + 8, start + 13), "favor")
    against = replace(pair, stance="against")
    page = write_page(stance.evaluate([pair, against], tiny), stance.compare([pair], tiny, tiny))
    assert "<script>" not in page and "&lt;script&gt;" in page and "<b>" not in page
    assert '<mark class="source" title="source">Tokyo</mark> &amp; <mark class="target"' in page
    assert "http" not in page.replace("http-equiv", "")

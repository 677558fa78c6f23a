"""The posterior behind the intervals, against what is known of it."""

import numpy as np
import pytest

from stance import Method
from stance.vectors import intervals
from stance.vectors.intervals import PRIOR, design_effect, estimate, likelihoods

SURE = 1e-6
SCORES = np.array([-1.0, 0.0, 1.0])


def certain(counts: tuple[int, int, int]) -> np.ndarray:
    """Likelihoods of sentences whose labels are as good as known."""
    labels = np.repeat(np.arange(3), counts)
    return np.where(np.eye(3)[labels] > 0, 1.0, SURE)


@pytest.mark.parametrize("counts", [(1, 0, 0), (2, 3, 0), (4, 1, 5), (30, 50, 20), (900, 50, 50)])
def test_known_labels_give_the_dirichlet_posterior(
    counts: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intervals, "MODEL_ERROR", 0.0)
    found = estimate(certain(counts), np.ones(sum(counts)), [0], level=0.9)
    draws = np.random.default_rng(0).dirichlet(np.array(PRIOR) + counts, 200_000)
    low, high = np.quantile(draws @ SCORES, [0.05, 0.95])
    assert found.low[0] == pytest.approx(low, abs=0.03 * max(high - low, 0.3))
    assert found.high[0] == pytest.approx(high, abs=0.03 * max(high - low, 0.3))
    assert found.shares[0] == pytest.approx(draws.mean(0), abs=0.02)


def test_known_labels_of_the_very_sentences_leave_only_the_model_error() -> None:
    found = estimate(certain((3, 2, 5)), np.ones(10), [0], level=0.9, covers="sentences")
    assert found.low[0] < 0.2 < found.high[0]
    assert found.high[0] - found.low[0] < 2 * 1.65 * intervals.MODEL_ERROR


def test_cells_do_not_touch_each_other() -> None:
    """Alone, in a batch, or in a batch that is read in several blocks."""
    rng = np.random.default_rng(1)
    sizes = [1, 7, 3000, 2, 40, 1500]
    probs = rng.dirichlet([1, 2, 1], sum(sizes))
    starts = [0, *np.cumsum(sizes)[:-1]]
    votes = rng.uniform(0.5, 1, len(probs))
    for covers in ("population", "sentences"):
        together = estimate(likelihoods(probs), votes, starts, covers=covers)
        for i, (start, size) in enumerate(zip(starts, sizes, strict=True)):
            part = slice(start, start + size)
            alone = estimate(likelihoods(probs)[part], votes[part], [0], covers=covers)
            assert together.low[i] == pytest.approx(alone.low[0])
            assert together.high[i] == pytest.approx(alone.high[0])
            assert together.shares[i] == pytest.approx(alone.shares[0])


def test_an_answer_at_the_base_rates_says_nothing() -> None:
    rates = np.array([Method().base_rates] * 20)
    unsure = estimate(likelihoods(rates), np.ones(20), [0])
    prior = np.random.default_rng(0).dirichlet(PRIOR, 200_000) @ SCORES
    assert unsure.low[0] == pytest.approx(np.quantile(prior, 0.05), abs=0.05)


def test_votes_below_one_widen() -> None:
    data = certain((5, 10, 5))
    one, other = (estimate(data, np.full(20, vote), [0]) for vote in (1.0, 0.5))
    assert other.high[0] - other.low[0] > 1.2 * (one.high[0] - one.low[0])


def test_design_effect() -> None:
    scores = [1.0, 1.0, -1.0, -1.0]
    assert design_effect(scores, [0, 1, 2, 3]) == 1
    # Two pairs that agree: r = (20 · 0.1 + 2 · 0.75) / 22, mean size 2.
    assert design_effect(scores, [0, 0, 1, 1]) == pytest.approx(1 + 3.5 / 22)
    # Documents that disagree within themselves are never worth more than their sentences.
    assert design_effect([1.0, -1.0] * 50, np.repeat(np.arange(50), 2)) == 1
    # Many documents that agree within are worth as many sentences.
    agreeing = np.repeat(np.random.default_rng(0).choice([-1.0, 1.0], 300), 3)
    effect = design_effect(agreeing, np.repeat(np.arange(300), 3))
    assert effect == pytest.approx(3, abs=0.15)
    assert design_effect([0.0, 0.0], [0, 0]) > 1


@pytest.mark.parametrize("n", [5, 25, 100])
def test_intervals_hold_where_the_probabilities_are_right(n: int) -> None:
    """Simulated: a model that errs at known rates, and cells with any mix of labels."""
    rng = np.random.default_rng(n)
    errors = np.array([[0.6, 0.35, 0.05], [0.05, 0.9, 0.05], [0.05, 0.35, 0.6]])  # label -> answer
    rates = np.array(Method().base_rates)
    calibrated = (errors * rates[:, None]).T
    calibrated /= calibrated.sum(1, keepdims=True)  # answer -> probability of each label
    cells = 500
    shares = rng.dirichlet([1, 1, 1], cells)
    labels = np.array([rng.choice(3, n, p=s) for s in shares])
    answers = np.array([rng.choice(3, p=errors[label]) for label in labels.ravel()])
    starts = list(range(0, cells * n, n))
    truths = {"population": shares @ SCORES, "sentences": SCORES[labels].mean(1)}
    for covers, truth in truths.items():
        found = estimate(
            likelihoods(calibrated[answers]), np.ones(cells * n), starts, covers=covers
        )
        held = np.mean((found.low <= truth + 1e-9) & (truth <= found.high + 1e-9))
        assert 0.86 <= held <= 0.98

"""Reliability bins and risk–coverage on cases worked by hand, and against their definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.evaluation.confidence import area_under_risk_coverage, reliability, risk_coverage
from stance.metrics import expected_calibration_error

PROBS = np.array([[0.9, 0.05, 0.05], [0.1, 0.8, 0.1], [0.2, 0.1, 0.7], [0.3, 0.1, 0.6]])
GOLD = np.array([0, 0, 2, 1])  # right, wrong, right, wrong


def test_risk_by_hand() -> None:
    assert risk_coverage(PROBS, GOLD, 4).tolist() == pytest.approx(
        np.array([[0.25, 0], [0.5, 1 / 2], [0.75, 1 / 3], [1, 1 / 2]])
    )
    assert area_under_risk_coverage(PROBS, GOLD) == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4)


def test_equal_confidence_is_answered_together() -> None:
    same = np.tile([0.6, 0.4], (4, 1))
    assert risk_coverage(same, [0, 0, 1, 0]).tolist() == [[1.0, 0.25]]
    assert area_under_risk_coverage(same, [1, 0, 0, 0]) == area_under_risk_coverage(
        same, [0, 0, 0, 1]
    )


def test_bins_add_up_to_the_calibration_error() -> None:
    rows = reliability(PROBS, GOLD)
    assert rows[:, 2].sum() == 4
    gap = (np.abs(rows[:, 0] - rows[:, 1]) * rows[:, 2]).sum() / 4
    assert gap == pytest.approx(float(expected_calibration_error(PROBS, GOLD)))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20), st.booleans(), st.integers(0, 3)), min_size=1))
def test_weights_are_copies(items: list[tuple[int, bool, int]]) -> None:
    """An item of weight 2 counts as the item twice."""
    if not sum(w for _, _, w in items):
        return
    probs = np.array([[0.5 + c / 40, 0.5 - c / 40] for c, _, _ in items])
    gold = np.array([int(wrong) for _, wrong, _ in items])
    weights = np.array([w for _, _, w in items])
    copies = np.repeat(np.arange(len(items)), weights)
    assert area_under_risk_coverage(probs, gold, weights) == pytest.approx(
        float(area_under_risk_coverage(probs[copies], gold[copies]))
    )

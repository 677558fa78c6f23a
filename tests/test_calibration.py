"""Temperatures: what is overconfident is cooled, few items change little, the shipped model stays itself."""

from pathlib import Path

import numpy as np
import pytest

import stance
from stance.learning.calibration import fit_temperature
from stance.metrics import softmax


def drawn(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Logits, and labels drawn with their probabilities."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (n, 3))
    gold = np.array([rng.choice(3, p=p) for p in softmax(logits)])
    return logits, gold


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_the_factor_is_found(factor: float) -> None:
    logits, gold = drawn(4000)
    fit = fit_temperature([(logits * factor, gold)])
    assert fit["temperature"] == pytest.approx(factor, rel=0.1)
    assert fit["nll"][1] <= fit["nll"][0] and fit["ece"][1] < 0.03


def test_a_few_right_answers_do_not_make_it_certain() -> None:
    logits, gold = np.eye(3)[[0, 1, 2, 1]] * 3, np.array([0, 1, 2, 1])
    assert fit_temperature([(logits, gold)])["temperature"] > 0.6
    assert fit_temperature([(np.repeat(logits, 500, 0), gold.repeat(500))])["temperature"] < 0.4


def test_shipped_model_on_pairs_of_ones_own(tmp_path: Path) -> None:
    text = "Oslo thanked Rome."
    rows = [
        {"text": text, "source": "Oslo", "target": "Rome", "stance": "favor"},
        {"text": text, "source": "Rome", "target": "Oslo", "stance": "neutral"},
        {"text": text, "source": None, "target": "Rome", "sentiment": "positive"},
    ]
    out = tmp_path / "fitted"
    fits = stance.calibrate(rows, out)
    assert set(fits) == {"stance", "sentiment"}
    before, after = stance.load(), stance.load(out)  # loading checks sums and golden answers
    assert after.config.temperatures["act"] == before.config.temperatures["act"]
    assert after.config.temperatures["stance"] == fits["stance"]["temperature"]
    assert "Calibrated on other data" in (out / "README.md").read_text()
    with pytest.raises(stance.InputError, match="none of the 0 pairs"):
        stance.calibrate([], tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists() and not (tmp_path / "nothing.part").exists()

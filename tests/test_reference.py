"""The shipped model answers as it did when it was shipped."""

import json

import pytest

from stance.scoring.golden import given_pair
from stance.scoring.scorer import Scorer

from .conftest import ROOT

ROWS = [
    json.loads(line)
    for line in (ROOT / "tests" / "reference" / "pairs.jsonl").read_text().splitlines()
]


def test_reference_answers(scorer: Scorer) -> None:
    assert len(ROWS) == 200
    for row, p in zip(ROWS, scorer.predict([given_pair(r) for r in ROWS]), strict=True):
        assert p.stance_probs == pytest.approx(row["stance_probs"], abs=1e-3), row["id"]
        assert p.sentiment_probs == pytest.approx(row["sentiment_probs"], abs=1e-3), row["id"]


def test_card_is_generated_and_names_its_conditions() -> None:
    folder = ROOT / "models" / "stance-small-en"
    card = (folder / "README.md").read_text(encoding="utf-8")
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    ours = [r for r in metrics["rows"] if r["system"] == "stance" and r["metric"] != "accuracy"]
    assert len(ours) > 10
    for row in ours:
        assert row["set"] in card and f"{row['value']:.3f}" in card and row["n"] > 0


def test_int8_is_close_to_fp32() -> None:
    """As measured on every test set when the model was exported."""
    metrics = json.loads((ROOT / "models" / "stance-small-en" / "metrics.json").read_text())
    for row in metrics["int8_against_fp32"]:
        assert row["label_agreement"] >= 0.98, row
        assert row["macro_f1_fp32"] - row["macro_f1_int8"] <= 0.005, row

"""The data card counts what is there."""

import json

from .conftest import ROOT

DATA = ROOT / "training" / "data"


def test_counts_in_the_data_card() -> None:
    card = (DATA / "README.md").read_text(encoding="utf-8")
    sentences = []
    for file in sorted(DATA.glob("*.jsonl")):
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        assert f"| `{file.name}` | {len(rows):,} |" in card
        sentences += rows
    stances = [s for row in sentences for s in row["stances"]]
    for count in (
        len(sentences),
        sum(len(row["mentions"]) for row in sentences),
        sum(s["stance"] != "neutral" for s in stances),
        sum(s["shift_from"] is not None for s in stances),
        sum(s["target"] is None for s in stances),
    ):
        assert f"{count:,}" in card

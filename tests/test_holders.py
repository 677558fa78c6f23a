"""Who holds a stance that a sentence reports: "X said Y condemned Z" (`cases/holders.jsonl`)."""

from __future__ import annotations

import json
from pathlib import Path

from stance.scoring.scorer import Scorer
from stance.values import Document

LINES = (Path(__file__).parent / "cases" / "holders.jsonl").read_text(encoding="utf-8").splitlines()
CASES = [json.loads(line) for line in LINES]


def test_holders(scorer: Scorer) -> None:
    """Places and reporting outlets hold nothing; most reported stances are their holder's."""
    right = total = 0
    for case in CASES:
        document = Document(case["id"], case["text"])
        idle = {m.start for m in scorer.find_mentions(document) if m.use in ("loc", "source")}
        records = list(scorer([document]))
        assert not idle & {r.source_start for r in records}, case["text"]
        found = {(r.source_text, r.target_text): r.stance for r in records}
        for source, target, stance in case["stances"]:
            right += found.get((source, target), "neutral") == stance
            total += 1
    assert right >= 0.7 * total  # 48 of 61 when written: benchmarks/actors.md

"""Write tests/reference/pairs.jsonl: what the shipped model answers to 200 pairs of our dev sentences.

Run by hand when a new model ships: `python tests/make_reference.py`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import stance
from stance.scoring.golden import given_pair

TESTS = Path(__file__).parent
sys.path.insert(0, str(TESTS.parent / "training"))


def main() -> None:
    """Ask about every 20th pair of the dev part."""
    from build_data import corpus_rows, read_jsonl

    sentences = read_jsonl(TESTS.parent / "training" / "data" / "dev.jsonl")
    rows = [row for sentence in sentences for row in corpus_rows(sentence)][::20][:200]
    predictions = stance.load(threads=1).predict([given_pair(row) for row in rows])
    lines = []
    for row, p in zip(rows, predictions, strict=True):
        kept = {key: row[key] for key in ("id", "text", "source", "target")}
        probs = {"stance_probs": p.stance_probs, "sentiment_probs": p.sentiment_probs}
        rounded = {name: [round(x, 5) for x in values] for name, values in probs.items()}
        lines.append(json.dumps({**kept, **rounded}, ensure_ascii=False))
    (TESTS / "reference").mkdir(exist_ok=True)
    (TESTS / "reference" / "pairs.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

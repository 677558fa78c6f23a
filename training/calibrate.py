"""Fit what is read off the logits on dev data: `python training/calibrate.py --data build/data --run build/run`.

Writes calibration.json into the run folder: for each head the temperature that gives the lowest negative
log-likelihood, each set weighing the same whatever its size, and that likelihood and the expected
calibration error before and after; for the earlier stance also the probability from which one is given,
by the F1 of stated shifts.
Source: Guo et al., On Calibration of Modern Neural Networks, ICML 2017.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from run_folder import dev_logits, run_logits

from stance.learning.calibration import fit_temperature
from stance.learning.examples import UNLABELLED
from stance.metrics import softmax
from stance.model.network import PAIR_HEADS
from stance.values import STANCES

# Head -> the dev sets that label it.
SETS = {
    "stance": ("corpus_dev", "corpus_analysis_dev", "dse_dev"),
    "sentiment": ("newsmtsc-rw_dev", "newsmtsc-mt_dev"),
    "shift_from": ("corpus_dev",),
    "act": ("corpus_dev",),
}

EARLIER = PAIR_HEADS["shift_from"]
SHIFT_CANDIDATES = (0.5, 0.45, 0.4, 0.35, 0.3, 0.25, 0.2, 0.15)


def main() -> None:
    """Fit, print and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("build/data"))
    parser.add_argument("--run", type=Path, default=Path("build/run"))
    args = parser.parse_args()
    names = sorted({name for sets in SETS.values() for name in sets})
    logits = {name: dev_logits(args.run, args.data, name) for name in names}
    report = {}
    for head, sets in SETS.items():
        items = [logits[name][head] for name in sets]
        report[head] = {**fit_temperature(items), "sets": list(sets)}
        print(head, report[head])
    report["shift_from"] |= fit_shift(args.run, args.data, report)
    print(report["shift_from"])
    (args.run / "calibration.json").write_text(json.dumps(report, indent=1))


def fit_shift(run: Path, data: Path, report: Mapping[str, Any]) -> dict[str, Any]:
    """`shift_above` with the best F1 of (pair, earlier stance, stance), and the F1 of each candidate."""
    counts = {above: np.zeros(3) for above in SHIFT_CANDIDATES}
    for name in ("corpus_dev", "corpus_analysis_dev"):
        examples, logits = run_logits(run, data, name)
        heads = list(logits)
        gold = np.array([a for e in examples for a in e.answers])
        labelled = gold[:, heads.index("stance")] != UNLABELLED
        stance, earlier = (
            softmax(np.concatenate(logits[h]) / report[h]["temperature"])[labelled]
            for h in ("stance", "shift_from")
        )
        today, before = (gold[labelled, heads.index(h)] for h in ("stance", "shift_from"))
        none, stances = EARLIER.index("none"), [EARLIER.index(s) for s in STANCES]
        side = stance.argmax(1)
        guess = earlier[:, stances].argmax(1)
        is_shift = np.isin(before, stances)
        right = is_shift & (np.array(stances)[guess] == before) & (side == today)
        for above, count in counts.items():
            said = (1 - earlier[:, none] >= above) & (guess != side)
            count += [(right & said).sum(), said.sum(), is_shift.sum()]
    scores = {
        above: float(2 * right / (said + stated)) for above, (right, said, stated) in counts.items()
    }
    return {"shift_above": max(scores, key=scores.__getitem__), "shift_f1": scores}


if __name__ == "__main__":
    main()

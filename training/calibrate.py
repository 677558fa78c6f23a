"""Fit one temperature a head on dev data: `python training/calibrate.py --data build/data --run build/run`.

Each set weighs the same, whatever its size. Writes calibration.json into the run folder: the
temperature that gives the lowest negative log-likelihood, and that likelihood and the expected
calibration error before and after.
Source: Guo et al., On Calibration of Modern Neural Networks, ICML 2017.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from run_folder import dev_logits

from stance.metrics import expected_calibration_error, softmax

# Head -> the dev sets that label it.
SETS = {
    "stance": ("corpus_dev", "corpus_analysis_dev", "dse_dev"),
    "sentiment": ("newsmtsc-rw_dev", "newsmtsc-mt_dev"),
    "shift_from": ("corpus_dev",),
    "act": ("corpus_dev",),
}
CANDIDATES = np.geomspace(0.25, 4, 400)


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
        losses = [mean_loss(items, t) for t in CANDIDATES]
        best = float(CANDIDATES[int(np.argmin(losses))])
        report[head] = {
            "temperature": round(best, 4),
            "nll": [round(mean_loss(items, 1.0), 4), round(min(losses), 4)],
            "ece": [round(mean_ece(items, 1.0), 4), round(mean_ece(items, best), 4)],
            "sets": list(sets),
        }
        print(head, report[head])
    (args.run / "calibration.json").write_text(json.dumps(report, indent=1))


Items = list[tuple[NDArray[np.float64], NDArray[np.int64]]]


def mean_loss(items: Items, temperature: float) -> float:
    """Negative log-likelihood, each set weighing the same."""
    losses = []
    for logits, gold in items:
        losses.append(-np.log(softmax(logits / temperature)[np.arange(len(gold)), gold]).mean())
    return float(np.mean(losses))


def mean_ece(items: Items, temperature: float) -> float:
    """Expected calibration error, each set weighing the same; in [0, 1], lower is better."""
    return float(
        np.mean([expected_calibration_error(softmax(x / temperature), gold) for x, gold in items])
    )


if __name__ == "__main__":
    main()

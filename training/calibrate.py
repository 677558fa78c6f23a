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

from run_folder import dev_logits

from stance.learning.calibration import fit_temperature

# Head -> the dev sets that label it.
SETS = {
    "stance": ("corpus_dev", "corpus_analysis_dev", "dse_dev"),
    "sentiment": ("newsmtsc-rw_dev", "newsmtsc-mt_dev"),
    "shift_from": ("corpus_dev",),
    "act": ("corpus_dev",),
}


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
    (args.run / "calibration.json").write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()

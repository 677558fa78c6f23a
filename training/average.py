"""Average the weights of runs: `python training/average.py --out build/average build/run1 build/run2`.

Runs that start from one base with one seed for the new heads can be averaged weight by weight, and the
mean is better than either (model soups, Wortsman et al., ICML 2022). Writes a run folder.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

from safetensors.torch import load_file, save_file


def main() -> None:
    """Average and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    weights = [load_file(run / "network.safetensors") for run in args.runs]
    mean = {name: sum(w[name] for w in weights) / len(weights) for name in weights[0]}
    args.out.mkdir(parents=True, exist_ok=True)
    save_file(mean, args.out / "network.safetensors")
    for name in ("network.json", "tokenizer.json"):
        shutil.copy(args.runs[0] / name, args.out / name)
    records = [json.loads((run / "training.json").read_text()) for run in args.runs]
    (args.out / "training.json").write_text(json.dumps({"averaged": records}, indent=1))


if __name__ == "__main__":
    main()

"""Make the model folder: `python training/export.py --run build/run --out models/stance-small-en`.

Writes the ONNX graphs and int8 weights, tokenizer, config with temperatures, golden answers and
the training record. evaluate.py adds metrics, the card and the checksums.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

from run_folder import read_settings

from stance.learning.export import write_model
from stance.model.artefact import ModelConfig, write_checksums
from stance.model.encode import read_tokenizer
from stance.model.network import read_network
from stance.scoring.golden import write_golden
from stance.values import SCHEMA_VERSION

ABSTAIN_BELOW = 0.5  # no label has the majority of the probability


def main() -> None:
    """Export one run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, default=Path("build/run"))
    parser.add_argument("--out", type=Path, default=Path("models/stance-small-en"))
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for file in args.out.iterdir():  # nothing of an earlier model is left to be mixed in
        file.unlink()
    settings = read_settings(args.run)
    calibration = json.loads((args.run / "calibration.json").read_text(encoding="utf-8"))
    config = ModelConfig(
        model_id=args.out.name,
        schema_version=SCHEMA_VERSION,
        pair_heads=settings["pair_heads"],
        tags=settings["tags"],
        temperatures={head: fit["temperature"] for head, fit in calibration.items()},
        shift_above=calibration["shift_from"]["shift_above"],
        abstain_below=ABSTAIN_BELOW,
        max_length=settings["max_length"],
        pad_id=settings["pad_id"],
    )
    tokenizer = read_tokenizer(args.run / "tokenizer.json")
    scorer = write_model(read_network(args.run), tokenizer, config, args.out)
    shutil.copy(args.run / "training.json", args.out / "training.json")
    questions = (Path(__file__).parent / "golden.jsonl").read_text(encoding="utf-8").splitlines()
    write_golden(scorer, map(json.loads, questions), args.out / "golden.jsonl")
    write_checksums(args.out)


if __name__ == "__main__":
    main()

"""Make the model folder: `python training/export.py --run build/run --out models/stance-small-en`.

Writes the ONNX graphs and int8 weights, tokenizer, config with temperatures, golden answers and
the training record. evaluate.py adds metrics, the card and the checksums.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import warnings
from pathlib import Path

from run_folder import read_settings

from stance.actor_table import load_actor_table
from stance.artefact import ModelConfig, write_checksums
from stance.backends import OnnxBackend
from stance.encode import read_tokenizer
from stance.export import WEIGHTS, export_onnx
from stance.golden import write_golden
from stance.network import read_network
from stance.scoring import Scorer
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
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's exporter warns about its own internals
        export_onnx(read_network(args.run), args.out)
    settings = read_settings(args.run)
    calibration = json.loads((args.run / "calibration.json").read_text(encoding="utf-8"))
    digest = hashlib.sha256((args.out / WEIGHTS).read_bytes()).hexdigest()
    config = {
        "model_id": f"{args.out.name}-{digest[:8]}",
        "schema_version": SCHEMA_VERSION,
        "pair_heads": settings["pair_heads"],
        "tags": settings["tags"],
        "temperatures": {head: fit["temperature"] for head, fit in calibration.items()},
        "abstain_below": ABSTAIN_BELOW,
        "max_length": settings["max_length"],
        "pad_id": settings["pad_id"],
    }
    (args.out / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    tokenizer = read_tokenizer(args.run / "tokenizer.json")
    tokenizer.save(str(args.out / "tokenizer.json"), pretty=False)
    shutil.copy(args.run / "training.json", args.out / "training.json")
    scorer = Scorer(
        ModelConfig.read(args.out), OnnxBackend(args.out), tokenizer, load_actor_table()
    )
    questions = (Path(__file__).parent / "golden.jsonl").read_text(encoding="utf-8").splitlines()
    write_golden(scorer, map(json.loads, questions), args.out / "golden.jsonl")
    write_checksums(args.out)


if __name__ == "__main__":
    main()

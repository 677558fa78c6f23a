"""Let other networks answer the training sets: `python training/teach.py --teachers build/teacher --out build/soft`.

Writes `<set>.safetensors`: the mean of the teachers' probabilities for every question of
`stance.learning.examples.ask_all`, and how many questions each sentence has. `train.py --soft build/soft` lets
the small network learn from them beside the labels.
Source: Hinton et al., Distilling the Knowledge in a Neural Network, 2015.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from run_folder import run_logits
from safetensors.numpy import load_file, save_file

from stance.errors import InputError
from stance.learning.examples import Example, ask_all
from stance.metrics import softmax
from stance.model.artefact import sha256_of

SETS = ("newsmtsc_train", "dse_train", "corpus_train")


def main() -> None:
    """Answer every set that is not answered yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("build/data"))
    parser.add_argument("--teachers", type=Path, nargs="+", required=True, help="run folders")
    parser.add_argument("--weights", type=float, nargs="+", help="of the teachers; default: equal")
    parser.add_argument("--out", type=Path, default=Path("build/soft"))
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    weights = args.weights or [1.0] * len(args.teachers)
    for name in SETS:
        path = args.out / f"{name}.safetensors"
        if not path.exists():
            pairs = list(zip(args.teachers, weights, strict=True))
            answers = [(w, answer(run, args.data, name)) for run, w in pairs]
            counts = answers[0][1][1]
            soft = sum(w * p for w, (p, _) in answers) / sum(weights)
            save_file({"soft": soft.astype(np.float32), "counts": counts}, path)
            print(name, len(counts), "sentences", len(soft), "questions", flush=True)
    records = [teacher_record(r, w) for r, w in zip(args.teachers, weights, strict=True)]
    (args.out / "teachers.json").write_text(json.dumps(records), encoding="utf-8")


@torch.autocast("cpu", dtype=torch.bfloat16)
def answer(run: Path, data: Path, name: str) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """A network's probabilities on a set. Shape: (questions, sum of head sizes), (sentences,)."""
    examples, heads = run_logits(run, data, name, ask_all)
    each = [softmax(np.concatenate(logits)) for logits in heads.values()]
    return np.concatenate(each, axis=1), np.array([len(e.pairs) for e in examples])


def teacher_record(run: Path, weight: float) -> dict[str, Any]:
    """What a teacher was, without the passes before it."""
    training = json.loads((run / "training.json").read_text(encoding="utf-8"))
    last = {key: training[key] for key in ("base", "config", "shares", "dev") if key in training}
    return {"weight": weight, "sha256": sha256_of(run / "network.safetensors"), **last}


def with_soft(examples: Sequence[Example], folder: Path | None, name: str) -> list[Example]:
    """The examples with every question asked and the teachers' answers, if they answered this set.

    Raises:
        InputError: the answers are of other sentences.
    """
    path = folder / f"{name}.safetensors" if folder else None
    if path is None or not path.exists():
        return list(examples)
    asked = [ask_all(e) for e in examples]
    stored = load_file(path)
    if [len(e.pairs) for e in asked] != stored["counts"].tolist():
        raise InputError(f"{path} answers other questions than {name} has now; delete it")
    rows = np.split(stored["soft"], np.cumsum(stored["counts"])[:-1])
    return [replace(e, soft=soft) for e, soft in zip(asked, rows, strict=True)]


def soft_record(folder: Path | None) -> dict[str, Any] | None:
    """For training.json: digests of the answers a run learns from, and whose they are."""
    if folder is None:
        return None
    files = sorted(folder.glob("*.safetensors"))
    teachers = json.loads((folder / "teachers.json").read_text(encoding="utf-8"))
    return {"sha256": {f.name: sha256_of(f) for f in files}, "teachers": teachers}


if __name__ == "__main__":
    main()

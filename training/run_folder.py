"""Read what build_data.py and train.py wrote: labelled sets, settings, a network's logits on a set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from stance.evaluation.formats import read_pairs
from stance.learning.examples import UNLABELLED, Example, TaggedSentence, make_examples
from stance.learning.loop import predict
from stance.model.encode import read_tokenizer
from stance.model.network import NetworkConfig, read_network

if TYPE_CHECKING:
    from tokenizers import Tokenizer

TAGGED = {
    "corpus_train": "mentions_train",
    "joined_train": "mentions_joined_train",
    "renamed_train": "mentions_renamed_train",
    "corpus_dev": "mentions_dev",
    "corpus_analysis_dev": "mentions_analysis_dev",
}


def read_examples(
    data: Path,
    name: str,
    config: NetworkConfig,
    tokenizer: Tokenizer,
    max_length: int,
    share: float = 1.0,
) -> list[Example]:
    """The sentences of a set with their labelled pairs, and their mentions where all are given."""
    mentions: list[TaggedSentence] = []
    if name in TAGGED:
        with (data / f"{TAGGED[name]}.jsonl").open(encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        mentions = [
            TaggedSentence(
                r["text"], tuple((m["start"], m["end"], m["use"]) for m in r["mentions"])
            )
            for r in rows
        ]
    pairs = read_pairs(data / f"{name}.jsonl")
    return make_examples(pairs, mentions, config, tokenizer, max_length, share)


def read_settings(run: Path) -> dict[str, Any]:
    """The run's network.json: sizes, labels, pad_id and max_length."""
    settings: dict[str, Any] = json.loads((run / "network.json").read_text(encoding="utf-8"))
    return settings


def dev_logits(
    run: Path, data: Path, name: str
) -> dict[str, tuple[NDArray[np.float64], NDArray[np.int64]]]:
    """For every head, the logits and gold indices of the set's pairs that carry its label."""
    network, settings = read_network(run), read_settings(run)
    tokenizer = read_tokenizer(run / "tokenizer.json")
    pairs = read_pairs(data / f"{name}.jsonl")
    examples = make_examples(pairs, [], network.config, tokenizer, settings["max_length"])
    found, _ = predict(network, examples, pad_id=settings["pad_id"])
    answers = np.array([a for e in examples for a in e.answers])
    out = {}
    for index, (head, labels) in enumerate(network.config.pair_heads.items()):
        logits = np.concatenate([x.reshape(-1, len(labels)) for x in found[head]]).astype(
            np.float64
        )
        known = answers[:, index] != UNLABELLED
        if known.any():
            out[head] = (logits[known], answers[known, index])
    return out

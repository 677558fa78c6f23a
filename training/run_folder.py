"""Read what build_data.py and train.py wrote: labelled sets, settings, a network's logits on a set."""

from __future__ import annotations

import json
from collections.abc import Callable
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


def run_logits(
    run: Path, data: Path, name: str, also: Callable[[Example], Example] = lambda e: e
) -> tuple[list[Example], dict[str, list[NDArray[np.float32]]]]:
    """A set's examples as `also` makes them, and each head's logits, an array an example."""
    network, settings = read_network(run), read_settings(run)
    tokenizer = read_tokenizer(run / "tokenizer.json")
    found = read_examples(data, name, network.config, tokenizer, settings["max_length"])
    examples = [also(example) for example in found]
    return examples, predict(network, examples, pad_id=settings["pad_id"])[0]


def dev_logits(
    run: Path, data: Path, name: str
) -> dict[str, tuple[NDArray[np.float64], NDArray[np.int64]]]:
    """For every head, the logits and gold indices of the set's pairs that carry its label."""
    examples, found = run_logits(run, data, name)
    answers = np.array([a for e in examples for a in e.answers])
    out = {}
    for index, (head, each) in enumerate(found.items()):
        logits = np.concatenate(each).astype(np.float64)
        known = answers[:, index] != UNLABELLED
        if known.any():
            out[head] = (logits[known], answers[known, index])
    return out

"""The training loop on the tiny network: it learns, resumes, and refuses another recipe's state."""

import json
import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer

from stance.errors import InputError
from stance.evaluation.labelled import LabelledPair
from stance.learning.examples import (
    UNLABELLED,
    Example,
    TaggedSentence,
    ask_all,
    collate,
    make_examples,
)
from stance.learning.loop import TrainConfig, predict, train
from stance.model.encode import NOBODY
from stance.model.network import NetworkConfig, StanceNetwork

from .conftest import TINY

TOKENIZER = Tokenizer.from_file(str(TINY / "tokenizer.json"))
CONFIG = TrainConfig(
    epochs=3,
    batch_size=8,
    encoder_lr=1e-3,
    head_lr=3e-3,
    average_decay=0.9,
    patience=0,
    bfloat16=False,
)


def fresh_network() -> StanceNetwork:
    config = NetworkConfig.from_json(json.loads((TINY / "network.json").read_text()))
    network = StanceNetwork(config)
    network.load_state_dict(load_file(TINY / "network.safetensors"))
    return network


def examples(network: StanceNetwork) -> list[Example]:
    pairs, tagged = [], []
    for i, verb in enumerate(["praised", "thanked", "accused", "condemned"] * 6):
        text = f"Tokyo {verb} Paris over the treaty {i}"
        start = text.index("Paris")
        label = "favor" if verb in ("praised", "thanked") else "against"
        span = (start, start + 5)
        pairs.append(
            LabelledPair(f"{i}a", text, (0, 5), span, stance=label, shift_from="none", act="NONE")
        )
        pairs.append(LabelledPair(f"{i}b", text, span, (0, 5), stance="neutral"))
        pairs.append(LabelledPair(f"{i}c", text, None, span, sentiment="positive"))
        tagged.append(TaggedSentence(text, ((0, 5, "actor"), (*span, "actor"))))
    return make_examples(pairs, tagged, network.config, TOKENIZER, 32)


def accuracy(network: StanceNetwork, data: list[Example]) -> Mapping[str, float]:
    logits, _ = predict(network, data, pad_id=0)
    right = [
        int(row.argmax()) == answers[0]
        for e, rows in zip(data, logits["stance"], strict=True)
        for row, answers in zip(rows, e.answers, strict=True)
        if answers[0] >= 0
    ]
    return {"score": sum(right) / len(right)}


def run(
    checkpoint: Path,
    config: TrainConfig = CONFIG,
    stop_after: int | None = None,
    fingerprint: str = "data",
) -> StanceNetwork:
    network = fresh_network()
    data = examples(network)
    calls = 0

    def dev_score(net: StanceNetwork) -> Mapping[str, float]:
        nonlocal calls
        calls += 1
        if calls - 1 == stop_after:
            raise KeyboardInterrupt
        return accuracy(net, data)

    train(
        network,
        data,
        config,
        pad_id=0,
        checkpoint=checkpoint,
        fingerprint=fingerprint,
        dev_score=dev_score,
        log=lambda _: None,
    )
    return network


def test_it_learns(tmp_path: Path) -> None:
    before = fresh_network()
    config = TrainConfig(
        epochs=30,
        batch_size=8,
        encoder_lr=2e-3,
        head_lr=5e-3,
        average_decay=0.9,
        patience=0,
        bfloat16=False,
    )
    after = run(tmp_path / "c.safetensors", config)
    data = examples(before)
    assert accuracy(before, data)["score"] < 0.8
    assert accuracy(after, data)["score"] == 1.0


def test_killed_and_resumed_is_as_never_killed(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole.safetensors")
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "parts.safetensors", stop_after=1)
    resumed = run(tmp_path / "parts.safetensors")
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def test_a_teacher_answers_what_nobody_labelled(tmp_path: Path) -> None:
    """Labels say nothing of Paris toward nobody else; the teacher says it is portrayed badly."""
    network = fresh_network()
    heads = network.config.pair_heads
    labelled = [replace(e, pairs=e.pairs[:1], answers=e.answers[:1]) for e in examples(network)]
    asked = [ask_all(e) for e in labelled]
    assert [e.pairs[1:] for e in asked[:1]] == [
        ((NOBODY, asked[0].pairs[0][0]), (NOBODY, asked[0].pairs[0][1]))
    ]
    assert set(asked[0].answers[1]) == {UNLABELLED}
    soft = np.zeros((3, sum(map(len, heads.values()))), dtype=np.float32)
    at = len(heads["stance"])  # sentiment comes second
    soft[1:, at : at + 3] = (0.9, 0.1, 0.0)
    data = [replace(e, soft=soft) for e in asked]
    config = replace(CONFIG, epochs=30, encoder_lr=2e-3, head_lr=5e-3, teacher_weight=1.0)
    checkpoint = tmp_path / "c.safetensors"
    train(
        network,
        data,
        config,
        pad_id=0,
        checkpoint=checkpoint,
        fingerprint="data",
        dev_score=lambda net: accuracy(net, data),
        log=lambda _: None,
    )
    logits, _ = predict(network, data, pad_id=0)
    found = np.stack([torch.from_numpy(x).softmax(-1).numpy() for x in logits["sentiment"]])
    assert found[:, 1:, 0].mean() == pytest.approx(0.9, abs=0.1)
    assert accuracy(network, data)["score"] > 0.9, "labels still count"


def test_soft_answers_follow_their_pairs_when_some_are_sampled() -> None:
    network = fresh_network()
    (example, *_) = examples(network)
    soft = np.arange(len(example.pairs), dtype=np.float32)[:, None]
    batch = collate([replace(example, soft=soft)], 0, 4, sample=(2, random.Random(3)))
    chosen = batch["soft"][0, :, 0].int().tolist()
    assert [tuple(x) for x in batch["pairs"][0].tolist()] == [
        (*example.pairs[i][0], *example.pairs[i][1]) for i in chosen
    ]


def test_frozen_layers_keep_the_weights_of_the_base(tmp_path: Path) -> None:
    before, after = (
        fresh_network(),
        run(tmp_path / "c.safetensors", replace(CONFIG, frozen_layers=1)),
    )
    kept = {n for n, v in after.state_dict().items() if torch.equal(v, before.state_dict()[n])}
    first = {n for n in kept if n.startswith("layers.0.")}
    assert "words.weight" in kept and "layers.0.query.weight" in kept
    assert first == {
        n for n in before.state_dict() if n.startswith("layers.0.") and "relation_" not in n
    }
    assert "layers.1.query.weight" not in kept


def test_state_of_another_recipe_is_refused(tmp_path: Path) -> None:
    run(tmp_path / "c.safetensors")
    with pytest.raises(InputError, match="another configuration"):
        run(tmp_path / "c.safetensors", TrainConfig(epochs=4, batch_size=8))
    with pytest.raises(InputError, match="other data"):
        run(tmp_path / "c.safetensors", fingerprint="other data")


def test_tags_and_missing_labels() -> None:
    network = fresh_network()
    (example, *_) = examples(network)
    tags = network.config.tags
    assert example.tags is not None
    assert tags[example.tags[1]] == "B-actor"
    assert example.answers[2][0] < 0, "a row without stance teaches none"


def test_sentiment_is_taught_without_the_source() -> None:
    network = fresh_network()
    pair = LabelledPair("1", "Tokyo praised Paris", (0, 5), (14, 19), "favor", "positive")
    (example,) = make_examples([pair], [], network.config, TOKENIZER, 32)
    assert example.pairs == (((1, 2), (3, 4)), (NOBODY, (3, 4)))
    stance, sentiment = example.answers
    assert (stance[0], stance[1], sentiment[0], sentiment[1]) == (2, UNLABELLED, UNLABELLED, 2)


def test_recipe_without_a_step_is_refused() -> None:
    with pytest.raises(InputError, match="epochs is 0; must be at least 1"):
        TrainConfig(epochs=0)


def test_class_weights_move_the_loss_to_rare_labels(tmp_path: Path) -> None:
    from stance.learning.loop import _class_weights

    network = fresh_network()
    data = examples(network)  # 12 favor, 12 against, 24 neutral
    weights = _class_weights(network, TrainConfig(class_weights="balanced"), data)
    assert weights.tolist() == pytest.approx([48 / 36, 48 / 72, 48 / 36])
    assert _class_weights(network, TrainConfig(), data).tolist() == [1, 1, 1]


def test_checkpoint_is_no_pickle(tmp_path: Path) -> None:
    run(tmp_path / "c.safetensors")
    raw = (tmp_path / "c.safetensors").read_bytes()
    header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
    assert json.loads(header["__metadata__"]["facts"])["fingerprint"] == "data"
    (tmp_path / "c.safetensors").write_bytes(b"\x80\x04" + raw[2:])
    with pytest.raises(InputError, match="no checkpoint of stance"):
        run(tmp_path / "c.safetensors")

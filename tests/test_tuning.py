"""Fine-tuning as a user does it, on the tiny model: the folder, own labels, a kill, what is refused."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

import stance
from stance.evaluation.labelled import LabelledPair
from stance.learning.loop import TrainConfig
from stance.learning.tuning import split_by_document
from stance.model.artefact import ModelConfig
from stance.model.network import HF_EMBEDDINGS, HF_LAYER, network_from_base, read_network

from .conftest import ROOT, TINY

QUICK = TrainConfig(
    epochs=4, batch_size=8, encoder_lr=2e-3, head_lr=5e-3, average_decay=0.8, bfloat16=False
)
PLACES = ("Paris", "Moscow", "Cairo", "London", "Seoul", "Manila", "Kyiv")
OWN = ("oppose", "mixed", "favour")
LABELS = {"favour": 1.0, "mixed": 0.0, "oppose": -1.0}
VERBS = {"praised": 1, "thanked": 1, "accused": -1, "condemned": -1}


def rows(labels: tuple[str, str, str] = ("against", "neutral", "favor")) -> list[LabelledPair]:
    """Two directed pairs for each of 28 sentences."""
    pairs = []
    for place in PLACES:
        for verb, sign in VERBS.items():
            text = f"Tokyo {verb} {place} over the treaty"
            start = text.index(place)
            span = (start, start + len(place))
            pairs.append(LabelledPair(f"{place}-{verb}", text, (0, 5), span, labels[sign + 1]))
            pairs.append(LabelledPair(f"{place}-{verb}-back", text, span, (0, 5), labels[1]))
    return pairs


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with labels of its own, one of which is "mixed"."""
    out = tmp_path_factory.mktemp("models") / "mine"
    lines: list[str] = []
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # sums in one order, as in the run that is killed
    stance.finetune(rows(OWN), out, TINY, QUICK, labels=LABELS, device="cpu", log=lines.append)
    torch.set_num_threads(threads)
    assert any("epoch 1/4 loss" in line and "dev stance macro-F1" in line for line in lines)
    return out


def test_folder_is_whole_and_loads_under_both_backends(trained: Path) -> None:
    names = {p.name for p in trained.iterdir()}
    assert names == {
        "README.md", "SHA256SUMS", "calibration.json", "config.json", "encoder.onnx", "golden.jsonl", "metrics.json",
        "network.json", "network.safetensors", "pairs.onnx", "tokenizer.json", "training.json", "weights.bin",
    }  # fmt: skip
    document = stance.Document("d", "Beijing praised Tokyo over the treaty.")
    onnx, torch_ = (stance.load(trained, backend=name) for name in ("onnx", "torch"))
    for one, other in zip(onnx([document]), torch_([document]), strict=True):
        assert one.score == pytest.approx(other.score, abs=1e-4)


def test_own_labels_live_in_the_config(trained: Path) -> None:
    config = ModelConfig.read(trained)
    assert config.stances == ("oppose", "mixed", "favour")
    assert config.stance_values == (-1.0, 0.0, 1.0)
    (pair,) = [p for p in rows() if p.id == "Paris-praised"]
    scorer = stance.load(trained)
    (prediction,) = scorer.predict(
        [stance.scoring.pairs.pair_of(pair.text, pair.source, pair.target)]
    )
    assert prediction.stance in config.stances
    assert prediction.score == pytest.approx(
        prediction.stance_probs[2] - prediction.stance_probs[0]
    )
    for record in scorer([stance.Document("d", "Beijing praised Tokyo.")]):
        assert record.stance in config.stances and record.side in stance.values.STANCES


def test_card_and_record_say_what_was_done(trained: Path) -> None:
    card = (trained / "README.md").read_text()
    assert "| mixed | 0.0 |" in card and "fine-tuned from `tiny`" in card
    training = json.loads((trained / "training.json").read_text())
    assert sum(training["pairs"]["train"].values()) + sum(training["pairs"]["dev"].values()) == 56
    assert training["base"] == "tiny" and training["config"]["seed"] == 13
    metrics = json.loads((trained / "metrics.json").read_text())
    assert metrics["dev"]["n"] == sum(training["pairs"]["dev"].values())
    # The tiny model has other labels, so the two are compared under ours.
    assert metrics["against"]["signature"]["labels"] == ["against", "neutral", "favor"]


def test_finished_run_returns_at_once_and_another_is_refused(trained: Path) -> None:
    labels = {"oppose": -1, "mixed": 0, "favour": 1}
    lines: list[str] = []
    given = rows(OWN)
    again = stance.finetune(given, trained, TINY, QUICK, labels=labels, log=lines.append)
    assert again == ModelConfig.read(trained) and lines == [f"{trained} is finished already"]
    with pytest.raises(stance.InputError, match="holds something else"):
        stance.finetune(given[:40], trained, TINY, QUICK, labels=labels, log=lines.append)


def test_evaluate_and_calibrate_it(trained: Path, tmp_path: Path) -> None:
    given = rows(OWN)
    scorer = stance.load(trained)
    before = stance.evaluate(given, scorer)
    assert before.labels == ("oppose", "mixed", "favour") and "f1_mixed" in before.metrics
    fits = stance.calibrate(given, tmp_path / "calibrated", trained)
    after = stance.load(tmp_path / "calibrated")
    assert after.config.temperatures["stance"] == fits["stance"]["temperature"]
    assert after.config.model_id != scorer.config.model_id
    assert stance.evaluate(given, after).confusion == before.confusion
    assert fits["stance"]["nll"][1] <= fits["stance"]["nll"][0]
    with pytest.raises(stance.InputError, match="exists already"):
        stance.calibrate(given, tmp_path / "calibrated", trained)


PROGRAM = """
import sys
import stance
from tests.test_tuning import LABELS, OWN, QUICK, TINY, rows
stance.finetune(rows(OWN), sys.argv[1], TINY, QUICK, labels=LABELS, device="cpu")
"""


def test_killed_by_the_system_it_goes_on_to_the_same_weights(trained: Path, tmp_path: Path) -> None:
    """SIGKILL once the first epoch is on disk; the same command ends as a run that was never killed."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "killed")]
    checkpoint = tmp_path / "killed.part" / "checkpoint.safetensors"
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
    while not checkpoint.exists() and process.poll() is None:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (tmp_path / "killed").exists()
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert "epoch 1/" not in done.stdout, "what was done is not done again"
    one, other = (read_network(p).state_dict() for p in (tmp_path / "killed", trained))
    for name, value in one.items():
        assert torch.equal(value, other[name]), name
    assert not checkpoint.parent.exists()


def test_parts_share_no_document_and_no_text() -> None:
    pairs = rows()
    kept, held = split_by_document(pairs, 0.25, seed=1)
    assert len(kept) + len(held) == len(pairs) and len({p.text for p in held}) == 7
    assert not {p.text for p in kept} & {p.text for p in held}
    assert split_by_document(pairs, 0.25, seed=1) == (kept, held)
    with pytest.raises(stance.InputError, match="3 documents are too few"):
        split_by_document(pairs[:6], 0.25, seed=1)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ({"yes": 1.0, "no": 0.0}, "at least one label must be below zero"),
        ({"yes": 2.0, "no": -1.0}, "values must rise"),
        ({"favor": -1.0, "against": 1.0}, "against must be below zero"),
    ],
)
def test_labels_that_mean_nothing(labels: dict[str, float], message: str, tmp_path: Path) -> None:
    with pytest.raises(stance.InputError, match=message):
        stance.finetune(rows(), tmp_path / "m", TINY, labels=labels)


def test_what_is_refused(tmp_path: Path) -> None:
    with pytest.raises(stance.InputError, match="field 'stance' must be one of"):
        stance.finetune(rows(("hate", "neutral", "love")), tmp_path / "m", TINY)
    with pytest.raises(stance.ModelNotFoundError, match="does not exist"):
        stance.finetune(rows(), tmp_path / "m", tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(stance.ModelNotFoundError, match="has no config.json"):
        stance.finetune(rows(), tmp_path / "m", tmp_path / "empty")
    with pytest.raises(stance.InputError, match="on different texts"):
        stance.finetune(rows(), tmp_path / "m", TINY, dev=rows())
    with pytest.raises(stance.InputError, match="device 'abacus' cannot be used"):
        stance.finetune(rows(), tmp_path / "m", TINY, device="abacus", log=lambda _: None)
    wrong = TrainConfig(class_weights={"against": 1.0})
    with pytest.raises(stance.InputError, match="class_weights are"):
        stance.finetune(rows(), tmp_path / "m", TINY, wrong, log=lambda _: None)


def test_hugging_face_encoder_folder(tmp_path: Path) -> None:
    """The tiny encoder under the names Hugging Face gives it, with fresh heads for five labels."""
    base = tmp_path / "encoder"
    base.mkdir()
    network = read_network(TINY)
    names = {ours: f"embeddings.{theirs}" for ours, theirs in HF_EMBEDDINGS.items()}
    for i in range(network.config.layers):
        names |= {f"layers.{i}.{o}": f"encoder.layer.{i}.{t}" for o, t in HF_LAYER.items()}
    weights = {}
    for name, value in network.state_dict().items():
        stem, _, kind = name.rpartition(".")
        if stem in names:
            weights[f"bert.{names[stem]}.{kind}"] = value
    save_file(weights, base / "model.safetensors")
    sizes = {
        "model_type": "bert", "hidden_act": "gelu", "vocab_size": 420, "hidden_size": 32, "num_hidden_layers": 2,
        "num_attention_heads": 4, "intermediate_size": 64, "max_position_embeddings": 64, "pad_token_id": 0,
        "type_vocab_size": 2, "layer_norm_eps": 1e-12,
    }  # fmt: skip
    (base / "config.json").write_text(json.dumps(sizes))
    with pytest.raises(stance.InputError, match=r"no tokenizer\.json"):
        stance.finetune(rows(), tmp_path / "m", base)
    (base / "tokenizer.json").write_bytes((TINY / "tokenizer.json").read_bytes())
    five = {"worst": -1.0, "bad": -0.5, "none": 0.0, "good": 0.5, "best": 1.0}
    given = [p for p in rows(("bad", "none", "best"))]
    config = stance.finetune(
        given, tmp_path / "m", base, TrainConfig(epochs=1, batch_size=8, class_weights="balanced"),
        labels=five, log=lambda _: None,
    )  # fmt: skip
    assert config.stances == tuple(five) and config.stance_values == tuple(five.values())
    scorer = stance.load(tmp_path / "m")
    (answer,) = scorer.predict(
        [stance.scoring.pairs.pair_of("Tokyo praised Paris", (0, 5), (14, 19))]
    )
    assert len(answer.stance_probs) == 5 and sum(answer.sides) == pytest.approx(1, abs=1e-5)
    assert torch.equal(
        network_from_base(base, network.config.pair_heads, network.config.tags).words.weight,
        network.words.weight,
    )

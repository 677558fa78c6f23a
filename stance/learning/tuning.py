"""`stance.finetune`: a user's labelled pairs in, a model folder that `stance.load` reads out.

Read, split, train, calibrate, write. The loop itself is in `stance.learning.loop`, the folder in
`stance.learning.export`.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from stance.errors import InputError
from stance.evaluation.answers import TASKS, ask, fingerprint
from stance.evaluation.comparison import compare_answers
from stance.evaluation.formats import Labelled, read_pairs
from stance.evaluation.labelled import LabelledPair
from stance.evaluation.scores import evaluate_answers
from stance.learning.calibration import fit_scorer, with_temperatures
from stance.learning.card import write_card
from stance.learning.examples import UNLABELLED, Example, make_examples
from stance.learning.export import write_model
from stance.learning.loop import Run, TrainConfig, predict, train
from stance.learning.start import Labels, Start, starting_point
from stance.learning.teacher import complete
from stance.metrics import confusion_matrix, macro_f1
from stance.model.artefact import ModelConfig, default_dir, stance_problem, write_checksums
from stance.model.backends import device_of
from stance.model.network import StanceNetwork, write_network
from stance.model.restore import network_of
from stance.scoring.golden import rewrite_golden

DEV_SHARE = 0.2
FEWEST_DOCUMENTS = 5


@dataclass(frozen=True, slots=True)
class _Data:
    """Training and dev pairs, and how many training pairs were dropped as their text is in dev."""

    train: list[LabelledPair]
    dev: list[LabelledPair]
    dropped: int

    @property
    def digest(self) -> str:
        """SHA-256 over both parts, whatever files they came from."""
        return hashlib.sha256(repr((self.train, self.dev)).encode()).hexdigest()


def finetune(
    pairs: Labelled,
    out_dir: str | os.PathLike[str],
    base: str | os.PathLike[str] | None = None,
    config: TrainConfig | None = None,
    *,
    dev: Labelled | None = None,
    labels: Mapping[str, float] | None = None,
    device: str | None = None,
    log: Callable[[str], None] = print,
) -> ModelConfig:
    """Train on labelled pairs and write a model folder; `stance.load(out_dir)` loads it.

    What the pairs say nothing about (mentions, acts, shifts, portrayals) is answered by the starting
    model, so that learning one thing does not undo the others. The epoch that does best on the dev
    part is kept, and temperatures are fitted on it. Killed, the same call goes on from the last
    epoch; finished, it returns at once.

    Args:
        pairs: a file, a table or pairs, as `read_pairs` takes them; texts are sentences.
        out_dir: a folder that does not exist yet, or the unfinished one of the same call.
        base: a model folder of stance, a Hugging Face encoder folder, or the id of one on the hub
            (with huggingface_hub installed); None for the shipped model.
        config: the recipe; None for `TrainConfig()`.
        dev: pairs to choose the epoch and fit temperatures on; None holds back a fifth of the
            documents (`doc_id`, else the text). Training rows whose text is in dev are dropped.
        labels: stance labels of your own and what each counts in a score, in [−1, 1]: below zero
            is a kind of against, above zero a kind of favor, zero counts as neutral. None: those of
            the base if it is a model of stance, else against, neutral, favor.
        device: "cpu", "cuda", ...; None takes a GPU if there is one.
        log: receives a line every 50 steps and every epoch, with loss and dev scores.

    Returns:
        The new model's configuration.

    Raises:
        InputError: a row, the labels, the base or the folder is not as described.
        ModelError: the base is a model folder that cannot be loaded.
    """
    out, config, begun = Path(out_dir), config or TrainConfig(), time.monotonic()
    start = starting_point(base, _in_order(labels), config.max_length, config.seed)
    names, values = start.config.stances, start.config.stance_values
    data = _read(pairs, dev, names, config.seed)
    conditions = [data.digest, start.digest, asdict(config), names, values]
    run_id = hashlib.sha256(json.dumps(conditions).encode()).hexdigest()
    if _is_finished(out, run_id):
        log(f"{out} is finished already")
        return ModelConfig.read(out)
    work = out.with_name(out.name + ".part")
    target = device_of(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    log(f"{len(data.train)} pairs to train on, {len(data.dev)} to choose the epoch, on {target}")
    run = _train(start, data, config, work, run_id, target, log)
    record = {
        "run_id": run_id,
        "config": asdict(config),
        "history": run.history,
        "device": str(target),
        "torch": torch.__version__,
        "seconds_since_last_start": round(time.monotonic() - begun),
    }
    written = _write(start, data, work / "model", record | _origin(start, data))
    if out.exists():
        out.rmdir()
    os.replace(work / "model", out)
    shutil.rmtree(work)
    return written


def _origin(start: Start, data: _Data) -> dict[str, Any]:
    """What the model was made from, for its record."""
    config = start.config
    return {
        "base": start.name,
        "labels": dict(zip(config.stances, config.stance_values, strict=True)),
        "pairs": _counts(data),
        "train_sha256": fingerprint(data.train),
        "dev_sha256": fingerprint(data.dev),
    }


def _in_order(labels: Mapping[str, float] | None) -> Labels | None:
    """The labels and their values, lowest first."""
    if labels is None:
        return None
    ordered = sorted(labels, key=labels.__getitem__)
    values = tuple(float(labels[name]) for name in ordered)
    problem = stance_problem(ordered, values)
    if problem:
        raise InputError(f"labels: {problem}")
    return tuple(ordered), values


def _read(pairs: Labelled, dev: Labelled | None, labels: Sequence[str], seed: int) -> _Data:
    given = read_pairs(pairs, labels=labels)
    if dev is None:
        kept, held = split_by_document(given, DEV_SHARE, seed)
    else:
        kept, held = given, read_pairs(dev, labels=labels)
    texts = {p.text for p in held}
    clean = [p for p in kept if p.text not in texts]
    if not clean or not held:
        raise InputError(
            f"{len(clean)} pairs to train on and {len(held)} to choose the epoch on are left; "
            "both parts need some, on different texts"
        )
    return _Data(clean, held, len(kept) - len(clean))


def split_by_document(
    pairs: Sequence[LabelledPair], share: float, seed: int
) -> tuple[list[LabelledPair], list[LabelledPair]]:
    """The pairs in two parts that have no document in common; the second has `share` of the documents.

    Raises:
        InputError: there are fewer than five documents.
    """
    documents = list(dict.fromkeys(p.doc_id or p.text for p in pairs))
    if len(documents) < FEWEST_DOCUMENTS:
        raise InputError(
            f"{len(documents)} documents are too few to hold some back for choosing the epoch",
            hint="give more, or pairs for that purpose of their own (dev)",
        )
    random.Random(seed).shuffle(documents)
    held = set(documents[: max(1, round(share * len(documents)))])
    parts: tuple[list[LabelledPair], list[LabelledPair]] = ([], [])
    for pair in pairs:
        parts[(pair.doc_id or pair.text) in held].append(pair)
    return parts


def _counts(data: _Data) -> dict[str, Any]:
    """Pairs by part and stance."""
    counts: dict[str, Any] = {"dropped_from_train": data.dropped}
    for name, part in (("train", data.train), ("dev", data.dev)):
        said = [p.stance or "(sentiment only)" for p in part]
        counts[name] = {label: said.count(label) for label in sorted(set(said))}
    return counts


def _is_finished(out: Path, run_id: str) -> bool:
    """True if `out` holds the model of this very run; anything else there is an error."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return False
    record = out / "training.json"
    if record.is_file() and json.loads(record.read_text(encoding="utf-8")).get("run_id") == run_id:
        return True
    raise InputError(
        f"{out} exists and holds something else, or a model of other data or another recipe",
        hint="give another folder, or remove this one",
    )


def _train(
    start: Start,
    data: _Data,
    config: TrainConfig,
    work: Path,
    run_id: str,
    device: torch.device,
    log: Callable[[str], None],
) -> Run:
    """Train the starting network in place."""
    sizes, length = start.network.config, start.config.max_length
    completed, tagged = complete(data.train, start.teacher)
    examples = make_examples(completed, tagged, sizes, start.tokenizer, length)
    dev = make_examples(data.dev, [], sizes, start.tokenizer, length)
    start.network.to(device)
    run = train(
        start.network,
        examples,
        config,
        pad_id=start.config.pad_id,
        checkpoint=work / "checkpoint.safetensors",
        fingerprint=run_id,
        dev_score=lambda network: dev_scores(network, dev, start.config.pad_id),
        log=log,
    )
    start.network.to("cpu")
    return run


def dev_scores(network: StanceNetwork, dev: Sequence[Example], pad_id: int) -> dict[str, float]:
    """Macro-F1 of stance and sentiment, where dev has them, and "score", their mean."""
    logits, _ = predict(network, dev, pad_id=pad_id)
    scores = {}
    for index, (head, labels) in enumerate(network.config.pair_heads.items()):
        gold = np.array([a[index] for e in dev for a in e.answers])
        known = gold != UNLABELLED
        if head in TASKS and known.any():
            found = np.concatenate([x.reshape(-1, len(labels)) for x in logits[head]]).argmax(1)
            counts = confusion_matrix(gold[known], found[known], len(labels))
            scores[f"dev {head} macro-F1"] = float(macro_f1(counts))
    return {**scores, "score": sum(scores.values()) / max(1, len(scores))}


def _write(start: Start, data: _Data, directory: Path, record: Mapping[str, Any]) -> ModelConfig:
    """The whole model folder."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    name = directory.parent.name.removesuffix(".part")
    scorer = write_model(
        start.network, start.tokenizer, replace(start.config, model_id=name), directory
    )
    # The torch backend gets the weights of the graphs, so that both give the same answers.
    write_network(network_of(directory), directory, start.config.pad_id, start.config.max_length)
    fits = fit_scorer(scorer, data.dev)
    scorer = with_temperatures(scorer, fits)
    scorer.config.write(directory)
    # Our own questions: a model folder that is passed on holds none of the user's texts.
    shutil.copy(default_dir() / "golden.jsonl", directory)
    rewrite_golden(scorer, directory / "golden.jsonl")
    answers = ask(data.dev, scorer)
    theirs = ask(data.dev, start.teacher, answers.task, record["labels"])
    for file, content in (
        ("training.json", record),
        ("calibration.json", {"data_sha256": fingerprint(data.dev), "fits": fits}),
        (
            "metrics.json",
            {
                "dev": evaluate_answers(answers).to_json(),
                "against": compare_answers(answers, theirs).to_json(),
            },
        ),
    ):
        (directory / file).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    write_card(directory)
    write_checksums(directory)
    return scorer.config

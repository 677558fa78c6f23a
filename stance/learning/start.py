"""Where fine-tuning starts: a model folder of stance, or a Hugging Face encoder with fresh heads."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from stance.errors import InputError, ModelNotFoundError
from stance.model.artefact import CHECKSUMS, ModelConfig, default_dir, sha256_of
from stance.model.encode import read_tokenizer
from stance.model.hub import download
from stance.model.network import PAIR_HEADS, TAGS, StanceNetwork, network_from_base, relabel
from stance.model.restore import network_of
from stance.scoring.scorer import Scorer, load
from stance.values import STANCE_VALUES, STANCES

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Labels = tuple[tuple[str, ...], tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Start:
    """A network ready to be trained, and what goes with it.

    `config` has the labels the new model will have; `teacher` is the stance model that answers what
    the user's rows leave open: the base itself, or the shipped one; `digest` names the weights.
    """

    name: str
    digest: str
    network: StanceNetwork
    tokenizer: Tokenizer
    config: ModelConfig
    teacher: Scorer


def starting_point(
    base: str | os.PathLike[str] | None, labels: Labels | None, max_length: int, seed: int
) -> Start:
    """The network to train.

    Args:
        base: see `stance.finetune`.
        labels: the stance labels of the new model and their values, lowest first; None for those
            of the base.
        max_length: longest window in tokens; what the base can read if that is less.
        seed: of fresh weights.

    Raises:
        InputError: the base is neither kind of folder.
        ModelError: a model folder cannot be loaded.
    """
    folder = default_dir() if base is None else _folder(base)
    try:
        raw = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelNotFoundError(
            f"{folder} has no config.json that can be read: {error}",
            hint="give a model folder of stance, or a Hugging Face folder with config.json, "
            "model.safetensors and tokenizer.json",
        ) from error
    torch.manual_seed(seed)
    if isinstance(raw, dict) and "pair_heads" in raw:
        return _from_model(folder, labels, max_length)
    return _from_encoder(folder, raw, labels or (STANCES, STANCE_VALUES), max_length)


def _folder(base: str | os.PathLike[str]) -> Path:
    """The folder itself, or the hub's copy of it on this machine."""
    path = Path(base)
    if path.is_dir():
        return path
    if not isinstance(base, str) or base.count("/") != 1 or base.startswith((".", "/")):
        raise ModelNotFoundError(f"model folder {os.fspath(base)!r} does not exist")
    return download(base, also=["model.safetensors"])


def _from_model(folder: Path, labels: Labels | None, max_length: int) -> Start:
    teacher = load(folder)
    config, network = teacher.config, network_of(folder)
    if labels is not None and labels != (config.stances, config.stance_values):
        stances, values = labels
        network = relabel(network, stances, _likest(labels, config))
        heads = {**config.pair_heads, "stance": stances}
        config = replace(config, pair_heads=heads, stance_values=values)
    config = replace(config, max_length=min(max_length, config.max_length))
    digest = sha256_of(folder / CHECKSUMS)
    return Start(teacher.config.model_id, digest, network, teacher.tokenizer, config, teacher)


def _likest(labels: Labels, old: ModelConfig) -> list[int]:
    """For each new label the old one it starts from: of its name, else its side and nearest value."""

    def distance(name: str, value: float, index: int) -> tuple[bool, bool, float]:
        theirs = old.stance_values[index]
        return (old.stances[index] != name, value * theirs < 0, abs(value - theirs))

    indices = range(len(old.stances))
    return [
        min(indices, key=lambda i: distance(name, value, i))
        for name, value in zip(*labels, strict=True)
    ]


def _from_encoder(folder: Path, raw: object, labels: Labels, max_length: int) -> Start:
    stances, values = labels
    network = network_from_base(folder, {**PAIR_HEADS, "stance": stances}, TAGS)
    if not (folder / "tokenizer.json").is_file():
        raise InputError(
            f"{folder} has no tokenizer.json",
            hint="AutoTokenizer.from_pretrained(...).save_pretrained(folder) writes one",
        )
    pad_id = (raw.get("pad_token_id") if isinstance(raw, dict) else None) or 0
    sizes, teacher = network.config, load()
    config = ModelConfig(
        model_id=folder.name,
        schema_version=teacher.config.schema_version,
        pair_heads=sizes.pair_heads,
        tags=sizes.tags,
        temperatures=dict.fromkeys(sizes.pair_heads, 1.0),
        abstain_below=teacher.config.abstain_below,
        shift_above=teacher.config.shift_above,
        max_length=min(max_length, sizes.positions - sizes.position_offset),
        pad_id=pad_id,
        stance_values=values,
    )
    digest = sha256_of(folder / "model.safetensors")
    tokenizer = read_tokenizer(folder / "tokenizer.json")
    return Start(folder.name, digest, network, tokenizer, config, teacher)

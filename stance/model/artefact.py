"""Find, check and read a model folder.

A folder holds `encoder.onnx` and `pairs.onnx` (two graphs over the int8 weights in
`weights.bin`), `tokenizer.json`, `config.json` (labels, window, temperatures), `golden.jsonl`
(sentences with the answers this model must give), its card and `SHA256SUMS`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from stance.errors import ModelMismatchError, ModelNotFoundError
from stance.values import SCHEMA_VERSION, SENTIMENTS, STANCE_VALUES, STANCES

DEFAULT_MODEL = "stance-small-en"
NEEDED = (
    "encoder.onnx",
    "pairs.onnx",
    "weights.bin",
    "config.json",
    "tokenizer.json",
    "golden.jsonl",
)
TORCH_FILES = ("network.json", "network.safetensors")
"""What the torch backend reads besides; a folder need not have them."""
CHECKSUMS = "SHA256SUMS"
MAX_TEXT_BYTES = 64_000_000
"""A JSON file, list of checksums or card beyond this is not read."""
ARCHIVES = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"\x1f\x8b")
"""How zip files (torch's and numpy's among them), pickles and gzip files begin."""


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """What a model says of itself.

    `pair_heads` maps each head to its labels, in the order of the logits; `temperatures` divides
    a head's logits before the softmax; predictions in which none of against, neutral and favor has
    the probability `abstain_below` are marked as abstained; an earlier stance is given where one is
    stated with the probability `shift_above` or more. `max_length` counts tokens.
    `stance_values` says what each label of the head "stance" counts in a score, in [−1, 1],
    lowest first. Labels below zero are kinds of against, labels above it kinds of favor, labels
    at zero count as neutral.
    """

    model_id: str
    schema_version: int
    pair_heads: Mapping[str, tuple[str, ...]]
    tags: tuple[str, ...]
    temperatures: Mapping[str, float]
    abstain_below: float
    max_length: int
    pad_id: int
    stance_values: tuple[float, ...] = STANCE_VALUES
    shift_above: float = 0.5

    @property
    def stances(self) -> tuple[str, ...]:
        """The model's stance labels, hostile end first."""
        return self.pair_heads["stance"]

    @classmethod
    def read(cls, directory: Path) -> ModelConfig:
        """The config.json of a model folder.

        Raises:
            ModelMismatchError: not JSON, a field is missing, or labels or schema are not ours.
        """
        path = directory / "config.json"
        try:
            raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            heads = {head: tuple(labels) for head, labels in raw["pair_heads"].items()}
            values = tuple(map(float, raw.get("stance_values", STANCE_VALUES)))
            given = {
                "pair_heads": heads,
                "tags": tuple(raw["tags"]),
                "stance_values": values,
                "temperatures": {head: float(t) for head, t in raw["temperatures"].items()},
                "max_length": int(raw["max_length"]),
                "pad_id": int(raw["pad_id"]),
            }
            config = cls(**{**raw, **given})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelMismatchError(f"{path} is not a model configuration: {error}") from error
        if config.schema_version != SCHEMA_VERSION:
            raise ModelMismatchError(
                f"{path} has schema_version {config.schema_version!r}; this version of stance reads {SCHEMA_VERSION}"
            )
        problem = stance_problem(heads.get("stance", ()), values)
        if problem:
            raise ModelMismatchError(f"{path} orders the labels of stance wrongly: {problem}")
        if heads.get("sentiment") != SENTIMENTS:
            raise ModelMismatchError(
                f"{path} orders the labels of sentiment as {heads.get('sentiment')}; must be {SENTIMENTS}"
            )
        for head in ("stance", "sentiment", "shift_from", "act"):
            if not heads.get(head) or not config.temperatures.get(head, 0) > 0:
                raise ModelMismatchError(
                    f"{path} lacks the labels or a positive temperature of the head {head}"
                )
        return config

    def write(self, directory: Path) -> None:
        """Write config.json into a model folder; `write_checksums` has to follow."""
        text = json.dumps(asdict(self), indent=1) + "\n"
        (directory / "config.json").write_text(text, encoding="utf-8")


def stance_problem(labels: Sequence[str], values: Sequence[float]) -> str | None:
    """What is wrong with stance labels and the values they count in a score, or None."""
    given = f"{tuple(labels)} count {tuple(values)}"
    if len(labels) != len(values) or len(set(labels)) != len(labels):
        return f"{given}; each label needs a name and a value of its own"
    if not all(-1 <= v <= 1 for v in values) or list(values) != sorted(values):
        return f"{given}; values must rise, from -1 at the lowest to 1 at the highest"
    if not values or not values[0] < 0 < values[-1]:
        return f"{given}; at least one label must be below zero and one above"
    for label, value in zip(labels, values, strict=True):
        if label in STANCES and STANCES.index(label) - 1 != (value > 0) - (value < 0):
            return f"{given}; against must be below zero, neutral zero, favor above"
    return None


def default_dir() -> Path:
    """The model that came with the package, else the one in the checkout this file is in."""
    packaged = Path(__file__).parents[1] / "_model"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "models" / DEFAULT_MODEL


def check_folder(directory: Path) -> None:
    """Compare every file with SHA256SUMS, and refuse what is no ONNX, safetensors or JSON.

    Raises:
        ModelNotFoundError: no such folder, or none of a model's files in it.
        ModelMismatchError: a file is missing, differs from its checksum, is not in the list, is
            an archive or a pickle, or is too large for what it should be.
    """
    sums = directory / CHECKSUMS
    if not any((directory / name).is_file() for name in (CHECKSUMS, *NEEDED)):
        raise _no_model(directory)
    if not sums.is_file():
        raise ModelMismatchError(f"{sums} is missing", hint="copy the whole model folder")
    _check_content(sums)
    listed = _read_checksums(sums)
    for name in (*NEEDED, *TORCH_FILES):
        if name not in listed and (name in NEEDED or (directory / name).exists()):
            raise ModelMismatchError(
                f"{sums} does not list {name}", hint="the folder was copied in part or edited"
            )
    for name, expected in listed.items():
        if not (directory / name).is_file():
            raise ModelMismatchError(
                f"{directory / name} is missing", hint="copy the whole model folder"
            )
        _check_content(directory / name)
        found = sha256_of(directory / name)
        if found != expected:
            raise ModelMismatchError(
                f"{directory / name} has SHA-256 {found[:12]}…, SHA256SUMS says {expected[:12]}…",
                hint="the file was changed or copied in part; install the model again",
            )


def _no_model(directory: Path) -> ModelNotFoundError:
    if directory.is_file():
        what = "is a file; stance loads folders, and never unpacks or unpickles one"
    elif directory.is_dir():
        what = "holds no model"
    else:
        what = "does not exist"
    return ModelNotFoundError(
        f"model folder {os.fspath(directory)!r} {what}",
        hint="give the folder of a stance model; the default one comes with the package",
    )


def _check_content(path: Path) -> None:
    """Raise ModelMismatchError for an archive or pickle, or for text too large to be read."""
    if (
        path.suffix not in (".onnx", ".bin", ".safetensors")
        and path.stat().st_size > MAX_TEXT_BYTES
    ):
        raise ModelMismatchError(
            f"{path} has {path.stat().st_size:,} bytes; at most {MAX_TEXT_BYTES:,} are read",
            hint="only the weights of a model are large; take the model from where you trust it",
        )
    if path.suffix == ".bin":  # the graphs' raw numbers, which may begin with any bytes
        return
    with open(path, "rb") as file:
        start = file.read(4)
    if start.startswith(ARCHIVES):
        raise ModelMismatchError(
            f"{path} is a zip, gzip or pickle file; stance reads only ONNX, safetensors and JSON",
            hint="unpickling a file can run any code in it; export the model as `stance train` does",
        )


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal, read in pieces."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_checksums(path: Path) -> dict[str, str]:
    listed = {}
    for number, line in enumerate(
        path.read_text(encoding="utf-8", errors="replace").splitlines(), 1
    ):
        digest, _, name = line.partition("  ")
        if len(digest) != 64 or not name or "/" in name or "\\" in name:
            raise ModelMismatchError(
                f"{path}, line {number}: {line[:80]!r} is not '<sha256>  <file name>'"
            )
        listed[name] = digest
    return listed


def write_checksums(directory: Path) -> None:
    """Write SHA256SUMS over every other file in the folder, by name."""
    lines = [
        f"{sha256_of(file)}  {file.name}\n"
        for file in sorted(directory.iterdir())
        if file.is_file() and file.name != CHECKSUMS
    ]
    (directory / CHECKSUMS).write_text("".join(lines), encoding="utf-8")

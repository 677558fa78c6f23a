"""A model folder that is not what it says fails loudly."""

import gzip
import json
import pickle
import shutil
from pathlib import Path

import pytest

import stance
from stance.model.artefact import MAX_TEXT_BYTES, write_checksums

from .conftest import TINY


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TINY, tmp_path / "model"))


def test_untouched_copy_loads(folder: Path) -> None:
    assert stance.load(folder).config.model_id == "tiny"


@pytest.mark.parametrize(
    "name",
    ["encoder.onnx", "pairs.onnx", "weights.bin", "config.json", "tokenizer.json", "golden.jsonl"],
)
def test_missing_or_changed_file_is_named(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes() or b"x")
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(stance.ModelMismatchError, match=name):
        stance.load(folder)
    (folder / name).unlink()
    with pytest.raises(stance.ModelMismatchError, match=name):
        stance.load(folder)


def test_half_copied_file(folder: Path) -> None:
    raw = (folder / "weights.bin").read_bytes()
    (folder / "weights.bin").write_bytes(raw[: len(raw) // 2])
    with pytest.raises(stance.ModelMismatchError, match="weights.bin"):
        stance.load(folder)


def test_shortened_list_of_checksums(folder: Path) -> None:
    (folder / "SHA256SUMS").write_text("")
    with pytest.raises(stance.ModelMismatchError, match="does not list"):
        stance.load(folder)


def test_garbage_graph_under_right_checksums(folder: Path) -> None:
    (folder / "encoder.onnx").write_bytes(b"not a graph")
    write_checksums(folder)
    with pytest.raises(stance.ModelMismatchError, match="ONNX Runtime cannot load"):
        stance.load(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema_version": 99}, "schema_version 99"),
        (
            {"pair_heads": {"stance": ["favor", "neutral", "against"]}},
            "orders the labels of stance",
        ),
        ({"mood": 1}, "mood"),
        ({"temperatures": {"stance": 1.0}}, "temperature of the head sentiment"),
    ],
)
def test_wrong_configuration(folder: Path, change: dict[str, object], message: str) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **change}))
    write_checksums(folder)
    with pytest.raises(stance.ModelMismatchError, match=message):
        stance.load(folder)


def test_wrong_golden_answer(folder: Path) -> None:
    row = {
        "text": "Tokyo praised Paris",
        "source": {"start": 0, "end": 5},
        "target": {"start": 14, "end": 19},
    }
    (folder / "golden.jsonl").write_text(
        json.dumps({**row, "stance_probs": [1.0, 0.0, 0.0]}) + "\n"
    )
    write_checksums(folder)
    with pytest.raises(stance.ModelMismatchError, match="should give"):
        stance.load(folder)


def test_no_such_folder_and_backend(tmp_path: Path) -> None:
    with pytest.raises(stance.ModelNotFoundError, match="does not exist"):
        stance.load(tmp_path / "nowhere")
    with pytest.raises(stance.ModelNotFoundError, match="holds no model"):
        stance.load(tmp_path)
    with pytest.raises(stance.InputError, match="must be 'onnx' or 'torch'"):
        stance.load(TINY, backend="tensorflow")


def test_folder_copied_without_its_checksums(folder: Path) -> None:
    (folder / "SHA256SUMS").unlink()
    with pytest.raises(stance.ModelMismatchError, match="SHA256SUMS is missing"):
        stance.load(folder)


@pytest.mark.parametrize(
    "content",
    [b"PK\x03\x04rest", pickle.dumps({}), gzip.compress(b"x")],
    ids=["zip", "pickle", "gzip"],
)
@pytest.mark.parametrize("name", ["config.json", "encoder.onnx", "network.safetensors"])
def test_archives_and_pickles_are_refused_under_right_checksums(
    folder: Path, name: str, content: bytes
) -> None:
    (folder / name).write_bytes(content)
    write_checksums(folder)
    with pytest.raises(stance.ModelMismatchError, match=f"{name} is a zip, gzip or pickle file"):
        stance.load(folder)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_bytes(pickle.dumps({}))
    with pytest.raises(stance.ModelNotFoundError, match="is a file; stance loads folders"):
        stance.load(tmp_path / "model.pt")


def test_oversized_text_is_not_read(folder: Path) -> None:
    with open(folder / "config.json", "wb") as file:
        file.truncate(MAX_TEXT_BYTES + 1)  # a sparse file: takes no room
    write_checksums(folder)
    with pytest.raises(stance.ModelMismatchError, match="config.json has 64,000,001 bytes"):
        stance.load(folder)


def test_torch_weights_must_be_listed_and_sound(folder: Path) -> None:
    (folder / "network.safetensors").write_bytes(b"not safetensors")
    (folder / "network.json").write_text("{}")
    sums = (folder / "SHA256SUMS").read_text().splitlines(keepends=True)
    (folder / "SHA256SUMS").write_text("".join(line for line in sums if "network" not in line))
    with pytest.raises(stance.ModelMismatchError, match="does not list network"):
        stance.load(folder)
    write_checksums(folder)
    with pytest.raises(stance.ModelMismatchError, match="torch cannot load the network"):
        stance.load(folder, backend="torch")


def test_graph_cannot_read_outside_the_folder(folder: Path) -> None:
    """ONNX names the file its weights are in; one outside the folder is not opened."""
    import onnx

    (folder.parent / "secret.bin").write_bytes((folder / "weights.bin").read_bytes())
    graph = onnx.load(folder / "encoder.onnx", load_external_data=False)
    moved = 0
    for tensor in graph.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value, moved = "../secret.bin", moved + 1
    assert moved
    onnx.save(graph, folder / "encoder.onnx")
    write_checksums(folder)
    with pytest.raises(stance.ModelMismatchError, match="ONNX Runtime cannot load"):
        stance.load(folder)

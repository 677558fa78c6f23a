"""Graphs turned back into a network give the graphs' answers."""

import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

import stance
from stance.learning.export import export_onnx
from stance.model.artefact import default_dir
from stance.model.backends import OnnxBackend
from stance.model.encode import encode_sentences, pad_windows
from stance.model.network import NetworkConfig, StanceNetwork, read_network
from stance.model.restore import network_of

from .conftest import TINY

SENTENCES = [
    "Beijing condemned Tokyo over the treaty and thanked Paris.",
    "After months of silence the minister said that Ankara, once a critic, would back Kyiv.",
]
SPANS = np.array([[[1, 2, 3, 4], [3, 4, 1, 2], [1, 2, 0, 1]]] * 2)


def same_answers(folder: Path, network: StanceNetwork, tolerance: float) -> None:
    config = stance.load(folder, threads=1)
    windows = [w[0] for w in encode_sentences(config.tokenizer, SENTENCES, 32)]
    ids, mask = pad_windows(windows, config.config.pad_id)
    onnx_backend = OnnxBackend(folder, 1)
    text = onnx_backend.encode(ids, mask)
    with torch.inference_mode():
        ours = network.encode(torch.from_numpy(ids), torch.from_numpy(mask))
        logits = network.score(ours, torch.from_numpy(SPANS))
    real = mask.astype(bool)
    assert np.abs(ours["tags"].numpy() - text["tags"])[real].max() < tolerance
    assert np.abs(logits.numpy() - onnx_backend.score(text, SPANS)).max() < tolerance


def test_shipped_weights_are_those_of_the_graphs() -> None:
    same_answers(default_dir(), network_of(default_dir()), 1e-4)


def test_tiny_folder_without_torch_weights(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(TINY, tmp_path / "model"))
    kept = read_network(folder)
    (folder / "network.safetensors").unlink()
    stance.model.artefact.write_checksums(folder)
    restored = network_of(folder)
    same_answers(folder, restored, 1e-4)
    # Arrays too small to be stored as int8 come back to the last bit.
    assert torch.equal(restored.pair_output.weight, kept.pair_output.weight)
    assert torch.equal(restored.layers[1].relation_key, kept.layers[1].relation_key)


def test_torch_weights_are_taken_where_they_lie() -> None:
    assert torch.equal(network_of(TINY).words.weight, read_network(TINY).words.weight)


@pytest.mark.filterwarnings("ignore")
def test_position_offset_of_a_roberta(tmp_path: Path) -> None:
    sizes = NetworkConfig(
        60, 16, 1, 2, 32, 40, 2, 1, 1e-5, {"stance": stance.values.STANCES}, ("O",)
    )
    export_onnx(StanceNetwork(sizes), tmp_path)
    shutil.copy(TINY / "config.json", tmp_path)
    from stance.model.restore import _position_offset, _read_graph

    assert _position_offset(_read_graph(tmp_path, "encoder.onnx")) == 2


def test_foreign_graphs_are_refused(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(TINY, tmp_path / "model"))
    (folder / "network.safetensors").unlink()
    model = onnx.load(folder / "pairs.onnx", load_external_data=False)
    del model.graph.node[40:]
    onnx.save(model, folder / "pairs.onnx")
    with pytest.raises(stance.ModelMismatchError, match="cannot be turned back"):
        network_of(folder)

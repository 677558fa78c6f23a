"""The network of a model folder, ready to be trained on: the inverse of `stance.learning.export`.

A folder that holds `network.safetensors` gives its weights as they are. The shipped folder holds
only the two graphs; there the weights are the int8 numbers times their scales, which is what ONNX
Runtime computes with, so the network gives the graphs' answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper

from stance.errors import ModelMismatchError
from stance.model.artefact import ModelConfig
from stance.model.network import NetworkConfig, StanceNetwork, read_network

Array = NDArray[Any]


def network_of(directory: Path) -> StanceNetwork:
    """The network of a model folder, in eval mode.

    Args:
        directory: a checked model folder (`stance.model.artefact.check_folder`).

    Raises:
        ModelMismatchError: the graphs are not of the form that `stance.learning.export` writes.
    """
    if (directory / "network.safetensors").is_file():
        return read_network(directory)
    encoder, pairs = (_read_graph(directory, name) for name in ("encoder.onnx", "pairs.onnx"))
    try:
        weights = {**_named(encoder), **_norms(encoder), **_named(pairs), **_relations(pairs)}
        network = StanceNetwork(_sizes(encoder, pairs, weights, ModelConfig.read(directory)))
        network.load_state_dict({name: torch.from_numpy(w.copy()) for name, w in weights.items()})
    except (KeyError, ValueError, RuntimeError, StopIteration) as error:
        raise ModelMismatchError(
            f"the graphs in {directory} cannot be turned back into a network: {error}",
            hint="give the training run's folder, or a model folder with network.safetensors",
        ) from error
    return network.eval()


@dataclass(frozen=True, slots=True)
class _Graph:
    """A graph's operations in order, and its constants as floats."""

    nodes: tuple[onnx.NodeProto, ...]
    constants: dict[str, Array]


def _read_graph(directory: Path, name: str) -> _Graph:
    graph = onnx.load(directory / name, load_external_data=False).graph
    stored = {t.name: numpy_helper.to_array(t, str(directory)) for t in graph.initializer}
    for node in graph.node:
        if node.op_type == "DequantizeLinear":
            stored[node.output[0]] = unfolded(node, *(stored[name] for name in node.input[:2]))
    for name in [name for name in stored if name.endswith("_int8")]:
        table = name.removesuffix("_int8")
        if table not in stored:  # embeddings, whose rows are unfolded as they are looked up
            stored[table] = stored[name].astype(np.float32) * stored[f"{table}_scale"]
    return _Graph(tuple(graph.node), stored)


def unfolded(node: onnx.NodeProto, small: Array, scale: Array) -> Array:
    """What a DequantizeLinear gives: the weights as floats."""
    axis = next(a.i for a in node.attribute if a.name == "axis")
    out: Array = small.astype(np.float32) * (scale[:, None] if axis == 0 else scale)
    return out


def _named(graph: _Graph) -> dict[str, Array]:
    """Parameters by their names in the network.

    The exporter keeps the names of vectors and embeddings. A matrix has lost its name, but it is the
    one whose product a named bias is added to.
    """
    prefix = "network."
    found = {
        name.removeprefix(prefix): array
        for name, array in graph.constants.items()
        if name.startswith(prefix) and not name.endswith(("_int8", "_scale"))
    }
    matrices = {
        node.output[0]: graph.constants[node.input[1]]
        for node in graph.nodes
        if node.op_type == "MatMul" and node.input[1] in graph.constants
    }
    for node in graph.nodes:
        if node.op_type == "Add" and node.input[0] in matrices:
            stem = node.input[1].removeprefix(prefix).removesuffix(".bias")
            # A linear layer multiplies by the transposed weight.
            found[f"{stem}.weight"] = matrices[node.input[0]].T
    return found


def _norms(encoder: _Graph) -> dict[str, Array]:
    """Norms in the order in which text passes them, as the exporter merges equal ones.

    Before the first, the one row of the token types in use is added to words and positions.
    """
    nodes = [n for n in encoder.nodes if n.op_type == "LayerNormalization"]
    last_sum = next(n for n in encoder.nodes if n.output[0] == nodes[0].input[0])
    found = {"token_types.weight": encoder.constants[last_sum.input[1]][None]}
    for index, node in enumerate(nodes):
        layer, is_output = divmod(index - 1, 2)
        place = f"layers.{layer}.{'output' if is_output else 'attention'}" if index else "embedding"
        for kind, name in zip(("weight", "bias"), node.input[1:], strict=True):
            found[f"{place}_norm.{kind}"] = encoder.constants[name]
    return found


def _relations(graph: _Graph) -> dict[str, Array]:
    """Relation keys and values of each layer: the four-dimensional constants, in turn."""
    found = {}
    for index, array in enumerate(_split_constants(graph)):
        layer, is_value = divmod(index, 2)
        kind = "value" if is_value else "key"
        by_head = array[0] if is_value else array[0].transpose(0, 2, 1)  # (H, 2, D/H)
        found[f"layers.{layer}.relation_{kind}"] = by_head.transpose(1, 0, 2).reshape(2, -1)
    return found


def _split_constants(graph: _Graph) -> Iterator[Array]:
    for node in graph.nodes:
        if node.op_type == "MatMul" and node.input[1] in graph.constants:
            array = graph.constants[node.input[1]]
            if array.ndim == 4:
                yield array


def _sizes(
    encoder: _Graph, pairs: _Graph, weights: dict[str, Array], config: ModelConfig
) -> NetworkConfig:
    norm = next(n for n in encoder.nodes if n.op_type == "LayerNormalization")
    return NetworkConfig(
        vocab_size=weights["words.weight"].shape[0],
        hidden_size=weights["words.weight"].shape[1],
        layers=sum(name.endswith(".relation_key") for name in weights),
        heads=next(_split_constants(pairs)).shape[1],
        intermediate_size=weights["layers.0.intermediate.bias"].shape[0],
        positions=weights["positions.weight"].shape[0],
        position_offset=_position_offset(encoder),
        token_types=1,
        layer_norm_eps=next(a.f for a in norm.attribute if a.name == "epsilon"),
        pair_heads=config.pair_heads,
        tags=config.tags,
    )


def _position_offset(encoder: _Graph) -> int:
    """What is added to the place of a token before its position is looked up; nothing for BERT."""
    table = "network.positions.weight"
    lookups = (n for n in encoder.nodes if n.op_type == "Gather")
    lookup = next(n for n in lookups if n.input[0].removesuffix("_int8") == table)
    made_by = next(n for n in encoder.nodes if n.output[0] == lookup.input[1])
    return int(encoder.constants[made_by.input[1]]) if made_by.op_type == "Add" else 0

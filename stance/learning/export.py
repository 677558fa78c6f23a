"""A trained network to a model folder: two ONNX graphs over shared int8 weights, and what goes with them.

The text graph reads sentences, the pair graph answers pairs from what the text graph returned; both
use the encoder's matrices, which are therefore stored once, in `weights.bin`. Weights are
int8 with one scale for each output column (for each row of the embeddings), symmetric around
zero; activations stay float. Matrices are unfolded once, at load, embeddings row by row as they are looked up.
"""

from __future__ import annotations

import hashlib
import logging
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from stance.actors.table import load_actor_table
from stance.model.artefact import ModelConfig, sha256_of
from stance.model.backends import OnnxBackend
from stance.model.network import StanceNetwork
from stance.scoring.scorer import Scorer

if TYPE_CHECKING:
    from tokenizers import Tokenizer

WEIGHTS = "weights.bin"
SMALLEST = 10_000
"""Arrays with fewer numbers stay float inside the graph."""


def write_model(
    network: StanceNetwork, tokenizer: Tokenizer, config: ModelConfig, directory: Path
) -> Scorer:
    """Write graphs, weights, tokenizer and config into `directory`; the scorer reads them back.

    Golden answers, card and checksums are left to the caller: they come after calibration.

    Args:
        network: trained, on the CPU.
        tokenizer: written as tokenizer.json.
        config: `model_id` is the model's name; eight digits of the weights' hash are added.
        directory: must exist.
    """
    # torch's exporter warns about its own internals.
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logger.setLevel(logging.ERROR)
        try:
            export_onnx(network, directory)
        finally:
            logger.setLevel(level)
    digest = sha256_of(directory / WEIGHTS)
    config = replace(config, model_id=f"{config.model_id}-{digest[:8]}")
    config.write(directory)
    tokenizer.save(str(directory / "tokenizer.json"), pretty=False)
    return Scorer(config, OnnxBackend(directory), tokenizer, load_actor_table())


class _Encode(nn.Module):
    def __init__(self, network: StanceNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, ids: Tensor, mask: Tensor) -> dict[str, Tensor]:
        return self.network.encode(ids, mask)


class _Score(nn.Module):
    def __init__(self, network: StanceNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, text: dict[str, Tensor], pairs: Tensor) -> Tensor:
        return self.network.score(text, pairs)


def export_onnx(network: StanceNetwork, directory: Path) -> None:
    """Write encoder.onnx, pairs.onnx and weights.bin into `directory`."""
    network = network.eval()
    # From 2 on, since torch 2.9 refuses what holds of 1 only by broadcasting; the graphs take 1 as well.
    batch, length, pairs = (torch.export.Dim(name, min=2) for name in ("batch", "length", "pairs"))
    ids = torch.arange(48).reshape(2, 24) + 5
    with torch.inference_mode():
        text = {k: v.clone() for k, v in network.encode(ids, torch.ones_like(ids)).items()}
    names = list(text)
    encoder = torch.onnx.export(
        _Encode(network).eval(),
        (ids, torch.ones_like(ids)),
        dynamo=True,
        verbose=False,
        input_names=["ids", "mask"],
        output_names=names,
        dynamic_shapes={"ids": {0: batch, 1: length}, "mask": {0: batch, 1: length}},
    )
    del text["tags"]
    spans = torch.tensor([[[1, 3, 5, 6], [0, 1, 5, 6], [2, 4, 0, 1]]] * 2)
    scorer = torch.onnx.export(
        _Score(network).eval(),
        (text, spans),
        dynamo=True,
        verbose=False,
        input_names=[*text, "pairs"],
        output_names=["logits"],
        dynamic_shapes={
            "text": {k: {0: batch, (3 if k == "bias" else 1): length} for k in text},
            "pairs": {0: batch, 1: pairs},
        },
    )
    weights = _SharedWeights()
    for program, file in ((encoder, "encoder.onnx"), (scorer, "pairs.onnx")):
        assert program is not None  # torch returns None only for its legacy exporter
        model = program.model_proto
        _strip(model)
        _quantise(model, weights)
        onnx.save(model, directory / file)
    (directory / WEIGHTS).write_bytes(weights.content)


class _SharedWeights:
    """The bytes of weights.bin; equal arrays are stored once."""

    def __init__(self) -> None:
        self.content = bytearray()
        self._places: dict[str, int] = {}

    def add(self, array: NDArray[np.int8]) -> int:
        """The offset of the array's bytes."""
        raw = array.tobytes()
        key = hashlib.sha256(raw).hexdigest()
        if key not in self._places:
            # ONNX asks for offsets that can be mapped page by page.
            self.content.extend(b"\0" * (-len(self.content) % 4096))
            self._places[key] = len(self.content)
            self.content.extend(raw)
        return self._places[key]


def _strip(model: onnx.ModelProto) -> None:
    """Remove what the exporter noted for debugging: stack traces with the paths of this machine."""
    del model.metadata_props[:], model.graph.metadata_props[:], model.graph.value_info[:]
    for item in (
        *model.graph.node,
        *model.graph.input,
        *model.graph.output,
        *model.graph.initializer,
    ):
        del item.metadata_props[:]
        item.doc_string = ""


def _quantise(model: onnx.ModelProto, weights: _SharedWeights) -> None:
    """Replace every large float initializer by int8 and what unfolds it, in place."""
    kept, nodes = [], []
    for tensor in model.graph.initializer:
        array = numpy_helper.to_array(tensor)
        if array.dtype != np.float32 or array.ndim != 2 or array.size < SMALLEST:
            kept.append(tensor)
            continue
        name = tensor.name
        lookups = [n for n in model.graph.node if n.op_type == "Gather" and n.input[0] == name]
        axis = 0 if lookups else 1
        scale = np.abs(array).max(axis=1 - axis, keepdims=bool(lookups)) / 127
        scale = np.where(scale == 0, 1, scale).astype(np.float32)
        small = np.rint(array / scale).astype(np.int8)
        small_name, scale_name = f"{name}_int8", f"{name}_scale"
        kept.append(_external(small_name, small, weights.add(small)))
        kept.append(numpy_helper.from_array(scale, scale_name))
        if lookups:
            for node in lookups:
                _unfold_after(node, small_name, scale_name, model.graph)
        else:
            nodes.append(
                helper.make_node(
                    "DequantizeLinear", [small_name, scale_name], [name], f"{name}_float", axis=axis
                )
            )
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    rest = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*nodes, *rest])


def _unfold_after(lookup: onnx.NodeProto, small: str, scale: str, graph: onnx.GraphProto) -> None:
    """Look int8 rows up and unfold only these: embeddings stay a quarter of their size in memory."""
    index, out = lookup.input[1], lookup.output[0]
    at = list(graph.node).index(lookup)
    steps = [
        helper.make_node("Gather", [small, index], [f"{out}_int8"], axis=0),
        helper.make_node("Gather", [scale, index], [f"{out}_scale"], axis=0),
        helper.make_node("Cast", [f"{out}_int8"], [f"{out}_cast"], to=TensorProto.FLOAT),
        helper.make_node("Mul", [f"{out}_cast", f"{out}_scale"], [out]),
    ]
    del graph.node[at]
    for step in reversed(steps):
        graph.node.insert(at, step)


def _external(name: str, array: NDArray[Any], offset: int) -> onnx.TensorProto:
    tensor = onnx.TensorProto(name=name, data_type=TensorProto.INT8, dims=array.shape)
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", WEIGHTS), ("offset", offset), ("length", array.nbytes)):
        tensor.external_data.add(key=key, value=str(value))
    return tensor

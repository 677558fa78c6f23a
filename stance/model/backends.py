"""Who computes the network: ONNX Runtime by default, torch for training folders and comparison."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from stance.errors import MissingDependencyError, ModelMismatchError, ModelNotFoundError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


class Backend(Protocol):
    """Reads a batch of sentences once, then answers any pairs in them."""

    def encode(self, ids: Array, mask: Array) -> dict[str, Array]:
        """Token ids and mask (B, L) -> arrays with B first; `tags` (B, L, tags) are the tagger's logits."""
        ...

    def score(self, text: Mapping[str, Array], pairs: Array) -> Array:
        """What `encode` returned and token spans (B, P, 4) -> logits (B, P, all pair labels)."""
        ...


class OnnxBackend:
    """The two shipped graphs on ONNX Runtime's CPU provider."""

    def __init__(self, directory: Path, threads: int | None = None) -> None:
        """Load both graphs.

        Args:
            directory: the model folder.
            threads: threads inside an operator; None lets ONNX Runtime choose.

        Raises:
            ModelMismatchError: ONNX Runtime cannot read a graph.
        """
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        if threads is not None:
            options.intra_op_num_threads = threads
        # Weights are stored as int8 and unfolded to float once, at load: activations stay float,
        # so an answer does not depend on what else is in the batch.
        options.add_session_config_entry("session.disable_quant_qdq", "1")
        try:
            self._encoder, self._pairs = (
                onnxruntime.InferenceSession(
                    str(directory / name), options, providers=["CPUExecutionProvider"]
                )
                for name in ("encoder.onnx", "pairs.onnx")
            )
        except Exception as error:  # onnxruntime raises many unrelated types
            raise ModelMismatchError(
                f"ONNX Runtime cannot load the model in {directory}: {error}"
            ) from error
        self._text_names = [output.name for output in self._encoder.get_outputs()]
        self._pair_inputs = [i.name for i in self._pairs.get_inputs() if i.name != "pairs"]

    def encode(self, ids: Array, mask: Array) -> dict[str, Array]:
        """See `Backend.encode`."""
        return dict(
            zip(self._text_names, self._encoder.run(None, {"ids": ids, "mask": mask}), strict=True)
        )

    def score(self, text: Mapping[str, Array], pairs: Array) -> Array:
        """See `Backend.score`."""
        feeds = {name: text[name] for name in self._pair_inputs}
        logits: Array = self._pairs.run(None, {**feeds, "pairs": pairs})[0]
        return logits


class TorchBackend:
    """The fp32 network of a training run's folder (network.json, network.safetensors)."""

    def __init__(self, directory: Path, threads: int | None = None) -> None:
        """Load the network.

        Raises:
            ModelNotFoundError: the folder holds no torch weights.
            ModelMismatchError: the weights cannot be read, or do not fit network.json.
            MissingDependencyError: torch or safetensors is not installed.
        """
        if not (directory / "network.safetensors").is_file():
            raise ModelNotFoundError(
                f"{directory} has no network.safetensors, which the torch backend needs",
                hint="use backend='onnx', or a model folder that holds them too",
            )
        try:
            import torch

            from stance.model.network import read_network
        except ImportError as error:
            raise MissingDependencyError("torch", "train") from error
        self._torch = torch
        try:
            self._network = read_network(directory)
        except Exception as error:  # safetensors and torch raise many unrelated types
            raise ModelMismatchError(
                f"torch cannot load the network in {directory}: {error}"
            ) from error
        if threads is not None:
            torch.set_num_threads(threads)

    def encode(self, ids: Array, mask: Array) -> dict[str, Array]:
        """See `Backend.encode`."""
        with self._torch.inference_mode():
            text = self._network.encode(self._torch.from_numpy(ids), self._torch.from_numpy(mask))
        return {name: tensor.numpy() for name, tensor in text.items()}

    def score(self, text: Mapping[str, Array], pairs: Array) -> Array:
        """See `Backend.score`."""
        tensors = {name: self._torch.from_numpy(array) for name, array in text.items()}
        with self._torch.inference_mode():
            logits: Array = self._network.score(tensors, self._torch.from_numpy(pairs)).numpy()
        return logits

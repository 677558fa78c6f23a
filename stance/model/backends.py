"""Who computes the network: ONNX Runtime by default, torch on a GPU and for training folders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from stance.errors import InputError, MissingDependencyError, ModelMismatchError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor, device

    Array = NDArray[Any]


BATCH_TOKENS = 1536
"""On a processor; bounds memory whatever the lengths, and more are not faster."""
GPU_BATCH_TOKENS = 32_768


class Backend(Protocol):
    """Reads a batch of sentences once, then answers any pairs in them."""

    @property
    def batch_tokens(self) -> int:
        """How many tokens it is best given at once."""
        ...

    def encode(self, ids: Array, mask: Array) -> dict[str, Any]:
        """Token ids and mask (B, L) -> what `score` needs of them, each an array or tensor with B first.

        `tags` (B, L, tags) are the tagger's logits, in numpy.
        """
        ...

    def score(self, text: Mapping[str, Any], pairs: Array) -> Array:
        """What `encode` returned, or some rows of it, and token spans (B, P, 4) -> logits.

        Shape: (B, P, all pair labels).
        """
        ...


class OnnxBackend:
    """The two shipped graphs on ONNX Runtime's CPU provider."""

    batch_tokens = BATCH_TOKENS

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
        # Shapes differ from call to call; a plan of the memory of each would be kept for ever.
        options.enable_mem_pattern = False
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

    def encode(self, ids: Array, mask: Array) -> dict[str, Any]:
        """See `Backend.encode`."""
        return dict(
            zip(self._text_names, self._encoder.run(None, {"ids": ids, "mask": mask}), strict=True)
        )

    def score(self, text: Mapping[str, Any], pairs: Array) -> Array:
        """See `Backend.score`."""
        feeds = {name: text[name] for name in self._pair_inputs}
        logits: Array = self._pairs.run(None, {**feeds, "pairs": pairs})[0]
        return logits


class TorchBackend:
    """The network in torch, on a processor or a GPU: of a training run's folder, or of any model folder."""

    def __init__(
        self,
        directory: Path,
        threads: int | None = None,
        device: str = "cpu",
        bfloat16: bool | None = None,
    ) -> None:
        """Load the network.

        Args:
            directory: the model folder. Its network.safetensors (fp32) if it has one, else the graphs'
                int8 weights.
            threads: threads of the processor; None lets torch choose.
            device: as torch names it: "cpu", "cuda", "cuda:1".
            bfloat16: compute in it where that is safe; None does on a GPU that can.

        Raises:
            InputError: there is no such device.
            ModelMismatchError: the weights cannot be read, or do not fit the network.
            MissingDependencyError: torch, safetensors or onnx is not installed.
        """
        try:
            import torch

            from stance.model.restore import network_of
        except ImportError as error:
            package = (error.name or "torch").partition(".")[0]
            raise MissingDependencyError(package, "train") from error
        self._torch = torch
        self._device = device_of(device)
        try:
            self._network = network_of(directory).to(self._device)
        except ModelMismatchError:
            raise
        except Exception as error:  # safetensors and torch raise many unrelated types
            raise ModelMismatchError(
                f"torch cannot load the network in {directory}: {error}"
            ) from error
        if threads is not None:
            torch.set_num_threads(threads)
        gpu = self._device.type == "cuda"
        # Older cards only emulate it; they report less than 8.0.
        native = gpu and torch.cuda.get_device_capability(self._device) >= (8, 0)
        self._bfloat16 = native if bfloat16 is None else bfloat16
        self.batch_tokens = GPU_BATCH_TOKENS if gpu else BATCH_TOKENS

    def encode(self, ids: Array, mask: Array) -> dict[str, Any]:
        """See `Backend.encode`; all but the tags stay on the device."""
        with self._computing():
            text = self._network.encode(self._there(ids), self._there(mask))
        return {**text, "tags": text["tags"].float().cpu().numpy()}

    def score(self, text: Mapping[str, Any], pairs: Array) -> Array:
        """See `Backend.score`."""
        with self._computing():
            logits = self._network.score(text, self._there(pairs))
        found: Array = logits.float().cpu().numpy()
        return found

    def _there(self, array: Array) -> Tensor:
        return self._torch.from_numpy(array).to(self._device)

    @contextmanager
    def _computing(self) -> Iterator[None]:
        torch = self._torch
        with (
            torch.inference_mode(),
            torch.autocast(self._device.type, dtype=torch.bfloat16, enabled=self._bfloat16),
        ):
            yield


def device_of(name: str) -> device:
    """The torch device of that name.

    Raises:
        InputError: it is not there, or nothing can be computed on it.
    """
    import torch

    try:
        found = torch.device(name)
        torch.zeros(1, device=found).tolist()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"device {name!r} cannot be used: {reason}") from error
    return found

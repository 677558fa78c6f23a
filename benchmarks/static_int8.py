"""Does static int8 win without losing labels? `python training/build_data.py && python benchmarks/static_int8.py`.

The shipped weights are int8, what they are multiplied with is float. Here the text graph's inputs of its
weight matrices become int8 too, with ranges from our training sentences, in three ways; the pair
graph stays as it is. Answers are compared with the shipped model's on dev sets, processor time with one
thread. Writes benchmarks/static_int8.md.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import onnx
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from speed import machine

import stance
from stance.evaluation.answers import Answers, ask
from stance.evaluation.labelled import LabelledPair
from stance.metrics import confusion_matrix, macro_f1
from stance.model.artefact import default_dir
from stance.model.backends import OnnxBackend
from stance.model.encode import encode_sentences, pad_windows
from stance.model.restore import unfolded
from stance.scoring.batches import equal_length_batches
from stance.scoring.scorer import Scorer

ROOT = Path(__file__).parents[1]
SETS = ("corpus_dev", "dse_dev")
CALIBRATION, SEED, ROUNDS = 300, 5, 3
# Kind -> the matrices whose inputs become int8, told apart by their rows (the feed-forward layer's
# second has the widest input, and the largest outliers).
KINDS = {
    "all matrices": lambda rows, hidden: True,
    "all but the second of the feed-forward layers": lambda rows, hidden: rows == hidden,
    "the second of the feed-forward layers alone": lambda rows, hidden: rows > hidden,
}


class Batches(CalibrationDataReader):
    """Token ids and masks of sentences, batch by batch."""

    def __init__(self, scorer: Scorer, texts: Iterable[str]) -> None:
        windows = encode_sentences(scorer.tokenizer, list(texts), scorer.config.max_length)
        self._rest = iter([
            pad_windows([windows[i][0] for i in batch], scorer.config.pad_id)
            for batch in equal_length_batches(windows, scorer.backend.batch_tokens)
        ])  # fmt: skip

    def get_next(self) -> dict[str, Any] | None:
        """The next batch by the graph's input names."""
        batch = next(self._rest, None)
        return None if batch is None else dict(zip(("ids", "mask"), batch, strict=True))


def float_graph(path: Path) -> onnx.ModelProto:
    """The shipped text graph with its weights unfolded to float."""
    model = onnx.load(path)
    stored = {t.name: t for t in model.graph.initializer}
    folded = [n for n in model.graph.node if n.op_type == "DequantizeLinear"]
    for node in folded:
        weights = unfolded(node, *(numpy_helper.to_array(stored.pop(n)) for n in node.input[:2]))
        stored[node.output[0]] = numpy_helper.from_array(weights, node.output[0])
        model.graph.node.remove(node)
    del model.graph.initializer[:]
    model.graph.initializer.extend(stored.values())
    return model


def matrices(model: onnx.ModelProto) -> Iterator[tuple[str, int]]:
    """Products of the text with a weight matrix: the node's name and the matrix's rows."""
    shapes = {t.name: tuple(t.dims) for t in model.graph.initializer}
    for number, node in enumerate(model.graph.node):
        if node.op_type == "MatMul" and len(shapes.get(node.input[1], ())) == 2:
            node.name = node.name or f"product_{number}"
            yield node.name, shapes[node.input[1]][0]


class Int8Backend(OnnxBackend):
    """The shipped backend with another text graph."""

    def __init__(self, graph: Path) -> None:
        import onnxruntime

        super().__init__(default_dir(), 1)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._encoder = onnxruntime.InferenceSession(str(graph), options)


def scored(scorer: Scorer, pairs: list[LabelledPair]) -> tuple[Answers, float]:
    """The answers, and the median processor time of asking."""
    spent = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        answers = ask(pairs, scorer, "stance")
        spent.append(time.process_time() - begun)
    return answers, median(spent)


def f1(answers: Answers) -> float:
    """Macro-F1 of the stance."""
    return float(macro_f1(confusion_matrix(answers.gold, answers.probs.argmax(1), 3)))


def compared(ours: Scorer, other: Scorer, data: Path) -> Iterator[str]:
    """Cells for every set: equal labels, both F1, time."""
    for name in SETS:
        pairs = stance.read_pairs(data / f"{name}.jsonl")
        (shipped, before), (small, after) = scored(ours, pairs), scored(other, pairs)
        same = (shipped.probs.argmax(1) == small.probs.argmax(1)).mean()
        yield f"{same:.2%}"
        yield f"{f1(shipped):.3f} → {f1(small):.3f}"
        yield f"{after / before - 1:+.0%}"


def main() -> None:
    """Quantise, compare, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("build/data"))
    options = parser.parse_args()
    where, ours = machine(), stance.load(threads=1)
    rows = (ROOT / "training" / "data" / "train.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [json.loads(row)["text"] for row in random.Random(SEED).sample(rows, CALIBRATION)]
    head = "".join(f" {name}: same label | macro-F1 | time |" for name in SETS)
    lines = [f"| int8 inputs |{head}", f"|{'---|' * (1 + 3 * len(SETS))}"]
    with tempfile.TemporaryDirectory() as folder:
        whole, graph = Path(folder) / "float.onnx", Path(folder) / "int8.onnx"
        model = float_graph(default_dir() / "encoder.onnx")
        found = list(matrices(model))
        onnx.save(model, whole)
        hidden = min(rows for _, rows in found)
        for kind, chosen in KINDS.items():
            quantize_static(
                whole, graph, Batches(ours, texts),
                quant_format=QuantFormat.QDQ, per_channel=True, op_types_to_quantize=["MatMul"],
                activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
                nodes_to_quantize=[name for name, rows in found if chosen(rows, hidden)],
            )  # fmt: skip
            small = Scorer(ours.config, Int8Backend(graph), ours.tokenizer, ours.table)
            lines.append(f"| {kind} | {' | '.join(compared(ours, small, options.data))} |")
            print(lines[-1], flush=True)
    page = [
        "# Static int8",
        "Generated by `make int8`, which says how. The products with weight matrices in the text graph in",
        f"int8, with ranges from {CALIBRATION} training sentences (seed {SEED}), beside the shipped graph, which",
        "computes them in float. Time is of the processor, one thread, text graph and pair graph together.",
        f"Measured on {where}; {ours.config.model_id}.\n",
        *lines,
        "\nThe shipped graph stays in float: labels count more, and its answers are the same on every processor.",
    ]
    (Path(__file__).parent / "static_int8.md").write_text("\n".join(page) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

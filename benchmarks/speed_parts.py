"""What `benchmarks/speed.py` measures, each part in a process of its own: `speed_parts.py PART [JSON]`.

Prints one JSON object. Models of others are built from their configuration with random weights, which
take as long to compute as trained ones; nothing is downloaded. Threads: those of the machine.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

import stance
from stance.model.artefact import default_dir
from stance.model.backends import BATCH_TOKENS
from stance.scoring.scorer import Scorer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stance.model.backends import Backend

    Array = NDArray[Any]

ROOT = Path(__file__).parents[1]
THREADS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
SEED = 3
Result = dict[str, Any]


# --- texts -----------------------------------------------------------------------------------


def sentences(count: int, data: str | None) -> list[str]:
    """Distinct sentences in random order: of our corpus, and of NewsMTSC if its folder is there."""
    paths = [p for p in (ROOT / "training" / "data").glob("*.jsonl") if "binding" not in p.name]
    if data is not None:
        paths += (Path(data) / "newsmtsc").glob("*.jsonl")
    texts = set()
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            texts.add(row.get("text") or row["sentence"])
    ordered = sorted(texts)
    chosen = np.random.default_rng(SEED).permutation(len(ordered))[:count]
    return [ordered[i] for i in chosen]


def documents(texts: Iterable[str]) -> list[stance.Document]:
    """A document a sentence."""
    return [stance.Document(str(i), text) for i, text in enumerate(texts)]


def ordered_pairs(texts: Sequence[str]) -> list[tuple[str, str, str]]:
    """(sentence, source, target) of every ordered pair of actors that stance asks about."""
    found: list[tuple[str, str, str]] = []

    def take(_: object, answers: Sequence[tuple[stance.Pair, object]]) -> None:
        found.extend(
            (pair.sentence.text, pair.source.text, pair.target.text)
            for pair, _ in answers
            if pair.source is not None and pair.target is not None
        )

    for _ in stance.load(threads=THREADS)(documents(texts), on_sentence=take):
        pass
    return found


# --- stance itself ---------------------------------------------------------------------------


class Recorder:
    """A `Backend` that passes everything on, and keeps the inputs and what the scorer reads of the answers."""

    def __init__(self, backend: Backend) -> None:
        self.backend, self.batch_tokens = backend, backend.batch_tokens
        self.calls: list[tuple[Array, ...]] = []
        self.answers: list[Any] = []

    def encode(self, ids: Array, mask: Array) -> dict[str, Array]:
        """See `Backend.encode`."""
        text = self.backend.encode(ids, mask)
        self.calls.append((ids, mask))
        self.answers.append({"tags": text["tags"]})
        return text

    def score(self, text: Mapping[str, Array], pairs: Array) -> Array:
        """See `Backend.score`."""
        logits = self.backend.score(text, pairs)
        self.calls.append((pairs,))
        self.answers.append(logits)
        return logits


class Replayer:
    """A `Backend` that gives recorded answers again, in order, and takes no time."""

    batch_tokens = BATCH_TOKENS

    def __init__(self, answers: Iterable[Any]) -> None:
        self.answers = iter(answers)

    def encode(self, ids: Array, mask: Array) -> dict[str, Array]:
        """See `Backend.encode`."""
        text: dict[str, Array] = next(self.answers)
        return text

    def score(self, text: Mapping[str, Array], pairs: Array) -> Array:
        """See `Backend.score`."""
        logits: Array = next(self.answers)
        return logits


def over(scorer: Scorer, backend: Backend) -> Scorer:
    """The scorer with another backend."""
    return Scorer(scorer.config, backend, scorer.tokenizer, scorer.table)


def recorded(scorer: Scorer, given: Sequence[stance.Document]) -> Recorder:
    """The calls of the network that scoring the documents makes."""
    recorder = Recorder(scorer.backend)
    list(over(scorer, recorder)(given))
    return recorder


def clock(call: Callable[[], object]) -> float:
    """Seconds that a call takes."""
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def bare(backend: Backend, calls: Iterable[tuple[Array, ...]]) -> float:
    """Seconds inside `session.run` for the same calls and nothing else."""
    spent, text = 0.0, {}
    for call in calls:
        if len(call) == 2:
            begun = time.perf_counter()
            text = backend.encode(*call)
            spent += time.perf_counter() - begun
        else:
            (pairs,) = call  # of some rows of that text; any rows take as long
            rows = np.arange(len(pairs)) % len(next(iter(text.values())))
            some = {name: array[rows] for name, array in text.items()}
            begun = time.perf_counter()
            backend.score(some, pairs)
            spent += time.perf_counter() - begun
    return spent


def ours(count: int, rounds: int, data: str | None) -> Result:
    """Sentences a second from text to records, and those of the bare network, in turns."""
    scorer = stance.load(threads=THREADS)
    given = documents(sentences(count, data))
    recorder = recorded(scorer, given)
    whole, network, rest = [], [], []
    for _ in range(rounds):
        whole.append(clock(lambda: list(scorer(given))))
        network.append(bare(scorer.backend, recorder.calls))
        without = over(scorer, Replayer(recorder.answers))
        rest.append(clock(lambda without=without: list(without(given))))
    encoded = [call for call in recorder.calls if len(call) == 2]
    scored = [pairs for call in recorder.calls if len(call) == 1 for pairs in call]
    tokens, slots = sum(ids.size for ids, _ in encoded), sum(p.size // 4 for p in scored)
    asked = sum(int((pairs != (0, 1, 0, 1)).any(-1).sum()) for pairs in scored)
    operations = (tokens + 2 * slots) * LAYERS * LAYER_OPERATIONS  # a pair is two marker tokens
    return {
        "sentences_per_second": count / median(whole),
        "bare": count / median(network),
        "operations_per_second": operations / median(whole),
        "bare_operations_per_second": operations / median(network),
        "real_tokens": sum(int(mask.sum()) for _, mask in encoded) / tokens,
        "real_pairs": asked / slots,
        "rest_milliseconds": 1000 * median(rest) / count,
    }


# --- the designs of others -------------------------------------------------------------------


def _tokenizer() -> Any:
    from transformers import PreTrainedTokenizerFast

    path = default_dir() / "tokenizer.json"
    return PreTrainedTokenizerFast(
        tokenizer_file=str(path), pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]"
    )


def _rate(pairs: int, seconds: float, texts: int) -> Result:
    return {
        "sentences_per_second": texts / seconds,
        "pairs_per_second": pairs / seconds,
        "pairs": pairs,
    }


def pipeline(count: int, data: str | None) -> Result:
    """transformers' text-classification pipeline with an encoder of our size, a call a pair."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification
    from transformers import pipeline as make

    torch.set_num_threads(THREADS)
    asked = ordered_pairs(sentences(count, data))
    config = BertConfig(
        vocab_size=30522, hidden_size=HIDDEN, num_hidden_layers=LAYERS, num_attention_heads=12,
        intermediate_size=4 * HIDDEN, num_labels=3,
    )  # fmt: skip
    classify = make(
        "text-classification", model=BertForSequenceClassification(config), tokenizer=_tokenizer()
    )
    questions = [{"text": text, "text_pair": f"{a} toward {b}"} for text, a, b in asked]
    for question in questions[:3]:
        classify(question)
    begun = time.perf_counter()
    for question in questions:
        classify(question)
    return _rate(len(questions), time.perf_counter() - begun, count)


def roberta(count: int, batch: int, data: str | None) -> Result:
    """A RoBERTa-base classifier in torch that reads the sentence again for each pair, marked in the text."""
    import torch
    from transformers import RobertaConfig, RobertaForSequenceClassification

    torch.set_num_threads(THREADS)
    asked = ordered_pairs(sentences(count, data))
    config = RobertaConfig(max_position_embeddings=514, type_vocab_size=1, num_labels=3)
    model = RobertaForSequenceClassification(config).eval()
    marked = [text.replace(a, f"[ {a} ]", 1).replace(b, f"< {b} >", 1) for text, a, b in asked]
    if batch > 1:
        marked.sort(key=len)
    tokenizer = _tokenizer()
    with torch.inference_mode():
        begun = 0.0
        for first in range(-batch, len(marked), batch):
            if first == 0:
                begun = time.perf_counter()
            texts = marked[max(first, 0) : max(first, 0) + batch]
            model(**tokenizer(texts, padding=True, return_tensors="pt")).logits.softmax(-1).tolist()
    return _rate(len(marked), time.perf_counter() - begun, count)


def vader(count: int, data: str | None) -> Result:
    """VADER: one polarity for the sentence as a whole, whoever is named in it."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyzer, texts = SentimentIntensityAnalyzer(), sentences(count, data)
    begun = time.perf_counter()
    for text in texts:
        analyzer.polarity_scores(text)
    return {"sentences_per_second": count / (time.perf_counter() - begun)}


# --- the machine -----------------------------------------------------------------------------

HIDDEN, LAYERS, TOKENS = 384, 6, 3072
SHAPES = ((HIDDEN, HIDDEN, 4), (HIDDEN, 4 * HIDDEN, 1), (4 * HIDDEN, HIDDEN, 1))
"""Matrices that a layer multiplies each token with: inputs, outputs, how many."""
LAYER_OPERATIONS = 2 * sum(inputs * outputs * n for inputs, outputs, n in SHAPES)


def matrices(seconds: float) -> Result:
    """Operations a second of ONNX Runtime on a layer's matrices, alone: int8, int8 with its quantising, fp32."""
    found = {}
    for kind in ("int8", "int8_dynamic", "fp32"):
        spent = sum(n * _multiply(kind, inputs, outputs, seconds) for inputs, outputs, n in SHAPES)
        found[kind] = TOKENS * LAYER_OPERATIONS / spent
    return found


def _multiply(kind: str, inputs: int, outputs: int, seconds: float) -> float:
    """Seconds that one product of TOKENS rows takes, the fastest of many."""
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(SEED)
    weights = rng.integers(-127, 128, (inputs, outputs)).astype(
        np.float32 if kind == "fp32" else np.int8
    )
    nodes = {
        "fp32": [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "int8": [helper.make_node("MatMulInteger", ["x", "w"], ["y"])],
        "int8_dynamic": [
            helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "scale", "zero"]),
            helper.make_node("MatMulInteger", ["q", "w", "zero"], ["i"]),
            helper.make_node("Cast", ["i"], ["f"], to=TensorProto.FLOAT),
            helper.make_node("Mul", ["f", "scale"], ["y"]),
        ],
    }[kind]
    given = TensorProto.UINT8 if kind == "int8" else TensorProto.FLOAT
    answer = TensorProto.INT32 if kind == "int8" else TensorProto.FLOAT
    graph = helper.make_graph(
        nodes, kind,
        [helper.make_tensor_value_info("x", given, [TOKENS, inputs])],
        [helper.make_tensor_value_info("y", answer, [TOKENS, outputs])],
        [numpy_helper.from_array(weights, "w")],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    x = rng.integers(0, 255, (TOKENS, inputs)).astype(np.uint8 if kind == "int8" else np.float32)
    return fastest(lambda: session.run(None, {"x": x}), seconds)


def fastest(call: Callable[[], object], seconds: float) -> float:
    """Seconds of the fastest call in a stretch of time."""
    call()
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        begun = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - begun)
    return best


# --- how cost grows --------------------------------------------------------------------------


def corpus(count: int, data: str | None) -> Result:
    """Seconds of `score_corpus` on so many documents of one sentence, no two alike, the model loaded."""
    texts = sentences(10**6, data)
    scorer = stance.load(threads=THREADS)
    list(scorer(documents(texts[:64])))  # what is loaded on first use

    def given() -> Iterator[stance.Document]:
        for number in range(count):
            lap, place = divmod(number, len(texts))
            text = f"No. {lap}: {texts[place]}" if lap else texts[place]
            yield stance.Document(str(number), text)

    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        summary = stance.score_corpus(given(), Path(folder) / "out", scorer)
        seconds = time.perf_counter() - begun
    return {"seconds": seconds, "sentences": summary.sentences, "records": summary.records}


COUNTRIES = """France Germany Italy Spain Poland Greece Turkey Egypt Iran Iraq Japan China India
    Brazil Mexico Canada Kenya Nigeria Norway Sweden""".split()


def actors(most: int, seconds: float) -> Result:
    """Seconds a sentence by number of actors, and of the same encoder run once for each ordered pair.

    The second is `session.run` of our encoder alone on that many copies of the tokens, in batches,
    without the tokens that would mark the pair and without heads: less than such a design takes.
    """
    scorer = stance.load(threads=THREADS)
    found = {}
    for number in range(2, most + 1, 2):
        names = COUNTRIES[:number]
        given = [
            stance.Document(
                str(i), f"{', '.join([*names[i + 1 :], *names[:i]])} praised {names[i]}."
            )
            for i in range(min(number, 4))
        ]
        if number == 2:
            given = [stance.Document("0", "France praised Germany.")]
        ids, mask = recorded(scorer, given[:1]).calls[0]
        rows = number * (number - 1)
        some = np.repeat(ids, min(rows, 32), axis=0), np.repeat(mask, min(rows, 32), axis=0)
        again = fastest(lambda some=some: scorer.backend.encode(*some), seconds)
        found[number] = {
            "ours": fastest(lambda given=given: list(scorer(given)), seconds) / len(given),
            "per_pair": again * rows / len(some[0]),
            "pairs": rows,
        }
    return found


PARTS: dict[str, Callable[..., Result]] = {
    part.__name__: part for part in (ours, pipeline, roberta, vader, matrices, corpus, actors)
}

if __name__ == "__main__":
    answer = PARTS[sys.argv[1]](**json.loads(sys.argv[2] if len(sys.argv) > 2 else "{}"))
    sys.stdout.write(json.dumps(answer) + "\n")

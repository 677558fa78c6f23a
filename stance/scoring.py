"""`Scorer`: a loaded model that turns documents into records, each sentence encoded once."""

from __future__ import annotations

import datetime
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stance.actor_table import ActorTable, load_actor_table
from stance.actors import find_actors
from stance.artefact import ModelConfig, check_folder, default_dir
from stance.backends import Backend, OnnxBackend, TorchBackend
from stance.encode import NOBODY, Span, Window, encode_sentences, pad_pairs, pad_windows
from stance.errors import InputError, StanceError
from stance.golden import check_golden
from stance.pairs import make_pairs
from stance.records import StanceRecord, make_records
from stance.sentences import split_sentences
from stance.tagging import add_tagged
from stance.values import Document, Mention, Pair, Prediction, Sentence

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from stance.backends import Array

BATCH_WINDOWS = 64
BATCH_PAIRS = 32
"""Pairs of one window scored in one call; more go through in several, so memory stays bounded."""
CHUNK_SENTENCES = 512
MAX_CHARACTERS = 1_000_000
OnError = Callable[[StanceError], None]


@dataclass(frozen=True, slots=True)
class _Item:
    """A sentence on its way through: the mentions the table knows, and the pairs if they are given."""

    sentence: Sentence
    mentions: tuple[Mention, ...] = ()
    pairs: tuple[Pair, ...] | None = None


class Scorer:
    """A loaded model and actor table; calling it scores documents."""

    def __init__(
        self,
        config: ModelConfig,
        backend: Backend,
        tokenizer: Tokenizer,
        table: ActorTable,
    ) -> None:
        self.config = config
        self.table = table
        self.backend = backend
        self.tokenizer = tokenizer

    def __call__(
        self, documents: Iterable[Document], on_error: OnError | None = None
    ) -> Iterator[StanceRecord]:
        """Records of all documents, in order, computed as they are taken.

        Args:
            documents: any iterable; read lazily.
            on_error: receives the error of a document that cannot be read, which is then left
                out; without it the first such error is raised.

        Raises:
            InputError: a document is empty, too long, or not text; names document and field.
        """
        chunk: list[tuple[Document, list[_Item]]] = []
        size = 0
        for document in documents:
            try:
                items = self._prepare(document)
            except StanceError as error:
                if on_error is None:
                    raise
                on_error(error)
                continue
            chunk.append((document, items))
            size += len(items)
            if size >= CHUNK_SENTENCES:
                yield from self._score_chunk(chunk)
                chunk, size = [], 0
        yield from self._score_chunk(chunk)

    def predict(self, pairs: Sequence[Pair]) -> list[Prediction]:
        """The model's answers to given pairs, in order, whatever else is asked with them.

        A pair whose mentions do not fit one window of a very long sentence is answered with
        equal probabilities and `abstained="too far apart"`.
        """
        by_sentence: dict[Sentence, list[int]] = defaultdict(list)
        for index, pair in enumerate(pairs):
            by_sentence[pair.sentence].append(index)
        items = [
            _Item(sentence, pairs=tuple(pairs[i] for i in indices))
            for sentence, indices in by_sentence.items()
        ]
        answers: list[Prediction | None] = [None] * len(pairs)
        for indices, answered in zip(by_sentence.values(), self._run(items), strict=True):
            found = dict(answered)
            for i in indices:
                answers[i] = found.get(pairs[i], _too_far_apart())
        return [answer for answer in answers if answer is not None]

    def _prepare(self, document: Document) -> list[_Item]:
        check_document(document)
        mentions = find_actors(document.text, document.date, self.table)
        items, at = [], 0
        for sentence in split_sentences(document):
            while at < len(mentions) and mentions[at].end <= sentence.start:
                at += 1
            last = at
            while last < len(mentions) and mentions[last].end <= sentence.end:
                last += 1
            items.append(_Item(sentence, tuple(mentions[at:last])))
            at = last
        return items

    def _score_chunk(self, chunk: Sequence[tuple[Document, list[_Item]]]) -> Iterator[StanceRecord]:
        answers = iter(self._run([item for _, items in chunk for item in items]))
        for document, items in chunk:
            for item in items:
                yield from make_records(
                    document, item.sentence, next(answers), self.config.model_id
                )

    def _run(self, items: Sequence[_Item]) -> list[list[tuple[Pair, Prediction]]]:
        """Every item's pairs with their answers; windows of equal length share a batch."""
        windows = encode_sentences(
            self.tokenizer, [item.sentence.text for item in items], self.config.max_length
        )
        work = [(i, w) for i, parts in enumerate(windows) for w in parts]
        work.sort(key=lambda x: x[1].padded_length)
        answers: list[list[tuple[Pair, Prediction]]] = [[] for _ in items]
        for batch in _equal_length_batches(work):
            text = self.backend.encode(*pad_windows([w for _, w in batch], self.config.pad_id))
            asked = []
            for row, (i, window) in enumerate(batch):
                pairs = self._pairs(items[i], window, text["tags"][row])
                asked.append(list(_in_window(pairs, window, items[i].sentence.start)))
            logits = self._score(text, [[spans for _, spans in a] for a in asked])
            for (i, _), questions, scores in zip(batch, asked, logits, strict=True):
                predictions = self._predictions(scores, truncated=len(windows[i]) > 1)
                answers[i] += zip((pair for pair, _ in questions), predictions, strict=True)
        return answers

    def _pairs(self, item: _Item, window: Window, tag_logits: Array) -> Sequence[Pair]:
        if item.pairs is not None:
            return item.pairs
        mentions = add_tagged(
            item.sentence, item.mentions, self.table, window, tag_logits, self.config.tags
        )
        return make_pairs(item.sentence, mentions)

    def _score(
        self, text: Mapping[str, Array], pairs: Sequence[Sequence[tuple[Span, Span]]]
    ) -> list[Array]:
        """Logits of each window's pairs, (pairs, labels), BATCH_PAIRS of a window at a time."""
        parts: list[list[Array]] = [[] for _ in pairs]
        for start in range(0, max(map(len, pairs), default=0), BATCH_PAIRS):
            rows = [row for row, p in enumerate(pairs) if len(p) > start]
            asked = [pairs[row][start : start + BATCH_PAIRS] for row in rows]
            some = text if len(rows) == len(pairs) else {k: v[rows] for k, v in text.items()}
            logits = self.backend.score(some, pad_pairs(asked, step=4))
            for row, questions, scores in zip(rows, asked, logits, strict=True):
                parts[row].append(scores[: len(questions)])
        empty = np.empty((0, sum(map(len, self.config.pair_heads.values()))), dtype=np.float32)
        return [np.concatenate(p) if p else empty for p in parts]

    def _predictions(self, logits: Array, truncated: bool) -> list[Prediction]:
        probs, at = {}, 0
        for head, labels in self.config.pair_heads.items():
            probs[head] = _softmax(
                logits[:, at : at + len(labels)] / self.config.temperatures[head]
            )
            at += len(labels)
        return [
            self._prediction({head: p[row] for head, p in probs.items()}, truncated)
            for row in range(len(logits))
        ]

    def _prediction(self, probs: Mapping[str, Array], truncated: bool) -> Prediction:
        best = {head: self.config.pair_heads[head][int(p.argmax())] for head, p in probs.items()}
        neutral = best["stance"] == "neutral"
        return Prediction(
            stance_probs=_triple(probs["stance"]),
            sentiment_probs=_triple(probs["sentiment"]),
            stance=best["stance"],
            sentiment=best["sentiment"],
            act=None if neutral or best["act"] == "NONE" else best["act"],
            shift_from=None
            if best["shift_from"] in ("none", best["stance"])
            else best["shift_from"],
            abstained="unsure" if probs["stance"].max() < self.config.abstain_below else None,
            truncated=truncated,
        )


def load(
    model_dir: str | os.PathLike[str] | None = None,
    *,
    backend: str = "onnx",
    threads: int | None = None,
    actors: str | os.PathLike[str] | None = None,
) -> Scorer:
    """A scorer with the shipped model, or with the one in `model_dir`.

    Args:
        model_dir: a model folder; None for the shipped one.
        backend: "onnx", or "torch" for the folder of a training run.
        threads: threads to compute with; None lets the runtime choose.
        actors: a user list (CSV, TOML or JSONL) whose rows override the built-in actor table.

    Raises:
        ModelNotFoundError: the folder or a file in it does not exist.
        ModelMismatchError: a file was changed, or the model does not give its golden answers.
        ActorTableError: a row of the user list is wrong.
        InputError: no such backend.
    """
    from tokenizers import Tokenizer

    directory = default_dir() if model_dir is None else Path(model_dir)
    if backend not in ("onnx", "torch"):
        raise InputError(f"backend is {backend!r}; must be 'onnx' or 'torch'")
    check_folder(directory)
    config = ModelConfig.read(directory)
    computing: Backend = (OnnxBackend if backend == "onnx" else TorchBackend)(directory, threads)
    tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    scorer = Scorer(config, computing, tokenizer, load_actor_table(actors))
    check_golden(scorer, directory / "golden.jsonl")
    return scorer


def analyze(text: str, date: datetime.date | None = None) -> list[StanceRecord]:
    """Who takes which stance toward whom in `text`, by the shipped model.

    Args:
        text: one article or sentence.
        date: when it was written, to know who held which office; None takes the newest.

    Raises:
        InputError: the text is empty, too long, or not text.
    """
    return list(_shipped()([Document("text", text, date)]))


@lru_cache(maxsize=1)
def _shipped() -> Scorer:
    return load()


def check_document(document: Document) -> None:
    """Raise InputError, naming document and field, unless the text can be scored."""
    where = f"document {document.id!r}, field 'text'"
    text: object = document.text
    if not isinstance(text, str):
        raise InputError(f"{where}: is {type(text).__name__}; must be str")
    if not text.strip():
        raise InputError(
            f"{where}: is {'only white space' if text else 'empty'}; must hold a sentence"
        )
    if len(text) > MAX_CHARACTERS:
        raise InputError(
            f"{where}: has {len(text):,} characters; at most {MAX_CHARACTERS:,} are allowed",
            hint="give each article as a document of its own",
        )
    if "\0" in text:
        raise InputError(
            f"{where}: has a NUL character at {text.index(chr(0))}; must be text",
            hint="is it a binary file, or UTF-16 read as UTF-8?",
        )
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(
            f"{where}: has half a surrogate pair at {error.start}; must be valid Unicode"
        ) from error


def _equal_length_batches(work: Sequence[tuple[int, Window]]) -> Iterator[list[tuple[int, Window]]]:
    batch: list[tuple[int, Window]] = []
    for item in work:
        if batch and (
            len(batch) == BATCH_WINDOWS or item[1].padded_length != batch[0][1].padded_length
        ):
            yield batch
            batch = []
        batch.append(item)
    if batch:
        yield batch


def _in_window(
    pairs: Iterable[Pair], window: Window, offset: int
) -> Iterator[tuple[Pair, tuple[Span, Span]]]:
    """The pairs whose mentions are wholly in the window, with their token spans."""
    for pair in pairs:
        source = _token_span(pair.source, window, offset)
        target = _token_span(pair.target, window, offset)
        if source is not None and target is not None:
            yield pair, (source, target)


def _token_span(mention: Mention | None, window: Window, offset: int) -> Span | None:
    if mention is None:
        return NOBODY
    return window.token_span(mention.start - offset, mention.end - offset)


def _softmax(logits: Array) -> Array:
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    out: Array = shifted / shifted.sum(axis=-1, keepdims=True)
    return out


def _triple(probs: Array) -> tuple[float, float, float]:
    a, b, c = (float(p) for p in probs)
    return a, b, c


def _too_far_apart() -> Prediction:
    third = (1 / 3, 1 / 3, 1 / 3)
    return Prediction(third, third, "neutral", "neutral", abstained="too far apart", truncated=True)

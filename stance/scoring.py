"""`Scorer`: a loaded model that turns documents into records, each sentence encoded once."""

from __future__ import annotations

import datetime
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from stance.actor_table import ActorTable, load_actor_table
from stance.actors import find_in_sentences
from stance.artefact import ModelConfig, check_folder
from stance.backends import Backend, OnnxBackend, TorchBackend
from stance.batches import best_window, equal_length_batches
from stance.encode import (
    Span,
    Window,
    by_head,
    encode_sentences,
    pad_pairs,
    pad_windows,
    read_tokenizer,
)
from stance.errors import InputError, StanceError
from stance.golden import check_golden
from stance.hub import find_model
from stance.metrics import softmax
from stance.pairs import make_pairs
from stance.records import StanceRecord, make_records
from stance.scoreable import check_document
from stance.sentences import split_sentences
from stance.tagging import Answers, add_tagged, one_name, rename, same_names
from stance.values import (
    TOO_FAR_APART,
    Document,
    Mention,
    Pair,
    Prediction,
    Sentence,
    fold,
    likeliest,
)

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from stance.backends import Array

BATCH_PAIRS = 32
"""Pairs of one window scored in one call; more go through in several, so memory stays bounded."""
MAX_MENTIONS = 64
"""A "sentence" that names more is a list; what comes later in it is left out."""
CHUNK_SENTENCES = 512
OnError = Callable[[StanceError], None]
OnSentence = Callable[[Document, Sequence[tuple[Pair, Prediction]]], None]


@dataclass(frozen=True, slots=True)
class ModelSource:
    """What `load` was called with: enough to load the same scorer in another process."""

    model_dir: str | None = None
    backend: str = "onnx"
    threads: int | None = None
    actors: str | None = None


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
        source: ModelSource | None = None,
    ) -> None:
        self.config = config
        self.table = table
        self.backend = backend
        self.tokenizer = tokenizer
        self.source = source

    def __call__(
        self,
        documents: Iterable[Document],
        on_error: OnError | None = None,
        on_sentence: OnSentence | None = None,
    ) -> Iterator[StanceRecord]:
        """Records of all documents, in order, computed as they are taken.

        Args:
            documents: any iterable; read lazily.
            on_error: receives the error of a document that cannot be read, which is then left
                out; without it the first such error is raised.
            on_sentence: receives every sentence's document and its pairs with their answers,
                before the records made of them.

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
                yield from self._score_chunk(chunk, on_sentence)
                chunk, size = [], 0
        yield from self._score_chunk(chunk, on_sentence)

    def predict(self, pairs: Sequence[Pair]) -> list[Prediction]:
        """The model's answers to given pairs, in order, whatever else is asked with them.

        A pair whose mentions do not fit one window of a very long sentence is answered neutral
        with `abstained="too far apart"`.
        """
        by_sentence: dict[Sentence, list[int]] = defaultdict(list)
        for index, pair in enumerate(pairs):
            by_sentence[pair.sentence].append(index)
        items = [
            _Item(sentence, pairs=tuple(pairs[i] for i in indices))
            for sentence, indices in by_sentence.items()
        ]
        answers: dict[int, Prediction] = {}
        for indices, answered in zip(by_sentence.values(), self._run(items), strict=True):
            found = dict(answered)
            answers |= {i: found[pairs[i]] for i in indices}
        return [answers[i] for i in range(len(pairs))]

    def find_mentions(self, document: Document) -> list[Mention]:
        """Every mention that is asked about: the table's, and those that only the model finds.

        Raises:
            InputError: the document is empty, too long, or not text.
        """
        items = self._prepare(document)
        windows = encode_sentences(
            self.tokenizer, [item.sentence.text for item in items], self.config.max_length
        )
        mentions: list[Mention] = []
        for item, parts in zip(items, windows, strict=True):
            tags = self.backend.encode(*pad_windows(list(parts), self.config.pad_id))["tags"]
            mentions += self._mentions(item, parts, list(tags))
        renamed = same_names(mentions)
        return [rename(mention, renamed) for mention in mentions]

    def _prepare(self, document: Document) -> list[_Item]:
        check_document(document)
        sentences = split_sentences(document)
        mentions = find_in_sentences(document.text, sentences, document.date, self.table)
        items, at = [], 0
        for sentence in sentences:
            while at < len(mentions) and mentions[at].end <= sentence.start:
                at += 1
            last = at
            while last < len(mentions) and mentions[last].end <= sentence.end:
                last += 1
            items.append(_Item(sentence, tuple(mentions[at:last])))
            at = last
        return items

    def _score_chunk(
        self,
        chunk: Sequence[tuple[Document, list[_Item]]],
        on_sentence: OnSentence | None,
    ) -> Iterator[StanceRecord]:
        answers = iter(self._run([item for _, items in chunk for item in items]))
        for document, items in chunk:
            for item, answered in zip(items, one_name([*islice(answers, len(items))]), strict=True):
                if on_sentence is not None:
                    on_sentence(document, answered)
                yield from make_records(document, item.sentence, answered, self.config.model_id)

    def _run(self, items: Sequence[_Item]) -> list[Answers]:
        """Every item's pairs with their answers; sentences of equal length share a batch."""
        windows = encode_sentences(
            self.tokenizer, [item.sentence.text for item in items], self.config.max_length
        )
        answers: list[Answers] = [[] for _ in items]
        truncated: set[int] = set()
        for batch in equal_length_batches(windows):
            flat = [window for i in batch for window in windows[i]]
            text = self.backend.encode(*pad_windows(flat, self.config.pad_id))
            asked: list[list[tuple[int, Pair, tuple[Span, Span]]]] = [[] for _ in flat]
            row = 0
            for i in batch:
                parts = windows[i]
                tags = [text["tags"][row + k] for k in range(len(parts))]
                pairs, left_out = self._pairs(items[i], parts, tags)
                if left_out or len(parts) > 1:
                    truncated.add(i)
                for pair in pairs:
                    place = best_window(pair, parts, items[i].sentence.start)
                    if place is None:
                        answers[i].append((pair, _too_far_apart(self.config)))
                    else:
                        asked[row + place[0]].append((i, pair, place[1]))
                row += len(parts)
            logits = self._score(text, [[spans for _, _, spans in a] for a in asked])
            for questions, scores in zip(asked, logits, strict=True):
                for (i, pair, _), prediction in zip(
                    questions, self._predictions(scores), strict=True
                ):
                    answers[i].append((pair, replace(prediction, truncated=i in truncated)))
        return answers

    def _pairs(
        self, item: _Item, windows: Sequence[Window], tag_logits: Sequence[Array]
    ) -> tuple[Sequence[Pair], bool]:
        """What to ask of a sentence, and whether some of its mentions were left out."""
        if item.pairs is not None:
            return item.pairs, False
        mentions = self._mentions(item, windows, tag_logits)
        left_out = len(mentions) > MAX_MENTIONS
        return make_pairs(item.sentence, mentions[:MAX_MENTIONS]), left_out

    def _mentions(
        self, item: _Item, windows: Sequence[Window], tag_logits: Sequence[Array]
    ) -> list[Mention]:
        return add_tagged(
            item.sentence, item.mentions, self.table, windows, tag_logits, self.config.tags
        )

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

    def _predictions(self, logits: Array) -> list[Prediction]:
        probs = {
            head: softmax(scores / self.config.temperatures[head])
            for head, scores in by_head(logits, self.config.pair_heads).items()
        }
        return [
            self._prediction({head: p[row] for head, p in probs.items()})
            for row in range(len(logits))
        ]

    def _prediction(self, probs: Mapping[str, Array]) -> Prediction:
        best = {head: self.config.pair_heads[head][int(p.argmax())] for head, p in probs.items()}
        stance_probs = tuple(map(float, probs["stance"]))
        sides = fold(stance_probs, self.config.stance_values)
        side = likeliest(sides)
        return Prediction(
            stance_probs=stance_probs,
            sentiment_probs=_triple(probs["sentiment"]),
            stance=best["stance"],
            sentiment=best["sentiment"],
            act=None if side == "neutral" or best["act"] == "NONE" else best["act"],
            shift_from=None if best["shift_from"] in ("none", side) else best["shift_from"],
            abstained="unsure" if max(sides) < self.config.abstain_below else None,
            stance_values=self.config.stance_values,
        )


def load(
    model_dir: str | os.PathLike[str] | None = None,
    *,
    backend: str = "onnx",
    threads: int | None = None,
    actors: str | os.PathLike[str] | None = None,
    revision: str | None = None,
    local_files_only: bool = False,
) -> Scorer:
    """A scorer with the shipped model, or with the one in `model_dir`.

    Args:
        model_dir: a model folder, or an id of the Hugging Face Hub ("organisation/name");
            None for the shipped model.
        backend: "onnx", or "torch" if the folder also holds network.json and network.safetensors.
        threads: threads to compute with; None lets the runtime choose.
        actors: a user list (CSV, TOML or JSONL) whose rows override the built-in actor table.
        revision: of a model of the Hub: a branch, tag or commit; None for the newest.
        local_files_only: take a model of the Hub only if it was downloaded before.

    Raises:
        ModelNotFoundError: there is no such folder or repository, or no model in it.
        ModelMismatchError: a file is missing or changed, or the golden answers are not given.
        ActorTableError: a row of the user list is wrong.
        InputError: no such backend, or a revision of a local folder.
        MissingDependencyError: what the backend or the Hub needs is not installed.
    """
    if backend not in ("onnx", "torch"):
        raise InputError(f"backend is {backend!r}; must be 'onnx' or 'torch'")
    directory = find_model(model_dir, revision, local_files_only=local_files_only)
    check_folder(directory)
    config = ModelConfig.read(directory)
    computing: Backend = (OnnxBackend if backend == "onnx" else TorchBackend)(directory, threads)
    tokenizer = read_tokenizer(directory / "tokenizer.json")
    source = ModelSource(
        None if model_dir is None else os.fspath(model_dir),
        backend,
        threads,
        None if actors is None else os.fspath(actors),
    )
    scorer = Scorer(config, computing, tokenizer, load_actor_table(actors), source)
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


def _triple(probs: Array) -> tuple[float, float, float]:
    a, b, c = (float(p) for p in probs)
    return a, b, c


def _too_far_apart(config: ModelConfig) -> Prediction:
    """Half of the probability on the label nearest to zero, the rest shared by the others."""
    values = config.stance_values
    middle = min(range(len(values)), key=lambda i: abs(values[i]))
    other = 0.5 / (len(values) - 1)
    return Prediction(
        stance_probs=tuple(0.5 if i == middle else other for i in range(len(values))),
        sentiment_probs=(0.25, 0.5, 0.25),
        stance=config.stances[middle],
        sentiment="neutral",
        abstained=TOO_FAR_APART,
        truncated=True,
        stance_values=values,
    )

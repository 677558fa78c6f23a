"""`Scorer`: a loaded model that turns documents into records, each sentence encoded once."""

from __future__ import annotations

import datetime
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from stance.actors.finding import find_in_sentences
from stance.actors.table import ActorTable, load_actor_table
from stance.errors import InputError, StanceError
from stance.model.artefact import ModelConfig, check_folder
from stance.model.backends import BATCH_TOKENS, Backend, OnnxBackend, TorchBackend
from stance.model.encode import (
    Span,
    Window,
    encode_sentences,
    pad_pairs,
    pad_windows,
    read_tokenizer,
)
from stance.model.hub import find_model
from stance.records import StanceRecord, make_records
from stance.scoring.batches import (
    PAIR_STEP,
    best_windows,
    equal_count_batches,
    equal_length_batches,
)
from stance.scoring.golden import check_golden
from stance.scoring.pairs import make_pairs
from stance.scoring.predictions import predictions, too_far_apart
from stance.scoring.recent import RecentAnswers
from stance.scoring.scoreable import check_document
from stance.scoring.tagging import Answers, add_tagged, one_name, rename, same_names
from stance.sentences import split_sentences
from stance.values import (
    Document,
    Mention,
    Pair,
    Prediction,
    Sentence,
)

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from stance.model.backends import Array

MAX_MENTIONS = 64
"""A "sentence" that names more is a list; what comes later in it is left out."""
CHUNK_SENTENCES = 512
"""Read ahead for a processor; for a backend that takes larger batches as many times more."""
OnError = Callable[[StanceError], None]
OnSentence = Callable[[Document, Sequence[tuple[Pair, Prediction]]], None]


@dataclass(frozen=True, slots=True)
class ModelSource:
    """What `load` was called with: enough to load the same scorer in another process."""

    model_dir: str | None = None
    backend: str = "onnx"
    threads: int | None = None
    actors: str | None = None
    device: str | None = None
    revision: str | None = None
    local_files_only: bool = False


@dataclass(frozen=True, slots=True)
class _Item:
    """A sentence on its way through: the mentions the table knows, and the pairs if they are given."""

    sentence: Sentence
    mentions: tuple[Mention, ...] = ()
    pairs: tuple[Pair, ...] | None = None


_Chunk = list[tuple[Document, list[_Item]]]


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
            documents: any iterable; read lazily, some CHUNK_SENTENCES sentences ahead.
            on_error: receives the error of a document that cannot be read, which is then left
                out; without it the first such error is raised.
            on_sentence: receives every sentence's document and its pairs with their answers,
                before the records made of them.

        Raises:
            InputError: a document is empty, too long, or not text; names document and field.
        """
        # The network has a thread of its own, so that it need not wait for what comes before and after.
        # Documents are taken in the caller's: a database cursor may be used in no other.
        with ThreadPoolExecutor(1, "stance") as network:
            under_way: list[tuple[_Chunk, Future[list[Answers]]]] = []
            recent = RecentAnswers()
            for chunk in self._chunks(documents, on_error):
                items = [item for _, items in chunk for item in items]
                under_way.append((chunk, network.submit(self._run_new, items, recent)))
                if len(under_way) > 1:
                    yield from self._records(*under_way.pop(0), on_sentence)
            for chunk, answers in under_way:
                yield from self._records(chunk, answers, on_sentence)

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

    def _chunks(self, documents: Iterable[Document], on_error: OnError | None) -> Iterator[_Chunk]:
        """The documents with their sentences and mentions, CHUNK_SENTENCES or more at a time."""
        chunk: _Chunk = []
        size, most = 0, CHUNK_SENTENCES * self.backend.batch_tokens // BATCH_TOKENS
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
            if size >= most:
                yield chunk
                chunk, size = [], 0
        if chunk:
            yield chunk

    def _records(
        self, chunk: _Chunk, answers: Future[list[Answers]], on_sentence: OnSentence | None
    ) -> Iterator[StanceRecord]:
        found = iter(answers.result())
        for document, items in chunk:
            for item, answered in zip(items, one_name([*islice(found, len(items))]), strict=True):
                if on_sentence is not None:
                    on_sentence(document, answered)
                yield from make_records(document, item.sentence, answered, self.config.model_id)

    def _run_new(self, items: Sequence[_Item], recent: RecentAnswers) -> list[Answers]:
        """Every item's pairs with their answers; copies of recent sentences are not read again."""
        known = [recent.get(item.sentence, item.mentions) for item in items]
        new = [item for item, found in zip(items, known, strict=True) if found is None]
        answered = self._run(new)
        for item, answers in zip(new, answered, strict=True):
            recent.put(item.sentence, item.mentions, answers)
        rest = iter(answered)
        return [next(rest) if found is None else found for found in known]

    def _run(self, items: Sequence[_Item]) -> list[Answers]:
        """Every item's pairs with their answers.

        Sentences of equal text are read once, those of equal length in one batch.
        """
        copies: dict[str, list[int]] = defaultdict(list)
        for i, item in enumerate(items):
            copies[item.sentence.text].append(i)
        same = list(copies.values())
        windows = encode_sentences(self.tokenizer, list(copies), self.config.max_length)
        answers: list[Answers] = [[] for _ in items]
        for batch in equal_length_batches(windows, self.backend.batch_tokens):
            asked = [[items[i] for i in same[row]] for row in batch]
            answered = self._answer(asked, [windows[row] for row in batch])
            for i, found in zip((i for row in batch for i in same[row]), answered, strict=True):
                answers[i] = found
        return answers

    def _answer(
        self, copies: Sequence[Sequence[_Item]], windows: Sequence[tuple[Window, ...]]
    ) -> list[Answers]:
        """The answers to every copy of every sentence in a batch; `windows` has a sentence's at its place."""
        flat = [window for parts in windows for window in parts]
        text = self.backend.encode(*pad_windows(flat, self.config.pad_id))
        unread = too_far_apart(self.config)
        answers: list[Answers] = []
        asked: list[dict[tuple[Span, Span], list[tuple[Answers, int, bool]]]] = [{} for _ in flat]
        first = 0
        for items, parts in zip(copies, windows, strict=True):
            tags = list(text["tags"][first : first + len(parts)])
            for item in items:
                pairs, left_out = self._pairs(item, parts, tags)
                truncated = left_out or len(parts) > 1
                answers.append([(pair, unread) for pair in pairs])
                for k, place in enumerate(best_windows(pairs, parts, item.sentence.start)):
                    if place is not None:
                        open_questions = asked[first + place[0]].setdefault(place[1], [])
                        open_questions.append((answers[-1], k, truncated))
            first += len(parts)
        for questions, logits in zip(asked, self._score(text, [*map(list, asked)]), strict=True):
            found = predictions(logits, self.config)
            for places, prediction in zip(questions.values(), found, strict=True):
                for answered, k, truncated in places:
                    answer = replace(prediction, truncated=True) if truncated else prediction
                    answered[k] = (answered[k][0], answer)
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
        """Logits of each window's pairs, (pairs, labels)."""
        labels = sum(map(len, self.config.pair_heads.values()))
        logits = [np.empty((len(asked), labels), dtype=np.float32) for asked in pairs]
        counts = [len(asked) for asked in pairs]
        for pieces in equal_count_batches(counts, self.backend.batch_tokens):
            rows = [row for row, _ in pieces]
            asked = [pairs[row][part] for row, part in pieces]
            some = text if rows == [*range(len(pairs))] else {k: v[rows] for k, v in text.items()}
            scores = self.backend.score(some, pad_pairs(asked, step=PAIR_STEP))
            for (row, part), questions, found in zip(pieces, asked, scores, strict=True):
                logits[row][part] = found[: len(questions)]
        return logits


def load(
    model_dir: str | os.PathLike[str] | None = None,
    *,
    backend: str = "onnx",
    threads: int | None = None,
    device: str | None = None,
    actors: str | os.PathLike[str] | None = None,
    revision: str | None = None,
    local_files_only: bool = False,
) -> Scorer:
    """A scorer with the shipped model, or with the one in `model_dir`.

    Args:
        model_dir: a model folder, or an id of the Hugging Face Hub ("organisation/name");
            None for the shipped model.
        backend: "onnx", or "torch", which reads the folder's network.safetensors if there is one and
            else the weights of its graphs.
        device: "cuda", "cuda:1" or another that torch knows: compute there, with torch, a GPU in bfloat16
            and large batches. None: on the processor.
        threads: threads to compute with; None lets the runtime choose.
        actors: a user list (CSV, TOML or JSONL) whose rows override the built-in actor table.
        revision: of a model of the Hub: a branch, tag or commit; None for the newest.
        local_files_only: take a model of the Hub only if it was downloaded before.

    Raises:
        ModelNotFoundError: there is no such folder or repository, or no model in it.
        ModelMismatchError: a file is missing or changed, or the golden answers are not given.
        ActorTableError: a row of the user list is wrong.
        InputError: no such backend or device, or a revision of a local folder.
        MissingDependencyError: what the backend or the Hub needs is not installed.
    """
    if backend not in ("onnx", "torch"):
        raise InputError(f"backend is {backend!r}; must be 'onnx' or 'torch'")
    directory = find_model(model_dir, revision, local_files_only=local_files_only)
    check_folder(directory)
    config = ModelConfig.read(directory)
    computing: Backend
    if device is not None or backend == "torch":
        backend, computing = "torch", TorchBackend(directory, threads, device or "cpu")
    else:
        computing = OnnxBackend(directory, threads)
    tokenizer = read_tokenizer(directory / "tokenizer.json")
    source = ModelSource(
        None if model_dir is None else os.fspath(model_dir),
        backend,
        threads,
        None if actors is None else os.fspath(actors),
        device,
        revision,
        local_files_only,
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

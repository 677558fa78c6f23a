"""Labelled pairs to what the network trains on: windows, token spans, label indices, batches."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from stance.evaluation.labelled import LabelledPair
from stance.model.encode import NOBODY, Span, Window, encode_sentences, pad_pairs, pad_windows
from stance.model.network import NetworkConfig

if TYPE_CHECKING:
    from tokenizers import Tokenizer

UNLABELLED = -100
Answers = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TaggedSentence:
    """A sentence whose mentions are all given: (start, end, use)."""

    text: str
    mentions: tuple[tuple[int, int, str], ...]


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence ready for the network: one window, token spans and label indices.

    `answers[i]` holds one index a pair head, UNLABELLED where unknown; `tags` is one index a
    token, or None when the sentence's mentions are not exhaustive. `share` is the chance to be
    seen in an epoch, so that a large set need not crowd out a small one. `soft`, where a larger
    model has answered, holds its probabilities, a row a pair, all heads side by side.
    """

    window: Window
    pairs: tuple[tuple[Span, Span], ...]
    answers: tuple[Answers, ...]
    tags: tuple[int, ...] | None
    share: float = 1.0
    soft: NDArray[np.float32] | None = None


def make_examples(
    pairs: Iterable[LabelledPair],
    tagged: Iterable[TaggedSentence],
    config: NetworkConfig,
    tokenizer: Tokenizer,
    max_length: int,
    share: float = 1.0,
) -> list[Example]:
    """Sentences with all their pairs and tags; pairs beyond the first window are left out."""
    by_text: dict[str, list[LabelledPair]] = defaultdict(list)
    for pair in pairs:
        by_text[pair.text].append(pair)
    mentions = {sentence.text: sentence.mentions for sentence in tagged}
    texts = list(dict.fromkeys([*by_text, *mentions]))
    examples = []
    for text, windows in zip(texts, encode_sentences(tokenizer, texts, max_length), strict=True):
        window = windows[0]
        asked = [q for pair in by_text[text] for q in _questions(pair, window, config)]
        tags = _tags(window, mentions[text], config.tags) if text in mentions else None
        examples.append(
            Example(window, tuple(s for s, _ in asked), tuple(a for _, a in asked), tags, share)
        )
    return examples


def _questions(
    pair: LabelledPair, window: Window, config: NetworkConfig
) -> Iterator[tuple[tuple[Span, Span], Answers]]:
    """What a labelled pair teaches: a stance, and how the text portrays the target whoever holds it."""
    source = NOBODY if pair.source is None else window.token_span(*pair.source)
    target = NOBODY if pair.target is None else window.token_span(*pair.target)
    if source is None or target is None:
        return
    heads = config.pair_heads
    if pair.stance is not None:
        stance = {"stance": pair.stance, "shift_from": pair.shift_from, "act": pair.act}
        yield (source, target), _answers(stance, heads)
    if pair.sentiment is not None and pair.target is not None:
        yield (NOBODY, target), _answers({"sentiment": pair.sentiment}, heads)


def _answers(given: Mapping[str, str | None], heads: Mapping[str, tuple[str, ...]]) -> Answers:
    return tuple(
        labels.index(label) if (label := given.get(head)) is not None else UNLABELLED
        for head, labels in heads.items()
    )


def _tags(
    window: Window, mentions: Iterable[tuple[int, int, str]], tags: Sequence[str]
) -> tuple[int, ...]:
    out = [tags.index("O") if a < b else UNLABELLED for a, b in window.offsets]
    for start, end, use in mentions:
        span = window.token_span(start, end)
        if span is not None:
            out[span[0]] = tags.index(f"B-{use}")
            out[span[0] + 1 : span[1]] = [tags.index(f"I-{use}")] * (span[1] - span[0] - 1)
    return tuple(out)


def ask_all(example: Example) -> Example:
    """The example with every question its spans allow, the added ones without a label.

    Those are all ordered pairs whose source is a source in some labelled pair, and how the text
    portrays each span: what a larger model can answer where people labelled one pair.
    """
    spans = sorted({span for pair in example.pairs for span in pair} - {NOBODY})
    sources = [NOBODY, *sorted({s for s, _ in example.pairs} - {NOBODY})]
    asked = set(example.pairs)
    added = [(s, t) for s in sources for t in spans if s != t and (s, t) not in asked]
    unlabelled = (UNLABELLED,) * (len(example.answers[0]) if example.answers else 0)
    return replace(
        example,
        pairs=(*example.pairs, *added),
        answers=(*example.answers, *([unlabelled] * len(added))),
    )


def shuffled(
    examples: Sequence[Example], batch_size: int, rng: random.Random
) -> Iterator[list[Example]]:
    """Batches of sentences of similar cost, in an order that depends on `rng` only."""
    order = [i for i, e in enumerate(examples) if rng.random() < e.share]
    rng.shuffle(order)
    pool = batch_size * 50
    batches = []
    for at in range(0, len(order), pool):
        near = sorted(order[at : at + pool], key=lambda i: examples[i].window.padded_length)
        batches += [near[i : i + batch_size] for i in range(0, len(near), batch_size)]
    rng.shuffle(batches)
    for batch in batches:
        yield [examples[i] for i in batch]


def collate(
    examples: Sequence[Example],
    pad_id: int,
    heads: int,
    sample: tuple[int, random.Random] | None = None,
) -> dict[str, Tensor]:
    """Tensors for a batch: ids, mask (B, L), pairs (B, P, 4), answers (B, P, heads), tags (B, L).

    With `sample` (most, rng), sentences with more pairs are represented by that many of them. Where
    an example has `soft`, so has the batch, (B, P, sum of head sizes), zero where nobody answered.
    """
    ids, mask = pad_windows([e.window for e in examples], pad_id)
    chosen = []
    for e in examples:
        rows = list(range(len(e.pairs)))
        if sample is not None and len(rows) > sample[0]:
            rows = sample[1].sample(rows, sample[0])
        chosen.append(rows)
    pairs = pad_pairs(
        [[e.pairs[i] for i in rows] for e, rows in zip(examples, chosen, strict=True)]
    )
    answers = np.full((*pairs.shape[:2], heads), UNLABELLED, dtype=np.int64)
    tags = np.full(ids.shape, UNLABELLED, dtype=np.int64)
    for i, (e, rows) in enumerate(zip(examples, chosen, strict=True)):
        for j, row in enumerate(rows):
            answers[i, j] = e.answers[row]
        if e.tags is not None:
            tags[i, : len(e.tags)] = e.tags
    arrays = {"ids": ids, "mask": mask, "pairs": pairs, "answers": answers, "tags": tags}
    if width := max((e.soft.shape[1] for e in examples if e.soft is not None), default=0):
        soft = np.zeros((*pairs.shape[:2], width), dtype=np.float32)
        for i, (e, rows) in enumerate(zip(examples, chosen, strict=True)):
            if e.soft is not None:
                soft[i, : len(rows)] = e.soft[rows]
        arrays["soft"] = soft
    return {name: torch.from_numpy(array) for name, array in arrays.items()}

"""Sentences and character spans to token ids and token spans: the only copy, for training and scoring.

A sentence becomes one `Window` (or several overlapping ones when it is longer than the model's
window); a pair becomes two half-open token spans in one window. The first token stands for
"nobody named", so a missing source or target is the span (0, 1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stance.errors import ModelMismatchError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

NOBODY = (0, 1)
LENGTH_STEP = 8
"""Windows are padded to a multiple of this, whatever else is in the batch, so that a sentence is
computed with the same shapes alone and in company."""

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Window:
    """Token ids of a sentence or a part of it, with [CLS] and [SEP], and each token's characters.

    `start` and `end` bound the characters that the window sees.
    """

    ids: tuple[int, ...]
    offsets: tuple[Span, ...]
    start: int
    end: int

    @property
    def padded_length(self) -> int:
        """Tokens after padding, a multiple of LENGTH_STEP."""
        return -(-len(self.ids) // LENGTH_STEP) * LENGTH_STEP

    def token_span(self, start: int, end: int) -> Span | None:
        """The tokens that overlap characters [start, end), or None if not wholly in the window.

        Characters without a token, such as outer spaces, do not matter.
        """
        if start < self.start or end > self.end:
            return None
        inside = [i for i, (a, b) in enumerate(self.offsets) if a < end and b > start and a < b]
        return (inside[0], inside[-1] + 1) if inside else None


def read_tokenizer(path: Path) -> Tokenizer:
    """A tokenizer.json without the padding and truncation that its publisher may have left in it.

    Raises:
        ModelMismatchError: it cannot be read.
    """
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises plain Exception
        raise ModelMismatchError(f"{path} is not a tokenizer: {error}") from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def encode_sentences(
    tokenizer: Tokenizer, texts: Sequence[str], max_length: int
) -> list[tuple[Window, ...]]:
    """For every text its windows: one if it fits `max_length` tokens, else several half-overlapping.

    Args:
        tokenizer: adds one special token at either end, no padding, no truncation.
        texts: the sentences.
        max_length: the longest window in tokens, special tokens included.
    """
    encodings = tokenizer.encode_batch(list(texts))
    return [
        _windows(e.ids, e.offsets, max_length, len(text))
        for e, text in zip(encodings, texts, strict=True)
    ]


def _windows(
    ids: Sequence[int], offsets: Sequence[Span], max_length: int, characters: int
) -> tuple[Window, ...]:
    inner, body = len(ids) - 2, max_length - 2
    starts = [0] if inner <= body else [*range(0, inner - body, body // 2), inner - body]
    windows = []
    for first in starts:
        last = min(first + body, inner)
        windows.append(
            Window(
                (ids[0], *ids[1 + first : 1 + last], ids[-1]),
                (offsets[0], *offsets[1 + first : 1 + last], offsets[-1]),
                start=0 if first == 0 else offsets[1 + first][0],
                end=characters if last == inner else offsets[last][1],
            )
        )
    return tuple(windows)


def pad_windows(
    windows: Sequence[Window], pad_id: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Token ids and attention mask (1 for text, 0 for padding).

    Shape: both (batch, longest padded length).
    """
    length = max(w.padded_length for w in windows)
    ids = np.full((len(windows), length), pad_id, dtype=np.int64)
    mask = np.zeros((len(windows), length), dtype=np.int64)
    for row, window in enumerate(windows):
        ids[row, : len(window.ids)] = window.ids
        mask[row, : len(window.ids)] = 1
    return ids, mask


def by_head(logits: Any, heads: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """The logits of each head: the last axis, in which they lie side by side, taken apart.

    Args:
        logits: an array or tensor, (..., sum of head sizes).
        heads: labels of each head, in the order of the logits.
    """
    parts, at = {}, 0
    for head, labels in heads.items():
        parts[head] = logits[..., at : at + len(labels)]
        at += len(labels)
    return parts


def pad_pairs(pairs: Sequence[Sequence[tuple[Span, Span]]], step: int = 1) -> NDArray[np.int64]:
    """Token spans of every window's pairs; windows with fewer pairs are filled with (NOBODY, NOBODY).

    Shape: (batch, most pairs in a window rounded up to a multiple of `step`, 4): source start,
    source end, target start, target end.
    """
    most = max((len(p) for p in pairs), default=0)
    most = max(step, -(-most // step) * step)
    spans = np.tile(np.array([*NOBODY, *NOBODY], dtype=np.int64), (len(pairs), most, 1))
    for row, window_pairs in enumerate(pairs):
        for column, (source, target) in enumerate(window_pairs):
            spans[row, column] = (*source, *target)
    return spans

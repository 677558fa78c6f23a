"""Which sentences are encoded together, which pairs scored together, and in which window a pair is read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from stance.model.encode import NOBODY, Span, Window
from stance.values import Mention, Pair

BATCH_PAIRS = 32
"""Pairs of one window scored in one call; more go through in several, so memory stays bounded."""
PAIR_STEP = 4
"""Pairs of a window are padded to a multiple of this."""


def equal_length_batches(windows: Sequence[tuple[Window, ...]], tokens: int) -> Iterator[list[int]]:
    """Indices of sentences whose windows have the same padded length; a sentence is never split.

    No batch has more than so many tokens, unless one sentence has.
    """
    batch: list[int] = []
    size = 0
    for i in sorted(range(len(windows)), key=lambda i: windows[i][0].padded_length):
        length = windows[i][0].padded_length
        other = batch and length != windows[batch[0]][0].padded_length
        if batch and (other or (size + len(windows[i])) * length > tokens):
            yield batch
            batch, size = [], 0
        batch.append(i)
        size += len(windows[i])
    if batch:
        yield batch


def equal_count_batches(pairs: Sequence[int], tokens: int) -> Iterator[list[tuple[int, slice]]]:
    """Pieces (row, its pairs) of windows with so many pairs; those of a batch are padded alike.

    No batch has more pieces than there are windows, nor, its padded pairs being two tokens each,
    more than so many tokens.
    """
    pieces: dict[int, list[tuple[int, slice]]] = defaultdict(list)
    for row, count in enumerate(pairs):
        for start in range(0, count, BATCH_PAIRS):
            part = slice(start, min(start + BATCH_PAIRS, count))
            pieces[-(-(part.stop - start) // PAIR_STEP)].append((row, part))
    for steps, alike in pieces.items():
        most = min(len(pairs), max(1, tokens // (2 * PAIR_STEP * steps)))
        for first in range(0, len(alike), most):
            yield alike[first : first + most]


def best_windows(
    pairs: Sequence[Pair], windows: Sequence[Window], offset: int
) -> Iterator[tuple[int, tuple[Span, Span]] | None]:
    """For each pair the window with most text around both mentions, and their token spans.

    None if no window has both. `offset` is where the sentence begins in its document.
    """
    spans: dict[tuple[int, int], list[Span | None]] = {}
    nobody: list[Span | None] = [NOBODY] * len(windows)

    def token_spans(mention: Mention | None) -> list[Span | None]:
        if mention is None:
            return nobody
        start, end = mention.start - offset, mention.end - offset
        if (start, end) not in spans:
            spans[start, end] = [window.token_span(start, end) for window in windows]
        return spans[start, end]

    for pair in pairs:
        best, room = None, -1
        places = zip(windows, token_spans(pair.source), token_spans(pair.target), strict=True)
        for index, (window, source, target) in enumerate(places):
            if source is None or target is None:
                continue
            named = [span for span in (source, target) if span != NOBODY]
            around = min((min(a, len(window.ids) - b) for a, b in named), default=0)
            if around > room:
                best, room = (index, (source, target)), around
        yield best

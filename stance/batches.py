"""Which sentences are encoded together, and in which window of a sentence a pair is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stance.encode import NOBODY, Span, Window
from stance.values import Mention, Pair

BATCH_WINDOWS = 64


def equal_length_batches(windows: Sequence[tuple[Window, ...]]) -> Iterator[list[int]]:
    """Indices of sentences whose windows have the same padded length; a sentence is never split."""
    batch: list[int] = []
    size = 0
    for i in sorted(range(len(windows)), key=lambda i: windows[i][0].padded_length):
        other = batch and windows[i][0].padded_length != windows[batch[0]][0].padded_length
        if batch and (other or size + len(windows[i]) > BATCH_WINDOWS):
            yield batch
            batch, size = [], 0
        batch.append(i)
        size += len(windows[i])
    if batch:
        yield batch


def best_window(
    pair: Pair, windows: Sequence[Window], offset: int
) -> tuple[int, tuple[Span, Span]] | None:
    """The window with most text around both mentions, and their token spans; None if none has both."""
    best: tuple[int, tuple[Span, Span]] | None = None
    room = -1
    for index, window in enumerate(windows):
        source = _token_span(pair.source, window, offset)
        target = _token_span(pair.target, window, offset)
        if source is None or target is None:
            continue
        named = [span for span in (source, target) if span != NOBODY]
        around = min((min(a, len(window.ids) - b) for a, b in named), default=0)
        if around > room:
            best, room = (index, (source, target)), around
    return best


def _token_span(mention: Mention | None, window: Window, offset: int) -> Span | None:
    if mention is None:
        return NOBODY
    return window.token_span(mention.start - offset, mention.end - offset)

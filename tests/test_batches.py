"""What is encoded and scored together: everything once, padded alike, within bounds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stance.model.encode import Window
from stance.scoring.batches import (
    BATCH_PAIRS,
    PAIR_STEP,
    equal_count_batches,
    equal_length_batches,
)


def window(length: int) -> Window:
    return Window((0,) * length, ((0, 0),) * length, 0, 1)


@given(st.lists(st.lists(st.integers(1, 256), min_size=1, max_size=3), max_size=200))
def test_sentences_of_equal_length_within_the_budget(lengths: list[list[int]]) -> None:
    windows = [tuple(window(n) for n in parts) for parts in lengths]
    batches = list(equal_length_batches(windows, 1536))
    assert sorted(i for batch in batches for i in batch) == [*range(len(windows))]
    for batch in batches:
        padded = {windows[i][0].padded_length for i in batch}
        assert len(padded) == 1
        rows = sum(len(windows[i]) for i in batch)
        assert len(batch) == 1 or rows * padded.pop() <= 1536


@given(st.lists(st.integers(0, 100), max_size=70))
def test_pairs_of_equal_count(pairs: list[int]) -> None:
    batches = list(equal_count_batches(pairs, 1024))
    asked = [(row, i) for batch in batches for row, part in batch for i in range(pairs[row])[part]]
    assert sorted(asked) == [(row, i) for row, count in enumerate(pairs) for i in range(count)]
    for batch in batches:
        sizes = [part.stop - part.start for _, part in batch]
        assert len({-(-size // PAIR_STEP) for size in sizes}) == 1
        assert len(batch) <= len(pairs) and max(sizes) <= BATCH_PAIRS
        padded = -(-max(sizes) // PAIR_STEP) * PAIR_STEP
        assert len(batch) == 1 or 2 * padded * len(batch) <= 1024

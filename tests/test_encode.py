"""Token windows and spans."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from stance.model.encode import LENGTH_STEP, NOBODY, encode_sentences, pad_pairs, pad_windows

from .conftest import TINY

TOKENIZER = Tokenizer.from_file(str(TINY / "tokenizer.json"))


def test_span_covers_exactly_the_words() -> None:
    text = "Beijing accused Tokyo."
    ((window,),) = encode_sentences(TOKENIZER, [text], 32)
    for word in ("Beijing", "accused", "Tokyo"):
        start = text.index(word)
        first, last = window.token_span(start, start + len(word)) or (0, 0)
        assert text[window.offsets[first][0] : window.offsets[last - 1][1]] == word


def test_outer_spaces_do_not_matter() -> None:
    text = " Tokyo  praised Paris "
    ((window,),) = encode_sentences(TOKENIZER, [text], 32)
    assert window.token_span(0, 7) == window.token_span(1, 6) == (1, 2)
    assert window.token_span(15, len(text)) == (3, 4)
    assert window.token_span(6, 8) is None, "no token at all"


def test_special_tokens_are_nobody() -> None:
    ((window,),) = encode_sentences(TOKENIZER, ["Tokyo"], 32)
    assert window.offsets[0] == window.offsets[-1] == (0, 0)
    assert NOBODY == (0, 1)


@given(
    st.lists(st.sampled_from(["Tokyo", "praised", "xyzzy", "the", "--"]), min_size=1, max_size=60)
)
def test_windows_cover_every_token(words: list[str]) -> None:
    """However long the sentence, each character of a word is seen, and no window is too long."""
    text = " ".join(words)
    ((*windows,),) = encode_sentences(TOKENIZER, [text], 16)
    seen = {c for w in windows for a, b in w.offsets for c in range(a, b)}
    assert seen == {i for i, c in enumerate(text) if c != " "}
    assert all(len(w.ids) <= 16 for w in windows)


def test_padding_depends_on_own_length_only() -> None:
    ((short,), (long,)) = encode_sentences(
        TOKENIZER, ["Tokyo", "Tokyo praised Paris in London"], 32
    )
    assert short.padded_length % LENGTH_STEP == 0
    ids, mask = pad_windows([short, long], 0)
    assert ids.shape == mask.shape == (2, max(short.padded_length, long.padded_length))
    assert mask.sum(1).tolist() == [len(short.ids), len(long.ids)]


def test_pad_pairs_fills_with_nobody() -> None:
    spans = pad_pairs([[((1, 2), (3, 4))], []], step=4)
    assert spans.shape == (2, 4, 4)
    assert spans[0, 0].tolist() == [1, 2, 3, 4]
    assert np.array_equal(spans[1, 0], [*NOBODY, *NOBODY])


def test_span_outside_the_window_is_none() -> None:
    text = " ".join(["Tokyo"] * 40)
    ((first, *_),) = encode_sentences(TOKENIZER, [text], 16)
    assert first.token_span(len(text) - 5, len(text)) is None

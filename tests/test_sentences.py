"""Sentence splitting: cases as data, then what must hold for every string."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.errors import InputError
from stance.sentences import split_sentences
from stance.values import Document

_LINES = (Path(__file__).parent / "cases" / "sentences.jsonl").read_text("utf-8").split("\n")
CASES = [json.loads(line) for line in _LINES if line]

# Pieces that the rules look at, so that random text reaches all of them.
_PIECES = st.sampled_from(
    [
        *"\"'”“)( \n\t\u2028\x0c.。？?!…6Aж\ufeff\ud800",
        "  ",
        "\r\n",
        "\n\n",
        "...",
        "[1]",
        "- ",
        "• ",
    ]
    + ["U.S.", "Gen.", "Jan.", "No.", "p.m.", "Yahoo!", "The", "the", "Tokyo", "said", "1.", "А."]
)
_TEXTS = st.one_of(st.text(), st.lists(_PIECES, max_size=60).map("".join))


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["case"]))
def test_case(case: dict[str, Any]) -> None:
    assert [s.text for s in split_sentences(case["text"])] == case["sentences"]


@settings(max_examples=300, deadline=None)
@given(_TEXTS)
def test_offsets_cover_the_text(text: str) -> None:
    position = 0
    for index, sentence in enumerate(split_sentences(text)):
        assert sentence.index == index
        assert text[sentence.start : sentence.end] == sentence.text
        assert sentence.text and sentence.text == sentence.text.strip()
        assert not text[position : sentence.start].strip()
        position = sentence.end
    assert not text[position:].strip()


@settings(max_examples=100, deadline=None)
@given(_TEXTS, _TEXTS)
def test_paragraphs_are_split_independently(first: str, second: str) -> None:
    together = [s.text for s in split_sentences(f"{first}\n\n{second}")]
    assert together == [s.text for part in (first, second) for s in split_sentences(part)]


def test_document_id_is_kept() -> None:
    sentences = split_sentences(Document("d1", "Tokyo agreed. Seoul refused."))
    assert [(s.document_id, s.index) for s in sentences] == [("d1", 0), ("d1", 1)]
    assert split_sentences("Tokyo agreed.")[0].document_id == ""


@pytest.mark.parametrize("wrong", [None, 3, b"bytes", ["a list"]])
def test_other_types_are_refused(wrong: object) -> None:
    with pytest.raises(InputError, match=type(wrong).__name__):
        split_sentences(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "unit",
    ["Tokyo backed the U.S. Beijing did not. ", ".", ". ", " ", "\n", "x\n", '."', "[1]", "a"],
)
def test_time_is_linear(unit: str) -> None:
    text = unit * (1_000_000 // len(unit)) + "x"
    begun = time.process_time()
    split_sentences(text)
    assert time.process_time() - begun < 20  # seconds; a quadratic scan needs minutes

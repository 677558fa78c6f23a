"""Which sentences are copies of one another."""

import itertools
import json
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.vectors.copies import group_copies, near_identical, wording

from .conftest import ROOT

CASES = [
    json.loads(line)
    for line in (ROOT / "tests" / "cases" / "near_duplicates.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]
WORDS = st.sampled_from("China Japan praised condemned the not 2 3 plan Monday of ports".split())
SENTENCES = st.lists(st.lists(WORDS, max_size=8).map(" ".join), max_size=10)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_pairs(case: dict[str, str | bool]) -> None:
    pair = case["one"], case["other"]
    one, other = map(wording, pair)
    assert near_identical(one, other) == near_identical(other, one) == case["copies"]
    assert (len(group_copies(pair)) == 1) == case["copies"]


def test_there_are_many_cases_both_ways() -> None:
    assert min(sum(case["copies"] is way for case in CASES) for way in (True, False)) >= 25


@settings(deadline=None)
@given(SENTENCES, st.randoms(use_true_random=False))
def test_groups_ignore_order_and_hold_every_sentence_once(
    sentences: list[str], rng: random.Random
) -> None:
    groups = group_copies(sentences)
    rng.shuffle(sentences)
    assert group_copies(sentences) == groups
    assert sorted(itertools.chain.from_iterable(groups)) == sorted(set(sentences))


@settings(deadline=None)
@given(SENTENCES)
def test_each_is_a_copy_of_the_first_of_its_group(sentences: list[str]) -> None:
    for group in group_copies(sentences):
        for sentence in group[1:]:
            assert near_identical(wording(group[0]), wording(sentence))


@settings(deadline=None)
@given(SENTENCES)
def test_no_two_groups_begin_with_copies(sentences: list[str]) -> None:
    """The index over rare words misses none that comparing all pairs would find."""
    first = [wording(group[0]) for group in group_copies(sentences)]
    assert not any(near_identical(a, b) for a, b in itertools.combinations(first, 2))


def test_small_edits_do_not_add_up_along_a_chain() -> None:
    words = [f"{a}{b}" for a in "abcdefghij" for b in "xyz"]
    chain = [" ".join(words[i : i + 20]) for i in range(10)]
    assert 1 < len(group_copies(chain)) < len(chain)


def test_many_sentences_of_one_template_stay_quick() -> None:
    rng = random.Random(1)
    letters = "abcdefghijklmnopqrst"
    sentences = [
        "the ministry condemned the plan of " + "".join(rng.choices(letters, k=6))
        for _ in range(20_000)
    ]
    begun = time.process_time()
    assert len(group_copies(sentences)) == len(set(sentences))
    assert time.process_time() - begun < 15


def test_a_sentence_of_a_hundred_thousand_words_is_compared_in_time() -> None:
    text = "word " * 100_000
    begun = time.process_time()
    assert len(group_copies([text + "one end", text + "two ends", text])) == 3
    assert time.process_time() - begun < 10

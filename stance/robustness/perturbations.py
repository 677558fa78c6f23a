"""Checks on labelled pairs whose question or text is changed: what must follow, and what must not."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stance.actors.table import ActorTable
from stance.evaluation.answers import Answers, both_ways
from stance.evaluation.labelled import LabelledPair
from stance.metrics import IntArray
from stance.robustness.measures import Check, macro_f1, mean, share
from stance.robustness.minimal_pairs import Answer
from stance.robustness.rewriting import NOISE, Edit, rewritten
from stance.robustness.state_names import StatesOfText, masking, renaming, spellings, states_of

MOST_RENAMED = 200
"""Sentences in which other states are put, each once a draw."""
FEWEST = 20
"""Answers a pair of states needs for its mean shift to be looked at."""
_Edited = tuple[Sequence[int], Sequence[Edit]]
"""Questions of one text, by position, and the edits of that text."""


@dataclass(frozen=True, slots=True)
class NameShift:
    """How much friendlier a model reads a sentence for being about these two states, on the mean."""

    source_id: str
    target_id: str
    shift: float
    n: int


def own_checks(
    own: Answers, answer: Answer, table: ActorTable, draws: int, rng: np.random.Generator
) -> tuple[list[Check], list[NameShift]]:
    """The checks on labelled pairs, and the mean shift of every pair of states put in.

    Args:
        own: answers to pairs as they are, over against, neutral and favor.
        answer: asks the same model about changed pairs.
        table: finds the states.
        draws: pairs of states to put in.
        rng: draws them.
    """
    texts = _by_text(own.pairs)
    states = {text: states_of(text, table) for text in texts}
    dyads = _dyads(own, texts, states)
    renamed, shifts = _names(own, answer, dyads, draws, rng)
    masked = [
        (indices, masking(text, _spans(own.pairs, indices), states[text]) or ())
        for text, indices in texts.items()
    ]
    checks = [
        *_turned(own),
        *_exchanged(own, answer, dyads),
        *renamed,
        *_masked(own, answer, masked),
        *(_noise(own, answer, texts, name) for name in NOISE),
    ]
    return checks, shifts


def _by_text(pairs: Sequence[LabelledPair]) -> dict[str, list[int]]:
    texts: dict[str, list[int]] = defaultdict(list)
    for index, pair in enumerate(pairs):
        texts[pair.text].append(index)
    return texts


def _spans(pairs: Sequence[LabelledPair], indices: Sequence[int]) -> list[tuple[int, int]]:
    return [span for i in indices for span in (pairs[i].source, pairs[i].target) if span]


# --- the question turned round -------------------------------------------------------------


def _turned(own: Answers) -> list[Check]:
    """Polar pairs whose other direction is labelled too: that question has its own answer."""
    found = own.probs.argmax(1)
    directions = both_ways(own.pairs)
    asked = np.concatenate([directions, directions[:, ::-1]])
    asked = asked[own.gold[asked[:, 0]] != 1]
    first, turned = asked.T
    right = found == own.gold
    differ = own.gold[first] != own.gold[turned]
    kept = (found[first] == found[turned]) & (found[first] != 1)
    groups = [own.documents[i] for i in first]
    differing = [group for group, other in zip(groups, differ, strict=True) if other]
    name = "question turned round"
    return [
        share(name, "has its own label", right[turned], groups, at_least=0.9),
        share(name, "has it where it differs", right[turned][differ], differing, at_least=0.9),
        share(name, "both questions right", right[first] & right[turned], groups),
        share(name, "same polar answer, wrongly", kept[differ], differing),
    ]


# --- other names ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Dyad:
    """Two states of a text whose names can be exchanged, and the questions between them."""

    first: str
    second: str
    questions: dict[int, tuple[str, str]]
    """By position in the pairs: which of the two is the source, which the target."""
    text: str
    states: StatesOfText

    def renaming(self, new_ids: Mapping[str, str]) -> list[Edit]:
        """The edits of the text that give states the names of others."""
        return renaming(self.text, self.states, new_ids)


def _dyads(
    own: Answers, texts: Mapping[str, Sequence[int]], states: Mapping[str, StatesOfText]
) -> list[_Dyad]:
    """One dyad a text, where it has one: the first with a stance, else the first."""
    dyads = []
    for text, indices in texts.items():
        named: dict[int, tuple[str, str]] = {}
        for i in indices:
            ends = (own.pairs[i].source, own.pairs[i].target)
            source, target = (span and states[text].state_of(span) for span in ends)
            if source and target and source != target:
                named[i] = source, target
        if named:
            first, second = next(
                (named[i] for i in named if own.gold[i] != 1), [*named.values()][0]
            )
            questions = {i: ends for i, ends in named.items() if {*ends} == {first, second}}
            dyads.append(_Dyad(first, second, questions, text, states[text]))
    return dyads


def _exchanged(own: Answers, answer: Answer, dyads: Sequence[_Dyad]) -> list[Check]:
    """The two names exchanged in the text: who stands in the same place has the same stance."""
    edits = [([*d.questions], d.renaming({d.first: d.second, d.second: d.first})) for d in dyads]
    return [_agreement("names exchanged in the text", own, answer, edits)]


def _names(
    own: Answers, answer: Answer, dyads: Sequence[_Dyad], draws: int, rng: np.random.Generator
) -> tuple[list[Check], list[NameShift]]:
    """Other states in the place of two: the score must not depend on who they are."""
    size = min(MOST_RENAMED, len(dyads))
    chosen = [dyads[i] for i in sorted(rng.choice(len(dyads), size, replace=False))] if size else []
    before = own.probs[:, 2] - own.probs[:, 0]
    changes: list[float] = []
    groups: list[str] = []
    by_pair: dict[tuple[str, str], list[float]] = defaultdict(list)
    for drawn in _drawn_states(draws, rng):
        asked = [row for dyad in chosen for row in _renamed(own, dyad, drawn)]
        if not asked:
            continue
        probs = answer([pair for _, pair, _ in asked])
        for (index, _, states), p in zip(asked, probs, strict=True):
            changes.append(float(p[2] - p[0] - before[index]))
            groups.append(own.documents[index])
            by_pair[states].append(changes[-1])
    shifts = [
        NameShift(*states, sum(found) / len(found), len(found))
        for states, found in by_pair.items()
        if len(found) >= FEWEST
    ]
    shifts.sort(key=lambda s: (-abs(s.shift), s.source_id, s.target_id))
    largest = abs(shifts[0].shift) if shifts else math.nan
    name = "other states"
    return [
        mean(name, "mean absolute change of score", np.abs(changes), groups, at_most=0.05),
        # Resampling adds noise to every mean, which pushes an interval of their maximum upward.
        Check(name, "largest mean shift of a pair", largest, None, len(shifts), at_most=0.1),
    ], shifts


def _drawn_states(draws: int, rng: np.random.Generator) -> list[tuple[str, str]]:
    """Pairs of states, dealt so that none comes again before all have come."""
    ids = sorted(spellings())
    drawn: list[tuple[str, str]] = []
    while len(drawn) < draws:
        order = [ids[i] for i in rng.permutation(len(ids))]
        drawn += list(zip(order[::2], order[1::2], strict=False))
    return drawn[:draws]


def _renamed(
    own: Answers, dyad: _Dyad, drawn: tuple[str, str]
) -> Iterator[tuple[int, LabelledPair, tuple[str, str]]]:
    """The questions of a dyad with the drawn states in it: index, pair, and who is asked about whom."""
    ends = (dyad.first, dyad.second)
    if drawn == ends or dyad.states.loose & {*drawn}:
        return
    new = dict(zip(ends, drawn, strict=True))
    # A drawn state that stands elsewhere in the text gets a name that is free now.
    free = [state for state in ends if state not in drawn]
    new |= zip([state for state in drawn if state not in ends], free, strict=True)
    edits = dyad.renaming(new)
    for index, (source, target) in dyad.questions.items():
        (pair,) = rewritten([own.pairs[index]], edits)
        yield index, pair, (new[source], new[target])


# --- masks and noise -----------------------------------------------------------------------


def _masked(own: Answers, answer: Answer, texts: Sequence[_Edited]) -> list[Check]:
    """Agreement with the answers to the text as it is, and what both are worth."""
    name = "names masked"
    asked, after = _ask_edited(own, answer, texts)
    groups = [own.documents[i] for i in asked]
    gold, before = own.gold[asked], own.probs[asked].argmax(1)
    return [
        share(name, "same label", after == before, groups),
        macro_f1(name, "macro-F1, names as they are", gold, before, groups),
        macro_f1(name, "macro-F1, names masked", gold, after, groups),
    ]


def _noise(own: Answers, answer: Answer, texts: Mapping[str, Sequence[int]], noise: str) -> Check:
    edits = [(indices, NOISE[noise](text)) for text, indices in texts.items()]
    return _agreement(f"noise: {noise}", own, answer, edits)


def _agreement(check: str, own: Answers, answer: Answer, texts: Sequence[_Edited]) -> Check:
    """How often the label is the same after the edits, in the texts that have any."""
    asked, after = _ask_edited(own, answer, texts)
    same = after == own.probs[asked].argmax(1)
    return share(check, "same label", same, [own.documents[i] for i in asked])


def _ask_edited(
    own: Answers, answer: Answer, texts: Sequence[_Edited]
) -> tuple[list[int], IntArray]:
    """The questions of the texts that have edits, by position, and their labels after these."""
    kept = [(indices, edits) for indices, edits in texts if edits]
    pairs = [
        pair
        for indices, edits in kept
        for pair in rewritten([own.pairs[i] for i in indices], edits)
    ]
    probs = answer(pairs) if pairs else np.empty((0, 3))
    return [i for indices, _ in kept for i in indices], probs.argmax(1)

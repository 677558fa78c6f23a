"""Whether a model's answers follow the text: what has to change with it, and what must not.

On labelled pairs of one's own: the question turned round, the two names exchanged in the text, other
states in their place, names masked, typographic noise. On sentences that come with the library:
negation, passive, reported speech and hypotheticals, each beside a plain sentence.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from stance import metrics
from stance.actor_table import DATA, ActorTable
from stance.answers import Answers, ask, both_ways, fingerprint, fold_columns, probabilities
from stance.errors import InputError
from stance.evaluation import LEVEL, N_RESAMPLES, SEED, known_labels
from stance.formats import Labelled, iter_pairs
from stance.labelled import LabelledPair
from stance.metrics import FloatArray, IntArray
from stance.native import locate
from stance.rewriting import NOISE, Edit, rewritten
from stance.state_names import StatesOfText, masking, renaming, spellings, states_of
from stance.values import STANCES

if TYPE_CHECKING:
    from stance.scoring import Scorer

Answer = Callable[[Sequence[LabelledPair]], FloatArray]
"""Probabilities of against, neutral and favor for each pair. Shape: (n, 3)."""
_Edited = tuple[Sequence[int], Sequence[Edit]]
"""Questions of one text, by position, and the edits of that text."""
SETS = ("negation", "passive", "reported speech", "hypothetical")
"""The sets of `data/robustness`; a minimal pair of sentences a line, two questions a sentence."""
MOST_SENTENCES, MOST_RENAMED = 500, 200
"""Sentences of a larger set are drawn; each renamed one is read once a draw."""
FEWEST = 20
"""Answers a pair of states needs for its mean shift to be looked at."""


@dataclass(frozen=True, slots=True)
class Check:
    """One measure of one check over `n` answers; `value` and `interval` are nan without any.

    `at_least` and `at_most` are what is asked of it, None where nothing is.
    """

    check: str
    measure: str
    value: float
    interval: tuple[float, float] | None
    n: int
    at_least: float | None = None
    at_most: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the value is as asked; None where nothing is asked or nothing was measured."""
        if (self.at_least is None and self.at_most is None) or math.isnan(self.value):
            return None
        low = -math.inf if self.at_least is None else self.at_least
        return low <= self.value <= (math.inf if self.at_most is None else self.at_most)


@dataclass(frozen=True, slots=True)
class NameShift:
    """How much friendlier a model reads a sentence for being about these two states, on the mean."""

    source_id: str
    target_id: str
    shift: float
    n: int


@dataclass(frozen=True, slots=True)
class Robustness:
    """Every check, the pairs of states with the largest shifts first, and what the numbers depend on."""

    checks: tuple[Check, ...]
    shifts: tuple[NameShift, ...]
    signature: dict[str, object]

    def to_json(self) -> dict[str, object]:
        """One object ready for `json.dumps`; what is not defined becomes null."""
        checks = []
        for check in self.checks:
            row = asdict(check) | {"met": check.met}
            if math.isnan(check.value):
                row |= {"value": None, "interval": None}
            checks.append(row)
        return {
            "checks": checks,
            "shifts": [asdict(shift) for shift in self.shifts],
            "signature": dict(self.signature),
        }


def check_robustness(
    pairs: Labelled | None = None,
    scorer: Scorer | None = None,
    *,
    draws: int = 40,
    seed: int = 0,
    format: str | None = None,
    on_error: Callable[[InputError], object] | None = None,
) -> Robustness:
    """How steady a model's stance answers are when a text or a question is changed.

    Args:
        pairs: labelled pairs, as `read_pairs` takes them; those with a stance and both ends named are
            used, of 500 sentences at most. None: the library's own sentences alone.
        scorer: the model; None for the shipped one.
        draws: pairs of states whose names are put in, in [1, 1000].
        seed: of the draws and of the choice of sentences.
        format: of the file or table; None recognises it.
        on_error: receives each wrong row of a file, which is then skipped; None raises.

    Raises:
        InputError: a row is wrong, no pair can be used, or an option is out of range.
    """
    from stance import __version__
    from stance.scoring import load

    if not 1 <= draws <= 1000:
        raise InputError(f"draws is {draws}; must be in [1, 1000]")
    scorer = scorer or load()
    signature: dict[str, object] = {"version": __version__, "model_id": scorer.config.model_id}

    def answer(asked: Sequence[LabelledPair]) -> FloatArray:
        return fold_columns(probabilities(scorer, asked, "stance"), scorer.config.stance_values)

    checks: list[Check] = []
    shifts: list[NameShift] = []
    if pairs is not None:
        rng = np.random.default_rng(seed)
        labels = known_labels(scorer)
        given = iter_pairs(pairs, format=format, labels=labels, on_error=on_error)
        chosen, sentences = _choose([p for p in given if p.stance and p.source and p.target], rng)
        own = ask(chosen, scorer, "stance").folded()
        checks, shifts = own_checks(own, answer, scorer.table, draws, rng)
        signature |= {
            "data_sha256": fingerprint(chosen),
            "pairs": len(chosen),
            "sentences": len({p.text for p in chosen}),
            "of_sentences": sentences,
            "draws": draws,
        }
    checks += [check for name in SETS for check in set_checks(name, answer)]
    signature |= {"seed": seed, "resamples": N_RESAMPLES, "level": LEVEL}
    return Robustness(tuple(checks), tuple(shifts), signature)


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


def _choose(
    pairs: Sequence[LabelledPair], rng: np.random.Generator
) -> tuple[list[LabelledPair], int]:
    """The pairs of at most MOST_SENTENCES texts, and how many texts there are."""
    if not pairs:
        raise InputError(
            "no pair has a source, a target and a stance",
            hint="robustness is checked on directed pairs, or without a file",
        )
    texts = list(dict.fromkeys(p.text for p in pairs))
    size = min(MOST_SENTENCES, len(texts))
    kept = {texts[i] for i in rng.choice(len(texts), size, replace=False)}
    return [p for p in pairs if p.text in kept], len(texts)


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
        _share(name, "has its own label", right[turned], groups, at_least=0.9),
        _share(name, "both questions right", right[first] & right[turned], groups),
        _share(name, "same polar answer, wrongly", kept[differ], differing),
    ]


# --- other names ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Dyad:
    """Two states of a text whose names can be exchanged, and the questions between them."""

    first: str
    second: str
    questions: tuple[int, ...]
    states: StatesOfText


def _dyads(
    own: Answers, texts: Mapping[str, Sequence[int]], states: Mapping[str, StatesOfText]
) -> list[_Dyad]:
    """One dyad a text, where it has one: the first with a stance, else the first."""
    dyads = []
    for text, indices in texts.items():
        ends = {i: _ends(own.pairs[i], states[text]) for i in indices}
        named = [i for i in indices if None not in ends[i] and len({*ends[i]}) == 2]
        if named:
            first, second = ends[next((i for i in named if own.gold[i] != 1), named[0])]
            questions = tuple(i for i in named if {*ends[i]} == {first, second})
            dyads.append(_Dyad(str(first), str(second), questions, states[text]))
    return dyads


def _ends(pair: LabelledPair, states: StatesOfText) -> tuple[str | None, str | None]:
    source, target = (span and states.state_of(span) for span in (pair.source, pair.target))
    return source, target


def _exchanged(own: Answers, answer: Answer, dyads: Sequence[_Dyad]) -> list[Check]:
    """The two names exchanged in the text: who stands in the same place has the same stance."""
    edits = [
        (d.questions, _renaming(own, d, {d.first: d.second, d.second: d.first})) for d in dyads
    ]
    return [_agreement("names exchanged in the text", own, answer, edits)]


def _renaming(own: Answers, dyad: _Dyad, new: Mapping[str, str]) -> list[Edit]:
    return renaming(own.pairs[dyad.questions[0]].text, dyad.states, new)


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
        _mean(name, "mean |change of score|", np.abs(changes), groups, at_most=0.05),
        # Resampling adds noise to every mean, which pushes an interval of their maximum upward.
        Check(name, "largest mean shift of a pair", largest, None, len(shifts), at_most=0.1),
    ], shifts


def _drawn_states(draws: int, rng: np.random.Generator) -> list[tuple[str, str]]:
    """Pairs of states, dealt so that none comes again before all have come."""
    ids, drawn = sorted(spellings()), []
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
    edits = _renaming(own, dyad, new)
    for index in dyad.questions:
        source, target = _ends(own.pairs[index], dyad.states)
        (pair,) = rewritten([own.pairs[index]], edits)
        yield index, pair, (new[str(source)], new[str(target)])


# --- masks and noise -----------------------------------------------------------------------


def _masked(own: Answers, answer: Answer, texts: Sequence[_Edited]) -> list[Check]:
    """Agreement with the answers to the text as it is, and what both are worth."""
    name = "names masked"
    kept = [(indices, edits) for indices, edits in texts if edits]
    asked = [i for indices, _ in kept for i in indices]
    probs = _ask_edited(own, answer, kept)
    groups = [own.documents[i] for i in asked]
    gold, before = own.gold[asked], own.probs[asked].argmax(1)
    return [
        _share(name, "same label", probs.argmax(1) == before, groups),
        _macro_f1(name, "macro-F1, names as they are", gold, before, groups),
        _macro_f1(name, "macro-F1, names masked", gold, probs.argmax(1), groups),
    ]


def _noise(own: Answers, answer: Answer, texts: Mapping[str, Sequence[int]], noise: str) -> Check:
    edits = [(indices, NOISE[noise](text)) for text, indices in texts.items()]
    return _agreement(f"noise: {noise}", own, answer, edits)


def _agreement(check: str, own: Answers, answer: Answer, texts: Sequence[_Edited]) -> Check:
    """How often the label is the same after the edits, in the texts that have any."""
    kept = [(indices, edits) for indices, edits in texts if edits]
    asked = [i for indices, _ in kept for i in indices]
    same = _ask_edited(own, answer, kept).argmax(1) == own.probs[asked].argmax(1)
    return _share(check, "same label", same, [own.documents[i] for i in asked])


def _ask_edited(own: Answers, answer: Answer, texts: Sequence[_Edited]) -> FloatArray:
    pairs = [
        pair
        for indices, edits in texts
        for pair in rewritten([own.pairs[i] for i in indices], edits)
    ]
    return answer(pairs) if pairs else np.empty((0, 3))


# --- the sets that come with the library ---------------------------------------------------


def set_checks(name: str, answer: Answer) -> list[Check]:
    """How much of a set of minimal pairs is answered rightly, beside its plain sentences."""
    plain, changed = minimal_pairs(name)
    groups = [p.doc_id or p.id for p in plain]
    golds = [np.array([STANCES.index(p.stance or "") for p in part]) for part in (plain, changed)]
    founds = [answer(part).argmax(1) for part in (plain, changed)]
    rights = [found == gold for found, gold in zip(founds, golds, strict=True)]
    return [
        _share(name, "right, plain sentence", rights[0], groups),
        _share(name, f"right, {name}", rights[1], groups),
        _macro_f1(name, f"macro-F1, {name}", golds[1], founds[1], groups),
    ]


def minimal_pairs(name: str) -> tuple[list[LabelledPair], list[LabelledPair]]:
    """The plain sentences of a set and the changed ones, each asked in both directions."""
    path = DATA / "robustness" / f"{name.replace(' ', '_')}.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    plain, changed = (
        [pair for row in rows for pair in _both_questions(row, part)]
        for part in ("plain", "changed")
    )
    return plain, changed


def _both_questions(row: Mapping[str, Any], part: str) -> list[LabelledPair]:
    text, stances = row[part], row[f"{part}_stances"]
    source, target = locate(text, row["source"], row["target"])
    key = f"{row['id']}-{part}"
    return [
        LabelledPair(f"{key}-1", text, source, target, stances[0], doc_id=row["id"], split=part),
        LabelledPair(f"{key}-2", text, target, source, stances[1], doc_id=row["id"], split=part),
    ]


# --- measures ------------------------------------------------------------------------------


def _share(
    check: str,
    measure: str,
    hits: NDArray[np.bool_],
    groups: Sequence[str],
    at_least: float | None = None,
) -> Check:
    mean = _mean(check, measure, hits.astype(np.float64), groups)
    return replace(mean, at_least=at_least)


def _mean(
    check: str,
    measure: str,
    values: FloatArray,
    groups: Sequence[str],
    at_most: float | None = None,
) -> Check:
    def statistic(weights: FloatArray) -> FloatArray:
        return np.asarray(weights @ values / weights.sum(1))

    return _check(check, measure, statistic, groups, at_most)


def _macro_f1(
    check: str, measure: str, gold: IntArray, found: IntArray, groups: Sequence[str]
) -> Check:
    def statistic(weights: FloatArray) -> FloatArray:
        return metrics.macro_f1(metrics.confusion_matrix(gold, found, len(STANCES), weights))

    return _check(check, measure, statistic, groups)


def _check(
    check: str,
    measure: str,
    statistic: metrics.Statistic,
    groups: Sequence[str],
    at_most: float | None = None,
) -> Check:
    """The statistic with its interval over documents; nan where there is nothing to measure."""
    n = len(groups)
    if n == 0:
        return Check(check, measure, math.nan, None, 0, at_most=at_most)
    value = float(statistic(np.ones((1, n)))[0])
    low, high = metrics.bootstrap(statistic, n, groups, N_RESAMPLES, SEED, LEVEL)
    return Check(check, measure, value, (float(low), float(high)), n, at_most=at_most)

"""Which sentences are copies of one another: wire copy and reprints with small edits.

Two sentences are near-identical when little is left after their words are aligned: at most
MOST_EDITED of the words, function words counting little, and no number, negation or name among
what is left. So "China condemned Japan" and "China has condemned Japan" are one report; "7
missiles" and "8 missiles", or "will" and "will not", never are.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from heapq import nsmallest
from itertools import compress
from typing import NamedTuple

MOST_EDITED = 0.15
"""Share of a sentence's word weight that copies may differ by."""
LIGHT = 0.15
"""Weight of a function word; other words weigh 1."""
MOST_CANDIDATES = 64
"""Sentences compared with for each shared word, which keeps the work linear."""
MOST_ALIGNED = 250_000
"""Word pairs of one comparison; longer texts that differ this much are taken as different."""

FEW = 12
"""Groups that a sentence is compared with one by one; among more, an index finds those to compare with."""
Words = tuple[str, ...]

NEGATIONS = frozenset(
    "not no never neither nor none nobody nothing nowhere cannot without hardly barely".split()
)
DAYS = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday today yesterday tomorrow".split()
)
AGENCIES = frozenset(
    "reuters ap afp kyodo xinhua tass bloomberg yonhap dpa efe ansa associated press agency".split()
)
FUNCTION_WORDS = frozenset(
    "a an the this that these those its his her their our your of in on at by to from for with as "
    "into over about against under after before and or but while also it he she they we i you who "
    "which what when where be is are was were been being am has have had having do does did will "
    "would shall should can could may might must said says say saying stated states told tells "
    "added reported reports according percent per cent there here then than so very".split()
)
_LIGHT_WORDS = FUNCTION_WORDS | DAYS | AGENCIES
_NUMBER_WORDS = {
    **dict(
        zip("first second third fourth fifth".split(), "1st 2nd 3rd 4th 5th".split(), strict=True)
    ),
    **dict(
        zip(
            "dozen hundred thousand million billion".split(),
            "12 100 1000 1e6 1e9".split(),
            strict=True,
        )
    ),
    **{
        word: str(number)
        for number, word in enumerate(
            "zero one two three four five six seven eight nine ten eleven twelve".split()
        )
    },
}
_DATELINE = re.compile(
    r"^\s*(?:[A-Z][\w.,' -]{1,50})?\((?:[A-Z][\w./ -]{1,30})\)\s*(?:[-–—:]+\s*)+"
    r"|^\s*[A-Z][A-Z.,' ]{2,40}(?:, [A-Z][a-z]{2,8}\.? \d{1,2})?\s*(?:--|–|—)\s*"
)
_WORD = re.compile(r"\d+(?:[.,:/]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)*")
_ACRONYM = re.compile(r"\b(?:[^\W\d_]\.){2,}")
_SPELLINGS = (
    (re.compile(r"is(ation|ations|e|ed|es|ing)$"), r"iz\1"),
    (re.compile(r"our(s|ed|able|ing)?$"), r"or\1"),
    (re.compile(r"ence(s)?$"), r"ense\1"),
    (re.compile(r"tre(s)?$"), r"ter\1"),
    (re.compile(r"lled$"), "led"),
    (re.compile(r"lling$"), "ling"),
    (re.compile(r"mme(s)?$"), r"m\1"),
)


@dataclass(frozen=True, slots=True)
class Wording:
    """A sentence as it is compared: its words folded, and which of them must not differ.

    `numbers` are its numbers and negations in alphabetic order, `names` what capitals tell to be
    names, which in a headline is every word. `weight` is that of all words, `heavy` are those that weigh 1.
    """

    words: tuple[str, ...]
    names: frozenset[str]
    headline: bool
    numbers: tuple[str, ...]
    weight: float
    heavy: frozenset[str]


def wording(sentence: str) -> Wording:
    """The words of a sentence without dateline, case, punctuation and spelling variants."""
    text = sentence
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).replace("\u2019", "'").replace("\u2018", "'")
    text = _DATELINE.sub("", text, count=1)
    if "." in text:
        text = _ACRONYM.sub(lambda match: match[0].replace(".", ""), text)
    read = [word for token in _WORD.findall(text) for word in _words(token)]
    if not read:
        return Wording((), frozenset(), False, (), 0.0, frozenset())
    words, heavy, names, numbers, long, long_capital = zip(*read, strict=True)
    n_heavy, n_long = sum(heavy), sum(long)
    return Wording(
        words=words,
        names=frozenset(compress(words, names)),
        headline=n_long > 2 and sum(long_capital) > 0.7 * n_long,
        numbers=tuple(sorted(compress(words, numbers))),
        weight=n_heavy + LIGHT * (len(words) - n_heavy),
        heavy=frozenset(compress(words, heavy)),
    )


def near_identical(one: Wording, other: Wording) -> bool:
    """Whether two sentences are copies of one another; symmetric.

    Two that name different days are not; a day that only one of them names is a small edit. Two
    without words (rows of dashes) never are.
    """
    if not one.words or one.numbers != other.numbers:
        return False
    if one.words == other.words:
        return True
    limit = MOST_EDITED * max(one.weight, other.weight)
    if len(one.heavy ^ other.heavy) > limit:
        return False
    bag, other_bag = Counter(one.words), Counter(other.words)
    left, right = bag - other_bag, other_bag - bag
    if _cost(left) + _cost(right) > limit:
        return False
    if DAYS & {*left} and DAYS & {*right}:
        return False
    fixed = {*one.numbers, *_names(one, other)}
    if [w for w in one.words if w in fixed] != [w for w in other.words if w in fixed]:
        return False
    return _edits(one, other) <= limit


def group_copies(sentences: Iterable[str]) -> list[list[str]]:
    """The distinct sentences in groups of near-identical ones, whatever the order given.

    The longest of a group stands for it: shorter sentences, in the order of length and then of
    the alphabet, join the first group whose longest sentence they are near-identical to. So edits
    do not add up along a chain of reprints.

    Returns:
        Groups with their longest sentence first; sorted by it.
    """
    distinct = sorted(set(sentences))
    if len(distinct) < 2:
        return [distinct] if distinct else []
    by_words: dict[Words, list[str]] = defaultdict(list)
    wordings: dict[Words, Wording] = {}
    for sentence in distinct:
        form = wording(sentence)
        # A sentence without words (a row of dashes) is only ever a copy of itself.
        key = form.words or (sentence,)
        by_words[key].append(sentence)
        wordings[key] = form
    groups = [[s for key in keys for s in by_words[key]] for keys in _group(wordings)]
    return sorted(groups)


def _group(wordings: dict[Words, Wording]) -> list[list[Words]]:
    """Leaders, each with its followers, in the order of weight and then of the alphabet."""
    common = Counter([word for form in wordings.values() for word in form.heavy])
    members: dict[Words, list[Words]] = {}
    index: dict[tuple[str, tuple[str, ...]], list[Words]] = defaultdict(list)
    for key in sorted(wordings, key=lambda k: (-wordings[k].weight, k)):
        form = wordings[key]
        candidates: Iterable[Words] = members
        if len(members) > FEW:
            # A copy holds fewer heavy words than this that its leader lacks, so one of as many of
            # its own, the rarest, leads to the leader.
            room = int(MOST_EDITED / (1 - MOST_EDITED) * form.weight) + 1
            rare = nsmallest(room, form.heavy, key=lambda word: (common[word], word))
            candidates = (k for word in rare for k in index[word, form.numbers][:MOST_CANDIDATES])
        leader = next((k for k in candidates if near_identical(wordings[k], form)), None)
        if leader is not None:
            members[leader].append(key)
            continue
        members[key] = [key]
        if len(wordings) > FEW:
            for word in form.heavy:
                index[word, form.numbers].append(key)
    return list(members.values())


def _names(one: Wording, other: Wording) -> frozenset[str]:
    """Words that may not differ; the capitals of a headline say nothing about a plain sentence."""
    if one.headline == other.headline:
        return one.names | other.names
    return other.names if one.headline else one.names


class _Word(NamedTuple):
    """One word as it is compared; `number` is true of negations as well."""

    text: str
    heavy: bool
    name: bool
    number: bool
    long: bool
    long_capital: bool


@lru_cache(maxsize=1 << 16)
def _words(token: str) -> tuple[_Word, ...]:
    """A token as words: contractions in full, possessives without their s."""
    lower = token.casefold()
    if lower.endswith("n't") or lower == "cannot":
        stem = {"won't": "will", "can't": "can", "cannot": "can", "shan't": "shall"}.get(
            lower, token[:-3]
        )
        return (*(_words(stem) if stem else ()), *_words("not"))
    plain = token.partition("'")[0] if lower.endswith("'s") else token.replace("'", "")
    text = _fold(plain)
    number = text in NEGATIONS or text[0].isdigit()
    heavy, capital, long = text not in _LIGHT_WORDS, plain[0].isupper(), len(plain) > 3
    return (_Word(text, heavy, capital and heavy, number, long, capital and long),)


def _fold(token: str) -> str:
    word = token.casefold()
    if word[0].isdigit():
        return word.replace(",", "")
    if len(word) > 5:
        for pattern, spelling in _SPELLINGS:
            word = pattern.sub(spelling, word)
    return _NUMBER_WORDS.get(word, word)


def _weight(word: str) -> float:
    return LIGHT if word in _LIGHT_WORDS else 1.0


def _cost(words: Counter[str]) -> float:
    return sum(_weight(word) * count for word, count in words.items())


def _edits(one: Wording, other: Wording) -> float:
    """Weight of the words to delete and insert to turn one into the other, order kept.

    Source: Wagner and Fischer 1974, without substitution.
    """
    a, b = list(one.words), list(other.words)
    while a and b and a[-1] == b[-1]:
        a.pop()
        b.pop()
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    a, b = a[start:], b[start:]
    if len(a) * len(b) > MOST_ALIGNED:
        return float("inf")
    above = [0.0]
    for word in b:
        above.append(above[-1] + _weight(word))
    for word in a:
        weight = _weight(word)
        row = [above[0] + weight]
        for column, mate in enumerate(b):
            step = min(above[column + 1] + weight, row[column] + _weight(mate))
            row.append(min(step, above[column]) if word == mate else step)
        above = row
    return above[-1]

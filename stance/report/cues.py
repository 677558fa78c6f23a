"""Records to cues: the words of a sentence that moved the model to its answer.

A cue is found by occlusion: words are cut out of the sentence, the model is asked again about the
same source and target, and the words that it misses most are the cue. So a cue is what moved the
model; it does not prove why, and where the model is wrong, it is what misled it. Where two words say
the same, the model misses neither, and there may be no cue.

Source: M. Zeiler and R. Fergus, Visualizing and Understanding Convolutional Networks (ECCV 2014), for
pictures; J. Li, W. Monroe and D. Jurafsky, Understanding Neural Networks through Representation Erasure
(arXiv:1612.08220, 2016), for words. The measurements behind the constants: benchmarks/cues.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from stance.errors import InputError
from stance.marking import Span
from stance.records import StanceRecord, record_html
from stance.scoring.pairs import pair_of
from stance.scoring.scoreable import check_document
from stance.values import STANCES, Document, Pair, Prediction

if TYPE_CHECKING:
    from stance.scoring.scorer import Scorer

MIN_DROP = 0.12
"""The least probability that a cue takes away. Cutting out an article, which is no cue, takes less 95 times of 100."""
NEARLY = 0.9
"""A run that takes this share of what the best one takes is preferred to it if it is shorter."""
MOST_WORDS = 3
QUESTIONS_AT_ONCE = 64
"""Searched together, so that sentences of equal length share batches and memory stays bounded."""
FUNCTION_WORDS = frozenset(
    "a an the this that these those and or but nor of on in at by for to from with into over as than "
    "it its he his him she her they their them we our us i my you your who whom whose which what "
    "is are was were be been being am has have had having do does did will would shall should "
    "can could may might must there then so if when while where".split()
)
"""Words that hold others together. A sentence without its "by" may mean anything, but "by" is no cue."""
_WORD = re.compile(r"\w+(?:[-'’.&]\w+)*")


@dataclass(frozen=True, slots=True)
class Cue:
    """The words of a record's sentence that the model misses most when they are cut out.

    `start` and `end` are half-open characters of `record.sentence`. `drop` is how much the
    probability of the record's side falls without the words, in [MIN_DROP, 1].
    """

    record: StanceRecord
    start: int
    end: int
    drop: float

    @property
    def text(self) -> str:
        """The words."""
        return self.record.sentence[self.start : self.end]

    def _repr_html_(self) -> str:
        """For notebooks: the record with its cue marked too."""
        return record_html(self.record, (self.start, self.end))


class Question(NamedTuple):
    """What records of one sentence, pair and side ask alike; spans are of the sentence."""

    sentence: str
    source: Span
    target: Span | None
    side: str

    def pair(self, cut: Span | None = None) -> Pair:
        """The question to the model, with `cut` taken out of the sentence."""
        if cut is None:
            return pair_of(self.sentence, self.source, self.target)
        start, end = cut
        end += self.sentence[end : end + 1].isspace()

        def moved(mention: Span) -> Span:
            by = end - start if mention[0] >= end else 0
            return mention[0] - by, mention[1] - by

        text = self.sentence[:start] + self.sentence[end:]
        return pair_of(text, moved(self.source), self.target and moved(self.target))

    def probability(self, answer: Prediction) -> float:
        """Of the question's side."""
        return answer.sides[STANCES.index(self.side)]

    def words(self) -> list[Span]:
        """The words outside source and target."""
        mentions = [self.source, *([self.target] if self.target else [])]
        spans = (match.span() for match in _WORD.finditer(self.sentence))
        return [
            (a, b) for a, b in spans if not any(a < end and start < b for start, end in mentions)
        ]

    def content_words(self) -> list[Span]:
        """The words that are not FUNCTION_WORDS."""
        return [w for w in self.words() if self.sentence[slice(*w)].lower() not in FUNCTION_WORDS]

    def runs_around(self, word: Span) -> list[Span]:
        """Two to MOST_WORDS words in a row, with only white space between them, of which `word` is one."""
        words = self.words()
        at = words.index(word)
        runs = [
            words[first : last + 1]
            for first in range(max(0, at - MOST_WORDS + 1), at + 1)
            for last in range(at, min(first + MOST_WORDS, len(words)))
        ]
        return [(run[0][0], run[-1][1]) for run in runs if len(run) > 1 and self._in_a_row(run)]

    def _in_a_row(self, run: Sequence[Span]) -> bool:
        gaps = (self.sentence[a[1] : b[0]] for a, b in zip(run, run[1:], strict=False))
        return all(map(str.isspace, gaps))


def find_cues(records: Iterable[StanceRecord], scorer: Scorer) -> list[Cue]:
    """The cues of the records that are against or in favor, in their order.

    First every content word is cut out alone, then the one that is missed most together with its
    neighbours. The cue is the shortest run of at most MOST_WORDS words that takes nearly as much of
    the probability of the record's side as any of them. A record has no cue if that is less than
    MIN_DROP, if it is neutral, or if its sentence is longer than the model's window. It takes about
    ten times as long as scoring the sentences.

    Args:
        records: of the scorer's model.
        scorer: the model.

    Raises:
        InputError: a record is of another model.
    """
    rows = list(records)
    _check_model(rows, scorer)
    asked = [(record, question_of(record)) for record in rows if record.side != "neutral"]
    questions = list(dict.fromkeys(question for _, question in asked))
    found: dict[Question, tuple[Span, float]] = {}
    for at in range(0, len(questions), QUESTIONS_AT_ONCE):
        found |= _search(questions[at : at + QUESTIONS_AT_ONCE], scorer)
    return [
        Cue(record, *found[question][0], found[question][1])
        for record, question in asked
        if question in found
    ]


def question_of(record: StanceRecord) -> Question:
    """What the record answers."""
    return Question(record.sentence, *record.marks, record.side)


def _check_model(records: Sequence[StanceRecord], scorer: Scorer) -> None:
    others = {record.model_id for record in records} - {scorer.config.model_id}
    if others:
        raise InputError(
            f"records are of the model {', '.join(sorted(others))}, but the model loaded is "
            f"{scorer.config.model_id}; a cue can only be found by the model that answered",
            hint="load the model of the records, or score the texts again",
        )


def _search(questions: Sequence[Question], scorer: Scorer) -> dict[Question, tuple[Span, float]]:
    """Cue and drop of each question that has one."""
    whole = _probabilities(questions, scorer)
    alone = _drops({q: q.content_words() for q in whole}, whole, scorer)
    best = {q: max(drops, key=drops.__getitem__) for q, drops in alone.items() if drops}
    joined = _drops({q: q.runs_around(word) for q, word in best.items()}, whole, scorer)
    found = {}
    for question, word in best.items():
        drops = {word: alone[question][word], **joined[question]}
        enough = max(MIN_DROP, NEARLY * max(drops.values()))
        runs = [run for run, drop in drops.items() if drop >= enough]
        if runs:
            run = min(runs, key=lambda run: run[1] - run[0])
            found[question] = run, drops[run]
    return found


def _probabilities(questions: Sequence[Question], scorer: Scorer) -> dict[Question, float]:
    """Of each question's side, with the whole sentence; of the questions that can be searched."""
    readable = [q for q in questions if _readable(q.sentence)]
    answers = scorer.predict([q.pair() for q in readable])
    return {
        q: q.probability(answer)
        for q, answer in zip(readable, answers, strict=True)
        if not answer.truncated
    }


def _drops(
    cuts: Mapping[Question, Sequence[Span]], whole: Mapping[Question, float], scorer: Scorer
) -> dict[Question, dict[Span, float]]:
    """How much each cut takes of the probability of its question's side."""
    answers = iter(scorer.predict([q.pair(cut) for q, runs in cuts.items() for cut in runs]))
    return {
        q: {cut: whole[q] - q.probability(next(answers)) for cut in runs}
        for q, runs in cuts.items()
    }


def _readable(sentence: str) -> bool:
    """Whether the scorer takes such a text; a record from elsewhere may hold another."""
    try:
        check_document(Document("", sentence))
    except InputError:
        return False
    return True

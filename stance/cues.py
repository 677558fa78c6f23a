"""Records to cues: the words of a sentence that moved the model to its answer.

A cue is found by occlusion: words are taken out of the sentence, the model is asked again about the
same source and target, and the words that it misses most are the cue. So a cue is what moved the
model; it does not prove why, and where the model is wrong, it is what misled it.

Source: M. Zeiler and R. Fergus, Visualizing and Understanding Convolutional Networks (ECCV 2014), for
pictures; J. Li, W. Monroe and D. Jurafsky, Understanding Neural Networks through Representation Erasure
(arXiv:1612.08220, 2016), for words. How the choices below were made: benchmarks/cues.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stance.errors import InputError
from stance.marking import Span
from stance.pairs import pair_of
from stance.records import StanceRecord, record_html
from stance.scoreable import check_document
from stance.values import STANCES, Document, Pair

if TYPE_CHECKING:
    from stance.scoring import Scorer

MIN_DROP = 0.1
"""The probability that a cue must take away; what moves the model less is no cue."""
NEARLY = 0.9
"""A shorter run is preferred if it takes away this share of what the best one does."""
MOST_WORDS = 3
QUESTIONS_AT_ONCE = 64
_WORD = re.compile(r"\w+(?:[-'’.&]\w+)*")
_PAUSE = re.compile(r"[^\s,\"'“”‘’]")


@dataclass(frozen=True, slots=True)
class Cue:
    """The words of a record's sentence without which the model is least sure of its answer.

    `start` and `end` are half-open characters of `record.sentence`. `drop` is how much of the
    probability of the record's side goes with the words, in [MIN_DROP, 1].
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
        return record_html(self.record, (self.start, self.end))


class _Question(NamedTuple):
    """What the model is asked again, of whichever records: spans are of the sentence."""

    sentence: str
    source: Span
    target: Span | None
    side: str


def find_cues(records: Iterable[StanceRecord], scorer: Scorer) -> list[Cue]:
    """The cues of the records that are against or in favor, in their order.

    A record has no cue if nothing of at most MOST_WORDS words takes away MIN_DROP, if its sentence
    is longer than the model's window, or if it is neutral. Every word outside the record's own
    mentions is tried, so each sentence costs about as much as scoring thirty; pairs of one sentence share
    that cost.

    Args:
        records: of the scorer's model.
        scorer: the model.

    Raises:
        InputError: a record is of another model.
    """
    rows = list(records)
    _check_model(rows, scorer)
    polar = [(r, _question(r)) for r in rows if r.side != "neutral"]
    questions = list(dict.fromkeys(question for _, question in polar))
    found: dict[_Question, tuple[Span, float]] = {}
    for at in range(0, len(questions), QUESTIONS_AT_ONCE):
        found |= _search(questions[at : at + QUESTIONS_AT_ONCE], scorer)
    return [
        Cue(record, *found[question][0], found[question][1])
        for record, question in polar
        if question in found
    ]

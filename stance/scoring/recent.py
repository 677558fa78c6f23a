"""Answers to the sentences read last, so that wire copy further on in a corpus is not read again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

from stance.scoring.tagging import Answers
from stance.values import Mention, Pair, Sentence

RECENT_SENTENCES = 4096
RECENT_PAIRS = 100_000
"""In all of them together; some 0.5 kB each."""
Key = tuple[object, ...]


class RecentAnswers:
    """The RECENT_SENTENCES sentences read or met again last, with their answers."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Key, tuple[Sentence, Answers]] = OrderedDict()
        self._pairs = 0

    def get(self, sentence: Sentence, mentions: Sequence[Mention]) -> Answers | None:
        """The answers to the same words about the same actors, at this sentence's place; None if not kept."""
        key = _key(sentence, mentions)
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return _moved(*self._kept[key], sentence)

    def put(self, sentence: Sentence, mentions: Sequence[Mention], answers: Answers) -> None:
        """Keep the answers to a sentence whose table mentions are these."""
        key = _key(sentence, mentions)
        if key in self._kept:
            return
        self._kept[key] = sentence, answers
        self._pairs += len(answers)
        while len(self._kept) > RECENT_SENTENCES or self._pairs > RECENT_PAIRS:
            _, (_, dropped) = self._kept.popitem(last=False)
            self._pairs -= len(dropped)


def _key(sentence: Sentence, mentions: Sequence[Mention]) -> Key:
    """All that the answers depend on: who "the president" is may differ between two copies."""
    at = sentence.start
    return (
        sentence.text,
        *((m.start - at, m.end - at, m.actor_ids, m.role, m.use, m.via) for m in mentions),
    )


def _moved(before: Sentence, answers: Answers, sentence: Sentence) -> Answers:
    by = sentence.start - before.start
    moved: dict[Mention | None, Mention | None] = {None: None}
    for pair, _ in answers:
        for mention in (pair.source, pair.target):
            if mention is not None and mention not in moved:
                moved[mention] = replace(mention, start=mention.start + by, end=mention.end + by)
    return [(Pair(sentence, moved[p.source], moved[p.target]), found) for p, found in answers]

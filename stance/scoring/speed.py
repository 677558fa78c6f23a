"""How fast stance is on this machine, end to end and by stage, on three articles that come with it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stance.actors.finding import find_in_sentences
from stance.scoring.scorer import Scorer
from stance.sentences import split_sentences
from stance.values import Document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stance.model.backends import Array, Backend

ARTICLES = ("contingency-plan.txt", "dam-talks.txt", "grain-deal.txt")


@dataclass(frozen=True, slots=True)
class Speed:
    """What was measured.

    `sentences_per_second` is of the fastest round, from text to records. `milliseconds` holds a
    sentence's mean share of that round by stage: sentences (splitting), actors (finding and
    resolving), encoder and pairs (the two parts of the network), rest (tokens, mentions the model
    finds, pairs, records).
    """

    sentences: int
    rounds: int
    sentences_per_second: float
    milliseconds: Mapping[str, float]
    model_id: str


def measure_speed(scorer: Scorer, seconds: float = 3.0) -> Speed:
    """The speed of a scorer on the built-in articles; rounds are repeated for `seconds`."""
    documents = _articles()
    sentences = sum(len(split_sentences(d.text)) for d in documents)
    clock = _Clock()
    timed = Scorer(
        scorer.config, _TimedBackend(scorer.backend, clock), scorer.tokenizer, scorer.table
    )
    list(timed(documents))  # the first answer also loads what is loaded on first use
    best: dict[str, float] = {}
    rounds, end = 0, time.perf_counter() + seconds
    while not rounds or time.perf_counter() < end:
        clock.spent.clear()
        with clock.counting("total"):
            list(timed(documents))
        rounds += 1
        if not best or clock.spent["total"] < best["total"]:
            best = dict(clock.spent)
    stages = _alone(documents, scorer) | {name: best[name] for name in ("encoder", "pairs")}
    stages["rest"] = max(best["total"] - sum(stages.values()), 0.0)
    return Speed(
        sentences,
        rounds,
        sentences / best["total"],
        {name: 1000 * spent / sentences for name, spent in stages.items()},
        scorer.config.model_id,
    )


def _articles() -> list[Document]:
    """The articles of the package, else of the checkout this file is in."""
    packaged = Path(__file__).parents[1] / "data" / "articles"
    folder = packaged if packaged.is_dir() else Path(__file__).parents[2] / "seeds"
    return [Document(name, (folder / name).read_text(encoding="utf-8")) for name in ARTICLES]


def _alone(documents: Iterable[Document], scorer: Scorer) -> dict[str, float]:
    """Seconds of the stages before the network, run by themselves."""
    clock = _Clock()
    for document in documents:
        with clock.counting("sentences"):
            split = split_sentences(document)
        with clock.counting("actors"):
            find_in_sentences(document.text, split, None, scorer.table)
    return clock.spent


@dataclass(frozen=True, slots=True)
class _Clock:
    """Seconds spent, by name."""

    spent: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def counting(self, name: str) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        self.spent[name] = self.spent.get(name, 0.0) + time.perf_counter() - begun


@dataclass(frozen=True, slots=True)
class _TimedBackend:
    """A `Backend` that counts the time another one takes."""

    backend: Backend
    clock: _Clock

    @property
    def batch_tokens(self) -> int:
        """The other's."""
        return self.backend.batch_tokens

    def encode(self, ids: Array, mask: Array) -> dict[str, Any]:
        """See `Backend.encode`."""
        with self.clock.counting("encoder"):
            return self.backend.encode(ids, mask)

    def score(self, text: Mapping[str, Array], pairs: Array) -> Array:
        """See `Backend.score`."""
        with self.clock.counting("pairs"):
            return self.backend.score(text, pairs)

"""False alarms, power and intervals of `find_turns` on simulated dyads.

    python training/build_data.py && python benchmarks/turns.py

Writes benchmarks/turns.md. A simulated sentence is a real answer of the shipped model: a label is
drawn from the mix that gives the wanted mean score, and with it the model's answer to one of the
pairs that carry this label in corpus dev or DSE dev. So the scores have the model's errors and
its confidence. Sentences come in documents with a tone of their own, documents from outlets with
house lines.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfinv

from stance import load, read_pairs
from stance.evaluation import fingerprint, probabilities
from stance.evidence import EvidenceUnit
from stance.turns import Turn, search_units
from stance.values import STANCES

Array = NDArray[np.float64]
SEED = 2026
"""Of the table. The method's constants were chosen on the seeds 1, 2 and 3."""
SETS = ("corpus_dev", "dse_dev")
MONTHS = 24
HOUSES = np.linspace(-0.15, 0.15, 6)
SHARES = np.array([0.4, 0.3, 0.15, 0.08, 0.05, 0.02])
"""Six outlets, from the most hostile house line to the friendliest, and their share of documents."""
TONE = 0.15
"""Standard deviation of the documents' own tone, in mean score."""
SIZES = np.array([0.5, 0.25, 0.125, 0.0625, 0.0625])
"""How often a document has 1, 2, ... sentences about the dyad."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A kind of dyad. `n` sentences a month; the mean score rises by `delta` at a random month.

    The stance changes at one random month in [6, 18], or for a spell of `spell` months. `volume`
    multiplies the documents of the second half. `mix` is "same"; "shifted": hostile outlets give
    way to friendly ones at half time; "replaced": three outlets before, three others after. `shock` is the
    standard deviation of each month's own event. `shuffled` deals the dates of documents anew.
    """

    name: str
    n: float = 10
    delta: float = 0.0
    spell: int = 0
    volume: float = 1
    mix: str = "same"
    shock: float = 0.0
    shuffled: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found in one dyad: places, and for one true change whether intervals held it."""

    places: tuple[int, ...]
    truth: tuple[int, ...]
    covered: tuple[bool, ...]

    @property
    def hits(self) -> int:
        """True changes found within a month."""
        return sum(any(abs(t - p) <= 1 for p in self.places) for t in self.truth)

    @property
    def false(self) -> int:
        """Turns found further than a month from any true change."""
        return sum(all(abs(t - p) > 1 for t in self.truth) for p in self.places)


class Pool:
    """The model's answers by gold label; draws answers whose scores have a wanted mean."""

    def __init__(self, probs: Array, gold: NDArray[np.int64]) -> None:
        self.by_label = [probs[gold == label] for label in range(3)]
        means = np.array([(p[:, 2] - p[:, 0]).mean() for p in self.by_label])
        # From all against, over half neutral, to all favor.
        steps = np.linspace(-1, 1, 201)
        neutral = 0.5 * (1 - steps**2)
        self.mixes = np.stack(
            [(1 - neutral) * (1 - steps) / 2, neutral, (1 - neutral) * (1 + steps) / 2], axis=1
        )
        self.means = self.mixes @ means
        self.low, self.high = float(self.means[0]), float(self.means[-1])

    def draw(self, mean: Array, rng: np.random.Generator) -> Array:
        """One answer for each wanted mean score, (n, 3)."""
        mix = np.stack([np.interp(mean, self.means, column) for column in self.mixes.T], axis=1)
        labels = (rng.random((len(mean), 1)) > mix.cumsum(1)[:, :2]).sum(1)
        answers = np.empty((len(mean), 3))
        for label, answered in enumerate(self.by_label):
            here = labels == label
            answers[here] = answered[rng.integers(0, len(answered), int(here.sum()))]
        return answers

    def level(self, mean: float) -> float:
        """The level of a dyad whose documents, over outlets and tones, have this mean score."""
        low, high = self.low - 1, self.high + 1
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (middle, high) if SHARES @ self.expected(middle)[0] < mean else (low, middle)
        return (low + high) / 2

    def expected(self, level: float) -> tuple[Array, Array]:
        """Each outlet's mean score, plain and weighted by confidence, twice (outlets,)."""
        tones = TONE * np.sqrt(2) * erfinv(np.linspace(-0.99, 0.99, 100))
        wanted = np.clip(level + HOUSES[:, None] + tones, self.low, self.high)
        mix = np.stack([np.interp(wanted, self.means, c).mean(1) for c in self.mixes.T], axis=1)
        weight = np.array([p.max(1).mean() for p in self.by_label])
        product = np.array([(p.max(1) * (p[:, 2] - p[:, 0])).mean() for p in self.by_label])
        score = np.array([(p[:, 2] - p[:, 0]).mean() for p in self.by_label])
        return mix @ score, (mix @ product) / (mix @ weight)


def simulate(
    scenario: Scenario, pool: Pool, rng: np.random.Generator
) -> tuple[list[EvidenceUnit], tuple[int, ...], float]:
    """A dyad's evidence, the months of its true changes, and the change of the weighted mean."""
    at = int(rng.integers(6, 19 - scenario.spell))
    truth = (at, at + scenario.spell) if scenario.spell else (at,)
    middle = (pool.low + pool.high) / 2
    levels = [pool.level(middle + sign * scenario.delta / 2) for sign in (-1, 1)]
    month, outlet, size = _documents(scenario, rng)
    after = (month >= at) & (month < (truth[1] if scenario.spell else MONTHS))
    tone = rng.normal(0, TONE, len(month)) + rng.normal(0, scenario.shock, MONTHS)[month]
    wanted = np.clip(np.where(after, levels[1], levels[0]) + HOUSES[outlet] + tone, pool.low, pool.high)
    if scenario.shuffled:
        month = rng.permutation(month)
    document = np.repeat(np.arange(len(month)), size)
    answers = pool.draw(wanted[document], rng)
    units = [
        _unit(i, int(d), int(month[d]), int(outlet[d]), answer)
        for i, (d, answer) in enumerate(zip(document, answers.tolist(), strict=True))
    ]
    change = float(SHARES @ (pool.expected(levels[1])[1] - pool.expected(levels[0])[1]))
    return units, truth if scenario.delta and not scenario.shuffled else (), change


def _documents(
    scenario: Scenario, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Month, outlet and sentences of each document."""
    late = np.arange(MONTHS) >= MONTHS // 2
    rate = scenario.n / (SIZES @ np.arange(1, len(SIZES) + 1)) * np.where(late, scenario.volume, 1)
    month = np.repeat(np.arange(MONTHS), rng.poisson(rate))
    before, after = SHARES, SHARES
    if scenario.mix == "shifted":
        after = SHARES[::-1]
    if scenario.mix == "replaced":
        before, after = SHARES * (HOUSES < 0), SHARES[::-1] * (HOUSES > 0)
    outlet = np.where(
        late[month],
        rng.choice(len(SHARES), len(month), p=after / after.sum()),
        rng.choice(len(SHARES), len(month), p=before / before.sum()),
    )
    return month, outlet, 1 + rng.choice(len(SIZES), len(month), p=SIZES)


def _unit(i: int, document: int, month: int, outlet: int, answer: Sequence[float]) -> EvidenceUnit:
    name = f"{2020 + month // 12}-{month % 12 + 1:02d}"
    return EvidenceUnit(
        "A", "B", name, datetime.date.fromisoformat(f"{name}-01"), f"sentence {i}",
        *answer, max(answer), (f"d{document}",), (f"outlet {outlet}",), (f"d{document}#{i}",),
    )  # fmt: skip


def run(scenario: Scenario, pool: Pool, seed: int, number: int) -> Outcome:
    """One simulated dyad, searched alone with the default options."""
    rng = np.random.default_rng([seed, number, *scenario.name.encode()])
    units, truth, change = simulate(scenario, pool, rng)
    turns = search_units(units, seed=number).turns
    return Outcome(
        tuple(map(_month, turns)), truth, tuple(t.low <= change <= t.high for t in turns)
    )


def _month(turn: Turn) -> int:
    year, month = turn.at.split("-")
    return 12 * (int(year) - 2020) + int(month) - 1


def score_pool(data: Path, cache: Path) -> tuple[Pool, str]:
    """The shipped model's answers to labelled pairs, scored once and cached, and their source."""
    pairs = [p for name in SETS for p in read_pairs(data / f"{name}.jsonl") if p.source and p.target]
    scorer = load()
    source = f"{scorer.config.model_id}, {len(pairs)} pairs {fingerprint(pairs)[:12]}"
    if cache.exists() and np.load(cache)["source"] == source:
        probs = np.load(cache)["probs"]
    else:
        probs = probabilities(scorer, pairs, "stance")
        np.savez(cache, probs=probs, source=source)
    return Pool(probs, np.array([STANCES.index(p.stance or "") for p in pairs])), source

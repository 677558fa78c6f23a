"""Whether a model's answers follow the text: what has to change with it, and what must not.

On labelled pairs of one's own: the question turned round, the two names exchanged in the text, other
states in their place, names masked, typographic noise. On sentences that come with the library:
negation, passive, reported speech and hypotheticals, each beside a plain sentence.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from stance.errors import InputError
from stance.evaluation.answers import ask, fingerprint, fold_columns, probabilities
from stance.evaluation.formats import Labelled, iter_pairs
from stance.evaluation.labelled import LabelledPair
from stance.evaluation.scores import LEVEL, N_RESAMPLES, known_labels
from stance.metrics import FloatArray
from stance.robustness.measures import Check
from stance.robustness.minimal_pairs import SETS, set_checks
from stance.robustness.perturbations import NameShift, own_checks

if TYPE_CHECKING:
    from stance.scoring.scorer import Scorer

MOST_SENTENCES = 500
"""Of a larger set as many sentences are drawn."""


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
            row = asdict(check) | {"asked": check.asked, "met": check.met}
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
    from stance.scoring.scorer import load

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

"""The frozen values that move through the library, standard library only.

Offsets are half-open character positions into `Document.text`, everywhere.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

STANCES = ("against", "neutral", "favor")
STANCE_VALUES = (-1.0, 0.0, 1.0)
"""What each of STANCES counts in a score; a model with labels of its own brings its own values."""
SENTIMENTS = ("negative", "neutral", "positive")
USES = ("actor", "topic", "loc", "source")
ACTS = (
    "AGREE", "CONSULT", "SUPPORT", "COOPERATE", "AID", "CONCEDE", "RETREAT", "REQUEST",
    "ACCUSE", "REJECT", "THREATEN", "PROTEST", "SANCTION", "MOBILIZE", "COERCE", "ASSAULT",
)  # fmt: skip
"""PLOVER root codes: what the source does."""
TOO_FAR_APART = "too far apart"
"""Why a prediction abstains whose two mentions no window of the sentence holds together."""
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Document:
    """A news text. `outlet` is who published it, never an actor in it."""

    id: str
    text: str
    date: datetime.date | None = None
    outlet: str | None = None


@dataclass(frozen=True, slots=True)
class Sentence:
    """A stretch of a document: `document.text[start:end] == text`."""

    document_id: str
    index: int
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Actor:
    """A row of the actor table.

    `id` is ISO 3166-1 alpha-3 for states, ISO 3166-2 below, else prefixed `igo:`, `grp:`,
    `med:`, `pty:`, `ent:`. `country` is the id of the state it belongs to, if any.
    """

    id: str
    name: str
    kind: str
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Mention:
    """A span that names an actor.

    `actor_ids` is empty when the mention could not be resolved. It has several entries when one
    phrase names several actors (`via` is coref: "the two countries"), and
    otherwise only when it is truly ambiguous. `role` is GOV, MIL, LEG, MED, OPP, REB, CVL, ELI, ... or None;
    `use` is actor, loc, source (an outlet that is quoted) or topic; `via` is the kind of
    evidence: name, demonym, metonym, body, person, coordination, coref, tagger, user.
    """

    start: int
    end: int
    text: str
    actor_ids: tuple[str, ...]
    role: str | None = None
    use: str = "actor"
    via: str | None = None

    @property
    def actor_id(self) -> str | None:
        """The id if there is exactly one, else None."""
        return self.actor_ids[0] if len(self.actor_ids) == 1 else None


@dataclass(frozen=True, slots=True)
class Pair:
    """A directed question to the model: what is `source`'s stance toward `target`?

    `target` None asks for a stance toward nobody named; `source` None asks how the sentence
    portrays `target`, whoever holds the view.
    """

    sentence: Sentence
    source: Mention | None
    target: Mention | None


@dataclass(frozen=True, slots=True)
class Prediction:
    """The model's answer for one pair.

    `stance_probs` follow the model's stance labels (STANCES, unless it was trained on others),
    which count `stance_values` in a score; `sentiment_probs` (how the text portrays the target)
    follow SENTIMENTS. Both are calibrated and sum to 1. `stance` and `sentiment` are the most probable
    labels whatever the confidence; `abstained` is the reason not to rely on them, or None. `act`
    (of ACTS) and `shift_from` (of STANCES) are None where the sentence states none. `truncated`
    says that the sentence was longer than the model's window and was read in parts.
    """

    stance_probs: tuple[float, ...]
    sentiment_probs: tuple[float, float, float]
    stance: str
    sentiment: str
    act: str | None = None
    shift_from: str | None = None
    abstained: str | None = None
    truncated: bool = False
    stance_values: tuple[float, ...] = STANCE_VALUES

    @property
    def score(self) -> float:
        """Expected value of the label: p(favor) − p(against), in [−1, 1]; negative is hostile."""
        return sum(p * v for p, v in zip(self.stance_probs, self.stance_values, strict=True))

    @property
    def sides(self) -> tuple[float, float, float]:
        """Probabilities of STANCES: of the labels that count below, at and above zero."""
        return fold(self.stance_probs, self.stance_values)

    @property
    def side(self) -> str:
        """The most probable of STANCES, whatever the model calls its labels."""
        return likeliest(self.sides)


def fold(probs: Sequence[float], values: Sequence[float]) -> tuple[float, float, float]:
    """Probabilities of labels added up to those of STANCES by the sign of each label's value."""
    if values == STANCE_VALUES:
        against, neutral, favor = probs
        return against, neutral, favor
    pairs = list(zip(probs, values, strict=True))
    return (
        sum(p for p, v in pairs if v < 0),
        sum(p for p, v in pairs if v == 0),
        sum(p for p, v in pairs if v > 0),
    )


def likeliest(sides: tuple[float, float, float]) -> str:
    """The most probable of STANCES; the first of equals."""
    return STANCES[max(range(3), key=sides.__getitem__)]

"""Predictions to `StanceRecord`s: one flat row for each (sentence, source actor, target actor)."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from html import escape
from typing import Any, get_args, get_type_hints

from stance.errors import InputError
from stance.marking import INK, Span, sentence_html, showable
from stance.values import (
    SCHEMA_VERSION,
    Document,
    Mention,
    Pair,
    Prediction,
    Sentence,
    likeliest,
)


@dataclass(frozen=True, slots=True)
class StanceRecord:
    """Who takes which stance toward whom in one sentence, with the evidence.

    Offsets count characters of the document. `source_id` and `target_id` are None when the actor
    is unresolved or ambiguous; all `target_*` are None when the stance names nobody. `score` is
    p_favor − p_against, in [−1, 1]. A model with stance labels of its own writes them in `stance`,
    adds up their probabilities by the sign of their values, and `score` is then their expected
    value (`ModelConfig.stance_values`). `sentiment` is how the sentence portrays the target, whoever
    holds the view. `shift_from` is the earlier stance where the sentence states a change;
    `abstained` is the reason not to rely on the row, or None; `truncated` says that the sentence
    was longer than the model's window and was read in parts.
    """

    document_id: str
    date: datetime.date | None
    outlet: str | None
    sentence_index: int
    sentence_start: int
    sentence_end: int
    sentence: str
    source_id: str | None
    source_text: str
    source_start: int
    source_end: int
    source_role: str | None
    target_id: str | None
    target_text: str | None
    target_start: int | None
    target_end: int | None
    target_role: str | None
    stance: str
    score: float
    p_against: float
    p_neutral: float
    p_favor: float
    act: str | None
    shift_from: str | None
    sentiment: str | None
    p_negative: float | None
    p_neutral_sentiment: float | None
    p_positive: float | None
    abstained: str | None
    truncated: bool
    model_id: str
    schema_version: int = SCHEMA_VERSION

    @property
    def side(self) -> str:
        """The most probable of against, neutral and favor, whatever the model calls its labels."""
        return likeliest((self.p_against, self.p_neutral, self.p_favor))

    @property
    def id(self) -> str:
        """Names the record within a corpus of documents with distinct ids."""
        target = "" if self.target_start is None else self.target_start
        return f"{self.document_id}#{self.source_start}>{target}:{self.source_id or ''}>{self.target_id or ''}"

    def to_json(self) -> dict[str, Any]:
        """The row as JSON values, dates in ISO form."""
        row = asdict(self)
        row["date"] = self.date.isoformat() if self.date else None
        return row

    @property
    def marks(self) -> tuple[Span, Span | None]:
        """Where source and target are in `sentence`, in half-open characters."""
        base = self.sentence_start
        source = (self.source_start - base, self.source_end - base)
        if self.target_start is None or self.target_end is None:
            return source, None
        return source, (self.target_start - base, self.target_end - base)

    def _repr_html_(self) -> str:
        return record_html(self)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> StanceRecord:
        """The record of a row that `to_json` made.

        Raises:
            InputError: not an object, a field is missing or unknown, the date is not ISO, or the
                row was written under another schema_version.
        """
        if not isinstance(row, Mapping):
            raise InputError(f"not a stance record: is {type(row).__name__}; must be an object")
        if row.get("schema_version") != SCHEMA_VERSION:
            raise InputError(
                f"not a stance record: schema_version is {row.get('schema_version')!r}; "
                f"must be {SCHEMA_VERSION}"
            )
        try:
            date = datetime.date.fromisoformat(row["date"]) if row["date"] else None
            record = cls(**{**row, "date": date})
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"not a stance record: {error}",
                hint=f"fields: {', '.join(f.name for f in fields(cls))}",
            ) from error
        for name, (kind, optional) in field_types().items():
            value = getattr(record, name)
            given = float if kind is float and type(value) is int else type(value)
            if not (given is kind or (optional and value is None)):
                raise InputError(
                    f"not a stance record: {name} is {value!r:.80}; must be {kind.__name__}"
                )
        return record


def record_html(record: StanceRecord, cue: Span | None = None) -> str:
    """For notebooks: who takes which stance toward whom, over the marked sentence."""
    target = record.target_id or record.target_text or "nobody named"
    who = f"{record.source_id or record.source_text} → {target}"
    color = INK[record.side]
    stance = f'<b style="color:{color}">{escape(record.stance)} {record.score:+.2f}</b>'
    where = ", ".join(str(x) for x in (record.outlet, record.date) if x is not None)
    head = f"{escape(showable(who))}: {stance} <small>{escape(showable(where))}</small>"
    return head + sentence_html(record.sentence, *record.marks, record.side, cue)


@cache
def field_types() -> dict[str, tuple[type, bool]]:
    """The Python type of each field of a record, and whether it may be None."""
    hints = get_type_hints(StanceRecord)
    named = {f.name: hints[f.name] for f in fields(StanceRecord)}
    kinds = {name: get_args(hint) or (hint,) for name, hint in named.items()}
    return {name: (kind[0], len(kind) > 1) for name, kind in kinds.items()}


def make_records(
    document: Document,
    sentence: Sentence,
    answers: Iterable[tuple[Pair, Prediction]],
    model_id: str,
) -> list[StanceRecord]:
    """The records of one sentence, in text order.

    When an actor is mentioned twice, the two mentions' pairs answer the same question: the one
    with the clearest stance stands for the actor. A stance toward nobody named is kept only if
    there is one, since its absence says nothing.
    """
    answered = list(answers)
    portrayal = {pair.target: p for pair, p in answered if pair.source is None}
    best: dict[tuple[object, object], StanceRecord] = {}
    for pair, prediction in answered:
        if pair.source is None or (pair.target is None and prediction.side == "neutral"):
            continue
        for source_id in _holders(pair.source):
            for target_id in _holders(pair.target):
                if source_id is not None and source_id == target_id:
                    continue
                record = _record(
                    document,
                    sentence,
                    pair,
                    prediction,
                    portrayal.get(pair.target),
                    source_id,
                    target_id,
                    model_id,
                )
                key = (source_id or pair.source, target_id or pair.target)
                if key not in best or record.p_neutral < best[key].p_neutral:
                    best[key] = record
    return sorted(
        best.values(),
        key=lambda r: (r.source_start, r.target_start or -1, r.source_id or "", r.target_id or ""),
    )


def _holders(mention: Mention | None) -> tuple[str | None, ...]:
    """Several for a mention that names several ("the two countries"), one None if ambiguous."""
    if mention is not None and mention.via == "coref" and mention.actor_ids:
        return mention.actor_ids
    return (mention.actor_id if mention is not None else None,)


def _record(
    document: Document,
    sentence: Sentence,
    pair: Pair,
    prediction: Prediction,
    portrayal: Prediction | None,
    source_id: str | None,
    target_id: str | None,
    model_id: str,
) -> StanceRecord:
    source, target = pair.source, pair.target
    assert source is not None  # make_records asks only about pairs with a source
    against, neutral, favor = prediction.sides
    sentiment = portrayal.sentiment_probs if portrayal else None
    return StanceRecord(
        document_id=document.id,
        date=document.date,
        outlet=document.outlet,
        sentence_index=sentence.index,
        sentence_start=sentence.start,
        sentence_end=sentence.end,
        sentence=sentence.text,
        source_id=source_id,
        source_text=source.text,
        source_start=source.start,
        source_end=source.end,
        source_role=source.role,
        target_id=target_id,
        target_text=target.text if target else None,
        target_start=target.start if target else None,
        target_end=target.end if target else None,
        target_role=target.role if target else None,
        stance=prediction.stance,
        score=prediction.score,
        p_against=against,
        p_neutral=neutral,
        p_favor=favor,
        act=prediction.act,
        shift_from=prediction.shift_from,
        sentiment=portrayal.sentiment if portrayal else None,
        p_negative=sentiment[0] if sentiment else None,
        p_neutral_sentiment=sentiment[1] if sentiment else None,
        p_positive=sentiment[2] if sentiment else None,
        abstained=prediction.abstained,
        truncated=prediction.truncated,
        model_id=model_id,
    )

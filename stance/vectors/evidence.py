"""Records to evidence units: what counts once, however often it was printed.

A unit is a report of one source's stance toward one target in one period: all records whose
sentences are copies of one another (`copies.py`), with every outlet, document and record id kept.
"""

from __future__ import annotations

import datetime
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from sys import intern
from typing import NamedTuple

from stance.errors import InputError
from stance.records import StanceRecord
from stance.values import TOO_FAR_APART
from stance.vectors.copies import group_copies
from stance.vectors.periods import period_of

WEIGHTS = ("confidence", "equal", "document", "outlet")
ENTITIES = ("state", "role", "country")
STATE_ROLES = frozenset({"GOV", "MIL", "LEG"})
"""Roles that speak for the state: its government, armed forces and legislature."""


@dataclass(frozen=True, slots=True)
class EvidenceUnit:
    """Near-identical sentences about one source and target in one period, counted once.

    `sentence` is the longest of its wordings and `date` the earliest of its dates. The
    probabilities are means over its records and `weight` is what it counts in a mean. Documents,
    outlets and record ids are in alphabetic order, each once.
    """

    source_id: str
    target_id: str
    period: str
    date: datetime.date | None
    sentence: str
    p_against: float
    p_neutral: float
    p_favor: float
    weight: float
    document_ids: tuple[str, ...]
    outlets: tuple[str, ...]
    record_ids: tuple[str, ...]

    @property
    def score(self) -> float:
        """p_favor − p_against, in [−1, 1]; negative is hostile."""
        return self.p_favor - self.p_against


class Trace(NamedTuple):
    """What is kept of a record for adding up."""

    record_id: str
    document_id: str
    outlet: str | None
    date: datetime.date | None
    p_against: float
    p_neutral: float
    p_favor: float


class Key(NamedTuple):
    """What a cell is about."""

    source_id: str
    period: str
    target_id: str


def evidence_units(
    records: Iterable[StanceRecord],
    by: str = "all",
    *,
    weights: str = "confidence",
    entity: str = "state",
) -> list[EvidenceUnit]:
    """The evidence in records, sorted by source, target, period and sentence.

    Records without a resolved source and target, and pairs too far apart to be read together, are
    left out. Copies are looked for within a source, target and period; a sentence that is printed
    again in another period is evidence there too.

    Args:
        records: in any order; the result does not depend on it.
        by: the period of a unit: day, week, month, quarter, year or all.
        weights: see `weigh`.
        entity: see `entity_of`.

    Raises:
        InputError: an option is not one of the above.
    """
    check_choice("weights", weights, WEIGHTS)
    check_choice("entity", entity, ENTITIES)
    cells: dict[Key, dict[str, list[Trace]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        pair = dyad_of(record, entity)
        if pair is not None:
            key = Key(pair[0], period_of(record.date, by), pair[1])
            cells[key][record.sentence].append(trace_of(record))
    units = [u for key, sentences in cells.items() for u in units_of(key, sentences, weights)]
    return sorted(units, key=lambda u: (u.source_id, u.target_id, u.period, u.sentence))


def dyad_of(record: StanceRecord, entity: str = "state") -> tuple[str, str] | None:
    """Source and target that a record counts for, or None if it does not count."""
    if record.source_id is None or record.target_id is None or record.abstained == TOO_FAR_APART:
        return None
    source = entity_of(record.source_id, record.source_role, entity)
    target = entity_of(record.target_id, record.target_role, entity)
    return None if source == target else (source, target)


def entity_of(actor_id: str, role: str | None, entity: str = "state") -> str:
    """The id under which an actor in a role is added up.

    Only states are split by role: the id of a group, organisation or person already says who it is.

    Args:
        actor_id: as in a record.
        role: as in a record.
        entity: "state": government, armed forces, legislature and mentions without a role count as the
            state, everyone else apart, as TUR/OPP; "role": every role apart, as TUR/GOV; "country":
            every role counts as the state.

    >>> entity_of("TUR", "GOV"), entity_of("TUR", "OPP"), entity_of("igo:NATO", "IGO")
    ('TUR', 'TUR/OPP', 'igo:NATO')
    """
    apart = role is not None and (
        entity == "role" or (entity == "state" and role not in STATE_ROLES)
    )
    return f"{actor_id}/{role}" if apart and ":" not in actor_id else actor_id


def trace_of(record: StanceRecord) -> Trace:
    """What is kept of a record for adding up; documents and outlets come again and are stored once."""
    return Trace(
        record.id,
        intern(record.document_id),
        None if record.outlet is None else intern(record.outlet),
        record.date,
        record.p_against,
        record.p_neutral,
        record.p_favor,
    )


def units_of(
    key: Key, sentences: dict[str, list[Trace]], weights: str = "confidence"
) -> list[EvidenceUnit]:
    """The units of one cell, sorted by sentence.

    Args:
        key: what the cell is about.
        sentences: the traces of every distinct sentence.
        weights: see `weigh`.
    """
    groups = [
        (group[0], [trace for sentence in group for trace in sentences[sentence]])
        for group in group_copies(sentences)
    ]
    counts = weigh([traces for _, traces in groups], weights)
    return [
        _unit(key, sentence, traces, weight)
        for (sentence, traces), weight in zip(groups, counts, strict=True)
    ]


def weigh(groups: Sequence[Sequence[Trace]], weights: str) -> list[float]:
    """What each unit of a cell counts in its mean.

    Args:
        groups: the traces of each unit.
        weights: "confidence": the calibrated probability of the most probable label, in [1/3, 1]; "equal":
            1; "document": each document has one vote, shared by its units, so that a report
            printed in many documents counts more; "outlet": the same with outlets, where a document without
            an outlet stands for itself.
    """
    if weights == "equal":
        return [1.0] * len(groups)
    if weights == "confidence":
        return [max(_means(traces)) for traces in groups]
    voters = [
        {t.document_id if weights == "document" or t.outlet is None else t.outlet for t in traces}
        for traces in groups
    ]
    shares: dict[str, int] = defaultdict(int)
    for names in voters:
        for name in names:
            shares[name] += 1
    return [math.fsum(1 / shares[name] for name in names) for names in voters]


def documents_joined(units: Sequence[EvidenceUnit]) -> list[int]:
    """A number for each unit, the same for units that share a document, if only by way of others."""
    leader: dict[str, str] = {}

    def find(document: str) -> str:
        while leader.setdefault(document, document) != document:
            document = leader[document] = leader[leader[document]]
        return document

    for unit in units:
        for document in unit.document_ids[1:]:
            leader[find(document)] = find(unit.document_ids[0])
    numbers: dict[str, int] = {}
    return [numbers.setdefault(find(unit.document_ids[0]), len(numbers)) for unit in units]


def check_choice(name: str, value: object, allowed: Sequence[str]) -> None:
    """Raise InputError unless the option has one of the values allowed."""
    if value not in allowed:
        raise InputError(f"{name} is {value!r}; must be one of {', '.join(allowed)}")


def _unit(key: Key, sentence: str, traces: Sequence[Trace], weight: float) -> EvidenceUnit:
    against, neutral, favor = _means(traces)
    return EvidenceUnit(
        source_id=key.source_id,
        target_id=key.target_id,
        period=key.period,
        date=min((t.date for t in traces if t.date is not None), default=None),
        sentence=sentence,
        p_against=against,
        p_neutral=neutral,
        p_favor=favor,
        weight=weight,
        document_ids=tuple(sorted({t.document_id for t in traces})),
        outlets=tuple(sorted({t.outlet for t in traces if t.outlet is not None})),
        record_ids=tuple(sorted({t.record_id for t in traces})),
    )


def _means(traces: Sequence[Trace]) -> tuple[float, float, float]:
    """Mean probabilities; `fsum` is exact, so their order does not matter."""
    n = len(traces)
    if n == 1:
        return traces[0][-3:]
    return (
        math.fsum(t.p_against for t in traces) / n,
        math.fsum(t.p_neutral for t in traces) / n,
        math.fsum(t.p_favor for t in traces) / n,
    )

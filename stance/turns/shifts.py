"""Changes of stance that a sentence itself states, apart from the turns found in a series."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from stance.records import StanceRecord
from stance.vectors.copies import group_copies
from stance.vectors.evidence import ENTITIES, check_choice, dyad_of


@dataclass(frozen=True, slots=True)
class StatedShift:
    """A sentence that says a source's stance toward a target has changed, in all its copies.

    `shift_from` and `shift_to` are of STANCES; `date` is the earliest of the copies' dates,
    `sentence` the longest of their wordings. Outlets and record ids are in alphabetic order.
    """

    source_id: str
    target_id: str
    date: datetime.date | None
    shift_from: str
    shift_to: str
    sentence: str
    outlets: tuple[str, ...]
    record_ids: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON values, the date in ISO form."""
        return {**asdict(self), "date": self.date.isoformat() if self.date else None}


def stated_shifts(records: Iterable[StanceRecord], *, entity: str = "state") -> list[StatedShift]:
    """The stated shifts in records, sorted by source, target, date (undated last) and sentence.

    Near-identical sentences that state the same change are one. A record counts if its source and
    target are resolved, as in `aggregate`, and its earlier stance differs from its stance.

    Args:
        records: in any order; the result does not depend on it.
        entity: as in `aggregate`.
    """
    check_choice("entity", entity, ENTITIES)
    stated: dict[tuple[str, str, str, str], dict[str, list[StanceRecord]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for record in records:
        dyad = dyad_of(record, entity)
        if dyad and record.shift_from is not None and record.shift_from != record.side:
            stated[*dyad, record.shift_from, record.side][record.sentence].append(record)
    shifts = [
        _shift(key, group[0], [record for sentence in group for record in sentences[sentence]])
        for key, sentences in stated.items()
        for group in group_copies(sentences)
    ]
    return sorted(
        shifts,
        key=lambda s: (
            s.source_id,
            s.target_id,
            s.date or datetime.date.max,
            s.sentence,
            s.shift_to,
        ),
    )


def _shift(
    key: tuple[str, str, str, str], sentence: str, records: list[StanceRecord]
) -> StatedShift:
    source_id, target_id, shift_from, shift_to = key
    return StatedShift(
        source_id=source_id,
        target_id=target_id,
        date=min((r.date for r in records if r.date is not None), default=None),
        shift_from=shift_from,
        shift_to=shift_to,
        sentence=sentence,
        outlets=tuple(sorted({r.outlet for r in records if r.outlet is not None})),
        record_ids=tuple(sorted({r.id for r in records})),
    )

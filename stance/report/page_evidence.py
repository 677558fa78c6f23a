"""The sentences a web page carries: of every pair the strongest and the latest, as many as fit."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from stance.marking import Span, showable
from stance.records import StanceRecord
from stance.turns.search import Turn
from stance.values import STANCES
from stance.vectors.evidence import EvidenceUnit

Dyad = tuple[str, str]

MOST_SHIFTS = 400
LONGEST_SENTENCE = 600
"""Characters of a sentence around its marks; a longer one is cut, and shows it."""
LONGEST_NAME = 120
"""Characters of a document id or outlet."""
TURN_EVIDENCE = 5
"""Units on each side of a turn that are carried whatever else is left out."""


Records = Mapping[str, Sequence[StanceRecord]]
"""Records by their id, of which documents that share one have several."""


def as_json(value: Any) -> str:
    """Compact JSON that no HTML parser takes for the end of its element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text


@dataclass(slots=True)
class Texts:
    """Distinct texts in order of their first use, and how many bytes of JSON they take."""

    places: dict[str, int] = field(default_factory=dict)
    bytes: int = 0

    def place(self, text: str) -> int:
        """Where the text is in the list; it is added if it is new."""
        if text not in self.places:
            self.bytes += len(as_json(text).encode()) + 1
            self.places[text] = len(self.places)
        return self.places[text]


def choose(
    dyads: Sequence[Dyad],
    units: Mapping[Dyad, Sequence[EvidenceUnit]],
    by_id: Records,
    turns: Sequence[Turn],
) -> Iterator[tuple[int, EvidenceUnit]]:
    """Units with the place of their pair, the most wanted first, each once.

    First both sides of every turn and the stated shifts, then one unit after another of every pair:
    its strongest, its latest, its second strongest and so on.
    """
    beside = [item for turn in turns for item in _beside(turn, dyads, units)]
    wanted: list[list[tuple[int, EvidenceUnit]]] = []
    shifts: list[tuple[int, EvidenceUnit]] = []
    for place, dyad in enumerate(dyads):
        strongest = sorted(units[dyad], key=lambda u: (-abs(u.score), u.record_ids))
        latest = sorted(units[dyad], key=lambda u: (-_day(u), u.record_ids))
        wanted.append([(place, u) for both in zip(strongest, latest, strict=True) for u in both])
        shifts += [(place, unit) for unit in strongest if _stated(unit, by_id) is not None]
    shifts.sort(key=lambda item: -max(item[1].p_against, item[1].p_favor))
    seen = set[tuple[int, str]]()
    rounds = (item for row in zip_longest(*wanted) for item in row if item is not None)
    for place, unit in [*beside, *shifts[:MOST_SHIFTS], *rounds]:
        if (place, unit.sentence) not in seen:
            seen.add((place, unit.sentence))
            yield place, unit


def evidence(
    chosen: Iterable[tuple[int, EvidenceUnit]],
    by_id: Records,
    room: int,
    cues: Mapping[StanceRecord, Span],
) -> dict[str, Any]:
    """Columns of the chosen units and the texts they point to, in at most `room` bytes of JSON.

    Marks are start and end of source, target and, if it is known, cue; they count UTF-16 units, as
    JavaScript does. Probabilities are in percent; days count from the first of year 1, 0 where
    there is none.
    """
    sentences, outlets, documents, acts = Texts(), Texts(), Texts(), Texts()
    all_texts = (sentences, outlets, documents, acts)
    rows: list[dict[str, Any]] = []
    used = 400
    for dyad, unit in chosen:
        record, shift_from = wording(unit, by_id), _stated(unit, by_id)
        source, target = record.marks
        # Of a record that went into a unit of the other side, the cue would speak for the wrong label.
        cue = cues.get(record) if record.side == _label(unit) else None
        spans = [source, target or (0, 0), *([cue] if cue else [])]
        text, marks = clip(showable(record.sentence), spans)
        row = {
            "dyad": dyad,
            "sentence": sentences.place(text),
            "marks": [_utf16(text, i) for span in marks for i in span],
            "day": _day(unit),
            "outlets": [outlets.place(showable(o)[:LONGEST_NAME]) for o in unit.outlets[:20]],
            "document": documents.place(showable(record.document_id)[:LONGEST_NAME]),
            "records": len(unit.record_ids),
            **{s: round(100 * getattr(unit, f"p_{s}")) for s in STANCES},
            "act": acts.place(showable(record.act.lower())[:LONGEST_NAME]) if record.act else -1,
            "shift_from": -1 if shift_from is None else STANCES.index(shift_from),
            "abstained": int(record.abstained is not None),
        }
        used += len(as_json(list(row.values())))
        if used + sum(texts.bytes for texts in all_texts) > room:
            break
        rows.append(row)
    # The last row may have left texts that nothing points to; they are few and harmless.
    return {
        "evidence": {name: [row[name] for row in rows] for name in rows[0]} if rows else {},
        "sentences": list(sentences.places),
        "outlets": list(outlets.places),
        "documents": list(documents.places),
        "acts": list(acts.places),
    }


def clip(text: str, marks: Sequence[Span]) -> tuple[str, list[Span]]:
    """A sentence of at most about LONGEST_SENTENCE characters around its marks, and the marks there.

    Marks that are not within the sentence are moved into it.
    """
    within = [_within(text, mark) for mark in marks]
    return _cut(text, within) if len(text) > LONGEST_SENTENCE else (text, within)


def _cut(text: str, marks: Sequence[Span]) -> tuple[str, list[Span]]:
    around = LONGEST_SENTENCE // (4 * len(marks))
    windows: list[Span] = []
    for start, end in sorted(marks):
        first, last = max(0, start - around), min(len(text), min(end, start + around) + around)
        if windows and first <= windows[-1][1]:
            windows[-1] = (windows[-1][0], max(last, windows[-1][1]))
        else:
            windows.append((first, last))
    kept, moved = "", {}
    for first, last in windows:
        kept += "[…] " if first and not kept else ""
        for start, end in marks:
            if first <= start <= last:
                by = len(kept) - first
                moved[start, end] = (start + by, min(end, last) + by)
        kept += text[first:last] + (" […] " if last < len(text) else "")
    return kept, [moved[mark] for mark in marks]


def _within(text: str, span: Span) -> Span:
    start = min(max(0, span[0]), len(text))
    return start, min(max(start, span[1]), len(text))


def _utf16(text: str, index: int) -> int:
    return index + sum(char > "\uffff" for char in text[:index])


def wording(unit: EvidenceUnit, by_id: Records) -> StanceRecord:
    """The unit's record with the wording that stands for it."""
    records = [record for i in unit.record_ids for record in by_id[i]]
    return next((r for r in records if r.sentence == unit.sentence), records[0])


def _stated(unit: EvidenceUnit, by_id: Records) -> str | None:
    """The earlier stance that one of the unit's sentences states, as in `stated_shifts`."""
    records = (record for i in unit.record_ids for record in by_id[i])
    changed = (r.shift_from for r in records if r.shift_from in STANCES)
    return next((s for s in changed if s != _label(unit)), None)


def _label(unit: EvidenceUnit) -> str:
    return max(STANCES, key=lambda stance: float(getattr(unit, f"p_{stance}")))


def _beside(
    turn: Turn, dyads: Sequence[Dyad], units: Mapping[Dyad, Sequence[EvidenceUnit]]
) -> list[tuple[int, EvidenceUnit]]:
    """The units closest in time to a turn, on both sides."""
    dyad = (turn.source_id, turn.target_id)
    dated = sorted((u for u in units[dyad] if _day(u)), key=lambda u: (_day(u), u.record_ids))
    before, after = (
        [unit for unit in dated if not ids.isdisjoint(unit.record_ids)]
        for ids in (set(turn.record_ids_before), set(turn.record_ids_after))
    )
    place = dyads.index(dyad)
    return [(place, u) for u in before[-TURN_EVIDENCE:] + after[:TURN_EVIDENCE]]


def _day(unit: EvidenceUnit) -> int:
    return unit.date.toordinal() if unit.date is not None else 0

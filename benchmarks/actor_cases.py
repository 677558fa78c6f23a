"""Cases of finding actors and of coreference, scored by tier, by tag and by half."""

from __future__ import annotations

import datetime
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from stance.actors import find_actors

PRONOUNS = frozenset("it its they their them we our us he his her".split())
Row = dict[str, Any]


def read_rows(path: Path) -> list[Row]:
    """The objects of a JSONL file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def case_passes(case: Row) -> bool:
    """Whether the mentions found in a case are those expected; pronouns are optional."""
    before = case["context"] + " " if case.get("context") else ""
    day = datetime.date.fromisoformat(case["date"]) if case.get("date") else None
    found = {
        (
            m.start - len(before) + 4 * m.text.lower().startswith("the "),
            m.end - len(before),
            m.actor_ids,
            m.role,
            m.use,
        )
        for m in find_actors(before + case["text"], day)
        if m.start >= len(before) and m.actor_ids
    }
    wanted, optional = set(), set()
    for m in case["mentions"]:
        start = m["start"] + 4 * m["text"].lower().startswith("the ")
        key = (start, m["end"], tuple(m["actor_ids"]), m["role"], m["use"])
        pronoun = m.get("via") in ("coref", "speaker") and m["text"].lower() in PRONOUNS
        (optional if pronoun else wanted).add(key)
    return found - optional == wanted


def case_lines(path: Path) -> list[str]:
    """Cases passed, by tier and by tag."""
    tiers: dict[str, list[bool]] = defaultdict(list)
    tags: dict[str, list[bool]] = defaultdict(list)
    for case in read_rows(path):
        passed = case_passes(case)
        tiers[f"tier {case.get('tier', '-')}"].append(passed)
        for tag in case.get("tags", ()):
            tags[tag].append(passed)

    def shown(groups: dict[str, list[bool]]) -> str:
        return ", ".join(f"{k} {sum(v)}/{len(v)}" for k, v in sorted(groups.items()))

    return [f"- {shown(tiers)}", f"- By tag: {shown(tags)}"]


def coreference_lines(path: Path) -> list[str]:
    """How often phrases that refer back are resolved, and resolved rightly, by half."""
    cases = read_rows(path)
    lines = []
    for kind, half in (("nominals", "train"), ("nominals", "dev"), ("pronouns", "train")):
        right = found = gold = 0
        for case in cases:
            if case["half"] == half:
                wanted = {(m["start"], m["end"]): tuple(m["actor_ids"]) for m in case[kind]}
                gold += len(wanted)
                for m in find_actors(case["text"], pronouns=True):
                    if m.via == "coref" and (m.text in ("it", "its")) == (kind == "pronouns"):
                        found += 1
                        right += wanted.get((m.start, m.end)) == m.actor_ids
        written = "with the rules" if half == "train" else "later, two rules mended since"
        share = f"{right} of {found} resolved are right ({right / max(found, 1):.1%})"
        lines.append(f"- {kind}, cases written {written}: {share}, of {gold} that could be")
    return lines

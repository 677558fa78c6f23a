"""Cases of finding actors and of coreference, scored by tier, by tag and by half."""

from __future__ import annotations

import datetime
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from stance.actors.finding import find_actors
from stance.scoring.scorer import Scorer
from stance.values import Document, Mention

PRONOUNS = frozenset("it its they their them we our us he his she her".split())
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


def holder_lines(path: Path, scorer: Scorer) -> list[str]:
    """Whether "X said Y condemned Z" is Y's stance, and whether a place or outlet holds any."""
    cases = read_rows(path)
    right = total = whole = placed = 0
    for case in cases:
        document = Document(case["id"], case["text"])
        idle = {m.start for m in scorer.find_mentions(document) if m.use in ("loc", "source")}
        records = list(scorer([document]))
        placed += sum(record.source_start in idle for record in records)
        found = {(r.source_text, r.target_text): r.stance for r in records}
        answers = [found.get((s, t), "neutral") == stance for s, t, stance in case["stances"]]
        right, total, whole = right + sum(answers), total + len(answers), whole + all(answers)
    return [
        f"- Own cases, the shipped model: {right} of {total} stances have the right holder and side,"
        f" {whole} of {len(cases)} sentences are all right",
        f"- Records whose source is a place or a reporting outlet: {placed}",
    ]


def share(right: int, found: int, gold: int) -> str:
    """How much was taken, how much of it rightly, and how much there was."""
    rate = f"{right} of {found} resolved are right ({right / max(found, 1):.1%})"
    return f"{rate}, of {gold} that could be"


def is_pronoun(mention: Mention) -> bool:
    """Whether a mention that refers back is only a pronoun."""
    return mention.via == "coref" and mention.text.lower() in PRONOUNS


def subject_lines(path: Path) -> list[str]:
    """How often a pronoun that begins a sentence is taken for its actor, by half."""
    halves = {
        "look": "paragraphs written before the rules, looked at",
        "measure": "paragraphs written before the rules, not looked at",
        "hard": "paragraphs written to mislead the rules, looked at, rules mended since",
    }
    lines = []
    for half, name in halves.items():
        right = found = gold = 0
        cases = [case for case in read_rows(path) if case["half"] == half]
        for case in cases:
            wanted = {(m["start"], m["end"]): tuple(m["actor_ids"]) for m in case["subjects"]}
            taken = [m for m in find_actors(case["text"]) if is_pronoun(m)]
            gold, found = gold + len(wanted), found + len(taken)
            right += sum(wanted.get((m.start, m.end)) == m.actor_ids for m in taken)
        lines.append(f"- pronoun subjects, {len(cases)} {name}: {share(right, found, gold)}")
    return lines


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
                subjects = [m for m in find_actors(case["text"]) if is_pronoun(m)]
                for m in find_actors(case["text"], pronouns=True):
                    taken = m.via == "coref" and m not in subjects
                    if taken and is_pronoun(m) == (kind == "pronouns"):
                        found += 1
                        right += wanted.get((m.start, m.end)) == m.actor_ids
        written = "with the rules" if half == "train" else "later, two rules mended since"
        lines.append(f"- {kind}, cases written {written}: {share(right, found, gold)}")
    return lines

"""What a user needs to extend the actor table: what a list would do, and which names nobody knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from stance.actors.lists import UserRow, read_user_list
from stance.actors.table import ActorTable, longest, tokenise
from stance.values import Document, Mention

EXAMPLES = 3
CONTEXT = 60  # characters of an example on either side of the name


@dataclass(frozen=True, slots=True)
class UnknownName:
    """A name without a row in the actor table: its `ent:` id, spelling, mentions and examples."""

    id: str
    text: str
    n: int
    examples: tuple[str, ...]


def unknown_names(
    found: Iterable[tuple[Document, list[Mention]]], least: int = 2
) -> list[UnknownName]:
    """The unlinked names of a corpus, most frequent first; one name is one row, however often.

    Args:
        found: each document with its mentions, as `Scorer.find_mentions` gives them.
        least: names with fewer mentions are left out.
    """
    counts: Counter[str] = Counter()
    spellings: dict[str, Counter[str]] = {}
    examples: dict[str, list[str]] = {}
    for document, mentions in found:
        for mention in mentions:
            key = mention.actor_id or ""
            if not key.startswith("ent:") or mention.via == "user" or mention.use == "loc":
                continue
            counts[key] += 1
            spellings.setdefault(key, Counter())[mention.text] += 1
            kept = examples.setdefault(key, [])
            if len(kept) < EXAMPLES:
                kept.append(_example(document.text, mention))
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [
        UnknownName(key, spellings[key].most_common(1)[0][0], n, tuple(examples[key]))
        for key, n in ranked
        if n >= least
    ]


def _example(text: str, mention: Mention) -> str:
    before = text[max(0, mention.start - CONTEXT) : mention.start]
    after = text[mention.end : mention.end + CONTEXT]
    return " ".join(f"{before}[{mention.text}]{after}".split())


def check_user_list(path: str | Path, table: ActorTable) -> list[str]:
    """What deserves a second look in a list that loads, one line each, with file and line.

    Args:
        path: a user list.
        table: the built-in table, which the list would go on top of.

    Raises:
        ActorTableError: the list does not load; the message names file and line.
    """
    rows = read_user_list(Path(path))
    return [f"{path}:{row.line}: {remark}" for row, remark in _remarks(rows, table)]


def _remarks(rows: Iterable[UserRow], table: ActorTable) -> Iterator[tuple[UserRow, str]]:
    seen: dict[tuple[str, str], int] = {}
    for row in rows:
        if row.remove and not row.names and row.id not in table.actors:
            yield row, f"the table has no {row.id} to remove"
        if row.remap and row.remap not in table.actors:
            yield row, f"{row.remap} is a new id: nothing in the table has it"
        for name in row.names:
            if not row.remove and seen.setdefault((name, row.id), row.line) != row.line:
                yield row, f"{name!r} stands in line {seen[name, row.id]} already"
            yield from ((row, remark) for remark in _name_remarks(name, row, table))


def _name_remarks(name: str, row: UserRow, table: ActorTable) -> Iterator[str]:
    """What the built-in table says to one name."""
    keys = tokenise(name)
    stop, places = longest(table.names, keys, 0, len(keys))
    entries = table.entries(places) if stop == len(keys) else []
    if any(entry.kind == "block" for entry in entries) and not row.remove:
        yield f"{name!r} is blocked in the table, as the name of something else"
    others = sorted({entry.id for entry in entries if entry.kind != "block"} - {row.id})
    if others and not row.remove:
        yield f"{name!r} was {', '.join(others)} and will be {row.id}"
    if not entries and row.remove:
        yield f"the table has no {name!r} to remove"
    if name.islower() and " " not in name and not row.remove:
        yield f"{name!r} is a lower-case word: it will match wherever the word stands"

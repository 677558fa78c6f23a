"""Acronyms that a document introduces: "the Shanghai Cooperation Organisation (SCO)".

From there on the acronym means what stood before it, whatever the table makes of it elsewhere. A
long name that no table lists counts as an organisation if it ends like one, and gets an `ent:` id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from stance.actors.context import Chunk
from stance.actors.table import ActorTable, ent_id
from stance.values import Mention

LONGEST_NAME = 9  # words
SMALL = frozenset("of the for and in on to de del la des du".split())


def with_acronyms(
    text: str, chunks: Sequence[Chunk], found: Sequence[Sequence[Mention]], table: ActorTable
) -> list[list[Mention]]:
    """The mentions of each sentence, acronyms read as the document introduces them.

    Args:
        text: a document.
        chunks: its sentences.
        found: what was found in each.
        table: the actor table.
    """
    known: dict[str, Mention] = {}
    out = []
    for chunk, mentions in zip(chunks, found, strict=True):
        here = list(mentions)
        for i in _brackets(chunk):
            owner = _introduced(text, chunk, i, here, table)
            if owner is not None:
                known[chunk.keys[i]] = owner
                if owner not in here:
                    here = [m for m in here if not _overlap(m, owner)] + [owner]
        out.append(_read(chunk, here, known) if known else here)
    return out


def _brackets(chunk: Chunk) -> list[int]:
    """The tokens that stand alone in round brackets and look like acronyms."""
    keys = chunk.keys
    return [
        i
        for i in range(1, len(keys) - 1)
        if keys[i - 1] == "(" and keys[i + 1] == ")" and len(keys[i]) > 1 and keys[i].isupper()
    ]


def _introduced(
    text: str, chunk: Chunk, i: int, mentions: Sequence[Mention], table: ActorTable
) -> Mention | None:
    """The mention of the long name before "(acronym)" at token i, if the letters fit."""
    letters, last = chunk.keys[i], i - 2
    for mention in mentions:  # another language's letters: Reporters Without Borders (RSF)
        names = table.names_of(mention.actor_id) if mention.actor_id else ()
        if last >= 0 and mention.end == chunk.ends[last] and letters in names:
            return mention
    for first in range(last, max(-1, last - LONGEST_NAME), -1):
        if not chunk.capital(first):
            if chunk.low[first] not in SMALL:
                return None
            continue
        words = [key for key in chunk.keys[first : last + 1] if key[0].isalpha()]
        full = "".join(word[0] for word in words).upper()
        short = "".join(word[0] for word in words if word.lower() not in SMALL).upper()
        if letters not in (full, short) or len(words) < 2:
            continue
        start, end = chunk.starts[first], chunk.ends[last]
        for mention in mentions:
            if mention.end == end and mention.start <= start and mention.actor_ids:
                return mention
        heads = table.cues["organisation_head"]
        if chunk.low[last] in heads or chunk.low[first] in heads:
            name = text[start:end]
            return Mention(start, end, name, (ent_id(name),), via="name")
    return None


def _read(chunk: Chunk, mentions: list[Mention], known: dict[str, Mention]) -> list[Mention]:
    """The mentions of a sentence, with every known acronym as the document means it."""
    for i, key in enumerate(chunk.keys):
        owner = known.get(key)
        if owner is None or chunk.starts[i] < owner.end:
            continue
        span = chunk.starts[i], chunk.ends[i]
        inside = [m for m in mentions if m.start <= span[0] and span[1] <= m.end]
        if not inside:
            mentions.append(replace(owner, start=span[0], end=span[1], text=key, use="actor"))
        for mention in inside:
            if mention.text == key and mention.actor_ids != owner.actor_ids:
                meant = replace(mention, actor_ids=owner.actor_ids, role=owner.role, via=owner.via)
                mentions[mentions.index(mention)] = meant
    return sorted(mentions, key=lambda m: m.start)


def _overlap(one: Mention, other: Mention) -> bool:
    return one.start < other.end and other.start < one.end

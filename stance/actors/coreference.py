"""Light coreference: "the island", "the two countries", pronoun subjects, and, if asked, "it".

Precision first: a phrase is resolved only where the sentences around leave one reading, and is
otherwise no mention at all. Which noun may stand for whom is data (`seeds/actors/cues.tsv`, the
classes `the:island`, `the:bloc`, ...), and so are the offices that a state has one of.
`benchmarks/actors.py` measures how often it is right.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from stance.actors.context import Chunk
from stance.actors.subjects import pronoun_subject
from stance.actors.table import ActorTable, longest
from stance.values import Mention

WINDOW = 3  # sentences back in which an antecedent may stand
NARROWS = frozenset(("that", "where", "whose", "which", "between", "for"))
PAIRS = frozenset(
    "countries nations governments sides neighbours neighbors states capitals".split()
)
DETERMINERS = frozenset("the a an both it its this that these those his her their our my".split())
# "it" is a subject only behind one of these, and behind no other does it name its antecedent.
CLAUSES = frozenset(
    "that said says say because if when while after before as but and what until whether unless"
    " though although since where , would denied vowed fears thinks hopes insists insisted".split()
)
FILLERS = frozenset(
    "is was clear likely unlikely possible impossible true said believed thought unclear raining"
    " rain snow cold hot late early up important hard easy not only best better wrong right".split()
)


@dataclass(slots=True)
class Discourse:
    """Who was named so far: in the last sentence, and everybody with the sentence that did it."""

    last: list[Mention] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)
    length: int = 0

    def add(self, mentions: Sequence[Mention]) -> None:
        """Enters a sentence."""
        self.seen.update((key, self.length) for m in mentions for key in m.actor_ids)
        self.last = [m for m in mentions if m.actor_id]
        self.length += 1


def corefer(
    text: str,
    chunks: Sequence[Chunk],
    found: Sequence[Sequence[Mention]],
    table: ActorTable,
    *,
    pronouns: bool = False,
) -> list[list[Mention]]:
    """The mentions of each sentence with those that only refer back, in order, `via="coref"`.

    Args:
        text: a document.
        chunks: its sentences.
        found: what was found in each.
        table: the actor table.
        pronouns: whether "it" and "its" count that take up a name of their own sentence.
    """
    discourse = Discourse()
    out: list[list[Mention]] = []
    for i, (chunk, mentions) in enumerate(zip(chunks, found, strict=True)):
        extra = list(_nominals(text, chunk, mentions, discourse, table))
        known = [*mentions, *extra]
        subject = pronoun_subject(chunk, known, chunks[i - 1], out[-1], table) if out else None
        known += [subject] if subject is not None else []
        discourse.add(known)
        if pronouns:
            known += _pronouns(chunk, known)
        out.append(sorted(known, key=lambda m: m.start))
    return out


def _nominals(
    text: str,
    chunk: Chunk,
    mentions: Sequence[Mention],
    discourse: Discourse,
    table: ActorTable,
) -> Iterator[Mention]:
    """The definite noun phrases of a sentence that can only mean somebody named before."""
    for i, word in enumerate(chunk.low):
        if word not in ("the", "both"):
            continue
        head = _head(chunk, i + 1, table)
        if head <= i or any(_taken(chunk, j, mentions) for j in range(i + 1, head + 1)):
            continue
        ids, role = _antecedent(chunk, i, head, mentions, discourse, table)
        named = {actor_id for m in mentions for actor_id in m.actor_ids}
        if not named.issuperset(ids):  # else the sentence has a name already
            start, end = chunk.starts[i + 1], chunk.ends[head]
            use = "loc" if chunk.word(i - 1) in table.cues["loc_before"] else "actor"
            yield Mention(start, end, text[start:end], ids, role, use, "coref")


def _taken(chunk: Chunk, i: int, mentions: Sequence[Mention]) -> bool:
    """Whether token i lies in a mention."""
    if i >= len(chunk.keys):
        return True
    return any(m.start <= chunk.starts[i] < m.end for m in mentions)


def _head(chunk: Chunk, start: int, table: ActorTable) -> int:
    """The last token of a noun phrase at `start` that may refer back, or -1."""
    for i in range(start, min(start + 4, len(chunk.low))):
        stop, _ = longest(table.agents, chunk.low, i, min(i + 4, len(chunk.low)))
        if stop > i and " ".join(chunk.low[i:stop]) in table.cues["the_office"]:
            agents = longest(table.agents, chunk.low, stop, min(stop + 3, len(chunk.low)))[1]
            return stop - 1 if i == start and not agents and _closed(chunk, stop) else -1
        word = chunk.low[i]
        if f"the:{word}" in table.cues or word in PAIRS or word in ("country", "nation"):
            return i if _closed(chunk, i + 1) else -1
        plain = chunk.keys[i].islower() and word.isalpha() and word not in table.cues["predicate"]
        if word in DETERMINERS or (word != "-" and not plain):
            return -1
    return -1


def _closed(chunk: Chunk, i: int) -> bool:
    """Whether the phrase ends before token i: no name and nothing that says which one follows."""
    word = chunk.word(i)
    glued = word == "-" and chunk.glued(i)
    if word == "of":  # the island of Kos, but: accused the watchdog of spying
        return chunk.word(i + 1).endswith("ing")
    return word not in NARROWS and not chunk.capital(i) and not glued


def _antecedent(
    chunk: Chunk,
    start: int,
    head: int,
    here: Sequence[Mention],
    discourse: Discourse,
    table: ActorTable,
) -> tuple[tuple[str, ...], str | None]:
    """(ids, role) of whom the phrase [start, head] means; no ids if that is open."""
    word, phrase = chunk.low[head], chunk.low[start + 1 : head]
    before = [m for m in here if m.end <= chunk.starts[start]]
    near = [*discourse.last, *before]
    states = list(dict.fromkeys(m.actor_id for m in near if _is_state(m, table)))
    if word in PAIRS:
        two = chunk.low[start] == "both" or phrase[:1] == ["two"]
        inside = list(dict.fromkeys(m.actor_id for m in before if _is_state(m, table)))
        known = inside if len(inside) == 2 else states
        return (tuple(k for k in known if k), None) if two and len(known) == 2 else ((), None)
    if f"the:{word}" in table.cues:
        kind = table.cues[f"the:{word}"]
        first = discourse.length - WINDOW
        ids = {i for i in kind if discourse.seen.get(i, -1) >= max(first, 0)}
        ids |= {i for m in before for i in m.actor_ids if i in kind}
        return (tuple(ids) if len(ids) == 1 else ()), None
    if word in ("country", "nation") and not phrase:
        return tuple(k for k in states if k) if len(states) == 1 else (), None
    acting = any(m.use == "actor" and _is_state(m, table) for m in near)
    elsewhere = any(m.use == "loc" and m.actor_id not in states for m in here)
    if len(states) != 1 or not states[0] or not acting or elsewhere:
        return (), None
    values = longest(table.agents, chunk.low, start + 1, head + 1)[1]
    return (states[0],), (values[0][1] if values else None)


def _is_state(mention: Mention, table: ActorTable) -> bool:
    """Whether a mention names one state or territory."""
    actor = table.actor(mention.actor_id) if mention.actor_id else None
    return actor is not None and actor.kind in ("state", "territory")


def _pronouns(chunk: Chunk, mentions: Sequence[Mention]) -> Iterator[Mention]:
    """ "it" and "its" behind the only state or organisation that the sentence has named."""
    for i, word in enumerate(chunk.low):
        if word not in ("it", "its") or _taken(chunk, i, mentions):
            continue
        if word == "it" and _pleonastic(chunk, i):
            continue
        before = [m for m in mentions if m.end <= chunk.starts[i]]
        ids = {m.actor_id for m in before}
        people = any(m.via in ("person", "tagger") for m in before)
        if len(ids) == 1 and before[0].actor_id and before[0].use == "actor" and not people:
            first = before[0]
            start, end = chunk.starts[i], chunk.ends[i]
            yield Mention(start, end, chunk.keys[i], first.actor_ids, None, "actor", "coref")


def _pleonastic(chunk: Chunk, i: int) -> bool:
    """Whether "it" at i is no subject, or one that means nobody: "it is clear that"."""
    after = chunk.low[i + 1 : i + 4]
    subject = chunk.word(i - 1) in CLAUSES and chunk.word(i + 1).isalpha()
    return not subject or any(word in FILLERS for word in after)

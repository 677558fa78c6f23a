"""Pronoun subjects: "It also imposed sanctions on two banks", after a sentence with one subject.

The pronoun means the subject of the sentence before, where number and kind agree and nobody else
fits: a state, body or organisation is "it", an office holder "he" or "she", officials or two
states together "they". Any doubt leaves it out. `benchmarks/actors.py` measures how often it is
right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stance.actors.context import Chunk
from stance.actors.table import ActorTable, longest
from stance.values import Mention

PRONOUNS = frozenset(("it", "they", "he", "she"))
OPENERS = frozenset(
    "after also and but earlier in instead later meanwhile now on separately since still then yet".split()
)
LONGEST_OPENER = 5  # tokens before the pronoun: "In a statement, it accused"
LONGEST_SENTENCE = 120  # tokens: a longer one before the pronoun is a list or no sentence
BETWEEN = frozenset(
    "also later then again never not still now even had has have will would did does do could may".split()
)
SAME_SUBJECT = frozenset(("also", "later", "then", "again"))
NO_SUBJECT = frozenset("' - of in on for to at by from with and or".split())
TELLING = frozenset(  # what speaks as well: "the report accused"
    "accord agreement article bill company deal document firm law letter maker pact plan poll"
    " proposal report resolution ruling statement study survey team treaty".split()
)
NOUNS = ("deed", "topic_head", "topic_modifier", "asset_head", "place_head")
QUOTATION = frozenset('"“”«»„')
PLURAL = frozenset("people police men women".split())


@dataclass(frozen=True, slots=True)
class Subject:
    """Who a sentence is about: the actors, and the pronouns that may take them up."""

    mentions: tuple[Mention, ...]
    pronouns: frozenset[str]

    @property
    def ids(self) -> tuple[str, ...]:
        """Their ids, in order."""
        return tuple(dict.fromkeys(m.actor_id for m in self.mentions if m.actor_id))


def pronoun_subject(
    chunk: Chunk,
    mentions: Sequence[Mention],
    before: Chunk,
    mentions_before: Sequence[Mention],
    table: ActorTable,
) -> Mention | None:
    """The pronoun that is the sentence's subject, as a mention of who it means, or None.

    Args:
        chunk: the sentence.
        mentions: what was found in it.
        before: the sentence before.
        mentions_before: what was found there, pronouns too.
        table: the actor table.
    """
    if len(before.keys) > LONGEST_SENTENCE:
        return None
    i = _place(chunk, mentions)
    subject = _subject(before, mentions_before, table) if i >= 0 else None
    if subject is None or chunk.low[i] not in subject.pronouns:
        return None
    named = {key for m in mentions for key in m.actor_ids}
    if named & set(subject.ids) or _in_quotes(before):
        return None
    if not _only_one_fits(chunk, i, subject, before, mentions_before, named, table):
        return None
    role = subject.mentions[0].role if len(subject.mentions) == 1 else None
    start, end = chunk.starts[i], chunk.ends[i]
    return Mention(start, end, chunk.keys[i], subject.ids, role, "actor", "coref")


def _place(chunk: Chunk, mentions: Sequence[Mention]) -> int:
    """The token of the pronoun with which a sentence begins, short openers apart; -1 if none."""
    for i, word in enumerate(chunk.low[: LONGEST_OPENER + 1]):
        if word in PRONOUNS:
            named = any(m.start < chunk.starts[i] for m in mentions)
            return -1 if named or (i and chunk.low[0] not in OPENERS) else i
    return -1


def _in_quotes(chunk: Chunk) -> bool:
    """Whether a sentence has a quotation in it: then the next one may go on with it."""
    return any(key in QUOTATION for key in chunk.keys)


def _subject(chunk: Chunk, mentions: Sequence[Mention], table: ActorTable) -> Subject | None:
    """The actor, or the list of actors, with which a sentence begins."""
    place = {_tokens(chunk, m).start: m for m in mentions}
    i = 1 if chunk.word(0) in ("the", "a", "an") else 0
    if i not in place and chunk.word(0) in OPENERS:
        i = next((k for k in range(1, LONGEST_OPENER + 2) if k in place), -1)
    listed: list[Mention] = []
    while i in place:
        mention = place[i]
        if not mention.actor_id or mention.use != "actor":
            return None
        listed.append(mention)
        i = _tokens(chunk, mention).stop
        if chunk.word(i) in ("and", ",") and i + 1 + (chunk.word(i + 1) == "the") in place:
            i += 1 + (chunk.word(i + 1) == "the")
    if not listed or _noun_follows(chunk, i, listed[-1], table):
        return None
    if len(listed) > 1:
        return Subject(tuple(listed), frozenset(("they",)))
    return Subject((listed[0],), _taken_up_by(listed[0], table))


def _noun_follows(chunk: Chunk, i: int, mention: Mention, table: ActorTable) -> bool:
    """Whether the name only describes what comes at token i: Chinese pressure, Sudan's war."""
    word = chunk.word(i)
    if not word or word in NO_SUBJECT or (mention.via == "demonym" and mention.role is None):
        return True
    return any(word in table.cues[name] for name in NOUNS)


def _taken_up_by(mention: Mention, table: ActorTable) -> frozenset[str]:
    """The pronouns for one mention."""
    words = mention.text.split()
    last = words[-1].lower()
    if mention.via == "coref":
        return frozenset({last} & PRONOUNS) or frozenset(("it",))
    low = [word.lower() for word in words]
    ends = range(max(0, len(words) - 3), len(words))
    titled = any(_is_title(table, low, i) for i in ends)
    if mention.via == "person" or titled or mention.role == "ELI":
        return frozenset(("he", "she"))
    actor = table.actor(mention.actor_id) if mention.actor_id else None
    if actor is not None and actor.kind == "group":
        return frozenset(("it", "they"))
    people = mention.via == "demonym" and mention.role == "CVL"
    if words[-1].islower() or people:
        many = last in PLURAL or last.endswith("s") or people
        return frozenset(("they",)) if many else frozenset(("it",))
    return frozenset(("it",))


def _is_title(table: ActorTable, words: list[str], i: int) -> bool:
    """Whether an office stands at word i: foreign minister, president."""
    return any(cls == "title" for cls, _ in longest(table.agents, words, i, len(words))[1])


def _only_one_fits(
    chunk: Chunk,
    i: int,
    subject: Subject,
    before: Chunk,
    mentions_before: Sequence[Mention],
    named: set[str],
    table: ActorTable,
) -> bool:
    """Whether nobody else of the sentence before can be meant by the pronoun at token i."""
    others = [
        m
        for m in mentions_before
        if m not in subject.mentions
        and m.use != "loc"
        and not set(m.actor_ids) & {*named, *subject.ids}
    ]
    if others and "by" in before.low:
        return False  # Iran was condemned by the EU, which goes on to act
    if chunk.low[i] == "they":
        people = _other_nouns(before, subject, table, "agent", many=True)
        return not others and not people
    if chunk.low[i] != "it":
        people = any(m.text.split()[-1].islower() or m.via == "person" for m in others)
        return not people and not (
            _other_nouns(before, subject, table, "title", many=False)
            or _other_name(before, mentions_before, 2, table)
        )
    same = bool(SAME_SUBJECT.intersection((chunk.word(i + 1), chunk.word(i + 2))))
    if not _acts(chunk, i + 1, table):
        return False
    return same or not (others or _other_body(before, subject, mentions_before, table))


def _acts(chunk: Chunk, i: int, table: ActorTable) -> bool:
    """Whether the verb from token i on is one of somebody who acts or speaks."""
    while chunk.word(i) in BETWEEN:
        i += 1
    return chunk.word(i) in table.cues["subject_verb"]


def _other_body(
    chunk: Chunk, subject: Subject, mentions: Sequence[Mention], table: ActorTable
) -> bool:
    """Whether a sentence tells of another body or paper that "it" might be: a firm, a court."""
    inside = {k for m in subject.mentions for k in _tokens(chunk, m)}
    words = {word for k, word in enumerate(chunk.low) if k not in inside}
    bodies = table.cues["organisation_head"] | table.cues["institution"] | TELLING
    return (
        bool(words & bodies)
        or _other_nouns(chunk, subject, table, "agent", many=False)
        or _other_name(chunk, mentions, 1, table)
    )


def _other_nouns(
    chunk: Chunk, subject: Subject, table: ActorTable, wanted: str, *, many: bool
) -> bool:
    """Whether a sentence has a noun for somebody besides its subject: hostages, a minister."""
    inside = {k for m in subject.mentions for k in _tokens(chunk, m)}
    return any(
        cls == wanted
        for k, word in enumerate(chunk.low)
        if k not in inside and chunk.keys[k].islower() and word.endswith("s") == many
        for cls, _ in longest(table.agents, chunk.low, k, k + 1)[1]
    )


def _other_name(chunk: Chunk, mentions: Sequence[Mention], words: int, table: ActorTable) -> bool:
    """Whether a sentence has a name that is no mention, of at least so many words."""
    inside = {k for m in mentions for k in _tokens(chunk, m)}
    free = {
        k
        for k in range(1, len(chunk.keys))
        if chunk.capital(k) and k not in inside and chunk.low[k] not in table.cues["calendar"]
    }
    return any(free.issuperset(range(k, k + words)) for k in free)


def _tokens(chunk: Chunk, mention: Mention) -> range:
    """The tokens of a mention."""
    first = next((k for k, s in enumerate(chunk.starts) if s >= mention.start), 0)
    last = next((k for k, e in enumerate(chunk.ends) if e >= mention.end), first - 1)
    return range(first, last + 1)

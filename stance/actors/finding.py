"""Text -> mentions of actors, resolved by table and rules, standard library alone.

One pass finds surfaces sentence by sentence, a second resolves them with what the whole document
says (which countries it names, which people by full name). Precision first: a name that cannot
be resolved is left out or kept without an id, never given to the nearest state.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from stance.actors.acronyms import with_acronyms
from stance.actors.context import (
    Chunk,
    Hit,
    extend,
    extend_left,
    join_outlet,
    possessive_end,
    read_chunk,
    reads_on,
    starts_sentence,
    title_before,
)
from stance.actors.coreference import corefer
from stance.actors.table import ActorTable, Entry, ent_id, load_actor_table, longest
from stance.actors.use import is_other_name, is_sport, set_use
from stance.sentences import split_sentences
from stance.values import Mention, Sentence

__all__ = ["ActorTable", "ent_id", "find_actors", "load_actor_table"]

SURNAME_FIRST = frozenset({"CHN", "PRK", "KOR", "TWN", "VNM", "KHM", "HKG", "HUN", "ETH"})
LOCAL_ROLES = frozenset({"GOV", "MIL", "LEG", "JUD", "COP", "OPP"})


@dataclass(slots=True)
class Evidence:
    """What a document says of itself."""

    ids: set[str] = field(default_factory=set)  # named without doubt
    people: set[tuple[str, str]] = field(default_factory=set)  # (id, word of a full name)
    words: set[str] = field(default_factory=set)
    introduced: dict[str, Mention] = field(default_factory=dict)  # surname -> titled mention


def find_actors(
    text: str,
    date: datetime.date | None = None,
    table: ActorTable | None = None,
    *,
    pronouns: bool = False,
) -> list[Mention]:
    """The actors that a text names, in order, without overlap.

    Args:
        text: A sentence or a whole document; any string will do.
        date: When it was written: it decides who holds an office. None: today's table.
        table: From `load_actor_table`; the built-in table if None.
        pronouns: Whether "it" and "its" are mentions too where they take up a name of the same
            sentence. A pronoun that is its sentence's subject always is, if it can mean only the
            subject of the sentence before ("It also imposed sanctions").

    Returns:
        Mentions with `text[m.start:m.end] == m.text`, without a leading article.

    >>> [(m.text, m.actor_id, m.role) for m in find_actors("Beijing warned Japan's navy.")]
    [('Beijing', 'CHN', 'GOV'), ("Japan's navy", 'JPN', 'MIL')]
    """
    table = load_actor_table() if table is None else table
    return find_in_sentences(text, split_sentences(text), date, table, pronouns=pronouns)


def find_in_sentences(
    text: str,
    sentences: Iterable[Sentence],
    date: datetime.date | None,
    table: ActorTable,
    *,
    pronouns: bool = False,
) -> list[Mention]:
    """What `find_actors` does with a text whose sentences are at hand."""
    chunks = [read_chunk(sentence.text, sentence.start) for sentence in sentences]
    for chunk in chunks:
        _match(chunk, table)
    evidence = _gather(chunks, table)
    found: list[list[Mention]] = []
    for chunk in chunks:
        hits = _resolve_chunk(chunk, evidence, date, table)
        found.append(_with_introduced(text, chunk, hits, evidence, table))
    found = with_acronyms(text, chunks, found, table)
    referred = corefer(text, chunks, found, table, pronouns=pronouns)
    return [mention for mentions in referred for mention in mentions]


# --- finding surfaces ----------------------------------------------------------------------


def _match(chunk: Chunk, table: ActorTable) -> None:
    """Fills `chunk.hits` with the longest surfaces, left to right; blocked phrases are eaten."""
    keys, i, n = chunk.keys, 0, len(chunk.keys)
    names = table.names
    quiet = [key.title() if len(key) > 3 and key.isupper() else key for key in keys]
    while i < n:
        stop, places = longest(names, keys, i, n) if keys[i] in names else (i, [])
        entries = table.entries(places)
        if not entries and quiet[i] in names:
            stop, places = longest(names, quiet, i, n)
            entries = table.entries(places)
            entries = [entry for entry in entries if entry.via != "person" or chunk.shouting]
        if entries and "article" in entries[0].flags and reads_on(chunk, i + 1, stop, table):
            stop = i
        elif entries and entries[0].kind != "block":
            _add_hit(chunk, i, stop, entries)
        i = max(stop, i + 1)


def _add_hit(chunk: Chunk, first: int, last: int, entries: list[Entry]) -> None:
    surface = " ".join(chunk.keys[first:last])
    hit = Hit(first, last, surface, entries)
    hit.flags = entries[0].flags
    hit.kind, hit.via = entries[0].kind, entries[0].via
    chunk.hits.append(hit)
    for i in range(first, last):
        chunk.owner[i] = hit


def _gather(chunks: Iterable[Chunk], table: ActorTable) -> Evidence:
    """The countries and people a document names beyond doubt."""
    evidence = Evidence()
    watched = table.cues["us_domestic"] | table.cues["au_domestic"]
    for chunk in chunks:
        evidence.words.update(watched.intersection(chunk.low) if chunk.hits else ())
        for hit in chunk.hits:
            ids = {entry.id for entry in hit.entries}
            if "full" in hit.flags:
                evidence.people.update((key, word) for key in ids for word in hit.surface.split())
            doubtful = {"ambiguous", "weak", "context", "surname", "namelike"} & hit.flags
            if len(ids) == 1 and not doubtful:
                actor_id = next(iter(ids))
                evidence.ids.add(actor_id)
                actor = table.actor(actor_id)
                if actor is not None and actor.country:
                    evidence.ids.add(actor.country)
    return evidence


# --- resolving -----------------------------------------------------------------------------


def _resolve_chunk(
    chunk: Chunk, evidence: Evidence, date: datetime.date | None, table: ActorTable
) -> list[Hit]:
    """The hits of a sentence that are actors, with id, role, use and final span."""
    if not chunk.hits or is_sport(chunk, table):
        return []
    kept = []
    for hit in chunk.hits:
        entries = _choose(chunk, hit, evidence, date, table)
        if entries:
            hit.ids = tuple(dict.fromkeys(entry.id for entry in entries))
            best = entries[0]
            hit.kind, hit.via, hit.flags, hit.role = best.kind, best.via, best.flags, best.role
            if not is_other_name(chunk, hit, table):
                kept.append(hit)
                continue
        for i in range(hit.first, hit.last):
            del chunk.owner[i]
    taken = 0
    for hit in kept:
        if hit.person:
            _date_person(hit, date)
        extend(chunk, hit, table)
        extend_left(chunk, hit, table, taken)
        taken = hit.stop
    kept = _merge(chunk, kept, table)
    for hit in kept:
        _mark_former(chunk, hit, table)
        set_use(chunk, hit, table)
    return _coordinate(chunk, kept)


def _choose(
    chunk: Chunk, hit: Hit, evidence: Evidence, date: datetime.date | None, table: ActorTable
) -> list[Entry]:
    """The entries that the context licenses; empty if the hit is no actor here."""
    people = [entry for entry in hit.entries if entry.via == "person"]
    if people:
        return _choose_person(chunk, hit, people, evidence, date, table)
    entries = [entry for entry in hit.entries if entry.holds(date)]
    if not entries:  # a state that has ended is still called by its name
        entries = [entry for entry in hit.entries if entry.via in ("name", "demonym")]
    regional = [e for e in entries if "context" in e.flags and _domestic(chunk, e, evidence, table)]
    if regional:
        return regional[:1]
    entries = [entry for entry in entries if "context" not in entry.flags]
    firm = [entry for entry in entries if "weak" not in entry.flags]
    if not firm:
        firm = [e for e in entries if _backed(chunk, e, evidence, table)][:1]
    if len({entry.id for entry in firm}) > 1 and "ambiguous" in firm[0].flags:
        known = [entry for entry in firm if entry.id in evidence.ids]
        return known if len({entry.id for entry in known}) == 1 else firm
    if len({entry.id for entry in firm}) > 1 and firm[0].via != "metonym":
        return firm[:1]
    return firm


def _domestic(chunk: Chunk, entry: Entry, evidence: Evidence, table: ActorTable) -> bool:
    """Whether the words around speak of the inside of the entry's country."""
    cues = table.cues["us_domestic"]
    near = sum(word in cues for word in chunk.low)
    regions = {e.id for h in chunk.hits for e in h.entries if e.kind == "region"} - {entry.id}
    return near > 0 or any(key.startswith(entry.id[:3]) for key in regions)


def _backed(chunk: Chunk, entry: Entry, evidence: Evidence, table: ActorTable) -> bool:
    """Whether a weak surface (Muscat, Victoria, Congress) has its country in the document."""
    actor = table.actor(entry.id)
    country = actor.country if actor is not None and actor.country else entry.id
    if country in evidence.ids or entry.id in evidence.ids:
        return True
    if entry.id == "AU-VIC":
        return len(evidence.words & table.cues["au_domestic"]) > 0
    if "capital" in entry.flags:  # "Muscat and Tehran", "Kingston accused London"
        return any(h.kind in ("state", "org") and "weak" not in h.flags for h in chunk.hits)
    return False


def _choose_person(
    chunk: Chunk,
    hit: Hit,
    people: list[Entry],
    evidence: Evidence,
    date: datetime.date | None,
    table: ActorTable,
) -> list[Entry]:
    """The person entries that may be meant: a full name, or a surname with a licence."""
    if any("full" in entry.flags for entry in people):
        licensed = people
    else:
        words = hit.surface.split()
        named = [e for e in people if all((e.id, word) in evidence.people for word in words)]
        titled = title_before(chunk, hit.first, table) < hit.first
        honoured = chunk.word(hit.first - 1) in table.cues["honorific"]
        bare = [entry for entry in people if "bare" in entry.flags]
        if named:
            licensed = named
        elif len({entry.id for entry in bare}) == 1:
            licensed = [entry for entry in people if entry.id == bare[0].id]
        elif chunk.word(hit.last) in table.cues["person_agent"]:
            licensed = [entry for entry in people if entry.role == "GOV"]
        elif titled:
            licensed = [entry for entry in people if entry.holds(date)]
            owner = chunk.owner.get(title_before(chunk, hit.first, table) - 1)
            if not licensed and owner is not None:
                licensed = [e for e in people if e.id in {x.id for x in owner.entries}]
        else:
            licensed = bare if honoured or bare else []
    held = [entry for entry in licensed if entry.holds(date)]
    for narrower in (
        licensed,
        held,
        [entry for entry in licensed if entry.id in evidence.ids],
        [entry for entry in held if entry.kind == "state"],
    ):
        if len({entry.id for entry in narrower}) == 1:
            return narrower
    return []


def _date_person(hit: Hit, date: datetime.date | None) -> None:
    """GOV while the office is held, else ELI."""
    entries = [entry for entry in hit.entries if entry.via == "person" and entry.id in hit.ids]
    held = [entry for entry in entries if entry.holds(date)]
    if held:
        hit.role = held[0].role
    elif all(entry.role for entry in entries):
        hit.role = "ELI"


def _merge(chunk: Chunk, hits: list[Hit], table: ActorTable) -> list[Hit]:
    """Joins "French President" + "Emmanuel Macron", "Japan's" + "Kyodo"; drops swallowed hits."""
    out: list[Hit] = []
    for hit in hits:
        if hit.kind in ("media", "party", "group") and "adj" not in hit.flags:
            hit.begin = join_outlet(chunk, hit, table)
            while out and out[-1].first >= hit.begin:
                out.pop()
        if out and (hit.last <= out[-1].stop or _owns_body(chunk, out[-1], hit)):
            _absorb(out[-1], hit)
            continue
        if out and hit.first < out[-1].stop:
            out[-1].stop = hit.first
        if hit.person:
            hit.begin = title_before(chunk, hit.first, table)
            if out and hit.begin < out[-1].stop:
                hit.begin = out[-1].stop
            titled = out and hit.begin < hit.first and hit.begin == out[-1].stop
            if titled and out[-1].ids == hit.ids:  # Hezbollah leader Hassan Nasrallah
                out[-1].stop = hit.stop
                continue
        if out and hit.begin < out[-1].stop:  # Kenya's President of Ghana
            hit.begin = hit.first
        out.append(hit)
    return out


def _owns_body(chunk: Chunk, outer: Hit, inner: Hit) -> bool:
    """Iran's Revolutionary Guards, the Israeli Knesset: a state and right after it its body."""
    after = possessive_end(chunk, outer.last)
    joined = after > outer.last or outer.adjectival
    return inner.via == "body" and outer.kind == "state" and joined and after == inner.first


def _absorb(outer: Hit, inner: Hit) -> None:
    """A mention takes in its body, or the known name in it whose office is past."""
    if inner.via == "body" and inner.stop > outer.stop:
        outer.stop, outer.head, outer.role = inner.stop, inner.stop - 1, inner.role
    elif inner.person and inner.ids == outer.ids and inner.role == "ELI":
        outer.role = "ELI"


def _mark_former(chunk: Chunk, hit: Hit, table: ActorTable) -> None:
    """ "A former Japanese minister" is ELI, whatever the date."""
    if hit.head < 0 and not hit.person:
        return
    former = table.cues["former"]
    around = chunk.low[max(0, hit.begin - 2) : hit.begin]
    inside = chunk.low[hit.last : hit.head] if hit.head >= 0 else []
    if any(word in former for word in (*around, *inside)) and hit.role in LOCAL_ROLES:
        hit.role = "ELI"


def _coordinate(chunk: Chunk, hits: list[Hit]) -> list[Hit]:
    """Shares a head noun along a list of adjectives.

    "Russian and Belarusian troops" are two mentions, the first with the second's role.
    """
    out: list[Hit] = []
    for hit in reversed(hits):
        after = out[-1] if out else None
        if after is None or not _shares_head(chunk, hit, after):
            out.append(hit)
        else:
            hit.role, hit.via, hit.use = after.role, "coordination", after.use
            hit.agent, hit.head, hit.possessive = after.agent, after.head, after.possessive
            out.append(hit)
    return out[::-1]


def _shares_head(chunk: Chunk, first: Hit, second: Hit) -> bool:
    """Whether `second` has a head noun that an adjective before "and" belongs to as well."""
    between = chunk.low[first.stop : second.begin]
    if not between or any(word not in ("and", "or", ",", "the", "&") for word in between):
        return False
    bare = first.head < 0 and first.adjectival and not first.possessive
    return bare and second.adjectival and second.head >= 0 and not second.possessive


# --- mentions ------------------------------------------------------------------------------


def _mention(text: str, chunk: Chunk, hit: Hit) -> Mention:
    begin = hit.begin
    start, end = chunk.starts[begin], chunk.ends[hit.stop - 1]
    named_so = "article" in hit.flags and hit.kind == "state" and chunk.capital(begin)  # The Hague
    if chunk.word(begin) == "the" and hit.stop - begin > 1 and not named_so:
        start = chunk.starts[begin + 1]
    return Mention(start, end, text[start:end], hit.ids, hit.role, hit.use, hit.via)


def _with_introduced(
    text: str, chunk: Chunk, hits: list[Hit], evidence: Evidence, table: ActorTable
) -> list[Mention]:
    """The mentions of a sentence, with later surnames of people introduced with a title."""
    taken = {i for hit in hits for i in range(hit.begin, hit.stop)}
    found = [_mention(text, chunk, hit) for hit in hits]
    extra = []
    for i, key in enumerate(chunk.keys if evidence.introduced else ()):
        known = evidence.introduced.get(key)
        if known is None or i in taken:
            continue
        named_so = chunk.capital(i - 1) and not starts_sentence(chunk, i - 1)
        if named_so or (chunk.capital(i + 1) and not chunk.glued(i + 1)):
            continue  # another person's full name
        start, end = chunk.starts[i], chunk.ends[i]
        extra.append(replace(known, start=start, end=end, text=text[start:end], via="person"))
    for mention, hit in zip(found, hits, strict=True):
        if hit.agent == "title" and hit.stop > hit.head + 1 and mention.role in LOCAL_ROLES:
            name = chunk.keys[hit.head + 1 : hit.stop]
            surname = name[0] if hit.ids[0] in SURNAME_FIRST else name[-1]
            if len(surname) > 2 and len(name) > 1 and surname not in table.names:
                evidence.introduced[surname] = mention
    return sorted(found + extra, key=lambda mention: mention.start)

"""Is a found name an actor at all, and how is it used: as actor, place, source or topic.

One question a function, asked of the words around a `Hit`. Only an `actor` can hold a stance; a
`loc` is not even a target.
"""

from __future__ import annotations

from collections.abc import Mapping

from stance.actors.context import (
    Chunk,
    Hit,
    agent_phrase,
    leaning,
    possessive_end,
    starts_sentence,
)
from stance.actors.table import ActorTable, longest

# --- is it an actor? -----------------------------------------------------------------------


def is_other_name(chunk: Chunk, hit: Hit, table: ActorTable) -> bool:
    """Whether the words around make the hit a part of some other name, or no name."""
    cues = table.cues
    if _in_address(chunk, hit) or _cut_off(chunk, hit, cues) or _is_elsewhere(chunk, hit):
        return True
    if hit.kind == "media" and not hit.flags.isdisjoint(("article", "weakmedia")):
        return not _reports(chunk, hit, cues)
    if (hit.kind == "media" and len(hit.surface) > 3) or leaning(chunk, hit, table):
        return False
    if "adj" in hit.flags and hit.kind in ("state", "region") and _is_language(chunk, hit, cues):
        return True
    return _name_goes_on(chunk, hit, table) or _name_came_before(chunk, hit, table)


def _cut_off(chunk: Chunk, hit: Hit, cues: Mapping[str, frozenset[str]]) -> bool:
    """US$40, French-speaking, IMO-9200, and Franco without a hyphen: half of another word."""
    if chunk.word(hit.last) == "$" and chunk.glued(hit.last):
        return True
    hyphen = chunk.word(hit.last) == "-" and chunk.glued(hit.last)
    part = chunk.word(hit.last + 1) if hyphen else ""
    return (
        part in cues["hyphen_drop"] or part.isdigit() or ("combining" in hit.flags and not hyphen)
    )


def _is_elsewhere(chunk: Chunk, hit: Hit) -> bool:
    """Paris, Texas is not in France; the Delaware is a river."""
    if hit.kind == "region" and chunk.word(hit.first - 1) == "the" and "adj" not in hit.flags:
        return not chunk.word(hit.last).isalpha()
    if hit.flags.isdisjoint(("capital", "city")) or chunk.word(hit.last) != ",":
        return False
    state = chunk.owner.get(hit.last + 1)
    return state is not None and state.kind == "region" and state.first == hit.last + 1


def _reports(chunk: Chunk, hit: Hit, cues: Mapping[str, frozenset[str]]) -> bool:
    """Whether words around say that a common word is an outlet: The Hill reported."""
    before = {chunk.word(i) for i in range(hit.first - 3, hit.first)}
    after = {chunk.word(i) for i in range(hit.last, hit.last + 4)}
    verbs = cues["report_verb"] | cues["opinion_verb"]
    return bool(before & cues["outlet_before"] or after & verbs) or chunk.word(hit.last) == ")"


def _in_address(chunk: Chunk, hit: Hit) -> bool:
    """China.org, @Israel, user_China: a name in a web address or handle."""
    before, after = hit.first - 1, hit.last
    if chunk.glued(hit.first) and chunk.word(before) in ("@", "_"):
        return True
    if chunk.glued(hit.first) and chunk.word(before) == "." and chunk.glued(before):
        return chunk.low[before - 1][-1].isalnum()
    return (
        chunk.word(after) in (".", "_")
        and chunk.glued(after)
        and chunk.glued(after + 1)
        and chunk.word(after + 1).isalpha()
    )


def _is_language(chunk: Chunk, hit: Hit, cues: Mapping[str, frozenset[str]]) -> bool:
    """ "in halting Romanian": an adjective with no noun after it, in the place of a language."""
    after = chunk.word(hit.last)
    alone = not after or not after[0].isalnum() or after in ("and", "or", "only", "on", "at", "to")
    return (
        alone and after not in ("'", "-") and chunk.word(hit.first - 1) in cues["language_before"]
    )


def _name_goes_on(chunk: Chunk, hit: Hit, table: ActorTable) -> bool:
    """Tokyo Electron, Jordan Henderson, American Airlines: a capitalised word follows."""
    i, cues = hit.last, table.cues
    if chunk.shouting:
        return False
    if _long_name(chunk, hit, cues) or _longer_person(chunk, hit, table):
        return True
    if not chunk.capital(i) or chunk.glued(i):
        return False
    word = chunk.low[i]
    stop, agents = longest(table.agents, chunk.low, i, min(i + 5, len(chunk.low)))
    if word == "state" and hit.kind == "region":
        return True  # Michigan State
    if agents and not (chunk.low[i] in cues["verb_like"] and stop == i + 1 and chunk.capital(stop)):
        return False
    if word in cues["name_head"]:
        return "full" not in hit.flags and hit.kind != "org"
    if chunk.titled or word in cues["calendar"]:
        return False
    if hit.adjectival and "namelike" not in hit.flags:
        return "adj" in hit.flags and hit.kind == "state" and i not in chunk.owner
    if hit.kind in ("org", "group", "media", "party") or "full" in hit.flags:
        return False
    return i not in chunk.owner or "namelike" in hit.flags


def _long_name(chunk: Chunk, hit: Hit, cues: Mapping[str, frozenset[str]]) -> bool:
    """Danish People's Party, Kazakh National Railways: a longer name ends in a telling word."""
    if chunk.titled or hit.kind not in ("state", "territory", "region") or "capital" in hit.flags:
        return False
    i = possessive_end(chunk, hit.last)
    begin = i
    while i < min(begin + 6, len(chunk.keys)):
        if i in chunk.owner and "weak" not in chunk.owner[i].flags:
            return False
        joint = chunk.low[i] in ("of", "and", "for", "the") and i > begin and chunk.capital(i + 1)
        if chunk.capital(i) and chunk.low[i] in cues["name_tail"] and i > begin:
            return True
        if not chunk.capital(i) and not joint and possessive_end(chunk, i) == i:
            return False
        i = max(possessive_end(chunk, i), i + 1)
    return False


def _longer_person(chunk: Chunk, hit: Hit, table: ActorTable) -> bool:
    """Abdul Hamid Dbeibah is not Abdul Hamid."""
    i = hit.last
    if not hit.person or "full" not in hit.flags or chunk.titled or not chunk.capital(i):
        return False
    agents = longest(table.agents, chunk.low, i, min(i + 5, len(chunk.low)))[1]
    free = i not in chunk.owner and chunk.low[i] not in table.cues["calendar"]
    return free and not agents and chunk.low[i] not in table.cues["opener"] and not chunk.glued(i)


def _name_came_before(chunk: Chunk, hit: Hit, table: ActorTable) -> bool:
    """Michael Jordan, Bank of China, New England: a capitalised word comes before."""
    i, cues = hit.first - 1, table.cues
    if "full" in hit.flags or i < 0 or chunk.shouting:
        return False
    word = chunk.low[i]
    if word == "of" and not hit.person:
        return _is_named_after(chunk, i - 1, hit, cues)
    if word == "." and i > 0 and chunk.glued(i) and len(chunk.keys[i - 1]) == 1:
        return chunk.capital(i - 1)  # "Booker T. Washington"
    if not chunk.capital(i) or chunk.glued(hit.first):
        return False
    if word in cues["honorific"]:
        return not hit.person
    if i in chunk.owner or word in cues["calendar"] or _ends_agent(chunk, i, table):
        return False
    return _belongs_to(chunk, i, hit, table)


def _belongs_to(chunk: Chunk, i: int, hit: Hit, table: ActorTable) -> bool:
    """Whether a hit belongs to the name that the capitalised word at i begins."""
    word, cues = chunk.low[i], table.cues
    risky = hit.person or "namelike" in hit.flags
    if word in cues["given_name"] or word in cues["place_prefix"]:
        return word != "royal" and (risky or word not in cues["opener"])
    if starts_sentence(chunk, i):
        known = word in cues["opener"] or word.endswith(("ly", "ing", "ed"))
        return risky and not known
    if word in cues["opener"] or chunk.titled or hit.kind in ("org", "group", "party"):
        return False
    if "adj" in hit.flags and hit.kind == "state":  # "spokesman Najib Danish said"
        return not agent_phrase(chunk, hit.last, table)[2]
    return not hit.adjectival


def _is_named_after(chunk: Chunk, i: int, hit: Hit, cues: Mapping[str, frozenset[str]]) -> bool:
    """Whether the capitalised word before "of" makes a name: University of Tokyo.

    Before an adjective any organisation does: Confederation of Indonesian Workers.
    """
    word = chunk.word(i)
    if not chunk.capital(i) or i in chunk.owner:
        return False
    if "adj" in hit.flags and word in cues["organisation_head"]:
        return True
    return word in cues["name_head"] or word in ("bank", "church", "university", "gulf", "sea")


def _ends_agent(chunk: Chunk, i: int, table: ActorTable) -> bool:
    """Whether an agent phrase ends at token i ("Foreign Minister", "President")."""
    return any(
        longest(table.agents, chunk.low, j, i + 1)[0] == i + 1 for j in range(max(0, i - 3), i + 1)
    )


# --- how is it used? -----------------------------------------------------------------------


def set_use(chunk: Chunk, hit: Hit, table: ActorTable) -> None:
    """Sets `hit.use` (and the role that goes with it): actor, loc, source or topic."""
    cues = table.cues
    if leaning(chunk, hit, table):
        hit.use = "topic"
    elif hit.kind == "media" or (hit.head >= 0 and hit.role == "MED"):
        hit.use = _outlet_use(chunk, hit, cues)
    elif hit.head >= 0 and chunk.low[hit.head] in ("sources", "source"):
        hit.use = "source"
    elif "city" in hit.flags or _is_place(chunk, hit, cues):
        hit.use, hit.role = "loc", None
    elif _is_topic(chunk, hit, cues):
        hit.use = "topic"
    if len(hit.ids) > 1 and "igo:EU" in hit.ids:  # Brussels: the Union acts, Belgium is a place
        hit.ids = ("BEL",) if hit.use == "loc" else ("igo:EU",)


def _outlet_use(chunk: Chunk, hit: Hit, cues: Mapping[str, frozenset[str]]) -> str:
    """An outlet is a source, unless it is itself the subject or object of a stance."""
    before = {chunk.word(i) for i in range(hit.begin - 3, hit.begin)} - {""}
    if before & {"according", "via", "told", "reported", "quoted", "citing"}:
        return "source"
    if chunk.word(hit.begin - 1) == "(" or chunk.word(hit.stop) in (")", "report", "reports"):
        return "source"
    for i in range(hit.stop, min(hit.stop + 5, len(chunk.low))):
        word = chunk.low[i]
        if word in cues["opinion_verb"]:
            return "actor"
        if word in cues["report_verb"]:
            return "source"
        if not word.isalpha():
            break
    if before & cues["media_object"]:
        return "actor"
    return "source"


def _is_place(chunk: Chunk, hit: Hit, cues: Mapping[str, frozenset[str]]) -> bool:
    """Whether a name is a scene: in Japan, near the Ukrainian border, talks in Geneva."""
    if hit.head >= 0 or hit.via in ("person", "body") or hit.kind in ("group", "party", "media"):
        return False
    if _is_dateline(chunk, hit):
        return True
    if chunk.word(hit.begin - 1) == "," and _follows_town(chunk, hit, cues):
        return True
    if chunk.word(hit.stop) == "," and chunk.word(hit.stop + 1) in ("which", "whose", "who"):
        return False  # a silence in Moscow, which had wanted more
    if chunk.word(hit.stop) == "-" and chunk.glued(hit.stop):
        return chunk.word(hit.stop + 1) in cues["hyphen_loc"]
    i = _before(chunk, hit.begin)
    if chunk.word(i) in cues["compass"] and "adj" not in hit.flags:
        return True
    if not hit.flags.isdisjoint(("capital", "bldg")) and _is_town(chunk, hit, i, cues):
        return True
    follow = chunk.word(possessive_end(chunk, hit.stop))
    if "adj" in hit.flags:
        near = chunk.word(i) in cues["loc_before"] | {"at", "from", "to"}
        return near and follow in cues["place_head"]
    if hit.possessive:
        inside = chunk.word(i) in cues["loc_before"] and "capital" not in hit.flags
        return inside and follow not in cues["not_place_head"]
    return hit.kind != "org" and _is_governed(chunk, hit, i, cues)


def _is_town(chunk: Chunk, hit: Hit, i: int, cues: Mapping[str, frozenset[str]]) -> bool:
    """Whether a seat of government is meant as a town: Tehran residents, a Paris theatre."""
    follow = possessive_end(chunk, hit.stop)
    if chunk.word(follow) in cues["venue_head"]:
        return True
    if hit.possessive:
        return chunk.word(follow) in cues["place_head"]
    if chunk.word(hit.begin - 1) in cues["one"] and chunk.word(follow).isalpha():
        return not chunk.capital(follow)
    if chunk.word(i) == "from" and chunk.word(i - 1) in cues["people"]:
        return True  # a man from Beijing
    if chunk.word(i) == "at":
        return chunk.word(i - 1) not in cues["in_governor"]
    return chunk.word(i) in cues["loc_verb_before"]


def _is_governed(chunk: Chunk, hit: Hit, i: int, cues: Mapping[str, frozenset[str]]) -> bool:
    """Whether the preposition at i makes a place of the name after it."""
    word, governor = chunk.word(i), chunk.word(i - 1)
    if word in cues["loc_before"]:
        doing = chunk.word(hit.stop).endswith("ing")  # "resulted in Beijing lashing out"
        return governor not in cues["in_governor"] and not doing
    if word == "of":
        return governor in cues["loc_of_before"]
    return word in ("to", "from", "for", "into", "via") and _moving(chunk, hit, i, cues)


def _follows_town(chunk: Chunk, hit: Hit, cues: Mapping[str, frozenset[str]]) -> bool:
    """Kyiv, Ukraine; Twin Falls, Idaho; in Kolwezi, Congo."""
    i = hit.begin - 2
    town = chunk.owner.get(i)
    if town is not None:
        same = bool(set(town.ids) & set(hit.ids))
        return town.use == "loc" and ("city" in town.flags or (same and "capital" in town.flags))
    closed = chunk.word(hit.stop) in ("", ",", ".", ")", ";", "—", "–")
    if not chunk.capital(i) or chunk.word(i) in cues["calendar"] or "adj" in hit.flags:
        return False
    while chunk.capital(i):
        i -= 1
    inside = chunk.word(i) in cues["loc_before"] | {"at", "from", "to", "of"}
    return closed and (inside or hit.kind == "region" or i < 0)


def _before(chunk: Chunk, begin: int) -> int:
    """The token that governs a name: the one before it, past an article or "A and"."""
    i = begin - 1
    if chunk.word(i) == "the":
        i -= 1
    for _ in range(3):
        previous = chunk.owner.get(i - 1)
        if chunk.word(i) not in ("and", "or", ",") or previous is None or previous.head >= 0:
            break
        if chunk.word(i) == "," and chunk.word(begin - 1) == ",":
            break
        if previous.use != "loc":
            break
        i = previous.begin - 1
        if chunk.word(i) == "the":
            i -= 1
    return i


def _moving(chunk: Chunk, hit: Hit, i: int, cues: Mapping[str, frozenset[str]]) -> bool:
    """Whether something moves to or from the name: flights from London to Paris."""
    if chunk.word(i) == "into":
        return True
    near = [chunk.word(j) for j in range(max(0, i - 5), i)]
    words = cues["motion"] if "capital" in hit.flags else cues["motion_strong"]
    return any(word in words for word in near)


def _is_dateline(chunk: Chunk, hit: Hit) -> bool:
    """BEIJING (Reuters) - or TOKYO, Jan 5 - at the start of a sentence."""
    if hit.begin != 0 or not {"capital", "city"} & hit.flags:
        return False
    window = chunk.keys[hit.stop : hit.stop + 9]
    if window[:1] == ["("]:
        return ")" in window and any(key in "-–—" for key in window)
    if chunk.keys[0].isupper() and window[:1] == [","]:
        return any(key in "-–—" for key in window)
    return bool(window) and window[0] in "—–-" and not chunk.glued(hit.stop)


def _is_topic(chunk: Chunk, hit: Hit, cues: Mapping[str, frozenset[str]]) -> bool:
    """Whether a name only says what a thing is about or from: the Taiwan issue, US bases."""
    if hit.head >= 0:
        return False
    first, second = chunk.word(hit.stop), chunk.word(hit.stop + 1)
    if first == "-" and chunk.glued(hit.stop):
        return second in cues["hyphen_topic"]
    if chunk.word(possessive_end(chunk, hit.stop)) in cues["follower_head"]:
        return True  # a Kremlin critic, Trump supporters, Russia's neighbours
    if hit.possessive:
        return False
    if hit.person or "capital" in hit.flags or chunk.glued(hit.stop) or chunk.glued(hit.begin):
        return False
    headline = chunk.shouting or chunk.titled
    if chunk.capital(hit.stop) and not headline:
        return False  # US Election Commission
    described = headline or "adj" in hit.flags or first not in cues["verb_noun"]
    if first in cues["topic_head"] and described:
        return second not in cues["asset_head"]
    if first in cues["topic_modifier"] and second in cues["topic_head"]:
        return True
    return "adj" in hit.flags and hit.kind != "region" and _describes_thing(chunk, hit.stop, cues)


def _describes_thing(chunk: Chunk, i: int, cues: Mapping[str, frozenset[str]]) -> bool:
    """Whether the word at i is a thing, after an adjective: Kenyan tea, Mexican bond holdings.

    Nouns for actors were taken into the span before. What is left are nouns for deeds, behind
    which the state acts (Chinese pressure), and words that are no noun: the French refused.
    """
    word = chunk.word(i)
    if not word.isalpha() or word in cues["predicate"] or word in cues["deed"]:
        return False
    if word.endswith(("ly", "ed")):
        return False
    return word not in cues["asset_head"] and chunk.word(i + 1) not in cues["asset_head"]


def is_sport(chunk: Chunk, table: ActorTable) -> bool:
    """Whether a sentence reports a match: teams are no actors."""
    cues = sum(word in table.cues["sports"] for word in chunk.low)
    score = any(
        chunk.low[i] in "-–"
        and chunk.low[i - 1].isdigit()
        and chunk.low[i + 1].isdigit()
        and len(chunk.low[i - 1]) < 3
        and len(chunk.low[i + 1]) < 3
        for i in range(1, len(chunk.low) - 1)
    )
    beaten = any(word in table.cues["sports_verb"] for word in chunk.low)
    return cues >= 3 or (score and (cues >= 1 or beaten))

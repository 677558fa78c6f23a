"""A sentence as tokens, the surfaces found in it, and where the span of a mention ends.

Everything looks at one `Chunk` (a sentence) and a `Hit` (a surface found in it) and is a bounded
look to the left or right, so that a document takes linear time. Word lists come from the table
(`seeds/actors/cues.tsv`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from stance.actors.table import TOKEN, ActorTable, Entry, longest, token_key

QUOTES = frozenset("\"'“”«»„([")


@dataclass(slots=True)
class Chunk:
    """A sentence as tokens: comparable keys, lower case, and offsets into the document."""

    keys: list[str]
    low: list[str]
    starts: list[int]
    ends: list[int]
    shouting: bool = False
    titled: bool = False
    hits: list[Hit] = field(default_factory=list)
    owner: dict[int, Hit] = field(default_factory=dict)

    def glued(self, i: int) -> bool:
        """Whether token i follows token i-1 without a space."""
        return 0 < i < len(self.keys) and self.ends[i - 1] == self.starts[i]

    def capital(self, i: int) -> bool:
        """Whether token i is a word with a capital first letter."""
        return 0 <= i < len(self.keys) and self.keys[i][0].isupper()

    def word(self, i: int) -> str:
        """Token i in lower case, "" outside the sentence."""
        return self.low[i] if 0 <= i < len(self.low) else ""


@dataclass(slots=True)
class Hit:
    """A surface found at tokens [first, last), and what becomes of it."""

    first: int
    last: int
    surface: str
    entries: list[Entry]
    begin: int = 0  # the span after extension, in tokens
    stop: int = 0
    ids: tuple[str, ...] = ()
    role: str | None = None
    use: str = "actor"
    via: str = "name"
    kind: str = ""
    flags: frozenset[str] = frozenset()
    possessive: bool = False
    agent: str = ""  # class of the agent noun in the span
    head: int = -1  # token of that noun

    def __post_init__(self) -> None:
        """The span starts as the surface."""
        self.begin, self.stop = self.first, self.last

    @property
    def adjectival(self) -> bool:
        """Whether the surface can stand right before a noun it belongs to."""
        return not self.flags.isdisjoint(("adj", "nounadj"))

    @property
    def person(self) -> bool:
        """Whether the surface is a person's name."""
        return self.via == "person"


def read_chunk(text: str, offset: int) -> Chunk:
    """The tokens of a sentence that starts at `offset` of its document."""
    keys, starts, ends = [], [], []
    for match in TOKEN.finditer(text):
        keys.append(token_key(match.group()))
        starts.append(offset + match.start())
        ends.append(offset + match.end())
    chunk = Chunk(keys, [key.lower() for key in keys], starts, ends)
    words = [key for key in keys if key[0].isalpha()]
    long = [key for key in words if len(key) > 3]
    upper = sum(key.isupper() for key in long)
    chunk.shouting = len(words) > 2 and upper > 0 and upper >= 0.8 * len(long)
    # Only a headline of many capitalised words, small ones apart, is in title case.
    many = len(long) >= 5 or (len(long) == 4 and len(words) > 5)
    chunk.titled = many and sum(key[0].isupper() for key in long) >= 0.85 * len(long)
    return chunk


def possessive_end(chunk: Chunk, i: int) -> int:
    """The token after a possessive mark at i ("'s", or "'" after an s), or i if there is none."""
    if chunk.word(i) != "'" or not chunk.glued(i):
        return i
    if chunk.word(i + 1) == "s" and chunk.glued(i + 1):
        return i + 2
    return i + 1 if chunk.low[i - 1].endswith("s") and not chunk.glued(i + 1) else i


def starts_sentence(chunk: Chunk, i: int) -> bool:
    """Whether token i is the first word, quotes and dashes apart."""
    return all(not key[0].isalnum() for key in chunk.keys[max(0, i - 2) : i]) and (
        i < 3 or chunk.keys[i - 1] in QUOTES or chunk.keys[i - 1] in ":—–"
    )


def title_before(chunk: Chunk, i: int, table: ActorTable) -> int:
    """Where a run of title words that ends right before token i begins; i if there is none."""
    begin = i
    for _ in range(4):
        for j in range(max(0, begin - 4), begin):
            stop, values = longest(table.agents, chunk.low, j, begin)
            if stop == begin and any(cls == "title" for cls, _ in values):
                break
            if stop == begin and begin < i and values:
                break  # "Foreign Ministry" before "spokesman"
        else:
            return begin
        if j in chunk.owner:
            return begin
        begin = j
    return begin


def leaning(chunk: Chunk, hit: Hit, table: ActorTable) -> bool:
    """pro-Beijing, anti-China: the name says whom others are for or against."""
    hyphen = chunk.word(hit.first - 1) == "-" and chunk.glued(hit.first)
    return hyphen and chunk.word(hit.first - 2) in table.cues["hyphen_topic_before"]


# --- where does the span end? --------------------------------------------------------------


def extend(chunk: Chunk, hit: Hit, table: ActorTable) -> None:
    """Takes the agent nouns after a name into its span: Japan's armed forces, US troops."""
    after = possessive_end(chunk, hit.last)
    hit.possessive = after > hit.last
    if hit.kind == "media":
        hit.stop = _outlet_end(chunk, hit.last)
        return
    if (chunk.word(hit.last) == "-" and chunk.glued(hit.last)) or leaning(chunk, hit, table):
        return
    stop, phrase, agents = agent_phrase(chunk, after, table)
    if not agents or _stands_apart(chunk, hit, stop, phrase, agents[-1], table):
        return
    hit.stop, hit.head = stop, stop - 1
    hit.agent = agents[-1][0]
    if hit.via != "body":  # FBI agents are police, whatever agents are elsewhere
        hit.role = _role_of(agents)
    if hit.kind in ("party", "group") and hit.role == "GOV":
        hit.role = None
    if hit.agent == "title":
        hit.stop = name_end(chunk, stop, table)


def _stands_apart(
    chunk: Chunk, hit: Hit, stop: int, phrase: str, agent: tuple[str, str], table: ActorTable
) -> bool:
    """Whether the agent noun before `stop` is a verb here, or somebody else than the actor."""
    cues, (cls, role) = table.cues, agent
    if hit.person:
        return phrase.split()[0] not in cues["person_agent"]
    joined = hit.adjectival or hit.possessive
    loose = phrase in cues["verb_like"] or hit.kind in ("group", "party")
    if not joined and hit.via != "body" and (loose or "city" in hit.flags):
        if hit.kind == "group" and role in ("REB", "MIL"):
            hit.role = role
        return True
    if hit.via == "body" and not hit.possessive and loose:
        return True
    named = chunk.capital(stop) and not (chunk.titled or chunk.shouting or chunk.glued(stop))
    if named and cls == "agent" and role in ("BUS", "CVL", "MED"):
        return True  # the Dutch federation FNV: the name after it is the actor
    if hit.possessive:  # Kyiv's side, Jordan's king: somebody near the state, not its name
        return role == "-" or phrase in cues["loose_after_possessive"]
    # the US hosts talks
    return hit.adjectival and "adj" not in hit.flags and phrase in cues["verb_first"]


def extend_left(chunk: Chunk, hit: Hit, table: ActorTable, taken: int) -> None:
    """Takes in who stands before the name: the president of Peru, the junta in Niamey.

    Tokens before `taken` belong to the hit before.
    """
    i = hit.first - 1
    i -= chunk.word(i) == "the"
    bodies = table.cues.get(f"body_{chunk.word(i)}")
    if bodies is None or not _may_be_headed(hit, chunk.word(i)):
        return
    for j in range(max(taken, i - 4), i):
        stop, values = longest(table.agents, chunk.low, j, i)
        agents = [value for value in values if value[0] in ("agent", "title")]
        if stop == i and agents and not any(k in chunk.owner for k in range(j, i)):
            titled = agents[0][0] == "title" and chunk.word(i) == "of"
            if titled or " ".join(chunk.low[j:i]) in bodies:
                if hit.head < 0 and hit.via != "body":
                    hit.role = agents[0][1] if len(agents[0][1]) > 1 else "GOV"
                hit.begin, hit.head, hit.agent = j, i - 1, "office"
                if hit.kind == "group":
                    hit.role = None
            return


def _may_be_headed(hit: Hit, preposition: str) -> bool:
    """Whether an office may stand before the name: head of NATO, junta in Niamey, spokesman for X."""
    if preposition == "for":
        noun = hit.head >= 0 or "adj" not in hit.flags
        return hit.kind in ("state", "org", "group") and not hit.person and noun
    if preposition == "in":
        return hit.head < 0 and hit.kind == "state" and hit.via == "metonym"
    return hit.head < 0 and hit.kind in ("state", "org") and hit.via in ("name", "body")


def agent_phrase(
    chunk: Chunk, start: int, table: ActorTable
) -> tuple[int, str, list[tuple[str, str]]]:
    """(end, last phrase, its agents) of the modifiers and agent nouns from `start` on."""
    i, stop, phrase = start, start, ""
    agents: list[tuple[str, str]] = []
    while i < min(start + 8, len(chunk.low)):
        end, values = longest(table.agents, chunk.low, i, min(i + 5, len(chunk.low)))
        if values and (i == start or not chunk.glued(i) or chunk.low[i - 1] == "-"):
            found = [value for value in values if value[0] in ("agent", "title")]
            if found and i not in chunk.owner:
                agents.append(found[0])
                stop, phrase = end, " ".join(chunk.low[i:end])
            elif not any(value[0] == "modifier" for value in values):
                break
            i = end
        elif i + 2 < len(chunk.low) and chunk.low[i + 1] == "-" and chunk.glued(i + 1):
            i += 3  # a compound: state-linked
        elif i not in chunk.owner and _names_institution(chunk, i, table):
            i = possessive_end(chunk, i + 1)  # an irrigation ministry, the aviators' union
        elif agents and i == stop and possessive_end(chunk, i) > i:
            i = possessive_end(chunk, i)  # the herders' union, if an agent noun follows
        else:
            break
    return stop, phrase, agents


def reads_on(chunk: Chunk, first: int, last: int, table: ActorTable) -> bool:
    """Whether an adjective behind an article has its noun: "The Australian minister", no outlet."""
    inner = longest(table.names, chunk.keys, first, last)[0] == last > first
    return inner and bool(agent_phrase(chunk, last, table)[2])


def _names_institution(chunk: Chunk, i: int, table: ActorTable) -> bool:
    """Whether the word at i says what an office right after it is for, whatever the word."""
    word, cues = chunk.low[i], table.cues
    noun = chunk.word(possessive_end(chunk, i + 1))
    if noun not in cues["institution"] or word in cues["predicate"]:
        return False
    return word.isalpha() and not word.endswith(("ed", "ly")) and chunk.keys[i].islower()


def _role_of(agents: list[tuple[str, str]]) -> str | None:
    """The role of the head noun; a general one (chief, leader, sources) takes the one before."""
    for _, role in reversed(agents):
        if role == "-":
            return None
        if role not in ("*", "+", "SRC"):
            return role
    return "GOV" if agents[-1][1] == "*" else None


def name_end(chunk: Chunk, start: int, table: ActorTable) -> int:
    """Where the person's name ends that follows a title at `start`; `start` if there is none."""
    i, particles, calendar = start, table.cues["particle"], table.cues["calendar"]
    names = 0
    while i < min(start + 7, len(chunk.keys)):
        if chunk.low[i] == "-" and chunk.glued(i) and chunk.glued(i + 1):
            i += 2  # Ing-wen
            continue
        if chunk.low[i] == "." and chunk.glued(i) and len(chunk.keys[i - 1]) == 1 and names:
            i += 1  # an initial
            continue
        owner = chunk.owner.get(i)
        if owner is not None:
            if not owner.person:
                break
            i, names = owner.last, names + 1
            continue
        is_name = chunk.capital(i) and chunk.keys[i].isalpha() and chunk.low[i] not in calendar
        if not is_name and not (chunk.low[i] in particles and chunk.capital(i + 1)):
            break
        if chunk.glued(i) and i > start and chunk.low[i - 1] not in (".", "'", "-"):
            break
        names += is_name
        i += 1
    return i if names else start


def _outlet_end(chunk: Chunk, i: int) -> int:
    """Takes "news agency" and the like into an outlet's span."""
    if chunk.word(i) in ("news", "state", "wire") and chunk.word(i + 1) in (
        "agency",
        "service",
        "television",
        "channel",
        "network",
    ):
        return i + 2
    return i + 1 if chunk.word(i) in ("newspaper", "television", "magazine", "daily") else i


def join_outlet(chunk: Chunk, hit: Hit, table: ActorTable) -> int:
    """First token of "Japan's" in "Japan's Kyodo", "Germany's AfD": it belongs to the span."""
    for j in range(hit.begin - 1, max(-1, hit.begin - 8), -1):
        owner = chunk.owner.get(j)
        if owner is None:
            continue
        after = possessive_end(chunk, owner.last)
        if owner.kind != "state" or (after == owner.last and "adj" not in owner.flags):
            return hit.begin
        if hit.kind != "media":  # Germany's AfD, Lebanon's Hezbollah
            return owner.first if after == hit.begin else hit.begin
        stop, _, agents = agent_phrase(chunk, after, table)
        media = bool(agents) and agents[-1][1] == "MED" and stop == hit.begin
        return owner.first if media or after == hit.begin else hit.begin
    return hit.begin

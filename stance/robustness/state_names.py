"""States of a text under other names: Japan for Peru, Tokyo for Lima, Japanese for Peruvian.

Only names, capitals and demonyms of `data/robustness/states.tsv` are exchanged, each for its
like, where the actor table finds them to mean the state; articles and possessives are mended.
"""

from __future__ import annotations

import csv
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass

from stance.actors.finding import find_actors
from stance.actors.table import DATA, ActorTable
from stance.evaluation.labelled import Span
from stance.robustness.rewriting import Edit, whole_word
from stance.values import Mention

FORMS = ("name", "capital", "demonym")


@dataclass(frozen=True, slots=True)
class StateName:
    """Where a text names a state, by which of FORMS; a name's article is outside."""

    start: int
    end: int
    id: str
    form: str


@dataclass(frozen=True, slots=True)
class StatesOfText:
    """The names that can be exchanged, and the states that are also named in another way."""

    names: tuple[StateName, ...]
    loose: frozenset[str]

    def state_of(self, span: Span) -> str | None:
        """The one state whose names lie in the span, if all its names in the text can be exchanged."""
        ids = {n.id for n in self.names if span[0] <= n.start and n.end <= span[1]} - self.loose
        return ids.pop() if len(ids) == 1 else None


@functools.cache
def spellings() -> Mapping[str, Mapping[str, str]]:
    """The forms of every state that can be exchanged, by id; a name has its article if it takes one."""
    with (DATA / "robustness" / "states.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return {row["id"]: {form: row[form] for form in FORMS} for row in rows}


@functools.cache
def _pattern(state: str) -> re.Pattern[str]:
    forms = spellings()[state]
    words = {form: whole_word(_bare(forms[form])) for form in FORMS}
    # "South Korean" before "South Korea", "Mexico City" before "Mexico".
    longest_first = sorted(words, key=lambda form: -len(words[form]))
    return re.compile("|".join(f"(?P<{form}>{words[form]})" for form in longest_first))


def states_of(text: str, table: ActorTable) -> StatesOfText:
    """Which states a text names so that they can be exchanged, by the actor table's reading of it."""
    names: list[StateName] = []
    loose: set[str] = set()
    for mention in find_actors(text, table=table):
        if mention.via == "coref":
            continue
        found = _names_in(mention)
        if found and not _is_people(text, mention, found[0]):
            names += found
        else:
            loose |= set(mention.actor_ids)
    return StatesOfText(tuple(names), frozenset(loose))


def _names_in(mention: Mention) -> list[StateName]:
    state, at = mention.actor_id, mention.start
    if state is None or state not in spellings():
        return []
    return [
        StateName(at + m.start(), at + m.end(), state, m.lastgroup or "")
        for m in _pattern(state).finditer(mention.text)
    ]


def _is_people(text: str, mention: Mention, name: StateName) -> bool:
    """Whether a demonym stands alone, as in "the Chinese", which few demonyms can."""
    return (
        name.form == "demonym"
        and (name.start, name.end) == (mention.start, mention.end)
        and text[: mention.start].lower().endswith("the ")
    )


def renaming(text: str, states: StatesOfText, new_ids: Mapping[str, str]) -> list[Edit]:
    """The edits that give each state of `new_ids` the other's names.

    >>> from stance.actors.table import load_actor_table
    >>> from stance.robustness.rewriting import edited
    >>> text = "The United States' envoy met an Iranian aide in Tehran."
    >>> states = states_of(text, load_actor_table())
    >>> edited(text, renaming(text, states, {"USA": "PER", "IRN": "CHN"}))[0]
    "Peru's envoy met a Chinese aide in Beijing."
    """
    edits: list[Edit] = []
    for name in states.names:
        if name.id in new_ids:
            edits += _edits(text, name, spellings()[new_ids[name.id]][name.form])
    return edits


def _edits(text: str, name: StateName, full: str) -> list[Edit]:
    """One name for another, with the words around it that depend on it."""
    new, start, end = _bare(full), name.start, name.end
    edits: list[Edit] = [(start, end, new)]
    took, takes = (n.startswith("the ") for n in (spellings()[name.id][name.form], full))
    if took and not takes:
        edits += _without_the(text, start)
    elif takes and not took and not re.search(r"-$|(?<!\w)(the|an?) $", text[:start], re.I):
        opens = re.search(r"(?:^|[.!?] )[\"“‘']?$", text[:start])
        edits.append((start, start, "The " if opens else "the "))
    edits += _a_or_an(text, start, new)
    possessive = re.match(r"['’](s(?!\w))?", text[end:])
    if possessive and possessive[1] and new.endswith("s"):
        edits.append((end + 1, end + 2, ""))
    elif possessive and not possessive[1] and text[end - 1] == "s" and not new.endswith("s"):
        edits.append((end + 1, end + 1, "s"))
    return edits


def _without_the(text: str, start: int) -> list[Edit]:
    article = re.search(r"(?<!\w)the $", text[:start], re.I)
    return [(article.start(), start, "")] if article else []


def _a_or_an(text: str, start: int, new: str) -> list[Edit]:
    """The article before `start` as the new word wants it; of the list none sounds unlike its letter."""
    article = re.search(r"(?<!\w)an? $", text[:start], re.I)
    right = "n " if re.match("[AEIO]", new) else " "
    return [(article.start() + 1, start, right)] if article else []


def _bare(name: str) -> str:
    return name.removeprefix("the ")


def masking(text: str, spans: list[Span], states: StatesOfText) -> list[Edit] | None:
    """The edits that hide who is named: "Country A" for a state, else "Actor A", a letter an actor.

    A name is hidden wherever it stands in the text, not in the spans alone.

    Returns:
        None where spans overlap, so that one name is part of another.
    """
    ordered = sorted(set(spans))
    if any(a[1] > b[0] for a, b in zip(ordered, ordered[1:], strict=False)):
        return None
    taken = list(ordered)
    for span in ordered:
        for match in re.finditer(whole_word(text[slice(*span)]), text):
            if all(match.end() <= a or b <= match.start() for a, b in taken):
                taken.append(match.span())
    letters: dict[str, str] = {}
    edits: list[Edit] = []
    for start, end in sorted(taken):
        inside = [n for n in states.names if start <= n.start and n.end <= end]
        state = inside[0] if len({n.id for n in inside}) == 1 else None
        key = state.id if state else text[start:end].casefold()
        number = len(letters)
        letter = letters.setdefault(key, chr(ord("A") + number) if number < 26 else str(number))
        new = f"{'Country' if state else 'Actor'} {letter}"
        edits += [(start, end, new), *_a_or_an(text, start, new)]
        if state and spellings()[state.id][state.form].startswith("the "):
            edits += _without_the(text, start)
    return edits

"""The actor table: surfaces, ids and dated offices, with the user's own rows on top.

`training/build_actors.py` documents the built-in table: `stance/data/actors.tsv` is for reading,
with the source of every row, and `actors.json` is the same, compiled for loading. A user list
overrides it. Tokens are the unit of matching: `tokenise` is the only place that says what a token
is, for the table and for the text alike.
"""

from __future__ import annotations

import datetime
import functools
import gc
import json
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stance.actors.lists import UserRow, read_user_list
from stance.errors import ActorTableError
from stance.values import Actor

DATA = Path(__file__).parents[1] / "data"
TOKEN = re.compile(r"(?:[A-Za-z]\.){2,}|[^\W_]+(?:[\u0300-\u036f]+[^\W_]*)*|\S")
END = ""  # the key of a trie node under which the entries of a complete surface lie

Trie = dict[str, Any]
Row = Sequence[str]
"""id, kind, role, via, flags, from, to: an `Entry` as the compiled table has it; few are ever read."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What one surface may mean: an actor, the kind of evidence, and when it held office."""

    id: str
    kind: str
    role: str | None
    via: str
    flags: frozenset[str]
    start: str
    end: str

    def holds(self, date: datetime.date | None) -> bool:
        """Whether the office was held on `date` (None: is held now)."""
        if date is None:
            return not self.end
        day = date.isoformat()
        return (not self.start or self.start <= day) and (not self.end or day < self.end)


@dataclass(frozen=True, slots=True)
class ActorTable:
    """Surfaces in a token trie, agent phrases in another, context words by class.

    `names` leads to positions in `rows`; `version` names the data and the user list on top.
    """

    version: str
    rows: Sequence[Row]
    names: Trie
    agents: Trie
    cues: Mapping[str, frozenset[str]]
    actors: Mapping[str, Actor]
    surfaces: Mapping[str, tuple[str, ...]] = field(repr=False)

    def actor(self, actor_id: str) -> Actor | None:
        """The actor with this id and its display name, or None if the table has no such id."""
        return self.actors.get(actor_id)

    def name_of(self, actor_id: str) -> str:
        """The name of an id; without its prefix if the table does not list it; "TUR/OPP" is "Turkey (OPP)"."""
        own, _, role = actor_id.partition("/")
        actor = self.actor(own)
        if actor is None:
            return actor_id.removeprefix("ent:")
        return f"{actor.name} ({role})" if role else actor.name

    def entries(self, places: Iterable[int]) -> list[Entry]:
        """What the surface at the end of a path of `names` may mean."""
        return [
            Entry(key, kind, role or None, via, flag_set(flags), start, end)
            for key, kind, role, via, flags, start, end in map(self.rows.__getitem__, places)
        ]

    def claims(self, name: str) -> bool:
        """Whether exactly this surface names an actor of the table without further evidence."""
        keys = tokenise(name)
        stop, places = longest(self.names, keys, 0, len(keys))
        firm = any(e.kind != "block" and "weak" not in e.flags for e in self.entries(places))
        return stop == len(keys) and firm

    def names_of(self, actor_id: str) -> tuple[str, ...]:
        """Every surface of an id, sorted; empty if the table has no such id."""
        return self.surfaces.get(actor_id, ())


@functools.cache
def flag_set(flags: str) -> frozenset[str]:
    """The flags of a row, which are few combinations."""
    return frozenset(flags.split(",")) - {""}


def token_key(token: str) -> str:
    """The form in which a token is compared: composed, straight apostrophes."""
    if token.isascii():
        return token
    if token in "\u2019\u2018\u02bc":
        return "'"
    return unicodedata.normalize("NFC", token)


def tokenise(text: str) -> list[str]:
    """The token keys of a surface: words, "U.S." as one token, single other characters."""
    tokens: list[str] = TOKEN.findall(text)
    return tokens if text.isascii() else [token_key(token) for token in tokens]


def insert(trie: Trie, tokens: Iterable[str], value: object) -> None:
    """Adds `value` to the list at the end of the path `tokens`."""
    node = trie
    for token in tokens:
        node = node.setdefault(token, {})
    node.setdefault(END, []).append(value)


def longest(trie: Trie, keys: list[str], start: int, stop: int) -> tuple[int, list[Any]]:
    """(end, values) of the longest path that begins at `keys[start]`; (start, []) if none."""
    node, best = trie, start
    values: list[Any] = []
    for i in range(start, stop):
        if keys[i] not in node:
            break
        node = node[keys[i]]
        if END in node:
            best, values = i + 1, node[END]
    return best, values


def ent_id(name: str) -> str:
    """The id of an actor that no table lists: `ent:` and the name, lower case, no accents.

    >>> ent_id("The Côte  d’Azur League")
    'ent:cote d azur league'
    """
    decomposed = unicodedata.normalize("NFKD", name)
    base = "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()
    words = re.findall(r"[^\W_]+", base)
    if len(words) > 1 and words[0] in ("the", "a", "an"):
        words = words[1:]
    return "ent:" + " ".join(words)


def load_actor_table(user_list: str | os.PathLike[str] | None = None) -> ActorTable:
    """The built-in actor table, with a user list on top if one is given.

    Args:
        user_list: A .csv, .toml (tables named `actor`) or .jsonl file with columns `id`, `names`
            (separated by `|` in CSV, else a list) and, if wanted, `kind`, `role`, `country`,
            `from`, `to` (ISO dates), `remap` and `remove`. A row takes its names away from every
            built-in actor; with `remove` they, or without names the whole id, name nobody; with
            `remap` everything of the row's id counts as that other id.

    Raises:
        ActorTableError: A row is wrong; the message names the file and the line.
    """
    if user_list is None:
        return _built_in()
    path = Path(user_list)
    with _uncollected():
        return _overlay(path, read_user_list(path))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the cyclic collector, which would walk a long list's growing trie again and again."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


@functools.cache
def _built_in() -> ActorTable:
    return _compiled()


def _compiled() -> ActorTable:
    """A table of its own, read from the compiled form."""
    data = json.loads((DATA / "actors.json").read_text(encoding="utf-8"))
    return ActorTable(
        version=data["version"],
        rows=data["rows"],
        names=data["names"],
        agents=data["agents"],
        cues={name: frozenset(found) for name, found in data["cues"].items()},
        actors={a[0]: Actor(a[0], a[1], a[2], a[3] or None) for a in data["actors"]},
        surfaces=data["surfaces"],
    )


def _overlay(path: Path, rows: Sequence[UserRow]) -> ActorTable:
    """The built-in table under the rows of a user list."""
    base = _compiled()
    table_rows, actors = list(base.rows), dict(base.actors)
    surfaces = {key: set(names) for key, names in base.surfaces.items()}
    moved = {row.id: row.remap for row in rows if row.remap}
    gone = {row.id for row in rows if row.remove and not row.names}
    if gone or moved:
        _rewrite(base.names, table_rows, gone, moved)
        for key in gone:
            actors.pop(key, None)
            surfaces.pop(key, None)
    known = {*actors, *(row.id for row in rows)}
    for row in rows:
        if row.country and row.country not in known:
            raise ActorTableError(
                f"{path}:{row.line}: unknown country {row.country!r}",
                hint="give an id of the table, such as USA, or of a row of this list",
            )
    tokens = {name: tokenise(name) for row in rows for name in row.names}
    for name, keys in tokens.items():
        for place in forget(base.names, keys):
            surfaces.get(table_rows[place][0], set()).discard(name)
    for row in rows:
        if row.remove or not row.names:
            continue
        key = final_id(row.id, moved)
        table_rows.append((key, row.kind, row.role or "", "user", "adj", row.start, row.end))
        for name in row.names:
            insert(base.names, tokens[name], len(table_rows) - 1)
        surfaces.setdefault(key, set()).update(row.names)
        actors.setdefault(key, Actor(key, row.names[0], row.kind, row.country))
    return ActorTable(
        version=f"{base.version}+{path.name}",
        rows=table_rows,
        names=base.names,
        agents=base.agents,
        cues=base.cues,
        actors=actors,
        surfaces={key: tuple(sorted(found)) for key, found in surfaces.items() if key},
    )


def final_id(actor_id: str, moved: Mapping[str, str]) -> str:
    """Where the remaps lead from an id; they are known to end."""
    while actor_id in moved:
        actor_id = moved[actor_id]
    return actor_id


def _rewrite(trie: Trie, rows: list[Row], gone: set[str], moved: Mapping[str, str]) -> None:
    """Gives moved entries their new id, and takes removed ones out of the trie."""
    for i, (key, *rest) in enumerate(rows):
        if key in moved:
            rows[i] = (final_id(key, moved), *rest)
    stack = [trie]
    while stack:
        node = stack.pop()
        if END in node:
            node[END] = [i for i in node[END] if rows[i][0] not in gone]
            if not node[END]:
                del node[END]
        stack += [child for key, child in node.items() if key != END]


def forget(trie: Trie, tokens: Iterable[str]) -> list[int]:
    """Takes away what stands at the end of the path `tokens`, if anything does, and returns it."""
    node = trie
    for token in tokens:
        if token not in node:
            return []
        node = node[token]
    found: list[int] = node.pop(END, [])
    return found

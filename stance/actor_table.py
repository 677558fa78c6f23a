"""The actor table: surfaces, ids and dated offices, with the user's own rows on top.

`training/build_actors.py` documents the columns of the built-in table in `stance/data/`. A user
list overrides it. Tokens are the unit of matching: `tokenise` is the only place that says what
a token is, for the table and for the text alike.
"""

from __future__ import annotations

import csv
import datetime
import functools
import json
import os
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stance.errors import ActorTableError
from stance.values import Actor

DATA = Path(__file__).parent / "data"
TOKEN = re.compile(r"(?:[A-Za-z]\.){2,}|[^\W_]+(?:[\u0300-\u036f]+[^\W_]*)*|\S")
USER_FIELDS = frozenset({"id", "names", "kind", "role", "country", "from", "to", "remove"})
END = ""  # the key of a trie node under which the entries of a complete surface lie

Trie = dict[str, Any]


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
    """Surfaces in a token trie, agent phrases in another, context words by class."""

    version: str
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

    def lists(self, name: str) -> bool:
        """Whether the table has exactly this surface, whatever a context makes of it."""
        keys = tokenise(name)
        return longest(self.names, keys, 0, len(keys))[0] == len(keys)

    def names_of(self, actor_id: str) -> tuple[str, ...]:
        """Every surface of an id, sorted; empty if the table has no such id."""
        return self.surfaces.get(actor_id, ())


def token_key(token: str) -> str:
    """The form in which a token is compared: composed, straight apostrophes."""
    if token.isascii():
        return token
    if token in "\u2019\u2018\u02bc":
        return "'"
    return unicodedata.normalize("NFC", token)


def tokenise(text: str) -> list[str]:
    """The token keys of a surface: words, "U.S." as one token, single other characters."""
    return [token_key(match.group()) for match in TOKEN.finditer(text)]


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
            `from`, `to` (ISO dates) and `remove`. A row takes its names away from every
            built-in actor; with `remove` they, or without names the whole id, name nobody.

    Raises:
        ActorTableError: A row is wrong; the message names the file and the line.
    """
    if user_list is None:
        return _built_in()
    path = Path(user_list)
    return _assemble(_user_rows(path, list(_read_user_list(path))), f"+{path.name}")


@functools.cache
def _built_in() -> ActorTable:
    return _assemble(None, "")


@dataclass(frozen=True, slots=True)
class _UserRows:
    entries: list[tuple[str, Entry, str | None]]
    named: frozenset[str]
    removed: frozenset[str]


def _lines(name: str) -> Iterator[list[str]]:
    text = (DATA / name).read_text(encoding="utf-8")
    for line in text.split("\n")[2:]:
        if line:
            yield line.split("\t")


def _assemble(user: _UserRows | None, suffix: str) -> ActorTable:
    """Reads the data files and lays the user's rows over them."""
    with (DATA / "actors.tsv").open(encoding="utf-8") as handle:
        version = handle.readline().removeprefix("# ").strip()
    hidden = user.named if user else frozenset()
    removed = user.removed if user else frozenset()
    names: Trie = {}
    actors: dict[str, Actor] = {}
    surfaces: dict[str, list[str]] = {}
    flag_sets: dict[str, frozenset[str]] = {}
    for surface, key, kind, role, via, flags, country, start, end, _ in _lines("actors.tsv"):
        if surface in hidden or key in removed:
            continue
        if flags not in flag_sets:
            flag_sets[flags] = frozenset(flags.split(",")) if flags else frozenset()
        known = flag_sets[flags]
        insert(names, tokenise(surface), Entry(key, kind, role or None, via, known, start, end))
        surfaces.setdefault(key, []).append(surface)
        if "main" in known:
            actors[key] = Actor(key, surface, kind, country or None)
    for surface, entry, country_id in user.entries if user else ():
        insert(names, tokenise(surface), entry)
        surfaces.setdefault(entry.id, []).append(surface)
        actors.setdefault(entry.id, Actor(entry.id, surface, entry.kind, country_id))
    agents: Trie = {}
    for phrase, cls, role in _lines("agents.tsv"):
        insert(agents, tokenise(phrase), (cls, role))
    cues: dict[str, set[str]] = {}
    for cls, word in _lines("cues.tsv"):
        cues.setdefault(cls, set()).add(word)
    return ActorTable(
        version=version + suffix,
        names=names,
        agents=agents,
        cues={cls: frozenset(words) for cls, words in cues.items()},
        actors=actors,
        surfaces={key: tuple(sorted(set(found))) for key, found in surfaces.items() if key},
    )


def _read_user_list(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line, row) for every row of a user list."""
    if not path.is_file():
        raise ActorTableError(f"{path}: no such user list", hint="give .csv, .toml or .jsonl")
    try:
        if path.suffix == ".csv":
            with path.open(encoding="utf-8-sig", newline="") as handle:
                reader = csv.DictReader(handle)
                yield from ((reader.line_num, row) for row in reader)
        elif path.suffix == ".toml":
            yield from _toml_rows(path.read_text(encoding="utf-8"))
        elif path.suffix == ".jsonl":
            for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
                if line.strip():
                    yield number, _json(line, f"{path}:{number}")
        else:
            raise ActorTableError(
                f"{path}: a user list is .csv, .toml or .jsonl, not {path.suffix or 'bare'}"
            )
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, csv.Error, RecursionError) as error:
        raise ActorTableError(f"{path}: cannot be read: {error}") from error


def _json(line: str, where: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ActorTableError(f"{where}: not a JSON object: {error}") from error


def _toml_rows(text: str) -> list[tuple[int, dict[str, Any]]]:
    """The [[actor]] tables with the line on which each begins."""
    rows = tomllib.loads(text).get("actor", [])
    if not isinstance(rows, list):
        raise tomllib.TOMLDecodeError("expected tables named [[actor]]")
    lines = [
        i
        for i, line in enumerate(text.split("\n"), start=1)
        if re.match(r"\s*\[\[\s*actor\s*\]\]", line)
    ]
    lines += [0] * (len(rows) - len(lines))
    return list(zip(lines, rows, strict=False))


def _user_rows(path: Path, rows: list[tuple[int, dict[str, Any]]]) -> _UserRows:
    """Checks a user list and turns it into entries."""
    entries: list[tuple[str, Entry, str | None]] = []
    named: set[str] = set()
    removed: set[str] = set()
    for number, row in rows:
        where = f"{path}:{number}"
        if not isinstance(row, dict):
            raise ActorTableError(f"{where}: a row is an object with id and names, not {row!r}")
        unknown = {str(key) for key, value in row.items() if value not in (None, "")} - USER_FIELDS
        if unknown:
            raise ActorTableError(
                f"{where}: unknown column {sorted(unknown)[0]!r}",
                hint="columns are " + ", ".join(sorted(USER_FIELDS)),
            )
        names = _names(where, row.get("names"))
        remove = _flag(where, row.get("remove"))
        actor_id = _text(where, "id", row.get("id"))
        if remove and not names and actor_id:
            removed.add(actor_id)
            continue
        if not names or (not actor_id and not remove):
            raise ActorTableError(f"{where}: a row needs an id and at least one name")
        named.update(names)
        if remove:
            continue
        kind = _text(where, "kind", row.get("kind")) or _kind_of(actor_id)
        entry = Entry(
            actor_id,
            kind,
            _text(where, "role", row.get("role")) or None,
            "user",
            frozenset({"adj"}),
            _day(where, "from", row.get("from")),
            _day(where, "to", row.get("to")),
        )
        if entry.start and entry.end and entry.end <= entry.start:
            raise ActorTableError(f"{where}: to ({entry.end}) is not after from ({entry.start})")
        country = _text(where, "country", row.get("country")) or None
        entries += [(name, entry, country) for name in names]
    return _UserRows(entries, frozenset(named), frozenset(removed))


def _kind_of(actor_id: str) -> str:
    prefix = {"igo": "org", "grp": "group", "med": "media", "pty": "party", "ent": "org"}
    if re.fullmatch(r"[A-Z]{3}", actor_id):
        return "state"
    return prefix.get(actor_id.split(":")[0], "region" if "-" in actor_id else "org")


def _text(where: str, column: str, value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ActorTableError(f"{where}: {column} must be a string, not {value!r}")
    return value.strip()


def _names(where: str, value: object) -> list[str]:
    parts = value.split("|") if isinstance(value, str) else value
    if parts is None:
        return []
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise ActorTableError(f"{where}: names must be a list of strings, not {value!r}")
    names = [part.strip() for part in parts if part.strip()]
    if any(not re.search(r"\w", name) for name in names):
        raise ActorTableError(f"{where}: a name needs at least one letter or digit: {names!r}")
    return names


def _flag(where: str, value: object) -> bool:
    words = {
        "": False,
        "false": False,
        "0": False,
        "no": False,
        "true": True,
        "1": True,
        "yes": True,
    }
    word = str("" if value is None else value).strip().lower()
    if word not in words:
        raise ActorTableError(f"{where}: remove must be true or false, not {value!r}")
    return words[word]


def _day(where: str, column: str, value: object) -> str:
    if isinstance(value, datetime.date):
        return value.isoformat()[:10]
    day = _text(where, column, value)
    try:
        return datetime.date.fromisoformat(day).isoformat() if day else ""
    except ValueError as error:
        raise ActorTableError(f"{where}: {column} must be an ISO date, not {day!r}") from error

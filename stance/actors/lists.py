"""A user's own list of actors, read and checked row by row.

A list is .csv, .toml (tables named `actor`) or .jsonl with the columns of COLUMNS. Every mistake
names the file and the line. What a list does to the table is `stance.actors.table`'s part.
"""

from __future__ import annotations

import csv
import datetime
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stance.errors import ActorTableError

COLUMNS = ("id", "names", "kind", "role", "country", "from", "to", "remap", "remove")
KNOWN = frozenset(COLUMNS)
ROLES = frozenset("GOV MIL LEG JUD COP OPP REB CVL BUS EDU ELI IGO MED".split())
KINDS = frozenset("state territory region org group party media company person".split())
KIND_OF_PREFIX = {"igo": "org", "grp": "group", "med": "media", "pty": "party", "ent": "org"}
YES_OR_NO = {
    "": False,
    "false": False,
    "0": False,
    "no": False,
    "true": True,
    "1": True,
    "yes": True,
}


@dataclass(frozen=True, slots=True)
class UserRow:
    """One row of a user list: the names given to an actor, or an actor or names taken away.

    `remap` is the id under which everything of `id` counts; `start` and `end` are ISO dates,
    half-open; `line` is where the row stands in its file.
    """

    line: int
    id: str
    names: tuple[str, ...]
    kind: str
    role: str | None
    country: str | None
    start: str
    end: str
    remap: str
    remove: bool


def read_user_list(path: Path) -> list[UserRow]:
    """The rows of a user list, checked, in order.

    Raises:
        ActorTableError: the file cannot be read, or a row is wrong; names file and line.
    """
    rows = [_row(f"{path}:{line}", line, cells) for line, cells in _read(path)]
    _check_clashes(path, rows)
    _check_cycles(path, rows)
    return rows


def _read(path: Path) -> Iterator[tuple[int, Any]]:
    """(line, cells) for every row of the file."""
    if not path.is_file():
        raise ActorTableError(f"{path}: no such user list", hint="give .csv, .toml or .jsonl")
    reader = {".csv": _csv_rows, ".toml": _toml_rows, ".jsonl": _json_rows}.get(path.suffix)
    if reader is None:
        raise ActorTableError(
            f"{path}: a user list is .csv, .toml or .jsonl, not {path.suffix or 'bare'}"
        )
    try:
        yield from reader(path)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, csv.Error, RecursionError) as error:
        raise ActorTableError(f"{path}: cannot be read: {error}") from error


def _csv_rows(path: Path) -> Iterator[tuple[int, Any]]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        reader = csv.DictReader(handle)
        if "id" not in (reader.fieldnames or ()):
            raise ActorTableError(
                f"{path}:1: the first line names no column id",
                hint="begin with a line like id,names,role",
            )
        for row in reader:
            if None in row:
                raise ActorTableError(f"{path}:{reader.line_num}: more cells than columns")
            yield reader.line_num, row


def _json_rows(path: Path) -> Iterator[tuple[int, Any]]:
    for line, text in enumerate(path.read_text(encoding="utf-8-sig").split("\n"), start=1):
        if text.strip():
            try:
                yield line, json.loads(text)
            except (ValueError, RecursionError) as error:
                raise ActorTableError(f"{path}:{line}: not a JSON object: {error}") from error


def _toml_rows(path: Path) -> Iterator[tuple[int, Any]]:
    """The [[actor]] tables with the line on which each begins."""
    text = path.read_text(encoding="utf-8-sig")
    rows = tomllib.loads(text).get("actor", [])
    if not isinstance(rows, list):
        raise tomllib.TOMLDecodeError("expected tables named [[actor]]")
    heads = re.compile(r"\s*\[\[\s*actor\s*\]\]")
    lines = [i for i, line in enumerate(text.split("\n"), start=1) if heads.match(line)]
    lines += [0] * (len(rows) - len(lines))  # tables written inline, actor = [{...}]
    yield from zip(lines, rows, strict=False)


def _row(where: str, line: int, cells: object) -> UserRow:
    """A checked row."""
    if not isinstance(cells, Mapping):
        raise ActorTableError(f"{where}: a row is an object with id and names, not {cells!r}")
    unknown = cells.keys() - KNOWN
    if any(cells[column] not in (None, "") for column in unknown):
        raise ActorTableError(
            f"{where}: unknown column {min(map(str, unknown))!r}",
            hint="columns are " + ", ".join(COLUMNS),
        )
    actor_id, names = _text(where, "id", cells), _names(where, cells.get("names"))
    remap, remove = _text(where, "remap", cells), _yes(where, cells.get("remove"))
    if (not names and not (actor_id and (remove or remap))) or not (actor_id or remove):
        raise ActorTableError(f"{where}: a row needs an id and at least one name")
    row = UserRow(
        line,
        actor_id,
        names,
        _one_of(where, "kind", cells, KINDS) or _kind_of(actor_id),
        _one_of(where, "role", cells, ROLES) or None,
        _text(where, "country", cells) or None,
        _day(where, "from", cells),
        _day(where, "to", cells),
        remap,
        remove,
    )
    if row.start and row.end and row.end <= row.start:
        raise ActorTableError(f"{where}: to ({row.end}) is not after from ({row.start})")
    return row


def _kind_of(actor_id: str) -> str:
    if re.fullmatch(r"[A-Z]{3}", actor_id):
        return "state"
    return KIND_OF_PREFIX.get(actor_id.split(":")[0], "region" if "-" in actor_id else "org")


def _text(where: str, column: str, cells: Mapping[str, object]) -> str:
    value = cells.get(column)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ActorTableError(f"{where}: {column} must be a string, not {value!r}")
    return value.strip()


def _one_of(where: str, column: str, cells: Mapping[str, object], allowed: frozenset[str]) -> str:
    value = _text(where, column, cells)
    if value and value not in allowed:
        raise ActorTableError(
            f"{where}: unknown {column} {value!r}", hint="known are " + ", ".join(sorted(allowed))
        )
    return value


def _names(where: str, value: object) -> tuple[str, ...]:
    """The names of a row, taken literally."""
    parts = value.split("|") if isinstance(value, str) else value
    if parts is None:
        return ()
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise ActorTableError(f"{where}: names must be a list of strings, not {value!r}")
    names = tuple(part.strip() for part in parts if part.strip())
    for name in names:
        if len(name) < 2 or not any(map(str.isalnum, name)):
            raise ActorTableError(
                f"{where}: {name!r} is no name: it would match everywhere",
                hint="a name has at least two characters, one of them a letter or digit",
            )
    return names


def _yes(where: str, value: object) -> bool:
    word = str("" if value is None else value).strip().lower()
    if word not in YES_OR_NO:
        raise ActorTableError(f"{where}: remove must be true or false, not {value!r}")
    return YES_OR_NO[word]


def _day(where: str, column: str, cells: Mapping[str, object]) -> str:
    value = cells.get(column)
    if isinstance(value, datetime.date):
        return value.isoformat()[:10]
    day = _text(where, column, cells)
    try:
        return datetime.date.fromisoformat(day).isoformat() if day else ""
    except ValueError as error:
        raise ActorTableError(f"{where}: {column} must be an ISO date, not {day!r}") from error


def _check_clashes(path: Path, rows: Iterable[UserRow]) -> None:
    """Raises if one name is given to two actors at one time."""
    owners: dict[str, list[UserRow]] = {}
    for row in rows:
        for name in row.names if not row.remove else ():
            for other in owners.setdefault(name, []):
                apart = (row.end and other.start >= row.end) or (
                    other.end and row.start >= other.end
                )
                if other.id != row.id and not apart:
                    raise ActorTableError(
                        f"{path}:{row.line}: {name!r} is {other.id} in line {other.line}"
                        f" and {row.id} here",
                        hint="give both rows dates that do not overlap, or drop one",
                    )
            owners[name].append(row)


def _check_cycles(path: Path, rows: Iterable[UserRow]) -> None:
    """Raises if remaps lead back to where they began."""
    remaps = {row.id: row for row in rows if row.remap}
    for row in remaps.values():
        seen, at = [row.id], row.remap
        while at in remaps and at not in seen:
            seen.append(at)
            at = remaps[at].remap
        if at in seen:
            raise ActorTableError(
                f"{path}:{row.line}: the remap of {row.id} goes in a circle: "
                + " to ".join([*seen, at])
            )

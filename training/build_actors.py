"""Builds the actor table that ships in `stance/data/` from our seed tables and public facts.

    python training/build_actors.py --data ../shared/data

Inputs: `seeds/actors/*.tsv` (hand-written, win over everything) and, under `<data>/actors/`,
country-codes.csv (names, ISO codes), factbook.json (names, capitals, demonyms, bodies),
factbook_leaders_raw.json (dated heads of state and government) and the Phoenix list of armed
groups. Only facts are taken; `seeds/actors/README.md` has the licences. The output depends on
nothing but the inputs (rows are sorted), so a second run changes no byte.

Outputs:

actors.tsv     for reading: first line `# <version>`, second line the column names, then
               surface, id, kind, role, via, flags, country, from, to, source
               kind: state territory region org group party media block
               via: name demonym metonym body person
               flags, comma-separated:
                 main       the display name of the id
                 adj        an adjective ("Japanese officials")
                 nounadj    a name that stands before a noun like one ("US troops")
                 people     a people, not a government ("Britons")
                 capital    a seat of government: either the government or a place
                 city       a place, never a government
                 place      a territory that is mostly a scene (Gaza, Crimea)
                 namelike   also a given name or surname (Jordan, Paris)
                 weak       counts only with other evidence for the same country
                 context    counts only among words of its own country (Georgia, US-GA)
                 ambiguous  one surface, several states, none preferred (Congo)
                 combining  only before a hyphen (Sino-)
                 bldg       a building that stands for its government
                 article    the article belongs to the name (The Hill)
                 full       a full person name
                 surname    a surname: needs a title or the full name before it
                 bare       a surname that may stand alone
actors.json    what the library loads: the same rows as a token trie, with the agent phrases of
               `seeds/actors/agents.tsv` (and their plurals) and the context words of `cues.tsv`
"""

from __future__ import annotations

import argparse
import json
import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

from actor_facts import armed_groups, bodies, cldr_names, leaders, state_facts, words

from stance.actors.table import Trie, insert, tokenise

VERSION = "actors-2026.11.3"
COLUMNS = ["surface", "id", "kind", "role", "via", "flags", "country", "from", "to", "source"]
SURFACE_FILES = (
    "states",
    "metonyms",
    "bodies",
    "organisations",
    "media",
    "groups",
    "parties",
    "regions",
    "cities",
)
BARE_STATES = words(
    """ARG AUS BRA CAN CHN FRA DEU IND IDN ITA JPN MEX RUS SAU ZAF KOR TUR GBR USA UKR ISR IRN"""
)


@dataclass(frozen=True, order=True)
class Row:
    """One line of actors.tsv."""

    surface: str
    id: str
    kind: str
    role: str
    via: str
    flags: str = ""
    country: str = ""
    start: str = ""
    end: str = ""
    source: str = ""

    def flagged(self, *flags: str) -> Row:
        """The row with more flags, sorted."""
        known = {f for f in self.flags.split(",") if f} | set(flags)
        return replace(self, flags=",".join(sorted(known)))

    def unflagged(self, flag: str) -> Row:
        """The row without a flag."""
        return replace(self, flags=",".join(f for f in self.flags.split(",") if f != flag))


def read_tsv(path: Path) -> list[dict[str, str]]:
    """The rows of a seed table; raises ValueError on a row of the wrong width."""
    with path.open(encoding="utf-8") as handle:
        header = handle.readline().rstrip("\n").split("\t")
        rows = []
        for number, line in enumerate(handle, start=2):
            cells = line.rstrip("\n").split("\t")
            if len(cells) != len(header):
                raise ValueError(f"{path}:{number}: {len(cells)} cells, expected {len(header)}")
            rows.append(dict(zip(header, cells, strict=True)))
    return rows


def plain(text: str) -> str:
    """`text` without accents."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def spellings(surface: str, flags: str) -> list[str]:
    """The surface and its accent-free twin (not where that is a common word: Malé)."""
    variants = [unicodedata.normalize("NFC", surface).replace("\u2019", "'")]
    if "keepaccent" not in flags and plain(surface) != surface:
        variants.append(plain(surface).replace("\u2019", "'"))
    return variants


def seed_rows(seeds: Path) -> list[Row]:
    """Rows of the hand-written surface tables; the first surface of an id is its name."""
    rows: list[Row] = []
    named: set[str] = set()
    for name in SURFACE_FILES:
        for cells in read_tsv(seeds / f"{name}.tsv"):
            kind = cells.get("kind", "state")
            for surface in cells["surfaces"].split("|"):
                row = Row(
                    "",
                    cells["id"],
                    kind,
                    cells["role"],
                    cells["via"],
                    cells["flags"],
                    cells.get("country", ""),
                    cells.get("from", ""),
                    cells.get("to", ""),
                    cells["source"],
                )
                if cells["via"] == "name" and cells["id"] not in named:
                    named.add(cells["id"])
                    row = row.flagged("main")
                for i, spelling in enumerate(spellings(surface, cells["flags"])):
                    variant = row if i == 0 else row.unflagged("main")
                    rows.append(replace(variant, surface=spelling))
    return rows


def person_rows(seeds: Path) -> list[Row]:
    """Rows of the hand-written dated persons: full names and surnames."""
    rows = []
    for cells in read_tsv(seeds / "persons.tsv"):
        kind = "state" if re.fullmatch("[A-Z]{3}", cells["id"]) else "group"
        base = Row(
            "",
            cells["id"],
            kind,
            cells["role"],
            "person",
            "",
            "",
            cells["from"],
            cells["to"],
            cells["source"],
        )
        for name in cells["names"].split("|"):
            rows += [replace(base, surface=s, flags="full") for s in spellings(name, "")]
        if cells["surname"] == "-":
            continue
        flags = "bare,surname" if cells["bare"] == "yes" else "surname"
        for name in cells["surname"].split("|"):
            rows += [replace(base, surface=s, flags=flags) for s in spellings(name, "")]
    return rows


def leader_rows(data: Path, seeds: Path, taken: set[tuple[str, str]], names: set[str]) -> list[Row]:
    """Rows of dated heads of state and government that the hand-written persons lack."""
    common = {w for c in read_tsv(seeds / "surnames_common.tsv") for w in c["surname"].split("|")}
    rows = []
    for leader in leaders(data):
        if (leader.id, plain(leader.surname)) in taken:
            continue
        base = Row(
            "", leader.id, "state", "GOV", "person", "", "", leader.start, leader.end, "factbook"
        )
        if leader.name not in names:
            rows += [replace(base, surface=s, flags="full") for s in spellings(leader.name, "")]
        surname = leader.surname
        if len(surname) < 3 or surname in names:
            continue
        bare = leader.id in BARE_STATES and surname not in common and len(surname) > 4
        flags = "bare,surname" if bare else "surname"
        rows += [replace(base, surface=s, flags=flags) for s in spellings(surname, "")]
    return rows


def derived_rows(data: Path, seeds: Path, hand: list[Row]) -> list[Row]:
    """Rows from public facts; a surface that a seed table has is never derived."""
    known = {row.surface for row in hand}
    rows: list[Row] = []
    weak = {cells["surface"] for cells in read_tsv(seeds / "weak_capitals.tsv")}
    for fact in state_facts(data):
        flags = {"name": "", "demonym": "adj", "people": "people", "capital": "capital"}[fact.via]
        if fact.via == "capital" and fact.surface in weak:
            flags = "capital,weak"
        role = {"people": "CVL", "capital": "GOV"}.get(fact.via, "")
        via = {"people": "demonym", "capital": "metonym"}.get(fact.via, fact.via)
        for spelling in spellings(fact.surface, ""):
            if spelling not in known:
                rows.append(
                    Row(spelling, fact.id, fact.kind, role, via, flags, "", "", "", fact.source)
                )
    taken_names = known | {row.surface for row in rows}
    for surface, actor_id, role in bodies(data, taken_names):
        rows.append(Row(surface, actor_id, "state", role, "body", "", "", "", "", "factbook"))
    for surface, actor_id, country in armed_groups(data, taken_names):
        rows.append(Row(surface, actor_id, "group", "REB", "name", "", country, "", "", "phoenix"))
    return rows


DISPLAY_NAMES = {
    "USA": "United States",
    "GBR": "United Kingdom",
    "COD": "DR Congo",
    "COG": "Republic of Congo",
    "TUR": "Turkey",
    "CIV": "Ivory Coast",
    "PSE": "Palestine",
}


def settle(rows: list[Row], display: dict[str, str]) -> list[Row]:
    """Sorted unique rows; every id gets one display name; ids without a name row fail."""
    seen: dict[tuple[str, ...], Row] = {}
    for row in rows:
        seen.setdefault((row.surface, row.id, row.start, row.end, row.via), row)
    by_id: dict[str, list[Row]] = defaultdict(list)
    for row in seen.values():
        by_id[row.id].append(row)
    out = []
    for actor_id, group in by_id.items():
        wanted = display.get(actor_id)
        if any(row.surface == wanted for row in group):
            group = [
                row.flagged("main") if row.surface == wanted else row.unflagged("main")
                for row in group
            ]
        if not any("main" in row.flags.split(",") for row in group):
            names = [row for row in group if row.via == "name" and row.surface != actor_id]
            best = min(names or group, key=lambda row: (len(row.surface) > 24, row.surface))
            group = [row.flagged("main") if row is best else row for row in group]
        out += group
    return sorted(set(out))


def block_rows(seeds: Path) -> list[Row]:
    """Phrases that contain an actor's name and name something else."""
    phrases = {p for c in read_tsv(seeds / "blocklist.tsv") for p in c["phrase"].split("|")}
    return [Row(phrase, "", "block", "", "", "", "", "", "", "hand") for phrase in phrases]


def merge_kinds(rows: list[Row], data: Path) -> list[Row]:
    """Dependencies get kind `territory` whatever table the row came from."""
    kinds = {fact.id: fact.kind for fact in state_facts(data)}
    return [replace(row, kind=kinds.get(row.id, row.kind)) for row in rows]


def write(path: Path, columns: list[str], lines: list[list[str]]) -> None:
    """Writes one table with its version line."""
    body = ["\t".join(cells) for cells in lines]
    text = "\n".join([f"# {VERSION}", "\t".join(columns), *body]) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")


def plural(phrase: str) -> str:
    """The regular plural of an agent phrase ("secretary of state" -> "secretaries of state")."""
    head, _, tail = phrase.partition(" of ")
    irregular = {"man": "men", "woman": "women", "chargé d'affaires": "chargés d'affaires"}
    for singular, many in irregular.items():
        if head.endswith(singular):
            head = head.removesuffix(singular) + many
            break
    else:
        if head.endswith("y") and head[-2:] not in ("ey", "ay"):
            head = head[:-1] + "ies"
        elif head.endswith(("s", "ch", "x")):
            head = head + "es"
        else:
            head += "s"
    return f"{head} of {tail}" if tail else head


def agent_lines(seeds: Path) -> list[list[str]]:
    """Agent phrases with their class and role; titles also in the plural, as plain agents."""
    lines: dict[str, list[str]] = {}
    cells = read_tsv(seeds / "agents.tsv")
    for cell in cells:
        lines.setdefault(cell["phrase"], [cell["phrase"], cell["class"], cell["role"]])
    for cell in cells:
        if cell["class"] == "title":
            many = plural(cell["phrase"])
            lines.setdefault(many, [many, "agent", cell["role"]])
    return sorted(lines.values())


def cue_classes(seeds: Path) -> dict[str, list[str]]:
    """Context words by class, sorted."""
    classes: dict[str, set[str]] = defaultdict(set)
    for cells in read_tsv(seeds / "cues.tsv"):
        classes[cells["class"]].update(cells["phrases"].split("|"))
    return {name: sorted(found) for name, found in sorted(classes.items())}


def compiled(rows: list[Row], agents: list[list[str]], cues: dict[str, list[str]]) -> str:
    """The compiled table as JSON; equal inputs give equal bytes."""
    places: dict[tuple[str, ...], int] = {}
    names: Trie = {}
    actors, surfaces = {}, defaultdict(set)
    for row in rows:
        entry = (row.id, row.kind, row.role, row.via, row.flags, row.start, row.end)
        insert(names, tokenise(row.surface), places.setdefault(entry, len(places)))
        if row.id:
            surfaces[row.id].add(row.surface)
        if "main" in row.flags.split(","):
            actors[row.id] = [row.id, row.surface, row.kind, row.country]
    phrases: Trie = {}
    for phrase, cls, role in agents:
        insert(phrases, tokenise(phrase), (cls, role))
    data = {
        "version": VERSION,
        "rows": list(places),
        "names": names,
        "agents": phrases,
        "cues": cues,
        "actors": [actors[key] for key in sorted(actors)],
        "surfaces": {key: sorted(found) for key, found in sorted(surfaces.items())},
    }
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n"


def build(data: Path, seeds: Path) -> list[Row]:
    """All rows of actors.tsv."""
    hand = seed_rows(seeds)
    persons = person_rows(seeds)
    facts = derived_rows(data, seeds, hand)
    names = {row.surface for row in hand + facts}
    taken = {(row.id, plain(row.surface)) for row in persons}
    led = leader_rows(data, seeds, taken, names)
    persons = [row for row in persons if "surname" not in row.flags or row.surface not in names]
    display = cldr_names(data) | DISPLAY_NAMES
    rows = settle(hand + persons + facts + led, display)
    nouns = {cells["surface"] for cells in read_tsv(seeds / "noun_adjectives.tsv")}
    rows = [row.flagged("nounadj") if row.surface in nouns else row for row in rows]
    return sorted(merge_kinds(rows, data) + block_rows(seeds))


def main() -> None:
    """Builds both forms of the table; prints its size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder that holds actors/")
    root = Path(__file__).resolve().parents[1]
    parser.add_argument("--seeds", type=Path, default=root / "seeds" / "actors")
    parser.add_argument("--out", type=Path, default=root / "stance" / "data")
    args = parser.parse_args()
    rows = build(args.data / "actors", args.seeds)
    args.out.mkdir(parents=True, exist_ok=True)
    lines = [[getattr(row, name) for name in Row.__dataclass_fields__] for row in rows]
    write(args.out / "actors.tsv", COLUMNS, lines)
    text = compiled(rows, agent_lines(args.seeds), cue_classes(args.seeds))
    (args.out / "actors.json").write_text(text, encoding="utf-8", newline="\n")
    print(f"{VERSION}: {len(rows)} rows, {len({row.id for row in rows})} ids")


if __name__ == "__main__":
    main()

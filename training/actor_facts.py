"""Facts about states, bodies, leaders and armed groups, read from the public sources.

Each reader knows the traps of its source and yields small values; `build_actors.py` decides
what becomes a row. FIPS codes are not ISO codes (AU is Austria, CH is China): they are joined
through country-codes.csv and a short table of codes that it lacks.
"""

from __future__ import annotations

import calendar
import csv
import html
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


def words(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


EXTRA_FIPS = {"kv": "XKX", "ri": "SRB"}
# Codes that would give a wrong state: islands claimed by several, parts of Palestine.
SKIPPED_FIPS = words("pf pg gz we ax dx um wq bq at cr ip jn sv ee oo xo xq zh zn xx")
STATES_NOT_MARKED = frozenset({"PSE", "ESH", "XKX", "TWN"})
SKIPPED_NAMES = words("none NA DRC US Burma Congo")
BORROWED_DEMONYMS = words("Chinese French Dutch Congo Kiribati American British")
MONTHS = {name: number for number, name in enumerate(calendar.month_name) if name}


@dataclass(frozen=True)
class StateFact:
    """One surface of a state: via is name, demonym, people (a plural) or capital."""

    surface: str
    id: str
    kind: str
    via: str
    source: str


@dataclass(frozen=True)
class Leader:
    """A head of state or government and the term, ISO dates; end "" while in office."""

    name: str
    surname: str
    id: str
    start: str
    end: str


def country_codes(data: Path) -> list[dict[str, str]]:
    """The rows of country-codes.csv."""
    with (data / "country-codes.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def fips_to_iso(data: Path) -> dict[str, str]:
    """FIPS country code (lower case) -> ISO 3166-1 alpha-3."""
    codes = dict(EXTRA_FIPS)
    for row in country_codes(data):
        fips = row["FIPS"].strip().lower()
        if len(fips) == 2:
            codes[fips] = row["ISO3166-1-Alpha-3"]
    return {fips: iso for fips, iso in codes.items() if fips not in SKIPPED_FIPS}


def cldr_names(data: Path) -> dict[str, str]:
    """ISO code -> the common English name."""
    return {
        row["ISO3166-1-Alpha-3"]: clean_name(row["CLDR display name"])
        for row in country_codes(data)
    }


def kinds(data: Path) -> dict[str, str]:
    """ISO code -> state or territory."""
    found = {}
    for row in country_codes(data):
        iso = row["ISO3166-1-Alpha-3"]
        independent = row["is_independent"] == "Yes" or iso in STATES_NOT_MARKED
        found[iso] = "state" if independent else "territory"
    return found | {"XKX": "state"}


def factbook(data: Path) -> dict[str, dict[str, Any]]:
    """Factbook entries by FIPS code."""
    with (data / "factbook.json").open(encoding="utf-8") as handle:
        entries: dict[str, dict[str, Any]] = json.load(handle)
    return entries


def text_of(entry: dict[str, Any], *path: str) -> str:
    """The text at a path of a factbook entry, entities resolved, or ""."""
    node: Any = entry
    for step in path:
        node = node.get(step) if isinstance(node, dict) else None
    text = node.get("text", "") if isinstance(node, dict) else ""
    return html.unescape(re.sub(r"<[^>]+>", " ", text)).strip()


def clean_name(name: str) -> str:
    """A name without article, footnote stars and parentheses."""
    name = re.sub(r"\(.*?\)|\*", "", html.unescape(name)).strip()
    return re.sub(r"^[Tt]he ", "", name).replace("&", "and").strip()


def usable(name: str) -> bool:
    """Whether a name can be a surface: not a note, a list or a placeholder."""
    return bool(name) and name not in SKIPPED_NAMES and not re.search(r"[;:,\[\]/]| - ", name)


def state_facts(data: Path) -> list[StateFact]:
    """Names, demonyms and capitals of states and territories, each surface once per id."""
    kind = kinds(data)
    facts: dict[tuple[str, str], StateFact] = {}
    found = [(*fact, "country-codes") for fact in coded_facts(data)]
    found += [(*fact, "factbook") for fact in factbook_facts(data)]
    for surface, iso, via, source in found:
        borrowed = kind[iso] != "state" and surface in BORROWED_DEMONYMS
        if usable(surface) and not borrowed:
            facts.setdefault((surface, iso), StateFact(surface, iso, kind[iso], via, source))
    return list(facts.values())


def coded_facts(data: Path) -> Iterator[tuple[str, str, str]]:
    """(surface, id, via) from country-codes.csv."""
    for row in country_codes(data):
        iso = row["ISO3166-1-Alpha-3"]
        for column in ("CLDR display name", "UNTERM English Short", "UNTERM English Formal"):
            yield clean_name(row[column]), iso, "name"
        yield clean_name(row["Capital"]), iso, "capital"


def factbook_facts(data: Path) -> Iterator[tuple[str, str, str]]:
    """(surface, id, via) from the factbook."""
    codes = fips_to_iso(data)
    for fips, entry in sorted(factbook(data).items()):
        iso = codes.get(fips, "")
        if not iso:
            continue
        for form in ("conventional short form", "conventional long form"):
            yield clean_name(text_of(entry, "Country name", form)), iso, "name"
        capital = re.split(r"[(;,]| in ", text_of(entry, "Capital", "name"))[0].strip()
        if len(capital) < 25 and not capital.startswith(("no ", "administered")):
            yield capital, iso, "capital"
        for surface, via in demonyms(entry):
            yield surface, iso, via


def demonyms(entry: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Adjectives and plural nouns: ("Kenyan", "demonym"), ("Kenyans", "people")."""
    for form in ("adjective", "noun"):
        text = re.split(r"; note|note -", text_of(entry, "Nationality", form))[0]
        for part in re.split(r"[,;]| or ", text):
            many = re.search(r"\(s\)", part)
            name = re.sub(r"\(.*?\)", "", part).strip()
            if not re.fullmatch(r"[A-Z][\w'-]+( [A-Z][\w'-]+)?", name):
                continue
            if name in BORROWED_DEMONYMS or name.startswith(("NA", "US")):
                continue
            yield name, "demonym"
            if many:
                yield f"{name}s", "people"


GENERIC_BODY = re.compile(
    r"(?i)^(parlement|parlamento|senat|senado|assembl|chambre|camara|national|congreso|"
    r"parliament|folket|house|conseil|consejo|council|general|federal|legislat|people|asamblea)"
)


def bodies(data: Path, taken: set[str]) -> Iterator[tuple[str, str, str]]:
    """(surface, id, role) of legislatures with a name of their own and named armed forces."""
    codes = fips_to_iso(data)
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for fips, entry in sorted(factbook(data).items()):
        iso = codes.get(fips)
        if iso is None or kinds(data)[iso] != "state":
            continue
        name = text_of(entry, "Legislative branch", "legislature name")
        local = re.search(r"\(([^)]+)\)", name)
        for surface in re.split(r" or |, ", local.group(1)) if local else []:
            proper = re.fullmatch(r"[A-Z][\w'-]{4,}( [A-Z][\w'-]+)?", surface)
            if proper and not GENERIC_BODY.match(surface):
                found[surface].add((iso, "LEG"))
        forces = re.split(r"[(:;,]", text_of(entry, "Military and security forces"))[0].strip()
        if re.fullmatch(r"[A-Z][\w'-]+( [A-Z][\w'-]+| of| the| and){1,4}", forces):
            nation = text_of(entry, "Nationality", "adjective").split(",")[0]
            short = clean_name(text_of(entry, "Country name", "conventional short form"))
            if len(short) > 3 and (short in forces or (nation and nation in forces)):
                found[forces].add((iso, "MIL"))
    for surface, owners in sorted(found.items()):
        if len(owners) == 1 and surface not in taken:
            iso, role = next(iter(owners))
            yield surface, iso, role


TITLE = re.compile(
    r"(?i)^(president|vice|prime|minister|king|queen|emperor|emir|amir|sultan|sheikh|shaykh|"
    r"chairman|chairperson|chairwoman|chancellor|premier|captain|regent|regents|prince|grand|"
    r"duke|pope|supreme|leader|taoiseach|head|state|chief|executive|acting|interim|transitional|"
    r"transition|co-prince|general|gen|lt|maj|col|dr|sir|dame|his|her|highness|majesty|of|the|"
    r"and|council|presidency|government|republic|confederation|swiss|national|affairs|"
    r"commission|secretary|party|islamic|bosnia|federation|first|presidential|custodian|"
    r"crown|governor|governor-general|former|overall|taliban|military|junta|sovereign|tan|sri|"
    r"dato'?|datuk|seri|capt|captains|for|cabinet|mr|mrs|royal|paramount|ruler|monarch|"
    r"commander|in|armed|forces|administration|federal|board|ministers)\.?,?$"
)
ROMAN = re.compile(r"^[IVX]+$")
PARTICLES = words("bin al ibn de da dos do di el van von der den ul ur la le y e")


def parse_leader(text: str, iso: str) -> tuple[str, str] | None:
    """(full name, surname) from "President Abdelmadjid TEBBOUNE", or None."""
    text = re.sub(r",? (Jr|Sr)\.?|\"[^\"]*\"|\(.*?\)", "", text).strip(" ,")
    words = text.split()
    while words and TITLE.match(words[0]):
        words = words[1:]
    if not 2 <= len(words) <= 6 or any(not re.match(r"[\w'’.-]+$", w) for w in words):
        return None
    upper = [w for w in words if w.isupper() and len(w.strip(".")) > 1]
    if iso not in ("CHN", "TWN"):  # "XI" is a surname in China, a numeral elsewhere
        upper = [w for w in upper if not ROMAN.match(w)]
    if not upper or any(w[0].islower() and w not in PARTICLES for w in words):
        return None
    name = " ".join(title_case(w) if w in upper else w for w in words)
    start = words.index(upper[0])
    surname = [title_case(w) for w in words[start : start + len(upper)]]
    if start and words[start - 1] in PARTICLES:
        surname.insert(0, words[start - 1])
    return name.replace("’", "'"), " ".join(surname).replace("’", "'")


def title_case(word: str) -> str:
    """ "ERDOGAN" -> "Erdogan", "AL-SISI" -> "Al-Sisi", "N'GUESSAN" -> "N'Guessan"."""
    name = re.sub(r"[^\W\d_]+", lambda m: m.group().capitalize(), word)
    return re.sub(r"^Mc([a-z])", lambda m: "Mc" + m.group(1).upper(), name)


def parse_date(text: str) -> str | None:
    """ "12 December 2019", "December 2019" or "2019" as an ISO date, or None."""
    found = re.search(r"(?:(\d{1,2}) )?(?:([A-Z][a-z]+) )?(\d{4})", text)
    if not found or (found.group(2) and found.group(2) not in MONTHS):
        return None
    month = MONTHS[found.group(2)] if found.group(2) else 1
    day = int(found.group(1) or 1)
    return f"{found.group(3)}-{month:02d}-{day:02d}" if 1 <= day <= 31 else None


def leaders(data: Path) -> list[Leader]:
    """Dated heads of state and government, ordered.

    A term ends when the successor's begins, not at the next snapshot. Dependencies repeat the
    sovereign's head of state and realms share a monarch: a name that several countries list is
    dropped, and so are the heads of state of dependencies.
    """
    with (data / "factbook_leaders_raw.json").open(encoding="utf-8") as handle:
        slots: dict[str, list[list[str]]] = json.load(handle)
    codes, kind = fips_to_iso(data), kinds(data)
    found: list[Leader] = []
    for slot, snapshots in sorted(slots.items()):
        fips, office = slot.split("|")
        iso = codes.get(fips)
        if iso is None or (kind[iso] == "territory" and iso not in ("HKG", "GRL", "FRO")):
            continue
        if kind[iso] == "territory" and office == "chief of state":
            continue
        found += terms(snapshots, iso)
    owners: dict[str, set[str]] = defaultdict(set)
    for leader in found:
        owners[leader.name].add(leader.id)
    unique = {leader for leader in found if len(owners[leader.name]) == 1}
    return sorted(unique, key=lambda x: (x.id, x.start, x.name))


def terms(snapshots: list[list[str]], iso: str) -> list[Leader]:
    """The terms in one office, from the dated texts that name its holder."""
    spells: dict[str, tuple[str, str]] = {}
    for taken_on, text in snapshots:
        text = html.unescape(re.sub(r"<[^>]+>", " ", text)).replace("\xa0", " ").strip()
        head, _, rest = text.partition("(")
        parsed = parse_leader(head.split(";")[0], iso)
        if parsed is None or "vacant" in head:
            continue
        since = parse_date(rest.split(")")[0]) or taken_on
        name, surname = parsed
        if name not in spells or since < spells[name][1]:
            spells[name] = (surname, since)
    starts = sorted({since for _, since in spells.values()})
    out = []
    for name, (surname, since) in spells.items():
        # Two spellings of one holder share a start date, give or take weeks.
        later = [s for s in starts if s > since and months_apart(since, s) > 1]
        out.append(Leader(name, surname, iso, since, later[0] if later else ""))
    return out


def months_apart(first: str, second: str) -> int:
    """Whole calendar months between two ISO dates."""
    a, b = (int(d[:4]) * 12 + int(d[5:7]) for d in (first, second))
    return b - a


SMALL_WORDS = words("of the for and in de la al el del y du des le les e")
GENERIC_GROUP = re.compile(
    r"(?i)\b(faction|students?|workers|government|police|army officers|winegrowers|council|"
    r"republic of|national army|liberation army|national front|people's army|democratic front|"
    r"people's front|popular front|independence party|freedom party|party)$"
)


def armed_groups(data: Path, taken: set[str]) -> Iterator[tuple[str, str, str]]:
    """(surface, id, country) of armed groups whose name is at least three words long."""
    valid = set(kinds(data))
    seen: set[str] = set(taken)
    names: list[str] = []
    path = data / "Phoenix.MilNonState.actors.txt"
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        line = line.strip()
        code = re.match(r"\[([A-Z]{3})", line)
        if line.startswith("#"):
            continue
        if code is None and line:
            names.append(line.lstrip("+").strip("_ "))
            continue
        if code is not None:
            country = code.group(1) if code.group(1) in valid else ""
            yield from group_names(names, country, seen)
        names = []


def group_names(names: list[str], country: str, seen: set[str]) -> Iterator[tuple[str, str, str]]:
    """The usable names of one armed group, with the id made of the first of them."""
    good = []
    for raw in names:
        words = [w for w in re.split(r"[_ ]+", re.sub(r"\(.*?\)", "", raw)) if w]
        name = " ".join(
            w.lower() if i and w.lower() in SMALL_WORDS else title_case(w)
            for i, w in enumerate(words)
        )
        if len(words) >= 3 and re.fullmatch(r"[\w' -]+", name) and not GENERIC_GROUP.search(name):
            good.append(name)
    for name in good:
        if name not in seen:
            seen.add(name)
            yield name, "grp:" + re.sub(r"[^A-Z0-9]", "", good[0].upper()), country

"""Actors: the table, user lists, and cases as data (`cases/actors.jsonl`)."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.actors.finding import ent_id, find_actors
from stance.actors.table import DATA, load_actor_table, longest, tokenise
from stance.values import USES, Mention

ROOT = Path(__file__).resolve().parents[1]
OWN_CASES = Path(__file__).parent / "cases" / "actors.jsonl"
SHARED = Path(os.environ.get("STANCE_SHARED", ROOT.parent / "shared")) / "cases" / "actors.jsonl"
PRONOUNS = frozenset(
    {"it", "its", "they", "their", "them", "we", "our", "us", "he", "his", "she", "her"}
)

Key = tuple[int, int, tuple[str, ...], str | None, str]


def read_cases(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def day(case: dict[str, Any]) -> datetime.date | None:
    return datetime.date.fromisoformat(case["date"]) if case.get("date") else None


def article(text: str) -> int:
    return 4 if text[:4] in ("the ", "The ") else 0


OWN = read_cases(OWN_CASES)


@pytest.mark.parametrize("case", OWN, ids=[case["id"] for case in OWN])
def test_own_case(case: dict[str, Any]) -> None:
    found = [
        (m.start, m.end, list(m.actor_ids), m.role, m.use)
        for m in find_actors(case["text"], day(case))
    ]
    expected = [
        (m["start"], m["end"], m["actor_ids"], m["role"], m["use"]) for m in case["mentions"]
    ]
    assert found == expected


def passes(case: dict[str, Any]) -> bool:
    """Whether the resolved mentions of a shared case are the expected ones."""
    before = case["context"] + " " if case.get("context") else ""
    found: set[Key] = set()
    for m in find_actors(before + case["text"], day(case)):
        if m.start >= len(before) and m.actor_ids:
            start = m.start - len(before) + article(m.text)
            found.add((start, m.end - len(before), m.actor_ids, m.role, m.use))
    wanted: set[Key] = set()
    optional: set[Key] = set()
    for m in case["mentions"]:
        key = (
            m["start"] + article(m["text"]),
            m["end"],
            tuple(m["actor_ids"]),
            m["role"],
            m["use"],
        )
        pronoun = m["via"] in ("coref", "speaker") and m["text"].lower() in PRONOUNS
        (optional if pronoun else wanted).add(key)
    return found - optional == wanted


@pytest.mark.skipif(not SHARED.is_file(), reason="the shared case file is not on this machine")
@pytest.mark.parametrize(("tier", "floor"), [(1, 1.0), (2, 0.95), (3, 0.6)])
def test_shared_cases(tier: int, floor: float, capsys: pytest.CaptureFixture[str]) -> None:
    cases = [case for case in read_cases(SHARED) if case["tier"] == tier]
    passed = {case["id"]: passes(case) for case in cases}
    tags = sorted({tag for case in cases for tag in case["tags"]})
    scores = {tag: [passed[c["id"]] for c in cases if tag in c["tags"]] for tag in tags}
    shown = ", ".join(f"{tag} {sum(s)}/{len(s)}" for tag, s in scores.items())
    with capsys.disabled():
        sys.stdout.write(f"\ntier {tier}: {sum(passed.values())}/{len(cases)}: {shown}\n")
    assert sum(passed.values()) >= floor * len(cases), [i for i, ok in passed.items() if not ok]


COREFERENCE = read_cases(OWN_CASES.with_name("coreference.jsonl"))


@pytest.mark.parametrize(
    ("kind", "halves", "floor"),
    [("nominals", ["train"], 0.9), ("nominals", ["dev"], 0.9), ("pronouns", ["train", "dev"], 0.8)],
)
def test_coreference_is_right_where_it_speaks(kind: str, halves: list[str], floor: float) -> None:
    right = found = gold = 0
    for case in COREFERENCE:
        if case["half"] not in halves:
            continue
        wanted = {(m["start"], m["end"]): set(m["actor_ids"]) for m in case[kind]}
        gold += len(wanted)
        subjects = {m.start for m in find_actors(case["text"]) if m.text.lower() in PRONOUNS}
        for m in find_actors(case["text"], pronouns=True):
            if m.start in subjects:
                continue
            if m.via == "coref" and (m.text in ("it", "its", "Its")) == (kind == "pronouns"):
                found += 1
                right += wanted.get((m.start, m.end)) == set(m.actor_ids)
    assert right >= floor * found
    assert right >= 0.5 * gold


SUBJECTS = read_cases(OWN_CASES.with_name("subjects.jsonl"))


@pytest.mark.parametrize("half", ["look", "measure", "hard"])
def test_pronoun_subjects_are_right_where_taken(half: str) -> None:
    right = found = gold = 0
    for case in SUBJECTS:
        if case["half"] == half:
            wanted = {(m["start"], m["end"]): tuple(m["actor_ids"]) for m in case["subjects"]}
            taken = [m for m in find_actors(case["text"]) if m.text.lower() in PRONOUNS]
            gold, found = gold + len(wanted), found + len(taken)
            right += sum(wanted.get((m.start, m.end)) == m.actor_ids for m in taken)
    assert right >= 0.9 * found
    assert right >= 0.6 * gold


def test_a_pronoun_subject_has_the_role_of_whom_it_means() -> None:
    found = find_actors("Thai officials toured the border. They thanked Laos. It is long.")
    assert [(m.text, m.actor_id, m.role, m.via) for m in found] == [
        ("Thai officials", "THA", "GOV", "demonym"),
        ("They", "THA", "GOV", "coref"),
        ("Laos", "LAO", None, "name"),
    ]


def test_pronouns_only_if_asked_and_no_second_name_in_a_sentence() -> None:
    text = "China said it would act. Japan said the island of Kyushu and the country were calm."
    assert [m.text for m in find_actors(text)] == ["China", "Japan"]
    assert "it" in [m.text for m in find_actors(text, pronouns=True)]


# --- properties ----------------------------------------------------------------------------

WORDS = (
    "China Chinese U.S. US us the of and in at Beijing Tokyo's Japan 's troops officials minister "
    "President Xi Jinping Kim Lee Georgia Jordan Paris , . - ' ’ ( ) Reuters said former pro anti "
    "it It They He also it its both two countries island bloc army government president junta Niamey Taiwan Security "
    "Council (NATO) (UNSC) NATO Hamas Houthi rebels The Hill via 1-0 Cup \n\n \x00 🇯🇵 é"
)
PARTS = st.sampled_from(WORDS.split(" "))


def check(text: str, mentions: list[Mention]) -> None:
    end = 0
    for mention in mentions:
        assert end <= mention.start < mention.end
        assert text[mention.start : mention.end] == mention.text
        assert mention.use in USES
        end = mention.end


@given(
    st.one_of(
        st.text(max_size=200),
        st.lists(PARTS, max_size=40).map(" ".join),
        st.lists(PARTS, max_size=40).map("".join),
    )
)
@settings(max_examples=400, deadline=None)
def test_any_text(text: str) -> None:
    first = find_actors(text)
    check(text, first)
    assert find_actors(text) == first
    check(text, find_actors(text, pronouns=True))


@pytest.mark.parametrize("text", ["", "\x00", "🇯🇵", " \n\n\t", "'" * 50, "\ud800 China", "-"])
def test_odd_text(text: str) -> None:
    check(text, find_actors(text))


@pytest.mark.parametrize("unit", ["China ", "China", "a ", "x", "U.S.-", "Japan's and the "])
def test_linear_time(unit: str) -> None:
    def seconds(size: int) -> float:
        text = unit * (size // len(unit)) + ". It said no."
        started = time.process_time()
        find_actors(text)
        return time.process_time() - started

    load_actor_table()
    small, large = max(seconds(50_000), 0.02), seconds(400_000)
    assert large < 8 * 4 * small


def test_known_names_in_a_document() -> None:
    text = "Prime Minister Fumio Kishida spoke in Rome.\n\nLater Kishida thanked Italy."
    found = [(m.text, m.actor_id, m.role) for m in find_actors(text, datetime.date(2022, 5, 4))]
    assert found == [
        ("Prime Minister Fumio Kishida", "JPN", "GOV"),
        ("Rome", "ITA", None),
        ("Kishida", "JPN", "GOV"),
        ("Italy", "ITA", None),
    ]


@pytest.mark.parametrize(
    ("date", "role"),
    [("2019-05-01", "GOV"), ("2021-06-01", "ELI"), ("2025-02-01", "GOV"), (None, "GOV")],
)
def test_dated_office(date: str | None, role: str) -> None:
    when = datetime.date.fromisoformat(date) if date else None
    (mention,) = find_actors("Trump spoke.", when)
    assert (mention.actor_id, mention.role) == ("USA", role)


# --- the table -----------------------------------------------------------------------------


def test_display_names() -> None:
    table = load_actor_table()
    names = {key: table.actor(key) for key in ("JPN", "igo:NATO", "GB-NIR", "XKX", "med:KYODO")}
    shown = {key: (a.name, a.kind, a.country) for key, a in names.items() if a is not None}
    assert shown == {
        "JPN": ("Japan", "state", None),
        "igo:NATO": ("NATO", "org", None),
        "GB-NIR": ("Northern Ireland", "region", "GBR"),
        "XKX": ("Kosovo", "state", None),
        "med:KYODO": ("Kyodo", "media", "JPN"),
    }
    assert table.actor("nobody") is None
    assert table.version.startswith("actors-")


def test_every_id_has_a_name() -> None:
    table = load_actor_table()
    assert set(table.surfaces) == set(table.actors)


def test_fips_codes_are_not_iso_codes() -> None:
    table = load_actor_table()
    assert "Vienna" in table.names_of("AUT") and "Canberra" in table.names_of("AUS")
    assert "Beijing" in table.names_of("CHN") and "Bern" in table.names_of("CHE")


def test_dependencies_do_not_own_their_sovereigns_leader() -> None:
    text = "Emmanuel Macron and Donald Trump met King Charles III."
    ids = [m.actor_id for m in find_actors(text, datetime.date(2025, 6, 1))]
    assert ids[:2] == ["FRA", "USA"]


def test_term_ends_when_the_successor_begins() -> None:
    before, after = datetime.date(2021, 1, 19), datetime.date(2021, 1, 21)
    assert find_actors("Donald Trump spoke.", before)[0].role == "GOV"
    assert find_actors("Donald Trump spoke.", after)[0].role == "ELI"


def test_surname_first() -> None:
    table = load_actor_table()
    assert {"Xi Jinping", "Xi"} <= set(table.names_of("CHN"))
    assert "Jinping" not in table.names_of("CHN")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("The Northern League", "ent:northern league"),
        ("  Côte  d’Or ", "ent:cote d or"),
        ("THE", "ent:the"),
        ("", "ent:"),
    ],
)
def test_ent_id(name: str, expected: str) -> None:
    assert ent_id(name) == expected


def test_import_and_load_are_light() -> None:
    code = (
        "import sys, time, stance.actors.finding as a; t = time.process_time(); a.load_actor_table(); "
        "print(time.process_time() - t, [m for m in ('numpy', 'torch', 'pyarrow', 'onnxruntime')"
        " if m in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    seconds, loaded = run.stdout.split(" ", 1)
    assert loaded.strip() == "[]"
    assert float(seconds) < 0.3  # 0.02 s on an idle machine


def test_compiled_table_is_the_readable_one() -> None:
    version, columns, *lines = (DATA / "actors.tsv").read_text(encoding="utf-8").splitlines()
    table = load_actor_table()
    assert version == f"# {table.version}"
    assert len(lines) < 30_000
    rows = [dict(zip(columns.split("\t"), line.split("\t"), strict=True)) for line in lines]
    assert all(row["source"] for row in rows)
    for row in rows:
        keys = tokenise(row["surface"])
        stop, places = longest(table.names, keys, 0, len(keys))
        assert stop == len(keys)
        assert (row["id"], row["from"]) in {(e.id, e.start) for e in table.entries(places)}


def test_a_state_that_ended_keeps_its_name_and_loses_its_capital() -> None:
    long_after = datetime.date(2021, 5, 1)
    assert find_actors("The USSR sent grain.", long_after)[0].actor_id == "SUN"
    assert find_actors("Moscow sent grain.", long_after)[0].actor_id == "RUS"
    assert find_actors("Moscow sent grain.", datetime.date(1971, 5, 1))[0].actor_id == "SUN"


def test_two_claims_to_one_title_do_not_overlap() -> None:
    found = [(m.text, m.actor_ids) for m in find_actors("Kenya's President of Ghana spoke.")]
    assert found == [("Kenya's President", ("KEN",)), ("Ghana", ("GHA",))]

"""The learned tagger beside the actor table: who wins, and which names are one."""

import pytest

from stance.actors.table import load_actor_table
from stance.scoring.scorer import Scorer
from stance.scoring.tagging import (
    decode_bio,
    kind_before,
    rename,
    same_names,
    whole_words,
    without_title,
)
from stance.values import Document, Mention

TAGS = ("O", "B-actor", "I-actor", "B-loc", "I-loc")


def named(*names: str) -> list[Mention]:
    return [Mention(0, 1, name, (f"ent:{name}",), via="tagger") for name in names]


@pytest.mark.parametrize(
    ("indices", "spans"),
    [
        ([0, 1, 2, 0, 3], [(1, 3, "actor"), (4, 5, "loc")]),
        ([1, 1, 2], [(0, 1, "actor"), (1, 3, "actor")]),
        ([2, 0, 1], [(2, 3, "actor")]),
        ([99, -5], []),
        ([], []),
    ],
)
def test_decode_bio(indices: list[int], spans: list[tuple[int, int, str]]) -> None:
    assert decode_bio(indices, TAGS) == spans


def test_whole_words() -> None:
    assert whole_words("Halloway's plan", 1, 4) == (0, 8)
    assert whole_words("a-b", 0, 1) == (0, 1)


@pytest.mark.parametrize(
    ("names", "renamed"),
    [
        (["dmytro lozovy", "lozovy"], {"ent:lozovy": "ent:dmytro lozovy"}),
        (["kivu security trust", "kst"], {"ent:kst": "ent:kivu security trust"}),
        (["anna lee", "bruce lee", "lee"], {}),  # which of them is open
        (["halloway", "lozovy"], {}),
    ],
)
def test_short_names_share_the_id_of_the_only_full_name(
    names: list[str], renamed: dict[str, str]
) -> None:
    assert same_names(named(*names)) == renamed
    assert [rename(m, renamed).actor_id for m in named(*names)] == [
        renamed.get(f"ent:{name}", f"ent:{name}") for name in names
    ]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Mayor Dmytro Lozovy", "Dmytro Lozovy"),
        ("Deputy Foreign Minister Anna Lee", "Anna Lee"),
        ("President", "President"),
        ("Gretchen Halloway", "Gretchen Halloway"),
    ],
)
def test_an_office_is_no_part_of_a_name(text: str, name: str) -> None:
    assert without_title(text, load_actor_table()) == name


def test_a_longer_name_of_the_tagger_wins(scorer: Scorer) -> None:
    found = scorer.find_mentions(Document("d", "The Kenyan Red Cross thanked Oslo."))
    assert [(m.text, m.actor_id) for m in found] == [
        ("Kenyan Red Cross", "ent:kenyan red cross"),
        ("Oslo", "NOR"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The mayor of Montreal thanked Oslo.", "ent:mayor of montreal"),
        (
            "The Confederation of Indonesian Workers thanked Oslo.",
            "ent:confederation of indonesian workers",
        ),
        ("The president of Peru thanked Oslo.", "PER"),  # a state's own office
        ("Nippon Steel thanked Oslo.", "ent:nippon steel"),  # blocked as a state, not as a name
        ("The Swiss People's Party thanked Oslo.", "ent:swiss people s party"),
    ],
)
def test_a_name_that_only_contains_a_state_is_not_the_state(
    scorer: Scorer, text: str, expected: str
) -> None:
    found = scorer.find_mentions(Document("d", text))
    assert [m.actor_id for m in found] == [expected, "NOR"]


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("dockers' union Solidar Port", 15),
        ("retailers' lobby HDE", 17),
        ("opposition leader Sali Berisha", 0),
        ("Solidar Port", 0),
        ("union", 0),
        ("a union " * 2000, 0),
        ("union " + "A" * 20_000, 6),
    ],
)
def test_a_noun_before_a_name_is_no_part_of_it(text: str, start: int) -> None:
    assert kind_before(text, load_actor_table()) == start


def test_one_actor_in_the_records_of_a_document(scorer: Scorer) -> None:
    text = "Mayor Dmytro Lozovy praised Gretchen Halloway. Lozovy later accused Halloway of lying."
    records = list(scorer([Document("d", text)]))
    assert {r.source_id for r in records} == {"ent:dmytro lozovy", "ent:gretchen halloway"}

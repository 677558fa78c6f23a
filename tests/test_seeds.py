"""The seed articles, read as a user would, and the article that started the project if it is there."""

import datetime
import json
from pathlib import Path

import pytest

import stance
from stance.scoring.scorer import Scorer

from .conftest import ROOT

SEEDS = ROOT / "seeds"
OUTLETS = ("med:KYODO", "med:REUTERS", "med:THEHILL", "med:SCMP")


def expectations() -> list[object]:
    cases = []
    for file in sorted(SEEDS.glob("*.expected.jsonl")):
        for row in map(json.loads, file.read_text(encoding="utf-8").splitlines()):
            name = f"{file.name.split('.')[0]}: {row['source_id']} {row['stance']} {row['target_id']} ({row['in']})"
            marks = (
                [pytest.mark.xfail(strict=True, reason="not reached yet")]
                if row.get("known_failure")
                else []
            )
            cases.append(
                pytest.param(
                    file.name.replace(".expected.jsonl", ".txt"), row, id=name, marks=marks
                )
            )
    return cases


def read(scorer: Scorer, path: Path) -> list[stance.StanceRecord]:
    text = path.read_text(encoding="utf-8")
    return list(scorer([stance.Document(path.stem, text, datetime.date(2021, 12, 24))]))


def holds(records: list[stance.StanceRecord], part: str, source: str, target: str) -> set[str]:
    """The stances of source toward target in the sentence that contains `part`."""
    return {
        r.stance
        for r in records
        if part in r.sentence and (r.source_id, r.target_id) == (source, target)
    }


@pytest.mark.parametrize(("article", "row"), expectations())
def test_expected_records(scorer: Scorer, article: str, row: dict[str, str]) -> None:
    records = read(scorer, SEEDS / article)
    assert holds(records, row["in"], row["source_id"], row["target_id"]) == {row["stance"]}
    if "shift_from" in row:
        (found,) = (
            r.shift_from
            for r in records
            if row["in"] in r.sentence
            and (r.source_id, r.target_id) == (row["source_id"], row["target_id"])
        )
        assert found == row["shift_from"]


@pytest.mark.parametrize("article", sorted(p.name for p in SEEDS.glob("*.txt")))
def test_no_reporting_outlet_holds_a_stance(scorer: Scorer, article: str) -> None:
    assert not [r for r in read(scorer, SEEDS / article) if r.source_id in OUTLETS]


NOT_YET = pytest.mark.xfail(strict=True, reason="the shipped model does not get there yet")
# piece of the sentence, source, target, stance
REAL_ARTICLE = [
    ("in Washington's corner", "JPN", "USA", "favor"),
    # The target of the reaction is in another clause.
    pytest.param("lashing out with warnings and threats", "CHN", "JPN", "against", marks=NOT_YET),
    ("trading threats and accusations", "CHN", "JPN", "against"),
    ("trading threats and accusations", "JPN", "CHN", "against"),
    ('"stand up" to China', "USA", "CHN", "against"),
    ("threatens to invade Taiwan", "CHN", "TWN", "against"),
    ("reached an agreement", "USA", "JPN", "favor"),
    ("reached an agreement", "JPN", "USA", "favor"),
]


@pytest.fixture(scope="session")
def real_records(scorer: Scorer, shared: Path) -> list[stance.StanceRecord]:
    return read(scorer, shared / "seeds" / "us-japan-taiwan.txt")


@pytest.mark.parametrize(("part", "source", "target", "expected"), REAL_ARTICLE)
def test_real_article(
    real_records: list[stance.StanceRecord], part: str, source: str, target: str, expected: str
) -> None:
    assert expected in holds(real_records, part, source, target)


def test_real_article_outlets_and_vectors(real_records: list[stance.StanceRecord]) -> None:
    assert not [r for r in real_records if r.source_id in OUTLETS]
    means = {
        (v.source_id, c.target_id): c.mean
        for v in stance.aggregate(real_records, by="all")
        for c in v.cells
    }
    assert means["JPN", "USA"] > 0.2
    assert means["CHN", "JPN"] < -0.15
    assert means["CHN", "TWN"] < -0.2
    assert means["USA", "CHN"] < 0


README_EXAMPLES = [
    ("in Washington's corner", "JPN", "USA", "favor", None),
    ("in Washington's corner", "CHN", "JPN", "against", None),
    ("Sudan, once hostile", "SDN", "ETH", "favor", "against"),
]


@pytest.mark.parametrize(("part", "source", "target", "expected", "earlier"), README_EXAMPLES)
def test_examples_of_the_readme(
    scorer: Scorer, part: str, source: str, target: str, expected: str, earlier: str | None
) -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    (text,) = (line.removeprefix("> ") for line in lines if line.startswith("> ") and part in line)
    (found,) = (
        r
        for r in scorer([stance.Document("d", text)])
        if (r.source_id, r.target_id) == (source, target)
    )
    assert found.stance == expected
    assert earlier is None or found.shift_from == earlier

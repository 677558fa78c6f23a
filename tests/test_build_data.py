"""Converting the sources: labels, spans and leaks."""

import importlib.util
import itertools
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from stance.evaluation.formats import read_pairs
from stance.evaluation.native import unmark

from .conftest import ROOT


def training_module(name: str) -> ModuleType:
    """A script of training/, which is not a package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "training" / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


build_data = training_module("build_data")

# marked sentence, p, q, text, the two spans
MARKED = [
    ("[Rome] thanked [Oslo].", "Rome", "Oslo", "Rome thanked Oslo.", ("Rome", "Oslo")),
    (
        "[Wilbur Ro]ss sued [the Post ].",
        "Wilbur Ro",
        "the Post",
        "Wilbur Ross sued the Post .",
        ("Wilbur Ross", "the Post"),
    ),
    ("He [1] saw [A] hit [B].", "A", "B", "He [1] saw A hit B.", ("A", "B")),
]


@pytest.mark.parametrize(("marked", "p", "q", "text", "words"), MARKED)
def test_dse_brackets(marked: str, p: str, q: str, text: str, words: tuple[str, str]) -> None:
    found, *spans = unmark(marked, p, q)
    assert found == text
    assert tuple(found[start:end] for start, end in spans) == words


def test_dse_classes_are_two_directed_rows(tmp_path: Path) -> None:
    file = tmp_path / "dse.txt"
    file.write_text("[A] was praised by [B].\tA\tB\t2\n[A] hit [B].\tA\tB\t3\n")
    rows = list(build_data.dse_rows(file, "train"))
    assert [r["stance"] for r in rows] == ["neutral", "favor", "against", "neutral"]
    assert rows[0]["source"] == rows[1]["target"]


SENTENCE = {
    "id": "w1",
    "text": "Tokyo praised Rome in Oslo; Japan waited.",
    "mentions": [
        {"text": "Tokyo", "start": 0, "end": 5, "id": "JPN", "use": "actor"},
        {"text": "Rome", "start": 14, "end": 18, "id": "ITA", "use": "actor"},
        {"text": "Oslo", "start": 22, "end": 26, "id": "OSLO", "use": "loc"},
        {"text": "Japan", "start": 28, "end": 33, "id": "JPN", "use": "actor"},
    ],
    "stances": [
        {"source": 0, "target": 1, "stance": "favor", "shift_from": "neutral", "act": "SUPPORT"}
    ],
}


def test_corpus_pairs() -> None:
    rows = {r["id"]: r for r in build_data.corpus_rows(SENTENCE)}
    assert (
        rows["w1-0-1"] | {"stance": "favor", "shift_from": "neutral", "act": "SUPPORT"}
        == rows["w1-0-1"]
    )
    assert rows["w1-1-0"]["stance"] == "neutral" and rows["w1-1-0"]["act"] == "NONE"
    assert "w1-3-1" not in rows, "a second mention without an entry is unlabelled"
    assert "w1-0-3" not in rows, "nobody has a stance toward itself"
    assert rows["w1-0-x"]["target"] is None and rows["w1-0-x"]["stance"] == "neutral"
    assert "w1-2-x" not in rows, "a place holds nothing"


def test_leaks_are_dropped_whatever_the_quotes() -> None:
    def row(text: str) -> dict[str, str]:
        return {"text": text}

    splits = {
        "a_test": [row("“Rome” fell.")],
        "b_dev": [row('"Rome" fell.'), row("Oslo rose.")],
        "c_train": [row("'Rome'  fell."), row("oslo rose"), row("Bonn slept.")],
    }
    build_data.drop_leaks(splits)
    assert [len(splits[name]) for name in ("a_test", "b_dev", "c_train")] == [1, 1, 1]


def test_contradictory_duplicates_go_and_copies_stay_once() -> None:
    one = {
        "text": "A hit B.",
        "source": {"start": 0, "end": 1},
        "target": {"start": 6, "end": 7},
        "stance": "against",
    }
    assert build_data.drop_duplicates([one, dict(one)]) == [one]
    assert build_data.drop_duplicates([one, {**one, "stance": "favor"}]) == []


def test_our_corpus_is_clean(tmp_path: Path) -> None:
    """Every sentence becomes rows that the library reads, and no sentence is in two parts."""
    texts: dict[str, set[str]] = {}
    for split, files in build_data.CORPUS_FILES.items():
        folder = ROOT / "training" / "data"
        sentences = [s for file in files for s in build_data.read_jsonl(folder / f"{file}.jsonl")]
        for s in sentences:
            assert all(s["text"][m["start"] : m["end"]] == m["text"] for m in s["mentions"])
        rows = [row for s in sentences for row in build_data.corpus_rows(s)]
        (tmp_path / "rows.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
        assert len(read_pairs(tmp_path / "rows.jsonl")) == len(rows)
        texts[split] = {build_data.normalised(s["text"]) for s in sentences}
    for one, other in itertools.combinations(texts.values(), 2):
        assert not one & other


def test_no_test_sentence_in_training(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole build on the real sets: what is trained on occurs in no dev or test file."""
    args = ["build_data.py", "--data", str(shared / "data"), "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", args)
    build_data.main()
    texts = {
        f.stem: {build_data.normalised(p.text) for p in read_pairs(f)}
        for f in tmp_path.glob("[!m]*.jsonl")
    }
    train = set().union(*(t for name, t in texts.items() if name.endswith("train")))
    held = set().union(*(t for name, t in texts.items() if not name.endswith("train")))
    assert train and held and not train & held
    assert len(read_pairs(tmp_path / "dse_test.jsonl")) == 2 * 1623

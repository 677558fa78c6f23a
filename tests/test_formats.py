"""Native shapes, composed in the documented form, and what wrong rows are told."""

import json
from pathlib import Path
from typing import Any

import pytest

from stance.errors import InputError
from stance.evaluation.formats import iter_pairs, read_pairs
from stance.evaluation.labelled import LabelledPair

TEXT = "Oslo thanked Rome."
SEESAW_LINKS = [
    [{"ent": "source", "text": "Oslo"}, {"ent": "target", "text": "Rome"}, {"label": "positive"}],
    [{"ent": "source", "text": "None"}, {"ent": "target", "text": "Rome"}, {"label": "negative"}],
]
# file name, content, format, (source, target, stance, sentiment) of each pair
NATIVE: list[tuple[str, str, str, list[tuple[str | None, str | None, str | None, str | None]]]] = [
    (
        "a.csv",
        f"text,source,target,stance\n{TEXT},Oslo,Rome,favor\n{TEXT},Oslo,,neutral\n",
        "csv",
        [("Oslo", "Rome", "favor", None), ("Oslo", None, "neutral", None)],
    ),
    (
        "b.jsonl",
        json.dumps(
            {
                "primary_gid": "x_1_2_3",
                "sentence_normalized": TEXT,
                "targets": [
                    {"Input.gid": "x_1_2_3_Oslo", "from": 0, "to": 4, "mention": "Oslo", "polarity": 4.0},
                    {"Input.gid": "x_1_2_3_Rome", "from": 13, "to": 17, "mention": "Rome", "polarity": 6.0},
                ],
            }
        ),
        "newsmtsc",
        [(None, "Oslo", None, "neutral"), (None, "Rome", None, "positive")],
    ),
    (
        "c.jsonl",
        json.dumps({"mention": "Rome", "polarity": -1, "from": 13, "to": 17, "sentence": TEXT, "id": "a_b_c_d"}),
        "newsmtsc",
        [(None, "Rome", None, "negative")],
    ),
    (
        "d.txt",
        '"[Oslo] said ""no"" to [Rom]e."\tOslo\tRom\t3\n[Oslo] was thanked by [Rome].\tOslo\tRome\t2\n',
        "dse",
        [
            ("Oslo", "Rome", "against", None),
            ("Rome", "Oslo", "neutral", None),
            ("Oslo", "Rome", "neutral", None),
            ("Rome", "Oslo", "favor", None),
        ],
    ),
    (
        "e.json",
        json.dumps([{"text": TEXT, "entities": SEESAW_LINKS, "unique_id": "T_0/3"}]),
        "seesaw",
        [("Oslo", "Rome", "favor", None), (None, "Rome", None, "negative")],
    ),
    (
        "f.txt",
        'ID\tTarget\tTweet\tStance\n1\tOslo Trams\t"Late again\tAGAINST\n',
        "semeval2016",
        [(None, "Oslo Trams", None, "negative")],
    ),
    (
        "g.tsv",
        f"sentence\tsource\ttarget\tgold_root\n{TEXT}\tOslo\tRome\tYIELD\n{TEXT}\tOslo\tRome\tREQUEST\n",
        "plover",
        [("Oslo", "Rome", "favor", None), ("Oslo", "Rome", "neutral", None)],
    ),
    (
        "h.csv",
        "sentence\tentity\tentity_tag\tentity_pos_start_rel\tentity_pos_end_rel\tlabel\n"
        f"{TEXT}\tRome\tCOUNTRY\t13\t17\t1\n",
        "rusentne",
        [(None, "Rome", None, "positive")],
    ),
    (
        "i.tsv",
        f"sentence\tentity\tentity_tag\tlabel\n{TEXT}\tOslo\tCOUNTRY\t-1\n",
        "rusentne",
        [(None, "Oslo", None, "negative")],
    ),
]  # fmt: skip


def parts(pair: LabelledPair) -> tuple[str | None, str | None, str | None, str | None]:
    source, target = (s and pair.text[slice(*s)] for s in (pair.source, pair.target))
    return source, target, pair.stance, pair.sentiment


@pytest.mark.parametrize(("name", "content", "format", "expected"), NATIVE)
def test_native_shapes(
    name: str, content: str, format: str, expected: list[Any], tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    given = read_pairs(path, format=format)
    assert [parts(p) for p in given] == expected
    assert read_pairs(path) == given, "the format is recognised"


def test_acts_and_documents(tmp_path: Path) -> None:
    rows = [{"sentence": TEXT, "source": "Oslo", "target": "Rome", "gold_root": "yield"}]
    (pair,) = read_pairs(rows)
    assert pair.act == "CONCEDE"
    (pair,) = read_pairs(
        [
            {
                "sentence": TEXT,
                "mention": "Rome",
                "from": 13,
                "to": 17,
                "polarity": 0,
                "id": "a_1_2_3_R",
            }
        ]
    )
    assert pair.doc_id == "a_1_2"
    (pair, _) = read_pairs([{"text": TEXT, "entities": SEESAW_LINKS, "unique_id": "T_0/3"}])
    assert pair.doc_id == "T_0"


def row(text: str = TEXT, source: Any = "Oslo", target: Any = "Rome", **more: Any) -> Any:
    return {"text": text, "source": source, "target": target, "stance": "favor", **more}


WRONG: dict[str, tuple[Any, str]] = {
    "absent": (row(target="Bonn"), "field 'target': 'Bonn' is not in the text"),
    "half a word": (row(text="Oslovians thanked Rome."), "'Oslo' is not in the text"),
    "twice": (row(text="Oslo thanked Rome, and Oslo meant it."), "stand in the text in 2 ways"),
    "same mention": (row(target="Oslo"), "in 0 ways"),
    "one as offsets": (row(target={"start": 0, "end": 2}), "field 'target' must be a mention as written"),
    "label": (row(stance="hate"), "field 'stance' must be one of ('against', 'neutral', 'favor')"),
    "no row": (7, "a row must be a LabelledPair or a mapping"),
    "shape": ({"text": TEXT, "entities": [{}]}, "not a row of the format seesaw"),
    "root": ({"sentence": TEXT, "source": "Oslo", "target": "Rome", "gold_root": "HUG"}, "PLOVER root code"),
    "polarity": ({"sentence": TEXT, "entity": "Rome", "label": 3}, "field 'label' must be one of -1, 0, 1"),
    "offsets": (
        {"sentence": TEXT, "mention": "x", "from": 9, "to": 99, "polarity": 1},
        "are not within the text of 18 characters",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_wrong_rows(name: str) -> None:
    wrong, message = WRONG[name]
    with pytest.raises(InputError) as caught:
        read_pairs([wrong])
    assert message in str(caught.value) and "line 1" in str(caught.value)


def test_one_wrong_row_loses_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"text,source,target,stance\n{TEXT},Oslo,Bonn,favor\n{TEXT},Oslo,Rome,favor\n")
    errors: list[InputError] = []
    assert len(list(iter_pairs(path, on_error=errors.append))) == 1
    assert len(errors) == 1 and "line 2" in str(errors[0])


def test_a_name_inside_the_other_is_not_a_second_place() -> None:
    text = "The Bank of England blamed England for the slump."
    (pair,) = read_pairs([row(text, "Bank of England", "England")])
    assert pair.source == (4, 19) and pair.target == (27, 34)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"a,b\n1,2\n", "no known format"),
        ("a.csv", b"text,source\n\xff,1\n", "is not UTF-8"),
        ("a.json", b"{}", "must be an array of rows"),
        ("a.json", b"[", "is not JSON"),
        ("a.txt", b"[A] hit B\tA\tB\t3\n", "'B' are not marked"),
        ("a.txt", b"[A] hit [B]\tA\tB\t9\n", "a class of 0 to 4"),
    ],
)
def test_files_that_are_something_else(
    name: str, content: bytes, message: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message.replace("[", "\\[")):
        read_pairs(tmp_path / name)
    with pytest.raises(InputError, match="format is 'xml'; must be one of pairs, csv"):
        read_pairs(tmp_path / name, format="xml")


def test_tables_of_all_kinds() -> None:
    rows = [row(sentiment=None), row(source=None, stance=None, sentiment="positive")]
    expected = read_pairs(rows)
    pandas, polars, arrow = map(pytest.importorskip, ("pandas", "polars", "pyarrow"))
    assert read_pairs(pandas.DataFrame(rows)) == expected
    assert read_pairs(polars.DataFrame(rows)) == expected
    assert read_pairs(arrow.Table.from_pylist(rows)) == expected
    assert read_pairs(iter(rows)) == expected
    with pytest.raises(InputError, match=r"fields \['train'\]"):
        read_pairs({"train": rows})


def test_hugging_face_dataset() -> None:
    datasets = pytest.importorskip("datasets")
    rows = [row(), row(target={"start": 13, "end": 17}, source={"start": 0, "end": 4})]
    for given in rows:
        assert read_pairs(datasets.Dataset.from_list([given])) == read_pairs([given])

"""Documents and records in files, good and bad."""

import datetime
import json
from pathlib import Path

import pytest

from stance import (
    InputError,
    StanceError,
    StanceRecord,
    read_documents,
    read_records,
    write_records,
)

from .test_vectors import FAVOR, record

# content of a file, what the error must say
BAD_ROWS = [
    (b'["text"]', "JSON list; must be an object with 'text'"),
    (b"{text}", "not JSON"),
    (b'{"id": "x"}', "lacks the field 'text'; it has 'id'"),
    (b'{"text": 3}', "field 'text': is int"),
    (b'{"text": "a", "date": "Christmas"}', "field 'date': is 'Christmas'; must be an ISO date"),
    (b'{"text": "a", "outlet": 1}', "field 'outlet'"),
    (b'{"text": "a", "id": {}}', "field 'id'"),
    (b'{"text": "caf\xe9"}', "not UTF-8 (byte 0xe9 at 13)"),
]


@pytest.mark.parametrize(("row", "message"), BAD_ROWS)
def test_bad_row_is_named_and_loses_nothing_else(tmp_path: Path, row: bytes, message: str) -> None:
    file = tmp_path / "in.jsonl"
    file.write_bytes(b'{"text": "first"}\n' + row + b'\n\n{"text": "last", "id": "z"}\n')
    errors: list[StanceError] = []
    documents = list(read_documents([file], on_error=errors.append))
    assert [d.text for d in documents] == ["first", "last"]
    assert documents[1].id == "z"
    (error,) = errors
    assert message in str(error) and f"{file}:2" in str(error)
    with pytest.raises(InputError):
        list(read_documents([file]))


def test_missing_file_folder_and_encoding(tmp_path: Path) -> None:
    latin = tmp_path / "latin.txt"
    latin.write_bytes("Société".encode("latin-1"))
    good = tmp_path / "good.txt"
    good.write_text("Tokyo praised Paris.")
    errors: list[StanceError] = []
    paths = [tmp_path / "none.txt", tmp_path, latin, good]
    assert [d.id for d in read_documents(paths, on_error=errors.append)] == [str(good)]
    missing, folder, encoding = map(str, errors)
    assert "none.txt cannot be read: No such file" in missing
    assert "is a folder" in folder
    assert "latin.txt" in encoding and "not UTF-8" in encoding


def test_own_date_wins_over_the_given_one(tmp_path: Path) -> None:
    file = tmp_path / "in.jsonl"
    file.write_text('{"text": "a", "date": "2020-05-01T10:00:00"}\n{"text": "b"}\n')
    given = datetime.date(2021, 1, 1)
    assert [d.date for d in read_documents([file], given)] == [datetime.date(2020, 5, 1), given]


def test_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    file = tmp_path / "bom.txt"
    file.write_text("Tokyo", encoding="utf-8-sig")
    assert next(read_documents([file])).text == "Tokyo"


def test_records_round_trip(tmp_path: Path) -> None:
    rows = [record("JPN", "USA", FAVOR), record(None, None, FAVOR, day=None)]
    assert write_records(rows, tmp_path / "r.jsonl") == 2
    assert list(read_records(tmp_path / "r.jsonl")) == rows


def test_bad_record_names_line_and_fields(tmp_path: Path) -> None:
    file = tmp_path / "r.jsonl"
    row = record("JPN", "USA", FAVOR).to_json()
    for bad, message in (
        ({**row, "mood": "grim"}, "mood"),
        ([1], "is list; must be an object"),
        ({**row, "schema_version": 99}, "schema_version is 99; must be 1"),
        ({k: v for k, v in row.items() if k != "date"}, "'date'"),
    ):
        file.write_text(json.dumps(row) + "\n" + json.dumps(bad) + "\n")
        with pytest.raises(InputError, match=f"line 2.*{message}"):
            list(read_records(file))


def test_one_path_is_enough(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Tokyo")
    assert [d.text for d in read_documents(str(tmp_path / "a.txt"))] == ["Tokyo"]


def test_record_fields_are_the_documented_columns() -> None:
    columns = [
        "document_id",
        "date",
        "outlet",
        "sentence_index",
        "sentence_start",
        "sentence_end",
        "sentence",
        "source_id",
        "source_text",
        "source_start",
        "source_end",
        "source_role",
        "target_id",
        "target_text",
        "target_start",
        "target_end",
        "target_role",
        "stance",
        "score",
        "p_against",
        "p_neutral",
        "p_favor",
        "act",
        "shift_from",
        "sentiment",
        "p_negative",
        "p_neutral_sentiment",
        "p_positive",
        "abstained",
        "truncated",
        "model_id",
        "schema_version",
    ]
    assert list(record("JPN", "USA", FAVOR).to_json()) == columns
    assert isinstance(StanceRecord.from_json(record("A", "B", FAVOR).to_json()), StanceRecord)

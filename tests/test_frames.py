"""Tables in and out: pandas, polars, Arrow, datasets, dicts."""

import datetime
import importlib
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import stance
from stance import InputError, StanceError, StanceRecord, documents_from, records_from
from stance.integrations.frames import to_arrow, to_pandas, to_polars

from .conftest import TINY
from .test_vectors import FAVOR, record

DAY = datetime.date(2024, 2, 29)
COLUMNS: dict[str, list[Any]] = {
    "id": ["a", None],
    "text": ["Paris praised Rome.", "Oslo cursed Rome."],
    "date": [DAY, None],
    "outlet": [None, "The Times"],
    "mood": [1.0, float("nan")],
}
EXPECTED = [
    stance.Document("a", "Paris praised Rome.", DAY),
    stance.Document("1", "Oslo cursed Rome.", None, "The Times"),
]


def frame(package: str, **columns: Any) -> Any:
    library = importlib.import_module(package)
    if package == "pyarrow":
        return library.table(columns)
    if package == "datasets":
        return library.Dataset.from_dict(columns)
    return library.DataFrame(columns)


LIBRARIES = ["pandas", "polars", "pyarrow", "datasets"]


@pytest.mark.parametrize("package", LIBRARIES)
def test_rows_become_documents(package: str) -> None:
    assert list(documents_from(frame(package, **COLUMNS))) == EXPECTED


def test_dicts_of_columns_and_of_values() -> None:
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in zip(*COLUMNS.values(), strict=True)]
    assert list(documents_from(COLUMNS)) == list(documents_from(rows)) == EXPECTED
    arrays = {
        "text": np.array(COLUMNS["text"]),
        "date": np.array(["2024-02-29", "NaT"], dtype="datetime64[ns]"),
    }
    assert [d.date for d in documents_from(arrays)] == [DAY, None]


def test_pandas_dates_times_and_other_names() -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(
        {
            "body": ["x", "y", "z"],
            "day": pandas.to_datetime(["2024-02-29T23:59Z", None, "2024-03-01T00:00Z"]),
            "no": pandas.array([7, None, 9], dtype="Int64"),
        }
    )
    documents = list(documents_from(table, text="body", date="day", id="no"))
    assert [d.id for d in documents] == ["7", "1", "9"]
    assert [d.date for d in documents] == [DAY, None, datetime.date(2024, 3, 1)]


@pytest.mark.parametrize("package", LIBRARIES)
def test_column_of_texts_is_asked_for(package: str) -> None:
    with pytest.raises(InputError, match="lacks the column 'text'; it has 'body'"):
        list(documents_from(frame(package, body=["x"])))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (3, "got int; must be a table"),
        ("text", "got str; must be a table"),
        (["text"], "a row is str"),
        ({"text": ["a"], "id": []}, "lengths"),
    ],
)
def test_what_is_no_table(table: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        list(documents_from(table))


def test_a_bad_date_loses_no_other_row() -> None:
    errors: list[StanceError] = []
    columns = {"text": ["x", "y", "z"], "date": ["2024-01-01", "Christmas", 5]}
    documents = list(documents_from(columns, on_error=errors.append))
    assert [d.text for d in documents] == ["x"] and len(errors) == 2
    assert "document '1', field 'date': is 'Christmas'" in str(errors[0])
    with pytest.raises(InputError):
        list(documents_from(columns))


RECORDS = [record("JPN", "USA", FAVOR), record(None, None, FAVOR, day=None)]


@pytest.mark.parametrize("to", [to_pandas, to_polars, to_arrow])
@pytest.mark.parametrize("records", [RECORDS, RECORDS[1:], []])
def test_records_come_back_as_they_went(
    to: Callable[[list[StanceRecord]], Any], records: list[StanceRecord]
) -> None:
    table = to(records)
    assert list(records_from(table)) == records


def test_types_do_not_depend_on_the_rows() -> None:
    for to in (to_pandas, to_polars):
        full, empty = to(RECORDS), to([])
        assert list(full.dtypes) == list(empty.dtypes)
    assert to_arrow(RECORDS).schema == to_arrow([]).schema == stance.record_schema()


def test_columns_of_ones_own_do_not_disturb() -> None:
    table = to_pandas(RECORDS).assign(mine=1)
    assert list(records_from(table)) == RECORDS
    with pytest.raises(InputError, match="row 0: not a stance record"):
        list(records_from(table.drop(columns="score")))


def test_datasets_map_with_any_batch_size() -> None:
    datasets = pytest.importorskip("datasets")
    texts = ["Paris praised Rome.", "It rained.", "Oslo cursed Rome and Bern."]
    given = datasets.Dataset.from_dict({"text": texts, "id": ["a", "b", "c"]})
    rows = [
        given.map(
            stance.score_columns,
            batched=True,
            batch_size=size,
            remove_columns=given.column_names,
            features=datasets.Features.from_arrow_schema(stance.record_schema()),
        )
        for size in (1, 1000)
    ]
    found = [list(records_from(r)) for r in rows]
    assert {r.document_id for r in found[0]} == {"a", "c"}
    assert [(r.id, r.stance) for r in found[0]] == [(r.id, r.stance) for r in found[1]]


def test_score_columns_leaves_out_what_cannot_be_scored() -> None:
    errors: list[StanceError] = []
    batch = {"text": ["", None, "Paris praised Rome."], "id": ["x", "y", "z"]}
    columns = stance.score_columns(batch, model=str(TINY), on_error=errors.append)
    assert {*columns["document_id"]} == {"z"} and len(errors) == 2
    with pytest.raises(InputError, match="document 'x', field 'text': is empty"):
        stance.score_columns(batch, model=str(TINY))


@pytest.mark.parametrize("package", ["pandas", "polars", "pyarrow"])
def test_absent_library_is_named_with_its_extra(package: str) -> None:
    code = f"""
import sys
for name in ("pandas", "polars", "pyarrow", "datasets"):
    sys.modules[name] = None
import stance
print(len(list(stance.documents_from({{"text": ["a"]}}))))
to = dict(pandas=stance.to_pandas, polars=stance.to_polars, pyarrow=stance.to_arrow)["{package}"]
try: to([])
except stance.MissingDependencyError as error: print(error.hint)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    extra = "corpus" if package == "pyarrow" else "tables"
    assert done.stdout == f"1\npip install 'stance[{extra}]'\n"

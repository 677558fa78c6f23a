"""Vectors as tables and files, and `stance aggregate`."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import stance
from stance import InputError, MissingDependencyError, aggregate, to_table, write_vectors
from stance.vectors.tables import TYPES

from .made_records import AGAINST, FAVOR, record

ROWS = [
    record("JPN", "USA", FAVOR, document="a b", sentence="one"),
    record("JPN", "CHN", AGAINST, document="c", sentence="two", place=4),
    record("TUR", "CHN", AGAINST, document="c", sentence="two", roles=("OPP", None), day=None),
]
VECTORS = aggregate(ROWS)


@pytest.mark.parametrize("kind", ["arrow", "pandas", "polars"])
@pytest.mark.parametrize("vectors", [VECTORS, []], ids=["some", "none"])
def test_tables(kind: str, vectors: list[stance.StanceVector]) -> None:
    table = to_table(vectors, kind)
    names = table.column_names if kind == "arrow" else list(table.columns)
    assert names == list(TYPES) and table.shape == (sum(len(v.cells) for v in vectors), len(TYPES))
    rows = {
        "arrow": lambda: table.to_pylist(),
        "polars": lambda: table.to_dicts(),
        "pandas": lambda: table.to_dict("records"),
    }[kind]()
    if vectors:
        assert rows[1]["target_id"] == "USA" and list(rows[1]["record_ids"]) == [ROWS[0].id]
        assert [row["mean"] for row in rows] == [c.mean for v in vectors for c in v.cells]


def test_no_such_kind() -> None:
    with pytest.raises(InputError, match="must be one of arrow, pandas, polars"):
        to_table(VECTORS, "excel")


def test_a_package_that_is_missing_is_named() -> None:
    code = (
        "import sys; sys.modules['polars'] = None; import stance\n"
        "try: stance.to_table([], 'polars')\n"
        "except stance.MissingDependencyError as error: print(error, error.hint)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "'polars'" in done.stdout and "stance[tables]" in done.stdout
    assert issubclass(MissingDependencyError, ImportError)


def test_files_hold_the_same_rows(tmp_path: Path) -> None:
    import pyarrow.parquet

    for name in ("v.parquet", "v.csv", "v.jsonl"):
        assert write_vectors(VECTORS, tmp_path / name) == 3
    parquet = pyarrow.parquet.read_table(tmp_path / "v.parquet").to_pylist()
    jsonl = [json.loads(line) for line in (tmp_path / "v.jsonl").read_text().splitlines()]
    with (tmp_path / "v.csv").open(newline="") as file:
        rows = [
            {k: json.loads(v) if TYPES[k] is not str else v for k, v in row.items()}
            for row in csv.DictReader(file)
        ]
    assert parquet == jsonl == rows


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"must end in \.parquet, \.csv or \.jsonl"):
        write_vectors(VECTORS, tmp_path / "v.xlsx")
    with pytest.raises(InputError, match="cannot be written"):
        write_vectors(VECTORS, tmp_path / "none" / "v.csv")


def run(*args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "COLUMNS": "120"}
    command = [sys.executable, "-m", "stance", "aggregate", *args]
    return subprocess.run(
        command, capture_output=True, encoding="utf-8", cwd=cwd, env=env, timeout=60
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    stance.write_records(ROWS[:2], tmp_path / "a.jsonl")
    stance.write_records(ROWS[2:], tmp_path / "b.jsonl")
    return tmp_path


def test_command_prints_a_table_and_what_has_no_date(folder: Path) -> None:
    done = run("a.jsonl", "b.jsonl", "--by", "month", "--level", "state", cwd=folder)
    assert done.returncode == 0
    assert "2021-12" in done.stdout and "TUR/OPP" in done.stdout and "+0.80" in done.stdout
    assert done.stderr == "undated: 1 without a date, 0 out of range\n"


def test_command_writes_what_aggregate_returns(folder: Path) -> None:
    done = run("a.jsonl", "b.jsonl", "-o", "out.jsonl", "--level", "country", cwd=folder)
    assert (done.returncode, done.stdout) == (0, "")
    write_vectors(aggregate(ROWS, select=stance.Selection(entity="country")), folder / "own.jsonl")
    assert (folder / "out.jsonl").read_text() == (folder / "own.jsonl").read_text()


def test_command_takes_dates_windows_and_correction(folder: Path) -> None:
    options = "--by quarter --window 2 --corrected --since 2021-01-01".split()
    done = run("a.jsonl", *options, cwd=folder)
    assert done.returncode == 0 and "2021-Q3/2021-Q4" in done.stdout and "+0.80" not in done.stdout


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["none.jsonl"], "none.jsonl"),
        (["a.jsonl", "--by", "decade"], "by is 'decade'; must be one of day"),
        (["a.jsonl", "--level", "person"], "entity is 'person'; must be one of state"),
        (["a.jsonl", "--since", "soon"], "option --since: is 'soon'"),
        (["a.jsonl", "-o", "v.xlsx"], "must end in .parquet"),
    ],
)
def test_command_errors_are_one_line(folder: Path, args: list[str], message: str) -> None:
    done = run(*args, cwd=folder)
    assert done.returncode == 1 and message in done.stderr
    assert len(done.stderr.splitlines()) == 1 and done.stdout == ""


def test_command_refuses_two_models_unless_told(folder: Path) -> None:
    stance.write_records([record("JPN", "USA", FAVOR, model="other")], folder / "c.jsonl")
    done = run("a.jsonl", "c.jsonl", cwd=folder)
    assert done.returncode == 1 and "2 models: m, other" in done.stderr
    assert run("a.jsonl", "c.jsonl", "--mix-models", cwd=folder).returncode == 0


def test_command_on_nothing(folder: Path) -> None:
    (folder / "empty.jsonl").write_text("")
    done = run("empty.jsonl", cwd=folder)
    assert done.returncode == 0 and "No record" in done.stdout

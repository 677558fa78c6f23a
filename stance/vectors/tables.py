"""Vectors as flat tables: a row for each source, period and target."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stance.errors import InputError, MissingDependencyError
from stance.vectors.aggregation import StanceVector
from stance.vectors.evidence import check_choice

if TYPE_CHECKING:
    from rich.console import Console

KINDS = {"arrow": "pyarrow", "pandas": "pandas", "polars": "polars"}
TYPES: dict[str, type] = {
    "source_id": str,
    "period": str,
    "target_id": str,
    "mean": float,
    "low": float,
    "high": float,
    "level": float,
    "against": float,
    "neutral": float,
    "favor": float,
    "n": int,
    "effective_n": float,
    "record_ids": list,
}
"""The columns in order; `record_ids` is a list of strings."""


def to_table(vectors: Iterable[StanceVector], kind: str = "arrow") -> Any:
    """The cells as a table, a row each, columns as in TYPES.

    Args:
        vectors: from `aggregate`; none gives a table without rows.
        kind: "arrow" (pyarrow.Table), "pandas" or "polars" (DataFrame).

    Raises:
        InputError: no such kind.
        MissingDependencyError: the package is not installed.
    """
    check_choice("kind", kind, tuple(KINDS))
    try:
        package = import_module(KINDS[kind])
    except ImportError as error:
        raise MissingDependencyError(KINDS[kind], "tables") from error
    rows = _rows(vectors)
    columns = {name: [row[name] for row in rows] for name in TYPES}
    if kind == "arrow":
        plain = {str: package.string(), float: package.float64(), int: package.int64()}
        types = {**plain, list: package.list_(package.string())}
        return package.table(
            columns, schema=package.schema([(name, types[t]) for name, t in TYPES.items()])
        )
    if kind == "polars":
        types = {str: package.String, float: package.Float64, int: package.Int64}
        types[list] = package.List(package.String)
        return package.DataFrame(columns, schema={name: types[t] for name, t in TYPES.items()})
    whole = {name: t for name, t in TYPES.items() if t in (float, int)}
    return package.DataFrame(columns, columns=list(TYPES)).astype(whole)


def write_vectors(vectors: Iterable[StanceVector], path: str | os.PathLike[str]) -> int:
    """Write the cells to a .parquet, .csv or .jsonl file, and return how many there are.

    In CSV `record_ids` is a JSON list.

    Raises:
        InputError: the name has another ending, or the file cannot be written.
        MissingDependencyError: .parquet without pyarrow.
    """
    file = Path(path)
    if file.suffix not in (".parquet", ".csv", ".jsonl"):
        raise InputError(f"{file} ends in {file.suffix!r}; must end in .parquet, .csv or .jsonl")
    given = list(vectors)
    rows = _rows(given)
    try:
        if file.suffix == ".parquet":
            table = to_table(given, "arrow")
            import_module("pyarrow.parquet").write_table(table, file)
        else:
            with file.open("w", encoding="utf-8", newline="") as out:
                if file.suffix == ".jsonl":
                    out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
                else:
                    writer = csv.DictWriter(out, TYPES)
                    writer.writeheader()
                    writer.writerows(
                        {**row, "record_ids": json.dumps(row["record_ids"], ensure_ascii=False)}
                        for row in rows
                    )
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror or error}") from error
    return len(rows)


def print_vectors(vectors: Iterable[StanceVector], console: Console) -> None:
    """Print a row for each cell."""
    from rich.box import SIMPLE_HEAD
    from rich.markup import escape
    from rich.table import Table

    rows = _rows(vectors)
    if not rows:
        console.print("No record has a resolved source and target.")
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("source", "period", "target"):
        table.add_column(name, overflow="fold")
    for name in ("mean", f"{rows[0]['level']:.0%} interval", "against", "neutral", "favor", "n"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            *(escape(row[name]) for name in ("source_id", "period", "target_id")),
            f"{row['mean']:+.2f}",
            f"{row['low']:+.2f} to {row['high']:+.2f}",
            *(f"{row[name]:.2f}" for name in ("against", "neutral", "favor")),
            str(row["n"]),
        )
    console.print(table)


def _rows(vectors: Iterable[StanceVector]) -> list[dict[str, Any]]:
    return [
        {
            "source_id": vector.source_id,
            "period": vector.period,
            "target_id": cell.target_id,
            "mean": cell.mean,
            "low": cell.low,
            "high": cell.high,
            "level": vector.level,
            "against": cell.against,
            "neutral": cell.neutral,
            "favor": cell.favor,
            "n": cell.n,
            "effective_n": cell.effective_n,
            "record_ids": list(cell.record_ids),
        }
        for vector in vectors
        for cell in vector.cells
    ]

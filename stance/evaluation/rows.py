"""Rows of the tables people have: pandas, polars, Arrow, `datasets`, dicts; none of them is imported here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from stance.corpus.input_rows import plain_row
from stance.errors import InputError

TABLES = "give a DataFrame, an Arrow table, a part of a data set, a dict of columns, or dicts"


def rows_of_table(data: Any) -> Iterator[Any]:
    """The rows of a table as mappings, missing values as None; what is no table is iterated as it is.

    A table is known by what it can do, so that no library has to be there to ask.

    Raises:
        InputError: the data cannot be iterated, or its columns do not fit each other.
    """
    if isinstance(data, Mapping):
        rows: Iterable[Any] = _rows_of_columns(data)
    elif hasattr(data, "iter_rows"):  # polars
        rows = data.iter_rows(named=True)
    elif hasattr(data, "to_batches"):  # an Arrow table
        rows = (row for part in data.to_batches() for row in part.to_pylist())
    elif hasattr(data, "itertuples"):  # pandas
        names = list(data.columns)
        values = data.itertuples(index=False, name=None)
        rows = (dict(zip(names, row, strict=True)) for row in values)
    elif isinstance(data, Iterable) and not isinstance(data, str | bytes):
        rows = data  # datasets.Dataset, lists, generators
    else:
        raise InputError(f"got {type(data).__name__}; must be a table", hint=TABLES)
    return (plain_row(row) for row in rows)


def _rows_of_columns(columns: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name, column in columns.items():
        if isinstance(column, str) or not hasattr(column, "__len__"):
            raise InputError(f"column {name!r} is {column!r:.80}; must be a list", hint=TABLES)
    lengths = [len(column) for column in columns.values()]
    if len(set(lengths)) > 1:
        raise InputError(f"columns have lengths {lengths}; must be equal")
    return (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))

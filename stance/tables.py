"""Rows of the tables people have: pandas, polars, Arrow, `datasets`; none of them is imported here."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from stance.errors import InputError


def rows_of_table(data: Any) -> Iterator[Any]:
    """The rows of a table as mappings, missing values as None; what is no table is iterated as it is.

    A table is known by what it can do, so that no library has to be there to ask.

    Raises:
        InputError: the data cannot be iterated.
    """
    if hasattr(data, "iter_rows"):  # polars
        rows: Iterable[Any] = data.iter_rows(named=True)
    elif hasattr(data, "to_pylist"):  # Arrow
        rows = data.to_pylist()
    elif hasattr(data, "itertuples"):  # pandas
        rows = data.to_dict("records")
    elif isinstance(data, Iterable) and not isinstance(data, Mapping | str | bytes):
        rows = data  # datasets.Dataset, lists, generators
    else:
        raise InputError(
            f"labelled pairs cannot be read from {type(data).__name__}",
            hint="give a file, pairs, rows as mappings, or one part of a data set: data['train']",
        )
    return (_without_nan(row) for row in rows)


def _without_nan(row: Any) -> Any:
    if not isinstance(row, Mapping):
        return row
    return {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in row.items()}

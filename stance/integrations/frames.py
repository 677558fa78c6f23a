"""Tables of other libraries in and out: pandas, polars, Arrow, datasets, dicts of columns.

What is given is read by what it can do, so none of these libraries is imported unless asked for.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from stance.corpus.tables import to_table
from stance.dates import parse_date
from stance.errors import InputError, MissingDependencyError, StanceError
from stance.evaluation.rows import TABLES, rows_of_table
from stance.records import StanceRecord, field_types
from stance.scoring.scorer import Scorer, load
from stance.values import Document

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

OnError = Callable[[StanceError], None]


def documents_from(
    table: Any,
    *,
    text: str = "text",
    id: str = "id",
    date: str = "date",
    outlet: str = "outlet",
    on_error: OnError | None = None,
) -> Iterator[Document]:
    """The documents in the rows of a table.

    Args:
        table: a pandas or polars DataFrame, an Arrow table, a `datasets.Dataset`, a dict of
            columns, or any iterable of dicts.
        text: the column of texts. The other columns may be missing.
        id: the column of names; without one, rows are numbered from 0.
        date: the column of dates: dates, date-times or ISO strings.
        outlet: the column of publishers.
        on_error: receives the error of a row that cannot be read, which is then left out;
            without it the first such error is raised.

    Raises:
        InputError: not a table, no column of texts, or a date is none.
    """
    for number, row in enumerate(rows_of(table)):
        if text not in row:
            raise InputError(
                f"the table lacks the column {text!r}; it has {', '.join(map(repr, row))}",
                hint="name the column of texts, as in text='body'",
            )
        name = row.get(id)
        name = str(number if name is None else name)
        publisher = row.get(outlet)
        try:
            day = _day(row.get(date), f"document {name!r}, field 'date'")
        except StanceError as error:
            if on_error is None:
                raise
            on_error(error)
            continue
        yield Document(name, row[text], day, None if publisher is None else str(publisher))


def records_from(table: Any) -> Iterator[StanceRecord]:
    """The records in the rows of a table that `to_pandas`, `to_polars` or `to_arrow` made.

    Raises:
        InputError: not a table, or a row is not a stance record; names the row.
    """
    names = [f.name for f in fields(StanceRecord)]
    for number, row in enumerate(rows_of(table)):
        known = {name: row[name] for name in names if name in row}
        day = _day(known.get("date"), f"row {number}, field 'date'")
        try:
            yield StanceRecord.from_json({**known, "date": day and day.isoformat()})
        except InputError as error:
            raise InputError(f"row {number}: {error}", hint=error.hint) from error


def to_pandas(records: Iterable[StanceRecord]) -> pandas.DataFrame:
    """A pandas DataFrame, one row a record.

    Raises:
        MissingDependencyError: pandas is not installed.
    """
    try:
        import pandas
    except ImportError as error:
        raise MissingDependencyError("pandas", "tables") from error
    types = {str: "string", int: "Int64", float: "float64", bool: "bool"}
    columns = {
        name: pandas.Series(values, dtype=types.get(kind, "datetime64[s]"))
        for (name, values), (kind, _) in zip(
            _columns(records).items(), field_types().values(), strict=True
        )
    }
    return pandas.DataFrame(columns)


def to_polars(records: Iterable[StanceRecord]) -> polars.DataFrame:
    """A polars DataFrame, one row a record.

    Raises:
        MissingDependencyError: polars is not installed.
    """
    try:
        import polars
    except ImportError as error:
        raise MissingDependencyError("polars", "tables") from error
    return polars.DataFrame(
        _columns(records), schema={name: kind for name, (kind, _) in field_types().items()}
    )


def to_arrow(records: Iterable[StanceRecord]) -> pyarrow.Table:
    """An Arrow table, one row a record, with `record_schema()`.

    Raises:
        MissingDependencyError: pyarrow is not installed.
    """
    return to_table(list(records))


def score_columns(
    batch: Mapping[str, Sequence[Any]],
    *,
    model: str | None = None,
    on_error: OnError | None = None,
) -> dict[str, list[Any]]:
    """Columns of documents to columns of records, for `datasets.Dataset.map` and its like.

    A process loads the model at its first batch and keeps it.

    Args:
        batch: columns as `documents_from` reads them.
        model: a model folder or an id of the Hub; None for the shipped model.
        on_error: as in `documents_from`, and for documents that cannot be scored.

    Raises:
        InputError: a row cannot be read or scored, and there is no `on_error`.
    """
    documents = documents_from(batch, on_error=on_error)
    return _columns(loaded(model)(documents, on_error))


@lru_cache(maxsize=2)
def loaded(model: str | None) -> Scorer:
    """The scorer of a model, kept for whoever asks again in this process."""
    return load(model)


def rows_of(table: Any) -> Iterator[Mapping[str, Any]]:
    """The rows of a table as mappings from column to value, missing values as None.

    Raises:
        InputError: not a table.
    """
    for row in rows_of_table(table):
        if not isinstance(row, Mapping):
            raise InputError(
                f"a row is {type(row).__name__}; must map column names to values", hint=TABLES
            )
        yield row


def _day(value: Any, where: str) -> datetime.date | None:
    if isinstance(value, datetime.datetime):
        return value.date()
    return value if isinstance(value, datetime.date) else parse_date(value, where)


def _columns(records: Iterable[StanceRecord]) -> dict[str, list[Any]]:
    rows = list(records)
    return {f.name: [getattr(row, f.name) for row in rows] for f in fields(StanceRecord)}

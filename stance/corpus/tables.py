"""Records as Arrow tables: the one schema, and Parquet in and out."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from stance.errors import InputError, MissingDependencyError
from stance.records import StanceRecord, field_types
from stance.values import SCHEMA_VERSION

if TYPE_CHECKING:
    import pyarrow
    from pyarrow.parquet import ParquetWriter

ROW_GROUP = 10_000
"""Records that are held before they are written."""


@lru_cache(maxsize=1)
def record_schema() -> pyarrow.Schema:
    """The Arrow schema of records: the fields of `StanceRecord`, nullable where they may be None.

    Raises:
        MissingDependencyError: pyarrow is not installed.
    """
    pa = _pyarrow()
    types = {
        str: pa.string(),
        int: pa.int32(),
        float: pa.float64(),
        bool: pa.bool_(),
        datetime.date: pa.date32(),
    }
    return pa.schema(
        [
            pa.field(name, types[kind], nullable=optional)
            for name, (kind, optional) in field_types().items()
        ]
    )


def to_table(records: Sequence[StanceRecord]) -> pyarrow.Table:
    """The records as a table in `record_schema()`, in order."""
    pa, schema = _pyarrow(), record_schema()
    columns = [
        pa.array([getattr(record, column.name) for record in records], column.type)
        for column in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


@contextmanager
def parquet_writer(sink: IO[bytes] | Path) -> Iterator[ParquetWriter]:
    """A writer of tables in `record_schema()`: the same tables give the same bytes."""
    _pyarrow()
    from pyarrow.parquet import ParquetWriter

    with ParquetWriter(sink, record_schema(), compression="zstd") as writer:
        yield writer


def write_in_groups(writer: ParquetWriter, records: Iterable[StanceRecord]) -> int:
    """Write the records, ROW_GROUP of them at a time, and return how many there were."""
    written = 0
    records = iter(records)
    while group := list(itertools.islice(records, ROW_GROUP)):
        writer.write_table(to_table(group))
        written += len(group)
    return written


def read_parquet_records(path: Path) -> Iterator[StanceRecord]:
    """The records of a Parquet file, read as they are taken.

    Raises:
        InputError: the file is no Parquet, has not the columns of a record, or was written under
            another schema_version.
        MissingDependencyError: pyarrow is not installed.
    """
    pa = _pyarrow()
    from pyarrow.parquet import ParquetFile

    names = record_schema().names
    try:
        with ParquetFile(path) as file:
            if set(file.schema_arrow.names) != set(names):
                raise InputError(
                    f"{path}: not stance records; its columns are {', '.join(file.schema_arrow.names)}",
                    hint=f"fields: {', '.join(names)}",
                )
            for batch in file.iter_batches(ROW_GROUP, columns=names):
                table = pa.Table.from_batches([batch]).select(names).cast(record_schema())
                for row in table.to_pylist():
                    if row["schema_version"] != SCHEMA_VERSION:
                        raise InputError(
                            f"{path}: schema_version is {row['schema_version']}; must be {SCHEMA_VERSION}"
                        )
                    yield StanceRecord(**row)
    except (OSError, ValueError, pa.ArrowException) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path} cannot be read as records: {error}") from error


def _pyarrow() -> Any:
    try:
        import pyarrow
    except ImportError as error:
        raise MissingDependencyError("pyarrow", "corpus") from error
    return pyarrow

"""Aggregation as a group-by on any engine that moves Arrow tables: sums of parts, merged by source."""

from __future__ import annotations

import pickle
from collections import defaultdict
from typing import TYPE_CHECKING

from stance.partials import PartialVectors, Selection, merge, partial
from stance.records import StanceRecord
from stance.tables import record_schema
from stance.vector_tables import to_table
from stance.vectors import finish

if TYPE_CHECKING:
    import pyarrow


def sums_schema() -> pyarrow.Schema:
    """The Arrow schema of sums: whose they are, and a `PartialVectors` as bytes."""
    import pyarrow as pa

    return pa.schema([pa.field("source_id", pa.string()), pa.field("sums", pa.binary())])


def partial_sums(
    records: pyarrow.Table, by: str = "month", select: Selection | None = None
) -> pyarrow.Table:
    """What some records add up to, a row for each source actor among them, in `sums_schema()`.

    Group the rows of all parts by `source_id` and give each group to `merged_vectors`. Records whose
    source is unresolved are left out, as `aggregate` does. The bytes are a pickle, to be read by the same
    version of stance in the same job; never read sums that somebody else sends.

    Args:
        records: in `record_schema()`; other columns are ignored.
        by: day, week, month, quarter, year or all.
        select: which records count, and for whom.

    Raises:
        InputError: an option is not allowed.
    """
    import pyarrow as pa

    by_source: dict[str, list[StanceRecord]] = defaultdict(list)
    for row in records.select(record_schema().names).to_pylist():
        if row["source_id"] is not None:
            by_source[row["source_id"]].append(StanceRecord(**row))
    sums = [pickle.dumps(partial(some, by, select)) for some in by_source.values()]
    return pa.table([pa.array(list(by_source), pa.string()), sums], schema=sums_schema())


def merged_vectors(sums: pyarrow.Table) -> pyarrow.Table:
    """The vectors of sources whose sums are all there, as `to_table` has them: those of `aggregate`.

    Args:
        sums: made by `partial_sums` with the same options.

    Raises:
        InputError: the sums are of different periods or selections, or of several models.
    """
    parts: list[PartialVectors] = [pickle.loads(raw) for raw in sums["sums"].to_pylist()]
    return to_table(finish(merge(*parts)) if parts else [])

"""Aggregation as a group-by on any engine that moves Arrow tables: sums of parts, merged by source."""

from __future__ import annotations

import datetime
import json
from collections import defaultdict
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from stance.corpus.tables import record_schema
from stance.records import StanceRecord
from stance.vectors.aggregation import finish
from stance.vectors.evidence import Key, Trace
from stance.vectors.partials import PartialVectors, Selection, merge, partial
from stance.vectors.tables import to_table

if TYPE_CHECKING:
    import pyarrow


def sums_schema() -> pyarrow.Schema:
    """The Arrow schema of sums: whose they are, and a `PartialVectors` as JSON."""
    import pyarrow as pa

    return pa.schema([pa.field("source_id", pa.string()), pa.field("sums", pa.large_string())])


def partial_sums(
    records: pyarrow.Table, by: str = "month", select: Selection | None = None
) -> pyarrow.Table:
    """What some records add up to, a row for each source actor among them, in `sums_schema()`.

    Group the rows of all parts by `source_id` and give each group to `merged_vectors`. Records whose
    source is unresolved are left out, as `aggregate` does.

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
    sums = [_to_json(partial(some, by, select)) for some in by_source.values()]
    return pa.table([list(by_source), sums], schema=sums_schema())


def merged_vectors(sums: pyarrow.Table) -> pyarrow.Table:
    """The vectors of sources whose sums are all there, as `to_table` has them: those of `aggregate`.

    Args:
        sums: made by `partial_sums` with the same options.

    Raises:
        InputError: the sums are of different periods or selections, or of several models.
    """
    parts = [_from_json(text) for text in sums["sums"].to_pylist()]
    return to_table(finish(merge(*parts)) if parts else [])


def _to_json(sums: PartialVectors) -> str:
    cells = [(*key, list(sentences.items())) for key, sentences in sums.cells.items()]
    values = {
        "by": sums.by,
        "select": asdict(sums.select),
        "model_ids": sorted(sums.model_ids),
        "cells": cells,
        "undated": sums.undated,
        "left_out": sums.left_out,
    }
    return json.dumps(values, default=datetime.date.isoformat)


def _from_json(text: str) -> PartialVectors:
    values = json.loads(text)
    select = values["select"]
    dates = {name: _date(select[name]) for name in ("since", "until")}
    cells = {
        Key(*key): {sentence: [_trace(row) for row in rows] for sentence, rows in sentences}
        for *key, sentences in values["cells"]
    }
    return PartialVectors(
        values["by"],
        Selection(**{**select, **dates}),
        frozenset(values["model_ids"]),
        cells,
        {source: (none, out) for source, (none, out) in values["undated"].items()},
        values["left_out"],
    )


def _trace(row: list[Any]) -> Trace:
    record_id, document_id, outlet, date, *probabilities = row
    return Trace(record_id, document_id, outlet, _date(date), *probabilities)


def _date(text: str | None) -> datetime.date | None:
    return None if text is None else datetime.date.fromisoformat(text)

"""Aggregation as a group-by: sums of any parts, grouped by source, give the vectors of all records."""

from __future__ import annotations

import datetime
from random import Random

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stance
from stance import InputError, Selection, StanceRecord
from stance.corpus.tables import to_table
from stance.vectors.sums import merged_vectors, partial_sums, sums_schema

from .made_records import FAVOR, RECORDS, record

ORDER = [("source_id", "ascending"), ("period", "ascending"), ("target_id", "ascending")]


def grouped(sums: pa.Table) -> pa.Table:
    """What an engine's group-by makes of sums."""
    sources = sums["source_id"].unique()
    groups = [merged_vectors(sums.filter(pc.equal(sums["source_id"], s))) for s in sources]
    return pa.concat_tables([merged_vectors(sums_schema().empty_table()), *groups]).sort_by(ORDER)


@settings(deadline=None, max_examples=60)
@given(RECORDS, st.randoms(use_true_random=False), st.integers(1, 4))
def test_sums_of_parts_are_the_vectors(
    records: list[StanceRecord], random: Random, parts: int
) -> None:
    random.shuffle(records)
    sums = pa.concat_tables([partial_sums(to_table(records[k::parts])) for k in range(parts)])
    assert sums.schema.equals(sums_schema())
    assert grouped(sums).equals(stance.to_table(stance.aggregate(records)).sort_by(ORDER))


def test_options_of_the_sums_count() -> None:
    roles = [record("TUR", "USA", FAVOR, roles=(role, None)) for role in ("GOV", "OPP")]
    table = to_table(roles)
    select = Selection(entity="country", since=datetime.date(2020, 1, 1))
    sums = partial_sums(table, "year", select)
    assert grouped(sums)["period"].to_pylist() == ["2021"]
    assert grouped(partial_sums(table))["source_id"].to_pylist() == ["TUR", "TUR/OPP"]
    with pytest.raises(InputError, match="parts differ"):
        merged_vectors(pa.concat_tables([sums, partial_sums(table)]))

"""The same scorer on a cluster: shards of a run as Ray tasks, and tables of documents anywhere."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from typing import TYPE_CHECKING, Any

from stance.corpus.documents import Columns, Entry, given_entries
from stance.corpus.input_rows import check_columns
from stance.corpus.manifest import identity_of
from stance.corpus.shards import CorpusSummary, Tally, checked, score_shard, scorer_of
from stance.corpus.tables import record_schema, to_table
from stance.errors import CorpusError, MissingDependencyError, ModelMismatchError
from stance.records import StanceRecord
from stance.scoring.scorer import ModelSource, Scorer
from stance.values import Document, Pair, Prediction

if TYPE_CHECKING:
    import pyarrow
    from ray.data import Dataset

SHARDS_PER_CPU = 2
"""Shards sent ahead, so that a worker need not wait for the reader."""
LOST_AT_MOST = 20
"""Times that a shard is tried again after its worker or node is gone."""
BATCH_DOCUMENTS = 256
"""Documents that a worker takes at a time from a dataset."""
COUNTS = ("sentences", "mentions", "pairs", "truncated", "abstained")


def score_shards(
    shards: Iterable[tuple[int, list[Entry]]], scorer: Scorer, run: str, address: str
) -> Iterator[tuple[int, bytes]]:
    """Numbered shards as Parquet files, in the order in which the cluster finishes them.

    A shard whose worker or node dies is scored again elsewhere; each is given back once.

    Raises:
        CorpusError: the cluster cannot be reached, or it gave up on a shard.
        StanceError: what a worker raised: its version of stance or model is another.
        MissingDependencyError: ray is not installed.
    """
    source = replace(scorer.source or ModelSource(), threads=1)
    identity = identity_of(scorer, {})
    with _connected(address) as ray:
        needs = {"num_cpus": 1, "num_gpus": _gpus(source)}
        task = ray.remote(max_retries=LOST_AT_MOST, **needs)(_score_one)
        under_way: dict[Any, int] = {}
        for index, entries in shards:
            under_way[task.remote(source, identity, entries, run)] = index
            if len(under_way) >= SHARDS_PER_CPU * ray.cluster_resources().get("CPU", 1):
                yield _first_done(ray, under_way)
        while under_way:
            yield _first_done(ray, under_way)


def _first_done(ray: Any, under_way: dict[Any, int]) -> tuple[int, bytes]:
    (done,), _ = ray.wait(list(under_way), num_returns=1)
    index = under_way.pop(done)
    try:
        return index, ray.get(done)
    except ray.exceptions.RayTaskError as error:
        raise error.cause from error
    except ray.exceptions.RayError as error:
        raise CorpusError(
            f"shard {index} was not scored by the cluster: {type(error).__name__}",
            hint=f"lost workers and nodes are replaced {LOST_AT_MOST} times: is there memory enough for a "
            "worker a core? Then run the same command again",
        ) from error


def _score_one(
    source: ModelSource, identity: Mapping[str, Any], entries: list[Entry], run: str
) -> bytes:
    """What a worker does: a shard's entries to the bytes of its Parquet file."""
    scorer = scorer_of(source)
    here = identity_of(scorer, {})
    if here != identity:
        raise ModelMismatchError(
            f"a worker has {here}; the run was begun with {identity}",
            hint="install the same version of stance, with the same model, on every node",
        )
    sink = BytesIO()
    score_shard(scorer, entries, sink, run)
    return sink.getvalue()


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    ray = _ray()
    ours = not ray.is_initialized()
    if ours:
        try:
            ray.init(address, log_to_driver=False, logging_level="ERROR")
        except (ConnectionError, ValueError, RuntimeError) as error:
            reason = " ".join(str(error).split())
            raise CorpusError(f"no Ray cluster answers at {address!r}: {reason}") from error
    try:
        yield ray
    finally:
        if ours:
            ray.shutdown()


@dataclass(frozen=True, slots=True)
class TableScorer:
    """Scores Arrow tables of documents; small to send, loads its model where it is called, once a process.

    Give it to `score_dataset` or, table by table, to Spark's `mapInArrow` (docs/clusters.md).
    """

    source: ModelSource = ModelSource(threads=1)
    columns: Columns = Columns()

    def __call__(self, documents: pyarrow.Table) -> pyarrow.Table:
        """A row for each row of `documents`, in order, in `scored_schema()`.

        It has the document's records, or in `error` why it could not be scored. Each row is
        taken as a document of its own: two of one id are not compared.

        Raises:
            InputError: there is no column of ids.
        """
        check_columns("the table", documents.column_names, (self.columns.id, *self.columns.needed))
        entries = [checked(e) for e in given_entries(documents.to_pylist(), self.columns)]
        tallies = [Tally() for _ in entries]
        found: list[list[StanceRecord]] = [[] for _ in entries]

        def numbered() -> Iterator[Document]:
            for row, entry in enumerate(entries):
                if entry.document is not None and entry.error is None:
                    yield replace(entry.document, id=str(row))

        def count(document: Document, answers: Sequence[tuple[Pair, Prediction]]) -> None:
            tallies[int(document.id)](document, answers)

        for record in scorer_of(self.source)(numbered(), on_sentence=count):
            row = int(record.document_id)
            found[row].append(replace(record, document_id=_id(entries[row]) or ""))
        return _scored_table(entries, tallies, found)


def scored_schema() -> pyarrow.Schema:
    """The Arrow schema of scored documents: counts as in `CorpusSummary`, the error, the records."""
    import pyarrow as pa

    counts = [pa.field(name, pa.int32(), nullable=False) for name in COUNTS]
    return pa.schema(
        [
            pa.field("document_id", pa.string()),
            *counts,
            pa.field("error", pa.string()),
            pa.field("records", pa.list_(pa.struct(list(record_schema())))),
        ]
    )


def _scored_table(
    entries: Sequence[Entry], tallies: Sequence[Tally], found: Sequence[Sequence[StanceRecord]]
) -> pyarrow.Table:
    import pyarrow as pa

    schema = scored_schema()
    rows = to_table([record for records in found for record in records])
    structs = pa.StructArray.from_arrays(
        [column.combine_chunks() for column in rows.columns], fields=list(rows.schema)
    )
    offsets = list(itertools.accumulate(map(len, found), initial=0))
    for tally, records in zip(tallies, found, strict=True):
        tally.counts["abstained"] = sum(record.abstained is not None for record in records)
    columns = [
        pa.array([_id(entry) for entry in entries], pa.string()),
        *(pa.array([tally.counts[name] for tally in tallies], pa.int32()) for name in COUNTS),
        pa.array([str(e.error) if e.error else None for e in entries], pa.string()),
        pa.ListArray.from_arrays(offsets, structs, type=schema.field("records").type),
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _id(entry: Entry) -> str | None:
    return entry.document.id if entry.document else None


def records_of(scored: pyarrow.Table) -> pyarrow.Table:
    """The records of scored documents, in `record_schema()`."""
    import pyarrow as pa

    structs = scored["records"].cast(scored_schema().field("records").type).combine_chunks()
    values = structs.flatten()
    return pa.Table.from_arrays(values.flatten(), schema=record_schema())


def summary_of(scored: pyarrow.Table) -> CorpusSummary:
    """What scored documents add up to."""
    import pyarrow.compute as pc

    counts = {name: pc.sum(scored[name]).as_py() or 0 for name in COUNTS}
    failed = len(scored) - scored["error"].null_count
    records = pc.sum(pc.list_value_length(scored["records"])).as_py() or 0
    return CorpusSummary(documents=len(scored) - failed, records=records, failed=failed, **counts)


def score_dataset(dataset: Dataset, scorer: TableScorer | None = None) -> Dataset:
    """The scored documents of a Ray dataset of documents: see `TableScorer`.

    Nothing is computed before the result is asked for, and it is computed again for each question:
    write it, or `materialize()` it, before asking it for records and a summary.

    Args:
        dataset: has the columns `id`, `text` and, if wanted, `date` and `outlet`.
        scorer: None takes the shipped model.
    """
    # An instance runs in Ray's tasks, not actors: tasks move to other nodes when theirs is lost,
    # and the model stays loaded in each worker process.
    score = scorer or TableScorer()
    return dataset.map_batches(
        score.__call__,
        batch_format="pyarrow",
        batch_size=BATCH_DOCUMENTS,
        num_gpus=_gpus(score.source) or None,
    )


def _gpus(source: ModelSource) -> int:
    """How many a worker keeps for itself."""
    return int(source.device is not None and source.device.startswith("cuda"))


def dataset_records(scored: Dataset) -> Dataset:
    """The records of a Ray dataset of scored documents, in `record_schema()`."""
    return scored.map_batches(records_of, batch_format="pyarrow", batch_size=BATCH_DOCUMENTS)


def dataset_summary(scored: Dataset) -> CorpusSummary:
    """What a Ray dataset of scored documents adds up to."""
    total = CorpusSummary()
    for batch in scored.iter_batches(batch_format="pyarrow"):
        total += summary_of(batch)
    return total


def _ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise MissingDependencyError("ray", "ray") from error
    return ray

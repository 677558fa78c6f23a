"""The same answers from tables, from a Ray cluster that loses a worker and a node, and from Spark."""

from __future__ import annotations

import importlib.util
import json
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import stance
from stance import CorpusSummary, InputError
from stance.corpus.cluster import TableScorer, records_of, scored_schema, summary_of
from stance.corpus.documents import given_entries
from stance.corpus.tables import record_schema, to_table
from stance.scoring.scorer import ModelSource, Scorer

from .conftest import ROOT, TINY

SCORER = TableScorer(ModelSource(str(TINY), threads=1))
needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None,
    reason="ray is not installed: pip install 'stance[ray]'",
)


def documents(count: int) -> list[dict[str, object]]:
    """The seed articles in turn; one in seven is empty."""
    texts = [p.read_text() for p in sorted((ROOT / "seeds").glob("*.txt"))]
    return [
        {
            "id": f"d{i:03}",
            "text": texts[i % 3] if i % 7 else "",
            "date": "2021-12-24",
            "outlet": "AFP",
        }
        for i in range(count)
    ]


def test_table_in_table_out(tiny: Scorer) -> None:
    rows = documents(9)
    scored = SCORER(pa.Table.from_pylist(rows))
    assert scored.schema.equals(scored_schema())
    assert scored["document_id"].to_pylist() == [r["id"] for r in rows]
    errors = scored["error"].to_pylist()
    assert [i for i, e in enumerate(errors) if e] == [0, 7] and "is empty" in errors[0]
    good = list(given_entries(rows, stance.Columns()))
    alone = [list(tiny([e.document])) for e in good if e.document and e.document.text]
    expected = [record for records in alone for record in records]
    assert records_of(scored).schema.equals(record_schema())
    assert records_of(scored).equals(to_table(expected))
    assert summary_of(scored).documents == 7 and summary_of(scored).failed == 2


def test_summary_is_that_of_a_run(tiny: Scorer, tmp_path: Path) -> None:
    rows = documents(9)
    run = stance.score_corpus(rows, tmp_path / "out", tiny)
    halves = [SCORER(pa.Table.from_pylist(part)) for part in (rows[:4], rows[4:])]
    assert summary_of(halves[0]) + summary_of(halves[1]) == run
    assert summary_of(pa.concat_tables(halves)) == run


def test_two_rows_of_one_id_are_two_documents() -> None:
    rows = [
        {"id": "a", "text": "Oslo thanked Rome."},
        {"id": "a", "text": "Tokyo condemned Beijing."},
    ]
    scored = SCORER(pa.Table.from_pylist(rows))
    texts = [{r["sentence"] for r in records} for records in scored["records"].to_pylist()]
    assert texts == [{rows[0]["text"]}, {rows[1]["text"]}]
    empty = SCORER(pa.table({"id": pa.array([], pa.string()), "text": pa.array([], pa.string())}))
    assert len(empty) == 0 and records_of(empty).schema.equals(record_schema())
    assert summary_of(empty) == CorpusSummary()


def test_scorer_is_small_to_send_and_needs_ids() -> None:
    sent = pickle.dumps(SCORER)
    assert len(sent) < 1000 and pickle.loads(sent) == SCORER
    with pytest.raises(InputError, match="the table lacks the column 'id'"):
        SCORER(pa.table({"text": ["Oslo thanked Rome."]}))


LONGEST = 300
"""Seconds before a hanging test is ended; on two idle cores each takes less than 60."""


class Cluster:
    """`ray_cluster.py`: two Ray nodes that can be told to lose a worker or a node."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).parent / "ray_cluster.py")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env={**os.environ, "RAY_USAGE_STATS_ENABLED": "0", "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        self._clock = threading.Timer(LONGEST, self._process.kill)
        self._clock.start()
        self.address = self._answer()

    def lose(self, what: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(what + "\n")
        self._process.stdin.flush()
        assert self._answer() == f"{what} done"

    def _answer(self) -> str:
        assert self._process.stdout is not None
        answer = self._process.stdout.readline().strip()
        assert answer, f"the cluster did not answer within {LONGEST} seconds"
        return answer

    def close(self) -> None:
        self._process.communicate(timeout=30)
        self._clock.cancel()


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    cluster = Cluster()
    yield cluster
    cluster.close()


def contents(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir())}


@needs_ray
def test_ray_run_that_loses_a_worker_and_a_node(
    cluster: Cluster, tiny: Scorer, tmp_path: Path
) -> None:
    """The same folder, byte for byte, as a run in one process."""
    rows = documents(300)
    source = tmp_path / "in.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    out = tmp_path / "out"
    arguments = ["score", str(source), "-o", str(out), "--model", str(TINY), "--shard-size", "4"]
    with subprocess.Popen(
        [sys.executable, "-m", "stance", *arguments, "--ray", cluster.address],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        cluster.lose("worker")
        cluster.lose("node")
        left = len(list(out.glob("*.parquet")))
        printed, errors = process.communicate(timeout=LONGEST)
    assert process.returncode == 1 and "43 failed" in errors, errors
    assert left < 75, "the job was done before the node was lost"
    stance.score_corpus(source, tmp_path / "alone", tiny, shard_size=4)
    assert contents(out) == contents(tmp_path / "alone")
    assert ["documents", "257"] in [line.split() for line in printed.splitlines()]


def page_block(words: str) -> str:
    """The block of Python of the page that has these words."""
    page = (ROOT / "docs" / "clusters.md").read_text(encoding="utf-8")
    return next(b.split("```")[0] for b in page.split("```python\n")[1:] if words in b)


CONNECT = """
import ray
from stance.corpus.cluster import TableScorer
from stance.scoring.scorer import ModelSource

ray.init({address!r}, logging_level="ERROR", log_to_driver=False)
ray.data.DataContext.get_current().enable_progress_bars = False
tiny = TableScorer(ModelSource({model!r}, threads=1))
"""
KEYS = [("document_id", "ascending"), ("source_start", "ascending"), ("target_start", "ascending"),
        ("source_id", "ascending"), ("target_id", "ascending")]  # fmt: skip
CELLS = [("source_id", "ascending"), ("period", "ascending"), ("target_id", "ascending")]


def sorted_records(path: Path) -> pa.Table:
    table = pq.read_table(path).select(record_schema().names)
    return table.cast(record_schema()).sort_by(KEYS)


@needs_ray
def test_ray_dataset_that_loses_a_worker_and_a_node(
    cluster: Cluster, tiny: Scorer, tmp_path: Path
) -> None:
    """The page's lines: the same records and vectors after sorting, and the same summary, as alone."""
    rows = documents(600)
    (tmp_path / "articles").mkdir()
    for part in range(60):
        table = pa.Table.from_pylist(rows[10 * part : 10 * part + 10])
        pq.write_table(table, tmp_path / "articles" / f"{part}.parquet")
    code = CONNECT.format(address=cluster.address, model=str(TINY))
    code += page_block("score_dataset(").replace("(documents)", "(documents, tiny)")
    code += page_block("map_groups")
    code = code.replace('articles/")', 'articles/", override_num_blocks=60)')
    code = code.replace("s3://bucket", str(tmp_path))
    # As the page says: the actors that read the ends of Parquet files are not started again.
    env = {**os.environ, "RAY_DATA_USE_DATASOURCE_V2": "0"}
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env,
    ) as process:  # fmt: skip
        cluster.lose("worker")
        cluster.lose("node")
        assert not (tmp_path / "records").exists(), "the job was done before the node was lost"
        printed, errors = process.communicate(timeout=LONGEST)
    assert process.returncode == 0, errors
    expected = stance.score_corpus(rows, tmp_path / "alone", tiny)
    assert str(expected) in printed.splitlines()
    assert sorted_records(tmp_path / "records").equals(sorted_records(tmp_path / "alone"))
    vectors = stance.to_table(stance.aggregate(stance.read_records(tmp_path / "alone")))
    found = pq.read_table(tmp_path / "vectors").select(vectors.column_names).cast(vectors.schema)
    assert found.sort_by(CELLS).equals(vectors.sort_by(CELLS))


@needs_ray
def test_no_cluster_there_is_one_line(tmp_path: Path) -> None:
    source = tmp_path / "a.txt"
    source.write_text("Oslo thanked Rome.")
    arguments = ["score", str(source), "-o", str(tmp_path / "out"), "--ray", "no-such-scheme://x"]
    done = subprocess.run(
        [sys.executable, "-m", "stance", *arguments, "--model", str(TINY)],
        capture_output=True, text=True, timeout=LONGEST,
    )  # fmt: skip
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1
    assert "no Ray cluster answers at 'no-such-scheme://x'" in done.stderr


def test_spark_recipe_is_short() -> None:
    lines = [line for line in page_block("TableScorer()").splitlines() if line.strip()]
    assert len(lines) <= 12


@pytest.mark.skipif(importlib.util.find_spec("pyspark") is None, reason="pyspark is not installed")
def test_spark_recipes_run(tiny: Scorer, tmp_path: Path) -> None:
    rows = documents(21)
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "articles.parquet")
    model = f"TableScorer(ModelSource({str(TINY)!r}, threads=1))"
    code = "from stance.scoring.scorer import ModelSource\n"
    code += page_block("TableScorer()").replace("TableScorer()", model) + page_block("applyInArrow")
    env = {**os.environ, "PYSPARK_PYTHON": sys.executable}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, timeout=300, env=env)
    stance.score_corpus(rows, tmp_path / "alone", tiny)
    assert sorted_records(tmp_path / "records.parquet").equals(sorted_records(tmp_path / "alone"))
    vectors = stance.to_table(stance.aggregate(stance.read_records(tmp_path / "alone")))
    found = pq.read_table(tmp_path / "vectors.parquet").cast(vectors.schema)
    assert found.sort_by(CELLS).equals(vectors.sort_by(CELLS))

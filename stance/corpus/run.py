"""A corpus to Parquet shards: killed at any moment, the same call finishes the job with the same bytes."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from stance.corpus.documents import Columns, Entry
from stance.corpus.input import (
    OnProgress,
    Shard,
    Source,
    cut,
    read_source,
    screened,
    shown,
    total_documents,
)
from stance.corpus.manifest import begin, complete, identity_of, mismatch
from stance.corpus.output_folder import REJECTS, atomic, clear, locked, refuse_foreign, shard_path
from stance.corpus.shards import CorpusSummary, digest_of, read_facts, score_shard, scorer_of
from stance.corpus.tables import record_schema
from stance.errors import CorpusError, InputError
from stance.scoring.scorer import ModelSource, Scorer


def score_corpus(
    source: Source,
    out_dir: str | os.PathLike[str],
    scorer: Scorer | None = None,
    *,
    shard_size: int = 10_000,
    columns: Columns | None = None,
    strict: bool = False,
    force: bool = False,
    ray: str | None = None,
    on_progress: OnProgress | None = None,
) -> CorpusSummary:
    """What was counted, after the records of all documents are in `out_dir`.

    The folder then holds `shard-*.parquet` (see `read_records`), `_manifest.json` with the summary,
    `_inputs.jsonl` with the hash of every input file, and, if a document failed,
    `_rejects.jsonl` with its file, row, id and the reason. Memory does not grow with the corpus but
    for 8 bytes a document, to recognise its id, and about 400 a file. Called again, it goes on where it
    was stopped; the bytes are the same however often that was.

    Args:
        source: files, folders or globs (see `find_files`, `read_documents`), or an iterable of
            documents, or of mappings like rows of a file. An iterable must give the same again.
        out_dir: a new or empty folder, or that of the run to go on with.
        scorer: from `stance.load`; None takes the shipped model.
        shard_size: documents of a shard.
        columns: what the columns of the input are called and how their dates are read.
        strict: stop at the first document that fails.
        force: delete the run in `out_dir` and start over.
        ray: the address of a Ray cluster that scores the shards; None does it here.
        on_progress: receives how far the run is.

    Raises:
        InputError: a path does not exist or cannot be listed, the shard size is not positive, or,
            with `strict`, a document failed.
        CorpusError: there are no documents, an input is in `out_dir`, another run holds `out_dir`, it
            cannot be written, or it holds something else.
        ResumeMismatchError: the run in `out_dir` has another input, model or option.
        MissingDependencyError: pyarrow, filelock or ray is not installed.
    """
    if shard_size < 1:
        raise InputError(f"shard_size is {shard_size!r}; must be at least 1")
    record_schema()  # without pyarrow nothing is begun
    scorer = scorer_of(ModelSource()) if scorer is None else scorer
    columns = columns or Columns()
    folder = Path(out_dir)
    entries, files = read_source(source, columns, folder)
    first = next(entries, None)
    if first is None:
        raise CorpusError(f"there are no documents in {shown(source)}")
    with locked(folder):
        refuse_foreign(folder)
        if force:
            clear(folder)
        options = {"shard_size": shard_size, "columns": asdict(columns)}
        run = begin(folder, identity_of(scorer, options), files)
        total = total_documents(files, source)
        entries = screened(itertools.chain([first], entries), strict, total, on_progress)
        shards = cut(entries, shard_size)
        if ray is None:
            done = _score_here(shards, folder, scorer, run)
        else:
            done = _score_on_ray(shards, folder, scorer, run, ray)
        return _finish(folder, done)


def _score_here(shards: Iterable[Shard], folder: Path, scorer: Scorer, run: str) -> list[Path]:
    done = []
    for index, entries in shards:
        path = shard_path(folder, index)
        if not _is_done(path, entries, run):
            with atomic(path) as sink:
                score_shard(scorer, entries, sink, run)
        done.append(path)
    return done


def _score_on_ray(
    shards: Iterable[Shard], folder: Path, scorer: Scorer, run: str, address: str
) -> list[Path]:
    from stance.corpus.cluster import score_shards

    done = []

    def missing() -> Iterator[tuple[int, list[Entry]]]:
        for index, entries in shards:
            path = shard_path(folder, index)
            done.append(path)
            if not _is_done(path, entries, run):
                yield index, list(entries)

    for index, data in score_shards(missing(), scorer, run, address):
        with atomic(shard_path(folder, index)) as sink:
            sink.write(data)
    return done


def _is_done(path: Path, entries: Iterator[Entry], run: str) -> bool:
    """Whether an earlier call made this shard, of these entries; they are then used up."""
    if not path.exists():
        return False
    facts = read_facts(path)
    if facts.run != run:
        raise mismatch(f"the run of {path.name}", facts.run, run)
    digest = digest_of(entries)
    if digest != facts.entries:
        raise mismatch(f"the input of {path.name}", facts.entries, digest)
    return True


def _finish(folder: Path, shards: list[Path]) -> CorpusSummary:
    more = set(folder.glob("shard-*.parquet")) - set(shards)
    if more:
        raise mismatch("the number of shards", len(shards) + len(more), len(shards))
    summary = CorpusSummary()
    for path in shards:
        summary += read_facts(path).summary
    if summary.failed:
        with atomic(folder / REJECTS) as out:
            for path in shards:
                for reject in read_facts(path).rejects:
                    out.write(json.dumps(asdict(reject)).encode() + b"\n")
    complete(folder, summary, len(shards))
    return summary

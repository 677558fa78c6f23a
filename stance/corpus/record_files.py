"""Records in files: JSONL and Parquet, in and out."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from stance.corpus.tables import parquet_writer, read_parquet_records, write_in_groups
from stance.errors import InputError, StanceError
from stance.records import StanceRecord


def write_records(records: Iterable[StanceRecord], path: str | os.PathLike[str]) -> int:
    """Write records as Parquet if the name ends in .parquet, else as JSONL; return how many there were.

    Raises:
        MissingDependencyError: Parquet, and pyarrow is not installed.
    """
    if _is_parquet(Path(path)):
        with parquet_writer(Path(path)) as writer:
            return write_in_groups(writer, records)
    written = 0
    with open(path, "w", encoding="utf-8") as out:
        for record in records:
            out.write(json.dumps(record.to_json(), ensure_ascii=False) + "\n")
            written += 1
    return written


def read_records(path: str | os.PathLike[str]) -> Iterator[StanceRecord]:
    """The records that `write_records`, `stance analyze --json` or `stance score` wrote.

    Args:
        path: a .parquet file, a JSONL file, or a folder, whose .parquet files are read by name.

    Raises:
        InputError: the file cannot be read or a line is not a stance record; names file and line.
        MissingDependencyError: Parquet, and pyarrow is not installed.
    """
    place = Path(path)
    if place.is_dir():
        shards = sorted(place.glob("*.parquet"))
        if not shards:
            raise InputError(f"{place} is a folder without .parquet files")
        for shard in shards:
            yield from read_parquet_records(shard)
    elif _is_parquet(place):
        yield from read_parquet_records(place)
    else:
        yield from _read_jsonl(place)


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() in (".parquet", ".pq")


def _read_jsonl(path: Path) -> Iterator[StanceRecord]:
    try:
        with open(path, "rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _record(line, f"{path}, line {number}")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error


def _record(line: bytes, where: str) -> StanceRecord:
    try:
        return StanceRecord.from_json(json.loads(line))
    except (ValueError, RecursionError) as error:
        hint = error.hint if isinstance(error, StanceError) else None
        raise InputError(f"{where}: {error}", hint=hint) from error

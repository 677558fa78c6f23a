"""The folder of a run: one run at a time in it, and files that are there whole or not at all."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from stance.errors import CorpusError, MissingDependencyError

MANIFEST = "_manifest.json"
INPUTS = "_inputs.jsonl"
REJECTS = "_rejects.jsonl"
LOCK = "_lock"
RUNNING = "_running.json"
TEMPORARY = ".tmp"
OURS = (MANIFEST, INPUTS, REJECTS, LOCK, RUNNING)


def shard_path(folder: Path, index: int) -> Path:
    """Where the shard of this number is."""
    return folder / f"shard-{index:06}.parquet"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Make the folder if need be and hold it for this run alone.

    The lock is the operating system's (flock), which ends with its process; on a file system
    without it, a file with process, host and boot, which is taken over only if that process
    is gone.

    Raises:
        CorpusError: another run holds the folder, or it cannot be written.
        MissingDependencyError: filelock is not installed.
    """
    try:
        from filelock import FileLock, Timeout
    except ImportError as error:
        raise MissingDependencyError("filelock", "corpus") from error
    lock = FileLock(folder / LOCK)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise CorpusError(
            f"another run is writing to {folder}{_holder(folder)}",
            hint="wait for it to end, or give another output folder",
        ) from error
    except OSError as error:
        raise cannot_write(folder, error) from error
    try:
        with writing(folder):
            for name in (*OURS, "shard-??????.parquet"):
                for leftover in folder.glob(name + TEMPORARY):
                    leftover.unlink()
            holder = {"pid": os.getpid(), "host": socket.gethostname()}
            (folder / RUNNING).write_text(json.dumps(holder), encoding="utf-8")
        yield
    finally:
        with suppress(OSError):
            (folder / RUNNING).unlink()
        lock.release()


def _holder(folder: Path) -> str:
    try:
        holder = json.loads((folder / RUNNING).read_text(encoding="utf-8"))
        return f" (process {holder['pid']} on {holder['host']})"
    except (OSError, ValueError, KeyError, TypeError):
        return ""


@contextmanager
def atomic(path: Path) -> Iterator[IO[bytes]]:
    """A file to write that gets its name when it is whole and on the disk; on an error it is gone."""
    temporary = path.with_name(path.name + TEMPORARY)
    with writing(path.parent):
        try:
            with open(temporary, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turns an error of the disk into a CorpusError."""
    try:
        yield
    except OSError as error:
        raise cannot_write(folder, error) from error


def cannot_write(folder: Path, error: OSError) -> CorpusError:
    """What to say when the disk refuses."""
    return CorpusError(
        f"{folder} cannot be written: {error.strerror or error}",
        hint="what is done is kept: mend it and run the same command again",
    )


def refuse_foreign(folder: Path) -> None:
    """Raise CorpusError if the folder holds something, and no manifest of a run."""
    others = sorted(p.name for p in folder.iterdir() if p.name not in OURS)
    if others and not (folder / MANIFEST).exists():
        raise CorpusError(
            f"{folder} holds {others[0]!r} and no manifest, so it is not the folder of a run",
            hint="give a new or empty folder",
        )


def clear(folder: Path) -> None:
    """Delete what a run left in the folder, and nothing else."""
    with writing(folder):
        for shard in folder.glob("shard-*.parquet"):
            shard.unlink()
        # The manifest last: as long as it is there, the folder is known as that of a run.
        for name in (REJECTS, INPUTS, MANIFEST):
            (folder / name).unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return  # elsewhere a folder cannot be opened; the rename is as safe as the system makes it
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

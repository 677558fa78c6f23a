"""Runs over a corpus, each in a process of its own that is forked from one that has the model loaded.

A line of JSON on standard input starts a run; its exit status and its seconds come back. With
`kill_after` it is killed so many seconds after its first file is there; with `die_at` n it kills
itself before the n-th time that it opens, renames or removes a file in the output folder, or makes
the folder.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"  # threads do not survive a fork

from pathlib import Path

import filelock  # noqa: F401  loaded once, before the forks
import pyarrow.parquet  # noqa: F401

import stance
from stance.scoring import scorer as scoring
from stance.scoring.scorer import Scorer

scoring.CHUNK_SENTENCES = 4  # so that the shards of a small corpus are written one by one
EVENTS = ("open", "os.rename", "os.remove", "os.mkdir")


def main() -> None:
    """Serve until standard input ends."""
    scorer = stance.load(Path(__file__).parent / "tiny_model", threads=1)
    list(scorer([stance.Document("a", "Oslo thanked Rome.")]))  # what is loaded on first use
    for line in sys.stdin:
        job = json.loads(line)
        kill_after = job.pop("kill_after")
        pid = os.fork()
        if pid == 0:
            _run(scorer, **job)
        begun = _first_file(Path(job["out"]), pid)
        if kill_after is not None:
            time.sleep(kill_after)
            os.kill(pid, signal.SIGKILL)  # it is not reaped yet, so the number is still its own
        _, status = os.waitpid(pid, 0)
        answer = [os.waitstatus_to_exitcode(status), time.monotonic() - begun]
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _first_file(out: Path, pid: int) -> float:
    """The moment when the run begins to write, or has ended without."""
    while not (out / "_lock").exists() and not os.waitid(
        os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT
    ):
        time.sleep(0.001)
    return time.monotonic()


def _run(scorer: Scorer, source: list[str], out: str, size: int, die_at: int | None) -> None:
    if die_at is not None:
        _die_at(out, die_at)
    status = 1
    try:
        stance.score_corpus(source, out, scorer, shard_size=size)
        status = 0
    except stance.StanceError as error:
        sys.stderr.write(f"{error}\n")
    finally:
        os._exit(status)


def _die_at(out: str, moment: int) -> None:
    left = moment

    def hook(event: str, args: tuple[object, ...]) -> None:
        nonlocal left
        if event in EVENTS and str(args[0]).startswith(out):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


if __name__ == "__main__":
    main()

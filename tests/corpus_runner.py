"""Runs over a corpus, each in a process of its own that is forked from one that has the model loaded.

A line of JSON on standard input starts a run; its process id, then its exit status, come back.
With `die_at` n, the run kills itself before the n-th time that it opens, renames or removes a file
in the output folder, or makes the folder.
"""

from __future__ import annotations

import json
import os
import signal
import sys

os.environ["TOKENIZERS_PARALLELISM"] = "false"  # threads do not survive a fork

from pathlib import Path

import pyarrow.parquet  # noqa: F401  loaded once, before the forks

import stance
from stance.scoring import Scorer

EVENTS = ("open", "os.rename", "os.remove", "os.mkdir")


def main() -> None:
    """Serve until standard input ends."""
    scorer = stance.load(Path(__file__).parent / "tiny_model", threads=1)
    print("ready", flush=True)
    for line in sys.stdin:
        job = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _run(scorer, **job)
        print(pid, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


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

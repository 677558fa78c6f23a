"""What every verb shares: errors in one line each, and a progress bar when the work is long."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from stance.errors import StanceError

if TYPE_CHECKING:
    from stance.corpus_input import OnProgress
    from stance.corpus_input import Progress as CorpusProgress
    from stance.values import Document

SLOW_START = 1.5
"""Seconds of work before a progress bar appears on a terminal."""
SHOW_EVERY = 0.2
"""Seconds between two states of a corpus's progress."""


class Errors:
    """Prints each error on standard error, with its hint, in one line, and remembers that there was one."""

    def __init__(self) -> None:
        self.any = False

    def __call__(self, error: StanceError) -> None:
        """Print the error and remember it."""
        self.any = True
        hint = f" ({error.hint})" if error.hint else ""
        sys.stderr.write(f"stance: {error}{hint}\n")


@contextmanager
def reporting_errors() -> Iterator[Errors]:
    """Where to report errors; the command exits with 1 if there was any, without a traceback for ours."""
    # Records are UTF-8 whatever the locale, or they could not be read back.
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    errors = Errors()
    try:
        yield errors
    except StanceError as error:
        errors(error)
    if errors.any:
        raise typer.Exit(1)


@contextmanager
def progress_on_terminal(
    wanted: bool,
) -> Iterator[Callable[[Iterable[Document]], Iterator[Document]]]:
    """Counts documents on a terminal once the work has taken SLOW_START seconds; else silent."""
    if not (wanted and sys.stderr.isatty()):
        yield iter
        return
    columns = (
        SpinnerColumn(),
        BarColumn(),
        TextColumn("{task.completed} documents"),
        TimeElapsedColumn(),
    )
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task("", total=None)
    timer = threading.Timer(SLOW_START, bar.start)
    timer.daemon = True
    timer.start()
    try:
        yield lambda documents: _counted(documents, lambda: bar.advance(task))
    finally:
        timer.cancel()
        bar.stop()


@contextmanager
def corpus_progress() -> Iterator[OnProgress | None]:
    """Shows documents, failures, rate and, if their number is known, the time left; on a terminal only."""
    if not sys.stderr.isatty():
        yield None
        return
    columns = (
        SpinnerColumn(),
        BarColumn(),
        TextColumn(
            "{task.completed} documents, {task.fields[failed]} failed, {task.fields[rate]}/s"
        ),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None, failed=0, rate="–")
        last = 0.0

        def show(progress: CorpusProgress) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last < SHOW_EVERY and progress.done != progress.total:
                return
            last = now
            speed = bar.tasks[0].speed
            bar.update(
                task,
                completed=progress.done,
                total=progress.total,
                failed=progress.failed,
                rate=f"{speed:,.1f}" if speed else "–",
            )

        yield show


def _counted(documents: Iterable[Document], advance: Callable[[], None]) -> Iterator[Document]:
    for document in documents:
        yield document
        advance()

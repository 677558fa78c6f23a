"""What every verb shares: `--quiet`, `--debug`, errors in one line each, a progress bar when it takes long."""

from __future__ import annotations

import functools
import inspect
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Annotated, Any

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
    from stance.corpus.input import OnProgress
    from stance.corpus.input import Progress as CorpusProgress
    from stance.values import Document

SLOW_START = 1.5
"""Seconds of work before a progress bar appears on a terminal."""
FAULT = 70
"""Exit status of an error that is ours, not the user's (EX_SOFTWARE of sysexits.h)."""

is_quiet: ContextVar[bool] = ContextVar("is_quiet", default=False)
is_debug: ContextVar[bool] = ContextVar("is_debug", default=False)


def with_common_options(verb: Callable[..., None]) -> Callable[..., None]:
    """The verb with `--quiet` and `--debug` after its own options."""

    @functools.wraps(verb)
    def run(*, quiet: bool, debug: bool, **options: Any) -> None:
        is_quiet.set(quiet)
        is_debug.set(debug)
        verb(**options)

    own = inspect.signature(verb, eval_str=True).parameters.values()
    common = inspect.signature(_common, eval_str=True).parameters.values()
    parameters = [p.replace(kind=p.KEYWORD_ONLY) for p in (*own, *common)]
    # Typer reads both of these.
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    return run


def _common(
    quiet: Annotated[
        bool, typer.Option("--quiet", help="No progress bar: results and errors only.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error that ends the command.")
    ] = False,
) -> None:
    """Declares the options of every verb."""


def run_reporting(app: typer.Typer) -> int:
    """Run the command line and return its exit status; whatever ends it is said in one line."""
    wrong_usage: Any = typer.BadParameter.__base__  # click's, which newer typer contains
    try:
        return int(app(sys.argv[1:] or ["--help"], prog_name="stance", standalone_mode=False) or 0)
    except typer.Abort:
        return 130
    except wrong_usage as error:
        context = getattr(error, "ctx", None)
        path = context.command_path if context else "stance"
        message = " ".join(error.format_message().split())
        sys.stderr.write(f"stance: {message} (see {path} --help)\n")
        return 2
    except Exception as error:
        if is_debug.get():
            traceback.print_exc()
        sys.stderr.write(
            f"stance: fault in stance itself: {type(error).__name__}: {error} "
            "(please report it with what --debug prints)\n"
        )
        return FAULT


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
        line = f"{error}{hint}".replace("\n", " ")
        sys.stderr.write(f"stance: {line}\n")


@contextmanager
def reporting_errors() -> Iterator[Errors]:
    """Where to report errors; the command exits with 1 if there was any, without a traceback for ours."""
    # Records are UTF-8 whatever the locale, or they could not be read back.
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    errors = Errors()
    try:
        yield errors
    except StanceError as error:
        if is_debug.get():
            traceback.print_exc()
        errors(error)
    if errors.any:
        raise typer.Exit(1)


@contextmanager
def progress_on_terminal(
    wanted: bool,
) -> Iterator[Callable[[Iterable[Document]], Iterator[Document]]]:
    """Counts documents on a terminal once the work has taken SLOW_START seconds; else silent."""
    if is_quiet.get() or not (wanted and sys.stderr.isatty()):
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
    if is_quiet.get() or not sys.stderr.isatty():
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


@contextmanager
def busy(text: str) -> Iterator[None]:
    """Says on a terminal what is being done, and that it goes on."""
    if is_quiet.get() or not sys.stderr.isatty():
        yield
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        bar.add_task(text, total=None)
        yield


def _counted(documents: Iterable[Document], advance: Callable[[], None]) -> Iterator[Document]:
    for document in documents:
        yield document
        advance()

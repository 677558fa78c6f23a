"""An evaluation for a person: on the terminal, and as one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from stance.errors import MissingDependencyError
from stance.evaluation.scores import Evaluation, Mistake
from stance.learning.calibration import Fits
from stance.report.printing import print_evaluation

if TYPE_CHECKING:
    from stance.evaluation.comparison import Comparison

SIDE = 300
"""Width and height of a diagram in pixels."""
MOST_ERRORS = 50


def print_scores(
    result: Evaluation, other: Comparison | None, mistakes: int, console: Console
) -> None:
    """Scores, the comparison if there is one, and the worst errors."""
    print_evaluation(result, console)
    if other is not None:
        _print_comparison(other, console)
    for mistake in result.mistakes[:mistakes]:
        line = f"{mistake.gold} read as {mistake.predicted}, p({mistake.gold}) {mistake.p_gold:.3f}"
        console.print(Text(f"\n{mistake.pair.id}: {line}", style="bold"))
        console.print(_marked(mistake))


def _print_comparison(other: Comparison, console: Console) -> None:
    grid = Table("score", "model", "other", "difference", "interval", "p")
    for d in other.differences:
        interval = f"{d.low:+.3f} to {d.high:+.3f}"
        values = (f"{d.model:.3f}", f"{d.other:.3f}", f"{d.difference:+.3f}", interval)
        grid.add_row(d.score, *values, f"{d.p_value:.3f}")
    console.print(Text(f"\nmodel: {other.signature['model_id']}"))
    console.print(Text(f"other: {other.signature['other_id']}"))
    console.print(grid)
    console.print(
        f"right only by model {other.only_model}, only by other {other.only_other}, "
        f"McNemar p {other.mcnemar_p:.3f}"
    )


def print_fits(fits: Fits, console: Console) -> None:
    """Temperatures and what they change."""
    grid = Table("head", "pairs", "temperature", "ECE at 1", "ECE", "NLL at 1", "NLL")
    for head, fit in fits.items():
        values = [f"{x:.3f}" for x in (*fit["ece"], *fit["nll"])]
        grid.add_row(head, str(fit["n"]), f"{fit['temperature']:.3f}", *values)
    console.print(grid)


def _marked(mistake: Mistake) -> Text:
    """The text with source and target underlined; a control character would move a terminal."""
    pair = mistake.pair
    text = Text("".join(c if c.isprintable() else " " for c in pair.text))
    for span in (pair.source, pair.target):
        if span is not None:
            text.stylize("underline", *span)
    return text


def write_page(result: Evaluation, other: Comparison | None = None) -> str:
    """The page: scores, comparison, confusion, reliability, risk–coverage and the worst errors.

    Texts are data of others: everything is escaped, and the page loads nothing.

    Raises:
        MissingDependencyError: Jinja2 is not installed.
    """
    try:
        from jinja2 import Environment
    except ImportError as error:
        raise MissingDependencyError("jinja2", "evaluate") from error
    source = files("stance.report").joinpath("templates/scores.html").read_text(encoding="utf-8")
    template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
        source
    )
    return template.render(
        result=result,
        other=other,
        side=SIDE,
        reliability=[_point(*row[:2]) for row in result.reliability],
        risk=[_point(*row) for row in result.risk_coverage],
        errors=[(m, _pieces(m)) for m in result.mistakes[:MOST_ERRORS]],
        most=max(max(row) for row in result.confusion) or 1,
    )


def _point(x: float, y: float) -> tuple[float, float]:
    """A point of the unit square in pixels; the vertical axis points down."""
    return round(x * SIDE, 1), round((1 - y) * SIDE, 1)


def _pieces(mistake: Mistake) -> Sequence[tuple[str, str]]:
    """The text in pieces, each with its role: source, target or none."""
    pair = mistake.pair
    ends = {"source": pair.source, "target": pair.target}
    spans = sorted((span, role) for role, span in ends.items() if span is not None)
    pieces, at = [], 0
    for (start, end), role in spans:
        pieces += [("", pair.text[at:start]), (role, pair.text[max(at, start) : end])]
        at = max(at, end)
    return [*pieces, ("", pair.text[at:])]

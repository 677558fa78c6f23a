"""Pictures of vectors: actor × target heat map, one dyad over time, actors as dots with intervals.

Every function returns a matplotlib `Figure` of its own; pyplot and rcParams are left alone, so it
works on a server and in threads. Save it with `figure.savefig("x.png")`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from stance.actors.table import ActorTable, load_actor_table
from stance.errors import InputError, MissingDependencyError
from stance.turns.search import Turn
from stance.turns.shifts import StatedShift
from stance.vectors.aggregation import Cell, StanceVector
from stance.vectors.periods import on_calendar, period_start
from stance.vectors.positions import Alignment

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PALETTE = "RdBu"
"""ColorBrewer's red to blue: told apart by all common kinds of colour blindness."""
AGAINST, FAVOR, LINE = "#b2182b", "#2166ac", "#222222"
NOTE: Any = {"fontsize": "small", "color": "#555555"}
FEW_COLOR = "#dcdcdc"
FEW = 5
"""Below this many sentences a cell is grey: its mean says little."""
LONGEST_NAME = 26
Found = TypeVar("Found", Turn, StatedShift)


def plot_matrix(
    vectors: Iterable[StanceVector],
    *,
    table: ActorTable | None = None,
    few: int = FEW,
    most: int = 20,
) -> Figure:
    """A heat map: row actors' mean stance toward column actors, red against to blue in favor.

    Each cell shows its mean and, below it, its sentences; where these are fewer than `few` it is grey.

    Args:
        vectors: of one period, as from `aggregate(records, by="all")`.
        table: gives actors their names; default: the built-in table.
        few: sentences.
        most: rows and columns at most; those with the most sentences are kept.

    Raises:
        InputError: the vectors are of several periods.
        MissingDependencyError: matplotlib is not installed.
    """
    chosen = list(vectors)
    _one_period((v.period for v in chosen), "vectors")
    cells = {(v.source_id, c.target_id): c for v in chosen for c in v.cells}
    names = table or load_actor_table()
    rows, columns = (_largest(cells, side, most, names) for side in (0, 1))
    width = 2.2 + 0.62 * max(len(columns), 3)
    figure, axes = _figure(width, 2.7 + 0.5 * len(rows))
    if not cells:
        return _nothing(figure, axes, "No stance between two resolved actors.")
    colors = _colors()
    for y, source in enumerate(rows):
        for x, target in enumerate(columns):
            if (source, target) in cells:
                _draw_cell(axes, x, y, cells[source, target], few, colors)
    axes.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(rows) - 0.5, -0.5))
    axes.set_xticks(
        range(len(columns)), [_short(names, t) for t in columns], rotation=45, ha="left",
        rotation_mode="anchor",
    )  # fmt: skip
    axes.set_yticks(range(len(rows)), [_short(names, s) for s in rows])
    axes.tick_params(length=0, top=False, labeltop=True, labelbottom=False)
    axes.set_ylabel("source")
    axes.set_xlabel("target")
    axes.xaxis.set_label_position("top")
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(
        colors, ax=axes, location="bottom", shrink=min(1, 3.6 / width), aspect=24, pad=0.02
    )
    bar.outline.set_visible(False)
    bar.set_ticks([-1, 0, 1], labels=["−1 against", "0", "+1 in favor"])
    left_out = _left_out(cells, rows, columns)
    note = f"Mean stance and number of sentences. Grey: fewer than {few}.{left_out}"
    figure.supxlabel(note, **NOTE, x=0.01, ha="left")
    return figure


def plot_series(
    vectors: Iterable[StanceVector],
    source: str,
    target: str,
    *,
    turns: Iterable[Turn] = (),
    shifts: Iterable[StatedShift] = (),
    table: ActorTable | None = None,
    few: int = FEW,
) -> Figure:
    """One actor's mean stance toward another over time, with intervals, counts and turns.

    Args:
        vectors: of several periods, as from `aggregate(records, by="month")`.
        source: actor id, as "JPN".
        target: actor id.
        turns: from `find_turns`, of any dyads; drawn as dashed lines with the means of both sides.
        shifts: from `stated_shifts`, of any dyads; drawn as triangles at the bottom.
        table: gives actors their names; default: the built-in table.
        few: sentences; periods with fewer have a hollow point.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    cells = {
        v.period: (c, v.level)
        for v in vectors
        for c in v.cells
        if (v.source_id, c.target_id) == (source, target)
    }
    names = table or load_actor_table()
    title = f"{_short(names, source)} → {_short(names, target)}"
    figure, axes = _figure(8, 4.2)
    periods = on_calendar(cells)
    if not periods:
        return _nothing(figure, axes, f"{title}: no dated sentence.")
    figure.delaxes(axes)
    axes, counts = figure.subplots(2, 1, sharex=True, height_ratios=[4, 1])
    shown = [cells[period][0] for period in periods]
    days = [_day(period) for period in periods]
    _draw_series(axes, days, shown, few)
    for turn in _of_dyad(turns, source, target):
        _draw_turn(axes, turn)
    stated = [_day(s.date.isoformat()) for s in _of_dyad(shifts, source, target) if s.date]
    if stated:
        axes.scatter(stated, [-0.99] * len(stated), marker="^", c="white", edgecolors=LINE, s=60)
    axes.set_title(title, loc="left", fontweight="bold")
    note = f"{cells[periods[0]][1]:.0%} intervals; hollow: fewer than {few} sentences"
    note += "; triangle: shift stated" if stated else ""
    figure.supxlabel(note, x=0.01, ha="left", **NOTE)
    _draw_counts(counts, days, [cell.n for cell in shown], periods)
    for part in (axes, counts):
        part.spines[["top", "right"]].set_visible(False)
    return figure


def plot_vector(
    vector: StanceVector, *, table: ActorTable | None = None, few: int = FEW, most: int = 25
) -> Figure:
    """One actor's stance toward each of its targets: a dot with its interval, lowest first.

    Args:
        vector: of `aggregate`.
        table: gives actors their names; default: the built-in table.
        few: sentences; targets with fewer have a hollow dot.
        most: targets at most; those with the most sentences are kept.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    names = table or load_actor_table()
    kept = sorted(vector.cells, key=lambda c: (-c.n, c.target_id))[:most]
    rows = [(c.target_id, c.mean, c.low, c.high, c.n) for c in kept]
    more = (
        f"; {len(vector.cells) - most} more targets not shown" if len(vector.cells) > most else ""
    )
    figure = _dots(rows, names, few, "mean stance, −1 against to +1 in favor")
    figure.axes[0].set_title(
        f"{_short(names, vector.source_id)} toward each target", loc="left", fontweight="bold"
    )
    period = "" if vector.period == "all" else f"{vector.period}, "
    note = f"{period}{vector.level:.0%} intervals, sentences at the right; hollow: fewer than {few}{more}"
    figure.supxlabel(note, **NOTE, x=0.01, ha="left")
    return figure


def plot_alignment(
    alignments: Iterable[Alignment],
    *,
    toward: str,
    away: str,
    table: ActorTable | None = None,
    few: int = FEW,
) -> Figure:
    """Where actors stand between two others: a dot with its interval for each, lowest first.

    Args:
        alignments: of `alignment(vectors, toward=toward, away=away)`, of one period.
        toward: the actor at +1.
        away: the actor at −1.
        table: gives actors their names; default: the built-in table.
        few: sentences; actors with fewer have a hollow dot.

    Raises:
        InputError: the alignments are of several periods.
        MissingDependencyError: matplotlib is not installed.
    """
    chosen = list(alignments)
    _one_period((a.period for a in chosen), "alignments")
    names = table or load_actor_table()
    rows = [(a.actor_id, a.value, a.low, a.high, a.n) for a in chosen]
    label = f"from {_short(names, away)} (−1) to {_short(names, toward)} (+1)"
    figure = _dots(rows, names, few, label)
    note = f"Intervals; sentences at the right; hollow: fewer than {few}"
    figure.supxlabel(note, x=0.01, ha="left", **NOTE)
    return figure


def _one_period(periods: Iterable[str], what: str) -> None:
    found = sorted(set(periods))
    if len(found) > 1:
        raise InputError(
            f"{what} of {len(found)} periods ({', '.join(found[:3])}, ...); must be of one",
            hint="aggregate with by='all', or keep those of one period",
        )


def _dots(
    rows: Sequence[tuple[str, float, float, float, int]],
    names: ActorTable,
    few: int,
    label: str,
) -> Figure:
    """Actor, value, low, high, n for each row; drawn from the highest value down."""
    rows = sorted(rows, key=lambda row: (row[1], row[0]))
    figure, axes = _figure(7, 1.5 + 0.3 * max(len(rows), 2))
    if not rows:
        return _nothing(figure, axes, "No stance between two resolved actors.")
    for y, (_, value, low, high, n) in enumerate(rows):
        axes.hlines(y, low, high, color="#777777", linewidth=2.2, alpha=0.6)
        color = _color(value)
        axes.scatter(
            [value], [y], c=[color if n >= few else "white"], edgecolors=LINE, s=52, zorder=3
        )
        right = axes.get_yaxis_transform()  # x in axes, y in rows
        axes.text(1.02, y, f"{n:,}", va="center", transform=right, **NOTE)
    axes.axvline(0, color="#999999", linewidth=0.8, zorder=0)
    axes.set_yticks(range(len(rows)), [_short(names, row[0]) for row in rows])
    axes.set(xlim=(-1.05, 1.05), ylim=(-0.7, len(rows) - 0.3), xlabel=label)
    axes.set_xticks([-1, -0.5, 0, 0.5, 1], ["−1", "−0.5", "0", "+0.5", "+1"])
    axes.grid(axis="y", color="#eeeeee")
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    return figure


def _draw_cell(axes: Axes, x: int, y: int, cell: Cell, few: int, colors: Any) -> None:
    from matplotlib.patches import Rectangle

    enough = cell.n >= few
    fill = colors.to_rgba(cell.mean) if enough else FEW_COLOR
    axes.add_patch(Rectangle((x - 0.48, y - 0.47), 0.96, 0.94, facecolor=fill, linewidth=0))
    ink = "#555555" if not enough else "white" if abs(cell.mean) > 0.62 else "black"
    # Rounding first, or a mean of -0.004 would read as −0.00.
    mean = f"{round(cell.mean, 2) + 0.0:+.2f}".replace("-", "−")
    axes.text(x, y - 0.13, mean, ha="center", va="center", color=ink, fontsize=8.5)
    axes.text(x, y + 0.25, f"{cell.n:,}", ha="center", va="center", color=ink, fontsize=6.5)


def _draw_series(axes: Axes, days: list[float], cells: list[Cell], few: int) -> None:
    lows, means, highs = zip(*((c.low, c.mean, c.high) for c in cells), strict=True)
    axes.axhline(0, color="#999999", linewidth=0.8)
    axes.fill_between(days, lows, highs, color="#bbbbbb", alpha=0.45, linewidth=0)
    axes.vlines(days, lows, highs, color="#999999", linewidth=1)
    axes.plot(days, means, color=LINE, linewidth=1.4)
    fill = [_color(c.mean) if c.n >= few else "white" for c in cells]
    axes.scatter(days, means, c=fill, edgecolors=LINE, s=42, zorder=3)
    axes.set(ylim=(-1.05, 1.05), ylabel="mean stance", yticks=[-1, -0.5, 0, 0.5, 1])
    axes.set_yticklabels(["−1 against", "−0.5", "0", "+0.5", "+1 in favor"])


def _draw_counts(axes: Axes, days: list[float], counts: list[int], periods: list[str]) -> None:
    from matplotlib.ticker import MaxNLocator

    gaps = [after - day for day, after in zip(days, days[1:], strict=False)]
    width = 0.7 * min([*gaps, (days[-1] - days[0]) / 8]) if gaps else 20
    axes.bar(days, counts, width=width, color="#888888")
    axes.set_ylabel("sentences")
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    if gaps:
        _date_axis(axes)
    else:
        around = 200
        axes.set_xticks(days, periods)
        axes.set_xlim(days[0] - around, days[0] + around)


def _of_dyad(found: Iterable[Found], source: str, target: str) -> list[Found]:
    return [f for f in found if (f.source_id, f.target_id) == (source, target)]


def _draw_turn(axes: Axes, turn: Turn) -> None:
    x = _day(turn.at)
    first, last = axes.get_xlim()
    axes.axvline(x, color="#444444", linestyle=(0, (4, 3)), linewidth=1.2)
    axes.hlines(turn.before, first, x, color=_color(turn.before), linewidth=2.4, alpha=0.8)
    axes.hlines(turn.after, x, last, color=_color(turn.after), linewidth=2.4, alpha=0.8)
    axes.set_xlim(first, last)
    right = x > (first + last) / 2
    p = f"p = {turn.p_value:.3f}" if turn.p_value >= 0.001 else "p < 0.001"
    text = f"turn: {turn.before:+.2f} to {turn.after:+.2f}, {p}".replace("-", "−")
    axes.annotate(
        text, (x, 0.96), xytext=(-5 if right else 5, 0), textcoords="offset points",
        ha="right" if right else "left", va="center", fontsize="small",
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.5},
    )  # fmt: skip


def _day(period: str) -> float:
    """Where matplotlib puts the first day of a period on an axis of time."""
    from matplotlib.dates import date2num

    return float(date2num(period_start(period)))  # type: ignore[no-untyped-call]


def _date_axis(axes: Axes) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(maxticks=12)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]


def _largest(
    cells: dict[tuple[str, str], Cell], side: int, most: int, names: ActorTable
) -> list[str]:
    """The actors with the most sentences on one side, sorted by name."""
    sentences: Counter[str] = Counter()
    for dyad, cell in sorted(cells.items()):
        sentences[dyad[side]] += cell.n
    kept = (actor for actor, _ in sentences.most_common(most))
    return sorted(kept, key=lambda actor: (names.name_of(actor).casefold(), actor))


def _left_out(cells: dict[tuple[str, str], Cell], rows: list[str], columns: list[str]) -> str:
    sources, targets = (len({dyad[side] for dyad in cells}) for side in (0, 1))
    if sources == len(rows) and targets == len(columns):
        return ""
    return (
        f"\nShown: {len(rows)} of {sources} sources, {len(columns)} of {targets} targets, "
        "those with the most sentences."
    )


def _short(names: ActorTable, actor_id: str) -> str:
    name = names.name_of(actor_id)
    name = name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1].rstrip() + "…"
    return name.replace("$", r"\$")  # matplotlib would set the rest as mathematics


def _color(score: float) -> str:
    return AGAINST if score < 0 else FAVOR


def _colors() -> Any:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    return ScalarMappable(Normalize(-1, 1), PALETTE)


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure that pyplot does not know of."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingDependencyError("matplotlib", "plots") from error
    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white", dpi=120)
    return figure, figure.subplots()


def _nothing(figure: Figure, axes: Axes, message: str) -> Figure:
    figure.set_size_inches(5, 1.5)
    axes.set_axis_off()
    axes.text(0.5, 0.5, message, ha="center", va="center", color="#555555", wrap=True)
    return figure

"""Records to one HTML page that needs no network: heat map, series, turns and every number's sentences.

News text is hostile input. It reaches the page only as JSON with `<` escaped and through Jinja's
autoescape, the script puts it in as text, and the page's own policy lets nothing run or load but
the one script and style that it came with.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterable, Sequence
from importlib import resources
from typing import TYPE_CHECKING, Any

from stance.actors.table import ActorTable, load_actor_table
from stance.errors import InputError, MissingDependencyError
from stance.marking import showable
from stance.records import StanceRecord
from stance.report.page_data import page_data, summary
from stance.report.page_evidence import as_json
from stance.turns.search import search_turns
from stance.vectors.partials import Selection, partial

if TYPE_CHECKING:
    from stance.scoring.scorer import Scorer

MAX_BYTES = 3_000_000
REST = 20_000
"""Bytes kept free for the page around its data, style and script."""
SCRIPTS = ("numbers.js", "tables.js", "series.js", "page.js")


def write_html(
    records: Iterable[StanceRecord],
    path: str | os.PathLike[str],
    *,
    title: str = "Actor stances",
    by: str = "month",
    level: float = 0.9,
    select: Selection | None = None,
    table: ActorTable | None = None,
    scorer: Scorer | None = None,
) -> int:
    """Write records as one self-contained HTML page and return its size in bytes, at most MAX_BYTES.

    The numbers are those of `aggregate` and `find_turns`. Where not all sentences fit, each pair of
    actors keeps its strongest and latest ones, and the page says how many are left out. The same
    records give the same page.

    Args:
        records: in any order.
        path: of the page.
        title: of the page.
        by: the period of the series: day, week, month, quarter or year.
        level: nominal coverage of the intervals, in (0, 1).
        select: which actors count as one, which dates count, and whether models may mix.
        table: gives actors their names; default: the scorer's, else the built-in table.
        scorer: the model of the records; marks the cue of every sentence on the page, which
            takes about ten times as long as scoring them (`find_cues`). Default: no cues.

    Raises:
        InputError: `by` or `level` is not one of the above, the records are of several models or
            not of the scorer's, or the page cannot be written.
        MissingDependencyError: jinja2 is not installed.
    """
    try:
        import jinja2
        from markupsafe import Markup
    except ImportError as error:
        raise MissingDependencyError("jinja2", "report") from error
    rows = list(records)
    sums = partial(rows, by, select)
    search = search_turns(sums, level=level)
    style = _own("page.css")
    script = '"use strict";\n' + "".join(_own(name) for name in SCRIPTS)
    names = table or (scorer.table if scorer else load_actor_table())
    room = MAX_BYTES - len(script.encode()) - len(style.encode()) - REST
    found = page_data(rows, sums, search, names, level=level, max_bytes=room, scorer=scorer)
    whole = summary(rows, sums)
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    text = environment.from_string(_own("page.html")).render(
        title=showable(title)[:200],
        policy=_policy(script, style),
        style=Markup(style),
        script=Markup(script),
        data=Markup(as_json(found)),
        tiles=_tiles(whole),
        tested=search.tested,
        untested=search.untested,
        notes=_notes(whole, found),
    )
    return _write(path, text.encode())


def _write(path: str | os.PathLike[str], content: bytes) -> int:
    try:
        with open(path, "wb") as out:
            return out.write(content)
    except OSError as error:
        raise InputError(f"{os.fspath(path)} cannot be written: {error.strerror}") from error


def _own(name: str) -> str:
    return (resources.files("stance.report") / "templates" / name).read_text(encoding="utf-8")


def _policy(script: str, style: str) -> str:
    """Nothing loads or runs but these two; no text can be made into HTML by a script."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_hash(script)}'",
            f"style-src '{_hash(style)}'",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _tiles(whole: dict[str, Any]) -> list[tuple[str, tuple[str, ...]]]:
    """Names with the lines of their values."""
    first, last = whole["periods"] or ("none", "")
    days = (first,) if last in ("", first) else (f"{first} to", last)
    numbers = {"Records counted": "counted", "Documents": "documents", "Outlets": "outlets"}
    numbers |= {"Actors": "actors", "Pairs": "dyads"}
    return [
        ("Periods", days),
        *((name, (f"{whole[key]:,}",)) for name, key in numbers.items()),
    ]


def _notes(whole: dict[str, Any], found: dict[str, Any]) -> Sequence[str]:
    """What was counted, what was not, and by which model."""
    kept = len(found["evidence"].get("dyad", ()))
    notes = [
        f"{whole['records']:,} records by the model {', '.join(whole['models']) or 'none'}.",
        "An interval is for the mean label that readers would give. It allows for the model's errors, "
        "which pull a mean toward neutral, so the mean may lie near one end of it.",
        f"{kept:,} distinct sentences are on this page. Near-identical sentences of a pair count once.",
    ]
    if whole["left_out"]:
        notes.append(
            f"{whole['left_out']:,} records are not counted: source or target is unresolved, or they "
            "are too far apart in their sentence to be read together."
        )
    if whole["no_date"]:
        notes.append(
            f"{whole['no_date']:,} counted records have no date: they are in the heat map and in no series."
        )
    if whole["out_of_range"]:
        notes.append(
            f"{whole['out_of_range']:,} counted records have a date out of range and are not shown."
        )
    if whole["abstained"]:
        notes.append(
            f"The model was unsure of {whole['abstained']:,} counted records; they count with their probabilities."
        )
    if found["pairs_left_out"]:
        notes.append(
            f"{found['pairs_left_out']:,} pairs with the fewest sentences are left out of this page."
        )
    if found["series_left_out"]:
        notes.append(
            f"{found['series_left_out']:,} pairs with few sentences have no series on this page, and "
            "are not shown when periods are chosen."
        )
    return notes

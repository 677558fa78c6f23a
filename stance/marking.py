"""A sentence with its source, target and cue marked, safe to show whatever the news text holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

Span = tuple[int, int]
INK = {"against": "#b2182b", "neutral": "#5a5a5a", "favor": "#2166ac"}
"""The colour of each stance: red and blue of ColorBrewer's RdBu, for colour-blind readers too."""

# What would reorder the text around it, move a terminal, or could not be written as UTF-8.
_UNSAFE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_BREAKS = re.compile("[\t-\r\u2028\u2029]")


def showable(text: str) -> str:
    """The text, character for character, with line breaks as spaces and unsafe characters as U+FFFD.

    >>> showable("one\\ntwo \\u202e")
    'one two \\ufffd'
    """
    return _UNSAFE.sub("\ufffd", _BREAKS.sub(" ", text))


def pieces(
    text: str, source: Span | None, target: Span | None, cue: Span | None = None
) -> list[tuple[str, str]]:
    """The text cut where a mark starts or ends: (piece, roles), roles as "", "source" or "source target".

    >>> pieces("Oslo thanked Rome.", (0, 4), (13, 17), cue=(5, 12))
    [('Oslo', 'source'), (' ', ''), ('thanked', 'cue'), (' ', ''), ('Rome', 'target'), ('.', '')]
    """
    named = (("source", source), ("target", target), ("cue", cue))
    roles = [(role, span) for role, span in named if span is not None]
    cuts = sorted({0, len(text), *(min(max(0, i), len(text)) for _, span in roles for i in span)})
    return [
        (text[a:b], " ".join(role for role, (start, end) in roles if start <= a and b <= end))
        for a, b in zip(cuts, cuts[1:], strict=False)
    ]


def sentence_html(
    text: str, source: Span | None, target: Span | None, stance: str, cue: Span | None = None
) -> str:
    """An HTML fragment: source underlined, target in a box of the stance's colour, cue bold on yellow.

    Args:
        text: the sentence.
        source: half-open characters into `text`, or None.
        target: the same.
        stance: against, neutral or favor.
        cue: as source.
    """
    styles = {
        "source": "border-bottom:3px solid #333",
        "target": f"border:2px solid {INK.get(stance, INK['neutral'])};border-radius:3px;padding:0 2px",
        # Its own ink, since a dark notebook has white.
        "cue": "background:#ffec99;color:#1b1b1b;font-weight:700",
    }
    marked = []
    for piece, role in pieces(showable(text), source, target, cue):
        safe = escape(piece)
        style = ";".join(styles[name] for name in role.split())
        if style:
            safe = (
                f'<mark title="{role}" style="background:none;color:inherit;{style}">{safe}</mark>'
            )
        marked.append(safe)
    return f'<p dir="auto" style="overflow-wrap:anywhere;line-height:1.7">{"".join(marked)}</p>'


def table_html(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """An HTML table of plain texts."""
    lines = [("th", head), *(("td", row) for row in rows)]
    cells = ("".join(f"<{tag}>{escape(showable(t))}</{tag}>" for t in row) for tag, row in lines)
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in cells)}</table>"

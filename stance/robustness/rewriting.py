"""Small changes of a text that carry the labelled spans along, and typographic noise made of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from stance.evaluation.labelled import LabelledPair, Span

Edit = tuple[int, int, str]
"""Half-open characters of a text and what to write there instead; an empty span inserts."""


def edited(
    text: str, edits: Iterable[Edit], spans: Iterable[Span] = ()
) -> tuple[str, tuple[Span, ...]]:
    """The text with all edits made, and where the spans are then.

    Args:
        text: any text.
        edits: into `text`, in any order; they must not overlap.
        spans: into `text`; each edit lies inside one or outside. What is inserted right before a
            span stays outside.

    >>> edited("Oslo met Rome.", [(0, 4, "Lima"), (9, 9, "old ")], [(0, 4), (9, 13)])
    ('Lima met old Rome.', ((0, 4), (13, 17)))
    """
    ordered = sorted(edits)
    pieces, at = [], 0
    for start, end, new in ordered:
        pieces += [text[at:start], new]
        at = end

    def moved(position: int) -> int:
        return position + sum(
            len(new) - (end - start) for start, end, new in ordered if end <= position
        )

    return "".join([*pieces, text[at:]]), tuple((moved(s), moved(e)) for s, e in spans)


def rewritten(pairs: Iterable[LabelledPair], edits: Sequence[Edit]) -> list[LabelledPair]:
    """Pairs of one text, with source and target, after the edits of that text."""
    changed = []
    for pair in pairs:
        spans = [span for span in (pair.source, pair.target) if span is not None]
        text, (source, target) = edited(pair.text, edits, spans)
        changed.append(replace(pair, text=text, source=source, target=target))
    return changed


def whole_word(name: str) -> str:
    """A pattern of the name where no word goes on before or after it."""
    return rf"(?<!\w){re.escape(name)}(?!\w)"


def other_quotes(text: str) -> list[Edit]:
    """Straight quotes and apostrophes to curly ones, and the reverse."""
    edits, is_open = [], False
    for match in re.finditer("[\"'“”‘’]", text):
        mark = match[0]
        if mark == '"':
            is_open = not is_open
            new = "“" if is_open else "”"
        elif mark == "'":
            new = "’" if match.start() and text[match.start() - 1].isalnum() else "‘"
        else:
            new = '"' if mark in "“”" else "'"
        edits.append((*match.span(), new))
    return edits


def capitals(text: str) -> list[Edit]:
    """Every word in capitals, as in a headline."""
    return [(*m.span(), m[0].upper()) for m in re.finditer(r"\w+", text) if m[0] != m[0].upper()]


def no_full_stop(text: str) -> list[Edit]:
    """The full stop at the end taken away."""
    match = re.search(r"(?<=\w)\.\s*$", text)
    return [(match.start(), match.end(), "")] if match else []


def doubled_spaces(text: str) -> list[Edit]:
    """Two spaces for each single one."""
    return [(*m.span(), "  ") for m in re.finditer(r"(?<! ) (?! )", text)]


def em_dashes(text: str) -> list[Edit]:
    """An unspaced em dash for semicolons, other dashes, and commas before a clause of their own."""
    clause = "(?:although|but|despite|even|though|which|while|who|whose|yet)"
    pattern = rf"(?<=\w)(?:; | - | -- |--| – | — |, (?={clause} ))(?=\w)"
    return [(*m.span(), "—") for m in re.finditer(pattern, text)]


NOISE: Mapping[str, Callable[[str], list[Edit]]] = {
    "curly or straight quotes": other_quotes,
    "capitals": capitals,
    "no full stop": no_full_stop,
    "doubled spaces": doubled_spaces,
    "em dashes": em_dashes,
}
"""Typographic noise by name: the edits of a text, none where it does not apply."""

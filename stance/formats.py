"""Labelled sets in their native shapes, read as labelled pairs.

| format | rows | what the model is asked |
|---|---|---|
| pairs, csv | our JSONL rows, or `text, source, target, stance` with the mentions as they are written | as given |
| newsmtsc | NewsMTSC JSONL, `sentence_normalized` + `targets` or one target a row | portrayal of the target |
| rusentne | `sentence, entity, label` (−1, 0, 1), with or without offsets | portrayal of the entity |
| dse | DSE, tab-separated: sentence with [p] and [q], p, q, class | p → q and q → p |
| seesaw | `SEESAW_data.*.json` of SEESAW's own conversion script | source → target; author → target |
| plover | `sentence, source, target, gold_root`: PLOVER root codes | source → target |
| semeval2016 | SemEval-2016 Task 6: `ID, Target, Tweet, Stance` | portrayal of the target |

SemEval labels the stance of the *author* toward a target the tweet may not name, and there is no source
to mark. So the target is put in front of the tweet ("Hillary Clinton: ...") and the model is asked how
the text portrays it; FAVOR, AGAINST and NONE are positive, negative and neutral. `f1_polar` is the task's
own score. PLOVER codes are folded as our labels are written: co-operation is favor, conflict is against,
CONSULT and a plain REQUEST are neutral. SEESAW lists only pairs with a stance.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from stance.errors import InputError
from stance.labelled import (
    LabelledPair,
    RowError,
    Span,
    check_text,
    good_rows,
    json_object,
    numbered_lines,
    parse_row,
    show,
)
from stance.tables import rows_of_table
from stance.tagging import whole_words
from stance.values import ACTS, STANCES

Row = Mapping[str, Any]
Labelled = str | os.PathLike[str] | Iterable[Any]
"""A file, pairs, rows as mappings, or a table: pandas, polars, Arrow, `datasets.Dataset`."""

DSE_COLUMNS = ("marked", "p", "q", "class")
DSE_CLASSES = {
    "0": ("neutral", "neutral"),
    "1": ("favor", "neutral"),
    "2": ("neutral", "favor"),
    "3": ("against", "neutral"),
    "4": ("neutral", "against"),
}
"""Stance of p toward q, and of q toward p."""
POLARITIES = {-1.0: "negative", 0.0: "neutral", 1.0: "positive"}
NEWSMTSC_POLARITIES = {**POLARITIES, 2.0: "negative", 4.0: "neutral", 6.0: "positive"}
SEMEVAL = {"AGAINST": "negative", "NONE": "neutral", "FAVOR": "positive"}
PLOVER_STANCES = {
    "favor": ("AGREE", "SUPPORT", "COOPERATE", "AID", "CONCEDE", "RETREAT", "YIELD"),
    "neutral": ("CONSULT", "REQUEST"),
    "against": (
        "ACCUSE", "REJECT", "THREATEN", "PROTEST", "SANCTION", "MOBILIZE", "COERCE", "ASSAULT",
    ),
}  # fmt: skip


def read_pairs(
    data: Labelled,
    *,
    format: str | None = None,
    labels: Sequence[str] | None = STANCES,
    on_error: Callable[[InputError], object] | None = None,
) -> list[LabelledPair]:
    """All labelled pairs of a file or table, in order.

    Args:
        data: a file (.jsonl, .json, .csv, .tsv, .txt, in UTF-8); pairs; rows as mappings; a pandas,
            polars or Arrow table; a `datasets.Dataset`.
        format: one of pairs, csv, newsmtsc, rusentne, dse, seesaw, plover, semeval2016; None
            recognises it by the columns of the first row.
        labels: what `stance` may be; None for anything.
        on_error: receives the error of each wrong row, which is then skipped, so that one bad row
            never loses the others; None raises the first.

    Returns:
        The pairs; empty for an empty file. A row without `id` gets its number.

    Raises:
        InputError: the data cannot be read or recognised, or a row is wrong; names file, line and field.
    """
    return list(iter_pairs(data, format=format, labels=labels, on_error=on_error))


def iter_pairs(
    data: Labelled,
    *,
    format: str | None = None,
    labels: Sequence[str] | None = STANCES,
    on_error: Callable[[InputError], object] | None = None,
) -> Iterator[LabelledPair]:
    """What `read_pairs` returns, one at a time: a JSONL file may be larger than memory.

    Raises:
        InputError: as `read_pairs`; a file that cannot be opened raises at the call.
    """
    if format is not None and format not in PARSERS:
        raise InputError(f"format is {format!r}; must be one of {', '.join(PARSERS)}")
    if isinstance(data, str | os.PathLike):
        name, rows = os.fspath(data), _file_rows(Path(data), format)
    else:
        name, rows = "the given rows", enumerate(rows_of_table(data), 1)

    def parse(row: Any, number: int) -> list[LabelledPair]:
        nonlocal format
        if isinstance(row, bytes):
            row = json_object(row, number)
        if isinstance(row, LabelledPair):
            return [_checked(row, labels)]
        if not isinstance(row, Mapping):
            raise RowError(f"a row must be a LabelledPair or a mapping, got {show(row)}")
        format = format or _recognise(row, name)
        try:
            return [_checked(pair, labels) for pair in PARSERS[format](row, number)]
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise RowError(f"not a row of the format {format}: {error!r}") from error

    return chain.from_iterable(good_rows(rows, name, parse, on_error))


def _checked(pair: LabelledPair, labels: Sequence[str] | None) -> LabelledPair:
    if labels is not None and pair.stance is not None and pair.stance not in labels:
        raise RowError(
            f"field 'stance' must be one of {tuple(labels)} or null, got {show(pair.stance)}",
            hint="labels of your own are named when a model is trained: stance train --labels",
        )
    return pair


def _recognise(row: Row, name: str) -> str:
    for format, needed in SHAPES:
        if needed <= row.keys():
            return format
    shapes = "; ".join(f"{format}: {', '.join(sorted(needed))}" for format, needed in SHAPES)
    raise InputError(
        f"{name} is of no known format: its first row has the fields {show(sorted(map(str, row)))}",
        hint=f"fields needed: {shapes}",
    )


def _file_rows(path: Path, format: str | None) -> Iterator[tuple[int, Any]]:
    """Numbered rows of a file: mappings, or lines that hold a JSON object."""
    kind = path.suffix.lower()
    if kind in (".csv", ".tsv", ".txt", ".tab"):
        return _delimited_rows(path, format)
    if kind == ".json":
        return enumerate(_json_rows(path), 1)
    return numbered_lines(path)


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is not UTF-8: byte 0x{error.object[error.start]:02x} at {error.start}",
            hint="convert it first, as in: iconv -f windows-1252 -t utf-8 FILE",
        ) from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error


def _delimited_rows(path: Path, format: str | None) -> Iterator[tuple[int, Row]]:
    content = _read(path)
    header = content.partition("\n")[0].rstrip("\r")
    lines = io.StringIO(content, newline="")
    tabs = header.count("\t")
    if format == "dse" or (format is None and tabs == 3 and "[" in header):
        reader = csv.DictReader(lines, DSE_COLUMNS, delimiter="\t")
    elif header.lower().split("\t") == ["id", "target", "tweet", "stance"]:
        # Tweets hold quotation marks that open and never close.
        reader = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    else:
        reader = csv.DictReader(lines, delimiter="\t" if tabs else ",")
    for row in reader:
        yield reader.line_num, {k.strip(): v for k, v in row.items() if isinstance(k, str)}


def _json_rows(path: Path) -> Sequence[Row]:
    try:
        rows = json.loads(_read(path))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not JSON: {error}") from error
    if not isinstance(rows, list):
        raise InputError(f"{path} holds a JSON {type(rows).__name__}; must be an array of rows")
    return rows


def locate(text: str, source: str | None, target: str | None) -> tuple[Span | None, Span | None]:
    """Where source and target stand in the text, as whole words and not inside each other.

    Raises:
        RowError: one is not there, or could be in several places.
    """
    wanted = {"source": source, "target": target}
    found = {field: _places(text, name) for field, name in wanted.items() if name}
    for field, places in found.items():
        if not places:
            raise RowError(
                f"field '{field}': {show(wanted[field])} is not in the text {show(text)}",
                hint="write the mention as it stands in the text",
            )
    ways = [
        (s, t)
        for s in found.get("source", [None])
        for t in found.get("target", [None])
        if s is None or t is None or s[1] <= t[0] or t[1] <= s[0]
    ]
    if len(ways) != 1:
        named = " and ".join(show(name) for name in wanted.values() if name)
        raise RowError(
            f"fields 'source' and 'target': {named} stand in the text in {len(ways)} ways: {show(text)}",
            hint="give offsets instead: {'start': ..., 'end': ...} in JSONL",
        )
    return ways[0]


def _places(text: str, name: str) -> list[Span | None]:
    pattern = rf"(?<!\w){re.escape(name.strip())}(?!\w)"
    return [m.span() for m in re.finditer(pattern, text)]


def _plain(row: Row, number: int) -> list[LabelledPair]:
    """Our own rows; mentions as offsets or as written."""
    given = {k: None if isinstance(v, str) and not v.strip() else v for k, v in row.items()}
    if any(isinstance(given.get(end), str) for end in ("source", "target")):
        text = check_text(given)
        for end in ("source", "target"):
            if not isinstance(given.get(end), str | None):
                raise RowError(f"field '{end}' must be a mention as written, like the other one")
        spans = locate(text, given.get("source"), given.get("target"))
        for end, span in zip(("source", "target"), spans, strict=True):
            given[end] = span and {"start": span[0], "end": span[1]}
    return [parse_row(given, number)]


def _newsmtsc(row: Row, number: int) -> list[LabelledPair]:
    if "targets" in row:
        text = check_text({"text": row["sentence_normalized"]})
        given = [(t, t.get("Input.gid", f"{number}-{i}")) for i, t in enumerate(row["targets"])]
    else:
        text = check_text({"text": row["sentence"]})
        given = [(row, row.get("id", str(number)))]
    pairs = []
    for target, name in given:
        span = _offsets(target.get("from"), target.get("to"), text)
        sentiment = _mapped(target, "polarity", NEWSMTSC_POLARITIES)
        # The article comes first in NewsMTSC's ids.
        document = "_".join(str(name).split("_")[:3])
        pairs.append(
            LabelledPair(str(name), text, None, span, sentiment=sentiment, doc_id=document)
        )
    return pairs


def _rusentne(row: Row, number: int) -> list[LabelledPair]:
    text = check_text({"text": row["sentence"]})
    start, end = (row.get(f"entity_pos_{end}_rel") for end in ("start", "end"))
    if start in (None, ""):
        _, span = locate(text, None, str(row["entity"]))
    else:
        span = _offsets(start, end, text)
    sentiment = _mapped(row, "label", POLARITIES)
    return [LabelledPair(str(number), text, None, span, sentiment=sentiment)]


def _dse(row: Row, number: int) -> list[LabelledPair]:
    missing = [c for c in DSE_COLUMNS if not row.get(c)]
    label = str(row.get("class") or "").strip()
    if missing or label not in DSE_CLASSES:
        raise RowError(
            "a DSE line has a sentence with [p] and [q], p, q and a class of 0 to 4, separated by "
            f"tabs; got {show(list(row.values()))}"
        )
    text, p, q = unmark(row["marked"], row["p"], row["q"])
    forward, backward = DSE_CLASSES[label]
    return [
        LabelledPair(f"{number}-pq", text, p, q, forward, doc_id=f"dse-{number}"),
        LabelledPair(f"{number}-qp", text, q, p, backward, doc_id=f"dse-{number}"),
    ]


def unmark(marked: str, p: str, q: str) -> tuple[str, Span, Span]:
    """The text without DSE's brackets, and both spans widened to whole words ("[Wilbur Ro]ss").

    Raises:
        RowError: p and q are not marked, in this order.
    """
    pattern = rf"\[(\s*{re.escape(p)}\s*)\](.*?)\[(\s*{re.escape(q)}\s*)\]"
    found = re.search(pattern, marked, re.DOTALL)
    if found is None:
        raise RowError(f"DSE entities {show(p)} and {show(q)} are not marked in {show(marked)}")
    first, between, second = found.groups()
    before, after = marked[: found.start()], marked[found.end() :]
    text = before + first + between + second + after
    p_start = len(before)
    q_start = p_start + len(first) + len(between)
    return (
        text,
        _word_span(text, p_start, p_start + len(first)),
        _word_span(text, q_start, q_start + len(second)),
    )


def _word_span(text: str, start: int, end: int) -> Span:
    """The span without outer spaces, stretched to the ends of the words it cuts."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return whole_words(text, start, end)


def _seesaw(row: Row, number: int) -> list[LabelledPair]:
    text = check_text(row)
    pairs = []
    for index, (source, target, label) in enumerate(row["entities"]):
        name = f"{row.get('unique_id', number)}-{index}"
        document = str(row.get("unique_id", number)).split("/")[0]
        # "None" is the author.
        holder = None if source["text"] == "None" else source["text"]
        where, toward = locate(text, holder, target["text"])
        common = {"sentiment": label["label"], "doc_id": document}
        if holder is not None:
            common = {**common, "sentiment": None}
            stance = {"negative": "against", "positive": "favor"}[label["label"]]
            pairs.append(LabelledPair(name, text, where, toward, stance, **common))
        else:
            pairs.append(LabelledPair(name, text, None, toward, **common))
    return pairs


def _plover(row: Row, number: int) -> list[LabelledPair]:
    text = check_text({"text": row["sentence"]})
    root = str(row["gold_root"]).strip().upper()
    act = "CONCEDE" if root == "YIELD" else root
    stance = next((s for s, roots in PLOVER_STANCES.items() if root in roots), None)
    if stance is None or act not in ACTS:
        raise RowError(f"field 'gold_root' must be a PLOVER root code, got {show(root)}")
    source, target = locate(text, str(row["source"]), str(row["target"]))
    return [LabelledPair(str(number), text, source, target, stance, act=act)]


def _semeval(row: Row, number: int) -> list[LabelledPair]:
    tweet, target = check_text({"text": row["Tweet"]}), str(row["Target"]).strip()
    sentiment = SEMEVAL.get(str(row["Stance"]).strip().upper())
    if sentiment is None:
        raise RowError(f"field 'Stance' must be one of {tuple(SEMEVAL)}, got {show(row['Stance'])}")
    text = f"{target}: {tweet}"
    return [LabelledPair(str(row["ID"]), text, None, (0, len(target)), sentiment=sentiment)]


def _offsets(start: Any, end: Any, text: str) -> Span:
    try:
        span = int(start), int(end)
    except (TypeError, ValueError):
        span = 0, 0
    if not 0 <= span[0] < span[1] <= len(text):
        raise RowError(
            f"offsets [{show(start)}, {show(end)}) are not within the text of {len(text)} characters"
        )
    return span


def _mapped(row: Row, field: str, names: Mapping[float, str]) -> str:
    try:
        return names[float(row[field])]
    except (KeyError, TypeError, ValueError):
        allowed = ", ".join(f"{value:g}" for value in names)
        raise RowError(
            f"field '{field}' must be one of {allowed}, got {show(row.get(field))}"
        ) from None


SHAPES: tuple[tuple[str, frozenset[str]], ...] = (
    ("seesaw", frozenset({"text", "entities"})),
    ("pairs", frozenset({"text"})),
    ("newsmtsc", frozenset({"sentence_normalized", "targets"})),
    ("newsmtsc", frozenset({"sentence", "mention", "from", "to", "polarity"})),
    ("rusentne", frozenset({"sentence", "entity", "label"})),
    ("plover", frozenset({"sentence", "source", "target", "gold_root"})),
    ("semeval2016", frozenset({"ID", "Target", "Tweet", "Stance"})),
    ("dse", frozenset(DSE_COLUMNS)),
)
"""The fields by which a format is recognised; the first that fits."""
PARSERS: dict[str, Callable[[Row, int], list[LabelledPair]]] = {
    "pairs": _plain,
    "csv": _plain,
    "newsmtsc": _newsmtsc,
    "rusentne": _rusentne,
    "dse": _dse,
    "seesaw": _seesaw,
    "plover": _plover,
    "semeval2016": _semeval,
}
"""The pairs of one row."""

"""The rows of labelled sets in their native shapes, as labelled pairs.

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

import re
from collections.abc import Callable, Mapping
from typing import Any

from stance.evaluation.labelled import LabelledPair, RowError, Span, check_text, parse_row, show
from stance.scoring.tagging import whole_words
from stance.values import ACTS

Row = Mapping[str, Any]

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

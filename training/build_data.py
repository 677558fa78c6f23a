"""Convert every source to labelled pairs, leak-free: `python training/build_data.py --data ../shared/data`.

Reads `newsmtsc/` and `dse/` under --data (where to get them: training/README.md) and our own corpus
in training/data/. Writes to --out, one file a split: `<set>_<split>.jsonl` in the labelled-pair
format of the library, and `mentions_<split>.jsonl` for the tagger. A training sentence that occurs
in any dev or test split, and a dev sentence that occurs in any test split, is dropped.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stance.actors.table import load_actor_table
from stance.evaluation.formats import read_pairs
from stance.robustness.rewriting import edited
from stance.robustness.state_names import renaming, spellings, states_of

Row = dict[str, Any]
Span = dict[str, int]
DSE_FILES = {"train": "train.txt", "dev": "valid.txt", "test": "test.txt"}
NEWSMTSC_FILES = {
    "newsmtsc_train": "train",
    "newsmtsc-rw_dev": "rw_dev",
    "newsmtsc-mt_dev": "mt_dev",
    "newsmtsc-rw_test": "rw_test",
    "newsmtsc-mt_test": "mt_test",
}
CORPUS_FILES = {
    "train": ("train", "train_analysis", "train_binding", "train_shift", "train_acts"),
    "dev": ("dev",),
    "analysis_dev": ("dev_analysis",),
    "test": ("test",),
    "analysis_test": ("test_analysis",),
}
SEED = 13
SHORT = 220  # characters; only sentences up to this are joined with another
CONNECTORS = ("; ", ", while ", ", even as ", " - ", ", and ", ". ")


def main() -> None:
    """Build every split and print what was kept and dropped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--corpus", type=Path, default=Path(__file__).parent / "data")
    parser.add_argument("--out", type=Path, default=Path("build/data"))
    args = parser.parse_args()
    splits: dict[str, list[Row]] = {}
    for name, file in NEWSMTSC_FILES.items():
        splits[name] = list(newsmtsc_rows(args.data / "newsmtsc" / f"{file}.jsonl", name))
    for split, file in DSE_FILES.items():
        splits[f"dse_{split}"] = list(dse_rows(args.data / "dse" / file, split))
    corpus = {
        split: [s for file in files for s in read_jsonl(args.corpus / f"{file}.jsonl")]
        for split, files in CORPUS_FILES.items()
    }
    for split, sentences in corpus.items():
        splits[f"corpus_{split}"] = [row for s in sentences for row in corpus_rows(s)]
        splits[f"mentions_{split}"] = [mention_row(s) for s in sentences]
    drop_leaks(splits)
    kept = {row["text"] for row in splits["mentions_train"]}
    clean = [s for s in corpus["train"] if s["text"] in kept]
    joined = join_sentences(clean, random.Random(SEED))
    splits["joined_train"] = [row for s in joined for row in corpus_rows(s)]
    splits["mentions_joined_train"] = [mention_row(s) for s in joined]
    renamed = rename_states(clean, random.Random(SEED))
    splits["renamed_train"] = [row for s in renamed for row in corpus_rows(s)]
    splits["mentions_renamed_train"] = [mention_row(s) for s in renamed]
    splits["dse_train"] = drop_duplicates(splits["dse_train"])
    splits["newsmtsc_train"] = drop_duplicates(splits["newsmtsc_train"])
    args.out.mkdir(parents=True, exist_ok=True)
    for name, rows in splits.items():
        lines = (json.dumps(row, ensure_ascii=False) for row in rows)
        (args.out / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_jsonl(path: Path) -> list[Row]:
    """The objects of a JSONL file."""
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def newsmtsc_rows(path: Path, name: str) -> Iterator[Row]:
    """Target-sentiment rows; the document is the article part of NewsMTSC's id."""
    for number, pair in enumerate(read_pairs(path, format="newsmtsc")):
        yield {
            "id": f"{name}-{number}",
            "text": pair.text,
            "source": None,
            "target": as_span(pair.target),
            "sentiment": pair.sentiment,
            "doc_id": pair.doc_id,
        }


def dse_rows(path: Path, split: str) -> Iterator[Row]:
    """Two directed rows an item: p toward q, then q toward p."""
    for number, pair in enumerate(read_pairs(path, format="dse")):
        item, direction = number // 2, "qp" if number % 2 else "pq"
        yield {
            "id": f"dse-{split}-{item}-{direction}",
            "text": pair.text,
            "doc_id": f"dse-{split}-{item}",
            "source": as_span(pair.source),
            "target": as_span(pair.target),
            "stance": pair.stance,
        }


def as_span(offsets: tuple[int, int] | None) -> Span | None:
    """Offsets as the JSON of a labelled pair has them."""
    return None if offsets is None else {"start": offsets[0], "end": offsets[1]}


def corpus_rows(sentence: Row) -> Iterator[Row]:
    """Every ordered pair of mentions of different actors, and every actor toward nobody named.

    Pairs not listed are neutral, unless the same two actors have a listed stance on other
    mentions: then the pair is unlabelled and left out.
    """
    mentions = sentence["mentions"]
    listed = {(s["source"], s["target"]): s for s in sentence["stances"]}
    actor = {i: m["id"] for i, m in enumerate(mentions)} | {None: None}
    stated = {(actor[i], actor[j]) for i, j in listed}
    for i, source in enumerate(mentions):
        others: list[int | None] = [j for j in range(len(mentions)) if actor[j] != actor[i]]
        if source["use"] == "actor":
            others.append(None)
        for j in others:
            stance = listed.get((i, j))
            if stance is None and (actor[i], actor[j]) in stated:
                continue
            yield {
                "id": f"{sentence['id']}-{i}-{'x' if j is None else j}",
                "text": sentence["text"],
                "source": span_of(source),
                "target": None if j is None else span_of(mentions[j]),
                **labels_of(stance),
                "doc_id": sentence["id"],
            }


def join_sentences(sentences: list[Row], rng: random.Random) -> list[Row]:
    """Short sentences once more, two run together: long sentences in which most pairs are neutral.

    News runs longer than our corpus; who is near whom should not decide a stance.
    """
    short = [s for s in sentences if len(s["text"]) <= SHORT]
    order = rng.sample(short, len(short))
    return [
        _joined(first, second, rng.choice(CONNECTORS))
        for first, second in zip(order[::2], order[1::2], strict=False)
    ]


def _joined(first: Row, second: Row, connector: str) -> Row:
    head = first["text"].rstrip(".") + connector
    n, shift = len(first["mentions"]), len(head)
    mentions = [
        {**m, "start": m["start"] + shift, "end": m["end"] + shift} for m in second["mentions"]
    ]
    stances = [
        {**s, "source": s["source"] + n, "target": None if s["target"] is None else s["target"] + n}
        for s in second["stances"]
    ]
    return {
        "id": f"{first['id']}+{second['id']}",
        "text": head + second["text"],
        "mentions": first["mentions"] + mentions,
        "stances": first["stances"] + stances,
    }


def rename_states(sentences: list[Row], rng: random.Random) -> list[Row]:
    """Sentences that name states once more, with other states in their places.

    Who is named should not decide a stance; what is said of them should.
    """
    table, ids = load_actor_table(), sorted(spellings())
    renamed = []
    for sentence in sentences:
        text, mentions = sentence["text"], sentence["mentions"]
        states = states_of(text, table)
        old = sorted({name.id for name in states.names} - states.loose)
        new = rng.sample([i for i in ids if i not in {n.id for n in states.names}], len(old))
        edits = renaming(text, states, dict(zip(old, new, strict=True)))
        if edits:
            changed, spans = edited(text, edits, [(m["start"], m["end"]) for m in mentions])
            moved = [
                {**m, "start": start, "end": end, "text": changed[start:end]}
                for m, (start, end) in zip(mentions, spans, strict=True)
            ]
            renamed.append({**sentence, "text": changed, "mentions": moved})
    return renamed


def labels_of(stance: Row | None) -> Row:
    """The stance, shift and act; "none" says there is none, a missing act that it is unknown."""
    if stance is None:
        return {"stance": "neutral", "shift_from": "none", "act": "NONE"}
    labels = {"stance": stance["stance"], "shift_from": stance["shift_from"] or "none"}
    return {**labels, "act": stance["act"]} if stance["act"] else labels


def span_of(mention: Row) -> Span:
    """Start and end of a corpus mention."""
    return {"start": mention["start"], "end": mention["end"]}


def mention_row(sentence: Row) -> Row:
    """The sentence with its exhaustive mentions, for the tagger."""
    mentions = [{**span_of(m), "use": m["use"]} for m in sentence["mentions"]]
    return {"id": sentence["id"], "text": sentence["text"], "mentions": mentions}


def normalised(text: str) -> str:
    """Letters and digits only, lower case: equal for copies that differ in quotes or spacing."""
    return re.sub(r"[\W_]+", "", text.lower())


def drop_leaks(splits: dict[str, list[Row]]) -> None:
    """Remove in place: from train what any dev or test holds, from dev what any test holds."""
    held: set[str] = set()
    for part in ("test", "dev", "train"):
        names = [name for name in splits if name.endswith(part)]
        for name in names:
            kept = [
                row for row in splits[name] if part == "test" or normalised(row["text"]) not in held
            ]
            print(f"{name}: {len(kept)} rows, {len(splits[name]) - len(kept)} dropped as leaks")
            splits[name] = kept
        held |= {normalised(row["text"]) for name in names for row in splits[name]}


def drop_duplicates(rows: list[Row]) -> list[Row]:
    """One row for each (text, source, target); questions that were labelled both ways are dropped."""

    def key(row: Row) -> str:
        return json.dumps([normalised(row["text"]), row["source"], row["target"]])

    answers: dict[str, set[str]] = {}
    for row in rows:
        answers.setdefault(key(row), set()).add(row.get("stance") or row["sentiment"])
    seen: Counter[str] = Counter()
    kept = []
    for row in rows:
        seen[key(row)] += 1
        if seen[key(row)] == 1 and len(answers[key(row)]) == 1:
            kept.append(row)
    return kept


if __name__ == "__main__":
    main()

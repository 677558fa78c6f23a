"""Measures finding and resolving of actors, sentence splitting and their cost.

    python benchmarks/actors.py --cases ../shared/cases/actors.jsonl

Writes `benchmarks/actors.md`, and with `--errors N` prints N errors of every kind instead. The
corpus part is `training/data/dev*.jsonl`, whose errors were read one by one. `train*.jsonl` is a
guard against rules that fit dev alone (the tagger was trained on it); `test*.jsonl` is never read.

How a found mention is held against a labelled one:
- A *state* is a mention with one ISO 3166-1 id; an *organisation* one with an `igo:` id, or with
  an `ent:` id on a span that is labelled `org`. Right is the same span and the same actor.
- The corpus gives towns, office holders, courts, crowds and parties ids of their own where the
  table gives the country, or the organisation, and a role or use. What is found on exactly such a
  span is left out, and the label with it.
- Its ids of organisations are their writers' ("EC", "EU_COMMISSION", "RED_CROSS", "RSF_ORG"): equal
  are ids that share a beginning, or of which one begins with a name of the other or is its initials.
- Whoever has an organisation's id counts as one, a person or a place that speaks for it as well; a
  company does not ("WB" is the World Bank and Warner Bros).
- *Wrong country*: a state found where another state is labelled, by number of states found.
"""

from __future__ import annotations

import argparse
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from actor_cases import case_lines, coreference_lines, holder_lines, read_rows, subject_lines

from stance.actors.finding import find_actors
from stance.actors.table import ActorTable
from stance.scoring.scorer import Scorer, load
from stance.sentences import split_sentences
from stance.values import Document, Mention

ROOT = Path(__file__).parents[1]
PARTS = ("dev", "dev_analysis")
GUARD = ("train", "train_analysis", "train_binding")
Row = dict[str, Any]
Finder = Callable[[str], list[Mention]]


# --- mentions --------------------------------------------------------------------------------


@dataclass
class Tally:
    """Counts of one run over the corpus, and examples of every kind of error."""

    found: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    gold: Counter[str] = field(default_factory=Counter)
    near: Counter[str] = field(default_factory=Counter)
    recalled: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    uses: Counter[tuple[str, str]] = field(default_factory=Counter)
    organisations: frozenset[str] = frozenset()  # ids the corpus gives to organisations
    wrong: int = 0
    states: int = 0
    errors: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def f1(self, *classes: str, near: bool = False) -> tuple[float, float, float]:
        """(precision, recall, F1) over classes; `near` forgives the ends of the span."""
        right = sum((self.near if near else self.right)[c] for c in classes)
        precision = right / max(sum(self.found[c] for c in classes), 1)
        recall = right / max(sum(self.gold[c] for c in classes), 1)
        return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)

    def use_accuracy(self) -> float:
        """Share of right mentions whose use is right too."""
        return sum(n for (a, b), n in self.uses.items() if a == b) / max(sum(self.uses.values()), 1)


def is_state(table: ActorTable, actor_id: str) -> bool:
    """Whether an id is that of a state or territory."""
    actor = table.actor(actor_id)
    return actor is not None and actor.kind in ("state", "territory") and len(actor_id) == 3


def same_organisation(table: ActorTable, gold: str, found: str) -> bool:
    """Whether a writer's id and one of ours mean the same organisation."""
    if found.startswith("ent:"):
        return True  # neither names an actor of the table
    ours, theirs = letters(found.split(":")[-1]), letters(gold.removesuffix("_ORG"))
    names = table.names_of(found)
    initials = {
        "".join(word[0] for word in words if keep(word))
        for name in names
        for words in [name.upper().split()]
        for keep in (lambda w: True, lambda w: w not in ("OF", "THE", "FOR", "AND"))
    }
    known = initials | {letters(name) for name in names}
    named = any(theirs.startswith(letters(name)) for name in names if len(name) > 3)
    return ours.startswith(theirs) or theirs.startswith(ours) or named or theirs in known


def letters(name: str) -> str:
    """The letters and digits of a name or id, in upper case."""
    return re.sub(r"[^A-Z0-9]", "", name.upper())


def tally(rows: Iterable[Row], find: Finder, table: ActorTable) -> Tally:
    """Counts over labelled sentences."""
    rows = list(rows)
    labels = [m for row in rows for m in row["mentions"]]
    total = Tally(organisations=frozenset(m["id"] for m in labels if m["kind"] == "org"))
    for row in rows:
        count_sentence(row, find(row["text"]), table, total)
    return total


def gold_class(table: ActorTable, mention: Row, organisations: frozenset[str]) -> str:
    """state, org (or somebody who speaks as one), or another kind of the corpus."""
    if is_state(table, mention["id"]):
        return "state"
    speaks = mention["id"] in organisations and mention["kind"] != "company"
    return "org" if speaks else str(mention["kind"])


def count_sentence(row: Row, found: list[Mention], table: ActorTable, total: Tally) -> None:
    """Adds one sentence to a tally."""
    gold = {(m["start"], m["end"]): m for m in row["mentions"]}
    hit: set[tuple[int, int]] = set()
    left_out: set[tuple[int, int]] = set()
    for mention in found:
        span = (mention.start, mention.end)
        if span in gold:
            total.recalled[gold[span]["kind"]] += 1
        cls = judged_as(mention, gold.get(span), table, total.organisations)
        if cls == "finer":
            left_out.add(span)
        if cls not in ("state", "org"):
            continue
        over = [m for m in row["mentions"] if m["start"] < mention.end and mention.start < m["end"]]
        total.found[cls] += 1
        total.states += cls == "state"
        same = [m for m in over if equal(m, mention, table)]
        total.near[cls] += bool(same)
        if gold.get(span) in same:
            hit.add(span)
            total.right[cls] += 1
            total.uses[gold[span]["use"], mention.use] += 1
        judge(total, cls, row, mention, over, same, table)
    for span, mention_row in gold.items():
        cls = gold_class(table, mention_row, total.organisations)
        total.gold[cls] += span not in left_out
        total.kinds[mention_row["kind"]] += 1
        missed = not any(m.start < span[1] and span[0] < m.end for m in found)
        if span not in hit and missed and cls in ("state", "org"):
            note(total, f"{cls} missed", row, span, None, [mention_row])


def judge(
    total: Tally,
    cls: str,
    row: Row,
    mention: Mention,
    over: list[Row],
    same: list[Row],
    table: ActorTable,
) -> None:
    """Enters what is wrong with a found mention; `same` are the labels of its actor under it."""
    span = (mention.start, mention.end)
    exact = [m for m in same if (m["start"], m["end"]) == span]
    if exact and exact[0]["use"] != mention.use:
        note(total, f"use {exact[0]['use']} -> {mention.use}", row, span, mention, over)
    elif same and not exact:
        note(total, "span", row, span, mention, over)
    elif not same and cls == "state" and any(is_state(table, m["id"]) for m in over):
        total.wrong += 1
        note(total, "wrong country", row, span, mention, over)
    elif not same:
        note(total, f"{cls} found, not labelled", row, span, mention, over)


def judged_as(
    mention: Mention, gold: Row | None, table: ActorTable, organisations: frozenset[str]
) -> str:
    """The class in which a found mention counts; "finer" or "" if the corpus cannot judge it."""
    if not mention.actor_ids:
        return ""
    if is_state(table, mention.actor_ids[0]):
        return "finer" if gold is not None and not is_state(table, gold["id"]) else "state"
    labelled = "" if gold is None else gold_class(table, gold, organisations)
    if mention.actor_ids[0].startswith("igo:"):
        finer = labelled not in ("", "org", "state")
        return "finer" if gold and finer and not equal(gold, mention, table) else "org"
    return labelled if labelled == "org" else ""


def equal(gold: Row, found: Mention, table: ActorTable) -> bool:
    """Whether a labelled and a found mention name the same actor."""
    if is_state(table, gold["id"]) or is_state(table, found.actor_ids[0]):
        return gold["id"] in found.actor_ids
    place = gold["kind"] == "place"
    return not place and same_organisation(table, gold["id"], found.actor_ids[0])


def note(
    total: Tally,
    kind: str,
    row: Row,
    span: tuple[int, int],
    found: Mention | None,
    over: list[Row],
) -> None:
    """Keeps an example of an error."""
    start, end = span
    text = row["text"]
    shown = f"{text[max(0, start - 45) : start]}[[{text[start:end]}]]{text[end : end + 45]}"
    ours = (found.actor_ids, found.role, found.use) if found else None
    labels = [(m["text"], m["id"], m["kind"], m["use"]) for m in over]
    total.errors[kind].append(f"{row['id']}: {shown} | {ours} | {labels}")


def mention_lines(rows: list[Row], finders: dict[str, Finder], table: ActorTable) -> list[str]:
    """The tables of mention scores."""
    lines = [
        "| finder | states P / R / F1 | organisations P / R / F1 | both F1 | both F1, ends of span"
        " forgiven | use accuracy | wrong country |",
        "|---|---|---|---|---|---|---|",
    ]
    tallies = {name: tally(rows, find, table) for name, find in finders.items()}
    for name, t in tallies.items():
        cells = [" / ".join(f"{x:.3f}" for x in t.f1(cls)) for cls in ("state", "org")]
        both = f"{t.f1('state', 'org')[2]:.3f} | {t.f1('state', 'org', near=True)[2]:.3f}"
        wrong = f"{t.wrong} of {t.states} ({t.wrong / max(t.states, 1):.2%})"
        lines.append(
            f"| {name} | {' | '.join(cells)} | {both} | {t.use_accuracy():.3f} | {wrong} |"
        )
    kinds = sorted(next(iter(tallies.values())).kinds.items())
    lines += ["", "Exact spans found, by the kind the corpus gives (id not asked):", ""]
    lines += ["| finder | " + " | ".join(f"{k} ({n})" for k, n in kinds) + " |"]
    lines += ["|---" * (len(kinds) + 1) + "|"]
    for name, t in tallies.items():
        lines.append(
            f"| {name} | " + " | ".join(f"{t.recalled[k] / n:.3f}" for k, n in kinds) + " |"
        )
    for name, t in tallies.items():
        counts = sorted(((len(v), k) for k, v in t.errors.items()), reverse=True)
        lines += ["", f"Errors, {name}: " + ", ".join(f"{k} {n}" for n, k in counts) + "."]
    return lines


# --- sentences -------------------------------------------------------------------------------


def splitting_lines(rows: list[Row]) -> list[str]:
    """F1 of sentence ends in paragraphs of five corpus sentences, and tricky cases passed."""
    texts = [row["text"] for row in rows if re.search(r"[.!?][\"'”’)]*$", row["text"])]
    random.Random(1).shuffle(texts)
    right = found = gold = 0
    for i in range(0, len(texts), 5):
        ends, paragraph = set(), ""
        for text in texts[i : i + 5]:
            paragraph += (" " if paragraph else "") + text
            ends.add(len(paragraph))
        cut = {s.end for s in split_sentences(paragraph)}
        right, found, gold = right + len(cut & ends), found + len(cut), gold + len(ends)
    tricky = read_rows(ROOT / "tests" / "cases" / "sentences.jsonl")
    passed = sum([s.text for s in split_sentences(c["text"])] == c["sentences"] for c in tricky)
    return [
        f"- Sentence ends in paragraphs of five corpus sentences: F1 {2 * right / (found + gold):.4f}"
        f" ({gold - right} missed, {found - right} too many, of {gold})",
        f"- Tricky list (written with the rules): {passed} of {len(tricky)}",
    ]


# --- cost ------------------------------------------------------------------------------------


def seconds(action: Callable[[], object], repeats: int = 3) -> float:
    """Processor seconds of one call, the best of some."""
    times = []
    for _ in range(repeats):
        started = time.process_time()
        action()
        times.append(time.process_time() - started)
    return min(times)


def cost_lines(rows: list[Row], scorer: Scorer) -> list[str]:
    """What finding costs beside scoring, and whether time grows with the text."""
    documents = [
        Document(str(i), "\n\n".join(r["text"] for r in rows[i : i + 20]))
        for i in range(0, len(rows), 20)
    ]
    finding = seconds(lambda: [find_actors(d.text, table=scorer.table) for d in documents])
    whole = seconds(lambda: list(scorer(documents)), 1)
    lines = [
        f"- Splitting, finding and resolving: {finding:.2f} s of {whole:.2f} s"
        f" ({finding / whole:.1%} of a whole run, one thread, {len(rows)} sentences)"
    ]
    line = " ".join(r["text"] for r in rows)
    line *= 10_000_000 // len(line)
    for name, text in (
        ("one line of 10 MB", line),
        ("100,000 times 'New South '", "New South " * 100_000),
    ):
        tenth = seconds(lambda text=text: find_actors(text[: len(text) // 10]), 2)
        full = seconds(lambda text=text: find_actors(text), 1)
        lines.append(
            f"- {name}: {full:.1f} s, {full / tenth:.1f} times a tenth of it"
            f" ({len(text) / full / 1e6:.2f} MB/s)"
        )
    return lines


def read_parts(parts: Iterable[str]) -> list[Row]:
    """The labelled sentences of some parts of the corpus."""
    return [row for p in parts for row in read_rows(ROOT / f"training/data/{p}.jsonl")]


def main() -> None:
    """Runs everything and writes the report, or prints errors."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=Path, help="a case file to score by tag as well")
    parser.add_argument("--errors", type=int, default=0, help="print so many errors of every kind")
    parser.add_argument("--parts", default=",".join(PARTS), help="corpus files, without .jsonl")
    args = parser.parse_args()
    rows = read_parts(args.parts.split(","))
    scorer = load(threads=1)
    finders: dict[str, Finder] = {
        "table alone": lambda text: find_actors(text, table=scorer.table),
        "table and tagger": lambda text: scorer.find_mentions(Document("", text)),
    }
    if args.errors:
        for name, find in finders.items():
            for kind, found in sorted(tally(rows, find, scorer.table).errors.items()):
                print(f"\n## {name}: {kind}: {len(found)}", *found[: args.errors], sep="\n")
        return
    lines = [
        "# Actors: what was measured",
        "",
        "Written by `benchmarks/actors.py`, which says how.",
    ]
    lines += ["", f"Actor table {scorer.table.version}, model {scorer.config.model_id}.", ""]
    lines += [f"## Mentions, {len(rows)} sentences of {', '.join(args.parts.split(','))}", ""]
    lines += mention_lines(rows, finders, scorer.table)
    guard = read_parts(GUARD)
    lines += ["", f"## A guard: the same, {len(guard)} sentences of {', '.join(GUARD)}", ""]
    lines += mention_lines(guard, finders, scorer.table)
    own = ROOT / "tests" / "cases" / "actors.jsonl"
    for name, path in (("Cases of the study", args.cases), ("Own cases", own)):
        lines += ["", f"## {name}", "", *case_lines(path)] if path else []
    lines += [
        "",
        "## Coreference",
        "",
        *coreference_lines(ROOT / "tests" / "cases" / "coreference.jsonl"),
        *subject_lines(ROOT / "tests" / "cases" / "subjects.jsonl"),
    ]
    holders = ROOT / "tests" / "cases" / "holders.jsonl"
    lines += ["", "## Holders of embedded stances", "", *holder_lines(holders, scorer)]
    lines += ["", "## Sentence splitting", "", *splitting_lines(rows)]
    lines += ["", "## Cost", "", *cost_lines(rows, scorer)]
    (ROOT / "benchmarks" / "actors.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()

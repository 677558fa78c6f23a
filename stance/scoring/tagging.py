"""The learned mention tagger's logits to mentions the actor table does not list."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from stance.actors.table import ActorTable, ent_id, longest
from stance.model.encode import Window
from stance.values import Mention, Pair, Prediction, Sentence

if TYPE_CHECKING:
    from stance.model.backends import Array


Answers = list[tuple[Pair, Prediction]]
DANGLING = re.compile(r"(?:\s+(?:in|of|for|to|at|by|and|the|a|an|from|with))+$")
"""What a span may not end in: the tagger stops short where a name goes on after a place."""
OF = re.compile(r"\sof (?:the )?$")
KIND = re.compile(r"(?:[a-z][\w'\u2019-]*\s)*(?P<kind>[a-z]+)\s(?P<name>[A-Z]\S*(?:\s[A-Z]\S*)*)$")


def decode_bio(indices: Sequence[int], tags: Sequence[str]) -> list[tuple[int, int, str]]:
    """Half-open spans (start, end, use) of a BIO sequence; the use is that of the first token.

    Args:
        indices: one tag index a token; anything outside `tags` counts as "O".
        tags: "O", "B-actor", "I-actor", ...
    """
    spans: list[tuple[int, int, str]] = []
    start: int | None = None
    for i, index in enumerate([*indices, -1]):
        place, _, use = (tags[index] if 0 <= index < len(tags) else "O").partition("-")
        if start is not None and place != "I":
            spans.append((start, i, tags[indices[start]].partition("-")[2]))
            start = None
        if place == "B":
            start = i
    return spans


def add_tagged(
    sentence: Sentence,
    mentions: Sequence[Mention],
    table: ActorTable,
    windows: Sequence[Window],
    logits: Sequence[Array],
    tags: Sequence[str],
) -> list[Mention]:
    """The table's mentions joined with the tagger's, sorted by position.

    Who wins: the table gives ids and spans; a name of one of its actors that it did not find here
    was rejected by its rules, and the tagger cannot bring it back. The tagger adds what the table
    lacks, with an `ent:` id and `via="tagger"`; it drops a table mention that is a piece of a
    longer name ("Kenyan Red Cross", "mayor of Montreal"); and where it reads an actor in what the
    table took for a place, an actor it is.

    Args:
        sentence: what was tagged.
        mentions: what the actor table found in it.
        table: the actor table.
        windows: of the sentence.
        logits: the tagger's output for each window, (at least its tokens, tags).
        tags: the tagger's labels.
    """
    found = list(mentions)
    for first, end, use in tagged_spans(sentence.text, windows, logits, tags):
        start = first + kind_before(sentence.text[first:end], table)
        text = sentence.text[start:end]
        start, end = start + sentence.start, end + sentence.start
        known = [m for m in found if m.start < end and start < m.end]
        if len(known) == 1 and (known[0].start, known[0].end) == (start, end):
            found[found.index(known[0])] = _read_again(known[0], use)
            continue
        longer = _begins_name(known, start, end, text) or _is_of(known, start, end, text, table)
        if (not known or longer) and not table.claims(text) and any(map(str.isalnum, text)):
            found = [m for m in found if m not in known]
            name = without_title(text, table)
            found.append(Mention(start, end, text, (ent_id(name),), use=use, via="tagger"))
    return sorted(found, key=lambda m: m.start)


def _read_again(mention: Mention, use: str) -> Mention:
    """The table's mention, an actor if only the table took it for a place."""
    if mention.use != "loc" or use != "actor":
        return mention
    return replace(mention, use="actor", role="GOV" if mention.via == "metonym" else mention.role)


def _begins_name(known: Sequence[Mention], start: int, end: int, text: str) -> bool:
    """Whether the known mentions are only pieces of a name: Kenyan + Red Cross."""
    if not known or known[0].start != start or any(m.end > end for m in known):
        return False
    behind = text[len(known[0].text) :].split()
    return bool(behind) and behind[0][0].isupper()


def kind_before(text: str, table: ActorTable) -> int:
    """Where the name begins behind a noun that says what it is: "dockers' union Solidar"."""
    named = KIND.match(text)
    known = named is not None and named["kind"] in table.cues["organisation_head"]
    return named.start("name") if named is not None and known else 0


def _is_of(known: Sequence[Mention], start: int, end: int, text: str, table: ActorTable) -> bool:
    """Whether the known mention only says whose or where: mayor of Montreal, council of the Slovenes.

    What stands before a state's own name is left to the table's rules.
    """
    if len(known) != 1 or known[0].end > end or known[0].start <= start:
        return False
    actor = table.actor(known[0].actor_id) if known[0].actor_id else None
    region = actor is not None and actor.kind == "region"
    before = text[: known[0].start - start]
    return bool(OF.search(before)) and (region or known[0].via in ("demonym", "metonym"))


def without_title(text: str, table: ActorTable) -> str:
    """A person's name without the offices before it, so that it is one name in a whole corpus."""
    words = text.split()
    lower = [word.lower() for word in words]
    first = 0
    while first < len(words) - 1:
        stop, values = longest(table.agents, lower, first, len(words) - 1)
        if stop == first or not any(cls == "title" for cls, _ in values):
            break
        first = stop
    named = all(word[0].isupper() for word in words[first:])
    return " ".join(words[first:]) if first and named else text


def tagged_spans(
    text: str, windows: Sequence[Window], logits: Sequence[Array], tags: Sequence[str]
) -> list[tuple[int, int, str]]:
    """Character spans in a sentence, longest first; a name cut by a window's edge is left to the next."""
    spans = set()
    for window, scores in zip(windows, logits, strict=True):
        inner = scores[1 : len(window.ids) - 1].argmax(-1).tolist()
        for first, last, use in decode_bio(inner, tags):
            start, end = window.offsets[first + 1][0], window.offsets[last][1]
            cut_before = first == 0 and window is not windows[0]
            cut_after = last == len(inner) and window is not windows[-1]
            if not cut_before and not cut_after:
                start, end = whole_words(text, start, end)
                spans.add((start, len(DANGLING.sub("", text[:end])), use))
    return sorted(spans, key=lambda s: (s[0] - s[1], s))


def whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """The span stretched to the ends of the words it cuts: a name never starts or ends inside one."""
    while start > 0 and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    while end < len(text) and text[end - 1].isalnum() and text[end].isalnum():
        end += 1
    return start, end


def same_names(mentions: Sequence[Mention]) -> dict[str, str]:
    """Which `ent:` ids of one document are another's: a surname or acronym alone, the full name.

    Args:
        mentions: every mention of a document, repeats and all.

    Returns:
        Short id to full id; nothing where two full names would fit.
    """
    ids = {i for m in mentions for i in m.actor_ids if i.startswith("ent:")}
    full = {i: i.removeprefix("ent:").split() for i in ids if " " in i}
    renamed = {}
    for short in sorted(ids - full.keys()):
        word = short.removeprefix("ent:")
        fits = [i for i, words in full.items() if words[-1] == word or _initials(words) == word]
        if len(fits) == 1 and len(word) > 2:
            renamed[short] = fits[0]
    return renamed


def _initials(words: Sequence[str]) -> str:
    return "".join(word[0] for word in words)


def rename(mention: Mention, renamed: Mapping[str, str]) -> Mention:
    """The mention with its ids renamed."""
    if not any(i in renamed for i in mention.actor_ids):
        return mention
    return replace(mention, actor_ids=tuple(renamed.get(i, i) for i in mention.actor_ids))


def one_name(answers: list[Answers]) -> list[Answers]:
    """The answers of one document, with short names under the id of the full name."""
    named = [m for answered in answers for pair, _ in answered for m in (pair.source, pair.target)]
    renamed = same_names([m for m in named if m is not None])

    def meant(mention: Mention | None) -> Mention | None:
        return None if mention is None else rename(mention, renamed)

    if not renamed:
        return answers
    return [
        [(replace(p, source=meant(p.source), target=meant(p.target)), a) for p, a in answered]
        for answered in answers
    ]

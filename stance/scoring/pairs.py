"""Mentions of one sentence to the directed pairs worth asking about."""

from __future__ import annotations

from collections.abc import Sequence

from stance.values import Mention, Pair, Sentence


def make_pairs(sentence: Sentence, mentions: Sequence[Mention]) -> list[Pair]:
    """Every question about the sentence, ordered by position in the text.

    Only mentions used as actor can hold a stance; everything but a location can be a target, and
    nobody has a stance toward itself. Besides source → target, each source is asked for a stance
    toward nobody named (target None), and each target for how the text portrays it (source None).

    Args:
        sentence: where the mentions are.
        mentions: their offsets count characters of the document, as the sentence's do.
    """
    inside = sorted(
        (m for m in mentions if sentence.start <= m.start and m.end <= sentence.end),
        key=lambda m: (m.start, m.end),
    )
    sources = [m for m in inside if m.use == "actor"]
    targets = [m for m in inside if m.use != "loc"]
    directed = [Pair(sentence, s, t) for s in sources for t in targets if not _same_actor(s, t)]
    nobody = [Pair(sentence, s, None) for s in sources]
    portrayed = [Pair(sentence, None, t) for t in targets]
    return directed + nobody + portrayed


def pair_of(text: str, source: tuple[int, int] | None, target: tuple[int, int] | None) -> Pair:
    """A question about a text that is one sentence, with spans instead of found mentions."""

    def mention(span: tuple[int, int] | None) -> Mention | None:
        return None if span is None else Mention(*span, text[span[0] : span[1]], ())

    return Pair(Sentence("", 0, 0, len(text), text), mention(source), mention(target))


def _same_actor(one: Mention, other: Mention) -> bool:
    """Sharing any id makes ambiguous mentions the same; phrases that name several must share them all."""
    if not (one.actor_ids and other.actor_ids):
        return one.text.casefold() == other.text.casefold()
    if "coref" in (one.via, other.via):
        return set(one.actor_ids) == set(other.actor_ids) and len(one.actor_ids) == 1
    return bool(set(one.actor_ids) & set(other.actor_ids))

"""What labelled pairs leave open, answered by a model, so that training on them does not undo it.

A few hundred rows about stance say nothing about mentions, acts, shifts and portrayals; trained on
them alone, the shared encoder would forget those. The starting model's own answers stand in for
the missing labels.
Source: Li and Hoiem, "Learning without Forgetting", ECCV 2016, here with the most probable labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from stance.evaluation.labelled import LabelledPair
from stance.learning.examples import TaggedSentence
from stance.model.encode import encode_sentences, pad_windows
from stance.scoring.pairs import pair_of
from stance.scoring.scorer import Scorer
from stance.scoring.tagging import tagged_spans

BATCH = 64


def complete(
    pairs: Sequence[LabelledPair], teacher: Scorer
) -> tuple[list[LabelledPair], list[TaggedSentence]]:
    """The pairs with every label that was missing, and the mentions in their texts.

    What people said stays as it is. The portrayal of a target is asked once a text.
    """
    directed = [pair_of(p.text, p.source, p.target) for p in pairs]
    portrayed = [pair_of(p.text, None, p.target) for p in pairs if p.target]
    answers = teacher.predict([*directed, *portrayed])
    views = iter(answers[len(directed) :])
    seen = {(p.text, p.target) for p in pairs if p.sentiment}
    completed = []
    for pair, answer in zip(pairs, answers[: len(directed)], strict=True):
        if pair.source is not None:
            pair = replace(
                pair,
                act=pair.act or answer.act or "NONE",
                shift_from=pair.shift_from or answer.shift_from or "none",
            )
        if pair.target is not None:
            view = next(views)
            if (pair.text, pair.target) not in seen:
                seen.add((pair.text, pair.target))
                pair = replace(pair, sentiment=view.sentiment)
        completed.append(pair)
    return completed, _mentions(list(dict.fromkeys(p.text for p in pairs)), teacher)


def _mentions(texts: Sequence[str], teacher: Scorer) -> list[TaggedSentence]:
    """The mentions the teacher's tagger finds, in texts that fit one window."""
    config = teacher.config
    windows = encode_sentences(teacher.tokenizer, texts, config.max_length)
    short = [
        (text, parts[0]) for text, parts in zip(texts, windows, strict=True) if len(parts) == 1
    ]
    short.sort(key=lambda item: item[1].padded_length)
    tagged = []
    for at in range(0, len(short), BATCH):
        batch = short[at : at + BATCH]
        logits = teacher.backend.encode(*pad_windows([w for _, w in batch], config.pad_id))["tags"]
        for (text, window), scores in zip(batch, logits, strict=True):
            spans = tagged_spans(text, [window], [scores], config.tags)
            tagged.append(TaggedSentence(text, _apart(spans)))
    return tagged


def _apart(spans: Sequence[tuple[int, int, str]]) -> tuple[tuple[int, int, str], ...]:
    """The spans without those that overlap an earlier one."""
    kept: list[tuple[int, int, str]] = []
    for span in spans:
        if all(span[1] <= other[0] or other[1] <= span[0] for other in kept):
            kept.append(span)
    return tuple(sorted(kept))

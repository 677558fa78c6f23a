"""The training loop users call: labelled pairs in, a trained `StanceNetwork` out.

One plain loop: sentences with all their pairs are shuffled, batched by similar length, and every
head is trained on the pairs that carry its label. The weights that are kept are a moving average,
from the epoch with the best dev score. After every epoch the whole state is written, and a
run that was killed goes on from there.
"""

from __future__ import annotations

import json
import math
import os
import random
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from stance.encode import NOBODY, Span, Window, by_head, encode_sentences, pad_pairs, pad_windows
from stance.labelled import LabelledPair
from stance.network import StanceNetwork

if TYPE_CHECKING:
    from tokenizers import Tokenizer

UNLABELLED = -100
Answers = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """What a run depends on besides data and base model; unknown keys in a TOML file are an error."""

    epochs: int = 6
    batch_size: int = 32
    encoder_lr: float = 1e-4
    head_lr: float = 5e-4
    weight_decay: float = 0.01
    warmup: float = 0.06
    label_smoothing: float = 0.05
    max_length: int = 256
    max_pairs: int = 18
    average_decay: float = 0.998
    tag_weight: float = 0.5
    head_weights: Mapping[str, float] = field(
        default_factory=lambda: {"stance": 1.0, "sentiment": 1.0, "shift_from": 0.3, "act": 0.3}
    )
    seed: int = 13
    bfloat16: bool = True


@dataclass(frozen=True, slots=True)
class TaggedSentence:
    """A sentence whose mentions are all given: (start, end, use)."""

    text: str
    mentions: tuple[tuple[int, int, str], ...]


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence ready for the network: one window, token spans and label indices.

    `answers[i]` holds one index a pair head, UNLABELLED where unknown; `tags` is one index a
    token, or None when the sentence's mentions are not exhaustive. `share` is the chance to be
    seen in an epoch, so that a large set need not crowd out a small one.
    """

    window: Window
    pairs: tuple[tuple[Span, Span], ...]
    answers: tuple[Answers, ...]
    tags: tuple[int, ...] | None
    share: float = 1.0


DevScore = Callable[[StanceNetwork], Mapping[str, float]]


def finetune(
    network: StanceNetwork,
    examples: Sequence[Example],
    config: TrainConfig,
    *,
    pad_id: int,
    checkpoint: Path,
    fingerprint: str,
    dev_score: DevScore,
    log: Callable[[str], None] = print,
) -> dict[str, float]:
    """Train `network` in place and return the dev scores of the weights it is left with.

    Args:
        network: starting weights.
        examples: from `make_examples`.
        config: the recipe.
        pad_id: the tokenizer's padding id.
        checkpoint: a file to write the state to after each epoch and to resume from.
        fingerprint: names data and base; a checkpoint made from others is refused.
        dev_score: called after each epoch on the averaged weights; its "score" entry picks the
            epoch that is kept (higher is better).
        log: receives one line every 50 steps and every epoch.
    """
    torch.manual_seed(config.seed)
    state = _State(network, config, steps=_steps(examples, config) * config.epochs)
    state.resume(checkpoint, fingerprint)
    heads = len(network.config.pair_heads)
    for epoch in range(state.epoch, config.epochs):
        network.train()
        started, recent = time.monotonic(), deque[float](maxlen=50)
        for done, batch in enumerate(_batches(examples, config, epoch, pad_id, heads), 1):
            recent.append(state.update(batch))
            if done % 50 == 0:
                pace = (time.monotonic() - started) / done
                loss = sum(recent) / len(recent)
                log(
                    f"epoch {epoch + 1} step {state.step}/{state.steps} loss {loss:.4f} {pace:.2f} s/step"
                )
        scores = state.close_epoch(epoch + 1, dev_score)
        state.save(checkpoint, fingerprint)
        log(f"epoch {epoch + 1} " + json.dumps({k: round(v, 4) for k, v in scores.items()}))
    network.load_state_dict(state.best)
    network.eval()
    return state.best_scores


class _State:
    """Weights, optimiser, moving average and place in the run."""

    def __init__(self, network: StanceNetwork, config: TrainConfig, steps: int) -> None:
        self.network, self.config = network, config
        self.steps = steps
        self.step = self.epoch = 0
        self.average = {k: v.detach().clone() for k, v in network.state_dict().items()}
        self.best, self.best_scores = self.average, {"score": -math.inf}
        self.optimizer = torch.optim.AdamW(_parameter_groups(network, config), fused=True)

    def update(self, batch: Mapping[str, Tensor]) -> float:
        """One optimiser step; returns the loss."""
        factor = _schedule(self.step, self.steps, self.config.warmup)
        for group in self.optimizer.param_groups:
            group["lr"] = group["base_lr"] * factor
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.config.bfloat16):
            pair_logits, tag_logits = self.network(batch["ids"], batch["mask"], batch["pairs"])
        loss = _loss(self.network, pair_logits.float(), tag_logits.float(), batch, self.config)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        decay = min(self.config.average_decay, self.step / (self.step + 10))
        for name, value in self.network.state_dict().items():
            self.average[name].lerp_(value, 1 - decay)
        return float(loss.detach())

    def close_epoch(self, epoch: int, dev_score: DevScore) -> Mapping[str, float]:
        """Score the averaged weights and keep them if they are the best so far."""
        raw = {k: v.detach().clone() for k, v in self.network.state_dict().items()}
        self.network.load_state_dict(self.average)
        self.network.eval()
        scores = dict(dev_score(self.network))
        if scores["score"] > self.best_scores["score"]:
            self.best = {k: v.clone() for k, v in self.average.items()}
            self.best_scores = scores
        self.network.load_state_dict(raw)
        self.epoch = epoch
        return scores

    def save(self, path: Path, fingerprint: str) -> None:
        """Write everything `resume` needs, whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".part")
        torch.save(
            {
                "config": asdict(self.config),
                "fingerprint": fingerprint,
                "network": self.network.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "average": self.average,
                "best": self.best,
                "best_scores": self.best_scores,
                "step": self.step,
                "epoch": self.epoch,
                "random": torch.get_rng_state(),
            },
            partial,
        )
        os.replace(partial, path)

    def resume(self, path: Path, fingerprint: str) -> None:
        """Go on from `path` if it is there; a state of another recipe or other data is refused."""
        if not path.exists():
            return
        state = torch.load(path, weights_only=True)
        if (state["config"], state["fingerprint"]) != (asdict(self.config), fingerprint):
            raise ValueError(
                f"{path} was written with another configuration or other data; "
                "delete it to start over"
            )
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average, self.best = state["average"], state["best"]
        self.best_scores = state["best_scores"]
        self.step, self.epoch = state["step"], state["epoch"]
        torch.set_rng_state(state["random"])


def make_examples(
    pairs: Iterable[LabelledPair],
    tagged: Iterable[TaggedSentence],
    network: StanceNetwork,
    tokenizer: Tokenizer,
    max_length: int,
    share: float = 1.0,
) -> list[Example]:
    """Sentences with all their pairs and tags; pairs beyond the first window are left out."""
    by_text: dict[str, list[LabelledPair]] = defaultdict(list)
    for pair in pairs:
        by_text[pair.text].append(pair)
    mentions = {sentence.text: sentence.mentions for sentence in tagged}
    texts = list(dict.fromkeys([*by_text, *mentions]))
    examples = []
    for text, windows in zip(texts, encode_sentences(tokenizer, texts, max_length), strict=True):
        window = windows[0]
        asked = [q for pair in by_text[text] for q in _questions(pair, window, network)]
        tags = _tags(window, mentions[text], network.config.tags) if text in mentions else None
        examples.append(
            Example(window, tuple(s for s, _ in asked), tuple(a for _, a in asked), tags, share)
        )
    return examples


def _questions(
    pair: LabelledPair, window: Window, network: StanceNetwork
) -> Iterator[tuple[tuple[Span, Span], Answers]]:
    """What a labelled pair teaches: a stance, and how the text portrays the target whoever holds it."""
    source = NOBODY if pair.source is None else window.token_span(*pair.source)
    target = NOBODY if pair.target is None else window.token_span(*pair.target)
    if source is None or target is None:
        return
    heads = network.config.pair_heads
    if pair.stance is not None:
        stance = {"stance": pair.stance, "shift_from": pair.shift_from, "act": pair.act}
        yield (source, target), _answers(stance, heads)
    if pair.sentiment is not None and pair.target is not None:
        yield (NOBODY, target), _answers({"sentiment": pair.sentiment}, heads)


def _answers(given: Mapping[str, str | None], heads: Mapping[str, tuple[str, ...]]) -> Answers:
    return tuple(
        labels.index(label) if (label := given.get(head)) is not None else UNLABELLED
        for head, labels in heads.items()
    )


def _tags(
    window: Window, mentions: Iterable[tuple[int, int, str]], tags: Sequence[str]
) -> tuple[int, ...]:
    out = [tags.index("O") if a < b else UNLABELLED for a, b in window.offsets]
    for start, end, use in mentions:
        span = window.token_span(start, end)
        if span is not None:
            out[span[0]] = tags.index(f"B-{use}")
            out[span[0] + 1 : span[1]] = [tags.index(f"I-{use}")] * (span[1] - span[0] - 1)
    return tuple(out)


def _parameter_groups(network: StanceNetwork, config: TrainConfig) -> list[dict[str, object]]:
    """Four groups: encoder or new parameters, with or without weight decay."""
    new = ("relation_", "role", "tagger", "pair_")
    groups: dict[tuple[float, float], list[torch.nn.Parameter]] = defaultdict(list)
    for name, parameter in network.named_parameters():
        rate = config.head_lr if any(part in name for part in new) else config.encoder_lr
        decay = config.weight_decay if parameter.ndim > 1 else 0.0
        groups[rate, decay].append(parameter)
    return [
        {"params": params, "lr": rate, "base_lr": rate, "weight_decay": decay}
        for (rate, decay), params in groups.items()
    ]


def _schedule(step: int, steps: int, warmup: float) -> float:
    """Linear rise over the warm-up share, then linear fall to zero; in [0, 1]."""
    rising = max(1, int(steps * warmup))
    return (step + 1) / rising if step < rising else max(0, steps - step) / max(1, steps - rising)


def _steps(examples: Sequence[Example], config: TrainConfig) -> int:
    """Batches in an epoch; with shares below 1 the number expected."""
    return math.ceil(sum(e.share for e in examples) / config.batch_size)


def _batches(
    examples: Sequence[Example], config: TrainConfig, epoch: int, pad_id: int, heads: int
) -> Iterable[dict[str, Tensor]]:
    """Shuffled batches of sentences of similar cost; the order depends on seed and epoch only."""
    rng = random.Random(config.seed * 1000 + epoch)
    order = [i for i, e in enumerate(examples) if rng.random() < e.share]
    rng.shuffle(order)
    pool = config.batch_size * 50
    batches = []
    for at in range(0, len(order), pool):
        near = sorted(order[at : at + pool], key=lambda i: examples[i].window.padded_length)
        batches += [near[i : i + config.batch_size] for i in range(0, len(near), config.batch_size)]
    rng.shuffle(batches)
    for batch in batches:
        yield collate([examples[i] for i in batch], pad_id, heads, (config.max_pairs, rng))


def collate(
    examples: Sequence[Example],
    pad_id: int,
    heads: int,
    sample: tuple[int, random.Random] | None = None,
) -> dict[str, Tensor]:
    """Tensors for a batch: ids, mask (B, L), pairs (B, P, 4), answers (B, P, heads), tags (B, L).

    With `sample` (most, rng), sentences with more pairs are represented by that many of them.
    """
    ids, mask = pad_windows([e.window for e in examples], pad_id)
    chosen = []
    for e in examples:
        rows = list(zip(e.pairs, e.answers, strict=True))
        if sample is not None and len(rows) > sample[0]:
            rows = sample[1].sample(rows, sample[0])
        chosen.append(rows)
    pairs = pad_pairs([[spans for spans, _ in rows] for rows in chosen])
    answers = np.full((*pairs.shape[:2], heads), UNLABELLED, dtype=np.int64)
    tags = np.full(ids.shape, UNLABELLED, dtype=np.int64)
    for i, (e, rows) in enumerate(zip(examples, chosen, strict=True)):
        for j, (_, labels) in enumerate(rows):
            answers[i, j] = labels
        if e.tags is not None:
            tags[i, : len(e.tags)] = e.tags
    arrays = {"ids": ids, "mask": mask, "pairs": pairs, "answers": answers, "tags": tags}
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


def _loss(
    network: StanceNetwork,
    pair_logits: Tensor,
    tag_logits: Tensor,
    batch: Mapping[str, Tensor],
    config: TrainConfig,
) -> Tensor:
    """Weighted sum of each head's mean cross-entropy over the items that carry its label."""
    total = _mean_cross_entropy(tag_logits, batch["tags"], 0.0) * config.tag_weight
    for index, (head, logits) in enumerate(by_head(pair_logits, network.config.pair_heads).items()):
        loss = _mean_cross_entropy(logits, batch["answers"][..., index], config.label_smoothing)
        total = total + loss * config.head_weights[head]
    return total


def _mean_cross_entropy(logits: Tensor, answers: Tensor, smoothing: float) -> Tensor:
    """Zero, not NaN, when nothing in the batch carries the label."""
    summed = F.cross_entropy(
        logits.flatten(0, 1),
        answers.flatten(),
        ignore_index=UNLABELLED,
        reduction="sum",
        label_smoothing=smoothing,
    )
    return summed / max(1, int((answers != UNLABELLED).sum()))


@torch.inference_mode()
def predict(
    network: StanceNetwork, examples: Sequence[Example], *, pad_id: int, batch_size: int = 64
) -> tuple[dict[str, list[np.ndarray]], list[np.ndarray]]:
    """Logits for every example, in order: a list for each pair head, (pairs, labels) each; and tags.

    Used for dev scores and calibration; the shipped path is `stance.scoring`.
    """
    network.eval()
    order = sorted(
        range(len(examples)),
        key=lambda i: (examples[i].window.padded_length, len(examples[i].pairs)),
    )
    heads: dict[str, list[np.ndarray]] = {
        h: [np.empty(0)] * len(examples) for h in network.config.pair_heads
    }
    tags = [np.empty(0)] * len(examples)
    for at in range(0, len(order), batch_size):
        rows = order[at : at + batch_size]
        batch = collate([examples[i] for i in rows], pad_id, len(heads))
        pair_logits, tag_logits = network(batch["ids"], batch["mask"], batch["pairs"])
        for k, i in enumerate(rows):
            tags[i] = tag_logits[k, : len(examples[i].window.ids)].numpy()
            for head, logits in by_head(pair_logits, network.config.pair_heads).items():
                heads[head][i] = logits[k, : len(examples[i].pairs)].numpy()
    return heads, tags

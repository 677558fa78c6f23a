"""The training loop: examples in, trained weights out.

One plain loop: sentences with all their pairs are shuffled, batched by similar length, and every
head is trained on the pairs that carry its label. The weights that are kept are a moving average,
from the epoch with the best dev score. After every epoch the whole state is written, and a
run that was killed goes on from there. `stance.finetune` is this loop for users.
"""

from __future__ import annotations

import json
import math
import random
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from stance.errors import InputError
from stance.learning.checkpoint import read_checkpoint, write_checkpoint
from stance.learning.examples import UNLABELLED, Example, collate, shuffled
from stance.model.encode import by_head
from stance.model.network import PAIR_HEADS, StanceNetwork

LOG_EVERY = 50
KINDS: Mapping[str, tuple[type, ...]] = {"int": (int,), "float": (float, int)}
"""What a field of that type may hold."""
Scores = Mapping[str, float]
DevScore = Callable[[StanceNetwork], Scores]


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """What a run depends on besides data and base model; the defaults suit some hundred rows.

    `patience` is how many epochs without a better dev score end the run (0: none do).
    `class_weights` weighs the stance labels in the loss: None, "balanced" (in inverse proportion to
    their frequency), or a weight for each label. `bfloat16` None uses it where the processor
    computes faster with it. `average_decay` is of the moving average of the weights, which
    is what is scored and kept; `max_pairs` of one sentence are used in a step. `teacher_weight` is
    that of a larger model's probabilities, where examples have them, beside 1 for the labels
    (distillation, Hinton et al., 2015); `frozen_layers` keep the base's weights, and with one or
    more so do the embeddings.
    """

    epochs: int = 12
    batch_size: int = 16
    encoder_lr: float = 1e-4
    head_lr: float = 5e-4
    weight_decay: float = 0.01
    warmup: float = 0.06
    label_smoothing: float = 0.05
    max_length: int = 256
    max_pairs: int = 18
    average_decay: float = 0.95
    patience: int = 4
    class_weights: str | Mapping[str, float] | None = None
    tag_weight: float = 0.5
    head_weights: Mapping[str, float] = field(
        default_factory=lambda: {"stance": 1.0, "sentiment": 1.0, "shift_from": 0.3, "act": 0.3}
    )
    teacher_weight: float = 0.0
    frozen_layers: int = 0
    seed: int = 13
    bfloat16: bool | None = None

    def __post_init__(self) -> None:
        """Refuse what is of another kind, sizes below one, and heads without a weight."""
        for name, kinds in ((f.name, KINDS.get(str(f.type))) for f in fields(self)):
            value: object = getattr(self, name)
            if kinds and (not isinstance(value, kinds) or isinstance(value, bool)):
                raise InputError(f"{name} is {value!r}; must be {kinds[0].__name__}")
        for name in ("epochs", "batch_size", "max_length", "max_pairs"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} is {getattr(self, name)}; must be at least 1")
        lacking = [head for head in PAIR_HEADS if head not in self.head_weights]
        if lacking:
            raise InputError(
                f"head_weights lacks {', '.join(lacking)}; must have all of {[*PAIR_HEADS]}"
            )


@dataclass(frozen=True, slots=True)
class Run:
    """What came out of `train`: the scores of the weights that were kept, and of every epoch."""

    best: Scores
    history: tuple[Scores, ...]


def train(
    network: StanceNetwork,
    examples: Sequence[Example],
    config: TrainConfig,
    *,
    pad_id: int,
    checkpoint: Path,
    fingerprint: str,
    dev_score: DevScore,
    log: Callable[[str], None] = print,
) -> Run:
    """Train `network` in place, on the device it is on, and return its dev scores.

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

    Raises:
        InputError: the checkpoint is of another run, or the class weights do not fit the labels.
    """
    torch.manual_seed(config.seed)
    state = _State(network, config, examples)
    state.resume(checkpoint, fingerprint)
    while state.epoch < config.epochs and not state.out_of_patience():
        network.train()
        started, losses = time.monotonic(), list[float]()
        rng = random.Random(config.seed * 1000 + state.epoch)
        for batch in shuffled(examples, config.batch_size, rng):
            heads = len(network.config.pair_heads)
            losses.append(state.update(collate(batch, pad_id, heads, (config.max_pairs, rng))))
            if len(losses) % LOG_EVERY == 0:
                pace = (time.monotonic() - started) / len(losses)
                loss = sum(losses[-LOG_EVERY:]) / LOG_EVERY
                log(
                    f"epoch {state.epoch + 1} step {state.step}/{state.steps} loss {loss:.4f} {pace:.2f} s/step"
                )
        scores = state.close_epoch(sum(losses) / max(1, len(losses)), dev_score)
        state.save(checkpoint, fingerprint)
        log(
            f"epoch {state.epoch}/{config.epochs} "
            + " ".join(f"{k} {v:.4f}" for k, v in scores.items())
        )
    network.load_state_dict(state.best)
    network.eval()
    return Run(max(state.history, key=lambda s: s["score"]), tuple(state.history))


class _State:
    """Weights, optimiser, moving average and place in the run."""

    def __init__(
        self, network: StanceNetwork, config: TrainConfig, examples: Sequence[Example]
    ) -> None:
        self.network, self.config = network, config
        _freeze(network, config.frozen_layers)
        self.device = network.role.device
        self.steps = math.ceil(sum(e.share for e in examples) / config.batch_size) * config.epochs
        self.step = 0
        self.history: list[Scores] = []
        self.average = _copy(network.state_dict())
        self.best = _copy(self.average)
        self.optimizer = torch.optim.AdamW(_parameter_groups(network, config), fused=True)
        self.class_weights = _class_weights(network, config, examples).to(self.device)
        self.bfloat16 = _uses_bfloat16(config, self.device)

    @property
    def epoch(self) -> int:
        """How many epochs are done."""
        return len(self.history)

    def out_of_patience(self) -> bool:
        """True if the last `patience` epochs brought no better score."""
        scores = [s["score"] for s in self.history]
        stale = len(scores) - 1 - scores.index(max(scores)) if scores else 0
        return 0 < self.config.patience <= stale

    def update(self, batch: Mapping[str, Tensor]) -> float:
        """One optimiser step; returns the loss."""
        batch = {name: tensor.to(self.device) for name, tensor in batch.items()}
        factor = _schedule(self.step, self.steps, self.config.warmup)
        for group in self.optimizer.param_groups:
            group["lr"] = group["base_lr"] * factor
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.bfloat16):
            pair_logits, tag_logits = self.network(batch["ids"], batch["mask"], batch["pairs"])
        loss = self._loss(pair_logits.float(), tag_logits.float(), batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        decay = min(self.config.average_decay, self.step / (self.step + 10))
        for name, value in self.network.state_dict().items():
            self.average[name].lerp_(value, 1 - decay)
        return float(loss.detach())

    def _loss(self, pair_logits: Tensor, tag_logits: Tensor, batch: Mapping[str, Tensor]) -> Tensor:
        """Weighted sum of each head's mean cross-entropy over the items that carry its label."""
        config = self.config
        total = _mean_cross_entropy(tag_logits, batch["tags"], 0.0) * config.tag_weight
        heads = by_head(pair_logits, self.network.config.pair_heads)
        for index, (head, logits) in enumerate(heads.items()):
            weights = self.class_weights if head == "stance" else None
            answers = batch["answers"][..., index]
            loss = _mean_cross_entropy(logits, answers, config.label_smoothing, weights)
            total = total + loss * config.head_weights[head]
        if config.teacher_weight and "soft" in batch:
            soft = by_head(batch["soft"], self.network.config.pair_heads)
            for head, logits in heads.items():
                weight = config.teacher_weight * config.head_weights[head]
                total = total + _mean_soft_cross_entropy(logits, soft[head]) * weight
        return total

    def close_epoch(self, loss: float, dev_score: DevScore) -> Scores:
        """Score the averaged weights and keep them if they are the best so far."""
        raw = _copy(self.network.state_dict())
        self.network.load_state_dict(self.average)
        self.network.eval()
        scores = {"loss": loss, **dev_score(self.network)}
        if not self.history or scores["score"] > max(s["score"] for s in self.history):
            self.best = _copy(self.average)
        self.network.load_state_dict(raw)
        self.history.append(scores)
        return scores

    def save(self, path: Path, fingerprint: str) -> None:
        """Write everything `resume` needs, whole or not at all."""
        tensors = {
            "network": self.network.state_dict(),
            "average": self.average,
            "best": self.best,
            "random": {"cpu": torch.get_rng_state()},
        }
        if self.device.type == "cuda":
            tensors["random"]["cuda"] = torch.cuda.get_rng_state(self.device)
        for index, values in self.optimizer.state_dict()["state"].items():
            tensors[f"optimizer.{index}"] = values
        write_checkpoint(
            path,
            tensors,
            {
                "config": asdict(self.config),
                "fingerprint": fingerprint,
                "step": self.step,
                "history": self.history,
            },
        )

    def resume(self, path: Path, fingerprint: str) -> None:
        """Go on from `path` if it is there; a state of another recipe or other data is refused."""
        if not path.exists():
            return
        tensors, facts = read_checkpoint(path)
        # As JSON, since a tuple comes back as a list.
        config = json.loads(json.dumps(asdict(self.config)))
        if (facts["config"], facts["fingerprint"]) != (config, fingerprint):
            raise InputError(
                f"{path} was written with another configuration or other data",
                hint="delete it to start over",
            )
        self.network.load_state_dict(tensors["network"])
        self.average, self.best = (
            {name: tensor.to(self.device) for name, tensor in tensors[group].items()}
            for group in ("average", "best")
        )
        groups = self.optimizer.state_dict()["param_groups"]
        indices = [index for group in groups for index in group["params"]]
        states = {i: tensors[f"optimizer.{i}"] for i in indices if f"optimizer.{i}" in tensors}
        self.optimizer.load_state_dict({"state": states, "param_groups": groups})
        self.step, self.history = facts["step"], facts["history"]
        torch.set_rng_state(tensors["random"]["cpu"])
        if self.device.type == "cuda" and "cuda" in tensors["random"]:
            torch.cuda.set_rng_state(tensors["random"]["cuda"], self.device)


def _copy(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in tensors.items()}


def _freeze(network: StanceNetwork, layers: int) -> None:
    """Keep the embeddings and the first layers as they are, but for what markers add to them."""
    fixed = ("words", "positions", *(f"layers.{i}." for i in range(layers))) if layers else ()
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(not name.startswith(fixed) or "relation_" in name)


def _parameter_groups(network: StanceNetwork, config: TrainConfig) -> list[dict[str, object]]:
    """Four groups: encoder or new parameters, with or without weight decay."""
    new = ("relation_", "role", "tagger", "pair_")
    groups: dict[tuple[float, float], list[torch.nn.Parameter]] = defaultdict(list)
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
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


def _uses_bfloat16(config: TrainConfig, device: torch.device) -> bool:
    """As configured; by default where the processor multiplies bfloat16 faster than float32."""
    if config.bfloat16 is not None:
        return config.bfloat16
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    can: Mapping[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return device.type == "cpu" and bool(can.get("avx512_bf16") or can.get("amx_bf16"))


def _class_weights(
    network: StanceNetwork, config: TrainConfig, examples: Sequence[Example]
) -> Tensor:
    """The weight of each stance label in the loss. Shape: (labels,)."""
    labels = network.config.pair_heads["stance"]
    given = config.class_weights
    if given is None:
        return torch.ones(len(labels))
    if given == "balanced":
        at = list(network.config.pair_heads).index("stance")
        gold = [a[at] for e in examples for a in e.answers if a[at] != UNLABELLED]
        counts = torch.bincount(torch.tensor(gold, dtype=torch.long), minlength=len(labels))
        return len(gold) / (len(labels) * counts.clamp(min=1).float())
    if isinstance(given, str) or set(given) != set(labels) or min(given.values()) <= 0:
        raise InputError(
            f"class_weights are {given!r}; must be None, 'balanced', or a positive weight for "
            f"each of {labels}"
        )
    return torch.tensor([float(given[label]) for label in labels])


def _mean_cross_entropy(
    logits: Tensor, answers: Tensor, smoothing: float, weights: Tensor | None = None
) -> Tensor:
    """Zero, not NaN, when nothing in the batch carries the label."""
    known = answers.flatten() != UNLABELLED
    summed = F.cross_entropy(
        logits.flatten(0, 1),
        answers.flatten(),
        ignore_index=UNLABELLED,
        reduction="sum",
        label_smoothing=smoothing,
        weight=weights,
    )
    count = known.sum() if weights is None else weights[answers.flatten()[known]].sum()
    return summed / count.clamp(min=1e-6 if weights is not None else 1)


def _mean_soft_cross_entropy(logits: Tensor, soft: Tensor) -> Tensor:
    """Over the pairs that have probabilities; a row of zeros has none."""
    summed = -(soft * logits.log_softmax(-1)).sum()
    return summed / (soft.sum(-1) > 0).sum().clamp(min=1)


@torch.inference_mode()
def predict(
    network: StanceNetwork, examples: Sequence[Example], *, pad_id: int, batch_size: int = 64
) -> tuple[dict[str, list[np.ndarray]], list[np.ndarray]]:
    """Logits for every example, in order: a list for each pair head, (pairs, labels) each; and tags.

    Used for dev scores and calibration; the shipped path is `stance.scoring.scorer`.
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
        asked = (batch[name].to(network.role.device) for name in ("ids", "mask", "pairs"))
        pair_logits, tag_logits = (x.float().cpu() for x in network(*asked))
        for k, i in enumerate(rows):
            tags[i] = tag_logits[k, : len(examples[i].window.ids)].numpy()
            for head, logits in by_head(pair_logits, network.config.pair_heads).items():
                heads[head][i] = logits[k, : len(examples[i].pairs)].numpy()
    return heads, tags

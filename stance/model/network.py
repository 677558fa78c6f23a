"""The torch module: one encoder pass per sentence, then two light marker tokens per directed pair.

Text tokens attend to the text only. Each pair adds a source marker and a target marker that
attend to the text, to each other, and to nothing else (packed levitated markers, PL-Marker, Ye et
al., ACL 2022). They run through the encoder's own layers, so a pair costs two tokens and
not another reading of the sentence. What is ours: a marker starts from its span's embeddings,
and every layer tells it which text tokens are its source and its target through learned
relation keys and values (as relative positions in Shaw et al., NAACL 2018).

`StanceNetwork.encode` and `.score` are exported as two graphs over shared weights.
Notation: B sentences, L tokens, P pairs, H heads, D hidden size.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, cast

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from stance.errors import InputError
from stance.model.encode import by_head
from stance.values import ACTS, SENTIMENTS, STANCES, USES

HIDDEN_DROPOUT = 0.1
PAIR_HEADS = {
    "stance": STANCES,
    "sentiment": SENTIMENTS,
    "shift_from": ("none", *STANCES),
    "act": ("NONE", *ACTS),
}
TAGS = ("O", *(f"{place}-{use}" for use in USES for place in "BI"))


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """Sizes of the encoder and the labels of every head; written to the run's network.json."""

    vocab_size: int
    hidden_size: int
    layers: int
    heads: int
    intermediate_size: int
    positions: int
    position_offset: int
    token_types: int
    layer_norm_eps: float
    pair_heads: Mapping[str, tuple[str, ...]]
    tags: tuple[str, ...]
    relative_buckets: int = 0
    """Buckets of MPNet's distance bias between text tokens; 0 for encoders without one."""

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> NetworkConfig:
        """The sizes in a run's network.json; other keys there are not the network's."""
        known = {f.name: raw[f.name] for f in fields(cls) if f.name in raw}
        heads = {head: tuple(labels) for head, labels in raw["pair_heads"].items()}
        return cls(**{**known, "pair_heads": heads, "tags": tuple(raw["tags"])})


class Layer(nn.Module):
    """A BERT layer that can also carry markers beside the text."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        d, self.heads = config.hidden_size, config.heads
        self.query, self.key, self.value = nn.Linear(d, d), nn.Linear(d, d), nn.Linear(d, d)
        self.attention_output = nn.Linear(d, d)
        self.attention_norm = nn.LayerNorm(d, eps=config.layer_norm_eps)
        self.intermediate = nn.Linear(d, config.intermediate_size)
        self.output = nn.Linear(config.intermediate_size, d)
        self.output_norm = nn.LayerNorm(d, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(HIDDEN_DROPOUT)
        # Relation of a text token to a marker's pair: in the source, in the target.
        self.relation_key = nn.Parameter(torch.zeros(2, d))
        self.relation_value = nn.Parameter(torch.zeros(2, d))

    def split(self, x: Tensor) -> Tensor:
        """(B, N, D) -> (B, H, N, D/H)."""
        out: Tensor = x.unflatten(-1, (self.heads, -1)).transpose(1, 2)
        return out

    def finish(self, x: Tensor, attended: Tensor) -> Tensor:
        """Output projection, feed-forward and norms; `attended` is (B, H, N, D/H)."""
        attended = self.attention_output(attended.transpose(1, 2).flatten(2))
        x = self.attention_norm(x + self.dropout(attended))
        hidden = self.output(F.gelu(self.intermediate(x)))
        out: Tensor = self.output_norm(x + self.dropout(hidden))
        return out

    def text(self, x: Tensor, bias: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Text states (B, L, D) -> next states, and the keys and values the markers read."""
        key, value = self.key(x), self.value(x)
        attended = F.scaled_dot_product_attention(
            self.split(self.query(x)), self.split(key), self.split(value), attn_mask=bias
        )
        return self.finish(x, attended), key, value

    def markers(self, m: Tensor, key: Tensor, value: Tensor, bias: Tensor, spans: Tensor) -> Tensor:
        """Marker states (B, 2P, D) -> next states.

        Shape: key, value (B, L, D); bias (B, 1, 1, L); spans (B, 2, 2P, L), 1 where the text token
        is in the source (index 0) or target (1) of the marker's pair.
        """
        q = self.split(self.query(m))  # (B, H, 2P, D/H)
        scores = q @ self.split(key).transpose(-1, -2)  # (B, H, 2P, L)
        relation = q @ self.split(self.relation_key[None]).transpose(-1, -2)  # (B, H, 2P, 2)
        in_source, in_target = spans[:, 0].unsqueeze(1), spans[:, 1].unsqueeze(1)  # (B, 1, 2P, L)
        scores = scores + relation[..., :1] * in_source + relation[..., 1:] * in_target
        own_key = self.split(self.key(m)).unflatten(2, (-1, 2))  # (B, H, P, 2, D/H)
        own_value = self.split(self.value(m)).unflatten(2, (-1, 2))
        own = (q.unflatten(2, (-1, 2)) @ own_key.transpose(-1, -2)).flatten(2, 3)  # (B, H, 2P, 2)
        scale = q.shape[-1] ** -0.5
        weights = torch.cat([scores * scale + bias, own * scale], dim=-1).softmax(-1)
        on_text, on_own = weights[..., :-2], weights[..., -2:]
        attended = on_text @ self.split(value)
        on_spans = torch.stack([(on_text * in_source).sum(-1), (on_text * in_target).sum(-1)], -1)
        attended = attended + on_spans @ self.split(self.relation_value[None])
        attended = attended + (on_own.unflatten(2, (-1, 2)) @ own_value).flatten(2, 3)
        return self.finish(m, attended)


class StanceNetwork(nn.Module):
    """Encoder, markers and heads; `encode` reads sentences, `score` answers pairs from that pass."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        d = config.hidden_size
        self.words = nn.Embedding(config.vocab_size, d)
        self.positions = nn.Embedding(config.positions, d)
        if config.token_types:
            self.token_types = nn.Embedding(config.token_types, d)
        if config.relative_buckets:
            self.distance_bias = nn.Embedding(config.relative_buckets, config.heads)
        self.embedding_norm = nn.LayerNorm(d, eps=config.layer_norm_eps)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.dropout = nn.Dropout(HIDDEN_DROPOUT)
        self.role = nn.Parameter(torch.randn(2, d) * 0.02)
        self.tagger = nn.Linear(d, len(config.tags))
        self.pair_hidden = nn.Linear(4 * d, d)
        outputs = sum(len(labels) for labels in config.pair_heads.values())
        self.pair_output = nn.Linear(d, outputs)

    def encode(self, ids: Tensor, mask: Tensor) -> dict[str, Tensor]:
        """Everything pairs need to know of the text, and the tagger's logits.

        Shape: ids, mask (B, L); `tags` (B, L, tags); `embedded`, `states`, `key_i`, `value_i`
        (B, L, D); `bias` (B, 1, 1, L).
        """
        place = torch.arange(ids.shape[1], device=ids.device) + self.config.position_offset
        x = self.words(ids) + self.positions(place)
        if self.config.token_types:
            x = x + self.token_types.weight[0]
        x = self.dropout(self.embedding_norm(x))
        bias = (1.0 - mask[:, None, None, :].to(x.dtype)) * -1e4
        out = {"embedded": x, "bias": bias}
        if self.config.relative_buckets:
            buckets = distance_buckets(ids.shape[1], self.config.relative_buckets, ids.device)
            bias = bias + self.distance_bias(buckets).permute(2, 0, 1)
        for i, layer in enumerate(cast(Iterable[Layer], self.layers)):
            x, out[f"key_{i}"], out[f"value_{i}"] = layer.text(x, bias)
        return {**out, "states": x, "tags": self.tagger(self.dropout(x))}

    def score(self, text: Mapping[str, Tensor], pairs: Tensor) -> Tensor:
        """Logits of all pair heads side by side, in the order of `config.pair_heads`.

        Shape: pairs (B, P, 4) token spans; returns (B, P, sum of head sizes).
        """
        inside = span_indicator(pairs, text["embedded"])  # (B, P, 2, L)
        mean = inside / inside.sum(-1, keepdim=True)
        markers = (mean.flatten(1, 2) @ text["embedded"]).unflatten(1, (-1, 2)) + self.role
        m = markers.flatten(1, 2)  # (B, 2P, D), source and target of each pair in turn
        spans = inside.transpose(1, 2).repeat_interleave(2, dim=2)  # (B, 2, 2P, L)
        for i, layer in enumerate(cast(Iterable[Layer], self.layers)):
            m = layer.markers(m, text[f"key_{i}"], text[f"value_{i}"], text["bias"], spans)
        pooled = (mean.flatten(1, 2) @ text["states"]).unflatten(1, (-1, 2))
        features = torch.cat([m.unflatten(1, (-1, 2)), pooled], dim=-1).flatten(2)  # (B, P, 4D)
        hidden = F.gelu(self.pair_hidden(self.dropout(features)))
        logits: Tensor = self.pair_output(self.dropout(hidden))
        return logits

    def forward(self, ids: Tensor, mask: Tensor, pairs: Tensor) -> tuple[Tensor, Tensor]:
        """Pair logits (B, P, sum of head sizes) and tag logits (B, L, tags)."""
        text = self.encode(ids, mask)
        return self.score(text, pairs), text["tags"]


def read_network(directory: Path) -> StanceNetwork:
    """The network of a training run's folder (network.json, network.safetensors), in eval mode."""
    raw = json.loads((directory / "network.json").read_text(encoding="utf-8"))
    network = StanceNetwork(NetworkConfig.from_json(raw))
    network.load_state_dict(load_file(directory / "network.safetensors"))
    return network.eval()


def write_network(network: StanceNetwork, directory: Path, pad_id: int, max_length: int) -> None:
    """Write network.json and network.safetensors, which `read_network` reads, into a folder."""
    sizes = asdict(network.config) | {"pad_id": pad_id, "max_length": max_length}
    (directory / "network.json").write_text(json.dumps(sizes, indent=1), encoding="utf-8")
    save_file(network.state_dict(), directory / "network.safetensors")


def relabel(network: StanceNetwork, stances: Sequence[str], like: Sequence[int]) -> StanceNetwork:
    """The network with other stance labels; label i starts with the weights of the old label `like[i]`."""
    old = network.config
    heads = {**old.pair_heads, "stance": tuple(stances)}
    out = StanceNetwork(replace(old, pair_heads=heads))
    state = network.state_dict()
    for name in ("pair_output.weight", "pair_output.bias"):
        # Output labels are the first axis, by_head takes the last apart.
        rows = by_head(state[name].movedim(0, -1), old.pair_heads)
        rows["stance"] = rows["stance"][..., list(like)]
        state[name] = torch.cat(list(rows.values()), dim=-1).movedim(-1, 0).contiguous()
    out.load_state_dict(state)
    return out.eval()


def span_indicator(pairs: Tensor, like: Tensor) -> Tensor:
    """1 where a token is in the pair's source or target. Shape: (B, P, 4) -> (B, P, 2, L)."""
    place = torch.arange(like.shape[1], device=pairs.device)
    spans = pairs.unflatten(-1, (2, 2)).unsqueeze(-1)  # (B, P, 2, 2, 1)
    inside: Tensor = (place >= spans[..., 0, :]) & (place < spans[..., 1, :])
    return inside.to(like.dtype)


def distance_buckets(length: int, buckets: int, device: torch.device) -> Tensor:
    """The bucket of every query's distance to every key. Shape: (L, L), in [0, buckets).

    Half of the buckets look ahead; in each half the nearest distances have a bucket of their own
    and those up to 128 share the others on a logarithmic scale (T5, Raffel et al., JMLR 2020).
    """
    place = torch.arange(length, device=device)
    ahead = place[None, :] - place[:, None]
    half, exact = buckets // 2, buckets // 4
    far = (ahead.abs().clamp(min=1) / exact).log() / math.log(128 / exact) * (half - exact)
    near = ahead.abs()
    bucket = torch.where(near < exact, near, (exact + far.long()).clamp(max=half - 1))
    return bucket + half * (ahead > 0).long()


HF_LAYER = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "attention_output": "attention.output.dense",
    "attention_norm": "attention.output.LayerNorm",
    "intermediate": "intermediate.dense",
    "output": "output.dense",
    "output_norm": "output.LayerNorm",
}
MPNET_LAYER = HF_LAYER | {
    "query": "attention.attn.q",
    "key": "attention.attn.k",
    "value": "attention.attn.v",
    "attention_output": "attention.attn.o",
    "attention_norm": "attention.LayerNorm",
}
HF_EMBEDDINGS = {
    "words": "word_embeddings",
    "positions": "position_embeddings",
    "token_types": "token_type_embeddings",
    "embedding_norm": "LayerNorm",
}


def network_from_base(
    base: Path, pair_heads: Mapping[str, tuple[str, ...]], tags: tuple[str, ...]
) -> StanceNetwork:
    """A network with the encoder of a Hugging Face folder and fresh heads.

    Args:
        base: a folder with config.json and model.safetensors of a BERT, RoBERTa, XLM-RoBERTa,
            ELECTRA or MPNet encoder.
        pair_heads: labels of each head that answers for a pair.
        tags: labels of the mention tagger.

    Raises:
        InputError: the folder holds another architecture, or lacks a file.
    """
    for name in ("config.json", "model.safetensors"):
        if not (base / name).is_file():
            raise InputError(
                f"{base} has no {name}; must be a Hugging Face folder with config.json, "
                "model.safetensors and tokenizer.json",
                hint="weights in pytorch_model.bin are a pickle, which stance does not read; save the "
                "model again with safetensors",
            )
    hf = json.loads((base / "config.json").read_text(encoding="utf-8"))
    supported = ("bert", "roberta", "xlm-roberta", "electra", "mpnet")
    if hf.get("model_type") not in supported:
        raise InputError(
            f"{base} is a {hf.get('model_type')} encoder; supported: {', '.join(supported)}"
        )
    if hf["hidden_act"] != "gelu":
        raise InputError(f"{base} uses the activation {hf['hidden_act']!r}; supported: 'gelu'")
    if hf.get("embedding_size", hf["hidden_size"]) != hf["hidden_size"]:
        raise InputError(
            f"{base} has embeddings of size {hf['embedding_size']} under a hidden size of "
            f"{hf['hidden_size']}; the two must be equal"
        )
    config = NetworkConfig(
        vocab_size=hf["vocab_size"],
        hidden_size=hf["hidden_size"],
        layers=hf["num_hidden_layers"],
        heads=hf["num_attention_heads"],
        intermediate_size=hf["intermediate_size"],
        positions=hf["max_position_embeddings"],
        # RoBERTa and MPNet count positions from behind their padding id.
        position_offset=hf["pad_token_id"] + 1
        if hf["model_type"].endswith(("roberta", "mpnet"))
        else 0,
        token_types=hf.get("type_vocab_size", 0),
        layer_norm_eps=hf["layer_norm_eps"],
        pair_heads=pair_heads,
        tags=tags,
        relative_buckets=hf.get("relative_attention_num_buckets", 0),
    )
    network = StanceNetwork(config)
    given = load_file(base / "model.safetensors")
    missing = network.load_state_dict(_renamed(given, config), strict=False).missing_keys
    ours = ("relation_", "role", "tagger.", "pair_")
    unfilled = [name for name in missing if not any(part in name for part in ours)]
    if unfilled:
        raise InputError(f"{base}/model.safetensors lacks the weights of {', '.join(unfilled)}")
    return network


def _renamed(given: Mapping[str, Tensor], config: NetworkConfig) -> dict[str, Tensor]:
    """The base's tensors under our names, whatever prefix the checkpoint gives the encoder."""
    names = {f"embeddings.{theirs}": ours for ours, theirs in HF_EMBEDDINGS.items()}
    names["encoder.relative_attention_bias"] = "distance_bias"
    layer = MPNET_LAYER if config.relative_buckets else HF_LAYER
    for i in range(config.layers):
        names |= {
            f"encoder.layer.{i}.{theirs}": f"layers.{i}.{ours}" for ours, theirs in layer.items()
        }
    renamed = {}
    for name, tensor in given.items():
        stem, _, kind = name.rpartition(".")
        for theirs, ours in names.items():
            if stem == theirs or stem.endswith(f".{theirs}"):
                renamed[f"{ours}.{kind}"] = tensor
    return renamed

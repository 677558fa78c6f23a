"""Make tests/tiny_model: a two-layer network with seeded random weights, exported as the real one is.

Run by hand when the network or the export changes: `python tests/make_tiny_model.py`.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from stance.learning.export import export_onnx
from stance.model.artefact import write_checksums
from stance.model.network import PAIR_HEADS, TAGS, NetworkConfig, StanceNetwork, write_network
from stance.values import SCHEMA_VERSION

TINY = Path(__file__).parent / "tiny_model"
WORDS = """accused against agreed aid and at backed ban beijing blamed by cairo condemned corner for
from france german in its japan kyiv lifted london manila moscow of on over paris praised said s
sanctions seoul support thanked that the to tokyo treaty turkey us warned washington will with""".split()


def vocabulary() -> dict[str, int]:
    """Special tokens, words, single characters and continuations; 420 entries with fillers."""
    letters = [chr(c) for c in range(33, 127)]
    entries = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS, *letters, *(f"##{c}" for c in letters)]
    entries = list(dict.fromkeys(entries))
    entries += [f"[unused{i}]" for i in range(420 - len(entries))]
    return {entry: i for i, entry in enumerate(entries)}


def main() -> None:
    """Write the folder, with the torch weights beside the graphs."""
    torch.manual_seed(7)
    config = NetworkConfig(420, 32, 2, 4, 64, 64, 0, 2, 1e-12, PAIR_HEADS, TAGS)
    network = StanceNetwork(config).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.25) if parameter.ndim > 1 else None
    TINY.mkdir(exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        export_onnx(network, TINY)
    write_network(network, TINY, pad_id=0, max_length=32)
    write_tokenizer()
    settings = {
        "model_id": "tiny",
        "schema_version": SCHEMA_VERSION,
        "pair_heads": PAIR_HEADS,
        "tags": TAGS,
        "temperatures": dict.fromkeys(PAIR_HEADS, 1.0),
        "abstain_below": 0.4,
        "max_length": 32,
        "pad_id": 0,
    }
    (TINY / "config.json").write_text(json.dumps(settings, indent=1) + "\n")
    (TINY / "golden.jsonl").write_text("")
    write_checksums(TINY)


def write_tokenizer() -> None:
    """A WordPiece tokenizer over the small vocabulary."""
    vocab = vocabulary()
    tokenizer = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        special_tokens=[("[CLS]", vocab["[CLS]"]), ("[SEP]", vocab["[SEP]"])],
    )
    tokenizer.save(str(TINY / "tokenizer.json"), pretty=False)


if __name__ == "__main__":
    main()

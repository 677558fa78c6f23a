"""The encoder reads the weights of other families as transformers does."""

from pathlib import Path

import pytest
import torch

from stance.errors import InputError
from stance.model.network import network_from_base

HEADS = {"stance": ("against", "neutral", "favor")}
TAGS = ("O", "B-actor", "I-actor")
SIZES = {
    "vocab_size": 60,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 320,
}


def base_folder(family: str, folder: Path) -> torch.nn.Module:
    transformers = pytest.importorskip("transformers")
    extra = {"embedding_size": 16} if family == "electra" else {}
    config = transformers.AutoConfig.for_model(family, **SIZES, **extra)
    torch.manual_seed(3)
    model = transformers.AutoModel.from_config(config).eval()
    with torch.no_grad():  # fresh weights are so small that a wrong bias would not show
        for parameter in model.parameters():
            parameter.mul_(8)
    model.save_pretrained(folder)
    return model


@pytest.mark.parametrize("family", ["bert", "roberta", "electra", "mpnet"])
def test_states_are_those_of_transformers(family: str, tmp_path: Path) -> None:
    theirs = base_folder(family, tmp_path)
    ours = network_from_base(tmp_path, HEADS, TAGS).eval()
    ids = torch.arange(300).remainder(50).add(5)[None]  # longer than the distances told apart
    mask = torch.ones_like(ids)
    with torch.no_grad():
        expected = theirs(ids, attention_mask=mask).last_hidden_state
        found = ours.encode(ids, mask)["states"]
    assert expected.std() > 0.1
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_other_families_are_refused(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    base_folder("bert", tmp_path)
    config = tmp_path / "config.json"
    config.write_text(config.read_text().replace('"bert"', '"xlnet"'))
    with pytest.raises(InputError, match="xlnet encoder; supported: bert, roberta"):
        network_from_base(tmp_path, HEADS, TAGS)

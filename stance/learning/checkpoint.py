"""The state of a training run in one safetensors file: tensors, and the rest as JSON in its header."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from stance.errors import InputError

Groups = Mapping[str, Mapping[str, Tensor]]


def write_checkpoint(path: Path, tensors: Groups, facts: Mapping[str, Any]) -> None:
    """Write groups of named tensors and JSON values, whole or not at all.

    Args:
        path: the file; its folder is made.
        tensors: group name, without "/" → tensor name → tensor.
        facts: anything JSON can hold.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    flat = {f"{group}/{name}": t for group, named in tensors.items() for name, t in named.items()}
    save_file(flat, partial, {"facts": json.dumps(facts)})
    os.replace(partial, path)


def read_checkpoint(path: Path) -> tuple[dict[str, dict[str, Tensor]], dict[str, Any]]:
    """The tensors and facts that `write_checkpoint` wrote.

    Raises:
        InputError: the file is something else.
    """
    groups: dict[str, dict[str, Tensor]] = defaultdict(dict)
    try:
        with safe_open(path, "pt") as file:
            facts: dict[str, Any] = json.loads(file.metadata()["facts"])
            for key in file.keys():  # noqa: SIM118 - not a mapping
                group, _, name = key.partition("/")
                groups[group][name] = file.get_tensor(key)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{path} is no checkpoint of stance: {error}", hint="delete it to start over"
        ) from error
    return dict(groups), facts

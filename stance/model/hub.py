"""Find a model folder: the shipped one, a local one, or one of the Hugging Face Hub by its id."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from stance.errors import InputError, MissingDependencyError, ModelNotFoundError
from stance.model.artefact import CHECKSUMS, NEEDED, TORCH_FILES, default_dir

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
"""What the Hub allows: organisation/name."""
DOWNLOADED = (*NEEDED, *TORCH_FILES, CHECKSUMS, "README.md", "*.json")
"""Nothing else of a repository is fetched."""


def find_model(
    model: str | os.PathLike[str] | None,
    revision: str | None = None,
    *,
    local_files_only: bool = False,
) -> Path:
    """The folder of a model, downloaded if `model` is an id of the Hub and no local folder.

    Args:
        model: None for the shipped model, a folder, or "organisation/name".
        revision: a branch, tag or commit of the Hub; None for the newest. A commit hash pins
            the very files.
        local_files_only: use only what was downloaded before.

    Raises:
        MissingDependencyError: an id is given and huggingface_hub is not installed.
        ModelNotFoundError: neither a folder nor a repository that can be reached has this name.
        InputError: a revision is given with a local folder, which has none.
    """
    if model is None or Path(model).exists() or not HUB_ID.fullmatch(os.fspath(model)):
        if revision is not None:
            raise InputError(
                f"revision is {revision!r}, but {'the shipped model' if model is None else model} is a local folder",
                hint="only an id of the Hugging Face Hub, organisation/name, has revisions",
            )
        return default_dir() if model is None else Path(model)
    return download(os.fspath(model), revision, local_files_only=local_files_only)


def download(
    name: str,
    revision: str | None = None,
    *,
    local_files_only: bool = False,
    also: Sequence[str] = (),
) -> Path:
    """The folder of a repository of the Hub: what a model of stance needs of it, and files `also` named.

    Raises:
        MissingDependencyError: huggingface_hub is not installed.
        ModelNotFoundError: there is no such repository, or it cannot be reached.
    """
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        missing = MissingDependencyError("huggingface_hub", "hub")
        missing.add_note(f"{name!r} is no local folder, so it was taken as an id of the Hub")
        raise missing from error
    try:
        folder = snapshot_download(
            name,
            revision=revision,
            local_files_only=local_files_only,
            allow_patterns=[*DOWNLOADED, *also],
        )
    except Exception as error:  # huggingface_hub and its network client raise many unrelated types
        asked = (
            "among the models downloaded before" if local_files_only else "on the Hugging Face Hub"
        )
        first_line = str(error).strip().partition("\n")[0]
        raise ModelNotFoundError(
            f"{name!r} is no local folder, and was not found {asked}: {first_line}",
            hint="give a model folder, or the id and revision of a repository you can reach",
        ) from error
    return Path(folder)

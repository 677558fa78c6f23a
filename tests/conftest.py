"""Fixtures: the shipped model, the tiny one, and where the data of others may lie."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import stance
from stance.scoring.scorer import Scorer

ROOT = Path(__file__).parents[1]
TINY = Path(__file__).parent / "tiny_model"


@pytest.fixture(scope="session")
def scorer() -> Scorer:
    """The shipped model."""
    return stance.load(threads=2)


@pytest.fixture(scope="session")
def tiny() -> Scorer:
    """Two layers, random weights: for shapes and parity, not for answers."""
    return stance.load(TINY, threads=1)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the labelled sets and the article of others, which the project does not hold."""
    folder = Path(os.environ.get("STANCE_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there; set STANCE_SHARED (see training/README.md)")
    return folder

"""Models of the Hugging Face Hub, from a local cache in its layout, with sockets blocked."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import stance

from .conftest import TINY

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What huggingface_hub leaves after downloading org/tiny at main: blobs, links to them, refs."""
    constants = pytest.importorskip("huggingface_hub.constants")
    repo = tmp_path / "models--org--tiny"
    snapshot = repo / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (repo / "blobs").mkdir()
    for file in TINY.iterdir():
        shutil.copy(file, repo / "blobs" / file.name)
        (snapshot / file.name).symlink_to(Path("../../blobs") / file.name)
    (repo / "refs").mkdir()
    (repo / "refs" / "main").write_text(COMMIT)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    return repo


@pytest.mark.parametrize("revision", [None, "main", COMMIT])
def test_id_loads_from_the_cache(cache: Path, revision: str | None) -> None:
    scorer = stance.load("org/tiny", revision=revision, local_files_only=True)
    assert scorer.config.model_id == "tiny"


def test_what_is_not_in_the_cache_is_not_found(cache: Path) -> None:
    for name, revision in (("org/other", None), ("org/tiny", "v9")):
        with pytest.raises(stance.ModelNotFoundError, match="downloaded before") as caught:
            stance.load(name, revision=revision, local_files_only=True)
        assert "\n" not in str(caught.value)


def test_without_a_network_a_new_id_is_not_found_in_one_line(tmp_path: Path) -> None:
    code = (
        "import socket\n"
        "def blocked(*a, **k): raise OSError('network blocked')\n"
        "socket.socket.connect = socket.getaddrinfo = blocked\n"
        "import stance\n"
        "try: stance.load('org/other')\n"
        "except stance.ModelNotFoundError as error: print(error)\n"
    )
    environment = {"HF_HOME": str(tmp_path), "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=60
    )
    (line,) = done.stdout.splitlines()
    assert "'org/other' is no local folder, and was not found on the Hugging Face Hub" in line


def test_changed_download_is_refused(cache: Path) -> None:
    (cache / "blobs" / "weights.bin").write_bytes(b"changed")
    with pytest.raises(stance.ModelMismatchError, match="weights.bin has SHA-256"):
        stance.load("org/tiny", local_files_only=True)


def test_local_folder_wins_over_an_id(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "org" / "tiny").mkdir(parents=True)
    with pytest.raises(stance.ModelNotFoundError, match="holds no model"):
        stance.load("org/tiny", local_files_only=True)


@pytest.mark.parametrize("model", [None, TINY])
def test_revision_of_a_local_folder_is_an_error(model: Path | None) -> None:
    with pytest.raises(stance.InputError, match="revision is 'v1'"):
        stance.load(model, revision="v1")


def test_without_huggingface_hub_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(stance.MissingDependencyError, match="huggingface_hub") as caught:
        stance.load("org/tiny")
    assert caught.value.hint == "pip install 'stance[hub]'"


def test_a_model_of_the_hub_scores_a_corpus(cache: Path, tmp_path: Path) -> None:
    """In another process too, where its revision must be the same."""
    scorer = stance.load("org/tiny", revision=COMMIT, local_files_only=True)
    assert scorer.source is not None and scorer.source.revision == COMMIT
    document = stance.Document("a", "Oslo thanked Rome.")
    assert stance.score_corpus([document], tmp_path / "out", scorer).documents == 1

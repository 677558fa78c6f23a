"""Every block of code in the documentation runs, in the order of its page.

`sh` and `python` blocks run in an empty folder of the page; a `text` block right after one is what it
prints. `console` blocks need a network or an installation and are for reading.
"""

import contextlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ROOT

PAGES = sorted((ROOT / "docs").rglob("*.md"))
BLOCK = re.compile(
    r"^```(?P<kind>\w*)[^\n]*\n(?P<code>.*?)^```$(?:\n+^```text\n(?P<printed>.*?)^```$)?",
    re.M | re.S,
)
CLUSTERS = ROOT / "docs" / "clusters.md"
"""Its blocks need a cluster: tests/test_clusters.py has them."""
KINDS = {"sh", "python", "text", "console", "json"}


@pytest.fixture
def stance_on_path(tmp_path: Path) -> dict[str, str]:
    """An environment in which `stance` is this checkout."""
    command = tmp_path / "bin" / "stance"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m stance "$@"\n')
    command.chmod(0o755)
    path = f"{command.parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "COLUMNS": "100"}


def run_shell(code: str, folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", code],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_python(code: str, page: Path, names: dict[str, object]) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, str(page), "exec"), names)
    return printed.getvalue()


@pytest.mark.parametrize(
    "page", [p for p in PAGES if p != CLUSTERS], ids=lambda p: str(p.relative_to(ROOT / "docs"))
)
@pytest.mark.filterwarnings("default")  # other libraries' own
def test_blocks_of_a_page_run(
    page: Path,
    tmp_path: Path,
    stance_on_path: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    names: dict[str, object] = {"__name__": "docs"}
    for block in BLOCK.finditer(page.read_text(encoding="utf-8")):
        assert block["kind"] in KINDS, f"what is a block of {block['kind']!r}?"
        if block["kind"] == "sh":
            assert "pip install" not in block["code"], "that changes the machine: make it console"
            printed = run_shell(block["code"], folder, stance_on_path)
        elif block["kind"] == "python":
            printed = run_python(block["code"], page, names)
        else:
            continue
        if block["printed"] is not None:
            assert printed.split() == block["printed"].split()


def test_every_page_is_in_the_menu() -> None:
    menu = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert not [p for p in PAGES if f": {p.relative_to(ROOT / 'docs')}\n" not in menu]


def test_reference_names_every_public_name() -> None:
    import stance

    reference = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    whole = {m for m in ("values", "errors") if f"::: stance.{m}\n" in reference}
    missing = [
        name
        for name in stance.__all__
        if stance._HOME[name] not in whole and not re.search(rf"\b{name}\b", reference)
    ]
    assert missing == []

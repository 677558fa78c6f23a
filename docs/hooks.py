"""Fills pages with what is kept elsewhere: files, tables a script makes, and the pages of `--help`.

A line `<!-- file: PATH -->` becomes that file without its front matter, `<!-- scores -->` the scores
of the README, and `<!-- help -->` what every verb's `--help` prints.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SLOT = re.compile(r"^<!-- (file: (?P<path>\S+)|scores|help) -->$", re.M)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """The page with its slots filled."""
    return SLOT.sub(_fill, markdown)


def _fill(slot: re.Match[str]) -> str:
    if slot["path"]:
        text = (ROOT / slot["path"]).read_text(encoding="utf-8")
        return re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.S)
    if slot[1] == "scores":
        readme = (ROOT / "README.md").read_text(encoding="utf-8")
        return readme.split("training/evaluate.py -->\n")[1].split("<!-- end of scores")[0]
    from stance.cli import actors, app

    verbs = [c.callback.__name__ for c in app.registered_commands if c.callback]
    verbs += [f"actors {c.callback.__name__}" for c in actors.registered_commands if c.callback]
    return "\n".join(f"## stance {verb}\n```text\n{_help(verb)}```\n" for verb in verbs)


def _help(verb: str) -> str:
    env = {**os.environ, "COLUMNS": "88"}
    command = [sys.executable, "-m", "stance", *verb.split(), "--help"]
    return subprocess.run(
        command, env=env, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout

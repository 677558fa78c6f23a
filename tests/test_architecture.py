"""The house: import order, a light import, the public names, a README that runs."""

import ast
import doctest
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import stance

from .conftest import ROOT

# A module imports only from modules before it: of earlier rooms, and of its own. The first room is the
# package itself.
ROOMS = {
    "stance": "errors values dates metrics sentences marking records",
    "actors": "lists table context acronyms subjects use coreference finding review",
    "model": "encode artefact hub network restore backends",
    "scoring": "pairs scoreable batches predictions tagging recent golden scorer speed doctor",
    "corpus": (
        "tables record_files input_files input_rows documents shards output_folder input "
        "manifest cluster run"
    ),
    "vectors": (
        "copies periods evidence partials intervals aggregation positions tables validation sums"
    ),
    "turns": "changepoints search shifts tables",
    "evaluation": "labelled native rows formats answers confidence scores comparison",
    "robustness": "rewriting measures minimal_pairs state_names perturbations checking",
    "learning": "examples checkpoint loop export calibration card start teacher tuning",
    "report": "cues plots page_evidence page_data page printing scores_page",
    "integrations": "frames estimator spacy_component transformers_task",
    "cli": (
        "options terminal actors aggregate analyze bench calibrate doctor evaluate report score "
        "train turns"
    ),
}


def _modules(room: str) -> list[str]:
    within = "stance" if room == "stance" else f"stance.{room}"
    return [f"{within}.{name}" for name in ROOMS[room].split()]


ORDER = [*(module for room in ROOMS for module in _modules(room)), "stance.cli", "stance.__main__"]


def _file(module: str) -> Path:
    path = ROOT / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def imported(path: Path, *, anywhere: bool = False) -> set[str]:
    """Modules of ours that a file imports when it is loaded, or anywhere in it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree) if anywhere else tree.body:
        if isinstance(node, ast.ImportFrom):
            members = {f"{node.module}.{alias.name}" for alias in node.names} & {*ORDER}
            found |= members or {node.module}
    return {name for name in found if name and name.startswith("stance.")}


@pytest.mark.parametrize("module", ORDER)
def test_imports_point_one_way(module: str) -> None:
    earlier = {*ORDER[: ORDER.index(module)]}
    assert imported(_file(module)) <= earlier
    # A function may import what comes later in its room, and nothing from a later room.
    own = {m for room in ROOMS if module in _modules(room) for m in _modules(room)}
    assert imported(_file(module), anywhere=True) <= earlier | own


def test_every_module_has_its_place() -> None:
    paths = {
        p for p in (ROOT / "stance").rglob("*.py") if p.parent.name == "cli" or p.stem != "__init__"
    }
    assert paths == {_file(module) for module in ORDER}


@pytest.mark.parametrize("room", [room for room in ROOMS if room not in ("stance", "cli")])
def test_a_room_says_what_goes_in_and_out_and_no_more(room: str) -> None:
    (only,) = ast.parse(_file(f"stance.{room}").read_text(encoding="utf-8")).body
    assert isinstance(only, ast.Expr) and isinstance(only.value, ast.Constant)


def test_the_map_of_the_rooms_is_whole_and_in_order() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)/` \|", text, re.M) == [*ROOMS]


def test_training_imports_the_library_and_never_the_reverse() -> None:
    names = {p.stem for p in (ROOT / "training").glob("*.py")}
    for path in (ROOT / "stance").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            modules += [a.name for a in node.names] if isinstance(node, ast.Import) else []
            assert not {m.split(".")[0] for m in modules} & (
                {"training"} | names - {"export", "evaluate"}
            )


def test_import_is_light_and_silent() -> None:
    code = (
        "import sys, stance, stance.values; "
        "heavy = {'torch', 'onnxruntime', 'numpy', 'transformers', 'tokenizers', 'rich', 'typer'} & set(sys.modules); "
        "print(sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_exported_names() -> None:
    assert stance.__all__ == sorted(stance.__all__)
    assert set(stance.__all__) == set(stance._HOME)
    for name in stance.__all__:
        assert getattr(stance, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'analyse'"):
        _ = stance.analyse


@pytest.mark.parametrize(
    "module", ["stance", *(name for name in ORDER if name != "stance.__main__")]
)
def test_docstring_examples(module: str) -> None:
    assert doctest.testmod(importlib.import_module(module)).failed == 0


def test_readme_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "seeds").symlink_to(ROOT / "seeds")
    monkeypatch.chdir(tmp_path)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = [part.split("```")[0] for part in readme.split("```python\n")[1:]]
    assert blocks
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})


def test_readme_names_every_command() -> None:
    from stance.cli import app

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in app.registered_commands:
        assert f"stance {command.callback.__name__}" in readme
        assert command.callback.__doc__


def test_nothing_heavy_is_installed_with_the_core() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert {d.split(">")[0] for d in project["dependencies"]} == {
        "numpy",
        "onnxruntime",
        "rich",
        "tokenizers",
        "typer",
    }
    assert not any("<" in d or "==" in d for d in project["dependencies"])


def test_shipped_folder_is_small_and_wholly_packaged() -> None:
    import tomllib

    folder = ROOT / "models" / "stance-small-en"
    files = {p.name for p in folder.iterdir()}
    assert sum(p.stat().st_size for p in folder.iterdir()) <= 30_000_000
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"][
        "targets"
    ]["wheel"]
    packaged = {Path(p).name for p in wheel["force-include"] if Path(p).parent.name == folder.name}
    assert packaged == files


SCRIPTS = sorted(
    p
    for room in ("benchmarks", "docs", "examples", "training")
    for p in (ROOT / room).rglob("*.py")
)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_scripts_import_what_is_there(script: Path) -> None:
    for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "stance":
            module = importlib.import_module(node.module or "")
            for alias in node.names:
                if not hasattr(module, alias.name):
                    importlib.import_module(f"{node.module}.{alias.name}")

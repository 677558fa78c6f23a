"""The house: import order, a light import, the public names, a README that runs."""

import ast
import doctest
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import stance

from .conftest import ROOT

# Each module imports only from modules before it.
ORDER = (
    "errors values dates metrics confidence sentences actor_lists actor_table actor_context acronyms actor_use "
    "subjects coreference actors actor_review pairs scoreable encode batches artefact predictions hub "
    "backends tagging marking records golden scoring cues speed doctor network labelled native rows "
    "formats answers examples checkpoint loop export restore "
    "copies periods evidence partials intervals vectors positions vector_tables validation "
    "changepoints turns shifts turn_tables tables sums files input_files input_rows documents shards output_folder "
    "corpus_input manifest cluster corpus frames evaluation comparison calibration card "
    "measures minimal_pairs rewriting state_names perturbations robustness "
    "start teacher tuning estimator spacy_component transformers_task "
    "plots webevidence webdata webpage printing scores_page cli __main__"
).split()


def imported(path: Path) -> set[str]:
    """Modules of ours that a file imports when it is loaded."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = [n for n in tree.body if isinstance(n, ast.ImportFrom)]
    return {n.module.split(".")[1] for n in nodes if n.module and n.module.startswith("stance.")}


@pytest.mark.parametrize("module", ORDER)
def test_imports_point_one_way(module: str) -> None:
    earlier = {*ORDER[: ORDER.index(module)]}
    folder = ROOT / "stance" / module
    for path in sorted(folder.glob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]:
        assert imported(path) <= earlier | {folder.name if folder.is_dir() else ""}


def test_every_module_has_its_place() -> None:
    rooms = {p.parent if p.name == "__init__.py" else p for p in (ROOT / "stance").rglob("*.py")}
    top = {p.stem for p in rooms if p.parent == ROOT / "stance"}
    assert top == {*ORDER}


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
    "module", ["stance", *(f"stance.{name}" for name in ORDER if name != "__main__")]
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

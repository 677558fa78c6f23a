"""stance train, evaluate and calibrate as a user runs them: from a CSV to a calibrated model."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import stance

from .conftest import ROOT, TINY
from .test_tuning import rows


def run(*args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120"}
    command = [sys.executable, "-m", "stance", *args]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=env, timeout=300)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """pairs.csv with one wrong row, and a recipe."""
    path = tmp_path_factory.mktemp("cli")
    with (path / "pairs.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "source", "target", "stance"])
        for pair in rows(("oppose", "mixed", "favour")):
            ends = (pair.text[slice(*end)] for end in (pair.source, pair.target) if end)
            writer.writerow([pair.text, *ends, pair.stance])
        writer.writerow(["Tokyo praised Paris", "Tokyo", "Bonn", "favour"])
    (path / "recipe.toml").write_text("batch_size = 8\nbfloat16 = false\n")
    return path


def test_from_a_table_to_a_calibrated_model(folder: Path) -> None:
    train = "train pairs.csv -o mine --labels oppose=-1,mixed=0,favour=1 --config recipe.toml --epochs 1"
    done = run(*train.split(), "--base", str(TINY), "--device", "cpu", cwd=folder)
    assert done.returncode == 1 and done.stdout == "", "the wrong row is an error, the rest is used"
    assert "'Bonn' is not in the text" in done.stderr and "Traceback" not in done.stderr
    assert "epoch 1/1 loss" in done.stderr
    assert json.loads((folder / "mine/training.json").read_text())["config"]["batch_size"] == 8

    done = run(
        *("evaluate pairs.csv -m mine --json --errors 3 --html page.html --against".split()),
        str(TINY),
        cwd=folder,
    )
    result = json.loads(done.stdout)
    assert (result["n"], result["labels"]) == (56, ["oppose", "mixed", "favour"])
    assert len(result["mistakes"]) == 3 and result["comparison"]["signature"]["other_id"] == "tiny"
    assert done.stderr.count("Bonn") == 1, "a wrong row is told once"
    assert "<svg" in (folder / "page.html").read_text()

    shown = run("evaluate", "pairs.csv", "-m", "mine", "--errors", "2", cwd=folder).stdout
    assert "brier" in shown and shown.count(" read as ") == 2

    done = run("calibrate", "pairs.csv", "-m", "mine", "-o", "fitted", cwd=folder)
    assert "temperature" in done.stdout
    config = stance.load(folder / "fitted").config
    assert config.stances == ("oppose", "mixed", "favour") and "-t" in config.model_id


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ("train pairs.csv -o m --labels oppose", "must be a label and its value"),
        ("train pairs.csv -o m --config pairs.csv", "is no recipe"),
        ("train none.jsonl -o m", "does not exist"),
        ("evaluate pairs.csv --format xml", "format is 'xml'"),
        ("calibrate pairs.csv -o .", "exists already"),
    ],
)
def test_errors_are_one_line(args: str, message: str, folder: Path) -> None:
    done = run(*args.split(), cwd=folder)
    assert done.returncode == 1 and message in done.stderr and "Traceback" not in done.stderr

"""The commands as a user runs them: a process, its output and its exit status."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import stance
from stance.cli import app
from stance.corpus.record_files import read_records

from .conftest import ROOT, TINY

SEED = ROOT / "seeds" / "contingency-plan.txt"


def run(
    *args: str, stdin: bytes = b"", cwd: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[bytes]:
    # A locale that cannot write "→": records and tables are UTF-8 all the same.
    env = {**os.environ, "COLUMNS": "120", "PYTHONIOENCODING": "cp1252", **variables}
    return subprocess.run(
        [sys.executable, "-m", "stance", *args],
        input=stdin,
        capture_output=True,
        cwd=cwd,
        env=env,
        timeout=120,
    )


def test_table_and_evidence_for_a_person() -> None:
    done = run("analyze", str(SEED))
    out = done.stdout.decode()
    assert (done.returncode, done.stderr) == (0, b"")
    assert "Mean stance" in out and "Japan" in out and "China" in out
    assert "China accused Japan of playing with fire" in out


def test_json_is_a_record_a_line(tmp_path: Path) -> None:
    done = run("analyze", "--json", str(SEED))
    (tmp_path / "r.jsonl").write_bytes(done.stdout)
    records = list(read_records(tmp_path / "r.jsonl"))
    assert done.stderr == b"" and records
    assert {r.document_id for r in records} == {str(SEED)}


def test_standard_input_and_only() -> None:
    text = b"Beijing condemned Tokyo. Paris praised London."
    done = run("analyze", "-", "--json", "--only", "CHN,JPN", stdin=text)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert rows and all({r["source_id"], r["target_id"]} & {"CHN", "JPN"} for r in rows)


def test_date_decides_who_held_office() -> None:
    text = "President Biden condemned China."
    for date, role in (("2022-06-01", "GOV"), ("2026-06-01", "ELI")):
        done = run("analyze", "-", "--json", "--date", date, stdin=text.encode())
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        assert {r["source_role"] for r in rows if r["source_id"] == "USA"} == {role}


def test_the_table_has_a_row_for_those_out_of_office_too() -> None:
    text = b"President Biden condemned China."
    done = run("analyze", "-", "--date", "2026-06-01", stdin=text)
    assert "(1)" in done.stdout.decode()


def test_bad_files_are_named_and_the_good_one_is_read(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "rows.jsonl").write_text('{"text": "Japan praised China."}\n[1]\n')
    done = run(
        "analyze", "--json", "empty.txt", "none.txt", str(tmp_path), "rows.jsonl", cwd=tmp_path
    )
    errors = done.stderr.decode().splitlines()
    assert done.returncode == 1 and len(errors) == 4
    for name, error in zip(
        ["empty.txt", "none.txt", str(tmp_path), "rows.jsonl:2"], errors, strict=False
    ):
        assert any(name in e for e in errors), error
    assert {json.loads(line)["document_id"] for line in done.stdout.splitlines()} == {
        "rows.jsonl:1"
    }


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            ["analyze", "x.txt", "--date", "yesterday"],
            "option --date: is 'yesterday'; must be an ISO date",
        ),
        (["analyze", "x.txt", "--model", "nowhere"], "'nowhere' does not exist"),
        (["evaluate", "none.jsonl"], "none.jsonl"),
        (["bench", "--model", "nowhere"], "'nowhere' does not exist"),
    ],
)
def test_errors_are_one_line_without_traceback(args: list[str], message: str) -> None:
    done = run(*args)
    error = done.stderr.decode()
    assert done.returncode == 1 and message in error and "Traceback" not in error
    assert len(error.splitlines()) == 1


def test_only_without_a_match_says_so() -> None:
    done = run("analyze", "-", "--only", "FRA", stdin=b"Beijing condemned Tokyo.")
    assert done.returncode == 0 and b"No record names FRA" in done.stdout


def test_control_characters_do_not_reach_the_terminal() -> None:
    done = run("analyze", "-", stdin=b"Beijing condemned\x1b Tokyo\r\nyesterday.")
    assert b"\x1b" not in done.stdout and b"condemned" in done.stdout


def test_cues_of_an_article() -> None:
    done = run("analyze", "-", "--cues", stdin=b"Seoul thanked Washington.")
    assert (done.returncode, done.stderr) == (0, b"") and b"thanked" in done.stdout
    done = run("analyze", "-", "--cues", "--json", stdin=b"Seoul thanked Washington.")
    assert done.returncode == 1 and b"option --cues" in done.stderr and not done.stdout


def test_no_actors_is_no_error() -> None:
    done = run("analyze", "-", stdin=b"It rained.")
    assert done.returncode == 0 and b"No two actors" in done.stdout


PAIR = {
    "id": "1",
    "text": "Oslo thanked Rome.",
    "source": {"start": 0, "end": 4},
    "target": {"start": 13, "end": 17},
    "stance": "favor",
}


def test_evaluate(tmp_path: Path) -> None:
    wrong = {**PAIR, "target": {"start": 13, "end": 99}}
    cursed = {"text": "Oslo cursed Rome.", "target": {"start": 12, "end": 16}, "stance": "against"}
    rows = [PAIR, wrong, {**PAIR, **cursed}]
    (tmp_path / "pairs.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    done = run("evaluate", "pairs.jsonl", "--json", cwd=tmp_path)
    result = json.loads(done.stdout)
    assert done.returncode == 1 and b"line 2" in done.stderr and b"'target'" in done.stderr
    assert result["n"] == 2 and set(result) >= {
        "macro_f1", "accuracy", "f1_against", "f1_neutral", "f1_favor", "f1_polar", "polarity_accuracy",
        "polarity_macro_f1", "ece", "confusion", "intervals", "signature",
    }  # fmt: skip
    assert b"macro_f1" in run("evaluate", "pairs.jsonl", cwd=tmp_path).stdout


@pytest.mark.timing
def test_first_answer_of_a_cold_process_in_two_seconds() -> None:
    """Best of three, on an article: start Python, load and check the model, read, print."""
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        assert run("analyze", str(SEED)).returncode == 0
        times.append(time.perf_counter() - begun)
    assert min(times) < 2


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["analyze"], "Missing argument"),
        (["analyze", "x.txt", "--mood"], "No such option"),
        (["analise"], "No such command 'analise'"),
        (["bench", "--threads", "0"], "--threads"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(args: list[str], message: str) -> None:
    done = run(*args)
    (line,) = done.stderr.decode().splitlines()
    assert done.returncode == 2 and message in line and "--help" in line


def test_traceback_only_with_debug() -> None:
    done = run("bench", "--model", "nowhere", "--debug")
    error = done.stderr.decode()
    assert done.returncode == 1 and "Traceback" in error and "ModelNotFoundError" in error


FAULT = """
import stance.scoring.scorer, stance.cli
def broken(*a, **k): return 1 / 0
stance.scoring.scorer.load = broken
stance.cli.main()
"""


def test_fault_of_ours_is_one_line_and_status_70() -> None:
    for extra, lines in ((), 1), (("--debug",), None):
        done = subprocess.run(
            [sys.executable, "-c", FAULT, "bench", *extra], capture_output=True, text=True
        )
        assert done.returncode == 70 and "ZeroDivisionError" in done.stderr.splitlines()[-1]
        assert ("Traceback" in done.stderr) == (lines is None)
        assert lines in (None, len(done.stderr.splitlines()))


def test_version_and_help_without_arguments() -> None:
    assert run("--version").stdout.decode().strip() == f"stance {stance.__version__}"
    assert run().stdout == run("--help").stdout and run().returncode == 0


def verbs() -> list[str]:
    return [command.callback.__name__ for command in app.registered_commands]


@pytest.mark.parametrize("verb", verbs())
def test_help_has_examples_exit_status_and_the_common_options(verb: str) -> None:
    page = run(verb, "--help").stdout.decode()
    assert f"    stance {verb}" in page and "Exit status:" in page
    assert "--quiet" in page and "--debug" in page


def test_completion_of_verbs_and_options() -> None:
    for words, at, found in (("stance ana", "1", b"analyze"), ("stance bench --th", "2", b"--thr")):
        variables = {"_STANCE_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": at}
        assert found in run(**variables).stdout


def test_doctor_is_well_here_and_says_what_is_wrong_with_a_folder(tmp_path: Path) -> None:
    done = run("doctor")
    assert done.returncode == 0 and b"answers as it must" in done.stdout
    folder = shutil.copytree(TINY, tmp_path / "model")
    (folder / "weights.bin").write_bytes(b"x")
    done = run("doctor", "--json", "--model", str(folder))
    wrong = [f for f in map(json.loads, done.stdout.splitlines()) if not f["ok"]]
    assert done.returncode == 1
    assert [f["name"] for f in wrong] == ["model files", "golden sentences"]
    assert all("weights.bin" in f["found"] for f in wrong)


def test_bench_accounts_for_its_time() -> None:
    done = run("bench", "--json", "--seconds", "0.1", "--model", str(TINY))
    speed = json.loads(done.stdout)
    total = sum(speed["milliseconds"].values())
    assert total == pytest.approx(1000 / speed["sentences_per_second"], rel=0.1)
    assert set(speed["milliseconds"]) == {"sentences", "actors", "encoder", "pairs", "rest"}
    assert b"sentences a second" in run("bench", "--seconds", "0", "--model", str(TINY)).stdout

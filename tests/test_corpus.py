"""Runs over a corpus: killed, refused, out of disk, and always the same bytes in the end."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import stance
from stance import Columns, CorpusError, CorpusSummary, Document, InputError, ResumeMismatchError
from stance.corpus.input import Progress, SeenIds
from stance.corpus.tables import record_schema
from stance.scoring.scorer import Scorer

from .conftest import ROOT, TINY

SENTENCES = (
    "Tokyo condemned Beijing.",
    "Paris praised London for the accord with Berlin.",
    "It rained.",
    "Moscow threatened Kyiv, and Washington backed Kyiv.",
)
SIZE = 3


def corpus(folder: Path, documents: int = 14) -> list[str]:
    """A JSONL file, a CSV file and a folder of texts; one row in four is bad."""
    rng = random.Random(7)
    texts = [" ".join(rng.choices(SENTENCES, k=3)) for _ in range(documents)]
    rows = [
        json.dumps({"id": f"d{i}", "text": t, "date": "2021-12-24"}) for i, t in enumerate(texts)
    ]
    rows[3::4] = ["[1]"] * len(rows[3::4])
    (folder / "a.jsonl").write_text("\n".join(rows) + "\n")
    (folder / "b.csv").write_text("text,outlet\n" + "".join(f'"{t}",AFP\n' for t in SENTENCES))
    (folder / "texts").mkdir()
    for i, text in enumerate(SENTENCES):
        (folder / "texts" / f"{i}.txt").write_text(text)
    return [str(folder / name) for name in ("a.jsonl", "b.csv", "texts")]


def contents(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir())}


def command(source: list[str], out: Path, *more: str) -> list[str]:
    options = ["-o", str(out), "--model", str(TINY), "--shard-size", str(SIZE)]
    return [sys.executable, "-m", "stance", "score", *source, *options, *more]


def run(source: list[str], out: Path, *more: str, **options: object) -> tuple[int, str]:
    """Exit status and standard error of `stance score`."""
    done = subprocess.run(command(source, out, *more), capture_output=True, timeout=120, **options)
    return done.returncode, done.stderr.decode()


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return corpus(tmp_path_factory.mktemp("given"))


@pytest.fixture(scope="module")
def whole(given: list[str], tiny: Scorer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of a run that nothing disturbed."""
    out = tmp_path_factory.mktemp("whole") / "out"
    stance.score_corpus(given, out, tiny, shard_size=SIZE)
    return out


class Runner:
    """`corpus_runner.py`, started once for all runs of a test."""

    def __init__(self) -> None:
        script = Path(__file__).parent / "corpus_runner.py"
        self._process = subprocess.Popen(
            [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(
        self,
        source: list[str],
        out: Path,
        kill_after: float | None = None,
        die_at: int | None = None,
    ) -> tuple[int, float]:
        """The exit status of a run, and the seconds from its first file to its end."""
        job = {"source": source, "out": str(out), "size": SIZE}
        job |= {"kill_after": kill_after, "die_at": die_at}
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        status, seconds = json.loads(self._process.stdout.readline())
        return status, seconds

    def close(self) -> None:
        self._process.communicate(timeout=20)


@pytest.fixture
def runner() -> Iterator[Runner]:
    runner = Runner()
    yield runner
    runner.close()


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.001)


def test_answers_are_those_of_the_scorer(given: list[str], whole: Path, tiny: Scorer) -> None:
    files = [given[0], given[1], *sorted(map(str, Path(given[2]).iterdir()))]
    expected = list(tiny(stance.read_documents(files, on_error=lambda error: None)))
    assert list(stance.read_records(whole)) == expected
    for shard in whole.glob("*.parquet"):
        schema = pq.read_schema(shard)
        assert schema.equals(record_schema())
        assert pq.read_metadata(shard).row_group(0).column(0).compression == "ZSTD"


def test_summary_counts_everything_once(given: list[str], whole: Path, tiny: Scorer) -> None:
    manifest = json.loads((whole / "_manifest.json").read_text())
    summary = CorpusSummary(**manifest["summary"])
    records = list(stance.read_records(whole))
    assert (summary.documents, summary.failed) == (19, 3)
    assert summary.sentences == 11 * 3 + 4 + 4
    assert summary.records == len(records)
    assert summary.abstained == sum(r.abstained is not None for r in records)
    rejects = [json.loads(line) for line in (whole / "_rejects.jsonl").read_text().splitlines()]
    assert [(r["file"], r["row"]) for r in rejects] == [(given[0], n) for n in (4, 8, 12)]
    assert all("is a JSON list" in r["reason"] for r in rejects)
    # A second call finds all done and changes nothing.
    before = contents(whole)
    assert stance.score_corpus(given, whole, tiny, shard_size=SIZE) == summary
    assert contents(whole) == before


def test_mentions_and_pairs_are_counted(tiny: Scorer, tmp_path: Path) -> None:
    summary = stance.score_corpus(
        [Document("a", "Tokyo condemned Beijing."), Document("b", "It rained.")],
        tmp_path / "out",
        tiny,
    )
    assert (summary.documents, summary.sentences, summary.failed) == (2, 2, 0)
    tables_only = stance.find_actors("Tokyo condemned Beijing.")
    assert summary.mentions >= len(tables_only) == 2
    assert 2 <= summary.pairs <= summary.mentions * (summary.mentions - 1)


def test_killed_at_random_moments(
    given: list[str], whole: Path, runner: Runner, tmp_path: Path
) -> None:
    """SIGKILL at 20 moments between the first write and the end; every rerun ends in the same bytes."""
    lasts = min(runner.run(given, tmp_path / f"timed{i}")[1] for i in range(3))
    rng = random.Random(3)
    killed, shards_left = 0, set()
    for attempt in range(80):
        out = tmp_path / str(attempt)
        moment = lasts * (attempt % 20 + rng.random()) / 20
        status, seconds = runner.run(given, out, kill_after=moment)
        if status != -signal.SIGKILL:
            lasts = min(lasts, seconds)  # the run was quicker this time
            continue
        killed += 1
        shards_left.add(len(list(out.glob("*.parquet"))))
        assert runner.run(given, out)[0] == 0
        assert contents(out) == contents(whole)
        if killed == 20:
            break
    assert killed == 20
    assert len(shards_left) >= 2, "the kills must spread over the run"


def test_killed_before_every_step_on_the_disk(
    given: list[str], tiny: Scorer, runner: Runner, tmp_path: Path
) -> None:
    """Every opening, renaming and removal of a file in the output folder, one after the other."""
    source, whole = given[2:], tmp_path / "whole"
    stance.score_corpus(source, whole, tiny, shard_size=SIZE)
    for moment in range(1, 200):
        out = tmp_path / str(moment)
        status, _ = runner.run(source, out, die_at=moment)
        if status == 0:
            break
        assert status == -signal.SIGKILL
        assert runner.run(source, out)[0] == 0
        assert contents(out) == contents(whole)
    assert moment > 15


def test_killed_again_and_again_in_one_folder(
    given: list[str], whole: Path, runner: Runner, tmp_path: Path
) -> None:
    out, rng = tmp_path / "out", random.Random(5)
    kills = 0
    while runner.run(given, out, die_at=rng.randrange(4, 24))[0] == -signal.SIGKILL:
        kills += 1
    assert kills >= 3
    assert contents(out) == contents(whole)


def test_the_command_killed_as_a_user_would(given: list[str], whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = subprocess.Popen(command(given, out), stderr=subprocess.PIPE)
    wait_for(out / "shard-000001.parquet")
    process.kill()
    process.communicate(timeout=60)
    status, errors = run(given, out)
    assert status == 1 and "3 failed" in errors and "_rejects.jsonl" in errors
    assert contents(out) == contents(whole)


def test_second_run_is_refused_and_a_dead_one_is_no_obstacle(
    given: list[str], whole: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    first = subprocess.Popen(command(given, out), stderr=subprocess.DEVNULL)
    wait_for(out / "_manifest.json")
    first.send_signal(signal.SIGSTOP)
    status, errors = run(given, out)
    assert status == 1 and len(errors.splitlines()) == 1
    assert (
        f"another run is writing to {out} (process {first.pid} on {socket.gethostname()})" in errors
    )
    first.kill()
    first.wait(timeout=60)
    assert (out / "_lock").exists() and (out / "_running.json").exists()
    assert run(given, out)[0] == 1  # three rows are bad
    assert contents(out) == contents(whole)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or _mount(disk, "size=64k") != 0:
        pytest.skip("a tmpfs of its own needs the right to mount")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def _mount(disk: Path, options: str) -> int:
    arguments = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)]
    return subprocess.run(arguments, stderr=subprocess.DEVNULL).returncode


def test_full_disk(given: list[str], whole: Path, small_disk: Path) -> None:
    out = small_disk / "out"
    status, errors = run(given, out)
    assert status == 1 and "No space left on device" in errors
    assert len(errors.splitlines()) == 1 and "run the same command again" in errors
    assert 0 < len(list(out.glob("*.parquet"))) < 8
    assert not list(out.glob("*.tmp"))
    assert _mount(small_disk, "remount,size=8m") == 0
    assert run(given, out)[0] == 1  # three rows are bad
    assert contents(out) == contents(whole)


def test_read_only_disk(given: list[str], whole: Path, small_disk: Path) -> None:
    out = small_disk / "out"
    assert _mount(small_disk, "remount,size=8m,ro") == 0
    status, errors = run(given, out)
    assert status == 1 and "Read-only file system" in errors and len(errors.splitlines()) == 1
    assert _mount(small_disk, "remount,size=8m,rw") == 0
    assert run(given, out)[0] == 1
    assert contents(out) == contents(whole)


def test_file_size_limit(given: list[str], whole: Path, tmp_path: Path) -> None:
    """What a full disk does to a write, without the right to mount one."""
    out = tmp_path / "out"
    limit = max(p.stat().st_size for p in whole.iterdir()) - 1
    status, errors = run(
        given,
        out,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert status == 1 and "File too large" in errors and len(errors.splitlines()) == 1
    assert run(given, out)[0] == 1
    assert contents(out) == contents(whole)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to a read-only folder")
def test_read_only_folder(given: list[str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir(mode=0o555)
    status, errors = run(given, out)
    assert status == 1 and "Permission denied" in errors


DIFFERENT = [
    ({"shard_size": 4}, r"options.shard_size is 4; .* begun with 3"),
    ({"columns": Columns(text="body")}, r"options.columns.text is 'body'; .* begun with 'text'"),
]


@pytest.mark.parametrize(("options", "message"), DIFFERENT)
def test_other_options_are_refused(
    given: list[str], whole: Path, tiny: Scorer, options: dict[str, object], message: str
) -> None:
    before = contents(whole)
    with pytest.raises(ResumeMismatchError, match=message):
        stance.score_corpus(given, whole, tiny, **{"shard_size": SIZE, **options})
    assert contents(whole) == before


def test_other_model_or_actors_are_refused(
    given: list[str], whole: Path, scorer: Scorer, tmp_path: Path
) -> None:
    with pytest.raises(ResumeMismatchError, match="model.model_id is 'stance-small.* with 'tiny'"):
        stance.score_corpus(given, whole, scorer, shard_size=SIZE)
    mine = tmp_path / "mine.csv"
    mine.write_text("id,names\nent:me,Me Myself\n")
    own = stance.load(TINY, threads=1, actors=mine)
    with pytest.raises(ResumeMismatchError, match=r"model\.(own_)?actors is "):
        stance.score_corpus(given, whole, own, shard_size=SIZE)


def test_other_input_is_refused_until_forced(tiny: Scorer, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    source = corpus(tmp_path / "in")
    out = tmp_path / "out"
    stance.score_corpus(source, out, tiny, shard_size=SIZE)
    extra = tmp_path / "in" / "texts" / "9.txt"
    extra.write_text("Rome thanked Oslo.")
    with pytest.raises(ResumeMismatchError, match=r"9\.txt is '[0-9a-f]{64}'.* with 'absent'"):
        stance.score_corpus(source, out, tiny, shard_size=SIZE)
    extra.unlink()
    with open(source[1], "a") as file:
        file.write("Oslo thanked Rome.,AP\n")
    with pytest.raises(
        ResumeMismatchError, match=r"b\.csv is '[0-9a-f]{64}'.* with '[0-9a-f]{64}'"
    ):
        stance.score_corpus(source, out, tiny, shard_size=SIZE)
    with pytest.raises(ResumeMismatchError, match="input order"):
        corpus_again = source[::-1]
        (tmp_path / "in" / "b.csv").write_text(
            "text,outlet\n" + "".join(f'"{t}",AFP\n' for t in SENTENCES)
        )
        stance.score_corpus(corpus_again, out, tiny, shard_size=SIZE)
    (out / "mine.txt").write_text("not of the run")
    stance.score_corpus(source[:1], out, tiny, shard_size=SIZE, force=True)
    assert (out / "mine.txt").exists()
    assert {r.document_id[0] for r in stance.read_records(out)} == {"d"}


def test_iterable_of_documents(tiny: Scorer, tmp_path: Path) -> None:
    documents = [Document(f"d{i}", SENTENCES[i % 4]) for i in range(7)]
    out = tmp_path / "out"
    first = stance.score_corpus(iter(documents), out, tiny, shard_size=3)
    assert list(stance.read_records(out)) == list(tiny(documents))
    (out / "shard-000001.parquet").unlink()
    assert stance.score_corpus((d for d in documents), out, tiny, shard_size=3) == first
    documents[1] = Document("d1", "Rome thanked Oslo.")
    with pytest.raises(ResumeMismatchError, match=r"the input of shard-000000\.parquet"):
        stance.score_corpus(documents, out, tiny, shard_size=3)
    rows = [{"id": 1, "body": "Rome thanked Oslo.", "date": "24 December 2021"}, 3]
    summary = stance.score_corpus(rows, tmp_path / "rows", tiny, columns=Columns(text="body"))
    assert (summary.documents, summary.failed) == (1, 1)


def test_strict_stops_at_the_first_failure_and_keeps_what_was_done(
    given: list[str], whole: Path, tiny: Scorer, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with pytest.raises(InputError, match=r"a\.jsonl:4: is a JSON list"):
        stance.score_corpus(given, out, tiny, shard_size=2, strict=True)
    assert [p.name for p in out.glob("*.parquet")] == ["shard-000000.parquet"]
    status, errors = run(given, whole, "--strict")
    assert status == 1 and "a.jsonl:4" in errors and len(errors.splitlines()) == 1


def test_foreign_folder_and_hand_made_scorer_are_refused(tiny: Scorer, tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("years of work")
    documents = [Document("a", "Oslo thanked Rome.")]
    for force in (False, True):
        with pytest.raises(CorpusError, match=r"holds 'thesis\.docx' and no manifest"):
            stance.score_corpus(documents, tmp_path, tiny, force=force)
    made = Scorer(tiny.config, tiny.backend, tiny.tokenizer, tiny.table)
    with pytest.raises(InputError, match=r"from stance\.load"):
        stance.score_corpus(documents, tmp_path / "out", made)
    with pytest.raises(InputError, match="shard_size is 0"):
        stance.score_corpus(documents, tmp_path / "out", tiny, shard_size=0)


def test_damaged_shard_is_named(given: list[str], tiny: Scorer, tmp_path: Path) -> None:
    out = tmp_path / "out"
    stance.score_corpus(given, out, tiny, shard_size=SIZE)
    before = contents(out)
    shard = out / "shard-000002.parquet"
    shard.write_bytes(shard.read_bytes()[:100])
    with pytest.raises(CorpusError, match=r"shard-000002\.parquet is not a whole shard"):
        stance.score_corpus(given, out, tiny, shard_size=SIZE)
    shard.unlink()
    stance.score_corpus(given, out, tiny, shard_size=SIZE)
    assert contents(out) == before


def test_progress_tells_documents_failures_and_total(
    given: list[str], tiny: Scorer, tmp_path: Path
) -> None:
    seen: list[Progress] = []
    stance.score_corpus([given[0], given[2]], tmp_path / "o", tiny, on_progress=seen.append)
    assert seen[-1] == Progress(18, 3, 18)
    assert [p.done for p in seen] == list(range(1, 19))
    stance.score_corpus(given, tmp_path / "p", tiny, on_progress=seen.append)
    assert seen[-1] == Progress(22, 3, None)  # a CSV file does not tell how many rows it has


def test_progress_on_a_terminal(given: list[str], tmp_path: Path) -> None:
    """In a pseudo-terminal: documents, failures, rate."""
    controller, terminal = os.openpty()
    process = subprocess.Popen(
        command(given, tmp_path / "out"), stderr=terminal, stdout=subprocess.PIPE,
        env={**os.environ, "COLUMNS": "120", "TERM": "xterm"},
    )  # fmt: skip
    os.close(terminal)
    shown = b""
    try:
        while block := os.read(controller, 1 << 16):
            shown += block
    except OSError:  # how a pseudo-terminal ends
        pass
    os.close(controller)
    printed = process.communicate(timeout=60)[0].decode()
    assert b"documents, " in shown and b"failed, " in shown and b"/s" in shown
    counts = dict(line.split() for line in printed.splitlines())
    assert counts["documents"] == "19" and counts["failed"] == "3"


def test_shards_end_by_characters_too(
    tiny: Scorer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stance.corpus.input.SHARD_CHARACTERS", 50)
    documents = [Document(str(i), "Tokyo condemned Beijing.") for i in range(7)]
    stance.score_corpus(documents, tmp_path / "out", tiny)
    assert len(list((tmp_path / "out").glob("*.parquet"))) == 3


def test_ids_are_remembered_over_the_merges() -> None:
    seen = SeenIds()
    assert all(seen.first_time(str(i)) for i in range(25_000))
    assert not any(seen.first_time(str(i)) for i in range(0, 25_000, 7))


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
def test_memory_is_bounded_by_the_shard_not_the_corpus(tmp_path: Path) -> None:
    """Peak memory of a run over ten times as much text grows by less than a tenth."""
    peaks = []
    for count in (400, 4_000):  # white documents are read and refused, which is quick
        texts = ["It rained." if i % 100 == 0 else " " * 20_000 for i in range(count)]
        rows = [{"id": str(i), "text": text} for i, text in enumerate(texts)]
        file = tmp_path / f"{count}.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        code = (
            "import sys; from stance.cli import app\n"
            "try: app(sys.argv[1:], prog_name='stance')\n"
            "except SystemExit: print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
        )
        arguments = command([str(file)], tmp_path / f"out{count}")[3:]
        arguments[-1] = "200"
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], capture_output=True, check=True, timeout=120
        )
        peaks.append(int(done.stdout.split()[-1]))
    assert peaks[1] < 1.1 * peaks[0]


def test_library_does_not_need_pyarrow_to_load() -> None:
    code = (
        "import sys, stance.corpus.run, stance.corpus.cluster, stance.corpus.record_files; "
        "print(sorted({'pyarrow', 'ray', 'filelock', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_records_round_trip_through_parquet(whole: Path, tmp_path: Path) -> None:
    records = list(stance.read_records(whole))
    assert stance.write_records(records, tmp_path / "r.parquet") == len(records)
    assert list(stance.read_records(tmp_path / "r.parquet")) == records
    assert stance.write_records([], tmp_path / "none.parquet") == 0
    assert list(stance.read_records(tmp_path / "none.parquet")) == []
    table = pq.read_table(tmp_path / "r.parquet").drop_columns(["score"])
    pq.write_table(table, tmp_path / "bad.parquet")
    with pytest.raises(InputError, match="not stance records"):
        list(stance.read_records(tmp_path / "bad.parquet"))
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "r.parquet").read_bytes()[:999])
    with pytest.raises(InputError, match="cannot be read as records"):
        list(stance.read_records(tmp_path / "cut.parquet"))


def test_missing_package_is_named_before_anything_is_written(
    tiny: Scorer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_schema.cache_clear()
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(stance.MissingDependencyError) as caught:
        stance.score_corpus([Document("a", "Oslo thanked Rome.")], tmp_path / "out", tiny)
    assert "stance[corpus]" in str(caught.value.hint)
    assert not (tmp_path / "out").exists()


def test_seed_article_scored_by_the_shipped_model(scorer: Scorer, tmp_path: Path) -> None:
    article = ROOT / "seeds" / "contingency-plan.txt"
    stance.score_corpus(article, tmp_path / "out", scorer)
    found = {(r.source_id, r.stance, r.target_id) for r in stance.read_records(tmp_path / "out")}
    assert ("CHN", "against", "JPN") in found


def test_a_shorter_input_does_not_leave_shards_unmentioned(tiny: Scorer, tmp_path: Path) -> None:
    documents = [stance.Document(str(i), "Oslo thanked Rome.") for i in range(3)]
    stance.score_corpus(documents, tmp_path / "out", tiny, shard_size=1)
    with pytest.raises(stance.ResumeMismatchError, match="number of shards"):
        stance.score_corpus(documents[:1], tmp_path / "out", tiny, shard_size=1)

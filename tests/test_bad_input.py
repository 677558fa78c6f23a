"""Bad input, kind by kind: a rejected row with its place and reason, or an error before anything is written."""

from __future__ import annotations

import datetime
import gzip
import json
import os
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import stance
from stance import Columns, CorpusError, CorpusSummary, InputError
from stance.corpus.input_files import find_files
from stance.scoring.scorer import Scorer

TEXT = "Tokyo condemned Beijing."


def score(
    tiny: Scorer, source: object, out: Path, columns: Columns | None = None
) -> tuple[CorpusSummary, list[tuple[str | None, int | None, str]]]:
    """The summary, and the file name, row and reason of every reject."""
    summary = stance.score_corpus(source, out, tiny, columns=columns)  # type: ignore[arg-type]
    rejects = []
    if summary.failed:
        for line in (out / "_rejects.jsonl").read_text().splitlines():
            row = json.loads(line)
            name = Path(row["file"]).name if row["file"] else None
            rejects.append((name, row["row"], row["reason"]))
    assert len(rejects) == summary.failed
    return summary, rejects


def parquet(path: Path, rows: int = 3, **columns: object) -> Path:
    given = {"id": [f"p{i}" for i in range(rows)], "text": [TEXT] * rows, **columns}
    pq.write_table(pa.table(given), path)
    return path


def zst(path: Path, raw: bytes) -> Path:
    with pa.CompressedOutputStream(str(path), "zstd") as out:
        out.write(raw)
    return path


def jsonl(*rows: object) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def test_truncated_parquet_loses_only_itself(tiny: Scorer, tmp_path: Path) -> None:
    whole = parquet(tmp_path / "whole.parquet")
    (tmp_path / "cut.parquet").write_bytes(whole.read_bytes()[:-100])
    summary, [(file, row, reason)] = score(tiny, tmp_path, tmp_path / "out")
    assert (summary.documents, file, row) == (3, "cut.parquet", None)
    assert "cannot be read as Parquet" in reason


def test_parquet_damaged_inside_gives_what_can_be_read(tiny: Scorer, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table(
        {"id": [str(i) for i in range(2000)], "text": [f"{TEXT} {i}" for i in range(2000)]}
    )
    pq.write_table(table, path, row_group_size=1000, compression="zstd")
    raw = bytearray(path.read_bytes())
    at = pq.read_metadata(path).row_group(1).column(1).data_page_offset
    raw[at : at + 200] = b"\xff" * 200
    path.write_bytes(raw)
    summary, [(_, row, reason)] = score(tiny, path, tmp_path / "out")
    assert summary.documents == 1000 and row is None and "after row 1000" in reason


WRONG_TYPES = [
    ({"text": [1, 2, 3]}, "column 'text' is integer; must be string"),
    ({"id": [1.5, 2.5, 3.5]}, "column 'id' is float; must be string or integer"),
    ({"date": [True, False, True]}, "column 'date' is bool; must be string or date"),
    ({"outlet": [["a"], ["b"], []]}, "column 'outlet' is list"),
]


@pytest.mark.parametrize(("columns", "message"), WRONG_TYPES)
def test_parquet_of_the_wrong_types(
    tiny: Scorer, tmp_path: Path, columns: dict[str, object], message: str
) -> None:
    path = parquet(tmp_path / "a.parquet", **columns)
    summary, [(_, row, reason)] = score(tiny, path, tmp_path / "out")
    assert (summary.documents, row) == (0, None) and message in reason


def test_parquet_types_that_are_read(tiny: Scorer, tmp_path: Path) -> None:
    day = datetime.date(2021, 12, 24)
    moment = datetime.datetime(2021, 12, 24, 10, 30)
    texts = pa.array([TEXT] * 2)
    for i, (ids, text, date) in enumerate(
        [
            (pa.array([1, 2]), texts.dictionary_encode(), pa.array([day, day])),
            (pa.array(["1", None]), texts.cast(pa.large_string()), pa.array([moment, moment])),
            (pa.array(["1", "2"]), texts, pa.array([1640341800000.0, 1640341800000.0])),
        ]
    ):
        path = tmp_path / f"{i}.parquet"
        pq.write_table(pa.table({"id": ids, "text": text, "date": date}), path)
        documents = list(stance.read_documents(path))
        assert [d.date for d in documents] == [day, day]
        assert documents[0].id == "1"
        assert documents[1].id == (f"{path}:2" if i == 1 else "2")


def test_duplicate_ids_keep_the_first(tiny: Scorer, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(jsonl({"id": "x", "text": TEXT}, {"id": "y", "text": TEXT}))
    (tmp_path / "b.jsonl").write_bytes(
        jsonl({"id": "x", "text": "Oslo thanked Rome."}, {"id": "x", "text": TEXT})
    )
    summary, rejects = score(tiny, tmp_path, tmp_path / "out")
    assert summary.documents == 2
    assert [r[:2] for r in rejects] == [("b.jsonl", 1), ("b.jsonl", 2)]
    assert all("document 'x': another with this id came before" in r[2] for r in rejects)
    assert {r.sentence for r in stance.read_records(tmp_path / "out")} == {TEXT}


def test_null_and_empty_text(tiny: Scorer, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(jsonl({"text": None}, {"text": ""}, {"text": " \n"}))
    parquet(tmp_path / "b.parquet", text=pa.array([TEXT, None, "a\0b"]))
    summary, rejects = score(tiny, tmp_path, tmp_path / "out")
    assert summary.documents == 1
    reasons = ["is null; must be", "is empty", "only white space", "is null", "NUL character"]
    for reject, reason in zip(rejects, reasons, strict=True):
        assert reason in reject[2]


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet", "txt"])
def test_one_row_of_50_mb(tiny: Scorer, tmp_path: Path, kind: str) -> None:
    long = (TEXT + " ") * (50_000_000 // (len(TEXT) + 1))
    path = tmp_path / f"a.{kind}"
    rows = [TEXT, long, TEXT]
    if kind == "parquet":
        parquet(path, text=rows)
    elif kind == "txt":
        path.write_text(long)
    else:
        lines = ["text", *rows] if kind == "csv" else [json.dumps({"text": t}) for t in rows]
        path.write_text("\n".join(lines) + "\n")
    summary, [(_, row, reason)] = score(tiny, path, tmp_path / "out")
    assert summary.documents == (0 if kind == "txt" else 2)
    assert row == (None if kind == "txt" else 2) and "characters; at most 1,000,000" in reason


def test_row_without_an_end(tiny: Scorer, tmp_path: Path) -> None:
    """A line longer than any document may be is passed over without being held."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(jsonl({"text": TEXT}) + b"x" * 70_000_000 + b"\n" + jsonl({"text": TEXT}))
    summary, [(_, row, reason)] = score(tiny, path, tmp_path / "out")
    assert (summary.documents, row) == (2, 2) and "more than 67,108,864 bytes" in reason


def test_mixed_encodings(tiny: Scorer, tmp_path: Path) -> None:
    text = "Société condemned Tokyo. Paris praised London."
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "latin-1"):
        (tmp_path / f"{encoding}.txt").write_bytes(text.encode(encoding))
    line = json.dumps({"text": text}, ensure_ascii=False)
    (tmp_path / "a.jsonl").write_bytes(b"\n".join([line.encode(), line.encode("latin-1")]))
    rows = f"{text}\n".encode() + f"{text}\n".encode("latin-1") + f"{text}\n".encode()
    (tmp_path / "b.csv").write_bytes(b"text\n" + rows)
    (tmp_path / "c.csv").write_bytes(f"text\n{text}\n".encode("utf-16"))
    summary, rejects = score(tiny, tmp_path, tmp_path / "out")
    assert [(r[0], r[1]) for r in rejects] == [("a.jsonl", 2), ("b.csv", 2), ("latin-1.txt", None)]
    assert all("is not UTF-8 (byte 0xe9 at" in r[2] for r in rejects)
    texts = {d.text for d in stance.read_documents(find_files([tmp_path], "x"), on_error=print)}
    assert texts == {text} and summary.documents == 7


def test_parquet_string_that_is_not_utf_8(tiny: Scorer, tmp_path: Path) -> None:
    raw = pa.array([b"Oslo thanked Rome.", b"caf\xe9 in Oslo", b"Rome thanked Oslo."])
    pq.write_table(
        pa.table({"text": raw.cast(pa.binary()).view(pa.string())}), tmp_path / "a.parquet"
    )
    summary, [(_, row, reason)] = score(tiny, tmp_path / "a.parquet", tmp_path / "out")
    assert (summary.documents, row) == (2, 2) and "not UTF-8 (byte 0xe9 at 3)" in reason


def test_names_that_are_not_unicode(tiny: Scorer, tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/caf\xe9.txt", "w") as file:
        file.write(TEXT)
    (tmp_path / "a.jsonl").write_bytes(b'{"text": "Oslo thanked Rome.", "outlet": "\\ud800"}\n')
    summary, rejects = score(tiny, tmp_path, tmp_path / "out")
    assert summary.documents == 0
    assert ["'outlet'" in rejects[0][2], "'id'" in rejects[1][2]] == [True, True]


def test_dates_in_ten_forms(tiny: Scorer, tmp_path: Path) -> None:
    """Every form in a corpus; the one with two readings is reported, not guessed."""
    forms = [
        "2021-12-24", "2021-12-24T10:30:00Z", "Fri, 24 Dec 2021 10:30:00 GMT", 1640341800,
        1640341800000, "24 December 2021", "December 24, 2021", "2021/12/24", "24/12/2021",
        "03/04/2021",
    ]  # fmt: skip
    rows = [{"id": str(i), "text": TEXT, "published": form} for i, form in enumerate(forms)]
    (tmp_path / "a.jsonl").write_bytes(jsonl(*rows))
    columns = Columns(date="published")
    summary, [(_, row, reason)] = score(tiny, tmp_path / "a.jsonl", tmp_path / "out", columns)
    assert (summary.documents, row) == (9, 10)
    assert "field 'published': is '03/04/2021', which can be 3 April or 4 March" in reason
    found = {r.date for r in stance.read_records(tmp_path / "out")}
    assert found == {datetime.date(2021, 12, 24)}
    told = Columns(date="published", day_first=True)
    summary, _ = score(tiny, tmp_path / "a.jsonl", tmp_path / "told", told)
    assert summary.documents == 10


def test_csv_with_a_mark_and_embedded_newlines(tiny: Scorer, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    text = 'Tokyo, "angry", condemned\r\nBeijing.\n\nParis praised London.'
    quoted = text.replace('"', '""')
    body = f'id,text,outlet\r\n1,"{quoted}",AFP\r\n2,Oslo thanked Rome.,\r\n'
    path.write_bytes(body.encode("utf-8-sig"))
    documents = list(stance.read_documents(path))
    assert [(d.id, d.text, d.outlet) for d in documents] == [
        ("1", text, "AFP"),
        ("2", "Oslo thanked Rome.", None),
    ]
    summary, rejects = score(tiny, path, tmp_path / "out")
    assert (summary.documents, rejects) == (2, [])


def test_csv_rows_that_are_not_of_the_table(tiny: Scorer, tmp_path: Path) -> None:
    rows = [
        "id;text",
        "1;Oslo thanked Rome.",
        "2;Oslo; Rome",
        "3",
        '4;"a"b',
        "5;Rome thanked Oslo.",
    ]
    (tmp_path / "a.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "b.csv").write_text('text\nOslo thanked Rome.\n"never closed\nRome thanked Oslo.\n')
    (tmp_path / "c.csv").write_text("id,body\n1,Oslo thanked Rome.\n")
    (tmp_path / "d.csv").write_text("")
    summary, rejects = score(tiny, tmp_path, tmp_path / "out")
    assert summary.documents == 3
    assert [r[:2] for r in rejects] == [
        ("a.csv", 2), ("a.csv", 3), ("a.csv", 4), ("b.csv", 2), ("c.csv", None), ("d.csv", None),
    ]  # fmt: skip
    messages = [
        "has 3 fields",
        "has 1 fields",
        "is not CSV",
        "unexpected end",
        "lacks the column 'text'",
    ]
    for reject, message in zip(rejects, [*messages, "it has none"], strict=True):
        assert message in reject[2]


def test_mapped_column_must_be_there(tiny: Scorer, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text\nOslo thanked Rome.\n")
    parquet(tmp_path / "b.parquet")
    _, rejects = score(tiny, tmp_path, tmp_path / "out", Columns(date="published"))
    assert len(rejects) == 2 and all("lacks the column 'published'" in r[2] for r in rejects)


def test_compressed_files_that_end_early(tiny: Scorer, tmp_path: Path) -> None:
    rows = jsonl(*({"text": f"{TEXT} {i} {os.urandom(600).hex()}"} for i in range(400)))
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(rows)[:-90_000])
    zst(tmp_path / "whole.zst", rows)
    (tmp_path / "b.jsonl.zst").write_bytes((tmp_path / "whole.zst").read_bytes()[:-90_000])
    (tmp_path / "c.jsonl.gz").write_bytes(b"this is no gzip file")
    (tmp_path / "whole.zst").unlink()
    summary, rejects = score(tiny, tmp_path, tmp_path / "out")
    assert 100 < summary.documents < 800
    assert [r[:2] for r in rejects] == [
        (n, None) for n in ("a.jsonl.gz", "b.jsonl.zst", "c.jsonl.gz")
    ]
    assert all("ends early: the compressed file was cut short" in r[2] for r in rejects[:2])
    assert "cannot be read" in rejects[2][2]


def test_whole_compressed_files(tiny: Scorer, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(jsonl({"text": TEXT})))
    zst(tmp_path / "b.jsonl.zst", jsonl({"text": TEXT}, {"text": TEXT}))
    (tmp_path / "c.csv.gz").write_bytes(gzip.compress(f"text\n{TEXT}\n".encode()))
    (tmp_path / "d.txt.gz").write_bytes(gzip.compress(TEXT.encode()))
    summary, rejects = score(tiny, tmp_path, tmp_path / "out")
    assert (summary.documents, rejects) == (5, [])


def test_empty_corpora_are_errors(tiny: Scorer, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty.jsonl").write_text("\n\n")
    parquet(tmp_path / "none.parquet", rows=0)
    out = tmp_path / "out"
    for source, kind, message in (
        (tmp_path / "empty", InputError, "holds no file that can be read"),
        (tmp_path / "nowhere", InputError, "does not exist"),
        (str(tmp_path / "*.nothing"), InputError, "no file matches"),
        (tmp_path / "empty.jsonl", CorpusError, "there are no documents in .*empty.jsonl"),
        (tmp_path / "none.parquet", CorpusError, "there are no documents"),
        ([], CorpusError, "there are no documents in the input"),
        ("-", InputError, "standard input cannot be read again"),
    ):
        with pytest.raises(kind, match=message):
            stance.score_corpus(source, out, tiny)
    assert not out.exists()


def test_a_hundred_thousand_empty_files(tiny: Scorer, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for part in range(100):
        (folder / str(part)).mkdir(parents=True)
        for i in range(1000):
            os.close(os.open(folder / str(part) / f"{i}.txt", os.O_CREAT | os.O_WRONLY))
    (folder / "good.txt").write_text(TEXT)
    begun = time.process_time()
    summary = stance.score_corpus(folder, tmp_path / "out", tiny)
    assert (summary.documents, summary.failed) == (1, 100_000)
    assert time.process_time() - begun < 40
    assert len(list((tmp_path / "out").glob("*.parquet"))) == 11


def test_symlink_loops_and_second_names(tiny: Scorer, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_text(TEXT)
    (folder / "sub" / "b.txt").write_text(TEXT)
    (folder / "sub" / "up").symlink_to(folder, target_is_directory=True)
    (folder / "again.txt").symlink_to(folder / "a.txt")
    (folder / "loop.txt").symlink_to(folder / "pool.txt")
    (folder / "pool.txt").symlink_to(folder / "loop.txt")
    named = [folder, folder / "a.txt", str(folder / "**" / "*.txt")]
    summary, rejects = score(tiny, named, tmp_path / "out")
    assert summary.documents == 2
    assert {r[0] for r in rejects} == {"loop.txt", "pool.txt"}
    assert all("Too many levels of symbolic links" in r[2] for r in rejects)


def test_input_in_the_output_folder_is_refused(tiny: Scorer, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.txt").write_text(TEXT)
    (tmp_path / "link").symlink_to(out, target_is_directory=True)
    for source in (out / "a.txt", out, str(out / "*.txt"), tmp_path / "link" / "a.txt"):
        with pytest.raises(CorpusError, match="is in the output folder"):
            stance.score_corpus(source, out, tiny)
    assert [p.name for p in out.iterdir()] == ["a.txt"]


def test_output_folder_in_the_input_folder_is_left_out(tiny: Scorer, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    for _ in range(2):  # the second call must not take the first one's shards for input
        summary, _ = score(tiny, tmp_path, tmp_path / "out")
        assert summary.documents == 1


def test_folder_gives_the_kinds_it_knows_in_order(tmp_path: Path) -> None:
    for name in (
        "b.txt",
        "a.JSONL",
        ".hidden.txt",
        "notes.md",
        "z/c.csv",
        "z/d.parquet.gz",
        "e.txt.gz",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    found = [str(Path(f).relative_to(tmp_path)) for f in find_files([tmp_path], "out")]
    assert found == ["a.JSONL", "b.txt", "e.txt.gz", "z/c.csv"]


def test_iterable_that_breaks_off_is_no_fault_of_the_disk(tiny: Scorer, tmp_path: Path) -> None:
    def broken() -> object:
        yield stance.Document("a", TEXT)
        raise ConnectionResetError("the database went away")

    with pytest.raises(CorpusError, match="documents given cannot be read on: the database"):
        stance.score_corpus(broken(), tmp_path / "out", tiny)  # type: ignore[arg-type]
    assert not list((tmp_path / "out").glob("*.parquet"))


def test_the_users_own_temporary_files_are_left(tiny: Scorer, tmp_path: Path) -> None:
    (tmp_path / "thesis.tmp").write_text("mine")
    with pytest.raises(CorpusError, match=r"thesis\.tmp"):
        score(tiny, [stance.Document("a", TEXT)], tmp_path)
    assert (tmp_path / "thesis.tmp").read_text() == "mine"


def test_missing_cells_of_a_table_are_no_values(tiny: Scorer, tmp_path: Path) -> None:
    pd = pytest.importorskip("pandas")
    rows = [
        {"id": "a", "text": TEXT, "date": pd.NaT, "outlet": float("nan")},
        {"id": "b", "text": TEXT, "date": pd.NA, "outlet": None},
        {"id": "c", "text": TEXT, "date": pd.Timestamp("2021-12-24"), "outlet": "Herald"},
    ]
    summary, _ = score(tiny, rows, tmp_path / "out")
    assert (summary.documents, summary.failed) == (3, 0)
    found = {r.document_id: (r.date, r.outlet) for r in stance.read_records(tmp_path / "out")}
    day = datetime.date(2021, 12, 24)
    assert found == {"a": (None, None), "b": (None, None), "c": (day, "Herald")}


def test_a_date_beyond_the_calendar_rejects_its_row(tiny: Scorer, tmp_path: Path) -> None:
    dates = pa.array([0, 2**60], pa.timestamp("us"))
    summary, rejects = score(tiny, [parquet(tmp_path / "p.parquet", 2, date=dates)], tmp_path / "o")
    assert summary.documents == 1
    ((name, row, reason),) = rejects
    assert (name, row) == ("p.parquet", 2) and "date" in reason


def test_a_first_item_that_is_none_is_rejected(tiny: Scorer, tmp_path: Path) -> None:
    summary, rejects = score(tiny, [None, stance.Document("a", TEXT)], tmp_path / "out")
    assert summary.documents == 1
    assert [row for _, row, _ in rejects] == [1]


def test_utf_16_that_is_cut_short_names_its_file(tmp_path: Path) -> None:
    path = tmp_path / "u.csv"
    path.write_bytes("id,text\na,Oslo thanked Rome.\n".encode("utf-16")[:-1])
    errors: list[stance.StanceError] = []
    list(stance.read_documents(path, on_error=errors.append))
    assert "u.csv" in str(errors[-1])

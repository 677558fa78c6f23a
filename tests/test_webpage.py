"""What the page is made of: its numbers, its evidence within a budget, its escaping and policy."""

import base64
import dataclasses
import datetime
import hashlib
import json
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import stance
from stance.marking import Span, pieces, showable
from stance.report.page import MAX_BYTES
from stance.report.page_evidence import LONGEST_SENTENCE, as_json, clip, evidence
from stance.scoring.scorer import Scorer
from stance.values import STANCES
from stance.vectors.aggregation import vectors_of
from stance.vectors.evidence import evidence_units

from .conftest import ROOT
from .example_records import example_records


def data_of(page: str) -> dict:
    return json.loads(re.search(r'id="data">(.*?)</script>', page, re.S)[1])


def written(records: list, path: Path, **options: object) -> str:
    assert stance.write_html(records, path, **options) == path.stat().st_size
    return path.read_text(encoding="utf-8")


def test_the_same_records_in_any_order_give_the_same_page(tmp_path: Path) -> None:
    records = example_records(400)
    page = written(records, tmp_path / "a.html")
    random.Random(1).shuffle(records)
    assert written(records, tmp_path / "b.html") == page


def test_vectors_of_units_are_those_of_aggregate() -> None:
    records = example_records(600)
    for by in ("all", "month"):
        assert vectors_of(evidence_units(records, by)) == stance.aggregate(records, by)


def test_numbers_are_those_of_aggregate(tmp_path: Path) -> None:
    records = example_records(400)
    found = data_of(written(records, tmp_path / "page.html"))
    name = stance.load_actor_table().name_of
    columns = zip(*(found["dyads"][k] for k in ("source", "target", "mean", "low", "n")), strict=True)  # fmt: skip
    shown = {(found["actors"][s], found["actors"][t]): numbers for s, t, *numbers in columns}
    assert shown == {
        (name(v.source_id), name(c.target_id)): [round(1e4 * c.mean), round(1e4 * c.low), c.n]
        for v in stance.aggregate(records, "all")
        for c in v.cells
    }


def test_long_evidence_is_left_out_within_the_size_and_every_pair_keeps_some(
    tmp_path: Path,
) -> None:
    draw = random.Random(3)
    records = [
        dataclasses.replace(r, sentence=r.sentence + "".join(draw.choices("abcdefgh", k=450)))
        for r in example_records(6500)
    ]
    page = written(records, tmp_path / "page.html")
    found = data_of(page)
    assert MAX_BYTES * 0.95 < len(page.encode()) <= MAX_BYTES
    assert sum(found["dyads"]["n"]) > len(found["evidence"]["dyad"])
    assert set(found["evidence"]["dyad"]) == set(range(len(found["dyads"]["n"])))


def test_too_many_series_are_left_out_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stance.report.page_data.MOST_POINTS", 50)
    monkeypatch.setattr("stance.report.page_data.MOST_DYADS", 40)
    page = written(example_records(600), tmp_path / "page.html")
    found = data_of(page)
    kept = max(found["series"]["dyad"]) + 1
    assert len(found["series"]["dyad"]) <= 50 and len(found["dyads"]["n"]) == 40
    assert f"{40 - kept} pairs with few sentences have no series" in page
    assert "pairs with the fewest sentences are left out" in page


def test_documents_that_share_an_id_keep_their_own_sentences(tmp_path: Path) -> None:
    records = [
        dataclasses.replace(r, document_id="same", sentence_start=0, source_start=0, source_end=1,
                            target_start=2, target_end=3, source_id="JPN", target_id="CHN")
        for r in example_records(30)
    ]  # fmt: skip
    found = data_of(written(records, tmp_path / "page.html"))
    units = evidence_units(records)
    assert set(found["sentences"]) == {unit.sentence for unit in units}


def test_turns_are_shown_with_the_sentences_around_them(tmp_path: Path) -> None:
    records = example_records(4000)
    turns = stance.find_turns(records)
    found = data_of(written(records, tmp_path / "page.html"))
    names, name = found["actors"], stance.load_actor_table().name_of
    shown = {
        (
            names[found["dyads"]["source"][d]],
            names[found["dyads"]["target"][d]],
            found["periods"][p],
        )
        for d, p in zip(found["turns"]["dyad"], found["turns"]["period"], strict=True)
    }
    assert ("Sudan", "Ethiopia", "2025-03") in shown
    assert shown == {(name(t.source_id), name(t.target_id), t.at) for t in turns}


def test_policy_allows_the_own_script_and_style_only(tmp_path: Path) -> None:
    page = written(example_records(3), tmp_path / "page.html")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1].replace("&#39;", "'")
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    for tag, directive in (("script", "script-src"), ("style", "style-src")):
        body = re.search(f"<{tag}>(.*?)</{tag}>", page, re.S)[1]
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy
    assert "http:" not in page.replace("http://www.w3.org/2000/svg", "") and "https:" not in page


@given(st.text())
def test_json_cannot_end_its_element_and_reads_back(text: str) -> None:
    made = as_json({"text": text})
    assert not {"<", ">", "&", "\u2028", "\u2029"} & set(made)
    assert json.loads(made) == {"text": text}


@given(st.text(max_size=3000), st.integers(-5, 3100), st.integers(-5, 3100), st.integers(0, 90))
def test_clipped_sentences_keep_what_is_marked(text: str, a: int, b: int, length: int) -> None:
    short, marks = clip(text, [(a, a + length), (b, b + length)])
    assert len(short) <= LONGEST_SENTENCE + 50
    for (start, end), at in zip(marks, (a, b), strict=True):
        assert 0 <= start <= end <= len(short)
        assert short[start:end] == text[max(0, at) : max(0, at + length)]


SPANS = st.tuples(st.integers(-2, 30), st.integers(0, 9)).map(lambda s: (s[0], sum(s)))


@given(st.text(), SPANS, SPANS, st.none() | SPANS)
def test_pieces_are_the_whole_text(text: str, source: Span, target: Span, cue: Span | None) -> None:
    cut = pieces(text, source, target, cue)
    assert "".join(piece for piece, _ in cut) == text
    assert "".join(p for p, roles in cut if "cue" in roles) == text[slice(*within(cue))]


def within(span: Span | None) -> Span:
    return (0, 0) if span is None else (max(0, span[0]), max(0, span[1]))


def test_cues_count_in_the_size_and_stay_on_their_words() -> None:
    records = [
        dataclasses.replace(r, sentence=f"{r.sentence} \U0001f600 It was a disgrace.{'x' * 900}")
        for r in example_records(300)
    ]
    units = [(0, unit) for unit in evidence_units(records)]
    by_id = {r.id: [r] for r in records}
    cues = {r: (at, at + 8) for r in records for at in [r.sentence.index("disgrace")]}
    for room in (20_000, 60_000):
        plain, marked = (evidence(units, by_id, room, given) for given in ({}, cues))
        assert room * 0.9 < len(as_json(marked).encode()) <= room
        assert len(marked["evidence"]["dyad"]) <= len(plain["evidence"]["dyad"])
    polar = 0
    for place, marks, *shares in zip(
        *(marked["evidence"][name] for name in ("sentence", "marks", *STANCES)), strict=True
    ):
        utf16 = marked["sentences"][place].encode("utf-16-le")
        words = [utf16[2 * a : 2 * b].decode("utf-16-le") for a, b in zip(*[iter(marks)] * 2, strict=True)]  # fmt: skip
        assert words[2:] == ["disgrace"] and len(shares) == 3
        polar += max(shares) != shares[1]
    assert polar


def test_a_page_without_a_model_has_no_cues(tmp_path: Path) -> None:
    found = data_of(written(example_records(50), tmp_path / "page.html"))
    assert not found["cues"] and set(map(len, found["evidence"]["marks"])) == {4}


def test_a_page_with_a_model_marks_the_cues_of_find_cues(tmp_path: Path, scorer: Scorer) -> None:
    text = "Seoul thanked Washington. Beijing warned Tokyo against meddling. Malta met Italy."
    records = list(scorer([stance.Document("a", text)]))
    found = data_of(written(records, tmp_path / "page.html", scorer=scorer))
    marked = {
        found["sentences"][place][slice(*marks[4:])]
        for place, marks in zip(*(found["evidence"][c] for c in ("sentence", "marks")), strict=True)
        if len(marks) == 6
    }
    assert marked == {cue.text for cue in stance.find_cues(records, scorer)} >= {"thanked"}


@given(st.text(st.characters()))
def test_showable_text_has_the_same_length_and_is_utf8(text: str) -> None:
    assert len(showable(text)) == len(text)
    showable(text).encode()


def test_a_record_in_a_notebook_is_marked_and_escaped() -> None:
    (record,) = example_records(1)
    bad = "<img src=x onerror=alert(1)>"
    record = dataclasses.replace(
        record, sentence=f"{bad} met Rome.", sentence_start=0, source_start=0, source_end=len(bad),
        target_start=len(bad) + 5, target_end=len(bad) + 9, outlet=bad, source_id=bad, stance=bad,
    )  # fmt: skip
    shown = record._repr_html_()
    assert "<img" not in shown and shown.count("<mark") == 2
    assert re.search(r'<mark title="target"[^>]*>Rome</mark>', shown)


def test_a_vector_in_a_notebook_is_a_table() -> None:
    (vector, *_) = stance.aggregate(example_records(40), by="all")
    shown = vector._repr_html_()
    assert shown.count("<tr>") == len(vector.cells) + 1
    odd = dataclasses.replace(vector, source_id="<b>")
    assert "<b>" not in odd._repr_html_()


def test_bad_periods_are_refused(tmp_path: Path) -> None:
    for by in ("all", "fortnight"):
        with pytest.raises(stance.InputError, match=f"{by}.*day, week, month"):
            stance.write_html([], tmp_path / "x.html", by=by)


@pytest.mark.parametrize("by", ["day", "week", "quarter", "year"])
def test_other_periods(tmp_path: Path, by: str) -> None:
    records = [dataclasses.replace(r, date=datetime.date(2024, 12, 30)) for r in example_records(9)]
    assert len(data_of(written(records, tmp_path / "x.html", by=by))["periods"]) == 1


def run(*args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stance", "report", *args], capture_output=True, text=True, cwd=cwd
    )


def test_command(tmp_path: Path) -> None:
    stance.write_records(example_records(50), tmp_path / "records.jsonl")
    done = run("records.jsonl", "-o", "out.html", "--title", "A & B", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "") and "50 records" in done.stdout
    assert "<title>A &amp; B</title>" in (tmp_path / "out.html").read_text(encoding="utf-8")


def test_command_marks_cues(tmp_path: Path, scorer: Scorer) -> None:
    stance.write_records(scorer([stance.Document("a", "Seoul thanked Washington.")]), tmp_path / "r.jsonl")  # fmt: skip
    done = run("r.jsonl", "--cues", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    found = data_of((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert found["cues"] and 6 in map(len, found["evidence"]["marks"])


def test_command_finds_no_cues_for_records_of_another_model(tmp_path: Path) -> None:
    stance.write_records(example_records(50), tmp_path / "records.jsonl")
    done = run("records.jsonl", "--cues", cwd=tmp_path)
    assert done.returncode == 1 and not (tmp_path / "report.html").exists()
    assert (
        "records are of the model stance-small-en-example, but the model loaded is" in done.stderr
    )
    assert len(done.stderr.splitlines()) == 1
    done = run("records.jsonl", "--model", "mymodel", cwd=tmp_path)
    assert done.returncode == 1 and "option --model" in done.stderr


def test_command_says_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("")
    assert "none.jsonl" in run("none.jsonl", cwd=tmp_path).stderr
    assert "must be one of day" in run("empty.jsonl", "--by", "all", cwd=tmp_path).stderr
    done = run("empty.jsonl", "-o", "no/such/folder.html", cwd=tmp_path)
    assert done.returncode == 1 and "Traceback" not in done.stderr and "no/such" in done.stderr


def test_without_jinja_the_extra_is_named(tmp_path: Path) -> None:
    code = "import sys; sys.modules['jinja2'] = None; import stance; stance.write_html([], 'x')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert "pip install 'stance[report]'" in done.stderr

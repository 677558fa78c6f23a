"""Hostile input: whatever comes, the answer is a result or a StanceError, within a second.

STANCE_FUZZ=100000 (`make fuzz`) sets how many inputs are made in all; an ordinary run makes a few.
"""

import csv
import io
import json
import os
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import stance
from stance import Document, StanceError, documents_from
from stance.scoring.scorer import Scorer

from .test_vectors import FAVOR, record

CASES = int(os.environ.get("STANCE_FUZZ", "600"))
SECONDS = 1.0
"""Longest time a case may compute; a sentence with the most pairs the network is asked for, tenfold."""

# Words on which the splitter, the resolver and the readers decide, and characters that have
# broken programs: controls, bidi marks, joiners, combining marks, astral planes, half surrogates.
WORDS = """Tokyo Beijing Washington Moscow U.S. U.K. UN Mr. Gen. Jan. said told accused the The of and or in
    Taiwan Chinese Russian-backed North Korea's Kremlin president President Biden Reuters (AP) "We …
    "--" ... ?! 1.5 No. 3) https://x.y/z?a=b a@b.c President's Xi Jinping ent: # | , ; : ' ’ “ ” ( )
    [ ] { } < > & \\ / * _ ` ~ ^ = + - – — • \n \n\n \r\n \t \u2028 \u0085""".split(" ")
ODD = [
    "\0",
    "\x1b[2J",
    "\ufeff",
    "\u202e",
    "\u200b",
    "\u0301",
    "\U0001f1ef\U0001f1f5",
    "\ud800",
    "İ",
    "ß",
    "ﬁ",
]


def _text_of(seed: int) -> str:
    """Words and odd characters, with or without spaces: quick to make, so that there can be many."""
    choose = random.Random(seed)
    pieces = choose.choices(WORDS + ODD, [4] * len(WORDS) + [1] * len(ODD), k=choose.randrange(60))
    return choose.choice(["", " ", " ", " "]).join(pieces)


SEEDED = st.integers(0, 2**64).map(_text_of)
TEXTS = st.one_of(
    SEEDED,
    SEEDED,
    SEEDED,
    st.text(max_size=60),
    st.tuples(st.sampled_from(WORDS), st.integers(1, 3000)).map(lambda pair: pair[0] * pair[1]),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=5,
)
SPANS = st.one_of(
    st.none(),
    VALUES,
    st.fixed_dictionaries({"start": st.integers(-2, 40), "end": st.integers(-2, 40)}),
)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "id": VALUES,
    "text": st.one_of(TEXTS, VALUES),
    "date": st.one_of(VALUES, st.sampled_from(["2024-02-30", "2024-02-29", "20240229", "T", ""])),
    "outlet": VALUES,
    "source": SPANS,
    "target": SPANS,
    "stance": st.one_of(st.sampled_from(["against", "neutral", "favor", "Favor"]), VALUES),
    "sentiment": st.one_of(st.sampled_from(["negative", "positive"]), VALUES),
    "names": st.one_of(VALUES, TEXTS),
    "kind": VALUES,
    "from": VALUES,
    "remove": VALUES,
    "schema_version": st.sampled_from([1, 2, None]),
}
ROWS = st.fixed_dictionaries({}, optional=FIELDS)
JSON_LINES = st.lists(
    st.one_of(
        ROWS.map(lambda row: json.dumps(row).encode()),
        VALUES.map(lambda value: json.dumps(value).encode()),
        st.binary(max_size=80),
        st.sampled_from(
            [b"[" * 5000, b'{"text":' * 3000, b"NaN", b"1e999", b'{"text": "\\ud800"}']
        ),
    ),
    max_size=5,
).map(b"\n".join)
TABLES = st.lists(st.lists(TEXTS, min_size=1, max_size=8), max_size=4).map(
    lambda rows: _csv([["id", "names", "kind", "from", "to", "remove"], *rows])
)
TOML = st.lists(st.one_of(TEXTS, st.sampled_from(["[[actor]]", "[actor]", "id = 'x'", "names = ['y']"])),
                max_size=6).map("\n".join)  # fmt: skip


def _csv(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode(errors="surrogatepass")


def fuzz(share: float) -> Callable[[Any], Any]:
    """Settings for a test that makes this share of all cases, each within SECONDS."""
    return settings(
        max_examples=max(5, round(CASES * share)),
        deadline=None,
        derandomize=CASES < 1000,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def survives(what: Callable[[], object], seconds: float = SECONDS) -> None:
    """Fails unless it ends in time, in a result or a StanceError with a message in one line or two."""
    begun = time.thread_time()  # of this thread alone, however busy the machine is
    try:
        what()
    except StanceError as error:
        assert str(error)
    assert time.thread_time() - begun < seconds


@fuzz(0.25)
@given(TEXTS)
def test_splitter_keeps_every_offset(text: str) -> None:
    def split() -> None:
        end = 0
        for sentence in stance.split_sentences(text):
            assert text[sentence.start : sentence.end] == sentence.text
            assert end <= sentence.start < sentence.end
            assert not text[end : sentence.start].strip()
            end = sentence.end
        assert not text[end:].strip()

    survives(split)


@fuzz(0.25)
@given(TEXTS, st.one_of(st.none(), st.dates()))
def test_resolver_keeps_every_offset(text: str, date: Any) -> None:
    def find() -> None:
        end = 0
        for mention in stance.find_actors(text, date):
            assert text[mention.start : mention.end] == mention.text
            assert end <= mention.start < mention.end
            end = mention.end

    survives(find)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "file"


READERS: list[tuple[str, st.SearchStrategy[bytes], Callable[[Path], Iterator[object]]]] = [
    (".jsonl", JSON_LINES, lambda file: iter(stance.read_documents(file))),
    (".txt", st.one_of(JSON_LINES, st.binary()), lambda file: iter(stance.read_documents(file))),
    (".jsonl", JSON_LINES, lambda file: iter(stance.read_pairs(file))),
    (".jsonl", JSON_LINES, lambda file: iter(stance.read_records(file))),
    (".jsonl", JSON_LINES, lambda file: iter([stance.load_actor_table(file)])),
    (".csv", TABLES, lambda file: iter([stance.load_actor_table(file)])),
    (".toml", TOML.map(lambda t: t.encode(errors="surrogatepass")),
     lambda file: iter([stance.load_actor_table(file)])),
]  # fmt: skip


@pytest.mark.parametrize("reader", range(len(READERS)))
@fuzz(0.05)
@given(data=st.data())
def test_readers_read_or_say_what_is_wrong(path: Path, reader: int, data: st.DataObject) -> None:
    suffix, contents, read = READERS[reader]
    file = path.with_suffix(suffix)
    file.write_bytes(data.draw(contents))
    survives(lambda: list(read(file)))


@fuzz(0.05)
@given(
    st.one_of(st.lists(st.one_of(ROWS, VALUES), max_size=3), VALUES, st.dictionaries(TEXTS, VALUES))
)
def test_tables_are_read_or_refused(table: Any) -> None:
    survives(lambda: list(documents_from(table)))


@fuzz(0.01)
@given(TEXTS)
def test_scorer_scores_or_says_what_is_wrong(tiny: Scorer, text: str) -> None:
    survives(lambda: [r.to_json() for r in tiny([Document("d", text)])], 10 * SECONDS)


@fuzz(0.09)
@given(st.one_of(ROWS, VALUES))
def test_records_are_read_or_refused(row: Any) -> None:
    survives(lambda: stance.StanceRecord.from_json(row))


MARKUP = "<img src=x onerror=alert(1)>"


@fuzz(0.02)
@given(TEXTS)
def test_report_escapes_whatever_it_shows(path: Path, text: str) -> None:
    sentence = f"{MARKUP} {text} </script>{MARKUP}".encode(errors="replace").decode()
    rows = [
        replace(record("JPN", "CHN", FAVOR), sentence=sentence, outlet=sentence),
        replace(record("ent:x", "CHN", FAVOR), source_text=sentence, document_id=sentence),
    ]
    page = path.with_suffix(".html")
    survives(lambda: stance.write_html(rows, page, title=sentence), 10 * SECONDS)
    assert "<img" not in page.read_text(encoding="utf-8")

"""Cues: what is cut out, what is asked, whose words they are."""

import dataclasses
import re
from io import StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

import stance
from stance import Document, Scorer, StanceRecord
from stance.report.cues import FUNCTION_WORDS, MIN_DROP, MOST_WORDS, Question, question_of
from stance.report.printing import print_records
from stance.scoring.pairs import pair_of

TEXTS = (
    "Seoul thanked Washington for the loan, while Beijing warned Tokyo against meddling.",
    "Plaudits for Montevideo came from Oxfam, which ranked its water law first of 40.",
    "Bulgaria shuts skies to the plane of Russia.",
    "Malta met Italy on Tuesday.",
)
CUES = {
    ("KOR", "USA"): "thanked",
    ("CHN", "JPN"): "warned",
    ("BGR", "RUS"): "shuts",
}


@pytest.fixture(scope="module")
def records(scorer: Scorer) -> list[StanceRecord]:
    return list(scorer([Document(str(i), text) for i, text in enumerate(TEXTS)]))


@pytest.fixture(scope="module")
def cues(records: list[StanceRecord], scorer: Scorer) -> list[stance.Cue]:
    return stance.find_cues(records, scorer)


def test_obvious_words_are_found(cues: list[stance.Cue]) -> None:
    found = {(c.record.source_id, c.record.target_id): c.text for c in cues}
    assert {pair: found.get(pair) for pair in CUES} == CUES


def test_a_cue_is_short_has_content_and_spares_the_mentions(cues: list[stance.Cue]) -> None:
    for cue in cues:
        assert cue.record.side != "neutral" and MIN_DROP <= cue.drop <= 1
        words = cue.text.split()
        assert 1 <= len(words) <= MOST_WORDS and {w.lower() for w in words} - FUNCTION_WORDS
        spans = [span for span in cue.record.marks if span]
        assert all(cue.end <= start or end <= cue.start for start, end in spans)


def test_the_drop_is_what_the_model_says_without_the_cue(
    cues: list[stance.Cue], scorer: Scorer
) -> None:
    (cue,) = (c for c in cues if c.text == "thanked" and c.record.target_id == "USA")
    without = "Seoul Washington for the loan, while Beijing warned Tokyo against meddling."
    (answer,) = scorer.predict([pair_of(without, (0, 5), (6, 16))])
    assert cue.drop == pytest.approx(cue.record.p_favor - answer.sides[2], abs=1e-4)


def test_no_other_content_word_takes_more(
    records: list[StanceRecord], cues: list[stance.Cue], scorer: Scorer
) -> None:
    drop = {question_of(cue.record): cue.drop for cue in cues}
    for record in records:
        if record.side == "neutral":
            continue
        question = question_of(record)
        answers = scorer.predict([question.pair(word) for word in question.content_words()])
        whole = {"against": record.p_against, "favor": record.p_favor}[record.side]
        most = max(whole - question.probability(answer) for answer in answers)
        assert most <= drop.get(question, MIN_DROP) / 0.9 + 1e-4


def test_cues_do_not_depend_on_company(
    records: list[StanceRecord], cues: list[stance.Cue], scorer: Scorer
) -> None:
    alone = [cue for record in reversed(records) for cue in stance.find_cues([record], scorer)]
    assert {(c.record.id, c.start, c.end) for c in alone} == {
        (c.record.id, c.start, c.end) for c in cues
    }


def test_records_that_ask_the_same_have_the_same_cue(
    cues: list[stance.Cue], scorer: Scorer
) -> None:
    first = cues[0].record
    reprint = dataclasses.replace(first, document_id="reprint", outlet="Kyodo")
    both = stance.find_cues([first, reprint], scorer)
    assert [c.record for c in both] == [first, reprint] and both[0].text == both[1].text


def replaced(record: StanceRecord, sentence: str) -> StanceRecord:
    return dataclasses.replace(record, sentence=sentence, sentence_start=0, sentence_end=len(sentence))  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        lambda r: dataclasses.replace(r, p_against=0.1, p_neutral=0.8, p_favor=0.1),
        lambda r: replaced(r, r.sentence + " It went on and on." * 100),
        lambda r: replaced(r, r.sentence + " \ud800"),
        lambda r: replaced(r, ""),
        lambda r: replaced(r, "Seoul"),
        lambda r: dataclasses.replace(r, source_start=-7),
        lambda r: dataclasses.replace(r, source_end=10**9),
        lambda r: dataclasses.replace(r, source_start=0, source_end=len(r.sentence)),
    ],
    ids="neutral long unreadable empty short before after whole".split(),
)
def test_a_record_that_cannot_have_a_cue_has_none(
    cues: list[stance.Cue], scorer: Scorer, change: object
) -> None:
    good = cues[0].record
    found = stance.find_cues([change(good), good], scorer)
    assert [cue.record for cue in found] == [good]


def test_nobody_named(scorer: Scorer) -> None:
    records = list(scorer([Document("a", "Tehran threatened consequences.")]))
    (cue,) = stance.find_cues(records, scorer)
    assert cue.record.target_id is None and "threatened" in cue.text


def test_records_of_another_model_are_refused(
    records: list[StanceRecord], tiny: Scorer, scorer: Scorer
) -> None:
    with pytest.raises(stance.InputError, match=f"{scorer.config.model_id}.*{tiny.config.model_id}"):  # fmt: skip
        stance.find_cues(records, tiny)
    assert stance.find_cues([], tiny) == []


def test_a_cue_in_a_notebook_is_the_marked_record(cues: list[stance.Cue]) -> None:
    shown = cues[0]._repr_html_()
    assert re.search(r'<mark title="cue"[^>]*font-weight:700[^>]*>thanked</mark>', shown)
    assert shown.count("<mark") == 3 and cues[0].record._repr_html_().count("<mark") == 2


WORDS = st.lists(
    st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=6), min_size=2, max_size=12
)


@settings(deadline=None)
@given(WORDS, st.sampled_from([" ", ", ", " — ", "\u00a0", "  "]), st.data())
def test_a_cut_takes_the_run_and_nothing_of_the_mentions(
    words: list[str], gap: str, data: st.DataObject
) -> None:
    text = gap.join(words)
    spans = [m.span() for m in re.finditer(r"\w+", text)]
    source, target = (data.draw(st.sampled_from(spans)) for _ in range(2))
    question = Question(text, source, target, "favor")
    for word in question.words():
        for cut in [word, *question.runs_around(word)]:
            pair = question.pair(cut)
            for mention, span in ((pair.source, source), (pair.target, target)):
                assert pair.sentence.text[mention.start : mention.end] == text[slice(*span)]
            left = re.findall(r"\w+", pair.sentence.text)
            assert len(left) >= len(spans) - MOST_WORDS - 1
            assert text[slice(*cut)].split() and cut[0] <= word[0] < word[1] <= cut[1]


def test_a_run_has_only_white_space_between_its_words() -> None:
    question = Question('Oslo said "we, too, deeply regret it" to Rome.', (0, 4), (41, 45), "favor")
    (word,) = (w for w in question.words() if question.sentence[slice(*w)] == "deeply")
    runs = {question.sentence[slice(*run)] for run in question.runs_around(word)}
    assert runs == {"deeply regret", "deeply regret it"}


def test_a_terminal_shows_cues_in_bold(scorer: Scorer) -> None:
    records = list(scorer([Document("a", "Seoul thanked Washington.")]))
    for cues, bold in ((stance.find_cues(records, scorer), True), ((), False)):
        out = StringIO()
        console = Console(file=out, force_terminal=True, color_system="standard", width=100)
        print_records(records, scorer.table, console, cues)
        assert ("\x1b[1mthanked\x1b[0m" in out.getvalue()) is bold

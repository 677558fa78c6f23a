"""The scorer: same answers alone and in company, nothing lost, nothing cut in silence."""

import datetime
import json
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import stance
from stance.model.artefact import default_dir
from stance.model.backends import BATCH_TOKENS, Backend, TorchBackend
from stance.scoring.scoreable import MAX_CHARACTERS
from stance.scoring.scorer import Scorer
from stance.values import Document, Mention, Pair, Prediction, Sentence

from .conftest import ROOT, TINY

WORDS = [
    "Tokyo",
    "praised",
    "Paris",
    "over",
    "the",
    "treaty",
    "that",
    "Moscow",
    "condemned",
    "in",
    "London",
]


def question(text: str, source: str | None, target: str | None) -> Pair:
    def mention(word: str | None) -> Mention | None:
        return (
            None
            if word is None
            else Mention(text.index(word), text.index(word) + len(word), word, ())
        )

    return Pair(Sentence("", 0, 0, len(text), text), mention(source), mention(target))


def many_questions() -> list[Pair]:
    """Sentences of many lengths, with many numbers of pairs."""
    rng = random.Random(1)
    pairs = []
    for i in range(64):
        text = f"Tokyo praised Paris {i} " + " ".join(rng.choices(WORDS, k=i % 23)) + "."
        asked = [("Tokyo", "Paris"), ("Paris", "Tokyo"), ("Tokyo", None), (None, "Paris")]
        pairs += [question(text, *a) for a in asked[: 1 + i % 4]]
    return pairs


def largest_difference(one: list[Prediction], other: list[Prediction]) -> float:
    return max(
        abs(a - b)
        for p, q in zip(one, other, strict=True)
        for a, b in zip(
            p.stance_probs + p.sentiment_probs, q.stance_probs + q.sentiment_probs, strict=True
        )
    )


@pytest.mark.parametrize("model", ["scorer", "tiny"])
def test_alone_as_in_company(model: str, request: pytest.FixtureRequest) -> None:
    """Batch of 1 = batch of 64 to 1e-4, in any order."""
    scorer: Scorer = request.getfixturevalue(model)
    pairs = many_questions()
    together = scorer.predict(pairs)
    alone = [scorer.predict([pair])[0] for pair in pairs]
    assert largest_difference(together, alone) < 1e-4
    order = random.Random(2).sample(range(len(pairs)), len(pairs))
    shuffled = scorer.predict([pairs[i] for i in order])
    assert largest_difference([together[i] for i in order], shuffled) < 1e-4


def test_torch_gives_what_onnx_gives(tiny: Scorer) -> None:
    torch_scorer = Scorer(tiny.config, TorchBackend(TINY), tiny.tokenizer, tiny.table)
    pairs = many_questions()
    assert (
        largest_difference(tiny.predict(pairs), torch_scorer.predict(pairs)) < 0.05
    )  # int8 weights


def test_torch_computes_the_shipped_graphs(scorer: Scorer) -> None:
    """The folder has no torch weights: they are read out of the graphs."""
    pairs = many_questions()
    assert (
        largest_difference(scorer.predict(pairs), stance.load(device="cpu").predict(pairs)) < 1e-4
    )


def same_labels(scorer: Scorer, other: Scorer) -> None:
    """As docs/corpora.md says of bfloat16, on pairs of our dev sentences."""
    lines = (ROOT / "training" / "data" / "dev.jsonl").read_text(encoding="utf-8").splitlines()
    pairs = []
    for text in (json.loads(line)["text"] for line in lines[:150]):
        sentence = Sentence("", 0, 0, len(text), text)
        pairs += stance.make_pairs(sentence, scorer.find_mentions(Document("", text)))
    exact, rough = scorer.predict(pairs), other.predict(pairs)
    assert 1e-6 < largest_difference(exact, rough) < 0.03
    differ = [a.stance != b.stance for a, b in zip(exact, rough, strict=True)]
    assert sum(differ) * 200 <= len(differ)


def test_bfloat16_gives_the_same_labels(scorer: Scorer) -> None:
    """What a GPU computes in, here on the processor."""
    backend = TorchBackend(default_dir(), device="cpu", bfloat16=True)
    small = Scorer(scorer.config, backend, scorer.tokenizer, scorer.table)
    same_labels(scorer, small)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_gpu_gives_the_same_labels(scorer: Scorer) -> None:
    same_labels(scorer, stance.load(device="cuda"))


@pytest.mark.parametrize("device", ["cuda:99", "abacus", "meta"])
def test_no_such_device(device: str) -> None:
    with pytest.raises(stance.InputError, match=f"device '{device}' cannot be used"):
        stance.load(device=device)


def test_exchanging_the_names_exchanges_the_answers(scorer: Scorer) -> None:
    for a, b in (("Japan", "China"), ("China", "Japan")):
        text = f"{a} accused {b} of lying."
        forward, backward = scorer.predict([question(text, a, b), question(text, b, a)])
        assert (forward.stance, backward.stance) == ("against", "neutral")


@settings(max_examples=30, deadline=None)
@given(st.permutations(["Tokyo", "Paris", "London", "Moscow"]))
def test_order_of_pairs_is_irrelevant(tiny: Scorer, order: list[str]) -> None:
    text = "Tokyo and Paris condemned London and Moscow."
    asked = {
        word: question(text, word, "London" if word != "London" else "Tokyo") for word in order
    }
    answers = dict(zip(order, tiny.predict([asked[w] for w in order]), strict=True))
    expected = dict(
        zip(sorted(order), tiny.predict([asked[w] for w in sorted(order)]), strict=True)
    )
    assert largest_difference([answers[w] for w in order], [expected[w] for w in order]) < 1e-4


def test_probabilities_sum_to_one_and_score_is_their_difference(scorer: Scorer) -> None:
    for p in scorer.predict(many_questions()[:20]):
        assert sum(p.stance_probs) == pytest.approx(1, abs=1e-5)
        assert sum(p.sentiment_probs) == pytest.approx(1, abs=1e-5)
        assert p.score == p.stance_probs[2] - p.stance_probs[0]
        assert p.stance == ("against", "neutral", "favor")[int(np.argmax(p.stance_probs))]


def test_many_actors_in_one_sentence(scorer: Scorer) -> None:
    """More pairs than one call holds: every ordered pair has its record."""
    names = "France Germany Italy Spain Poland Sweden Norway Finland Denmark Greece Austria Hungary".split()
    text = ", ".join(names[:-1]) + " and " + names[-1] + " condemned Russia."
    records = list(scorer([Document("d", text)]))
    pairs = {(r.source_id, r.target_id) for r in records if r.target_id}
    assert len(pairs) == 13 * 12
    assert all(r.stance == "against" for r in records if r.target_id == "RUS")


def test_long_sentence_is_read_in_windows_and_flagged(scorer: Scorer) -> None:
    clause = (
        "the committee met again, heard the same reports and put off the vote until the spring, "
    )
    end = "and at the end of the week France praised Germany for its patience."
    text = f"Japan condemned China over the reef, {clause * 16}{end}"
    records = {(r.source_id, r.target_id): r for r in scorer([Document("d", text)])}
    assert len(list(stance.split_sentences(text))) == 1
    assert all(r.truncated for r in records.values())
    assert records["JPN", "CHN"].stance == "against"
    assert records["FRA", "DEU"].stance == "favor"


def test_pair_too_far_apart_abstains(scorer: Scorer) -> None:
    text = "Japan " + "and on and on " * 200 + "China."
    (answer,) = scorer.predict([question(text, "Japan", "China")])
    assert (answer.stance, answer.abstained, answer.truncated) == ("neutral", "too far apart", True)
    records = list(scorer([Document("d", text)]))
    assert {(r.source_id, r.abstained) for r in records if r.target_id} == {
        ("JPN", "too far apart"),
        ("CHN", "too far apart"),
    }


def test_names_are_not_cut_by_a_window(scorer: Scorer) -> None:
    """A long sentence names the same actors whole that its parts name alone."""
    parts = [
        f"Arvo Lindqvist of the Harbour Pilots Guild blamed Deputy Mayor {n} Okonkwo"
        for n in "ABCDEF"
    ]
    text = " and ".join(parts * 6) + "."
    records = list(scorer([Document("d", text)]))
    spans = {(r.source_start, r.source_end) for r in records}
    assert all(r.truncated for r in records)
    assert not [(a, b) for a, b in spans for c, d in spans if (a, b) != (c, d) and a < d and c < b]


def test_a_list_of_many_actors_is_bounded_and_flagged(scorer: Scorer) -> None:
    names = "France Germany Italy Spain Poland Sweden Norway Finland Denmark Greece Austria Hungary".split()
    records = list(scorer([Document("d", " and ".join(names * 20) + ".")]))
    assert records and all(r.truncated for r in records)


def test_coordinated_actors_have_records_of_their_own(scorer: Scorer) -> None:
    records = list(scorer([Document("d", "Ukraine condemned Russian and Belarusian troops.")]))
    found = {(r.source_id, r.target_id, r.stance) for r in records}
    assert {("UKR", "RUS", "against"), ("UKR", "BLR", "against")} <= found


def test_no_actors_is_an_empty_result() -> None:
    assert stance.analyze("It rained all day and the match was called off.") == []


# text, what the error must say
BAD_TEXTS = [
    ("", "is empty"),
    (" \n\t ", "only white space"),
    ("Tokyo\0praised", "NUL character at 5"),
    ("Tokyo " * 2_000_000, "12,000,000 characters"),
    ("Tokyo \ud800", "surrogate pair at 6"),
    (None, "is NoneType; must be str"),
    (b"Tokyo", "is bytes; must be str"),
]


@pytest.mark.parametrize(("text", "message"), BAD_TEXTS, ids=[m for _, m in BAD_TEXTS])
def test_bad_text_names_document_and_field_and_loses_nothing_else(
    scorer: Scorer, text: str, message: str
) -> None:
    documents = [
        Document("one", "Japan praised China."),
        Document("bad", text),
        Document("two", "Japan praised China."),
    ]
    errors: list[stance.StanceError] = []
    found = {r.document_id for r in scorer(documents, errors.append)}
    assert found == {"one", "two"}
    (error,) = errors
    assert "document 'bad', field 'text'" in str(error) and message in str(error)
    with pytest.raises(stance.InputError):
        list(scorer(documents))
    assert len(text or "") <= 12 * MAX_CHARACTERS


@pytest.mark.parametrize(
    ("document", "message"),
    [("Tokyo praised Paris.", "must be stance.Document values, got str"),
     (Document("d", "Tokyo", date="2021-12-24"), "field 'date': is '2021-12-24'"),
     (Document("d", "Tokyo", date=datetime.datetime(2021, 12, 24)), "must be a datetime.date")],
)  # fmt: skip
def test_other_things_than_documents(scorer: Scorer, document: Document, message: str) -> None:
    with pytest.raises(stance.InputError, match=message):
        list(scorer([document]))


def test_offsets_count_characters_of_the_document(scorer: Scorer) -> None:
    text = "Café société. “Tokyo” praised Paris.\n\nBeijing condemned them."
    for r in scorer([Document("d", text)]):
        assert text[r.sentence_start : r.sentence_end] == r.sentence
        assert text[r.source_start : r.source_end] == r.source_text
        if r.target_start is not None:
            assert text[r.target_start : r.target_end] == r.target_text


def test_scorer_is_lazy_and_ordered(scorer: Scorer) -> None:
    documents = [Document(str(i), f"Japan praised China {i} times.") for i in range(600)]
    ids = list(dict.fromkeys(r.document_id for r in scorer(iter(documents))))
    assert ids == [d.id for d in documents]


@dataclass
class Counting:
    """A backend that counts what another one is asked."""

    backend: Backend
    windows: int = 0
    slots: int = 0
    batch_tokens: int = BATCH_TOKENS

    def encode(self, ids: np.ndarray, mask: np.ndarray) -> dict[str, np.ndarray]:
        self.windows += len(ids)
        return self.backend.encode(ids, mask)

    def score(self, text: dict[str, np.ndarray], pairs: np.ndarray) -> np.ndarray:
        self.slots += pairs.shape[0] * pairs.shape[1]
        return self.backend.score(text, pairs)


def test_copies_are_read_once(tiny: Scorer) -> None:
    """Each copy keeps its own place, date and answers: who "the president" is depends on the date."""
    text = "The US president praised Paris. Tokyo condemned Moscow."
    days = [datetime.date(2012, 5, 1), datetime.date(2024, 5, 1)]
    given = [Document(f"{day}-{i}", " " * i + text, day) for i in range(9) for day in days]
    backend = Counting(tiny.backend)
    counting = Scorer(tiny.config, backend, tiny.tokenizer, tiny.table)
    together = list(counting(given))
    assert backend.windows == 2
    assert together == [record for document in given for record in tiny([document])]


def test_copies_far_apart_are_read_once(tiny: Scorer) -> None:
    """Several stretches lie between the copies; what office a person holds makes it a new question."""
    text = "Angela Merkel praised Paris. Tokyo, which had hesitated, condemned Moscow."
    between = [Document(str(i), f"Oslo thanked Rome {i} times.") for i in range(1300)]
    days = [datetime.date(2024, 5, 1), datetime.date(2012, 5, 1)]
    copies = [Document(f"copy {i}", " " * i + text, days[i // 2]) for i in range(3)]
    given = [copies[0], *between, *copies[1:]]
    backend = Counting(tiny.backend)
    together = list(Scorer(tiny.config, backend, tiny.tokenizer, tiny.table)(given))
    assert backend.windows == 1300 + 2 + 1
    assert together == [record for document in given for record in tiny([document])]


def test_no_more_answers_are_kept_than_said(tiny: Scorer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stance.scoring.recent.RECENT_SENTENCES", 100)
    texts = [f"Oslo thanked Rome {i} times." for i in range(700)]
    given = [Document(str(i), text) for i, text in enumerate([*texts, *texts])]
    backend = Counting(tiny.backend)
    list(Scorer(tiny.config, backend, tiny.tokenizer, tiny.table)(given))
    assert 1300 <= backend.windows <= 1400


def test_a_sentence_with_many_pairs_does_not_pad_the_others(tiny: Scorer) -> None:
    many = (
        ", ".join(["Paris", "London", "Tokyo", "Moscow", "Oslo", "Rome", "Delhi"]) + " met Cairo."
    )
    few = [f"Paris praised London {i} times, as it had done before: openly." for i in range(30)]
    backend = Counting(tiny.backend)
    counting = Scorer(tiny.config, backend, tiny.tokenizer, tiny.table)
    asked = 0

    def count(_: Document, answers: list[tuple[Pair, Prediction]]) -> None:
        nonlocal asked
        asked += len(answers)

    texts = [many, *few]
    list(counting([Document(str(i), t) for i, t in enumerate(texts)], on_sentence=count))
    assert asked <= backend.slots <= asked + 3 * len(texts)


def test_documents_are_read_in_the_thread_that_asks(tiny: Scorer) -> None:
    """Iterables such as a database cursor belong to one thread; what fails in them is raised."""
    here = []

    def given() -> Iterator[Document]:
        for i in range(1200):
            here.append(threading.get_ident())
            yield Document(str(i), f"Oslo thanked Rome {i} times.")
        raise OSError("the cursor is closed")

    with pytest.raises(OSError, match="the cursor is closed"):
        list(tiny(given()))
    assert set(here) == {threading.get_ident()} and len(here) == 1200
    taken = tiny(Document(str(i), "Oslo thanked Rome.") for i in range(10**9))
    assert next(taken).document_id == "0"
    taken.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("stance")]

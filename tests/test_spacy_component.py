"""`nlp.add_pipe("stance")` in a blank pipeline."""

import tomllib
from importlib.metadata import EntryPoint

import pytest

import stance
from stance import StanceRecord

from .conftest import ROOT, TINY

spacy = pytest.importorskip("spacy")

TEXT = "Beijing condemned Tokyo. It rained. Paris praised London's plan."


@pytest.fixture(scope="module")
def nlp():
    """A blank pipeline with the factory that the entry point names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    value = project["entry-points"]["spacy_factories"]["stance"]
    assert EntryPoint("stance", value, "spacy_factories").load().__name__ == "create"
    pipeline = spacy.blank("en")
    pipeline.add_pipe("stance", config={"threads": 2})
    return pipeline


def plain(records: list[StanceRecord]) -> list[tuple]:
    return [(r.source_id, r.target_id, r.stance, r.source_start) for r in records]


def test_stances_and_spans_of_a_doc(nlp) -> None:
    doc = nlp(TEXT)
    assert plain(doc._.stances) == plain(stance.analyze(TEXT))
    sources, targets = doc.spans["stance_sources"], doc.spans["stance_targets"]
    assert (sources[0].text, sources[0].label_, targets[0].text) == ("Beijing", "against", "Tokyo")
    assert len(sources) == len(targets) == len(doc._.stances)


def test_pipe_gives_what_single_calls_give(nlp) -> None:
    texts = [TEXT, "", " ", "It rained.", "Paris praised London's plan."]
    docs = list(nlp.pipe(texts, batch_size=2))
    assert [plain(d._.stances) for d in docs] == [plain(nlp(t)._.stances) for t in texts]
    assert docs[1]._.stances == [] == docs[3]._.stances


def test_a_stance_toward_nobody_spans_its_sentence(nlp) -> None:
    doc = nlp("Beijing threatened harsh countermeasures.")
    records = doc._.stances
    assert [r.target_start for r in records] == [None]
    assert doc.spans["stance_targets"][0].text == doc.text


def test_docs_go_through_bytes(nlp) -> None:
    doc = nlp(TEXT)
    again = spacy.tokens.Doc(nlp.vocab).from_bytes(doc.to_bytes())
    assert again._.stances == doc._.stances
    assert [s.label_ for s in again.spans["stance_sources"]] == [r.stance for r in doc._.stances]


def test_a_doc_that_never_passed_has_no_stances(nlp) -> None:
    assert nlp.make_doc(TEXT)._.stances == []


def test_options_reach_the_model() -> None:
    pipeline = spacy.blank("en")
    component = pipeline.add_pipe("stance", config={"model": str(TINY)})
    assert component.scorer.config.model_id == "tiny"
    with pytest.raises(stance.ModelNotFoundError):
        spacy.blank("en").add_pipe("stance", config={"model": "nowhere"})

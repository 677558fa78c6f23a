"""The task "stance" in the installed transformers."""

import json

import pytest

import stance

transformers = pytest.importorskip("transformers")
from stance.integrations.transformers_task import StanceModel, register  # noqa: E402

TEXT = "Beijing condemned Tokyo."


@pytest.fixture(scope="module")
def find():
    register()
    return transformers.pipeline("stance", model=StanceModel.load())


def test_rows_are_the_records_of_analyze(find) -> None:
    assert find(TEXT) == [r.to_json() for r in stance.analyze(TEXT)]
    assert json.loads(json.dumps(find(TEXT))) == find(TEXT)


def test_lists_generators_and_dicts(find) -> None:
    rows = find([TEXT, "It rained."])
    assert rows == [find(TEXT), []] == list(find(t for t in [TEXT, "It rained."]))
    (row, *_) = find({"text": TEXT, "id": "a1", "date": "2024-02-29", "outlet": "The Times"})
    assert (row["document_id"], row["date"], row["outlet"]) == ("a1", "2024-02-29", "The Times")


@pytest.mark.parametrize("wrong", [{"body": "x"}, {"text": ""}, {"text": "x", "date": "Christmas"}])
def test_wrong_input_is_our_error(find, wrong) -> None:
    with pytest.raises(stance.InputError):
        find(wrong)


def test_parameters_are_refused(find) -> None:
    with pytest.raises(stance.InputError, match="has no parameters"):
        find(TEXT, top_k=3)

"""Records and errors that come from elsewhere: checked, and whole after a journey between processes."""

import pickle

import pytest

import stance
from stance import StanceRecord

from .made_records import FAVOR, record

WRONG = [
    ("p_favor", "0.5"),
    ("p_favor", None),
    ("sentence", None),
    ("source_start", None),
    ("source_id", 7),
]


@pytest.mark.parametrize(("field", "value"), WRONG)
def test_a_field_of_another_type_is_named(field: str, value: object) -> None:
    row = record("A", "B", FAVOR).to_json() | {field: value}
    with pytest.raises(stance.InputError, match=field):
        StanceRecord.from_json(row)


def test_a_worker_can_send_which_package_it_lacks() -> None:
    error = pickle.loads(pickle.dumps(stance.MissingDependencyError("torch", "train")))
    assert "torch" in str(error) and "stance[train]" in str(error.hint)

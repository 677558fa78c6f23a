"""Baselines: they need no model, so their answers can be read off the sentence."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from stance.errors import InputError
from stance.evaluation.labelled import LabelledPair

_FILE = Path(__file__).parents[1] / "training" / "baselines.py"
_SPEC = importlib.util.spec_from_file_location("baselines", _FILE)
assert _SPEC is not None and _SPEC.loader is not None
baselines = importlib.util.module_from_spec(_SPEC)
# Dataclasses look their module up by name.
sys.modules["baselines"] = baselines
_SPEC.loader.exec_module(baselines)


def _pair(text: str, source: str | None, target: str | None, stance: str = "neutral") -> object:
    spans = []
    for name in (source, target):
        start = -1 if name is None else text.index(name)
        spans.append(None if name is None else (start, start + len(name)))
    return LabelledPair("x", text, spans[0], spans[1], stance=stance)


@pytest.mark.parametrize(
    ("text", "source", "target", "expected"),
    [
        ("Japan condemned China.", "Japan", "China", 0),
        ("Japan condemned China.", "China", "Japan", 1),
        ("China was condemned by Japan.", "Japan", "China", 0),
        ("China was condemned by Japan.", "China", "Japan", 1),
        ("Japan praised Peru.", "Japan", "Peru", 2),
        ("Japan has not praised Peru.", "Japan", "Peru", 1),
        ("Japan didn't condemn Peru.", "Japan", "Peru", 1),
        ("Japan declined to condemn Peru.", "Japan", "Peru", 1),
        ("Japan vetoed Peru's bid.", "Japan", "Peru", 0),
        ("Japan put Peru under new sanctions.", "Japan", "Peru", 0),
        ("Japan met Peru.", "Japan", "Peru", 1),
        ("Beijing warned of consequences.", "Beijing", None, 0),
        ("Beijing was thanked.", None, "Beijing", 1),
    ],
)
def test_lexicon(text: str, source: str | None, target: str | None, expected: int) -> None:
    assert baselines.lexicon([_pair(text, source, target)]) == [expected]


def test_inflections() -> None:
    forms = baselines.read_lexicon()
    for form in ("accuses", "accused", "accusing", "banned", "denounces", "struck", "threats"):
        assert forms[form] == baselines.AGAINST
    for form in ("praises", "praising", "lauded", "allies", "upheld", "helped"):
        assert forms[form] == baselines.FAVOR


def test_lexicon_rows_are_checked(tmp_path: Path) -> None:
    table = tmp_path / "lexicon.tsv"
    table.write_text("praise\tverb\tgood\t\n")
    with pytest.raises(InputError, match=r"line 1.*against\|favor.*good"):
        baselines.read_lexicon(table)
    table.write_text("praise\tverb\tfavor\t\npraise\tnoun\tagainst\t\n")
    with pytest.raises(InputError, match=r"line 2.*both"):
        baselines.read_lexicon(table)


def test_majority() -> None:
    pairs = [_pair("Japan met Peru.", "Japan", "Peru", s) for s in ("favor", "favor", "against")]
    assert baselines.majority(pairs) == [2, 2, 2]
    assert baselines.majority(pairs, reference=pairs[2:]) == [0, 0, 0]
    with pytest.raises(InputError, match="no sentiment label"):
        baselines.majority(pairs, task="sentiment")


def test_vader() -> None:
    pytest.importorskip("vaderSentiment")
    texts = ["Japan hates and attacks Peru.", "Japan met Peru.", "Japan loves and thanks Peru."]
    assert baselines.vader([_pair(text, "Japan", "Peru") for text in texts]) == [0, 1, 2]


def test_predictions_as_probabilities() -> None:
    assert baselines.as_probs([0, 2]) == [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]

"""What a change of the text does to answers: made-up scorers of known faults must show them."""

import json
import math
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

import stance
from stance.actors.table import load_actor_table
from stance.evaluation.answers import Answers
from stance.evaluation.labelled import LabelledPair
from stance.report.printing import print_robustness
from stance.robustness.measures import Check
from stance.robustness.minimal_pairs import SETS, minimal_pairs, set_checks
from stance.robustness.perturbations import own_checks
from stance.robustness.rewriting import NOISE, edited, rewritten
from stance.robustness.state_names import masking, renaming, spellings, states_of
from stance.scoring.scorer import Scorer
from stance.values import STANCE_VALUES, STANCES

from .conftest import ROOT, TINY
from .test_cli_learn import run

TABLE = load_actor_table()
VERBS = {"condemned": 0, "met": 1, "praised": 2}
PLACES = [
    ("Tokyo", "Peruvian"), ("the Philippines", "Cairo"), ("Russia", "Ukraine"), ("Kenyan", "Mexico"),
    ("Riyadh", "Tehran"), ("Lisbon", "Sofia"), ("Mali", "Senegal"),
]  # fmt: skip


def sentence(verb: str, first: str, second: str) -> list[LabelledPair]:
    """Both questions about a sentence: the first names the holder, the second holds nothing."""
    source, target = (
        name
        if name in ("Tokyo", "Cairo") or not name.endswith(("an", "ese"))
        else f"{name} diplomats"
        for name in (first, second)
    )
    text = f"{source[0].upper() + source[1:]} {verb} {target} in spring; nobody's paper said so."
    bare = [name.removeprefix("the ") for name in (first, second)]
    a, b = ((m.start(), m.end()) for m in (re.search(name, text) for name in bare) if m)
    label = STANCES[VERBS[verb]]
    return [
        LabelledPair(f"{text}1", text, a, b, label),
        LabelledPair(f"{text}2", text, b, a, "neutral"),
    ]


PAIRS = [p for places in PLACES for verb in VERBS for p in sentence(verb, *places)]
Rule = Callable[[LabelledPair], float]


def right(pair: LabelledPair) -> float:
    """The score of the verb for who stands before it."""
    verb = next(v for v in VERBS if v in pair.text.lower())
    assert pair.source and pair.target
    return 0.8 * (VERBS[verb] - 1) * (pair.source < pair.target)


def answering(rule: Rule) -> Callable[[Sequence[LabelledPair]], np.ndarray]:
    def answer(pairs: Sequence[LabelledPair]) -> np.ndarray:
        scores = np.array([rule(p) for p in pairs])
        probs = np.stack([np.maximum(-scores, 0), 0 * scores, np.maximum(scores, 0)], axis=1)
        probs[:, 1] = 1 - probs.sum(1)
        return probs

    return answer


def checked(rule: Rule, draws: int = 40) -> tuple[dict[tuple[str, str], Check], list]:
    """Checks by name and measure, and the shifts."""
    answer = answering(rule)
    gold = np.array([STANCES.index(p.stance or "") for p in PAIRS])
    own = Answers("stance", "made", tuple(PAIRS), STANCES, STANCE_VALUES, gold, answer(PAIRS))
    checks, shifts = own_checks(own, answer, TABLE, draws, np.random.default_rng(0))
    return {(c.check, c.measure): c for c in checks}, shifts


def test_a_scorer_that_reads_the_text_passes_everything() -> None:
    checks, shifts = checked(right)
    for (name, measure), check in checks.items():
        assert check.n > 0, name
        if name == "other states" or "wrongly" in measure:
            assert check.value == 0 and check.met is not False
        else:
            assert check.value == 1 and check.met is not False, (name, measure)
    assert {c.met for c in checks.values()} == {True, None}
    assert {*spellings()} == {s.source_id for s in shifts}, "every state was put in"


def test_a_scorer_that_dislikes_a_state_is_found() -> None:
    def biased(pair: LabelledPair) -> float:
        assert pair.source
        about = pair.text[slice(*pair.source)]
        return right(pair) - 0.5 * (about in ("Serbia", "Belgrade", "Serbian"))

    checks, shifts = checked(biased)
    largest = checks["other states", "largest mean shift of a pair"]
    assert shifts[0].source_id == "SRB" and shifts[0].shift < -0.3
    assert largest.value == -shifts[0].shift and largest.met is False
    assert all(abs(s.shift) < 1e-9 for s in shifts if s.source_id != "SRB")


def test_a_scorer_that_does_not_see_the_direction_is_found() -> None:
    checks, _ = checked(
        lambda pair: 0.8 * (VERBS[next(v for v in VERBS if v in pair.text.lower())] - 1)
    )
    name = "question turned round"
    assert checks[name, "has its own label"].value == 0
    assert checks[name, "has its own label"].met is False
    assert checks[name, "has it where it differs"].value == 0
    assert checks[name, "same polar answer, wrongly"].value == 1
    assert checks[name, "both questions right"].value == 0


def test_always_neutral_turns_round_well_and_gets_nothing_right() -> None:
    checks, _ = checked(lambda _: 0.0)
    assert checks["question turned round", "has its own label"].value == 1
    assert checks["question turned round", "both questions right"].value == 0
    assert checks["names masked", "macro-F1, names masked"].value < 0.4


@pytest.mark.parametrize(
    ("noise", "sign"),
    [
        ("capitals", "IN SPRING"), ("curly or straight quotes", "nobody’s"), ("no full stop", "so$"),
        ("doubled spaces", "in  spring"), ("em dashes", "spring—nobody"),
    ],
)  # fmt: skip
def test_a_scorer_that_trips_over_noise_is_found(noise: str, sign: str) -> None:
    checks, _ = checked(lambda p: 0.0 if re.search(sign, p.text) else right(p))
    values = {name: c.value for (name, _), c in checks.items() if name.startswith("noise")}
    assert values.pop(f"noise: {noise}") < 0.8 and set(values.values()) == {1.0}


def test_a_scorer_that_knows_who_quarrels_is_found() -> None:
    """It goes by the names: they are exchanged, and the answer stays with them."""

    def knowing(pair: LabelledPair) -> float:
        assert pair.source
        about = pair.text[slice(*pair.source)]
        return -0.8 if about in {name.removeprefix("the ") for name, _ in PLACES} else 0.0

    checks, _ = checked(knowing)
    assert checks["names exchanged in the text", "same label"].value < 0.5
    assert checks["names masked", "same label"].value < 0.6


@pytest.mark.parametrize("name", SETS)
def test_sets_tell_a_reader_from_one_who_skips_the_change(name: str) -> None:
    plain, changed = minimal_pairs(name)
    labels = {(p.text, p.source): p.stance for p in (*plain, *changed)}
    values = {"against": -0.8, "neutral": 0.0, "favor": 0.8}
    perfect = set_checks(name, answering(lambda p: values[str(labels[p.text, p.source])]))
    assert [c.value for c in perfect] == [1, 1, 1] and {c.n for c in perfect} == {len(plain)}
    unchanged = {q.text: p for p, q in zip(plain, changed, strict=True) if p.id.endswith("1")}
    skipping = set_checks(
        name,
        answering(
            lambda p: values[
                str(
                    labels[p.text, p.source]
                    if p.split == "plain"
                    else unchanged[p.text].stance
                    if p.id.endswith("1")
                    else "neutral"
                )
            ]
        ),
    )
    assert skipping[0].value == 1
    # Active and passive say the same, so nothing is lost there.
    assert skipping[1].value == 1 if name == "passive" else skipping[1].value < 0.9


def test_sets_are_forty_different_minimal_pairs() -> None:
    texts = []
    for name in SETS:
        plain, changed = minimal_pairs(name)
        assert len(plain) == len(changed) >= 80
        for one, other in zip(plain, changed, strict=True):
            assert one.stance in STANCES and other.stance in STANCES and one.text != other.text
            if name == "passive":
                assert one.stance == other.stance
        texts += [p.text for p in (*plain, *changed) if p.id.endswith("1")]
    assert len(texts) == len({*texts})


def test_no_training_sentence_is_in_the_sets() -> None:
    trained = {
        json.loads(line)["text"]
        for path in (ROOT / "training" / "data").glob("*.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines()
    }
    assert trained.isdisjoint(p.text for name in SETS for part in minimal_pairs(name) for p in part)


@pytest.mark.parametrize(
    ("text", "new", "expected"),
    [
        ("The United States warned Iran.", {"USA": "PER"}, "Peru warned Iran."),
        ("Japan and the United States' navy", {"USA": "CUB"}, "Japan and Cuba's navy"),
        ("Peru's envoy, an Iranian, left.", {"PER": "USA"}, "The United States' envoy, an Iranian, left."),
        ("An Iranian frigate shadowed us.", {"IRN": "KEN"}, "A Kenyan frigate shadowed us."),
        ("A Ugandan aide met a Polish one.", {"POL": "UKR"}, "A Ugandan aide met a Ukrainian one."),
        ("Paris' mayor; Paris's mayor", {"FRA": "JPN"}, "Tokyo's mayor; Tokyo's mayor"),
        ("A Japan-friendly port", {"JPN": "USA"}, "A United States-friendly port"),
        ('Lima left. "Japan stays."', {"JPN": "PHL"}, 'Lima left. "The Philippines stays."'),
        ("Rome’s mayor thanked Oslo.", {"ITA": "FRA"}, "Paris’ mayor thanked Oslo."),
        ("South Korea's army and North Korean guards", {"KOR": "PRK", "PRK": "KOR"},
         "North Korea's army and South Korean guards"),
        ("Mexico City, Mexico and Mexican trade", {"MEX": "PHL"},
         "Manila, the Philippines and Philippine trade"),
        ("The Jakarta Post criticised Jakarta.", {"IDN": "THA"}, "The Jakarta Post criticised Bangkok."),
        ("Michael Jordan greeted Jordan's king.", {"JOR": "QAT"}, "Michael Jordan greeted Qatar's king."),
    ],
)  # fmt: skip
def test_states_under_other_names(text: str, new: dict, expected: str) -> None:
    assert edited(text, renaming(text, states_of(text, TABLE), new))[0] == expected


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Biden said Washington would protest to Oslo.", "Washington"),
        ("U.S. officials and Washington blamed Oslo.", "Washington"),
        ("The Chinese accused Oslo; Beijing was silent.", "Beijing"),
    ],
)
def test_states_also_named_otherwise_are_left_alone(text: str, name: str) -> None:
    states, at = states_of(text, TABLE), text.index(name)
    assert states.state_of((at, at + len(name))) is None
    assert states.state_of((text.index("Oslo"), text.index("Oslo") + 4)) == "NOR"


def test_masks_hide_a_name_wherever_it_stands() -> None:
    text = "The United States and Shell praised an Omani bank; Tokyo thanked Shell, and Japan did."
    names = ("United States", "Shell", "Omani", "Tokyo", "Japan")
    spans = [(text.index(n), text.index(n) + len(n)) for n in names]
    edits = masking(text, spans, states_of(text, TABLE))
    masked, moved = edited(text, edits or [], spans)
    assert masked == (
        "Country A and Actor B praised an Actor C bank; Country D thanked Actor B, and Country D did."
    )
    assert masked[slice(*moved[2])] == "Actor C"
    assert masking(text, [(0, 17), (4, 10)], states_of(text, TABLE)) is None


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=40), st.data())
def test_edits_carry_spans_along(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), min_size=4, max_size=4)))
    a, b, c, d = cuts
    first, second = data.draw(st.text(max_size=3)), data.draw(st.text(max_size=3))
    if b < c:
        new, ((start, end),) = edited(text, [(a, b, first), (c, d, second)], [(b, c)])
        assert new == text[:a] + first + text[b:c] + second + text[d:]
        assert new[start:end] == text[b:c] or c == d


@pytest.mark.parametrize("noise", NOISE)
def test_noise_keeps_the_names(noise: str) -> None:
    def letters(text: str) -> str:
        return re.sub(r"[\W_]+", "", text).casefold()

    pairs = [p for name in SETS for part in minimal_pairs(name) for p in part]
    changed = 0
    for pair in pairs:
        (noisy,) = rewritten([pair], NOISE[noise](pair.text))
        changed += noisy.text != pair.text
        assert letters(noisy.text) == letters(pair.text)
        for old, new in ((pair.source, noisy.source), (pair.target, noisy.target)):
            assert old and new
            assert letters(noisy.text[slice(*new)]) == letters(pair.text[slice(*old)]) != ""
    assert changed >= 10


def test_the_whole_with_a_model_is_the_same_again(tiny: Scorer) -> None:
    pairs = [*PAIRS, replace(PAIRS[0], target=None)]
    result = stance.check_robustness(pairs, tiny, draws=2, seed=3)
    assert result == stance.check_robustness(pairs, tiny, draws=2, seed=3)
    assert result.signature["sentences"] == len(PAIRS) // 2
    assert {c.check for c in result.checks} >= {*SETS, "names masked", "other states"}
    json.dumps(result.to_json(), allow_nan=False)
    console = Console(width=140, record=True)
    print_robustness(result, console)
    assert "≥ 0.9" in console.export_text()


def test_no_states_is_nothing_measured(tiny: Scorer) -> None:
    pair = LabelledPair("1", "Acme sued Bolt", (0, 4), (10, 14), "against")
    result = stance.check_robustness([pair], tiny, draws=1)
    checks = {(c.check, c.measure): c for c in result.checks}
    none = checks["other states", "mean absolute change of score"]
    assert math.isnan(none.value) and none.n == 0 and none.met is None
    assert checks["names masked", "same label"].n == 1
    assert '"value": null' in json.dumps(result.to_json(), allow_nan=False)


def test_errors(tiny: Scorer) -> None:
    with pytest.raises(stance.InputError, match="draws is 0"):
        stance.check_robustness(PAIRS, tiny, draws=0)
    with pytest.raises(stance.InputError, match="no pair has a source, a target and a stance"):
        stance.check_robustness([replace(PAIRS[0], target=None)], tiny)


def test_from_the_command_line(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("robust")
    (folder / "pairs.csv").write_text(
        "text,source,target,stance\nOslo condemned Rome.,Oslo,Rome,against\nOslo ran.,Oslo,Rome,favor\n"
    )
    done = run("evaluate", "pairs.csv", "--robustness", "--json", "-m", str(TINY), cwd=folder)
    assert done.returncode == 1 and done.stderr.count("'Rome' is not in the text") == 1
    assert json.loads(done.stdout)["signature"]["pairs"] == 1
    shown = run("evaluate", "--robustness", "-m", str(TINY), cwd=folder)
    assert shown.returncode == 0 and "right, negation" in shown.stdout
    for wrong in ("evaluate", "evaluate --robustness --html a.html"):
        assert run(*wrong.split(), cwd=folder).returncode == 2


def test_the_card_says_what_was_missed(tiny: Scorer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "training")
    import card

    found = {"set": "made up", **stance.check_robustness(PAIRS, tiny, draws=1).to_json()}
    found["checks"][0] |= {"value": 0.5, "met": False}  # type: ignore[index]
    table = card.robustness_table([found, found]).splitlines()
    assert table[2].count("0.500 [") == 2 and table[2].count("missed") == 2
    assert {line.count("|") for line in table} == {6}
    assert "negation" not in "".join(table) and "negation" in card.minimal_pairs_table(found)
    assert "made up: " in card.worst_shifts([found])
    sys.modules.pop("card")

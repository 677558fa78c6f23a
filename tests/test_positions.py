"""Vectors as matrix, alignment and similarity."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance import Cell, InputError, StanceVector, alignment, similarity, to_matrix


def cell(target: str, mean: float, half: float = 0.1, n: int = 4) -> Cell:
    return Cell(target, mean, mean - half, mean + half, 0.0, 1.0, 0.0, n, float(n), ())


def vector(source: str, *cells: Cell, period: str = "2021") -> StanceVector:
    return StanceVector(source, period, cells, 0.9)


JPN = vector("JPN", cell("CHN", -0.6), cell("USA", 0.8), cell("RUS", -0.2))
RUS = vector("RUS", cell("CHN", 0.5, 0.3), cell("USA", -0.7, 0.4), cell("JPN", -0.3))
CHN = vector("CHN", cell("JPN", -0.6), cell("USA", -0.8))


def test_matrix() -> None:
    matrix = to_matrix([RUS, JPN, CHN])
    assert (matrix.sources, matrix.targets) == (("CHN", "JPN", "RUS"), ("CHN", "JPN", "RUS", "USA"))
    assert matrix.values[1].tolist()[0] == -0.6 and math.isnan(matrix.values[1, 1])
    assert matrix.counts.tolist() == [[0, 4, 0, 4], [4, 0, 4, 4], [4, 4, 0, 4]]


def test_matrix_of_nothing_and_of_several_periods() -> None:
    assert to_matrix([]).values.shape == (0, 0)
    vectors = [JPN, vector("JPN", cell("CHN", 0.0), period="2022")]
    with pytest.raises(InputError, match="2 periods") as error:
        to_matrix(vectors)
    assert "period='2021'" in str(error.value.hint)
    assert to_matrix(vectors, period="2022").values.tolist() == [[0.0]]


def test_alignment_places_actors_between_two_others() -> None:
    japan, russia = alignment([RUS, JPN, CHN], toward="USA", away="CHN")
    assert (japan.actor_id, japan.value, japan.n) == ("JPN", pytest.approx(0.7), 8)
    assert (russia.actor_id, russia.value) == ("RUS", pytest.approx(-0.6))
    # Half of the root of 0.3² + 0.4².
    assert (russia.low, russia.high) == (pytest.approx(-0.85), pytest.approx(-0.35))
    swapped = alignment([RUS], toward="CHN", away="USA")[0]
    assert (swapped.value, swapped.low) == (pytest.approx(0.6), pytest.approx(0.35))


def test_alignment_needs_both_ends() -> None:
    assert alignment([CHN, vector("FRA", cell("USA", 1.0))]) == []
    with pytest.raises(InputError, match="two actors"):
        alignment([JPN], toward="USA", away="USA")


def test_similarity_of_equal_and_opposite_stances() -> None:
    one = vector("A", cell("X", 1.0), cell("Y", -1.0))
    same, opposite = vector("B", *one.cells), vector("C", cell("X", -1.0), cell("Y", 1.0))
    found = {(s.one_id, s.other_id): s.value for s in similarity([opposite, same, one])}
    assert found == {("A", "B"): 1.0, ("A", "C"): -1.0, ("B", "C"): -1.0}


def test_similarity_is_over_common_targets_of_one_period() -> None:
    (pair,) = similarity([JPN, RUS, vector("IND", cell("CHN", 0.0), period="2022")])
    assert (pair.one_id, pair.other_id, pair.targets) == ("JPN", "RUS", ("CHN", "USA"))
    assert pair.value == pytest.approx(1 - (1.1 + 1.5) / 2)


def test_what_rests_on_more_evidence_counts_more() -> None:
    one = vector("A", cell("X", 1.0, n=100), cell("Y", 1.0, n=1))
    other = vector("B", cell("X", 1.0, n=100), cell("Y", -1.0, n=1))
    assert similarity([one, other])[0].value > 0.9


MEANS = st.dictionaries(st.sampled_from("WXYZ"), st.floats(-1, 1), min_size=1)


@settings(deadline=None)
@given(MEANS, MEANS)
def test_similarity_is_in_range_and_alignment_follows_its_interval(
    a: dict[str, float], b: dict[str, float]
) -> None:
    vectors = [
        vector(n, *(cell(t, m) for t, m in sorted(d.items()))) for n, d in (("A", a), ("B", b))
    ]
    assert all(-1 - 1e-9 <= s.value <= 1 for s in similarity(vectors))
    for place in alignment(vectors, "W", "X"):
        assert -1 <= place.low <= place.value <= place.high <= 1
    values = to_matrix(vectors).values
    assert np.nanmin(values) == min([*a.values(), *b.values()])

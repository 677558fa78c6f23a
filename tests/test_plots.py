"""The pictures: what is drawn, and that pyplot and rcParams stay as they were."""

import importlib.util
import subprocess
import sys

import pytest

import stance
from stance.report.plots import FEW_COLOR
from stance.scoring.scorer import Scorer
from stance.vectors.aggregation import Cell, StanceVector

from .conftest import ROOT
from .example_records import example_records


@pytest.fixture(scope="module")
def records() -> list[stance.StanceRecord]:
    return example_records(1500)


def vector(source: str, *cells: tuple[str, float, int], period: str = "all") -> StanceVector:
    made = (Cell(t, m, m - 0.2, m + 0.2, 0, 1, 0, n, n, ()) for t, m, n in cells)
    return StanceVector(source, period, tuple(made), 0.9)


def texts(figure: object) -> list[str]:
    return [t.get_text() for t in figure.axes[0].texts]


def test_matrix_prints_mean_and_n_and_greys_few() -> None:
    figure = stance.plot_matrix([vector("JPN", ("USA", 0.5, 12), ("CHN", -0.004, 2))])
    assert texts(figure) == ["+0.00", "2", "+0.50", "12"]
    grey, blue = (p.get_facecolor() for p in figure.axes[0].patches)
    assert grey[0] == pytest.approx(int(FEW_COLOR[1:3], 16) / 255) and blue[2] > blue[0]
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == ["Japan"]


def test_matrix_keeps_the_actors_with_most_sentences_and_says_so(records: list) -> None:
    figure = stance.plot_matrix(stance.aggregate(records, by="all"), most=5)
    assert len(figure.axes[0].get_yticklabels()) == 5
    assert "5 of 24 sources" in figure._supxlabel.get_text()


def test_matrix_of_several_periods_is_refused(records: list) -> None:
    with pytest.raises(stance.InputError, match="24 periods"):
        stance.plot_matrix(stance.aggregate(records, by="month"))


def test_series_has_a_point_a_period_and_a_hollow_one_for_few() -> None:
    vectors = [
        vector("JPN", ("USA", 0.5, 12), period="2024-03"),
        vector("JPN", ("USA", -0.5, 2), period="2024-01"),
        vector("JPN", ("USA", 0.1, 9), period="undated"),
    ]
    figure = stance.plot_series(vectors, "JPN", "USA")
    points = figure.axes[0].collections[-1]
    assert [y for _, y in points.get_offsets()] == [-0.5, 0.5]
    assert tuple(points.get_facecolors()[0]) == (1, 1, 1, 1)
    assert [bar.get_height() for bar in figure.axes[1].patches] == [2, 12]


def test_turns_and_stated_shifts_are_marked_apart(scorer: Scorer) -> None:
    scored = list(scorer(stance.read_documents(ROOT / "seeds" / "river-year.jsonl")))
    dyad = ("SDN", "ETH")
    turns = [t for t in stance.find_turns(scored) if (t.source_id, t.target_id) == dyad]
    shifts = [s for s in stance.stated_shifts(scored) if (s.source_id, s.target_id) == dyad]
    assert turns and shifts
    figure = stance.plot_series(stance.aggregate(scored), *dyad, turns=turns, shifts=shifts)
    axes = figure.axes[0]
    assert [t.split(":")[0] for t in texts(figure)] == ["turn"] * len(turns)
    assert len(axes.collections[-1].get_offsets()) == len(shifts)
    assert "triangle" in figure._supxlabel.get_text()
    other = stance.plot_series(stance.aggregate(scored), "EGY", "ETH", turns=turns, shifts=shifts)
    assert not texts(other) and "triangle" not in other._supxlabel.get_text()


def test_vector_is_drawn_lowest_first() -> None:
    figure = stance.plot_vector(vector("JPN", ("USA", 0.5, 12), ("CHN", -0.7, 8)))
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == ["China", "United States"]


def test_alignment_is_drawn_between_its_two_actors(records: list) -> None:
    vectors = stance.aggregate(records, by="all")
    positions = stance.alignment(vectors, toward="USA", away="CHN")
    figure = stance.plot_alignment(positions, toward="USA", away="CHN")
    assert figure.axes[0].get_xlabel() == "from China (−1) to United States (+1)"
    assert len(figure.axes[0].get_yticklabels()) == len(positions) > 3
    values = [points.get_offsets()[0][0] for points in figure.axes[0].collections[1::2]]
    assert values == sorted(values) == sorted(a.value for a in positions)


@pytest.mark.parametrize(
    "draw",
    [
        lambda: stance.plot_matrix([]),
        lambda: stance.plot_series([], "JPN", "USA"),
        lambda: stance.plot_vector(vector("JPN")),
    ],
)
def test_nothing_to_draw_is_said_in_the_picture(draw: object) -> None:
    assert texts(draw())[0].startswith(("No stance", "Japan → United States: no dated"))


def test_names_are_not_read_as_mathematics(tmp_path: object) -> None:
    odd = vector("ent:$x^{", ("ent:" + "very long name " * 9, 0.5, 12))
    stance.plot_matrix([odd]).savefig(tmp_path / "odd.png")
    labels = [t.get_text() for t in stance.plot_matrix([odd]).axes[0].get_xticklabels()]
    assert labels[0].endswith("…") and len(labels[0]) < 30


def test_pyplot_and_rcparams_stay_as_they_were() -> None:
    code = (
        "import sys, matplotlib, stance\n"
        "before = repr(dict.items(matplotlib.rcParams))\n"
        "stance.plot_matrix([])\n"
        "assert repr(dict.items(matplotlib.rcParams)) == before\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    # An old matplotlib is told off by a new pyparsing; what we call is checked in the tests above.
    options = ["-W", "error", "-W", "ignore::DeprecationWarning"]
    subprocess.run([sys.executable, *options, "-c", code], check=True, cwd=ROOT)


def test_without_matplotlib_the_extra_is_named() -> None:
    assert importlib.util.find_spec("matplotlib")
    code = (
        "import sys; sys.modules['matplotlib.figure'] = None; import stance; stance.plot_matrix([])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert "pip install 'stance[plots]'" in done.stderr

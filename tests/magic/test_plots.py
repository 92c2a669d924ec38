"""Released values drawn: what is in the picture is what was released, with its intervals where they are known."""

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.collections import LineCollection

from antigranular import plots
from antigranular.provenance import attach

FACTS = {"cost": {"epsilon": "1/2", "delta": 0.0}, "mechanism": "laplace", "scale": 2.0}
COUNTS, EDGES = np.array([7, -2, 9]), np.array([0.0, 1.0, 2.0, 4.0])


@pytest.fixture(autouse=True)
def _drawn_in_memory() -> Any:
    mpl.use("agg")
    yield
    plt.close("all")


def released(value: Any, half_widths: Any) -> Any:
    """A value as an export brings it. In one process with the guest's tests, ``.ag`` of pandas objects is the guest's; an array's isn't."""
    return attach(value, {**FACTS, "half_widths": half_widths})


def whiskers(axes: Any) -> list[list[list[float]]]:
    """The two ends of every error bar."""
    return [
        line.tolist() for each in axes.collections if isinstance(each, LineCollection) for line in each.get_segments()
    ]


def test_a_histogram_shows_counts_as_released_with_their_intervals_and_cost() -> None:
    axes = plots.histogram(released((COUNTS, EDGES), np.array([1.5, 1.5, 1.5])), label="age")
    (stairs,) = axes.patches
    assert list(stairs.get_data().values) == [7, -2, 9]
    assert list(stairs.get_data().edges) == EDGES.tolist()
    assert whiskers(axes) == [[[0.5, 5.5], [0.5, 8.5]], [[1.5, -3.5], [1.5, -0.5]], [[3.0, 7.5], [3.0, 10.5]]]
    assert axes.get_title(loc="right") == "ε 0.5, 95 % intervals"


def test_what_was_computed_from_a_release_is_drawn_without_intervals() -> None:
    axes = plots.histogram((COUNTS, EDGES))
    assert whiskers(axes) == []
    assert axes.get_title(loc="right") == ""


def test_a_histogram_of_two_columns_is_a_map() -> None:
    axes = plots.histogram((np.arange(6.0).reshape(2, 3), np.arange(3.0), np.arange(4.0)))
    assert axes.collections[0].get_array().T.ravel().tolist() == [0, 1, 2, 3, 4, 5]


def test_counts_have_a_bar_each() -> None:
    series = pd.Series([5, 3], index=pd.Index(["a", "$b$"], name="sex"))
    axes = plots.counts(series)
    assert [bar.get_height() for bar in axes.patches] == [5, 3]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["a", r"\$b\$"]
    mine = plt.figure().gca()
    assert plots.means(series, ax=mine) == [mine]
    assert plots.counts(series.to_frame(), ax=plt.figure().gca()).get_xlabel() == "sex"


def test_means_have_a_panel_for_each_column_and_a_point_for_each_group() -> None:
    index = pd.MultiIndex.from_tuples([("f", 1), ("m", 2)], names=["sex", "stage"])
    frame = pd.DataFrame({"age": [40.0, 50.0], "bmi": [22.0, np.nan]}, index=index)
    panels = plots.means(frame)
    assert [panel.get_xlabel() for panel in panels] == ["age", "bmi"]
    assert panels[0].lines[0].get_xydata().tolist() == [[40.0, 0.0], [50.0, 1.0]]
    assert [label.get_text() for label in panels[0].get_yticklabels()] == ["f, 1", "m, 2"]
    assert panels[0].get_ylabel() == "sex, stage"
    (chosen,) = plots.means(frame, columns=["bmi"])
    assert chosen.get_xlabel() == "bmi"
    plt.gcf().canvas.draw()


def test_a_matrix_has_its_numbers_where_there_is_room() -> None:
    corr = pd.DataFrame([[1.0, -0.5], [-0.5, 1.0]], index=["a", "b"], columns=["a", "b"])
    axes = plots.matrix(corr)
    assert [text.get_text() for text in axes.texts] == ["1.00", "-0.50", "-0.50", "1.00"]
    assert len(plots.matrix(pd.DataFrame(np.eye(20)), ax=plt.figure().gca()).texts) == 0


@pytest.mark.parametrize(
    ("draw", "value", "problem"),
    [
        (plots.histogram, 3.0, "a float"),
        (plots.histogram, (1,), "a tuple"),
        (plots.counts, [1, 2], "a list"),
        (plots.counts, pd.DataFrame({"a": [1], "b": [2]}), "one column"),
        (plots.means, 3.0, "a float"),
        (plots.matrix, pd.Series([1.0]), "a Series"),
    ],
)
def test_anything_else_is_refused_in_one_sentence(draw: Any, value: Any, problem: str) -> None:
    with pytest.raises(TypeError, match=problem):
        draw(value)


def test_columns_that_are_not_there_and_too_few_axes_are_said() -> None:
    with pytest.raises(ValueError, match="no column 'b'"):
        plots.means(pd.DataFrame({"a": [1.0]}), columns=["b"])
    with pytest.raises(ValueError, match="as many axes"):
        plots.means(pd.DataFrame({"a": [1.0], "b": [1.0]}), axes=[plt.figure().gca()])

"""What a call would cost is free to ask of every statistic, exact where noise is all there is, and never charges anything."""

import inspect
import math
import pydoc
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest

import op_pandas
from ag_kernel.completion import complete
from ag_kernel.inspection import inspect_at
from op_pandas.groupby import FrameGroupBy, SeriesGroupBy
from op_pandas.statistic import statistic
from op_pandas.vault import SocketVault
from tests.private_pandas import clinic
from tests.private_pandas.served import odometer, served

METADATA = """
description: made for a test
budget: {epsilon: 1000, delta: 1.0e-6, per_analyst: {epsilon: 1000}, per_call: {epsilon: 100}}
tables:
  train:
    unit: row
    columns:
      age: {type: int, lower: 0, upper: 120}
      weight: {type: float, lower: 0, upper: 200, nullable: true}
      sex: {type: str, categories: [f, m, x]}
"""
MORE: dict[str, dict[str, Any]] = {
    "PrivateDataFrame.value_counts": {"subset": ["sex"]},
    "quantile": {"q": 0.25},
    "percentile": {"q": [25, 50]},
    "FrameGroupBy.hist": {"column": "age"},
    "PrivateDataFrame.hist": {"column": "age"},
    "hist2d": {"x": "age", "y": "weight"},
    "hist": {},
}
"""What statistics need besides eps."""


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SocketVault]:
    frame = pd.DataFrame({"age": [20, 30, 40, 50] * 50, "weight": [60.0, None, 70.5, 80] * 50, "sex": ["f", "m"] * 100})
    with served(tmp_path_factory.mktemp("state"), METADATA, {"train": frame}) as found:
        yield found


@pytest.fixture
def private(vault: SocketVault) -> Any:
    op_pandas.bind(vault)
    return op_pandas.load_dataset("Clinic")["train"]


def objects(frame: Any) -> dict[str, Any]:
    return {
        "PrivateDataFrame": frame,
        "PrivateSeries": frame["age"],
        "FrameGroupBy": frame.groupby("sex"),
        "SeriesGroupBy": frame.groupby("sex")["age"],
    }


STATISTICS = [
    (cls.__name__, name)
    for cls in (op_pandas.PrivateDataFrame, op_pandas.PrivateSeries, FrameGroupBy, SeriesGroupBy)
    for name in sorted(dir(cls))
    if isinstance(inspect.getattr_static(cls, name), statistic)
]


def arguments(kind: str, name: str, frame: Any) -> tuple[Any, dict[str, Any]]:
    """The object, and what the statistic needs; text for the counts of text."""
    found = objects(frame)[kind]
    needed = dict(MORE.get(f"{kind}.{name}", MORE.get(name, {})))
    if kind == "PrivateSeries" and name in {"value_counts", "mode", "nunique", "unique"}:
        found = frame["sex"]
    if kind == "PrivateSeries" and name in {"cov", "corr"}:
        needed["other"] = frame["weight"]
    return found, needed


@pytest.mark.parametrize(("kind", "name"), STATISTICS)
@pytest.mark.parametrize("paid", [{"eps": 0.5}, {"rho": 0.01}], ids=str)
def test_a_preview_of_every_statistic_is_free_and_says_the_cost(
    private: Any, vault: SocketVault, kind: str, name: str, paid: dict[str, float]
) -> None:
    found, needed = arguments(kind, name, private)
    before = odometer(vault)
    preview = getattr(found, name).preview(**needed, **paid)
    assert odometer(vault) == before
    assert vault.charges() == ()
    assert name.startswith(preview.call)  # kurtosis is kurt
    assert preview.scale > 0
    if "eps" in paid:
        assert preview.epsilon == Fraction(1, 2)
        assert preview.cost["epsilon"] == "1/2"
    else:
        assert preview.epsilon is None
        assert preview.rho == pytest.approx(0.01)
    assert "nothing was charged" in repr(preview)
    assert "nothing was charged" in preview._repr_html_()


@pytest.mark.parametrize(("kind", "name"), STATISTICS)
def test_every_release_knows_its_provenance_as_its_preview_foretold(private: Any, kind: str, name: str) -> None:
    found, needed = arguments(kind, name, private)
    preview = getattr(found, name).preview(**needed, eps=0.5)
    known = getattr(found, name)(**needed, eps=0.5).ag
    assert (known.mechanism, known.cost, known.epsilon) == (preview.mechanism, preview.cost, Fraction(1, 2))
    assert known.scale == pytest.approx(preview.scale)
    told, kept = np.asarray(preview.half_widths, dtype=float), np.asarray(known.half_widths, dtype=float)
    if not np.isnan(told).any():
        assert sorted(told.ravel()) == pytest.approx(sorted(kept.ravel()))


def test_a_half_width_that_depends_on_the_number_of_rows_alone_is_told_times_that(private: Any) -> None:
    preview = private["age"].mean.preview(eps=0.5)
    assert np.isnan(preview.half_widths)
    assert preview.widths_of_a_row == pytest.approx(120 * 2 * math.log(20))
    assert "at most 719 / n of n rows with a value, as 7.19 of 100 and 0.0719 of 10,000" in repr(preview)
    known = private["age"].mean(eps=0.5).ag
    assert known.half_widths <= preview.widths_of_a_row / 150
    both = private[["age", "weight"]].describe.preview(eps=1)
    assert "/ n" in repr(both)
    assert "n: rows with a value" in both._repr_html_()
    assert both.widths_of_a_row.loc["mean", "weight"] > both.widths_of_a_row.loc["mean", "age"] > 0
    assert both.widths_of_a_row.drop("mean").isna().all(axis=None)
    assert private[["age"]].sum.preview(eps=1).widths_of_a_row is None


def test_a_preview_has_the_shape_of_the_answer() -> None:
    frame = clinic.private()
    preview = frame.count.preview(eps=2)
    assert list(preview.half_widths.index) == list(frame.columns)
    assert set(preview.half_widths) == {1.5}
    assert frame["age"].mean.preview(eps=1).half_widths == 3
    assert frame.hist.preview("age", eps=1, bins=4).half_widths.shape == (4,)
    assert list(frame.groupby("sex").mean.preview(eps=1).half_widths.index) == ["f", "m", "x"]


def test_a_preview_asks_no_release_also_of_other_objects_in_the_call() -> None:
    frame = clinic.private()
    asked: Any = frame.rows.vault
    frame.mean.preview(eps=1)
    frame["age"].value_counts.preview  # noqa: B018 - looking is free
    assert not any(type(message).__name__ == "AskRelease" for message in asked.asked)


def test_a_preview_refuses_what_the_call_would_refuse() -> None:
    frame = clinic.private()
    with pytest.raises(TypeError, match="mean needs eps"):
        frame.mean.preview()
    with pytest.raises(ValueError, match="eps must be greater than zero"):
        frame["age"].sum.preview(eps=-1)
    with pytest.raises(ValueError, match="q must lie between 0 and 1"):
        frame.quantile.preview(eps=1, q=7)
    with pytest.raises(ValueError, match="releases nothing"):
        frame.sum.preview(axis=1)


@pytest.mark.parametrize("name", ["sum", "mean"])
@pytest.mark.parametrize("paid", [{"eps": 1}, {"rho": 1}, {"accuracy": 1}], ids=str)
def test_across_the_columns_nothing_is_spent_and_our_sentence_says_so(name: str, paid: dict[str, Any]) -> None:
    frame = clinic.private()
    with pytest.raises(
        TypeError, match=rf"{name}\(axis=1\) gives a private value for each row .* takes no {next(iter(paid))};"
    ):
        getattr(frame, name)(axis=1, **paid)


def test_a_preview_in_accuracy_says_the_epsilon_that_it_takes(private: Any) -> None:
    preview = private["age"].count.preview(accuracy=10)
    assert float(preview.epsilon) == pytest.approx(0.29957323)
    assert preview.half_widths <= 10


def test_what_depends_on_rows_is_said_in_words(private: Any) -> None:
    assert "depends on the rows" in repr(private["age"].skew.preview(eps=1))
    assert "?" in repr(private.corr.preview(eps=1))


def test_a_deviation_is_said_over_the_root_of_the_rows(private: Any) -> None:
    preview = private["age"].std.preview(eps=1)
    assert preview.widths_of_a_root == pytest.approx(120 * math.log(20) ** 0.5)
    assert "at most 207.7 / root of n of n rows with a value, as 20.8 of 100 and 2.08 of 10,000" in repr(preview)
    assert private["age"].std(eps=1).ag.half_widths <= preview.widths_of_a_root / 150**0.5


def test_a_covariance_is_said_for_n_rows(private: Any) -> None:
    preview = private["age"].cov.preview(private["weight"], eps=1)
    assert preview.widths_of_a_row == pytest.approx(120 * 200 * math.log(20), rel=1e-6)
    assert private["age"].cov(private["weight"], eps=1).ag.half_widths <= preview.widths_of_a_row / 130


def test_quantiles_are_said_in_ranks(private: Any) -> None:
    preview = private["age"].median.preview(eps=1)
    assert preview.ranks == pytest.approx(math.log(20 * 121))
    assert "at most 7.792 of n rows lie between it and the quantile asked for, as 7.79 % of 100" in repr(preview)
    described = private[["age", "weight"]].describe.preview(eps=1)
    assert "?" not in repr(described)
    assert "ranks" in described._repr_html_()
    assert (described.ranks.loc["50%"] < described.ranks.loc["max"]).all()
    assert described.ranks.loc[["count", "mean", "std"]].isna().all(axis=None)


def test_statistics_are_still_methods_with_signatures_and_documentation() -> None:
    frame = clinic.private()
    assert str(inspect.signature(frame["age"].std)).startswith("(eps: ")
    assert {"eps", "ddof", "rho", "accuracy"} <= set(inspect.signature(frame["age"].std).parameters)
    assert "standard deviation of the values" in pydoc.render_doc(frame["age"].std)
    assert "standard deviation" in pydoc.render_doc(op_pandas.PrivateSeries.std)
    assert frame.std.__name__ == "std"
    assert callable(frame.std.preview)
    assert op_pandas.PrivateSeries.sum(frame["age"], eps=1) == frame["age"].sum(eps=1)


def test_completion_and_inspection_know_them_without_running_anything() -> None:
    names = {"frame": clinic.private(), "__builtins__": {}}
    assert complete("frame.desc", 10, names)[0] == ["describe"]
    assert "preview" in complete("frame.mean.pre", 14, names)[0]
    found = inspect_at("frame.mean", 10, names)
    assert found is not None
    assert "The mean of each numeric column" in found
    assert "accuracy" in found
    shown = inspect_at("frame.mean.preview(", 19, names)
    assert shown is not None
    assert "free" in shown

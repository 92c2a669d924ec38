"""Releases of frames and series have pandas' values, shapes, dtypes and labels; errors come before anything is charged."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ag_plan.codec import decode_plan
from ag_plan.messages import AskRelease
from ag_plan.releases import Mean, Release
from op_pandas.results import ReleasedFloat, ReleasedInt
from tests.private_pandas import clinic

NUMBERS = ["age", "weight"]


@pytest.mark.parametrize("name", ["sum", "mean", "std", "var", "median", "min", "max"])
def test_a_statistic_of_a_frame_is_a_series_by_column(name: str) -> None:
    released = getattr(clinic.private()["train_x"], name)(eps=1)
    expected = getattr(clinic.plain()[NUMBERS], name)().astype("float64")
    pd.testing.assert_series_equal(released, expected)


@pytest.mark.parametrize("name", ["sum", "mean", "std", "var", "median", "min", "max"])
def test_a_statistic_of_a_series_is_a_float(name: str) -> None:
    released = getattr(clinic.private()["weight"], name)(1)
    assert type(released) is ReleasedFloat
    assert released == pytest.approx(getattr(clinic.plain()["weight"], name)())


def test_a_frames_statistics_cover_numbers_and_booleans_and_a_median_numbers_alone() -> None:
    frame = clinic.private()
    assert list(frame.mean(eps=1).index) == [*NUMBERS, "smoker"]
    assert list(frame.median(eps=1).index) == NUMBERS
    assert list(frame.describe(eps=1).columns) == NUMBERS


def test_count_is_whole_and_covers_every_column() -> None:
    pd.testing.assert_series_equal(clinic.private().count(eps=1), clinic.plain().count(), check_index_type=False)
    count = clinic.private()["note"].count(eps=1)
    assert type(count) is ReleasedInt
    assert count == 5


@pytest.mark.parametrize("ddof", [0, 1])
def test_freedom_is_pandas(ddof: int) -> None:
    frame, plain = clinic.private()["train_x"], clinic.plain()[NUMBERS]
    pd.testing.assert_series_equal(frame.var(eps=1, ddof=ddof), plain.var(ddof=ddof))
    assert frame["age"].std(1, ddof=ddof) == pytest.approx(plain["age"].std(ddof=ddof))


def test_describe_is_pandas_table() -> None:
    released = clinic.private()["train_x"].describe(eps=1)
    pd.testing.assert_frame_equal(released, clinic.plain()[NUMBERS].describe())
    series = clinic.private()["weight"].describe(1)
    pd.testing.assert_series_equal(series, clinic.plain()["weight"].describe())


def test_pandas_keywords_are_ignored() -> None:
    frame = clinic.private()["train_x"]
    frame.mean(eps=1, axis=0, skipna=True, numeric_only=True)
    frame.sum(eps=1, min_count=0)
    frame["age"].quantile(0.5, eps=1, interpolation="linear")
    frame.hist("age", eps=1, bins=3, grid=False, figsize=(3, 3))


FRAME_QUANTILES: list[tuple[tuple[Any, ...], dict[str, Any], float, Any]] = [
    ((0.25,), {}, 0.25, 0.5),
    ((), {"eps": 2}, 2, 0.5),
    ((2, 0.25), {}, 2, 0.25),
    ((0.25, 2), {}, 2, 0.25),  # q = 2 can't be meant
    ((0.5, 0.25), {}, 0.5, 0.25),
    ((0.25,), {"eps": 1}, 1, 0.25),
    ((1,), {"q": 0.25}, 1, 0.25),
    ((), {"eps": 1, "q": 0.25}, 1, 0.25),
    ((1, [0.25, 0.75]), {}, 1, [0.25, 0.75]),
    (([0.25, 0.75], 1), {}, 1, [0.25, 0.75]),
    ((), {"q": np.array([0.25, 0.75]), "eps": 1}, 1, [0.25, 0.75]),
]


@pytest.mark.parametrize(("given", "named", "eps", "q"), FRAME_QUANTILES)
def test_a_frames_quantile_takes_eps_first_and_q_first_where_only_that_makes_sense(
    given: Any, named: Any, eps: float, q: Any
) -> None:
    released = clinic.private()["train_x"].quantile(*given, **named)
    expected = clinic.plain()[NUMBERS].quantile(q)
    assert float(released.ag.epsilon) == eps
    if isinstance(expected, pd.DataFrame):
        pd.testing.assert_frame_equal(released, expected)
    else:
        pd.testing.assert_series_equal(released, expected)


SERIES_QUANTILES: list[tuple[tuple[Any, ...], dict[str, Any], float, Any]] = [
    ((0.25, 1), {}, 1, 0.25),
    ((2, 0.25), {}, 2, 0.25),  # q = 2 can't be meant
    ((0.25,), {"eps": 1}, 1, 0.25),
    ((1,), {"q": 0.25}, 1, 0.25),
    ((), {"eps": 1}, 1, 0.5),
    (([0.25, 0.5], 1), {}, 1, [0.25, 0.5]),
    ((1, [0.25, 0.5]), {}, 1, [0.25, 0.5]),
]


@pytest.mark.parametrize(("given", "named", "eps", "q"), SERIES_QUANTILES)
def test_a_series_quantile_takes_q_first(given: Any, named: Any, eps: float, q: Any) -> None:
    released = clinic.private()["age"].quantile(*given, **named)
    expected = clinic.plain()["age"].quantile(q)
    assert float(released.ag.epsilon) == eps
    if isinstance(expected, pd.Series):
        pd.testing.assert_series_equal(released, expected)
    else:
        assert released == expected


def test_percentiles_are_quantiles_in_hundredths() -> None:
    frame, plain = clinic.private()["train_x"], clinic.plain()[NUMBERS]
    assert frame.percentile(1, 25)["age"] == plain["age"].quantile(0.25)
    assert list(frame.percentile(eps=1, q=[25, 50]).index) == [25.0, 50.0]
    assert frame.percentile(eps=1, p=25)["age"] == plain["age"].quantile(0.25)
    with pytest.raises(TypeError, match="q or p"):
        frame.percentile(eps=1, q=25, p=75)
    assert frame["age"].percentile(75, 1) == plain["age"].quantile(0.75)


@pytest.mark.parametrize("bins", [4, [0, 30, 60, 120], (0.5, 61.5, 99), np.array([0, 50, 100]), range(0, 121, 40)])
def test_a_histogram_is_numpys(bins: Any) -> None:
    frame, ages = clinic.private(), clinic.plain()["age"]
    counts, edges = np.histogram(ages, bins, (0, 120) if isinstance(bins, int) else None)
    for released in (frame.hist("age", eps=1, bins=bins), frame["age"].hist(1, bins)):
        found, shown = released
        assert found.dtype == np.int64
        np.testing.assert_array_equal(found, counts)
        np.testing.assert_allclose(shown, edges)
        assert released.ag.cost == {"epsilon": "1", "delta": 0.0}
        assert len(released.ag.half_widths) == len(found)


def test_value_counts_cover_every_category_most_frequent_first() -> None:
    released = clinic.private()["sex"].value_counts(eps=1)
    assert released.to_dict() == {"f": 3, "m": 3, "x": 0}
    assert released.name == "count"
    assert released.index.name == "sex"
    assert clinic.private()["smoker"].value_counts(1).to_dict() == {False: 3, True: 3}


@pytest.mark.parametrize(
    "use",
    [
        lambda f: f.mean(),
        lambda f: f.hist("age"),
        lambda f: f.hist(eps=1),
        lambda f: f.hist("nope", eps=1),
        lambda f: f.hist("note", eps=1, bins=3),
        lambda f: (f["age"] * 2).hist(1, 3),
        lambda f: f["age"].hist(1, 0),
        lambda f: f["age"].hist(1, -3),
        lambda f: f["age"].hist(1, True),
        lambda f: f["age"].hist(1, 2.5),
        lambda f: f["age"].hist(1, 10**9),
        lambda f: f["age"].hist(1, [3]),
        lambda f: f["age"].hist(1, [3, 2, 1]),
        lambda f: f["age"].hist(1, [1, 1]),
        lambda f: f["age"].hist(1, [1, float("nan")]),
        lambda f: f["age"].hist(1, [1, float("inf")]),
        lambda f: f["age"].hist(1, "auto"),
        lambda f: f["age"].quantile(0.5),
        lambda f: f["age"].quantile(2, 3),
        lambda f: f["age"].quantile(-0.1, eps=1),
        lambda f: f["age"].quantile(float("nan"), eps=1),
        lambda f: f["age"].quantile([], eps=1),
        lambda f: f["age"].quantile("x", eps=1),
        lambda f: f["age"].quantile(0.1, 1, 2),
        lambda f: f["age"].quantile(0.1, 1, q=0.2),
        lambda f: f.quantile(1, True),
        lambda f: f.percentile(1, 101),
        lambda f: f.std(eps=1, ddof=-1),
        lambda f: f.std(eps=1, ddof="x"),
        lambda f: f.std(eps=1, ddof=0.5),
        lambda f: f.std(eps=1, axis=1),
        lambda f: f[["note", "sex"]].mean(eps=1),
        lambda f: f["weight"].value_counts(1),
    ],
)
def test_a_mistake_costs_nothing(use: Any) -> None:
    frame = clinic.private()
    vault: Any = frame.rows.vault
    with pytest.raises((TypeError, ValueError)) as caught:
        use(frame)
    assert "\n" not in str(caught.value)
    assert not any(isinstance(each, AskRelease) for each in vault.asked)


def test_the_plan_calls_a_series_by_its_name_so_that_refusals_do() -> None:
    frame = clinic.private()
    vault: Any = frame.rows.vault
    frame["age"].mean(eps=1)
    asked = [each for each in vault.asked if isinstance(each, AskRelease)][-1]
    assert decode_plan(asked.release, Release).measure == Mean(columns=("age",))

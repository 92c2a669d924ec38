"""Keys as analysts write them: narrow integers, lists, bins, booleans and all of these together, compared with pandas itself."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

import op_pandas
from ag_plan.messages import AskRelease
from op_pandas import PrivateDataFrame
from tests.private_pandas import direct

EPS = 50
"""The vault's noise is switched off here: ε only says how finely sums are added up."""


def people(count: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(11)
    weight = rng.normal(75, 12, count).clip(40, 150).round(1)
    weight[rng.random(count) < 0.1] = np.nan
    return pd.DataFrame(
        {
            "age": rng.integers(18, 95, count),
            "stars": rng.integers(1, 6, count),
            "weight": weight,
            "sex": rng.choice(["f", "m", None], count),
            "smoker": rng.random(count) < 0.3,
            "seen": pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 1000, count), unit="D"),
            "city": rng.choice(["Ulm", "Bonn", "Kiel", "Jena"], count, p=[0.5, 0.3, 0.19, 0.01]),
        }
    )


PEOPLE = people()


@pytest.fixture(scope="module")
def frame() -> PrivateDataFrame:
    direct.vault()
    return PrivateDataFrame(PEOPLE, metadata={"stars": (0, 6)}, categorical_metadata={"sex": ["f", "m", "x"]})


EDGES = [18, 30, 65, 94]
CUTS: list[dict[str, Any]] = [
    {"bins": EDGES},
    {"bins": EDGES, "right": False},
    {"bins": EDGES, "include_lowest": True},
    {"bins": EDGES, "labels": ["young", "adult", "old"]},
    {"bins": np.linspace(0, 120, 14), "precision": 1},
    {"bins": [18.5, 40, 40, 70], "duplicates": "drop"},
]


@pytest.mark.parametrize("given", CUTS, ids=", ".join)
def test_bins_are_those_of_pandas(frame: PrivateDataFrame, given: dict[str, Any]) -> None:
    expected = pd.cut(PEOPLE["age"], **given)
    made = op_pandas.cut(frame["age"], **given)
    assert made.categorical_metadata == [str(each) for each in expected.cat.categories]
    sizes = frame.groupby(made).size(eps=EPS)
    assert sizes.to_dict() == {str(key): n for key, n in expected.value_counts().items()}
    assert list(sizes.index) == [str(each) for each in expected.cat.categories]


def test_bins_may_be_numbered_counted_and_returned(frame: PrivateDataFrame) -> None:
    numbered = op_pandas.cut(frame["age"], EDGES, labels=False)
    expected = pd.cut(PEOPLE["age"], EDGES, labels=False)
    assert numbered.metadata == (0, 2)
    assert numbered.mean(eps=EPS) == pytest.approx(expected.mean())
    made, edges = op_pandas.cut(frame["stars"], 3, retbins=True)
    plain, plain_edges = pd.cut(pd.Series([0, 6]), 3, retbins=True)
    assert list(edges) == list(plain_edges)
    assert made.categorical_metadata == [str(each) for each in plain.cat.categories]


def test_dates_are_cut_too(frame: PrivateDataFrame) -> None:
    edges = pd.to_datetime(["2021-01-01", "2022-01-01", "2023-01-01", "2024-01-01"])
    sizes = frame.groupby(op_pandas.cut(frame["seen"], edges, right=False)).size(eps=EPS)
    expected = pd.cut(PEOPLE["seen"], edges, right=False).value_counts(sort=False)
    assert sizes.tolist() == expected.tolist()
    assert list(sizes.index) == [str(each) for each in expected.index]


def test_null_values_are_in_no_bin(frame: PrivateDataFrame) -> None:
    sizes = frame.groupby("weight", bins=[0, 75, 200]).size(eps=EPS)
    assert sizes.sum() == PEOPLE["weight"].notna().sum()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"bins": [3, 2]}, "increase monotonically"),
        ({"bins": [1, 1, 2]}, "increase monotonically"),
        ({"bins": [1]}, "between 2 and"),
        ({"bins": [0, float("nan")]}, "finite"),
        ({"bins": [0, float("inf")]}, "finite"),
        ({"bins": 0}, "whole number"),
        ({"bins": [0, 1, 2], "labels": ["a"]}, "one fewer"),
        ({"bins": [0, 1, 2], "labels": ["a", "a"]}, "unique"),
        ({"bins": [0, 1, 2], "labels": True}, "False, None"),
        ({"bins": [0, 1, 2], "precision": -1}, "precision"),
    ],
)
def test_bins_that_are_none_are_refused(frame: PrivateDataFrame, given: dict[str, Any], sentence: str) -> None:
    with pytest.raises((ValueError, TypeError), match=sentence):
        op_pandas.cut(frame["age"], **given)


def test_what_has_no_order_is_not_cut(frame: PrivateDataFrame) -> None:
    with pytest.raises(TypeError, match="sex has no order"):
        op_pandas.cut(frame["sex"], [0, 1])
    with pytest.raises(TypeError, match=r"use pandas\.cut"):
        op_pandas.cut(PEOPLE["age"], [0, 1])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="cut"):
        pd.cut(frame["age"], [0, 18, 65])  # type: ignore[call-overload]


def test_integers_with_narrow_bounds_are_keys_all_of_them(frame: PrivateDataFrame) -> None:
    released = frame.groupby("stars")["age"].mean(eps=EPS)
    assert list(released.index) == [0, 1, 2, 3, 4, 5, 6]
    expected = PEOPLE.groupby("stars")["age"].mean().reindex(range(7))
    pd.testing.assert_series_equal(released[0], expected, check_index_type=False, check_names=False)


def test_keys_that_the_analyst_lists_are_the_groups(frame: PrivateDataFrame) -> None:
    released = frame.groupby("city", keys=["Kiel", "Rome", "Ulm"]).size(eps=EPS)
    sizes = PEOPLE["city"].value_counts()
    assert released.to_dict() == {"Kiel": sizes["Kiel"], "Rome": 0, "Ulm": sizes["Ulm"]}
    ages = frame.groupby("age", keys=pd.Series([20, np.nan, 21, 20])).size(eps=EPS)
    assert ages.to_dict() == {age: int((PEOPLE["age"] == age).sum()) for age in (20, 21)}
    assert frame["age"].groupby(frame["city"], keys={"city": ["Ulm"]}).count(eps=EPS).loc["Ulm", 0] == sizes["Ulm"]


def test_keys_of_every_sort_go_together(frame: PrivateDataFrame) -> None:
    by = ["sex", frame["age"] > 50, "stars", op_pandas.cut(frame["weight"], [0, 75, 200]), "city"]
    released = frame.groupby(by, keys={"city": ["Ulm", "Bonn"]}).size(eps=EPS)
    assert released.index.names == ["sex", "age", "stars", "weight", "city"]
    assert released.index.nlevels == 5
    assert len(released) == 3 * 2 * 7 * 2 * 2
    plain = [PEOPLE["sex"], PEOPLE["age"] > 50, PEOPLE["stars"], pd.cut(PEOPLE["weight"], [0, 75, 200]), PEOPLE["city"]]
    for (sex, old, stars, weight, city), count in PEOPLE.groupby(plain, observed=True).size().items():
        if city in ("Ulm", "Bonn"):
            assert released[sex, int(old), stars, str(weight), city] == count
    assert released.sum() == PEOPLE[["sex", "weight"]].notna().all(axis=1)[PEOPLE["city"].isin(["Ulm", "Bonn"])].sum()


def test_bins_are_said_by_column_where_there_are_several_keys(frame: PrivateDataFrame) -> None:
    released = frame.groupby(["age", "smoker"], bins={"age": EDGES})["weight"].mean(eps=EPS)
    expected = PEOPLE.groupby([pd.cut(PEOPLE["age"], EDGES), "smoker"], observed=False)["weight"].mean()
    assert list(released.index) == [(str(bin_), int(smoker)) for bin_, smoker in expected.index]
    np.testing.assert_allclose(released[0], expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("given", "error", "sentence"),
    [
        ({"by": "weight"}, ValueError, "weight is not a categorical column. Cut it into bins"),
        ({"by": "seen"}, ValueError, "seen is not a categorical column. Group by a part of it"),
        ({"by": "city", "keys": []}, ValueError, "empty"),
        ({"by": "city", "keys": "Ulm"}, TypeError, "must be a list"),
        ({"by": "city", "keys": {"town": ["Ulm"]}}, ValueError, "keys names town"),
        ({"by": ["city", "sex"], "keys": ["Ulm"]}, ValueError, "whose keys"),
        ({"by": "age", "keys": [1], "bins": [1, 2]}, ValueError, "either listed or bins"),
        ({"by": PEOPLE["age"]}, TypeError, "not by a public Series"),
        ({"by": pd.cut(PEOPLE["age"], 3)}, TypeError, "not by a public Series"),
        ({"by": "city", "delta": 0}, ValueError, "between 0 and 1"),
        ({"by": "city", "delta": 1}, ValueError, "between 0 and 1"),
        ({"by": "city", "delta": float("nan")}, ValueError, "finite"),
        ({"by": "city", "delta": "1e-6"}, TypeError, "must be a number"),
        ({"by": "city", "delta": 1e-30}, ValueError, "at least 1e-18"),
    ],
    ids=str,
)
def test_keys_that_are_none_are_refused_before_anything_is_asked(
    frame: PrivateDataFrame, given: dict[str, Any], error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        frame.groupby(**given)


def test_keys_of_another_kind_are_refused_before_anything_is_charged(frame: PrivateDataFrame) -> None:
    vault: Any = frame.rows.vault
    before = vault.session.balances()
    with pytest.raises(TypeError, match="must be of kind str"):
        frame.groupby("city", keys=[1, 2]).size(eps=1)
    assert vault.session.balances() == before


DUMMIES: list[dict[str, Any]] = [
    {"columns": ["sex"]},
    {"columns": ["sex"], "prefix": "is", "prefix_sep": "-"},
    {"columns": ["sex", "stars"], "prefix": {"sex": "s", "stars": "n"}},
    {"columns": ["sex"], "drop_first": True},
    {"columns": ["sex"], "dummy_na": True},
    {"columns": ["sex"], "dtype": int},
]


@pytest.mark.parametrize("given", DUMMIES, ids=str)
def test_dummies_have_pandas_names_and_counts(frame: PrivateDataFrame, given: dict[str, Any]) -> None:
    chosen = ["age", "sex", "stars"]
    plain = PEOPLE[chosen].assign(
        sex=pd.Categorical(PEOPLE["sex"], ["f", "m", "x"]), stars=pd.Categorical(PEOPLE["stars"], range(7))
    )
    expected = pd.get_dummies(plain, **given)
    made = op_pandas.get_dummies(frame[chosen], **given)
    assert sorted(made.columns) == sorted(expected.columns)
    coded = [name for name in made.columns if name not in chosen]
    assert made.dtypes[coded].tolist() == expected.dtypes[coded].tolist()
    assert made[coded].sum(eps=EPS).to_dict() == pytest.approx(expected[coded].sum().to_dict())


def test_dummies_of_a_series_are_its_values(frame: PrivateDataFrame) -> None:
    assert list(op_pandas.get_dummies(frame["sex"]).columns) == ["f", "m", "x"]
    assert list(op_pandas.get_dummies(frame["smoker"], prefix="smokes").columns) == ["smokes_False", "smokes_True"]


def test_dummies_need_public_categories(frame: PrivateDataFrame) -> None:
    for columns in (["city"], ["weight"], None):
        with pytest.raises(ValueError, match="has no public categories"):
            op_pandas.get_dummies(frame, columns=columns)
    with pytest.raises(ValueError, match="there already"):
        op_pandas.get_dummies(frame.rename(columns={"age": "sex_f"}), columns=["sex"])


def test_a_question_by_keys_is_one_release(frame: PrivateDataFrame) -> None:
    vault: Any = frame.rows.vault
    del vault.asked[:]
    frame.groupby(["age", "sex"], bins={"age": EDGES}).mean(eps=3)
    assert [type(each) for each in vault.asked].count(AskRelease) == 1

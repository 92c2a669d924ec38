"""Each transformation means what it means in pandas: the same steps on the same rows give the same statistics."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ag_plan.messages import AskRelease, AskSchema
from ag_plan.relations import Filter
from tests.private_pandas import clinic

Step = Callable[[Any], Any]

SERIES: list[Step] = [
    lambda d: d["age"] + 1,
    lambda d: 1 + d["age"],
    lambda d: d["age"] - d["weight"],
    lambda d: 100 - d["age"],
    lambda d: d["age"] * d["weight"],
    lambda d: 2 * d["age"] / d["weight"],
    lambda d: 10 / d["age"],
    lambda d: d["age"] // 7,
    lambda d: 1000 // d["age"],
    lambda d: d["age"] % 7,
    lambda d: d["age"] ** 2,
    lambda d: -d["age"],
    lambda d: +d["age"],
    lambda d: (d["age"] - 40).abs(),
    lambda d: abs(d["age"] - 40),
    lambda d: d["age"].mul(2).add(1).sub(3).rsub(5),
    lambda d: d["age"].clip(30, 50),
    lambda d: d["weight"].round(),
    lambda d: round(d["weight"], 1),
    lambda d: d["weight"].fillna(70),
    lambda d: d["age"].where(d["age"] > 40),
    lambda d: d["age"].where(d["age"] > 40, 0),
    lambda d: d["age"].where(d["age"] > 40, d["weight"]),
    lambda d: d["age"].mask(d["age"] > 40),
    lambda d: d["weight"].dropna(),
    lambda d: d["weight"][d["smoker"]],
    lambda d: d["smoker"].astype("float64"),
    lambda d: d["age"].astype(float),
    lambda d: np.sqrt(d["age"]),
    lambda d: np.log(d["weight"]),
    lambda d: np.float64(2) * d["age"],
    lambda d: np.int64(2) - d["age"],
    lambda d: np.maximum(d["age"], 40),
    lambda d: d.sum(axis=1, numeric_only=True),
    lambda d: d[["age", "weight"]].mean(axis=1),
    lambda d: d.age,
    lambda d: d.pipe(lambda frame: frame["age"]),
    lambda d: d.get("age"),
    lambda d: d.copy().pop("age"),
]

CONDITIONS: list[Step] = [
    lambda d: d["age"] > 40,
    lambda d: d["age"] >= 47,
    lambda d: d["age"] < 40,
    lambda d: d["age"] <= 31,
    lambda d: d["age"] == 31,
    lambda d: d["age"] != 31,
    lambda d: 40 < d["age"],  # noqa: SIM300 - the reflected operator
    lambda d: d["sex"] == "f",
    lambda d: d["sex"].isin(["m", "x"]),
    lambda d: d["weight"].isna(),
    lambda d: d["note"].notna(),
    lambda d: d["age"].between(31, 47),
    lambda d: d["age"].between(31, 47, inclusive="neither"),
    lambda d: (d["age"] > 30) & (d["sex"] == "f") | d["smoker"],
    lambda d: ~d["smoker"] ^ (d["age"] > 50),
    lambda d: d["age"].gt(d["weight"]),
    lambda d: np.logical_and(d["smoker"], d["age"] > 35),
]

FRAMES: list[Step] = [
    lambda d: d[["weight", "age"]],
    lambda d: d[d.columns[:2]],
    lambda d: d[d["age"] > 40],
    lambda d: d[d["age"] > 40][d["smoker"][d["age"] > 40] if isinstance(d, pd.DataFrame) else d["smoker"]],
    lambda d: d.drop(columns="smoker").where(d["age"] > 40).dropna(),
    lambda d: d.where(d["age"] > 40)[["age", "weight"]].dropna(),
    lambda d: d.drop(columns="smoker").mask(d["age"] > 40),
    lambda d: d[["age", "weight"]].where(d[["age", "weight"]] > 40),
    lambda d: d[["age", "weight"]][d[["age", "weight"]] > 60],
    lambda d: d[["age", "weight"]].where(d["smoker"], 0),
    lambda d: d.dropna(),
    lambda d: d.dropna(subset=["weight"]),
    lambda d: d.dropna(subset="note"),
    lambda d: d[["weight", "note"]].dropna(how="all"),
    lambda d: d[["age", "weight"]].fillna(1),
    lambda d: d.fillna({"weight": 2.5, "note": "none"}),
    lambda d: d.drop(columns=["note"]),
    lambda d: d.drop("note", axis=1),
    lambda d: d.rename(columns={"age": "years"}),
    lambda d: d.rename(columns=str.upper),
    lambda d: d.assign(twice=lambda f: f["age"] * 2, one=1),
    lambda d: d[["age", "weight"]] * 2,
    lambda d: 1 - d[["age", "weight"]],
    lambda d: d[["age", "weight"]] / d[["age", "weight"]],
    lambda d: d[["age", "weight"]].isna(),
    lambda d: d[["age", "weight"]].notna(),
    lambda d: d[["age", "sex"]].isin({"age": [31, 47], "sex": ["f"]}),
    lambda d: d[["age", "weight"]].isin([31, 82.0]),
    lambda d: d[["age", "weight"]].clip(30, 60),
    lambda d: d[["age", "weight"]].round(),
    lambda d: d[["age", "weight"]].astype({"age": "float64"}),
    lambda d: abs(d[["age", "weight"]] - 50),
    lambda d: np.sqrt(d[["age", "weight"]]),
    lambda d: d.select_dtypes("number"),
    lambda d: d.select_dtypes(exclude=["number", "bool"]),
    lambda d: d.copy(),
    lambda d: d["age"].to_frame("years"),
]


@pytest.mark.parametrize("step", SERIES)
def test_a_column_is_computed_as_in_pandas(step: Step) -> None:
    private, plain = step(clinic.private()), step(clinic.plain())
    assert private.name == plain.name
    assert private.count(eps=1) == plain.count()
    assert private.sum(eps=1) == pytest.approx(plain.sum())


@pytest.mark.parametrize("step", CONDITIONS)
def test_a_condition_holds_on_the_same_rows_as_in_pandas(step: Step) -> None:
    private, plain = clinic.private(), clinic.plain()
    assert step(private).sum(eps=1) == step(plain).sum()
    assert private[step(private)]["age"].sum(eps=1) == plain[step(plain)]["age"].sum()


@pytest.mark.parametrize("step", FRAMES)
def test_a_frame_is_made_as_in_pandas(step: Step) -> None:
    private, plain = step(clinic.private()), step(clinic.plain())
    assert list(private.columns) == list(plain.columns)
    pd.testing.assert_series_equal(private.count(eps=1), plain.count(), check_index_type=False)
    numbers = plain.select_dtypes(["number", "bool"])
    if len(numbers.columns):
        released = private.sum(eps=1)
        pd.testing.assert_series_equal(released, numbers.sum().astype(float), check_index_type=False)


def test_a_column_is_assigned_from_a_series_or_a_value() -> None:
    private, plain = clinic.private()["train_x"], clinic.plain()[["age", "weight"]]
    for frame in (private, plain):
        frame["bmi"] = frame["weight"] / 1.7**2
        frame["age"] = frame["age"] + 1
        frame["one"] = 1
        frame["old"] = frame["age"] > 40
    assert list(private.columns) == list(plain.columns)
    pd.testing.assert_series_equal(private.sum(eps=1), plain.sum().astype(float), check_index_type=False)


def test_a_column_of_fewer_rows_is_null_on_the_others() -> None:
    private, plain = clinic.private()["train_x"], clinic.plain()[["age", "weight"]]
    for frame in (private, plain):
        frame["heavy"] = frame[frame["weight"] > 70]["age"]
    assert private["heavy"].count(eps=1) == plain["heavy"].count()
    assert private["heavy"].sum(eps=1) == plain["heavy"].sum()


def test_columns_of_sibling_rows_are_not_paired() -> None:
    frame = clinic.private()
    with pytest.raises(ValueError, match="different rows"):
        _ = frame[frame["age"] > 40]["age"] + frame[frame["age"] < 40]["age"]


def test_where_and_dropna_become_one_filter() -> None:
    frame = clinic.private()["train_x"]
    kept = frame.where(frame["age"] > 40).dropna()
    assert isinstance(kept.rows.relation, Filter)
    assert kept.terms["age"].expression == frame.terms["age"].expression
    assert kept.metadata == frame.metadata


def test_in_place_changes_the_frame_itself() -> None:
    frame = clinic.private()
    frame.drop(columns=["note"], inplace=True)
    frame.rename(columns={"age": "years"}, inplace=True)
    frame.fillna({"weight": 1.0}, inplace=True)
    frame.dropna(inplace=True)
    del frame["smoker"]
    assert list(frame.columns) == ["years", "weight", "sex"]
    assert frame["weight"].count(eps=1) == len(clinic.ROWS)


def test_a_line_that_is_only_a_drop_drops_in_place_and_an_assigned_one_does_not() -> None:
    frame = clinic.private()
    other = frame.drop("note")
    assert "note" in frame.columns
    assert "note" not in other.columns
    frame.drop("note")
    assert "note" not in frame.columns
    assert list(frame.drop(["age"]).columns) == ["weight", "sex", "smoker"]
    assert "age" in frame.columns


def test_the_last_line_of_a_cell_drops_in_place_too() -> None:
    frame = clinic.private()
    code = compile("frame.drop('note')", "<cell>", "eval")
    assert eval(code, {"frame": frame}) is not None
    assert "note" not in frame.columns


def test_bounds_and_categories_follow() -> None:
    frame = clinic.private()
    assert frame[frame["age"] > 3].metadata == {"age": (0, 120), "weight": (0.0, 200.0)}
    assert frame["sex"].categorical_metadata == ["f", "m", "x"]
    assert (frame["age"] * 3).clip(0, 99).metadata == (0, 99)
    assert frame["age"].clip(upper=50).metadata == (0, 50)
    assert str(frame.dtypes["note"]) == "object"


@pytest.mark.parametrize(
    ("step", "error", "sentence"),
    [
        (lambda f: f["nope"], ValueError, "Column nope does not exist"),
        (lambda f: f[["age", "nope"]], ValueError, "Column nope does not exist"),
        (lambda f: f[["age", "age"]], ValueError, "named twice"),
        (lambda f: f.drop("nope"), ValueError, "Column nope does not exist"),
        (lambda f: f.drop(), TypeError, "names of columns"),
        (lambda f: f.rename(columns={"age": "sex"}), ValueError, "same name"),
        (lambda f: f[1:3], TypeError, "position"),
        (lambda f: f[f["age"]], TypeError, "true or false"),
        (lambda f: f.where(True), TypeError, "PrivateSeries"),
        (lambda f: f["age"] + "x", TypeError, "text has no add with numbers; cast it first"),
        (lambda f: f["age"] + f, TypeError, "one by one"),
        (lambda f: f["train_x"] + f["age"], TypeError, "one by one"),
        (lambda f: f["age"].clip(5, 1), ValueError, "lower bound"),
        (lambda f: (f["age"] * 2).clip(1), ValueError, "both"),
        (lambda f: f["age"].clip(float("nan"), 1), ValueError, "finite"),
        (lambda f: f["age"].clip("a", 1), TypeError, "number"),
        (lambda f: f["age"].isin("abc"), TypeError, "list"),
        (lambda f: f["age"].isin(f["age"]), TypeError, "public values"),
        (lambda f: f["age"] == object(), TypeError, "object"),
        (lambda f: f["age"] + float("inf"), ValueError, "finite"),
        (lambda f: f["age"] + 2**70, ValueError, "64 bits"),
        (lambda f: f.fillna(), TypeError, "public value"),
        (lambda f: f.dropna(axis=1), ValueError, "private"),
        (lambda f: f.dropna(how="some"), ValueError, "any"),
        (lambda f: f["age"].astype("complex128"), TypeError, "type"),
        (lambda f: f["age"].astype("category"), TypeError, "output_categories"),
        (lambda f: f["age"][0], TypeError, "condition"),
        (lambda f: np.add.reduce(f["age"]), TypeError, "np.add"),
        (lambda f: np.arctan2(f["age"], 1), TypeError, "np.arctan2"),
        (lambda f: 31 in f["age"], TypeError, "private"),
        (lambda f: f.__setitem__(f["age"] > 3, 1), TypeError, "name"),
        (lambda f: f["age"].between(1, 2, inclusive="some"), ValueError, "inclusive"),
    ],
)
def test_a_mistake_is_one_sentence_at_its_line(step: Step, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        step(clinic.private())


def test_a_transformation_asks_one_question_and_never_for_a_release() -> None:
    frame = clinic.private()
    vault: Any = frame.rows.vault
    before = len(vault.asked)
    _ = (frame["age"] + 1) * 2
    _ = frame[["age", "weight"]][frame["smoker"]]
    _ = frame[["age", "weight"]] * 2
    assert [type(each) for each in vault.asked[before:]] == [AskSchema] * 3
    assert not any(isinstance(each, AskRelease) for each in vault.asked)


def test_a_plan_that_grew_too_large_is_one_sentence() -> None:
    def grow(series: Any) -> None:
        for _ in range(5000):
            series = series + 1

    with pytest.raises(ValueError, match="release an intermediate result"):
        grow(clinic.private()["age"])


def test_a_column_with_public_categories_is_a_category_already() -> None:
    frame = clinic.private()
    assert frame["sex"].astype("category").value_counts(eps=1).to_dict() == frame["sex"].value_counts(eps=1).to_dict()
    assert frame.astype({"sex": "category"}).categorical_metadata == frame.categorical_metadata

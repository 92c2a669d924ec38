"""What an owner is warned of before a value leaves, and what passes without a word: values as reviewed code returns them."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ag_kernel.review.airlock import warnings

RNG = np.random.default_rng(20_250_101)
ROWS = 600
TABLE = pd.DataFrame(
    {
        "person": [f"{n:08x}-aaaa" for n in range(ROWS)],
        "age": RNG.integers(20, 90, ROWS),
        "sex": RNG.choice(["female", "male"], ROWS),
        "glucose": RNG.normal(6, 1, ROWS),
        "systolic": RNG.normal(125, 15, ROWS).round(1),
        "seen": pd.date_range("2025-01-01", periods=ROWS, freq="7h"),
    }
)
FEW = TABLE.head(3)


def warned(value: Any) -> list[str]:
    return warnings(value, {"data": TABLE}, size=1000)


@pytest.mark.parametrize(
    "value",
    [
        FEW,
        FEW.reset_index(drop=True)[["age", "systolic"]],
        FEW[["sex", "seen"]],
        FEW.rename(columns={"glucose": "g"}),
        FEW.sample(frac=1, random_state=1).astype({"age": "float64"}),
        TABLE.iloc[7],
        TABLE.iloc[7].to_dict(),
        {"somebody": TABLE.iloc[7].to_dict(), "n": 1},
        [TABLE.iloc[7].to_dict()],
        TABLE.iloc[7].tolist(),
        FEW.to_numpy(),
        FEW.to_numpy().tolist(),
        tuple(FEW.itertuples(index=False, name=None)),
        TABLE.select_dtypes("number").iloc[:2].to_dict("records"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_few_rows_are_warned_of_in_whatever_form(value: Any) -> None:
    assert any("has rows of data as they are" in each for each in warned(value)), warned(value)


@pytest.mark.parametrize(
    "value",
    [
        TABLE["glucose"].head(3),
        float(TABLE["glucose"].max()),
        {"oldest": {"glucose": float(TABLE["glucose"].median() + 0), "max": float(TABLE["glucose"].max())}},
        TABLE.groupby("sex")["glucose"].max(),
        FEW["glucose"].tolist(),
        FEW["systolic"].tolist(),
        TABLE["person"].iloc[5],
        {TABLE["person"].iloc[5]: 1},
        TABLE.describe(),
    ],
)
def test_single_values_of_few_rows_are_warned_of(value: Any) -> None:
    assert any("It has values of the column" in each for each in warned(value)), warned(value)


@pytest.mark.parametrize(
    "value",
    [
        float(TABLE["glucose"].mean()),
        round(float(TABLE["systolic"].mean()), 1),
        int(TABLE["age"].max()),
        {"mean": float(TABLE["age"].mean()), "sd": float(TABLE["age"].std())},
        TABLE.groupby("sex")[["glucose", "age"]].mean(),
        TABLE.groupby("sex").agg(mean=("glucose", "mean"), sd=("glucose", "std")),
        TABLE.groupby(
            ["sex", pd.cut(TABLE["age"], [0, 40, 60, 100], labels=["young", "middle", "old"])], observed=True
        )["glucose"]
        .mean()
        .reset_index(),
        TABLE[["age", "glucose", "systolic"]].corr(),
        np.polyfit(TABLE["age"], TABLE["glucose"], 1),
        TABLE["sex"].value_counts(),
        "nothing to see",
        None,
        [],
        {},
        pd.DataFrame(),
    ],
)
def test_statistics_of_many_rows_pass_without_a_word(value: Any) -> None:
    assert warned(value) == []


def test_no_warning_quotes_a_value() -> None:
    said = " ".join(warned(FEW))
    assert not any(str(value) in said for row in FEW.to_numpy().tolist() for value in row if len(str(value)) > 2), said


def test_rows_of_a_kind_that_many_have_are_nobody_s() -> None:
    many = pd.DataFrame({"sex": ["female", "male"] * 50, "smoker": [True, True, False, False] * 25})
    assert warnings(many.drop_duplicates(), {"data": many}, size=10) == []


def test_a_value_of_many_parts_is_looked_at_in_bounded_time_and_says_so() -> None:
    said = warned([{"age": -1, "systolic": -n} for n in range(500)] + [TABLE.iloc[7].to_dict()])
    assert any("parts, of which 100 were looked at" in each for each in said)


@pytest.mark.parametrize(
    "value",
    [
        TABLE.groupby("sex")[["age", "glucose"]].agg(["mean", "std"]),
        pd.DataFrame({"age": [[1, 2], {"a": [3]}], "glucose": [None, np.nan]}),
        pd.DataFrame([[1, 2]], columns=["age", "age"]),
        pd.DataFrame({"age": pd.Categorical(["a"]), "seen": pd.to_datetime(["2025-01-01"]).tz_localize("UTC")}),
        pd.DataFrame({"age": pd.array([1, None], dtype="Int64"), "sex": pd.array(["x", None], dtype="string")}),
        pd.DataFrame({"age": pd.period_range("2025", periods=2), "sex": pd.interval_range(0, 2)}),
        pd.DataFrame({3: [1], (1, 2): [2], None: [3]}),
        pd.DataFrame({"age": []}),
        np.array(3.5),
        np.zeros((2, 3, 4)),
        np.array([1 + 2j, 3]),
        np.array(["2025-01-01"], dtype="M8[D]"),
        {("a", 1): [1.5, float("inf")], None: float("nan"), b"x": (1, [2, [3]])},
        [[1, 2], [3]],
        [[], []],
        [{}, {"a": {}}],
        {1.5, "x"},
        pd.Series([1, "a", None, [2]]),
    ],
)
@pytest.mark.parametrize("rows", [0, 1, ROWS])
def test_whatever_can_be_returned_is_looked_at_without_an_error(value: Any, rows: int) -> None:
    assert all(isinstance(each, str) for each in warnings(value, {"data": TABLE.head(rows)}, size=10))

"""What the airlock finds of the tables in places where no row shows it, and that one thing hides no other."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ag_kernel.review.airlock import warnings
from ag_utils.model import Model

ROWS = 60
NAMES = [f"villager {number}" for number in range(ROWS)]
PEOPLE = pd.DataFrame(
    {
        "name": pd.Series(NAMES, dtype="object"),
        "age": [20 + number for number in range(ROWS)],
        "pay": [1000.25 + 7.5 * number for number in range(ROWS)],
        "born": pd.Series(pd.date_range("1950-01-01", periods=ROWS, freq="97h").as_unit("us")),
        "village": pd.Series(["north"] * 57 + ["south"] * 3, dtype="object"),
    }
)
PAY = PEOPLE["pay"].tolist()
ROW = PEOPLE.iloc[7]
TELLS, COLUMN, MANY, LONG, FEW = "few", "holds the values", "more than 50", "room for", "counts below"


def said(value: Any, size: int = 100) -> str:
    return "\n".join(warnings(value, {"people": PEOPLE}, size=size))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (PEOPLE.T, ("60 columns, as many as people has rows", "column pay", "column name")),
        (PEOPLE.to_numpy().T, ("items along axis 2", "column pay", "column name")),
        ([[each] for each in PAY], ("60 items, as many", "column pay")),
        ([list(row) for row in PEOPLE.head(12).itertuples(index=False)], ("column pay", "column name")),
        (PEOPLE.head(40).to_dict("records"), ("column pay", "column name")),
        (ROW.to_dict(), ("column pay", "column name")),
        (float(PEOPLE["pay"].max()), ("It has values of the column pay",)),
        (f"{PAY[3]}", ("column pay",)),
        (NAMES[3].encode(), ("column name",)),
        (PEOPLE["born"].max(), ("column born",)),
        (PEOPLE["born"].to_numpy()[:3], ("column born",)),
        (", ".join(map(str, PAY)), ("text of more than 200 characters",)),
        (b"x" * 201, ("text of more than 200",)),
        (int("".join(str(int(each)) for each in PAY)), ("more than 64 bits",)),
        (dict.fromkeys(NAMES[:40], True), ("the keys of the value holds the values of the column name",)),
        (pd.DataFrame([[20] * 40], columns=NAMES[:40]), ("the labels of the value holds the values of the column name",)),
        (pd.Series([20, 30], name=NAMES[4]), ("column name",)),
        (pd.Series([20, 30], index=pd.Index(PAY[:2])), ("column pay",)),
        (pd.Categorical.from_codes([0, 0], categories=NAMES[:20]), ("the categories of the value holds the values",)),
        (pd.MultiIndex(levels=[NAMES[:20]], codes=[[0, 0]]), ("level 1 of the value holds the values",)),
        (Model(kind="M", params={}, attributes={"coef_": np.array(PAY[:20])}), ("column pay",)),
        (pd.DataFrame({"a": [[PAY[0]], [PAY[1]]]}), ("column pay",)),
        (np.arange(36 * 36).reshape(36, 36) * 1.5, ("more than 1,000 single values",)),
        ({"n": 3}, (FEW,)),
        ({"north": {"count": 57}, "south": {"count": 3}}, (FEW,)),
        (PEOPLE["village"].value_counts(normalize=True), ("shares of fewer than 10 rows",)),
    ],
)  # fmt: skip
def test_rows_are_noticed_in_whatever_shape_they_leave(value: Any, words: tuple[str, ...]) -> None:
    found = said(value)
    assert [word for word in words if word not in found] == [], found


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0.7,
        57,
        1207.0,
        "north",
        {"mean": float(PEOPLE["pay"].mean()), "std": float(PEOPLE["pay"].std())},
        {"done": True, "kind": "DataFrame"},
        pd.DataFrame({"village": ["north", "south"], "mean": [1150.5, 1240.5]}),
        pd.DataFrame({"a": [1, 2, 4, 3], "b": [2, 1, 5, 9]}).corr(),
        np.histogram([12.0] * 400 + [90.0] * 33, bins=2)[0],
        Model(kind="M", params={"alpha": 0.5}, attributes={"coef_": np.array([0.33, -1.7])}),
        pd.date_range("2026-01-01", periods=3),
    ],
    ids=range(13),
)
def test_what_sums_many_rows_up_is_let_pass_without_a_word(value: Any) -> None:
    assert said(value) == ""


def test_no_warning_quotes_what_the_value_holds_or_calls_its_columns() -> None:
    """Warnings are kept in the audit log, which people read who may not read the value."""
    secret = NAMES[5]
    for value in (
        pd.DataFrame({secret: range(ROWS), "count": [1] * ROWS}),
        pd.Series(PAY, name=secret),
        {secret: {secret: PAY}},
        Model(kind=secret, params={secret: PAY}, attributes={}),
    ):
        found = said(value)
        assert found
        assert secret not in found


def test_however_much_there_is_of_one_kind_it_hides_no_other() -> None:
    flood = [{"count": 1} for _ in range(40)]
    found = warnings([*flood, PAY[:12]], {"people": PEOPLE}, size=100)
    assert any("holds the values of the column pay" in each for each in found)
    assert any("There are 38 more like it" in each for each in found)
    assert len(found) < 20


def test_a_long_table_is_looked_at_in_seconds() -> None:
    rows = 200_000
    large = pd.DataFrame({"pay": np.arange(rows) * 1.25, "name": [f"n{number}" for number in range(rows)]})
    assert warnings({"mean": 3.14}, {"large": large}, size=10) == []
    assert "column pay" in "".join(warnings(float(large["pay"].max()), {"large": large}, size=10))

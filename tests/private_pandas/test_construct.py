"""Frames from an analyst's own public values: kinds, bounds and categories as declared, or taken from these values."""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ag_plan.messages import AskIngest
from op_pandas import PrivateDataFrame, PrivateSeries
from tests.private_pandas import clinic


@pytest.fixture(autouse=True)
def vault() -> Any:
    return clinic.vault()


def test_a_frame_of_random_rows_as_the_first_notebook_makes_it() -> None:
    rng = np.random.default_rng(7)
    values = pd.DataFrame({"age": rng.integers(0, 80, 1000), "salary": rng.integers(5, 200_000, 1000)})
    frame = PrivateDataFrame(values, metadata={"age": (0, 80), "salary": (1, 200_000)}, _id="mine")
    assert frame.metadata == {"age": (0, 80), "salary": (1, 200_000)}
    for name in ("sum", "mean", "std", "var", "median"):
        pd.testing.assert_series_equal(getattr(frame, name)(eps=1), getattr(values, name)().astype(float))
    pd.testing.assert_series_equal(frame.count(eps=1), values.count())
    pd.testing.assert_series_equal(frame.quantile(0.25), values.quantile(0.5))


def test_every_kind_of_column_goes_in_and_its_bounds_are_its_own() -> None:
    values = pd.DataFrame(
        {
            "f": [1.5, np.nan, -2.0],
            "i": [3, 4, 5],
            "b": [True, False, True],
            "s": ["x", None, "y"],
            "c": pd.Categorical(["lo", "hi", "lo"]),
            "t": pd.to_datetime(["2020-01-01 00:00", None, "2021-06-01 12:00"]),
            "d": [dt.date(2020, 1, 1), None, dt.date(2021, 1, 1)],
            "I": pd.array([1, None, 3], dtype="Int64"),
            "B": pd.array([True, None, False], dtype="boolean"),
            "n": [None, None, None],
            "m": [1, 2.5, None],
        }
    )
    frame = PrivateDataFrame(values, categorical_metadata={"s": ["x", "y", "z"]})
    assert [str(kind) for kind in frame.dtypes] == [
        "float64", "int64", "bool", "object", "object", "datetime64[ns]", "datetime64[ns]", "int64", "bool", "float64", "float64"
    ]  # fmt: skip
    assert frame.metadata["f"] == (-2.0, 1.5)
    assert frame.metadata["I"] == (1, 3)
    assert frame.metadata["t"] == (pd.Timestamp("2020-01-01"), pd.Timestamp("2021-06-01 12:00"))
    assert frame.metadata["n"] == (0, 0)
    assert frame.categorical_metadata == {"s": ["x", "y", "z"], "c": ["hi", "lo"]}
    assert frame.count(eps=1).to_dict() == values.count().to_dict()


def test_dates_compare_with_text_and_dates() -> None:
    frame = PrivateDataFrame({"t": pd.to_datetime(["2020-01-01", "2021-06-01"])})
    for later in (
        "2020-12-31",
        dt.datetime(2020, 12, 31),  # noqa: DTZ001 - as analysts write it
        dt.date(2020, 12, 31),
        pd.Timestamp("2020-12-31"),
        np.datetime64("2020-12-31"),
    ):
        assert (frame["t"] > later).sum(eps=1) == 1
    with pytest.raises(ValueError, match="not a date"):
        _ = frame["t"] > "soon"


def test_infinities_are_moved_to_the_bounds() -> None:
    series = PrivateSeries(pd.Series([np.inf, -np.inf, 1.0], name="x"), metadata=(-3, 3))
    assert series.sum(eps=1) == 1.0


def test_a_series_knows_its_name_bounds_and_categories() -> None:
    series = PrivateSeries(pd.Series([1, 2, 3], name="x"), metadata=(0, 5))
    assert (series.name, series.metadata, series.categorical_metadata) == ("x", (0, 5), None)
    unnamed = PrivateSeries([1, 2, 3])
    assert (unnamed.name, unnamed.metadata) == (None, (1, 3))
    words = PrivateSeries(pd.Series(["a", "b"]), categorical_metadata=["a", "b", "c"])
    assert words.categorical_metadata == ["a", "b", "c"]
    assert words.value_counts(1).to_dict() == {"a": 1, "b": 1, "c": 0}


def test_an_index_doesnt_travel_and_names_become_text() -> None:
    frame = PrivateDataFrame(pd.DataFrame([[1, 2], [3, 4]], index=["u", "v"]), metadata={0: (0, 9)})
    assert list(frame.columns) == ["0", "1"]
    assert frame[0].sum(eps=1) == 4
    assert frame.metadata["0"] == (0, 9)


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda: PrivateDataFrame(pd.DataFrame()), ValueError, "at least one column"),
        (lambda: PrivateDataFrame({"a": [1]}, metadata={"b": (0, 1)}), ValueError, "Column b does not exist"),
        (lambda: PrivateDataFrame({"a": ["x"]}, categorical_metadata={"b": ["x"]}), ValueError, "Column b"),
        (lambda: PrivateDataFrame({"a": [1]}, metadata={"a": (1, 0)}), ValueError, "lower bound of metadata of a"),
        (lambda: PrivateDataFrame({"a": [1]}, metadata={"a": (0, float("inf"))}), ValueError, "finite"),
        (lambda: PrivateDataFrame({"a": [1]}, metadata={"a": (0, float("nan"))}), ValueError, "finite"),
        (lambda: PrivateDataFrame({"a": [1]}, metadata={"a": ("0", "1")}), TypeError, "number"),
        (lambda: PrivateDataFrame({"a": [1]}, metadata={"a": (0, 1, 2)}), TypeError, "pair"),
        (lambda: PrivateDataFrame({"a": [1]}, metadata={"a": (False, True)}), TypeError, "number"),
        (lambda: PrivateDataFrame({"a": [[1], [2]]}), TypeError, "column a holds"),
        (lambda: PrivateDataFrame({"a": [1, "x"]}), TypeError, "column a holds"),
        (lambda: PrivateDataFrame({"a": [1j]}), TypeError, "column a holds"),
        (lambda: PrivateDataFrame({"a": [2**70]}), ValueError, "64 bits"),
        (lambda: PrivateDataFrame(pd.DataFrame([[1, 2]], columns=["a", "a"])), ValueError, "distinct"),
        (lambda: PrivateDataFrame(clinic.private()), TypeError, "private already"),
        (lambda: PrivateSeries(clinic.private()["age"]), TypeError, "private already"),
        (lambda: PrivateDataFrame(3), TypeError, "DataFrame"),
    ],
)
def test_a_mistake_is_one_sentence(make: Any, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        make()


def test_values_travel_as_data_with_their_declaration(vault: Any) -> None:
    PrivateDataFrame({"a": [1, 2]}, metadata={"a": (0, 9)})
    (sent,) = [each for each in vault.asked if isinstance(each, AskIngest)]
    (column,) = sent.columns
    assert (column.name, column.kind, column.values, column.lower, column.upper) == ("a", "int", (1, 2), 0, 9)

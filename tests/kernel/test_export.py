"""Values leave as data by a closed table, arrive the same at the client, and nothing else leaves."""

import collections
import datetime as dt
import json
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ag_kernel.errors import NotExportable
from ag_kernel.export import Encoder, check_name
from antigranular.values import decode_value
from op_pandas.private import Private
from op_pandas.results import Provenance, ReleasedFloat, ReleasedInt


def there_and_back(value: Any) -> Any:
    encoder = Encoder()
    tagged = json.loads(json.dumps(encoder.encode(value), allow_nan=False))
    return decode_value(tagged, encoder.buffers)


PLAIN = [
    None,
    True,
    0,
    -(10**40),
    1.5,
    -0.0,
    float("inf"),
    float("-inf"),
    "",
    "é\n\x00\ud800",
    b"\x00\xff",
    dt.datetime(2026, 2, 28, 1, 2, 3, 4),  # noqa: DTZ001
    dt.datetime(2026, 2, 28, tzinfo=dt.UTC),
    dt.date(1, 1, 1),
    dt.timedelta(days=-1, microseconds=1),
    [],
    [1, [2, [None]]],
    (1, "x"),
    (),
    {1, 2},
    {"a": {"b": [1]}, (1, 2): 3.0, None: b""},
]


@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_a_plain_value_arrives_as_it_was(value: Any) -> None:
    back = there_and_back(value)
    assert type(back) is type(value)
    assert back == value
    assert math.copysign(1, back) == math.copysign(1, value) if isinstance(value, float) else True


def test_nan_arrives() -> None:
    assert math.isnan(there_and_back(float("nan")))


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6).reshape(2, 3),
        np.arange(6.0).reshape(3, 2).T,
        np.arange(4, dtype=">i4"),
        np.array([True, False]),
        np.array([1 + 2j]),
        np.array(3.5),
        np.zeros((0, 3), dtype="f4"),
        np.array(["2026-01-01", "NaT"], dtype="M8[us]"),
        np.arange(10)[::-2],
    ],
    ids=lambda a: f"{a.dtype}{a.shape}",
)
def test_an_array_arrives_with_its_numbers_shape_and_type(array: Any) -> None:
    back = there_and_back(array)
    assert back.dtype == array.dtype.newbyteorder("<")
    np.testing.assert_array_equal(back, array)


def test_types_of_columns_arrive_by_name() -> None:
    found = there_and_back(
        pd.DataFrame({"a": [1.5], "b": ["x"]}, dtype=object).astype({"a": float, "b": "string"}).dtypes
    )
    assert found.to_dict() == {"a": "float64", "b": "string"}


def test_an_array_of_objects_arrives_value_by_value() -> None:
    back = there_and_back(np.array([["a", None], [1, 2.5]], dtype=object))
    assert back.tolist() == [["a", None], [1, 2.5]]


FRAME = pd.DataFrame(
    {
        "i": [1, 2, 3],
        "f": [0.5, float("nan"), -1.0],
        "s": ["x", "é", None],
        "b": [True, False, True],
        "d": pd.to_datetime(["2026-01-01", None, "2026-01-03"]),
    }
)


@pytest.mark.parametrize(
    "frame",
    [
        FRAME,
        FRAME.set_index("s"),
        FRAME.set_index(["i", "b"]),
        FRAME.iloc[:0],
        pd.DataFrame(),
        FRAME[["i", "f"]].set_axis([10, 20], axis=1).rename_axis(index="row"),
        pd.DataFrame(np.ones((2, 2)), columns=pd.MultiIndex.from_tuples([("a", 1), ("a", 2)], names=["x", None])),
    ],
    ids=range(7),
)
def test_a_frame_arrives_as_it_was(frame: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(there_and_back(frame), frame, check_index_type=False, check_column_type=False)


@pytest.mark.parametrize(
    "series",
    [
        FRAME["f"],
        FRAME["s"].rename(None),
        pd.Series([1, 2], index=["a", "b"], name=("x", 1)),
        pd.Series([1, 2], index=pd.date_range("2026-01-01", periods=2)),
    ],
    ids=range(4),
)
def test_a_series_arrives_as_it_was(series: "pd.Series[Any]") -> None:
    back = there_and_back(series)
    pd.testing.assert_series_equal(back, series, check_index_type=False, check_freq=False)


def test_numpy_scalars_arrive_as_pythons() -> None:
    assert there_and_back([np.float64(1.5), np.int8(3), np.bool_(True), np.str_("x")]) == [1.5, 3, True, "x"]


def test_counters_and_the_like_arrive_as_dicts() -> None:
    assert there_and_back(collections.Counter("aab")) == {"a": 2, "b": 1}


def known(value: Any, half_widths: Any) -> Provenance:
    return Provenance(
        value=value,
        half_widths=half_widths,
        epsilon=Fraction(1, 3),
        delta=0.0,
        rho=None,
        mechanism="discrete_laplace",
        measure="pure",
        scale=2.0,
        repeated=False,
    )


def test_a_released_number_carries_its_provenance() -> None:
    for kind in (ReleasedFloat, ReleasedInt):
        value = kind(7)
        value._ag = known(7, 1.5)
        back = there_and_back(value)
        assert back == 7
        assert back.ag.cost == {"epsilon": "1/3", "delta": 0.0}
        assert (back.ag.mechanism, back.ag.scale, back.ag.half_widths) == ("discrete_laplace", 2.0, 1.5)


def test_a_released_series_carries_its_provenance_and_a_computed_one_does_not() -> None:
    plain = pd.Series([1.0, 2.0], index=["a", "b"])
    value = plain.copy()
    value.attrs["ag"] = known(plain, plain / 10)
    assert there_and_back(value).attrs["ag"]["half_widths"] == [0.1, 0.2]
    assert "ag" not in there_and_back(value * 2).attrs


def test_released_values_keep_their_intervals_wherever_they_lie() -> None:
    plain = pd.DataFrame({"m": [1.0, 2.0]}, index=["a", "b"])
    frame, number = plain.copy(), ReleasedFloat(7)
    frame.attrs["ag"], number._ag = known(plain, plain / 10), known(number, 1.5)
    back = there_and_back({"deep": [{"frames": {"one": frame, "two": (number, plain)}}]})["deep"][0]["frames"]
    assert back["one"].attrs["ag"]["half_widths"] == [[0.1], [0.2]]
    assert back["two"][0].ag.half_widths == 1.5
    assert "ag" not in back["two"][1].attrs


class Handle(Private):
    pass


def boxed() -> Any:
    """An array that holds a handle; numpy must be told not to look inside."""
    array = np.empty(2, dtype=object)
    array[0] = Handle()
    return array


@pytest.mark.parametrize(
    "value",
    [
        Handle(),
        [1, [Handle()]],
        {"a": (Handle(),)},
        {1: {2: Handle()}},
        pd.DataFrame({"a": boxed()}),
        pd.Series(boxed()),
        boxed(),
    ],
    ids=range(7),
)
def test_a_private_object_anywhere_inside_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="Please ensure export function is called on a non-private type"):
        Encoder().encode(value)


class Liar(float):
    def __float__(self) -> float:
        raise AssertionError("the guest's code was called")


class Sly(dict[str, int]):
    def items(self) -> Any:
        raise AssertionError("the guest's code was called")


class SlyFrame(pd.DataFrame):
    pass


@pytest.mark.parametrize(
    "value",
    [lambda: 1, len, np, object(), type, int, Liar(1.0), Sly(), SlyFrame({"a": [1]}), iter([1]), range(3), Fraction(1, 2), 1j, [{"a": len}]],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_what_is_not_data_is_refused_with_what_is(value: Any) -> None:
    with pytest.raises(NotExportable, match="numpy arrays and pandas objects can be exported"):
        Encoder().encode(value)


def test_a_list_that_contains_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(NotExportable, match="contains itself"):
        Encoder().encode(endless)


@pytest.mark.parametrize(
    "name", ["", "1x", "a b", "class", "None", "__builtins__", "__x", "a.b", "x;y", 3, None, "x\n"]
)
def test_a_name_that_no_variable_can_have_is_refused(name: Any) -> None:
    with pytest.raises(NotExportable):
        check_name(name)


def test_a_name_that_a_variable_can_have_is_taken() -> None:
    assert [check_name(name) for name in ("x", "_x", "größe", "x2")] == ["x", "_x", "größe", "x2"]

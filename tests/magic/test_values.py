"""Every exported form is rebuilt exactly, with or without pandas, and anything outside the closed set is refused."""

import datetime as dt
import json
import math
import subprocess
import sys
import textwrap
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ag_kernel import parcel
from ag_kernel.export import Encoder
from antigranular.errors import WireError
from antigranular.exports import Exports
from antigranular.values import decode_export, decode_value

EXACT = [
    None, True, 0, -(10**40), 1.5, -0.0, math.inf, "ä\0", b"\0\xff", dt.date(2024, 2, 29), dt.timedelta(days=-1, microseconds=1),
    dt.datetime(2024, 1, 2, 3, 4, 5, 6),  # noqa: DTZ001 (times without a zone travel too)
    dt.datetime(2024, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=2))),
    [1, [2.0, "x"]], (1, None), {1, 2}, {"a": {2: [3]}, None: ()},
]  # fmt: skip
ARRAYS = [
    np.arange(6.0).reshape(2, 3), np.array([1, 2], "int8"), np.array([True]), np.zeros((0, 3)), np.array(5),
    np.array(["2024-01-01", "NaT"], "M8[us]"), np.array([1], "m8[ns]"), np.array([1 + 2j]), np.arange(3, dtype=">i4"),
    np.array(["a", None], dtype=object), np.asfortranarray(np.arange(4.0).reshape(2, 2)),
]  # fmt: skip
SERIES = [
    pd.Series([1, 2], name="n"), pd.Series([1.5, None], index=["a", "b"]), pd.Series(["x", None], dtype="str"),
    pd.Series([1, None], dtype="Int64"), pd.Series([True, None], dtype="boolean"), pd.Series(["x", "y"], dtype="category"),
    pd.Series(pd.to_datetime(["2024-01-01", None])), pd.Series(pd.to_datetime(["2024-01-01"], utc=True)),
    pd.Series([1, "x", None], dtype=object), pd.Series([], dtype="float32"), pd.Series([1], index=pd.Index([3], name="key")),
    pd.Series(range(4), index=pd.MultiIndex.from_product([["a", "b"], [0, 1]], names=["g", None])),
]  # fmt: skip


def travel(value):
    encoder = Encoder()
    node = json.loads(json.dumps(encoder.encode(value), allow_nan=False))
    return decode_value(node, encoder.buffers)


@pytest.mark.parametrize("value", EXACT, ids=repr)
def test_a_plain_value_arrives_as_it_left(value) -> None:
    arrived = travel(value)
    assert arrived == value
    assert type(arrived) is type(value)


def test_not_a_number_arrives_as_such() -> None:
    assert math.isnan(travel(math.nan))


@pytest.mark.parametrize("value", ARRAYS, ids=lambda value: f"{value.dtype}{value.shape}")
def test_an_array_keeps_type_shape_and_values(value) -> None:
    arrived = travel(value)
    assert type(arrived) is np.ndarray
    assert arrived.dtype == value.dtype.newbyteorder("=")
    np.testing.assert_array_equal(arrived, value)
    assert arrived.flags.writeable, "it still lies in the message's bytes"


@pytest.mark.parametrize("value", SERIES, ids=lambda value: f"{value.dtype}-{value.index.nlevels}-{len(value)}")
def test_a_series_keeps_type_index_and_name(value) -> None:
    pd.testing.assert_series_equal(travel(value), value, check_freq=False)


def test_a_frame_keeps_every_column_s_type_and_repeated_names() -> None:
    parts = [series.reset_index(drop=True).reindex(range(2)) for series in SERIES[:9]]
    frame = pd.concat(parts, axis=1)
    frame.columns = pd.Index(["a", "a", *range(7)], name="names")
    pd.testing.assert_frame_equal(travel(frame), frame)


def test_an_empty_frame_keeps_its_index() -> None:
    frame = pd.DataFrame(index=["a", "b"])
    pd.testing.assert_frame_equal(travel(frame), frame, check_column_type=False)


@given(
    st.recursive(
        st.integers() | st.text() | st.floats(allow_nan=False), lambda one: st.lists(one) | st.tuples(one, one)
    )
)
def test_nested_values_arrive_as_they_left(value) -> None:
    assert travel(value) == value


def facts(half_widths) -> dict:
    cost = {"epsilon": "1/2", "delta": 0.0}
    return {"cost": cost, "mechanism": "discrete laplace", "scale": 2.0, "half_widths": half_widths}


@pytest.mark.parametrize("node", [{"t": "float", "v": 1.5}, {"t": "int", "v": "3"}], ids=["float", "int"])
def test_a_released_number_still_knows_its_mechanism_cost_and_interval(node) -> None:
    value = decode_value({**node, "ag": facts({"t": "float", "v": 6.0})})
    assert (value.ag.mechanism, value.ag.scale, value.ag.cost) == (
        "discrete laplace",
        2.0,
        {"epsilon": "1/2", "delta": 0.0},
    )
    assert value.ag.interval == (value - 6, value + 6)
    assert not hasattr(value + 1, "ag")


def test_a_released_histogram_unpacks_and_knows_the_interval_of_its_counts() -> None:
    encoder = Encoder()
    node = encoder.encode((np.array([3, 4]), np.array([0.0, 1.0, 2.0])))
    value = decode_value({**node, "ag": facts(encoder.encode(np.array([1.0, 1.0])))}, encoder.buffers)
    counts, edges = value
    assert len(edges) == len(counts) + 1
    assert value.ag.interval[0].tolist() == [2.0, 3.0]


PANDAS = """
    import json, sys
    import pandas as pd
    from antigranular.values import decode_value
    node, buffers = json.loads(sys.stdin.read())
    value = decode_value(node, [bytes.fromhex(each) for each in buffers])
    assert value.ag.cost == {"epsilon": "1/2", "delta": 0.0}, value.ag
    assert value.copy().ag.mechanism == "discrete laplace"
    low, high = value.ag.interval
    assert type(low) is type(value) and low.axes[0].equals(value.axes[0]) and (high - low == 2).all(axis=None), low
    assert not hasattr(value * 2, "ag") and not hasattr(type(value)(), "ag")
    json.dumps(value.attrs)
    pd.concat([value, value])
"""


@pytest.mark.parametrize(
    "value",
    [pd.Series([1.0, 2.0], index=["a", "b"], name="mean"), pd.DataFrame({"a": [1.0, 2.0]}, index=["x", "y"])],
    ids=["series", "frame"],
)
def test_a_released_pandas_object_knows_it_and_what_is_computed_from_it_does_not(value) -> None:
    # In a process of its own: the guest's dataframe, imported above by the kernel's encoder, has an accessor of the same name.
    encoder = Encoder()
    node = {**encoder.encode(value), "ag": facts(encoder.encode(value * 0 + 1.0))}
    sent = json.dumps([node, [each.hex() for each in encoder.buffers]])
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PANDAS)], input=sent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("broken",
    [
        {}, {"cost": 1}, {**facts({"t": "none"}), "scale": "x"}, {**facts({"t": "none"}), "cost": {"epsilon": "1e999999999"}},
        {**facts({"t": "none"}), "cost": {"delta": [1]}}, {**facts({"t": "none"}), "cost": {"rho": 10**400}},
    ],
    ids=str,
)  # fmt: skip
def test_a_release_with_broken_facts_is_refused(broken) -> None:
    with pytest.raises(WireError):
        decode_export({"name": "x", "value": {"t": "float", "v": 1.0, "ag": broken}, "version": 1}, [])


INDEX = {"t": "index", "name": None, "dtype": "int64", "values": {"t": "list", "v": []}}
REFUSED = [
    None, 1, [], {}, {"t": "pickle", "v": "gASV"}, {"t": ["int"], "v": "1"}, {"t": "int", "v": 1}, {"t": "int", "v": "1e5"},
    {"t": "bool", "v": 1}, {"t": "str", "v": None}, {"t": "float", "v": "x"}, {"t": "list", "v": {}}, {"t": "list"},
    {"t": "dict", "v": [[{"t": "int", "v": "1"}]]}, {"t": "dict", "v": [[{"t": "list", "v": []}, {"t": "none"}]]},
    {"t": "set", "v": [{"t": "list", "v": []}]}, {"t": "bytes", "buffer": 1}, {"t": "bytes", "buffer": -1},
    {"t": "bytes", "buffer": True}, {"t": "datetime", "v": "yesterday"}, {"t": "timedelta", "v": "1/0"},
    {"t": "timedelta", "v": "1e999999999"}, {"t": "timedelta", "v": "9" * 3000}, {"t": "range", "v": [0, 1 << 62, 1]},
    {"t": "texts", "lengths": {"t": "range", "v": [0, 1 << 26, 1]}, "buffer": 0, "shape": [1]},
    {"t": "timestamp", "v": "9" * 18, "unit": "s", "tz": "UTC"},
    {"t": "ndarray", "dtype": "|O", "shape": [1], "buffer": 0}, {"t": "ndarray", "dtype": "O", "shape": [1], "buffer": 0},
    {"t": "ndarray", "dtype": "<f8", "shape": [2], "buffer": 0}, {"t": "ndarray", "dtype": "<f8", "shape": [-1], "buffer": 0},
    {"t": "ndarray", "dtype": [["a", "O"]], "shape": [1], "buffer": 0}, {"t": "ndarray", "dtype": "<f8", "shape": 1, "buffer": 0},
    {"t": "ndarray_list", "shape": [2], "v": [{"t": "none"}]}, {"t": "series", "index": INDEX}, {"t": "series", "values": INDEX},
    {"t": "frame", "columns": INDEX, "index": INDEX, "data": [{"t": "none"}]}, {"t": "index", "values": {"t": "int", "v": "1"}},
    {"t": "multiindex", "names": [], "levels": [], "codes": [[1]]},
]  # fmt: skip


@pytest.mark.parametrize("node", REFUSED, ids=repr)
def test_what_is_outside_the_closed_set_is_refused(node) -> None:
    with pytest.raises(WireError):
        decode_export({"name": "x", "value": node, "version": 1}, [bytes(8)])


def test_endless_nesting_is_refused() -> None:
    node: dict = {"t": "none"}
    for _ in range(100):
        node = {"t": "list", "v": [node]}
    with pytest.raises(WireError, match="nested"):
        decode_value(node)


@pytest.mark.parametrize("name", ["", "1x", "a b", "class", "__builtins__", "x; import os", None, 3, "a.b"])
def test_an_export_under_a_name_that_is_no_variable_is_refused(name) -> None:
    with pytest.raises(WireError, match="name of a variable"):
        decode_export({"name": name, "value": {"t": "none"}, "version": 1}, [])


def test_an_export_of_another_version_is_refused() -> None:
    with pytest.raises(WireError, match="version"):
        decode_export({"name": "x", "value": {"t": "none"}, "version": 2}, [])


def travel_in_pieces(value):
    encoder = Encoder()
    run = parcel.pack({"value": encoder.encode(value)}, encoder.buffers)
    sent = list(map(bytes, parcel.pieces(run)))
    told = {"version": 2, "name": "x", "number": 1, "size": sum(map(len, sent)), "pieces": len(sent)}
    exports = Exports()
    return [exports.take({**told, "piece": at}, [memoryview(one)]) for at, one in enumerate(sent)][-1].value


@pytest.mark.parametrize("dtype", ["int64", "float32", "M8[ns]", "S3", "?"])
def test_a_large_array_stays_where_it_arrived_and_is_as_good_as_any(dtype) -> None:
    value = np.arange(3_000_000).astype(dtype).reshape(3, -1)
    arrived = travel_in_pieces(value)
    np.testing.assert_array_equal(arrived, value)
    assert arrived.dtype == value.dtype
    assert not arrived.flags.owndata, "its bytes were not copied once more"
    assert arrived.flags.writeable
    assert arrived.flags.aligned
    assert arrived.flags.c_contiguous


def test_what_arrived_with_much_else_is_copied_so_that_the_rest_can_go() -> None:
    arrived = travel_in_pieces({"small": np.arange(10), "one": np.arange(600_000), "other": np.arange(600_000)})
    assert all(each.base is None or each.base.base is None for each in arrived.values())
    for each in arrived.values():
        np.testing.assert_array_equal(each, np.arange(len(each)))


def test_exact_seconds_survive() -> None:
    assert decode_value({"t": "timedelta", "v": str(Fraction(1, 1_000_000))}) == dt.timedelta(microseconds=1)


WITHOUT = """
    import json, sys
    for name in {blocked}:
        sys.modules[name] = None
    from antigranular.values import decode_value
    node, buffers = json.loads(sys.stdin.read())
    print(decode_value(node, [bytes.fromhex(each) for each in buffers]))
"""


def decode_without(blocked, value) -> str:
    encoder = Encoder()
    node = encoder.encode(value)
    sent = json.dumps([node, [each.hex() for each in encoder.buffers]])
    source = textwrap.dedent(WITHOUT).format(blocked=blocked)
    done = subprocess.run([sys.executable, "-c", source], input=sent, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (np.arange(4.0).reshape(2, 2), "[[0.0, 1.0], [2.0, 3.0]]"),
        (np.array(["2024-01-01", "NaT"], "M8[ns]"), "[datetime.datetime(2024, 1, 1, 0, 0), None]"),
        (pd.DataFrame({"a": [1, 2], "b": pd.Series(["x", None], dtype=object)}), "{'a': [1, 2], 'b': ['x', None]}"),
        (pd.DataFrame({"a": [1.5, 2.5]}, index=["m", "f"]), "{'a': {'m': 1.5, 'f': 2.5}}"),
        (pd.DataFrame({"a": [1.5, 2.5]}, index=["m", "m"]), "{'a': [1.5, 2.5]}"),
        (pd.Series([1.5], index=["m"]), "{'m': 1.5}"),
        (pd.Series([1.5, 2.5], index=["m", "m"]), "[1.5, 2.5]"),
        (pd.Series(["b", None], dtype="category"), "{0: 'b', 1: None}"),
        (pd.Series([1, None], dtype="Int8", index=pd.Index([3, 5])), "{3: 1, 5: None}"),
        (
            pd.Series(pd.to_datetime(["2024-01-01", None], utc=True)),
            "{0: datetime.datetime(2024, 1, 1, 0, 0, tzinfo=datetime.timezone.utc), 1: None}",
        ),
        (
            [pd.Timestamp("2024-01-01"), pd.Timedelta(1, "s"), pd.Interval(0, 1), pd.NA],
            "[datetime.datetime(2024, 1, 1, 0, 0), datetime.timedelta(seconds=1), (0, 1), None]",
        ),
        (pd.Series([1, 2], index=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)])), "{('a', 1): 1, ('b', 2): 2}"),
    ],
    ids=[
        "array",
        "dates",
        "frame",
        "labelled",
        "repeating",
        "series",
        "a label twice",
        "categories",
        "nullable",
        "zones",
        "moments",
        "several levels",
    ],
)
def test_without_pandas_and_numpy_values_arrive_as_plain_python(value, shown) -> None:
    assert decode_without(["numpy", "pandas"], value) == shown


def test_with_numpy_alone_arrays_are_numpy_s() -> None:
    assert decode_without(["pandas"], np.array([1, 2])) == "[1 2]"

"""What a notebook sends becomes the same in the session, in both directions by the same table; and nothing else travels."""

import collections
import datetime as dt
import json
import math
import struct
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ag_kernel import parcel as kernel_parcel
from ag_kernel.arrivals import Arrivals, check_name
from ag_kernel.decode import FORMS as KERNEL_FORMS
from ag_kernel.decode import decode
from ag_kernel.errors import NotImportable as Refused
from ag_kernel.export import Encoder as KernelEncoder
from antigranular import parcel
from antigranular.errors import NotImportable, WireError
from antigranular.exports import Exports
from antigranular.imports import becomes, cell_for, parcel_of
from antigranular.imports import check_name as check_here
from antigranular.onnx_file import read_onnx
from antigranular.tagging import Encoder
from antigranular.values import FORMS, decode_value

DATES = pd.date_range("2024-03-30", periods=3, freq="D", tz="Europe/Berlin")
SERIES = [
    *(pd.Series([0, 1, 2], dtype=kind) for kind in "int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 bool complex128".split()),
    *(pd.Series([1, None, 3], dtype=kind) for kind in "Int8 Int16 Int32 Int64 UInt8 UInt16 UInt32 UInt64 Float32 Float64".split()),
    pd.Series([True, None], dtype="boolean"),
    pd.Series(["x", None, float("nan"), pd.NA, "é\ud800"], dtype=object),
    pd.Series(["x", None], dtype="str"), pd.Series(["x", None], dtype="string"), pd.Series([], dtype=object),
    pd.Series([1, "x", None, pd.NaT, dt.date(2024, 1, 1)], dtype=object),
    pd.Series(["b", "a", None], dtype=pd.CategoricalDtype(["b", "c", "a"], ordered=True)),
    pd.Series(pd.Categorical([3, 1], categories=[1, 2, 3])),
    pd.cut(pd.Series([1.0, 5.0, None]), [0, 2, 8]),
    pd.Series(DATES), pd.Series(DATES.tz_convert("UTC")), pd.Series(pd.to_datetime(["2024-01-01T00:00:00.123456789", None])),
    pd.Series(pd.date_range("2024", periods=2, tz=dt.timezone(dt.timedelta(hours=5, minutes=30)))),
    pd.Series(pd.to_timedelta([1, None], unit="ns")), pd.Series(pd.period_range("2024-01", periods=3, freq="M")),
    pd.Series(pd.interval_range(0, 3, closed="left")),
    pd.Series([pd.Timestamp("2024-01-01T00:00:00.123456789", tz="UTC"), pd.Timedelta(5, "ns"), pd.Period("2024", "D")], dtype=object),
    pd.Series([1, 2], index=DATES[:2], name=("a", 1)), pd.Series([1.0], index=pd.CategoricalIndex(["x"], name="c", ordered=True)),
    pd.Series([1], index=pd.IntervalIndex.from_breaks([0, 1])), pd.Series([1, 2], index=pd.RangeIndex(4, 0, -2, name="n")),
    pd.Series(range(4), index=pd.MultiIndex.from_product([["a", "b"], DATES[:2]], names=["g", None])),
]  # fmt: skip
PLAIN = [
    None, True, -(10**40), -0.0, math.inf, "é\0", b"\0\xff", [1, [2.0, "x"]], (1, None), {1, 2}, {"a": {"b": (1,)}, None: []},
    dt.datetime(2024, 1, 2, 3, 4, 5, 6), dt.datetime(2024, 1, 2, tzinfo=dt.UTC), dt.date(1, 1, 1), dt.time(1, 2, 3), dt.timedelta(-1, 1),  # noqa: DTZ001
    pd.Timestamp("2024-01-01T00:00:00.123456789", tz="Europe/Berlin"), pd.Timedelta(7, "ns"), pd.Interval(0, 1), pd.Period("2024Q1"),
]  # fmt: skip


def ids(value: Any) -> str:
    return f"{getattr(value, 'dtype', type(value).__name__)}-{type(getattr(value, 'index', None)).__name__}"


def through(value: Any, encoder: Any, reader: Any) -> Any:
    made = encoder()
    tagged = json.loads(json.dumps(made.encode(value), allow_nan=False))
    return reader(tagged, made.buffers)


WAYS = [(Encoder, decode), (KernelEncoder, decode_value)]


@pytest.mark.parametrize("way", WAYS, ids=["into the session", "out of it"])
@pytest.mark.parametrize("value", SERIES, ids=ids)
def test_a_series_arrives_exactly_as_it_was(value: Any, way: Any) -> None:
    back = through(value, *way)
    pd.testing.assert_series_equal(back, value, check_categorical=True, check_freq=True)
    assert type(back.index) is type(value.index)
    if value.dtype == object:
        assert [type(item) for item in back] == [type(item) for item in value]


@pytest.mark.parametrize("way", WAYS, ids=["into the session", "out of it"])
def test_a_frame_arrives_exactly_as_it_was(way: Any) -> None:
    frame = pd.concat([series.reset_index(drop=True).reindex(range(2)) for series in SERIES[:36]], axis=1)
    frame.columns = pd.MultiIndex.from_product([["a", "b"], range(18)])
    pd.testing.assert_frame_equal(through(frame, *way), frame)


@pytest.mark.parametrize("way", WAYS, ids=["into the session", "out of it"])
@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_a_plain_value_arrives_as_it_was(value: Any, way: Any) -> None:
    back = through(value, *way)
    assert (type(back), back) == (type(value), value)


def test_missing_values_of_pandas_stay_what_they_are() -> None:
    assert [through(value, *way) for way in WAYS for value in (pd.NA, pd.NaT)] == [pd.NA, pd.NaT, pd.NA, pd.NaT]


@pytest.mark.parametrize("value", [*SERIES, *PLAIN, np.arange(6).reshape(2, 3), np.array(["a", None], dtype=object), np.float32(1.5),
                                   np.datetime64("2024-01-01"), collections.Counter("aab")], ids=ids)  # fmt: skip
def test_both_sides_write_the_same(value: Any) -> None:
    here, there = Encoder(), KernelEncoder()
    assert json.dumps(here.encode(value)) == json.dumps(there.encode(value))
    assert here.buffers == there.buffers


def test_both_sides_read_the_same_forms() -> None:
    assert set(FORMS) == set(KERNEL_FORMS)


class Regression:
    """An estimator after scikit-learn's manner."""

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return {"alpha": self.alpha, "callback": print}

    def fit(self) -> "Regression":
        self.coef_, self.n_iter_, self._hidden_, self.optimizer_ = np.array([1.5, -2.0]), 3, 1, print
        return self


def test_a_fitted_estimator_travels_as_its_settings_and_fitted_attributes() -> None:
    encoder = Encoder()
    model = decode(encoder.encode({"m": Regression(0.5).fit()}), encoder.buffers)["m"]
    assert model.kind.endswith("Regression")
    assert model.params == {"alpha": 0.5}
    assert model.coef_.tolist() == [1.5, -2.0]
    assert sorted(model.attributes) == ["coef_", "n_iter_"]
    assert encoder.left_behind == ["callback", "optimizer_"], "what is left behind is known by name"
    back = through(model, KernelEncoder, decode_value)
    assert (back.kind, back.n_iter_) == (model.kind, 3)
    with pytest.raises(AttributeError, match="intercept_ is not among what was fitted: coef_, n_iter_"):
        _ = back.intercept_


@pytest.mark.parametrize("value", [print, object(), Regression(), Regression, iter([1]), 1j, [{"a": len}]], ids=lambda value: type(value).__name__)  # fmt: skip
def test_what_is_no_data_is_refused_with_what_is(value: Any) -> None:
    with pytest.raises(NotImportable, match="numpy arrays, pandas objects and fitted estimators can be imported"):
        Encoder().encode(value)


def test_a_value_that_contains_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(NotImportable, match="contains itself"):
        Encoder().encode(endless)


NO_NAMES = ["", "1x", "a b", "class", "None", "x; import os", 'x"]', "x\n", "a.b", "_x", "__x", "ｅxport", "ﬁt", 3, None, "x=1", "x:int"]  # fmt: skip


@pytest.mark.parametrize("name", NO_NAMES)
def test_a_name_that_is_no_name_is_refused_here_and_there(name: Any) -> None:
    with pytest.raises(NotImportable, match="can't be the name of a variable"):
        check_here(name)
    with pytest.raises(Refused):
        check_name(name, ())


def test_a_good_name_stands_alone_in_the_cell() -> None:
    assert check_here("größe") == check_name("größe", ()) == "größe"
    assert cell_for("x", "value") == 'x = imported("x")'
    assert cell_for("x", "frame") == 'x = imported("x", "frame")'


def test_what_becomes_private_is_a_frame_or_a_series() -> None:
    assert [becomes(value, private=True) for value in (pd.DataFrame(), {"a": [1]}, pd.Series([1]), [1])] == ["frame", "frame", "series", "series"]  # fmt: skip
    assert becomes(3, private=False) == "value"
    with pytest.raises(NotImportable, match="not of a int"):
        becomes(3, private=True)


class Desk(dict[str, Any]):
    def arrivals(self, limit: int = 1 << 30) -> Arrivals:
        return Arrivals(self.__setitem__, limit=limit, taken={"export"})


def sent(value: Any, name: str = "x", metadata: Any = None) -> list[tuple[dict[str, Any], list[bytes]]]:
    parts, _ = parcel_of(value, metadata, None)
    found = list(parcel.pieces(parts))
    announced = {"name": name, "import_id": "1", "size": sum(map(len, parts)), "pieces": len(found)}
    return [({**announced, "piece": at}, [piece]) for at, piece in enumerate(found)]


def test_a_large_value_arrives_in_pieces_and_one_that_comes_twice_changes_nothing() -> None:
    desk = Desk()
    arrivals = desk.arrivals()
    value = np.arange(2_000_000)
    pieces = sent(value, metadata={"a": (0, 1)})
    assert len(pieces) > 3
    for content, buffers in pieces:
        assert not desk
        assert arrivals.take(content, buffers) == arrivals.take(content, buffers) == content["piece"] + 1
    np.testing.assert_array_equal(desk["x"].value, value)
    assert desk["x"].metadata == {"a": (0, 1)}
    assert max(len(buffers[0]) for _, buffers in pieces) <= parcel.PIECE_BYTES == kernel_parcel.PIECE_BYTES


def test_a_piece_before_its_turn_waits_to_be_sent_again() -> None:
    desk = Desk()
    arrivals = desk.arrivals()
    pieces = sent(np.arange(4 * parcel.PIECE_BYTES // 8 - 100))
    order = [1, 0, 2, 3, 1, 1, 3, 2, 3]
    assert [arrivals.take(*pieces[at]) for at in order] == [0, 1, 1, 1, 2, 2, 2, 3, 4]
    assert list(desk) == ["x"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": "export"}, "the session offers"), ({"size": 1 << 40}, "may take"),
        ({"size": 10}, "announced"), ({"import_id": ""}, "not a piece"), ({"piece": "0"}, "not a piece"),
    ],
    ids=repr,
)  # fmt: skip
def test_a_piece_that_fits_nowhere_is_refused(change: dict[str, Any], says: str) -> None:
    desk = Desk()
    content, buffers = sent([1, 2])[0]
    with pytest.raises(Refused, match=says):
        desk.arrivals().take({**content, **change}, buffers)
    assert not desk


@pytest.mark.parametrize(
    "run",
    [b"", b"\0" * 8, struct.pack("<Q", 1 << 60), struct.pack("<Q", 2) + b"[]", struct.pack("<Q", 12) + b'{"sizes": 1}',
     struct.pack("<Q", 14) + b'{"sizes": [5]}', struct.pack("<Q", 17) + b'{"sizes": [-1,1]}', struct.pack("<Q", 2) + b"{}"],
    ids=repr,
)  # fmt: skip
def test_bytes_that_are_no_value_are_refused_on_both_sides(run: bytes) -> None:
    with pytest.raises(WireError):
        parcel.unpack(bytearray(run))
    desk = Desk()
    announced = {"name": "x", "import_id": "1", "size": len(run), "pieces": 1, "piece": 0}
    with pytest.raises(Refused):
        desk.arrivals().take(announced, [run])
    assert not desk


NODES: list[Any] = [
    None, {}, {"t": []}, {"t": "pickle"}, {"t": "int", "v": 1}, {"t": "bytes", "buffer": True}, {"t": "bytes", "buffer": 9},
    {"t": "ndarray", "dtype": "O", "shape": [1], "buffer": 0}, {"t": "ndarray", "dtype": "<f8", "shape": [9], "buffer": 0},
    {"t": "ndarray", "dtype": "<f8", "shape": [-1], "buffer": 0}, {"t": "zoned", "tz": "/etc/../x", "values": {"t": "none"}},
    {"t": "periods", "freq": "D;", "values": {"t": "list", "v": []}}, {"t": "timestamp", "v": "1", "unit": "W", "tz": None},
    {"t": "categorical", "categories": {"t": "list", "v": []}, "codes": {"t": "list", "v": [{"t": "int", "v": "7"}]}, "ordered": False},
    {"t": "texts", "lengths": {"t": "list", "v": [{"t": "int", "v": "1"}]}, "buffer": 0, "shape": [1]},
    {"t": "texts", "lengths": {"t": "list", "v": [{"t": "int", "v": "-9"}]}, "buffer": 0, "shape": [1]},
    {"t": "multiindex", "names": [], "levels": [], "codes": [[1]]}, {"t": "model", "kind": "x", "params": {"t": "none"}, "attributes": {"t": "none"}},
]  # fmt: skip


@pytest.mark.parametrize("node", NODES, ids=repr)
def test_a_form_outside_the_closed_set_is_refused_by_the_session(node: Any) -> None:
    with pytest.raises(Refused):
        decode(node, [bytes(8)])


def test_an_export_whose_beginning_never_came_is_told_once() -> None:
    exports = Exports()
    announced = {"name": "x", "version": 2, "number": 1, "size": 10, "pieces": 3}
    found = [exports.take({**announced, "piece": at}, [b"12345"]) for at in (1, 2)]
    assert [piece.lost for piece in found] == [True, False]
    assert not any(piece.whole for piece in found)


@pytest.mark.parametrize(
    "change", [{"size": 0}, {"size": 1 << 50}, {"pieces": -1}, {"size": "9"}, {"size": 3}], ids=repr
)
def test_an_export_that_announces_nonsense_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(WireError):
        Exports().take(
            {"name": "x", "version": 2, "number": 1, "size": 10, "pieces": 2, "piece": 0, **change}, [b"12345"]
        )


def field(number: int, value: Any) -> bytes:
    """A field of a protocol buffer: a whole number, or bytes and texts."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value % (1 << 64))
    held = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(held)) + held


def varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def onnx_model() -> bytes:
    weights = field(1, 2) + field(1, 2) + field(2, 1) + field(8, "W") + field(9, np.arange(4, dtype="<f4").tobytes())
    bias = field(1, varint(2)) + field(2, 7) + field(8, "b") + field(7, varint(5) + varint((1 << 64) - 1))
    half = field(1, 1) + field(2, 10) + field(8, "h") + field(5, varint(0x3C00))
    attribute = field(1, "transB") + field(3, -1)
    floats = field(1, "scales") + field(7, struct.pack("<2f", 0.5, 2.0))
    node = field(1, "x") + field(1, "W") + field(2, "y") + field(4, "Gemm") + field(5, attribute) + field(5, floats)
    graph = (
        field(1, node)
        + field(2, "g")
        + field(5, weights)
        + field(5, bias)
        + field(5, half)
        + field(11, field(1, "x"))
        + field(12, field(1, "y"))
    )
    return field(1, 9) + field(2, "pytorch") + field(7, graph)


def test_an_onnx_file_is_read_as_weights_and_a_graph(tmp_path: Any) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(onnx_model())
    model = through(read_onnx(path), Encoder, decode)
    assert (model.kind, model.params) == ("onnx", {"producer": "pytorch"})
    assert {name: (str(held.dtype), held.tolist()) for name, held in model.weights.items()} == {
        "W": ("float32", [[0.0, 1.0], [2.0, 3.0]]),
        "b": ("int64", [5, -1]),
        "h": ("float16", [1.0]),
    }
    assert model.nodes == [
        {"op": "Gemm", "inputs": ["x", "W"], "outputs": ["y"], "attributes": {"transB": -1, "scales": [0.5, 2.0]}}
    ]
    assert (model.inputs, model.outputs) == (["x"], ["y"])


@pytest.mark.parametrize(
    "held", [b"", b"import os", b"\x3a\xff\x01", onnx_model()[:-3], bytes(64), b"PK\x03\x04"], ids=range(6)
)
def test_a_file_that_is_no_onnx_model_is_refused(tmp_path: Any, held: bytes) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(held)
    with pytest.raises(NotImportable):
        read_onnx(path)

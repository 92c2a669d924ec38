"""The tagged form that travels → a value, by a table of the closed set that ``export`` writes. Data only: nothing here can run code.

It must not know the wire; what a client sent is checked for shape and never trusted.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

import numpy as np
import pandas as pd

from ag_kernel import columns
from ag_kernel.errors import NotImportable
from ag_utils.model import Model

_DEEPEST: Final = 64
_DTYPE: Final = re.compile(
    r"[<|]?(b1|[iu][1248]|f[248]|c8|c16|U\d{1,6}|S\d{1,6}|[Mm]8\[(\d{1,3})?([YMWDhms]|ms|us|ns)\])"
)
_NAMED: Final = re.compile(
    r"object|str|string|bool|boolean|category|float(32|64)|Float(32|64)|u?int(8|16|32|64)|U?Int(8|16|32|64)"
    r"|(datetime|timedelta)64\[(s|ms|us|ns)(, [\w/+:-]{1,64})?\]"
)
_ZONE: Final = re.compile(r"[\w/+:-]{1,64}")
_UNIT: Final = re.compile(r"s|ms|us|ns")
_SECONDS: Final = re.compile(r"-?\d{1,20}(\.\d{1,20})?(e-?\d{1,2})?")
"""Bounded: an exact number with a large exponent would take all memory."""
_FREQ: Final = re.compile(r"[\w-]{1,32}")
_MISSING: Final = dict(zip(columns.MISSING.values(), (None, float("nan"), pd.NA, pd.NaT), strict=True))

Node = Mapping[str, Any]
Buffers = Sequence[bytes | memoryview]


def decode(node: Any, buffers: Buffers) -> Any:
    """The value of a tagged node. NotImportable for anything outside the closed set."""
    try:
        return Decoder(buffers).read(node)
    except (
        ValueError,
        TypeError,
        LookupError,
        ArithmeticError,
        AttributeError,
    ) as problem:  # a part of another form than its place needs
        if isinstance(problem, NotImportable):
            raise
        raise NotImportable(f"what was sent is malformed: {problem}") from None


class Decoder:
    """One value on its way in; ``buffers`` are its binary parts."""

    def __init__(self, buffers: Buffers) -> None:
        self._buffers = buffers
        self._depth = 0

    def read(self, node: Any) -> Any:
        """The value of one node."""
        form = FORMS.get(node["t"]) if isinstance(node, dict) and isinstance(node.get("t"), str) else None
        if form is None:
            raise NotImportable("what was sent has a form that this enclave does not know")
        if self._depth >= _DEEPEST:
            raise NotImportable(f"what was sent is nested more than {_DEEPEST} deep")
        self._depth += 1
        value = form(self, node)
        self._depth -= 1
        return value

    def all(self, nodes: Any) -> list[Any]:
        """The values of a list of nodes."""
        return [self.read(node) for node in _is(nodes, list)]

    def buffer(self, node: Node) -> bytes | memoryview:
        """The binary part that a node names by number."""
        number = node["buffer"]
        if type(number) is not int or not 0 <= number < len(self._buffers):
            raise NotImportable("what was sent names a binary part that did not come")
        return self._buffers[number]


def _is(value: Any, kind: type | tuple[type, ...]) -> Any:
    if not isinstance(value, kind):
        raise NotImportable(f"what was sent holds a {type(value).__name__} where it can't be")
    return value


def _fits(pattern: re.Pattern[str], text: Any) -> str:
    if not isinstance(text, str) or not pattern.fullmatch(text):
        raise NotImportable(f"what was sent names {str(text)[:40]!r}, which this enclave does not know")
    return text


def _text(node: Node) -> str:
    return str(_is(node["v"], str))


def _shape(node: Node) -> tuple[int, ...]:
    sizes = _is(node["shape"], list)
    if not all(type(size) is int and size >= 0 for size in sizes):
        raise NotImportable("what was sent has no proper shape")
    return tuple(sizes)


def _array(decoder: Decoder, node: Node) -> Any:
    dtype = np.dtype(_fits(_DTYPE, node["dtype"]))
    return np.frombuffer(decoder.buffer(node), dtype=dtype).reshape(_shape(node)).copy()


def _objects(decoder: Decoder, node: Node) -> Any:
    return _as_array(decoder.all(node["v"]), node)


def _as_array(items: list[Any], node: Node) -> Any:
    flat = np.empty(len(items), dtype=object)
    for place, item in enumerate(items):
        flat[place] = item
    return flat.reshape(_shape(node))


def _texts(decoder: Decoder, node: Node) -> Any:
    run, place = bytes(decoder.buffer(node)), 0
    items: list[Any] = []
    for length in np.asarray(decoder.read(node["lengths"]), dtype="int64").tolist():
        if length < 0:
            items.append(_MISSING[length])
            continue
        items.append(run[place : place + length].decode("utf-8", "surrogatepass"))
        place += length
    if place != len(run):
        raise NotImportable("what was sent has texts that don't fit their lengths")
    return _as_array(items, node)


def _masked(decoder: Decoder, node: Node) -> Any:
    numbers, mask = decoder.read(node["values"]), decoder.read(node["mask"])
    return _masked_kind(_fits(_NAMED, node["dtype"]))(numbers, mask)


def _masked_kind(dtype: str) -> Any:
    if dtype == "boolean":
        return pd.arrays.BooleanArray
    return pd.arrays.FloatingArray if dtype.startswith("F") else pd.arrays.IntegerArray


def _zoned(decoder: Decoder, node: Node) -> Any:
    return pd.array(decoder.read(node["values"])).tz_localize("UTC").tz_convert(_fits(_ZONE, node["tz"]))


def _categorical(decoder: Decoder, node: Node) -> Any:
    kind = pd.CategoricalDtype(decoder.read(node["categories"]), ordered=_is(node["ordered"], bool))
    return pd.Categorical.from_codes(decoder.read(node["codes"]), dtype=kind)


def _intervals(decoder: Decoder, node: Node) -> Any:
    left, right = decoder.read(node["left"]), decoder.read(node["right"])
    return pd.arrays.IntervalArray.from_arrays(left, right, closed=node["closed"])


def _periods(decoder: Decoder, node: Node) -> Any:
    made: Any = pd.PeriodIndex
    return made.from_ordinals(decoder.read(node["values"]), freq=_fits(_FREQ, node["freq"])).array


def _values(decoder: Decoder, node: Any) -> Any:
    """The values of one column, as their dtype where it travels by name."""
    held = decoder.read(node)
    if node["t"] in {"ndarray_list", "texts"} and _NAMED.fullmatch(str(node.get("dtype"))):
        return pd.array(held, dtype=node["dtype"])
    return held


def _index(decoder: Decoder, node: Node) -> Any:
    held = pd.Index(_values(decoder, node["values"]), name=decoder.read(node["name"]), dtype=_dtype_of(node))
    freq = node.get("freq")
    return type(held)(held, freq=_fits(_FREQ, freq)) if freq is not None else held


def _dtype_of(node: Node) -> Any:
    """The name of an index' type, where its values don't know it."""
    name = node.get("dtype")
    return name if isinstance(name, str) and node["values"]["t"] != "categorical" and _NAMED.fullmatch(name) else None


def _range(decoder: Decoder, node: Node) -> Any:
    start, stop, step = (_is(part, int) for part in node["v"])
    return pd.RangeIndex(start, stop, step, name=decoder.read(node["name"]))


def _multiindex(decoder: Decoder, node: Node) -> Any:
    levels, codes, names = (decoder.all(node[part]) for part in ("levels", "codes", "names"))
    return pd.MultiIndex(levels=levels, codes=codes, names=names, verify_integrity=True)


def _column(decoder: Decoder, node: Any, index: Any) -> Any:
    # Objects are named as such, or pandas would make texts of those that happen to be.
    dtype = "object" if node.get("dtype") == "object" else None
    return pd.Series(_values(decoder, node), index=index, dtype=dtype, copy=False)


def _series(decoder: Decoder, node: Node) -> Any:
    index = decoder.read(node["index"])
    return _column(decoder, node["values"], index).rename(decoder.read(node["name"]))


def _frame(decoder: Decoder, node: Node) -> Any:
    index = decoder.read(node["index"])
    held = {place: _column(decoder, part, index) for place, part in enumerate(_is(node["data"], list))}
    frame = pd.DataFrame(held, index=index, copy=False)
    frame.columns = decoder.read(node["columns"])
    return frame


def _ticks(kind: str, node: Node) -> Any:
    """So many units of time, exactly."""
    return np.array(int(_text(node)), dtype=f"{kind}[{_fits(_UNIT, node['unit'])}]")[()]


def _moment(_decoder: Decoder, node: Node) -> Any:
    bare = pd.Timestamp(_ticks("M8", node))
    return bare if node["tz"] is None else bare.tz_localize("UTC").tz_convert(_fits(_ZONE, node["tz"]))


def _model(decoder: Decoder, node: Node) -> Model:
    params, attributes = (_is(decoder.read(node[part]), dict) for part in ("params", "attributes"))
    return Model(kind=str(_is(node["kind"], str)), params=params, attributes=attributes)


def _float(_decoder: Decoder, node: Node) -> float:
    return float(_is(node["v"], (int, float, str)))


def _timedelta(_decoder: Decoder, node: Node) -> dt.timedelta:
    return dt.timedelta(microseconds=round(Fraction(_fits(_SECONDS, node["v"])) * 1_000_000))


def _interval(decoder: Decoder, node: Node) -> Any:
    return pd.Interval(decoder.read(node["left"]), decoder.read(node["right"]), closed=node["closed"])


FORMS: Final[Mapping[str, Callable[[Decoder, Node], Any]]] = {
    "none": lambda _decoder, _node: None,
    "na": lambda _decoder, _node: pd.NA,
    "nat": lambda _decoder, _node: pd.NaT,
    "bool": lambda _decoder, node: _is(node["v"], bool),
    "int": lambda _decoder, node: int(_text(node)),
    "float": _float,
    "str": lambda _decoder, node: _text(node),
    "bytes": lambda decoder, node: bytes(decoder.buffer(node)),
    "datetime": lambda _decoder, node: dt.datetime.fromisoformat(_text(node)),
    "date": lambda _decoder, node: dt.date.fromisoformat(_text(node)),
    "time": lambda _decoder, node: dt.time.fromisoformat(_text(node)),
    "timedelta": _timedelta,
    "timestamp": _moment,
    "span": lambda _decoder, node: pd.Timedelta(_ticks("m8", node)),
    "interval": _interval,
    "period": lambda _decoder, node: pd.Period(ordinal=int(_text(node)), freq=_fits(_FREQ, node["freq"])),
    "list": lambda decoder, node: decoder.all(node["v"]),
    "tuple": lambda decoder, node: tuple(decoder.all(node["v"])),
    "set": lambda decoder, node: set(decoder.all(node["v"])),
    "dict": lambda decoder, node: {key: value for key, value in map(decoder.all, _is(node["v"], list))},  # noqa: C416 (a pair of any other length must fail here)
    "ndarray": _array,
    "ndarray_list": _objects,
    "texts": _texts,
    "masked": _masked,
    "zoned": _zoned,
    "categorical": _categorical,
    "intervals": _intervals,
    "periods": _periods,
    "index": _index,
    "range": _range,
    "multiindex": _multiindex,
    "series": _series,
    "frame": _frame,
    "model": _model,
}
"""Every form a value may have on the wire. A form that is not here is refused."""

"""A public value → the tagged form that travels: JSON text and raw buffers, by a table of the closed set of exportable types.

It must not know the wire, and never calls a method that the guest could have written: types are matched exactly.
"""

import datetime as dt
import keyword
import math
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np
import pandas as pd

from ag_kernel import columns
from ag_kernel.errors import NotExportable
from ag_kernel.wire import Buffer
from ag_utils import PRIVATE
from ag_utils.model import Model
from op_pandas.encoding import OneHotEncoder, OrdinalEncoder
from op_pandas.fitted import Fitted
from op_pandas.private import Private
from op_pandas.results import ReleasedArray, ReleasedFloat, ReleasedInt, ReleasedTuple, provenance
from op_pandas.scaling import MinMaxScaler, StandardScaler

EXPORTABLE: Final = "None, bool, int, float, str, bytes, dates and times, list, tuple, set, dict, numpy arrays and pandas objects can be exported"
_DEEPEST: Final = 64
_MOST_VALUES: Final = 20_000_000

Tagged = dict[str, Any]


def check_name(name: object) -> str:
    """The name, if a variable can be called so. NotExportable otherwise."""
    if type(name) is not str:
        raise NotExportable("the name of an export must be text: export(value, 'name')")
    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("__"):
        raise NotExportable(f"{name[:80]!r} can't be the name of a variable; choose letters, digits and underscores")
    return name


class Encoder:
    """One value on its way out; ``buffers`` fill up as its arrays are met."""

    def __init__(self) -> None:
        self.buffers: list[Buffer] = []
        self._depth = 0
        self._count = 0

    def encode(self, value: Any) -> Tagged:
        """The tagged form. ValueError for a private object anywhere inside, NotExportable for anything else that is not data."""
        if isinstance(value, Private):
            raise ValueError(PRIVATE)  # noqa: TRY004 - the error that people learned
        kind = type(value)
        write = _WRITERS.get(kind)
        if write is None and isinstance(value, np.dtype | pd.api.extensions.ExtensionDtype):
            write = _text("str", str)
        if write is None:
            raise NotExportable(f"{_describe(value)} can't be exported: {EXPORTABLE}")
        self._count += 1
        if self._depth >= _DEEPEST or self._count > _MOST_VALUES:
            raise NotExportable("the value is nested too deeply, contains itself or is too large to be exported")
        self._depth += 1
        tagged = write(self, value)
        self._depth -= 1
        return tagged

    def buffer(self, data: Buffer) -> int:
        """Keep raw bytes; gives their number."""
        self.buffers.append(data)
        return len(self.buffers) - 1


Write = Callable[[Encoder, Any], Tagged]


def _describe(value: Any) -> str:
    kind = type(value).__name__
    article = "an" if kind[:1] in "aeiouAEIOU" else "a"
    return f"{article} {kind}"


def _text(tag: str, text: Callable[[Any], str]) -> Write:
    return lambda _encoder, value: {"t": tag, "v": text(value)}


def _items(tag: str) -> Write:
    return lambda encoder, value: {"t": tag, "v": [encoder.encode(item) for item in value]}


def _dict(encoder: Encoder, value: dict[Any, Any]) -> Tagged:
    pairs = [[encoder.encode(key), encoder.encode(item)] for key, item in dict.items(value)]
    return {"t": "dict", "v": pairs}


def _float(value: float) -> float | str:
    plain = float.__float__(value)
    if math.isfinite(plain):
        return plain
    return "nan" if math.isnan(plain) else "inf" if plain > 0 else "-inf"


def _plain_float(_encoder: Encoder, value: float) -> Tagged:
    return {"t": "float", "v": _float(value)}


def _scalar(encoder: Encoder, value: Any) -> Tagged:
    return encoder.encode(value.item())


def _moment(_encoder: Encoder, value: Any) -> Tagged:
    tz = None if value.tz is None else columns.zone(value.tz)
    return {"t": "timestamp", "v": str(value.to_datetime64().astype("int64")), "unit": value.unit, "tz": tz}


def _span(_encoder: Encoder, value: Any) -> Tagged:
    return {"t": "span", "v": str(value.to_timedelta64().astype("int64")), "unit": value.unit}


def _interval(encoder: Encoder, value: Any) -> Tagged:
    left, right = encoder.encode(value.left), encoder.encode(value.right)
    return {"t": "interval", "left": left, "right": right, "closed": value.closed}


def _range(encoder: Encoder, value: Any) -> Tagged:
    return {"t": "range", "v": [value.start, value.stop, value.step], "name": encoder.encode(value.name)}


def _index(encoder: Encoder, value: Any) -> Tagged:
    tagged = {"t": "index", "name": encoder.encode(value.name), "dtype": str(value.dtype)}
    freq = getattr(value, "freqstr", None) if isinstance(value, pd.DatetimeIndex | pd.TimedeltaIndex) else None
    return {**tagged, "values": columns.values(encoder, value), **({"freq": freq} if freq else {})}


def _multiindex(encoder: Encoder, value: Any) -> Tagged:
    return {
        "t": "multiindex",
        "names": [encoder.encode(name) for name in value.names],
        "levels": [encoder.encode(level) for level in value.levels],
        "codes": [columns.array(encoder, np.asarray(codes, dtype="int64")) for codes in value.codes],
    }


def _series(encoder: Encoder, value: Any) -> Tagged:
    tagged = {"t": "series", "name": encoder.encode(value.name), "index": encoder.encode(value.index)}
    return {**tagged, "values": columns.values(encoder, value), **_known(encoder, value)}


def _frame(encoder: Encoder, value: Any) -> Tagged:
    data = [columns.values(encoder, value.iloc[:, at]) for at in range(value.shape[1])]
    tagged = {"t": "frame", "columns": encoder.encode(value.columns), "index": encoder.encode(value.index)}
    return {**tagged, "data": data, **_known(encoder, value)}


def _known(encoder: Encoder, value: Any) -> Tagged:
    """What a released value knows of its release: cost, mechanism, scale and 95 % half-widths; nothing for other values."""
    found = provenance(value)
    if found is None:
        return {}
    return {
        "ag": {
            "cost": dict(found.cost),
            "mechanism": str(found.mechanism),
            "scale": float(found.scale),
            "half_widths": encoder.encode(found.half_widths),
            **({"mock": True} if found.mock else {}),
        }
    }


def _model(encoder: Encoder, value: Model) -> Tagged:
    return {
        "t": "model",
        "kind": str(value.kind),
        "params": encoder.encode(dict(value.params)),
        "attributes": encoder.encode(dict(value.attributes)),
    }


def _fitted(encoder: Encoder, value: Fitted) -> Tagged:
    """A scaler or an encoder, by what it was fitted to."""
    parameters = {"parameters": value.parameters}
    return _model(encoder, Model(kind=f"op_pandas.{type(value).__name__}", params={}, attributes=parameters))


def _released(kind: type, tagged: Write) -> Write:
    """A released number or tuple: as its plain kind, with what it knows."""
    return lambda encoder, value: {**tagged(encoder, kind(value)), **_known(encoder, value)}


def _same(kinds: Iterable[type], write: Write) -> dict[type, Write]:
    return dict.fromkeys(kinds, write)


_NUMPY_SCALARS: Final = (
    np.bool_, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64, np.float16, np.float32, np.float64, np.str_, np.bytes_,
)  # fmt: skip
_DATES: Final = (np.datetime64, np.timedelta64)
_INDEXES: Final = (
    pd.Index, pd.DatetimeIndex, pd.TimedeltaIndex, pd.CategoricalIndex, pd.IntervalIndex, pd.PeriodIndex,
)  # fmt: skip

_WRITERS: Final[dict[type, Write]] = {
    type(None): lambda _encoder, _value: {"t": "none"},
    bool: lambda _encoder, value: {"t": "bool", "v": value},
    int: _text("int", str),
    float: _plain_float,
    ReleasedFloat: _released(float, _plain_float),
    ReleasedInt: _released(int, _text("int", str)),
    ReleasedTuple: _released(tuple, _items("tuple")),
    str: _text("str", str),
    bytes: lambda encoder, value: {"t": "bytes", "buffer": encoder.buffer(value)},
    dt.datetime: _text("datetime", dt.datetime.isoformat),
    dt.date: _text("date", dt.date.isoformat),
    dt.timedelta: _text("timedelta", lambda value: repr(value.total_seconds())),
    dt.time: _text("time", dt.time.isoformat),
    pd.Timestamp: _moment,
    pd.Timedelta: _span,
    pd.Interval: _interval,
    pd.Period: lambda _encoder, value: {"t": "period", "v": str(value.ordinal), "freq": value.freqstr},
    type(pd.NaT): lambda _encoder, _value: {"t": "nat"},
    type(pd.NA): lambda _encoder, _value: {"t": "na"},
    list: _items("list"),
    tuple: _items("tuple"),
    **_same((set, frozenset), _items("set")),
    **_same((dict, OrderedDict, defaultdict, Counter), _dict),
    np.ndarray: columns.array,
    ReleasedArray: lambda encoder, value: {**columns.array(encoder, np.asarray(value)), **_known(encoder, value)},
    **_same(_NUMPY_SCALARS, _scalar),
    **_same(_DATES, lambda encoder, value: columns.array(encoder, np.asarray(value))),
    **_same(_INDEXES, _index),
    pd.RangeIndex: _range,
    pd.MultiIndex: _multiindex,
    pd.Series: _series,
    pd.DataFrame: _frame,
    Model: _model,
    **_same((MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler), _fitted),
}

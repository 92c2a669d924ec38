"""pandas' objects → tagged data, exact in type: one form per kind of array, by a table of dtypes. Loaded only where pandas is.

Must not know the wire; what has no form of its own travels value by value, with its dtype's name.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from antigranular.tagged_arrays import array, texts

if TYPE_CHECKING:
    from antigranular.tagging import Encoder, Tagged, Write


def writers() -> "dict[type, Write]":
    """What is pandas', by exact type."""
    indexes = (
        pd.Index, pd.DatetimeIndex, pd.TimedeltaIndex, pd.CategoricalIndex, pd.IntervalIndex, pd.PeriodIndex,
    )  # fmt: skip
    return {
        type(pd.NaT): lambda _encoder, _value: {"t": "nat"},
        type(pd.NA): lambda _encoder, _value: {"t": "na"},
        pd.Timestamp: _moment,
        pd.Timedelta: lambda _encoder, value: _ticks("span", value.to_timedelta64(), value.unit),
        pd.Interval: _interval,
        pd.Period: lambda _encoder, value: {"t": "period", "v": str(value.ordinal), "freq": value.freqstr},
        **dict.fromkeys(indexes, _index),
        pd.RangeIndex: _range,
        pd.MultiIndex: _multiindex,
        pd.Series: _series,
        pd.DataFrame: _frame,
    }


def _values(encoder: "Encoder", held: Any) -> "Tagged":
    """The values of a series or an index."""
    dtype = held.dtype
    if isinstance(dtype, np.dtype):
        return array(encoder, held.to_numpy())
    write = _FORMS.get(type(dtype))
    if write is not None:
        return write(encoder, held.array)
    items = [encoder.encode(item) for item in held.astype(object).tolist()]
    return {"t": "ndarray_list", "shape": [len(items)], "v": items, "dtype": str(dtype)}


def _zone(tz: Any) -> str:
    """The name of a time zone, as pandas reads it."""
    name = str(tz)
    if not name.startswith(("tz", "pytz.FixedOffset")):
        return name
    minutes = round(tz.utcoffset(None).total_seconds() / 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _ticks(tag: str, value: Any, unit: str) -> "Tagged":
    return {"t": tag, "v": str(value.astype("int64")), "unit": unit}


def _moment(_encoder: "Encoder", value: Any) -> "Tagged":
    tz = None if value.tz is None else _zone(value.tz)
    return {**_ticks("timestamp", value.to_datetime64(), value.unit), "tz": tz}


def _interval(encoder: "Encoder", value: Any) -> "Tagged":
    left, right = encoder.encode(value.left), encoder.encode(value.right)
    return {"t": "interval", "left": left, "right": right, "closed": value.closed}


def _range(encoder: "Encoder", value: Any) -> "Tagged":
    return {"t": "range", "v": [value.start, value.stop, value.step], "name": encoder.encode(value.name)}


def _index(encoder: "Encoder", value: Any) -> "Tagged":
    tagged = {"t": "index", "name": encoder.encode(value.name), "dtype": str(value.dtype)}
    freq = getattr(value, "freqstr", None) if isinstance(value, pd.DatetimeIndex | pd.TimedeltaIndex) else None
    return {**tagged, "values": _values(encoder, value), **({"freq": freq} if freq else {})}


def _multiindex(encoder: "Encoder", value: Any) -> "Tagged":
    return {
        "t": "multiindex",
        "names": [encoder.encode(name) for name in value.names],
        "levels": [encoder.encode(level) for level in value.levels],
        "codes": [array(encoder, np.asarray(codes, dtype="int64")) for codes in value.codes],
    }


def _series(encoder: "Encoder", value: Any) -> "Tagged":
    tagged = {"t": "series", "name": encoder.encode(value.name), "index": encoder.encode(value.index)}
    return {**tagged, "values": _values(encoder, value)}


def _frame(encoder: "Encoder", value: Any) -> "Tagged":
    data = [_values(encoder, value.iloc[:, at]) for at in range(value.shape[1])]
    return {
        "t": "frame",
        "columns": encoder.encode(value.columns),
        "index": encoder.encode(value.index),
        "data": data,
    }


def _strings(encoder: "Encoder", held: Any) -> "Tagged":
    found = texts(encoder, held.astype(object).tolist()) or {}
    return {**found, "dtype": str(held.dtype), "shape": [len(held)]}


def _masked(encoder: "Encoder", held: Any) -> "Tagged":
    plain = np.dtype("bool") if isinstance(held.dtype, pd.BooleanDtype) else held.dtype.numpy_dtype
    numbers, mask = held.to_numpy(dtype=plain, na_value=0), np.asarray(held.isna())
    return {"t": "masked", "dtype": str(held.dtype), "values": array(encoder, numbers), "mask": array(encoder, mask)}


def _zoned(encoder: "Encoder", held: Any) -> "Tagged":
    return {"t": "zoned", "tz": _zone(held.tz), "values": array(encoder, held.tz_convert(None).to_numpy())}


def _categorical(encoder: "Encoder", held: Any) -> "Tagged":
    categories, codes = encoder.encode(held.categories), array(encoder, np.asarray(held.codes))
    return {"t": "categorical", "categories": categories, "codes": codes, "ordered": bool(held.ordered)}


def _intervals(encoder: "Encoder", held: Any) -> "Tagged":
    left, right = encoder.encode(held.left), encoder.encode(held.right)
    return {"t": "intervals", "left": left, "right": right, "closed": str(held.closed)}


def _periods(encoder: "Encoder", held: Any) -> "Tagged":
    return {"t": "periods", "freq": str(held.freqstr), "values": array(encoder, np.asarray(held.asi8))}


_NULLABLE = (
    pd.BooleanDtype, pd.Float32Dtype, pd.Float64Dtype, pd.Int8Dtype, pd.Int16Dtype, pd.Int32Dtype, pd.Int64Dtype,
    pd.UInt8Dtype, pd.UInt16Dtype, pd.UInt32Dtype, pd.UInt64Dtype,
)  # fmt: skip

_FORMS: dict[type, Callable[["Encoder", Any], "Tagged"]] = {
    pd.CategoricalDtype: _categorical,
    pd.DatetimeTZDtype: _zoned,
    pd.IntervalDtype: _intervals,
    pd.PeriodDtype: _periods,
    pd.StringDtype: _strings,
    **dict.fromkeys(_NULLABLE, _masked),
}

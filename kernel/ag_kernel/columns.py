"""The values of a series or an index → tagged data, exact in type: one form per kind of array, by a table of dtypes.

It must not know names, labels or the wire; what has no form of its own travels value by value, with its dtype's name.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from ag_kernel.errors import NotExportable

if TYPE_CHECKING:
    from ag_kernel.export import Encoder, Tagged
    from ag_kernel.wire import Buffer

MISSING: Final = {"none": -1, "nan": -2, "na": -3, "nat": -4}
"""What stands in for the length of a text that is not there: None, NaN, NA, NaT."""


def values(encoder: "Encoder", held: Any) -> "Tagged":
    """The values of a series or an index."""
    dtype = held.dtype
    if isinstance(dtype, np.dtype):
        return array(encoder, held.to_numpy())
    write = _FORMS.get(type(dtype))
    if write is not None:
        return write(encoder, held.array)
    items = [encoder.encode(item) for item in held.astype(object).tolist()]
    return {"t": "ndarray_list", "shape": [len(items)], "v": items, "dtype": str(dtype)}


def array(encoder: "Encoder", value: Any) -> "Tagged":
    """An array of machine numbers as its bytes; one of texts as theirs; any other value by value."""
    shape = list(value.shape)
    if value.dtype.kind in _EXACT_KINDS:
        little = np.ascontiguousarray(value).astype(value.dtype.newbyteorder("<"), copy=False)
        return {"t": "ndarray", "dtype": little.dtype.str, "shape": shape, "buffer": encoder.buffer(_bytes(little))}
    items = value.ravel().tolist()
    found = _texts(encoder, items)
    if found is not None:
        return {**found, "dtype": "object", "shape": shape}
    return {"t": "ndarray_list", "shape": shape, "v": [encoder.encode(item) for item in items], "dtype": "object"}


def _bytes(value: Any) -> "Buffer":
    """A contiguous array's bytes; a large one's as they lie there, which is once less in memory."""
    if value.nbytes < _LARGE:
        return bytes(value.tobytes())
    return memoryview(value.reshape(-1).view("u1"))


def zone(tz: Any) -> str:
    """The name of a time zone, as pandas reads it. NotExportable for one without."""
    name = str(tz)
    if name.startswith(("tz", "pytz.FixedOffset")):
        offset = tz.utcoffset(None)
        if offset is None:
            raise NotExportable("this time zone has no name and can't be exported: use zoneinfo.ZoneInfo(name)")
        minutes = round(offset.total_seconds() / 60)
        name = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    return name


_EXACT_KINDS: Final = "biufcmMSU"
_LARGE: Final = 1 << 20


def _texts(encoder: "Encoder", items: list[Any]) -> "Tagged | None":
    """Texts and missing values as one run of bytes and their lengths; None where there is anything else."""
    parts, lengths = [], []
    for item in items:
        if type(item) is str:
            parts.append(item.encode("utf-8", "surrogatepass"))
            lengths.append(len(parts[-1]))
            continue
        missing = _missing(item)
        if missing is None:
            return None
        lengths.append(missing)
    sizes = array(encoder, np.array(lengths, dtype="int64"))
    return {"t": "texts", "lengths": sizes, "buffer": encoder.buffer(b"".join(parts))}


def _missing(item: Any) -> int | None:
    if item is None:
        return MISSING["none"]
    if item is pd.NA:
        return MISSING["na"]
    if item is pd.NaT:
        return MISSING["nat"]
    return MISSING["nan"] if type(item) is float and item != item else None  # noqa: PLR0124 - only NaN is not itself


def _strings(encoder: "Encoder", held: Any) -> "Tagged":
    found = _texts(encoder, held.astype(object).tolist())
    if found is None:
        raise NotExportable("a column of texts holds something else and can't be exported")
    return {**found, "dtype": str(held.dtype), "shape": [len(held)]}


def _masked(encoder: "Encoder", held: Any) -> "Tagged":
    mask = np.asarray(held.isna())
    numbers = held.to_numpy(dtype=_plain_dtype(held.dtype), na_value=0)
    return {"t": "masked", "dtype": str(held.dtype), "values": array(encoder, numbers), "mask": array(encoder, mask)}


def _plain_dtype(dtype: Any) -> Any:
    return np.dtype("bool") if isinstance(dtype, pd.BooleanDtype) else dtype.numpy_dtype


def _zoned(encoder: "Encoder", held: Any) -> "Tagged":
    return {"t": "zoned", "tz": zone(held.tz), "values": array(encoder, held.tz_convert(None).to_numpy())}


def _categorical(encoder: "Encoder", held: Any) -> "Tagged":
    categories, codes = encoder.encode(held.categories), array(encoder, np.asarray(held.codes))
    return {"t": "categorical", "categories": categories, "codes": codes, "ordered": bool(held.ordered)}


def _intervals(encoder: "Encoder", held: Any) -> "Tagged":
    left, right = encoder.encode(held.left), encoder.encode(held.right)
    return {"t": "intervals", "left": left, "right": right, "closed": str(held.closed)}


def _periods(encoder: "Encoder", held: Any) -> "Tagged":
    return {"t": "periods", "freq": str(held.freqstr), "values": array(encoder, np.asarray(held.asi8))}


_NULLABLE: Final = (
    pd.BooleanDtype, pd.Float32Dtype, pd.Float64Dtype, pd.Int8Dtype, pd.Int16Dtype, pd.Int32Dtype, pd.Int64Dtype,
    pd.UInt8Dtype, pd.UInt16Dtype, pd.UInt32Dtype, pd.UInt64Dtype,
)  # fmt: skip

_FORMS: Final[dict[type, Callable[["Encoder", Any], "Tagged"]]] = {
    pd.CategoricalDtype: _categorical,
    pd.DatetimeTZDtype: _zoned,
    pd.IntervalDtype: _intervals,
    pd.PeriodDtype: _periods,
    pd.StringDtype: _strings,
    **dict.fromkeys(_NULLABLE, _masked),
}

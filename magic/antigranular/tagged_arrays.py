"""numpy's arrays and scalars → tagged data. Loaded only where numpy is. Must not know the wire."""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from antigranular.tagging import Encoder, Tagged, Write

MISSING = {"none": -1, "nan": -2, "na": -3, "nat": -4}
"""What stands in for the length of a text that is not there: None, NaN, NA, NaT."""
_EXACT_KINDS = "biufcmMSU"
_SCALARS = (
    np.bool_, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64, np.float16, np.float32, np.float64, np.str_, np.bytes_,
)  # fmt: skip


def array(encoder: "Encoder", value: Any) -> "Tagged":
    """An array of machine numbers as its bytes; one of texts as theirs; any other value by value."""
    shape = list(value.shape)
    if value.dtype.kind in _EXACT_KINDS:
        little = np.ascontiguousarray(value).astype(value.dtype.newbyteorder("<"), copy=False)
        return {"t": "ndarray", "dtype": little.dtype.str, "shape": shape, "buffer": encoder.buffer(little.tobytes())}
    items = value.ravel().tolist()
    found = texts(encoder, items)
    if found is not None:
        return {**found, "dtype": "object", "shape": shape}
    return {"t": "ndarray_list", "shape": shape, "v": [encoder.encode(item) for item in items], "dtype": "object"}


def texts(encoder: "Encoder", items: list[Any]) -> "Tagged | None":
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
    """By name of its type: pandas may not be there to compare with."""
    if item is None:
        return MISSING["none"]
    name = type(item).__name__
    if name == "NAType":
        return MISSING["na"]
    if name == "NaTType":
        return MISSING["nat"]
    return MISSING["nan"] if type(item) is float and item != item else None  # noqa: PLR0124 (only NaN is not itself)


def writers() -> "dict[type, Write]":
    """What is numpy's, by exact type."""
    return {
        np.ndarray: array,
        **dict.fromkeys((np.datetime64, np.timedelta64), lambda encoder, value: array(encoder, np.asarray(value))),
        **dict.fromkeys(_SCALARS, lambda encoder, value: encoder.encode(value.item())),
    }

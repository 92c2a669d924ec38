"""Arrays from their bytes: numpy's where numpy is installed, nested lists where it is not. Must not know the wire's other forms."""

import math
import re
import struct
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from antigranular.errors import WireError

_DTYPE = re.compile(
    r"[<|]?(?P<code>b1|[iu][1248]|f[248]|c8|c16|U\d{1,6}|S\d{1,6}|[Mm]8\[(?P<unit>[YMWDhms]|ms|us|ns)\])"
)
"""Numbers, booleans, fixed text, dates. Never objects."""

_STRUCT_CODES = {
    "b1": "?", "i1": "b", "i2": "h", "i4": "i", "i8": "q",
    "u1": "B", "u2": "H", "u4": "I", "u8": "Q", "f2": "e", "f4": "f", "f8": "d",
}  # fmt: skip
_UNITS = {"D": 86_400_000_000.0, "h": 3_600_000_000.0, "m": 60_000_000.0, "s": 1e6, "ms": 1e3, "us": 1.0, "ns": 1e-3}
"""Microseconds in each unit whose length is always the same."""
_LARGE = 1 << 20
_NOT_A_TIME = -(2**63)


def from_bytes(dtype: Any, shape: Any, raw: bytes | memoryview) -> Any:
    """An array of C-ordered little-endian bytes. Raises WireError where dtype, shape and bytes don't fit together."""
    match = _DTYPE.fullmatch(dtype) if isinstance(dtype, str) else None
    if match is None:
        raise WireError(f"an exported array has the type {dtype!r}, which this client does not accept")
    sizes = _sizes(shape)
    try:
        import numpy as np
    except ImportError:
        return _nested(_plain(match, raw), sizes)
    try:
        found = np.frombuffer(raw, dtype=np.dtype(dtype)).reshape(sizes)
    except ValueError as problem:
        raise WireError(f"an exported array does not fit its shape: {problem}") from None
    return found if _is_its_own(raw) and found.flags.aligned and found.flags.writeable else found.copy()


def _is_its_own(raw: bytes | memoryview) -> bool:
    """Whether these bytes may stay where they arrived: they are large, and hardly anything else stays alive for them."""
    return isinstance(raw, memoryview) and raw.nbytes >= _LARGE and 2 * raw.nbytes > memoryview(raw.obj).nbytes


def from_objects(shape: Any, values: Sequence[Any]) -> Any:
    """An array of Python objects, given in C order."""
    sizes = _sizes(shape)
    if math.prod(sizes) != len(values):
        raise WireError("an exported array does not fit its shape")
    try:
        import numpy as np
    except ImportError:
        return _nested(list(values), sizes)
    flat = np.empty(len(values), dtype=object)
    for place, value in enumerate(values):
        flat[place] = value
    return flat.reshape(sizes)


def _sizes(shape: Any) -> tuple[int, ...]:
    if not isinstance(shape, list) or not all(isinstance(n, int) and n >= 0 for n in shape):
        raise WireError("an exported array has no proper shape")
    return tuple(shape)


def _plain(match: re.Match[str], raw: bytes | memoryview) -> list[Any]:
    """The elements as Python values, without numpy."""
    code = match["code"]
    if match["unit"] in _UNITS:
        return [_moment(code[0], match["unit"], ticks) for (ticks,) in struct.iter_unpack("<q", raw)]
    if code not in _STRUCT_CODES:
        raise WireError(f"an exported array of type {code} needs numpy: pip install numpy")
    try:
        return [value for (value,) in struct.iter_unpack("<" + _STRUCT_CODES[code], raw)]
    except struct.error:
        raise WireError("an exported array does not fit its type") from None


def _moment(kind: str, unit: str, ticks: int) -> datetime | timedelta | None:
    if ticks == _NOT_A_TIME:
        return None
    span = timedelta(microseconds=ticks * _UNITS[unit])
    return span if kind == "m" else datetime(1970, 1, 1) + span  # noqa: DTZ001 (numpy's times have no zone either)


def _nested(values: list[Any], sizes: tuple[int, ...]) -> Any:
    if math.prod(sizes) != len(values):
        raise WireError("an exported array does not fit its shape")
    if not sizes:
        return values[0]
    if len(sizes) == 1:
        return values
    step = math.prod(sizes[1:])
    return [_nested(values[at * step : (at + 1) * step], sizes[1:]) for at in range(sizes[0])]

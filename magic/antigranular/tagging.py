"""A value of the notebook → the tagged form that travels: JSON and raw buffers, by a table of the closed set. Never a pickle.

Must not know the wire. pandas and numpy are asked for only where they are loaded already: a value of theirs can't be there otherwise.
"""

import datetime as dt
import math
import sys
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from functools import cache
from typing import Any

from antigranular.errors import NotImportable
from antigranular.model import Model, is_estimator, of_estimator

IMPORTABLE = (
    "None, bool, int, float, str, bytes, dates and times, list, tuple, set, dict, numpy arrays, pandas objects and fitted estimators"
    " can be imported"
)
_DEEPEST = 64

Tagged = dict[str, Any]


class Encoder:
    """One value on its way to the enclave; ``buffers`` fill up as its arrays are met."""

    def __init__(self) -> None:
        self.buffers: list[bytes] = []
        self.left_behind: list[str] = []
        """What of estimators is no data, by name."""
        self._depth = 0

    def encode(self, value: Any) -> Tagged:
        """The tagged form. Raises NotImportable for anything that is not data."""
        write = _writer(type(value)) or (_estimator if is_estimator(value) else None)
        if write is None:
            raise NotImportable(
                f"a {type(value).__module__}.{type(value).__qualname__} can't be imported: {IMPORTABLE}"
            )
        if self._depth >= _DEEPEST:
            raise NotImportable("the value is nested too deeply, or contains itself")
        self._depth += 1
        tagged = write(self, value)
        self._depth -= 1
        return tagged

    def buffer(self, data: bytes) -> int:
        """Keep raw bytes; gives their number."""
        self.buffers.append(data)
        return len(self.buffers) - 1


Write = Callable[[Encoder, Any], Tagged]


def _writer(kind: type) -> Write | None:
    """The table's row for exactly this type; subclasses are asked for by name of what they are."""
    found = _WRITERS.get(kind)
    if found is None and "numpy" in sys.modules:
        found = _array_writers().get(kind)
    if found is None and "pandas" in sys.modules:
        found = _frame_writers().get(kind)
    return found


@cache
def _array_writers() -> dict[type, Write]:
    from antigranular import tagged_arrays

    return tagged_arrays.writers()


@cache
def _frame_writers() -> dict[type, Write]:
    from antigranular import tagged_frames

    return tagged_frames.writers()


def _text(tag: str, text: Callable[[Any], str]) -> Write:
    return lambda _encoder, value: {"t": tag, "v": text(value)}


def _items(tag: str) -> Write:
    return lambda encoder, value: {"t": tag, "v": [encoder.encode(item) for item in value]}


def _dict(encoder: Encoder, value: dict[Any, Any]) -> Tagged:
    return {"t": "dict", "v": [[encoder.encode(key), encoder.encode(item)] for key, item in value.items()]}


def _float(_encoder: Encoder, value: float) -> Tagged:
    if math.isfinite(value):
        return {"t": "float", "v": value}
    return {"t": "float", "v": "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"}


def _model(encoder: Encoder, value: Model) -> Tagged:
    params, attributes = encoder.encode(value.params), encoder.encode(value.attributes)
    return {"t": "model", "kind": value.kind, "params": params, "attributes": attributes}


def _estimator(encoder: Encoder, value: Any) -> Tagged:
    """What of an estimator is data; the rest, such as its functions and random states, is left behind by name."""
    whole = of_estimator(value)
    params, attributes = _data_of(encoder, whole.params), _data_of(encoder, whole.attributes)
    if not attributes:
        raise NotImportable(f"nothing that was fitted in this {whole.kind} is data: {IMPORTABLE}")
    return _model(encoder, Model(kind=whole.kind, params=params, attributes=attributes))


def _data_of(encoder: Encoder, parts: dict[str, Any]) -> dict[str, Any]:
    found = {name: value for name, value in parts.items() if _is_data(value)}
    encoder.left_behind.extend(name for name in parts if name not in found)
    return found


def _is_data(value: Any) -> bool:
    try:
        Encoder().encode(value)
    except NotImportable:
        return False
    return True


_WRITERS: dict[type, Write] = {
    type(None): lambda _encoder, _value: {"t": "none"},
    bool: lambda _encoder, value: {"t": "bool", "v": value},
    int: _text("int", str),
    float: _float,
    str: _text("str", str),
    bytes: lambda encoder, value: {"t": "bytes", "buffer": encoder.buffer(value)},
    bytearray: lambda encoder, value: {"t": "bytes", "buffer": encoder.buffer(bytes(value))},
    dt.datetime: _text("datetime", dt.datetime.isoformat),
    dt.date: _text("date", dt.date.isoformat),
    dt.time: _text("time", dt.time.isoformat),
    dt.timedelta: _text("timedelta", lambda value: repr(value.total_seconds())),
    list: _items("list"),
    tuple: _items("tuple"),
    range: lambda encoder, value: encoder.encode(list(value)),
    **dict.fromkeys((set, frozenset), _items("set")),
    **dict.fromkeys((dict, OrderedDict, defaultdict, Counter), _dict),
    Model: _model,
}
"""Every kind of value that may travel without numpy or pandas. A kind that is in no table is refused."""

"""The first values of an encoded column, as text: numbers, texts, times, categories. Knows the encoding of columns, and no table.

A closed table by tag; anything else is ``Unreadable``, as is what lies beyond the bytes that were read.
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any


class Unreadable(Exception):
    """A form without a row in the table, or one that lies beyond what was read."""


class Buffers:
    """The bytes behind a value's head, one run after the other."""

    def __init__(self, rest: memoryview, sizes: Sequence[int]) -> None:
        self._rest = rest
        self._starts = [0]
        for size in sizes:
            self._starts.append(self._starts[-1] + size)

    def first(self, number: int, count: int) -> memoryview:
        """The first so many bytes of one run."""
        start, end = self._starts[number], self._starts[number + 1]
        if number < 0 or start + count > min(end, len(self._rest)):
            raise Unreadable
        return self._rest[start : start + count]


def column(node: Any, buffers: Buffers, most: int) -> list[str]:
    """At most so many values of a column, or of an index."""
    read = _FORMS.get(node["t"])
    if read is None:
        raise Unreadable
    return read(node, buffers, most)


def labels(node: Any, buffers: Buffers, most: int) -> list[list[str]]:
    """The columns of an index: one, or one for each level."""
    if node["t"] != "multiindex":
        return [column(node, buffers, most)]
    return [_coded(codes, level, buffers, most) for codes, level in zip(node["codes"], node["levels"], strict=True)]


def length(node: Any) -> int:
    """How many values an index has."""
    if node["t"] == "range":
        start, stop, step = node["v"]
        return len(range(start, stop, step))
    held = node["codes"][0] if node["t"] == "multiindex" else node["values"]
    inner = held.get("codes", held.get("values", held.get("lengths", held)))
    return int(inner["shape"][0])


_CODES: Mapping[str, str] = {
    "b1": "?",
    "i1": "b",
    "i2": "h",
    "i4": "i",
    "i8": "q",
    "u1": "B",
    "u2": "H",
    "u4": "I",
    "u8": "Q",
    "f2": "e",
    "f4": "f",
    "f8": "d",
}
_TICKS: Mapping[str, int] = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_NOT_A_TIME = -(1 << 63)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _machine(node: Any, buffers: Buffers, most: int) -> list[str]:
    """Numbers and times as machines hold them, in one dimension."""
    dtype = str(node["dtype"])
    shape = node["shape"]
    if len(shape) != 1:
        raise Unreadable
    count = min(int(shape[0]), most)
    if dtype[1:2] == "M":
        ticks = _TICKS.get(dtype[4:-1] if dtype[3:4] == "[" else "")
        if ticks is None:
            raise Unreadable
        return [_moment(value, ticks) for value in _unpacked("q", 8, node, buffers, count)]
    code = _CODES.get(dtype[1:])
    if code is None:
        raise Unreadable
    return [repr(value) for value in _unpacked(code, int(dtype[2:]), node, buffers, count)]


def _unpacked(code: str, size: int, node: Any, buffers: Buffers, count: int) -> tuple[Any, ...]:
    return struct.unpack(f"<{count}{code}", buffers.first(int(node["buffer"]), count * size))


def _moment(value: int, ticks: int) -> str:
    if value == _NOT_A_TIME:
        return "NaT"
    shown = _EPOCH + timedelta(seconds=value // ticks)
    rest = value % ticks
    return f"{shown:%Y-%m-%d %H:%M:%S}" + (f".{rest:0{len(str(ticks)) - 1}}" if rest else "")


def _texts(node: Any, buffers: Buffers, most: int) -> list[str]:
    """Texts, of which each has its length; less than none is for one that is missing."""
    lengths = [int(each) for each in _machine(node["lengths"], buffers, most)]
    run = bytes(buffers.first(int(node["buffer"]), sum(length for length in lengths if length > 0)))
    found, at = [], 0
    for length in lengths:
        found.append("" if length < 0 else run[at : at + length].decode("utf-8", "replace"))
        at += max(0, length)
    return found


def _listed(node: Any, _buffers: Buffers, most: int) -> list[str]:
    if len(node["shape"]) != 1:
        raise Unreadable
    return [_plain(each) for each in node["v"][:most]]


def _plain(node: Any) -> str:
    if node["t"] in ("none", "nat", "na"):
        return ""
    if node["t"] not in ("int", "float", "bool", "str", "date", "datetime", "time", "timedelta"):
        raise Unreadable
    return str(node["v"])


def _masked(node: Any, buffers: Buffers, most: int) -> list[str]:
    values, mask = _machine(node["values"], buffers, most), _machine(node["mask"], buffers, most)
    return ["" if hidden == "True" else value for value, hidden in zip(values, mask, strict=True)]


def _categorical(node: Any, buffers: Buffers, most: int) -> list[str]:
    return _coded(node["codes"], node["categories"], buffers, most)


def _coded(codes: Any, values: Any, buffers: Buffers, most: int) -> list[str]:
    """What numbers of values stand for; less than none is for a missing one."""
    numbers = [int(each) for each in _machine(codes, buffers, most)]
    known = column(values, buffers, max(numbers, default=-1) + 1)
    return ["" if number < 0 else known[number] for number in numbers]


def _range(node: Any, _buffers: Buffers, most: int) -> list[str]:
    start, stop, step = node["v"]
    return [str(each) for each in range(start, stop, step)[:most]]


_FORMS: Mapping[str, Callable[[Any, Buffers, int], list[str]]] = {
    "ndarray": _machine,
    "ndarray_list": _listed,
    "texts": _texts,
    "masked": _masked,
    "categorical": _categorical,
    "zoned": lambda node, buffers, most: _machine(node["values"], buffers, most),
    "index": lambda node, buffers, most: column(node["values"], buffers, most),
    "range": _range,
}

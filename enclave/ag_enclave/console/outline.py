"""What a result is, for its owner to look at: plain values as text, tables and arrays as their first rows; what is left out is said.

Reads the encoded form by a closed table and builds no object of numpy's or pandas'. The value was written anew by a process that ran nobody's code.
"""

import json
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ag_enclave.console.columns import Buffers, Unreadable, column, labels, length

LONGEST_READ = 256 << 10
"""Bytes of a value that a page looks at."""
MOST_ROWS, MOST_COLUMNS, MOST_ITEMS = 50, 40, 100
_LENGTH = struct.Struct("<Q")
_LONGEST, _LONGEST_CELL, _DEEPEST = 4000, 200, 8
_ELSEWHERE = "run.value() in a notebook shows it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """``text`` says what it is; ``headings`` and ``rows`` are a table's first ones."""

    text: str
    headings: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def outline(value: bytes) -> Outline:
    """Of an encoded value, whose first bytes these are."""
    try:
        (size,) = _LENGTH.unpack_from(value)
        if size > len(value) - _LENGTH.size:
            return Outline(text=f"a value that is too large to be shown here ({size:,} bytes); {_ELSEWHERE}")
        head = json.loads(value[_LENGTH.size : _LENGTH.size + size])
        node, buffers = head["value"], Buffers(memoryview(value)[_LENGTH.size + size :], head.get("sizes", []))
        table = _TABLES.get(node["t"])
        return _text(_told(node, 0)) if table is None else table(node, buffers)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, struct.error, RecursionError, OverflowError):
        return Outline(text=f"a value that can't be shown here; {_ELSEWHERE}")


def _text(told: str) -> Outline:
    cut = "" if len(told) <= _LONGEST else f" … and {len(told) - _LONGEST:,} more characters; {_ELSEWHERE}"
    return Outline(text=told[:_LONGEST] + cut)


def _told(node: Any, depth: int) -> str:
    tell = _WORDS.get(node["t"])
    if tell is None:
        return f"a {node['t']}; {_ELSEWHERE}"
    return tell(node, depth + 1) if depth < _DEEPEST else "…"


def _joined(parts: Sequence[str], count: int) -> str:
    more = f", … and {count - MOST_ITEMS:,} more; {_ELSEWHERE}" if count > MOST_ITEMS else ""
    return ", ".join(parts) + more


def _items(node: Any, depth: int) -> str:
    told = [_told(each, depth) for each in node["v"][:MOST_ITEMS]]
    return f"{node['t']}({_joined(told, len(node['v']))})"


def _pairs(node: Any, depth: int) -> str:
    told = [f"{_told(key, depth)}: {_told(held, depth)}" for key, held in node["v"][:MOST_ITEMS]]
    return f"{{{_joined(told, len(node['v']))}}}"


def _shape(node: Any) -> str:
    return f"an array of shape {'×'.join(map(str, node['shape']))}, {node['dtype']}"


def _frame(node: Any, buffers: Buffers) -> Outline:
    """A frame's first rows, its index first."""
    count, rows = len(node["data"]), length(node["index"])
    words = f"a frame of {_counted(count, 'column')} and {_counted(rows, 'row')}"
    try:
        names = [" ".join(each) for each in zip(*labels(node["columns"], buffers, MOST_COLUMNS), strict=True)]
        index = labels(node["index"], buffers, MOST_ROWS)
        shown = [column(each, buffers, MOST_ROWS) for each in node["data"][:MOST_COLUMNS]]
    except Unreadable:
        return Outline(text=f"{words}; {_ELSEWHERE}")
    return _table(words, [*_names(node["index"]), *names], [*index, *shown], rows=rows, columns=count)


def _series(node: Any, buffers: Buffers) -> Outline:
    rows = length(node["index"])
    words = f"a series of {_counted(rows, 'row')}"
    try:
        shown = [*labels(node["index"], buffers, MOST_ROWS), column(node["values"], buffers, MOST_ROWS)]
    except Unreadable:
        return Outline(text=f"{words}; {_ELSEWHERE}")
    return _table(words, [*_names(node["index"]), _name(node["name"])], shown, rows=rows, columns=1)


def _names(index: Any) -> list[str]:
    return [_name(each) for each in index["names"]] if "names" in index else [_name(index["name"])]


def _name(node: Any) -> str:
    return "" if node["t"] == "none" else str(node.get("v", ""))


def _array(node: Any, buffers: Buffers) -> Outline:
    """An array of one or two dimensions."""
    shape = node["shape"]
    if len(shape) not in (1, 2) or not all(shape):
        return Outline(text=f"{_shape(node)}" + (f"; {_ELSEWHERE}" if shape and all(shape) else ""))
    width = 1 if len(shape) == 1 else shape[1]
    try:
        flat = column({**node, "shape": [shape[0] * width]}, buffers, MOST_ROWS * width)
    except Unreadable:
        return Outline(text=f"{_shape(node)}; {_ELSEWHERE}")
    shown = [flat[at::width] for at in range(min(width, MOST_COLUMNS))]
    return _table(_shape(node), [str(at) for at in range(len(shown))], shown, rows=shape[0], columns=width)


def _table(
    words: str, headings: Sequence[str], columns_shown: Sequence[Sequence[str]], *, rows: int, columns: int
) -> Outline:
    """The first rows and columns; what is left out, is said in the words."""
    said = [words]
    if rows > MOST_ROWS:
        said.append(f"of which these are the first {MOST_ROWS}")
    if columns > MOST_COLUMNS:
        said.append(f"{columns - MOST_COLUMNS:,} columns are left out")
    if rows > MOST_ROWS or columns > MOST_COLUMNS:
        said.append(_ELSEWHERE)
    cells = tuple(tuple(_cell(each) for each in row) for row in zip(*columns_shown, strict=True))
    return Outline(text="; ".join(said), headings=tuple(_cell(each) for each in headings), rows=cells)


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def _cell(text: str) -> str:
    return text if len(text) <= _LONGEST_CELL else f"{text[:_LONGEST_CELL]}… ({len(text):,} characters)"


_WORDS: Mapping[str, Callable[[Any, int], str]] = {
    **dict.fromkeys(("int", "float", "bool", "date", "datetime", "time"), lambda node, _depth: str(node["v"])),
    "none": lambda _node, _depth: "None",
    "str": lambda node, _depth: repr(node["v"]),
    **dict.fromkeys(("list", "tuple", "set"), _items),
    "dict": _pairs,
    "ndarray": lambda node, _depth: _shape(node),
    "frame": lambda node, _depth: f"a frame of {len(node['data'])} columns; {_ELSEWHERE}",
}
_TABLES: Mapping[str, Callable[[Any, Buffers], Outline]] = {"frame": _frame, "series": _series, "ndarray": _array}

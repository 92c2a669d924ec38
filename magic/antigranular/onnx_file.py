"""An ONNX file as data: its weights by name, and the graph that uses them. Read here, byte by byte; nothing of it is run.

Must not know what becomes of it. The format is protocol buffers (onnx/onnx.proto of the ONNX project, version IR 13); fields that
say nothing about the computation are passed over.
"""

import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from antigranular.errors import NotImportable
from antigranular.model import Model

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_TYPES = {
    1: "<f4", 2: "u1", 3: "i1", 4: "<u2", 5: "<i2", 6: "<i4", 7: "<i8", 9: "?", 10: "<f2", 11: "<f8", 12: "<u4", 13: "<u8",
    14: "<c8", 15: "<c16",
}  # fmt: skip
"""TensorProto.DataType, without texts and the types that numpy lacks."""
_TEXTS, _HALF = 8, 10
_MOST_DIMENSIONS = 64

Field = tuple[int, int, Any]


def read_onnx(path: str | os.PathLike[str]) -> Model:
    """The model in the file: ``weights``, ``nodes``, ``inputs`` and ``outputs``. Raises NotImportable where it is no ONNX file."""
    try:
        held = Path(path).read_bytes()
    except OSError as problem:
        raise NotImportable(f"{os.fspath(path)} can't be read: {problem.strerror}") from None
    try:
        return _model(held)
    except (struct.error, ValueError, IndexError, OverflowError) as problem:
        if isinstance(problem, NotImportable):
            raise
        raise NotImportable(f"{os.fspath(path)} is not an ONNX model: {problem}") from None


def _model(held: bytes) -> Model:
    found: dict[str, Any] = {"producer": "", "graph": None}
    for number, _, value in _fields(held):
        if number == 2:  # noqa: PLR2004 (producer_name)
            found["producer"] = _utf8(value)
        elif number == 7:  # noqa: PLR2004 (graph)
            found["graph"] = value
    if not isinstance(found["graph"], bytes):
        raise NotImportable("the file holds no graph, so it is not an ONNX model")
    return Model(kind="onnx", params={"producer": found["producer"]}, attributes=_graph(found["graph"]))


def _graph(held: bytes) -> dict[str, Any]:
    made: dict[str, Any] = {"weights": {}, "nodes": [], "inputs": [], "outputs": []}
    for number, _, value in _fields(held):
        if number == 5:  # noqa: PLR2004 (initializer)
            name, weights = _tensor(value)
            made["weights"][name] = weights
        elif number in _GRAPH:
            part, read = _GRAPH[number]
            made[part].append(read(value))
    return made


def _node(held: bytes) -> dict[str, Any]:
    made: dict[str, Any] = {"op": "", "inputs": [], "outputs": [], "attributes": {}}
    for number, _, value in _fields(held):
        if number == 1:
            made["inputs"].append(_utf8(value))
        elif number == 2:  # noqa: PLR2004 (output)
            made["outputs"].append(_utf8(value))
        elif number == 4:  # noqa: PLR2004 (op_type)
            made["op"] = _utf8(value)
        elif number == 5:  # noqa: PLR2004 (attribute)
            name, held_there = _attribute(value)
            made["attributes"][name] = held_there
    return made


def _attribute(held: bytes) -> tuple[str, Any]:
    name, several, single = "", [], None
    for number, wire, value in _fields(held):
        if number == 1:
            name = _utf8(value)
        elif number in _SINGLE:
            single = _SINGLE[number](value)
        elif number in _SEVERAL:
            several.extend(_SEVERAL[number](wire, value))
    return name, several or single


def _tensor(held: bytes) -> tuple[str, Any]:
    """One array of weights by its name."""
    fields: dict[int, list[Any]] = {}
    for number, wire, value in _fields(held):
        read = _TENSOR.get(number)
        if read is not None:
            fields.setdefault(read[0], []).extend(read[1](wire, value))
    name = fields.get(_NAME, [""])[0]
    if _ELSEWHERE in fields:
        raise NotImportable("the model keeps weights in files of their own; save it as one file")
    if len(fields.get(_SIZES, ())) > _MOST_DIMENSIONS:
        raise NotImportable(f"the weights {name} have too many dimensions")
    return name, _weights(name, fields).reshape(fields.get(_SIZES, []))


def _weights(name: str, fields: dict[int, list[Any]]) -> Any:
    import numpy as np

    kind, items = fields.get(_KIND, [0])[0], fields.get(_ITEMS, [])
    if kind == _TEXTS:
        return np.array(items, dtype=object)
    if kind not in _TYPES:
        raise NotImportable(f"the weights {name} are of a type that numpy lacks")
    if _RAW in fields:
        return np.frombuffer(fields[_RAW][0], dtype=_TYPES[kind])
    if kind == _HALF:  # they travel as the integers of their bits
        return np.array(items, dtype="<u2").view("<f2")
    return np.array(items, dtype=_TYPES[kind])


def _value(held: bytes) -> str:
    return next((_utf8(value) for number, _, value in _fields(held) if number == 1), "")


def _fields(held: bytes) -> Iterator[Field]:
    """The fields of one message: number, wire type and value. ValueError where the bytes are none."""
    place = 0
    while place < len(held):
        key, place = _varint(held, place)
        wire = key & 7
        if wire == _VARINT:
            value: Any
            value, place = _varint(held, place)
        elif wire == _BYTES:
            length, place = _varint(held, place)
            value, place = held[place : place + length], place + length
            if len(value) != length:
                raise ValueError("it ends in the middle")
        elif wire in (_FIXED32, _FIXED64):
            size = 4 if wire == _FIXED32 else 8
            value, place = held[place : place + size], place + size
        else:
            raise ValueError("it is made of something else")
        yield key >> 3, wire, value


def _varint(held: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = held[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:  # noqa: PLR2004 (the last byte of a number)
            return value, place
        if shift > 63:  # noqa: PLR2004 (numbers have 64 bits)
            raise ValueError("a number in it is too long")


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def _utf8(value: Any) -> str:
    if not isinstance(value, bytes):
        raise NotImportable("a name in the file is no text, so it is not an ONNX model")
    return value.decode("utf-8", "replace")


def _integers(wire: int, value: Any) -> list[int]:
    """Whole numbers, one or packed."""
    if wire == _VARINT:
        return [_signed(value)]
    found, place = [], 0
    while place < len(value):
        number, place = _varint(value, place)
        found.append(_signed(number))
    return found


def _floats(code: str) -> Callable[[int, Any], list[float]]:
    return lambda _wire, value: [number for (number,) in struct.iter_unpack(code, value)]


_GRAPH: dict[int, tuple[str, Callable[[bytes], Any]]] = {
    1: ("nodes", _node),
    11: ("inputs", _value),
    12: ("outputs", _value),
}
_SINGLE: dict[int, Callable[[Any], Any]] = {
    2: lambda value: struct.unpack("<f", value)[0],
    3: _signed,
    4: lambda value: value,
    5: lambda value: _tensor(value)[1],
    6: _graph,
}
_SEVERAL: dict[int, Callable[[int, Any], list[Any]]] = {
    7: _floats("<f"),
    8: _integers,
    9: lambda _wire, value: [value],
    10: lambda _wire, value: [_tensor(value)[1]],
    11: lambda _wire, value: [_graph(value)],
}
_SIZES, _KIND, _NAME, _RAW, _ELSEWHERE, _ITEMS = range(6)
_TENSOR: dict[int, tuple[int, Callable[[int, Any], list[Any]]]] = {
    1: (_SIZES, _integers),
    2: (_KIND, _integers),
    4: (_ITEMS, _floats("<f")),
    5: (_ITEMS, _integers),
    6: (_ITEMS, lambda _wire, value: [_utf8(value)]),
    7: (_ITEMS, _integers),
    8: (_NAME, lambda _wire, value: [_utf8(value)]),
    9: (_RAW, lambda _wire, value: [value]),
    10: (_ITEMS, _floats("<d")),
    11: (_ITEMS, _integers),
    13: (_ELSEWHERE, lambda _wire, value: [value]),
}
"""Which of a tensor's fields says what, and how it is read."""

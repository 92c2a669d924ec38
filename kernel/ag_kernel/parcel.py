"""One large value as a run of bytes that travels in pieces: the length of its head, the head, and the buffers that the head counts.

It must not know what the head says about the value, nor who carries the pieces.
"""

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ag_kernel.errors import MalformedMessage
from ag_kernel.wire import Buffer

PIECE_BYTES: Final = 1 << 20
_LENGTH: Final = struct.Struct("<Q")
_SIZES: Final = "sizes"
_ALIGNED: Final = 8


def pack(head: Mapping[str, Any], buffers: Sequence[Buffer]) -> list[Buffer]:
    """The run, as parts to be sent one after the other; the first buffer begins where a machine likes its numbers to."""
    text = json.dumps({**head, _SIZES: [len(one) for one in buffers]}, allow_nan=False, separators=(",", ":")).encode()
    text = text.ljust(-(-len(text) // _ALIGNED) * _ALIGNED)
    return [_LENGTH.pack(len(text)), text, *buffers]


def pieces(parts: Sequence[Buffer]) -> Iterator[Buffer]:
    """The same run in pieces of at most ``PIECE_BYTES``; never two copies of them in memory, and none of what lies within one part."""
    held: list[memoryview] = []
    room = PIECE_BYTES
    for part in parts:
        rest = memoryview(part)
        while rest:
            held.append(rest[:room])
            room -= len(held[-1])
            rest = rest[len(held[-1]) :]
            if not room:
                yield _together(held)
                held, room = [], PIECE_BYTES
    if held:
        yield _together(held)


def _together(held: Sequence[memoryview]) -> Buffer:
    return held[0] if len(held) == 1 else b"".join(held)


def unpack(run: bytearray) -> tuple[dict[str, Any], list[memoryview]]:
    """The head and the buffers. MalformedMessage for anything else."""
    view = memoryview(run)
    try:
        (length,) = _LENGTH.unpack_from(view)
        head = json.loads(bytes(view[_LENGTH.size : _LENGTH.size + length]))
        sizes = head.pop(_SIZES)
        counted = all(type(size) is int and size >= 0 for size in sizes)
    except (struct.error, ValueError, RecursionError, AttributeError, KeyError, TypeError):
        raise MalformedMessage("what arrived is not a value: its head can't be read") from None
    place = _LENGTH.size + length
    if not counted or place + sum(sizes) != len(view):
        raise MalformedMessage("what arrived is not a value: its parts don't fit into it")
    found = []
    for size in sizes:
        found.append(view[place : place + size])
        place += size
    return head, found

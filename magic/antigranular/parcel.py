"""One large value as a run of bytes that travels in pieces: the length of its head, the head, and the buffers that the head counts.

Must not know what the head says about the value, nor who carries the pieces.
"""

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from antigranular.errors import WireError
from antigranular.wire import Buffer

PIECE_BYTES = 1 << 20
LARGEST_BYTES = 1 << 30
"""What an enclave may announce: beyond it nobody here takes memory."""
_LENGTH = struct.Struct("<Q")
_SIZES = "sizes"
_ALIGNED = 8


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
    """The head and the buffers. Raises WireError for anything else."""
    view = memoryview(run)
    try:
        (length,) = _LENGTH.unpack_from(view)
        head = json.loads(bytes(view[_LENGTH.size : _LENGTH.size + length]))
        sizes = head.pop(_SIZES)
        counted = all(type(size) is int and size >= 0 for size in sizes)
    except (struct.error, ValueError, RecursionError, AttributeError, KeyError, TypeError) as problem:
        raise WireError(f"the enclave sent a value whose head can't be read: {problem}") from None
    place = _LENGTH.size + length
    if not counted or place + sum(sizes) != len(view):
        raise WireError("the enclave sent a value whose parts don't fit into it")
    found = []
    for size in sizes:
        found.append(view[place : place + size])
        place += size
    return head, found


class Arriving:
    """A value whose pieces come in: all of the same announcement, in order, each once."""

    def __init__(self, announced: Mapping[str, Any]) -> None:
        self.pieces = _count(announced.get("pieces"))
        self.size = _count(announced.get("size"))
        self.run = bytearray()
        self.next = 0

    def misses(self, announced: Mapping[str, Any]) -> bool:
        """Whether a piece between the last one and this one never came."""
        piece = announced.get("piece")
        return isinstance(piece, int) and piece > self.next

    def take(self, announced: Mapping[str, Any], buffers: Sequence[Buffer]) -> bool:
        """One piece; whether it was the last. Raises WireError for one that is not next."""
        if announced.get("piece") != self.next or len(buffers) != 1 or len(self.run) + len(buffers[0]) > self.size:
            raise WireError("the enclave sent a large value in pieces that don't fit together")
        self.run += buffers[0]
        self.next += 1
        return self.next == self.pieces


def _count(announced: Any) -> int:
    if type(announced) is not int or not 0 < announced <= LARGEST_BYTES:
        raise WireError("the enclave announced a value of an impossible size")
    return announced

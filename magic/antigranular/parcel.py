"""One large value as a run of bytes that travels in pieces: the length of its head, the head, and the buffers that the head counts.

Must not know what the head says about the value, nor who carries the pieces.
"""

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from antigranular.errors import WireError

PIECE_BYTES = 4 << 20
LARGEST_BYTES = 1 << 30
"""What an enclave may announce: beyond it nobody here takes memory."""
_LENGTH = struct.Struct("<Q")
_SIZES = "sizes"


def pack(head: Mapping[str, Any], buffers: Sequence[bytes]) -> list[bytes]:
    """The run, as parts to be sent one after the other."""
    text = json.dumps({**head, _SIZES: [len(one) for one in buffers]}, allow_nan=False, separators=(",", ":")).encode()
    return [_LENGTH.pack(len(text)), text, *buffers]


def pieces(parts: Sequence[bytes]) -> Iterator[bytes]:
    """The same run in pieces of at most ``PIECE_BYTES``; never two of them in memory."""
    held: list[memoryview] = []
    room = PIECE_BYTES
    for part in parts:
        rest = memoryview(part)
        while rest:
            held.append(rest[:room])
            room -= len(held[-1])
            rest = rest[len(held[-1]) :]
            if not room:
                yield b"".join(held)
                held, room = [], PIECE_BYTES
    if held:
        yield b"".join(held)


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

    def take(self, announced: Mapping[str, Any], buffers: Sequence[bytes]) -> bool:
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

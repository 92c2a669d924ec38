"""Frames on a stream between our own processes: four bytes of length, big-endian, then that many bytes.

The far end is not trusted: a length over the limit ends the conversation before memory is taken for it.
"""

import asyncio
import struct

from ag_enclave.errors import MalformedMessage

_LENGTH = struct.Struct(">I")


def frame(payload: bytes) -> bytes:
    """The payload with its length in front."""
    return _LENGTH.pack(len(payload)) + payload


async def read_frame(stream: asyncio.StreamReader, limit: int) -> bytes | None:
    """One frame; None at the end of the stream. MalformedMessage for half a frame or one over the limit."""
    try:
        head = await stream.readexactly(_LENGTH.size)
        (length,) = _LENGTH.unpack(head)
        if length > limit:
            raise MalformedMessage("a frame is longer than it may be")
        return await stream.readexactly(length)
    except asyncio.IncompleteReadError as problem:
        if problem.partial:
            raise MalformedMessage("the stream ended inside a frame") from problem
        return None
    except OSError:
        return None

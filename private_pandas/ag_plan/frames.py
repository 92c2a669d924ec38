"""Frames on a stream socket: four bytes of length, big-endian, then that many bytes of message.

Blocking on purpose: each side has one conversation. A frame over the limit ends the conversation.
"""

import socket
import struct

from ag_plan.errors import MalformedPlan

MAX_FRAME_BYTES = 64 << 20
_LENGTH = struct.Struct(">I")


def send_frame(stream: socket.socket, payload: bytes) -> None:
    """Write one frame. MalformedPlan where it is too long to send (nothing was written); OSError where the peer is gone."""
    if len(payload) > MAX_FRAME_BYTES:
        raise MalformedPlan(f"a message must not be longer than {MAX_FRAME_BYTES >> 20} MiB")
    stream.sendall(_LENGTH.pack(len(payload)) + payload)


def receive_frame(stream: socket.socket) -> bytes | None:
    """Read one frame; None at the end of the stream. MalformedPlan for a half frame or one over the limit."""
    head = _receive(stream, _LENGTH.size)
    if not head:
        return None
    if len(head) < _LENGTH.size:
        raise MalformedPlan("the stream ended inside a frame")
    (length,) = _LENGTH.unpack(head)
    if length > MAX_FRAME_BYTES:
        raise MalformedPlan(f"a message must not be longer than {MAX_FRAME_BYTES >> 20} MiB")
    payload = _receive(stream, length)
    if len(payload) < length:
        raise MalformedPlan("the stream ended inside a frame")
    return payload


def _receive(stream: socket.socket, count: int) -> bytes:
    """Up to ``count`` bytes, fewer only at the end of the stream; memory grows with what arrives, not with what is claimed."""
    parts: list[bytes] = []
    while count:
        part = stream.recv(min(count, 1 << 20))
        if not part:
            break
        parts.append(part)
        count -= len(part)
    return b"".join(parts)

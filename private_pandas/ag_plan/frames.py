"""Frames on a stream socket: four bytes of length, big-endian, then that many bytes of message.

Blocking on purpose: each side has one conversation. A frame over the limit ends the conversation.
"""

import socket
import struct

from ag_plan.errors import MalformedPlan

MAX_FRAME_BYTES = 64 << 20
_LENGTH = struct.Struct(">I")
_PART = 1 << 20
_FIRST_PART = 1 << 16
"""Of what is read while no frame has begun: nearly all are shorter, and a large buffer is made anew each time."""


class Frames:
    """Whole frames out of what arrives of a stream, part by part. ``longest`` bounds a frame, and with it the memory that a peer can fill."""

    def __init__(self, *, longest: int = MAX_FRAME_BYTES) -> None:
        self._longest = longest
        self._begun = bytearray()

    @property
    def wanted(self) -> int:
        """How much to read at once: memory grows with what arrives, not with what is claimed."""
        return _PART if self._begun else _FIRST_PART

    @property
    def half(self) -> bool:
        """Whether a frame has begun and is not whole."""
        return bool(self._begun)

    def take(self, part: bytes) -> list[bytes]:
        """The frames that are whole by now. MalformedPlan for a frame over the limit."""
        if not self._begun and len(part) >= _LENGTH.size and self._length(part, 0) == len(part) - _LENGTH.size:
            return [part[_LENGTH.size :]]  # what nearly always comes: one frame and nothing else
        self._begun += part
        frames: list[bytes] = []
        start = 0
        while len(self._begun) - start >= _LENGTH.size:
            length = self._length(self._begun, start)
            if len(self._begun) - start - _LENGTH.size < length:
                break
            start += _LENGTH.size
            frames.append(bytes(self._begun[start : start + length]))
            start += length
        del self._begun[:start]
        return frames

    def _length(self, stream: bytes | bytearray, start: int) -> int:
        length: int = _LENGTH.unpack_from(stream, start)[0]
        if length > self._longest:
            raise MalformedPlan(f"a message must not be longer than {self._longest >> 20} MiB")
        return length


def framed(payload: bytes) -> bytes:
    """A message as one frame. MalformedPlan where it is too long to send."""
    if len(payload) > MAX_FRAME_BYTES:
        raise MalformedPlan(f"a message must not be longer than {MAX_FRAME_BYTES >> 20} MiB")
    return _LENGTH.pack(len(payload)) + payload


def send_frame(stream: socket.socket, payload: bytes) -> None:
    """Write one frame. MalformedPlan where it is too long to send (nothing was written); OSError where the peer is gone."""
    stream.sendall(framed(payload))


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
        part = stream.recv(min(count, _PART))
        if not part:
            break
        parts.append(part)
        count -= len(part)
    return b"".join(parts)

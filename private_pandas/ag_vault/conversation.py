"""Frames over a socket that is only read when it has something: a half frame keeps nobody waiting but its sender.

Knows lengths and bytes, no messages.
"""

import socket
import struct

from ag_plan.errors import MalformedPlan
from ag_plan.frames import MAX_FRAME_BYTES, send_frame

_LENGTH = struct.Struct(">I")
_PATIENCE_SECONDS = 30.0
"""A peer that doesn't take its reply for so long is gone."""


class Conversation:
    """One peer. ``longest`` bounds a frame, and with it the memory that a peer can fill."""

    def __init__(self, stream: socket.socket, *, longest: int = MAX_FRAME_BYTES) -> None:
        stream.settimeout(_PATIENCE_SECONDS)
        self.stream = stream
        self._longest = longest
        self._read = bytearray()

    def receive(self) -> list[bytes] | None:
        """Whole frames among what has arrived; None at the end of the stream. MalformedPlan for a frame over the limit."""
        part = self.stream.recv(1 << 20)
        if not part:
            return None
        self._read += part
        frames: list[bytes] = []
        start = 0
        while len(self._read) - start >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._read, start)
            if length > self._longest:
                raise MalformedPlan("a frame is over the limit")
            if len(self._read) - start - _LENGTH.size < length:
                break
            start += _LENGTH.size
            frames.append(bytes(self._read[start : start + length]))
            start += length
        del self._read[:start]
        return frames

    def send(self, payload: bytes) -> None:
        """Send one frame. OSError where the peer is gone or doesn't read; MalformedPlan where the frame is over the limit."""
        send_frame(self.stream, payload)

"""Frames over a socket that is only read when it has something: a half frame keeps nobody waiting but its sender.

Knows lengths and bytes, no messages.
"""

import socket

from ag_plan.frames import MAX_FRAME_BYTES, Frames, framed

_PATIENCE_SECONDS = 30.0
"""A peer that doesn't take its reply for so long is gone."""


class Conversation:
    """One peer. ``longest`` bounds a frame, and with it the memory that a peer can fill."""

    def __init__(self, stream: socket.socket, *, longest: int = MAX_FRAME_BYTES) -> None:
        stream.setblocking(False)
        self.stream = stream
        self._frames = Frames(longest=longest)

    def receive(self) -> list[bytes] | None:
        """Whole frames among what has arrived; None at the end of the stream. MalformedPlan for a frame over the limit."""
        try:
            part = self.stream.recv(self._frames.wanted)
        except BlockingIOError:
            return []
        return self._frames.take(part) if part else None

    def send(self, payload: bytes) -> None:
        """Send one frame. OSError where the peer is gone or doesn't read; MalformedPlan where the frame is over the limit."""
        frame = framed(payload)
        try:
            sent = self.stream.send(frame)
        except BlockingIOError:
            sent = 0
        if sent < len(frame):
            self.stream.settimeout(_PATIENCE_SECONDS)
            self.stream.sendall(memoryview(frame)[sent:])
            self.stream.setblocking(False)

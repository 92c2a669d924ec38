"""The session channel: frames of Jupyter messages to and from the gateway, one at a time.

It must not know what the messages mean; a frame is always sent whole, whatever interrupts the cell.
"""

import itertools
import select
import socket
import struct
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ag_kernel.errors import MalformedMessage
from ag_kernel.interrupts import Interrupts
from ag_kernel.wire import Buffer, Json, Message, decode, new_header, parts_of

MAX_FRAME_BYTES: Final = 128 << 20
_LENGTH: Final = struct.Struct(">I")
_PIECE: Final = 1 << 20
_LARGE: Final = 1 << 16


class Channel:
    """The kernel's end of the stream to the gateway."""

    def __init__(self, stream: socket.socket, *, session: str, interrupts: Interrupts) -> None:
        self._stream = stream
        self._news = select.poll()
        self._news.register(stream, select.POLLIN)
        self._session = session
        self._interrupts = interrupts
        self._parent: Mapping[str, Any] = {}
        self._questions = itertools.count(1)
        self._held: list[Buffer] = []
        """What goes with the next message: each one that is sent alone wakes the gateway and its client."""
        self._early: deque[Message] = deque()
        """What came while a question's answer was awaited."""

    def receive(self) -> Message | None:
        """The next message; None where the gateway is gone. MalformedMessage for bytes that are none (the stream goes on)."""
        return self._early.popleft() if self._early else self._read()

    def ask(self, question: str, content: Mapping[str, Any]) -> Json:
        """Put a question of a running cell to the gateway; its answer. ConnectionError where that is gone.

        An interrupt may come while the answer is awaited, which is then passed over when it comes.
        """
        number = next(self._questions)
        self._send("stdin", f"{question}_request", {**content, "number": number}, ())
        answer: Json | None = None
        while answer is None:
            select.select([self._stream], [], [])  # here, where an interrupt does no harm
            with self._interrupts.shield():
                answer = self._answer(f"{question}_reply", number)
        return answer

    def _answer(self, kind: str, number: int) -> Json | None:
        """The answer to a question, if the next message is that; any other is kept for its turn, but for a late answer."""
        try:
            found = self._read()
        except MalformedMessage:
            return None
        if found is None:
            raise ConnectionError("the enclave's gateway is gone")
        if found.kind != kind:
            self._early.append(found)
        elif found.content.get("number") == number:
            return dict(found.content)
        return None

    def _read(self) -> Message | None:
        self._news.poll()  # who waits in `recv` itself is also woken by whoever takes what was sent
        head = self._exactly(_LENGTH.size)
        if head is None:
            return None
        (length,) = _LENGTH.unpack(head)
        if length > MAX_FRAME_BYTES:
            self._skip(length)
            raise MalformedMessage(f"a message must not be longer than {MAX_FRAME_BYTES >> 20} MiB")
        payload = self._exactly(length)
        return None if payload is None else decode(payload)

    def waiting(self) -> bool:
        """Whether a message is there to be read now."""
        return bool(self._early) or bool(select.select([self._stream], [], [], 0)[0])

    def answer_to(self, request: Message) -> None:
        """Everything sent from now on belongs to this request."""
        self._parent = request.header

    def publish(
        self, kind: str, content: Mapping[str, Any], *, buffers: Sequence[Buffer] = (), held: bool = False
    ) -> None:
        """Send to everybody who watches the session; ``held``: together with the next message, which follows at once."""
        self._send("iopub", kind, content, buffers, held=held)

    def reply(self, request: Message, kind: str, content: Mapping[str, Any], *, held: bool = False) -> None:
        """Answer the request on the channel it came on; ``held`` as above."""
        self._send(request.channel, kind, content, (), held=held)

    def _send(
        self, channel: str, kind: str, content: Mapping[str, Any], buffers: Sequence[Buffer], *, held: bool = False
    ) -> None:
        header = new_header(kind, self._session)
        parts = parts_of(
            Message(channel=channel, header=header, parent_header=self._parent, content=content, buffers=buffers)
        )
        size = sum(map(len, parts))
        if size > MAX_FRAME_BYTES:
            raise ValueError(f"a message must not be longer than {MAX_FRAME_BYTES >> 20} MiB")
        with self._interrupts.shield():
            self._held += (_LENGTH.pack(size), *parts)
            if not held:
                whole, self._held = self._held, []
                for run in _runs(whole):
                    self._stream.sendall(run)

    def _exactly(self, count: int) -> bytes | None:
        """That many bytes, or None at the end of the stream; memory grows with what arrives, not with what is claimed."""
        parts: list[bytes] = []
        while count:
            part = self._stream.recv(min(count, _PIECE))
            if not part:
                return None
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def _skip(self, count: int) -> None:
        while count and (part := self._stream.recv(min(count, _PIECE))):
            count -= len(part)


def _runs(parts: Sequence[Buffer]) -> Iterator[Buffer]:
    """What to hand over at once: large parts as they are, small ones together."""
    small: list[Buffer] = []
    for part in parts:
        if len(part) < _LARGE:
            small.append(part)
            continue
        yield b"".join(small)
        small = []
        yield part
    yield b"".join(small)

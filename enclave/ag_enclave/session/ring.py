"""What a session said, bounded: readers follow it, a reconnecting one catches up, and what was dropped is counted.

Knows positions and sizes, not what a message says.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field, replace

from ag_enclave.bridge import wire_json, wire_v1
from ag_enclave.bridge.message import Message


class Said:
    """One message with its number, encoded once per layout, when first asked for; one with buffers each time, so that these are held once."""

    __slots__ = ("_json", "_v1", "message", "number", "size")

    def __init__(self, number: int, message: Message) -> None:
        self.number = number
        self.message = message
        bare = wire_v1.encode(replace(message, buffers=()))
        self._v1: bytes | None = None if message.buffers else bare
        self._json: str | bytes | None = None
        self.size = len(bare) + sum(map(len, message.buffers))

    def v1(self) -> bytes:
        """The binary layout."""
        encoded = self._v1 or wire_v1.encode(self.message)
        if not self.message.buffers:
            self._v1 = encoded
        return encoded

    def json(self) -> str | bytes:
        """The default layout; kept in place of the binary one, since a client speaks only one."""
        encoded = self._json or wire_json.encode(self.message)
        if not self.message.buffers:
            self._json, self._v1 = encoded, None
        return encoded


@dataclass(eq=False, slots=True)
class Reader:
    """One connection's place: the number of the next message it wants."""

    position: int
    cut: asyncio.Event = field(default_factory=asyncio.Event)


class Ring:
    """The last messages, up to ``most_bytes`` and ``most_messages``, and beyond that what a connected reader still wants."""

    def __init__(self, *, most_bytes: int, most_messages: int) -> None:
        self._most_bytes = most_bytes
        self._most_messages = most_messages
        self._said: deque[Said] = deque()
        self._bytes = 0
        self._finished = False
        self._news = asyncio.Event()
        self._moved = asyncio.Event()
        self.readers: set[Reader] = set()
        self.end = 0
        """The number of the next message."""

    @property
    def start(self) -> int:
        """The number of the oldest message still here."""
        return self.end - len(self._said)

    def append(self, message: Message) -> None:
        """Add a message; the oldest ones that nobody connected wants make room."""
        said = Said(self.end, message)
        self._said.append(said)
        self._bytes += said.size
        self.end += 1
        self._trim()
        news, self._news = self._news, asyncio.Event()
        news.set()

    def finish(self) -> None:
        """Nothing more will be said: readers that have everything are done."""
        self._finished = True
        self._news.set()

    async def next(self, reader: Reader) -> tuple[int, Said] | None:
        """How many were dropped, and the message the reader wants or the oldest after it; None where no more will come."""
        while reader.position >= self.end:
            if self._finished:
                return None
            await self._news.wait()
        dropped = max(0, self.start - reader.position)
        said = self._said[reader.position + dropped - self.start]
        return dropped, said

    def taken(self, reader: Reader, said: Said) -> None:
        """The reader handed this message to its client."""
        reader.position = said.number + 1
        self._trim()
        self._moved.set()

    async def room(self, seconds: float) -> None:
        """Wait until there is room; readers that don't move for ``seconds`` are told to go (their ``cut`` is set)."""
        while self._is_over() and (slow := self._slow()):
            self._moved.clear()
            try:
                async with asyncio.timeout(seconds):
                    await self._moved.wait()
            except TimeoutError:
                for reader in slow:
                    reader.cut.set()
                    self.leave(reader)

    def leave(self, reader: Reader) -> None:
        """The reader is gone; nobody waits for it."""
        self.readers.discard(reader)
        self._trim()
        self._moved.set()

    def _trim(self) -> None:
        """Drop what is over, oldest first; never the newest, nor what a connected reader still wants."""
        while len(self._said) > 1 and self._is_over() and not self._slow():
            self._bytes -= self._said.popleft().size

    def _is_over(self) -> bool:
        return self._bytes > self._most_bytes or len(self._said) > self._most_messages

    def _slow(self) -> list[Reader]:
        """Connected readers that still want the oldest message."""
        return [reader for reader in self.readers if reader.position <= self.start < self.end]

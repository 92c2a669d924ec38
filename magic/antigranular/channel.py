"""The session's websocket with its reader thread: hands each message to the cell that asked for it. Must not know what a cell is.

The thread blocks in ``receive`` and the cells block in ``Inbox.get``: nobody polls. The connection is opened when the
first cell needs it, and reopened by the waiting cell when it breaks; the reader only reports the break.
"""

import itertools
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Lock, Thread

from antigranular.errors import AgError, ConnectionLost, EnclaveUnreachable, UntrustedEnclave, WireError
from antigranular.transport import Line
from antigranular.wire import Message, decode, encode

REOPEN_DELAYS = (0.0, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0)
"""Seconds before each try to take up a broken connection: about a minute in all."""

SEEN_LIMIT = 4096
"""Message ids remembered, so that what a reopened connection replays is shown once."""

Event = Message | AgError
Inbox = SimpleQueue[Event]
Outbox = SimpleQueue[tuple[bytes, Inbox] | None]


class Channel:
    """One session's connection. ``open_line(count)`` opens a websocket that goes on after the first ``count`` messages."""

    def __init__(self, open_line: Callable[[int], Line], pause: Callable[[float], None] = time.sleep) -> None:
        self._open_line = open_line
        self._pause = pause
        self._lock = Lock()
        self._line: Line | None = None
        self._outbox: Outbox | None = None
        self._received = 0
        self._reached = -1
        self._barren = 0
        self._inboxes: dict[str, Inbox] = {}
        self._everybody: list[Inbox] = []
        self._curious: list[Inbox] = []
        self._seen: OrderedDict[str, None] = OrderedDict()

    @contextmanager
    def listening(self, *, to_all: bool = False) -> Iterator[Inbox]:
        """An inbox for what answers the requests sent with it, and for what concerns everybody: breaks, the kernel's death.

        ``to_all``: also for answers to requests that nobody here sent, as those of an earlier process.
        """
        inbox: Inbox = SimpleQueue()
        self._everybody.append(inbox)
        if to_all:
            self._curious.append(inbox)
        try:
            yield inbox
        finally:
            self._everybody.remove(inbox)
            if to_all:
                self._curious.remove(inbox)
            for name in [name for name, owner in self._inboxes.items() if owner is inbox]:
                del self._inboxes[name]

    def send(self, message: Message, inbox: Inbox) -> None:
        """Send, on a new connection where there is none. What answers arrives in the inbox, and so does what goes wrong.

        The writer thread does it, in order, so that a Ctrl-C in the cell's thread never leaves half a message on the line.
        """
        self._inboxes[message.header["msg_id"]] = inbox
        with self._lock:
            if self._outbox is None:
                self._outbox = SimpleQueue()
                Thread(target=self._write, args=(self._outbox,), name="antigranular-writer", daemon=True).start()
            self._outbox.put((encode(message), inbox))

    def _write(self, outbox: Outbox) -> None:
        """The writer thread's life: until the channel is closed."""
        while (sending := outbox.get()) is not None:
            raw, inbox = sending
            try:
                self._send(raw, inbox)
            except AgError as problem:
                inbox.put(self._as_break(problem))
            except Exception as problem:  # noqa: BLE001 - whoever waits must hear of it: nothing else would end the wait
                inbox.put(_unforeseen(problem))

    def _as_break(self, problem: AgError) -> AgError:
        """A connection that can't be opened just now, where there was one before, is a break like any other: it is worth more tries."""
        again = isinstance(problem, EnclaveUnreachable) and not isinstance(problem, UntrustedEnclave | ConnectionLost)
        return ConnectionLost(str(problem)) if again and self._received else problem

    def _send(self, raw: bytes, inbox: Inbox) -> None:
        line = self._opened()
        try:
            line.send(raw)
        except ConnectionLost as problem:
            # It broke while nobody listened. What was not sent whole never arrives: sending it again is safe.
            self._broke(line, problem, but=inbox)
            self._opened().send(raw)

    def reopen(self) -> None:
        """Take up a broken connection, with growing pauses, also from one that brought nothing to the next. Raises ConnectionLost after the last."""
        if self._line is not None:
            return  # The reader and the writer may both tell of one break.
        self._barren = self._barren + 1 if self._received == self._reached else 0
        self._reached = self._received
        problem = "it breaks whenever it is opened"
        for attempt in itertools.count(self._barren):
            if attempt > len(REOPEN_DELAYS):
                raise ConnectionLost(f"the connection broke and can't be taken up again: {problem}")
            if attempt:
                self._pause(REOPEN_DELAYS[attempt - 1])
            try:
                self._opened()
                return
            except UntrustedEnclave:
                raise
            except EnclaveUnreachable as unreachable:
                problem = str(unreachable)

    def close(self) -> None:
        """Close the connection; a later send opens a new one."""
        with self._lock:
            line, self._line = self._line, None
            outbox, self._outbox = self._outbox, None
        if outbox is not None:
            outbox.put(None)
        if line is not None:
            line.close()

    def _opened(self) -> Line:
        with self._lock:
            if self._line is None:
                self._line = self._open_line(self._received)
                Thread(
                    target=self._read, args=(self._line, self._received), name="antigranular-reader", daemon=True
                ).start()
            return self._line

    def _read(self, line: Line, place: int) -> None:
        """The reader thread's life: until the line breaks. ``place`` is the number of the first message it gets."""
        try:
            while True:
                message = decode(line.receive())
                place += 1
                # Not += 1: an older line's reader may still be at what this one got again.
                self._received = max(self._received, place)
                if self._is_new(message):
                    self._deliver(message)
        except (ConnectionLost, WireError) as end:
            self._broke(line, end)
        except Exception as problem:  # noqa: BLE001 - as above
            self._broke(line, _unforeseen(problem))
        line.close()

    def _broke(self, line: Line, end: AgError, but: Inbox | None = None) -> None:
        """Forget a broken line and say so, once, unless it was closed on purpose."""
        with self._lock:
            ours = self._line is line
            if ours:
                self._line = None
        if ours:
            self._tell_everybody(end, but)

    def _is_new(self, message: Message) -> bool:
        """False for a message that a reopened connection repeats."""
        name = str(message.header.get("msg_id", ""))
        if not name:
            return True
        if name in self._seen:
            return False
        self._seen[name] = None
        if len(self._seen) > SEEN_LIMIT:
            self._seen.popitem(last=False)
        return True

    def _deliver(self, message: Message) -> None:
        inbox = self._inboxes.get(message.parent)
        if inbox is not None:
            inbox.put(message)
        elif not message.parent:
            self._tell_everybody(message)
        else:
            for curious in tuple(self._curious):
                curious.put(message)

    def _tell_everybody(self, event: Event, but: Inbox | None = None) -> None:
        for inbox in tuple(self._everybody):
            if inbox is not but:
                inbox.put(event)


def _unforeseen(problem: Exception) -> WireError:
    return WireError(f"what the enclave sent can't be taken: {type(problem).__name__}")

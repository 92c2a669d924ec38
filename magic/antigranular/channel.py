"""The session's websocket with its reader thread: hands each message to the cell that asked for it. Must not know what a cell is.

The reader blocks in ``receive`` and the cells block in their inboxes: nobody polls. The connection is opened when the
first cell needs it, and reopened for the waiting cell when it breaks; the reader only reports the break. Opening and sending are the
writer thread's alone: no Ctrl-C comes there, so that nothing is ever half opened or half sent, and nobody waits for a lock meanwhile.
"""

import itertools
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Lock, Thread
from weakref import WeakValueDictionary, ref

from antigranular.errors import AgError, ConnectionLost, EnclaveUnreachable, UntrustedEnclave, WireError
from antigranular.inbox import Event, Inbox
from antigranular.transport import Line
from antigranular.wire import Message, decode, encode

REOPEN_DELAYS = (0.0, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0)
"""Seconds before each try to take up a broken connection: about a minute in all."""

SEEN_LIMIT = 4096
"""Message ids remembered, so that what a reopened connection replays is shown once."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class _Asked:
    """A request on its way out. Its ``turn`` is taken once: by the writer, who then sends it, or by who withdraws it."""

    raw: bytes
    inbox: Inbox
    turn: list[None] = field(default_factory=lambda: [None])

    def claim(self) -> bool:
        """Take the turn; False where it was taken."""
        try:
            self.turn.pop()
        except IndexError:
            return False
        return True


Opened = SimpleQueue[AgError | None]
Outbox = SimpleQueue[_Asked | Opened | None]
"""Requests to send; an answer wanted to whether there is a connection; None: it is over."""


class Channel:
    """One session's connection. ``open_line(count)`` opens a websocket that goes on after the first ``count`` messages."""

    def __init__(self, open_line: Callable[[int], Line], pause: Callable[[float], None] = time.sleep) -> None:
        self._open_line = open_line
        self._pause = pause
        self._lock = Lock()
        self._line: Line | None = None
        self._posting = Lock()
        self._outbox: Outbox | None = None
        self._writer: Thread | None = None
        self._received = 0
        self._reached = -1
        self._barren = 0
        self.opened = 0
        """How many connections there have been."""
        # All weak: what nobody waits for any more is forgotten, whatever interrupted its end.
        self._asked: WeakValueDictionary[str, _Asked] = WeakValueDictionary()
        self._everybody: list[ref[Inbox]] = []
        self._curious: list[ref[Inbox]] = []
        self._seen: OrderedDict[str, None] = OrderedDict()

    @contextmanager
    def listening(self, *, to_all: bool = False) -> Iterator[Inbox]:
        """An inbox for what answers the requests sent with it, and for what concerns everybody: breaks, the kernel's death.

        ``to_all``: also for answers to requests that nobody here sent, as those of an earlier process.
        """
        inbox = Inbox()
        self._everybody.append(ref(inbox, self._everybody.remove))
        if to_all:
            self._curious.append(ref(inbox, self._curious.remove))
        try:
            yield inbox
        finally:
            inbox.close()

    def send(self, message: Message, inbox: Inbox) -> None:
        """Send, on a new connection where there is none. What answers arrives in the inbox, and so does what goes wrong.

        The writer thread does it, in order, and as soon as there is a connection.
        """
        asked = _Asked(raw=encode(message), inbox=inbox)
        inbox.waits_for.append(asked)
        self._asked[message.header["msg_id"]] = asked
        self._post(asked)

    def withdraw(self, message: Message) -> bool:
        """Whether a message did not leave, and now never will."""
        asked = self._asked.get(message.header["msg_id"])
        return asked is None or asked.claim()

    def _post(self, what: _Asked | Opened) -> None:
        """Hand something to the writer, whoever was interrupted while starting it."""
        with self._posting:
            if self._outbox is None:
                self._outbox = SimpleQueue()
            if self._writer is None or not self._writer.is_alive():
                self._writer = Thread(target=self._write, args=(self._outbox,), name="antigranular-writer", daemon=True)
                self._writer.start()
            self._outbox.put(what)

    def _write(self, outbox: Outbox) -> None:
        """The writer thread's life: until the channel is closed."""
        while (due := outbox.get()) is not None:
            try:
                line = self._opened(outbox)
                if isinstance(due, _Asked) and due.claim():
                    self._send(line, due, outbox)
                problem = None
            except AgError as met:
                problem = met
            except Exception as met:  # noqa: BLE001 - whoever waits must hear of it: nothing else would end the wait
                problem = _unforeseen(met)
            if not isinstance(due, _Asked):
                due.put(problem)
            elif problem is not None:
                due.inbox.put(self._as_break(problem))

    def _as_break(self, problem: AgError) -> AgError:
        """A connection that can't be opened just now, where there was one before, is a break like any other: it is worth more tries."""
        again = isinstance(problem, EnclaveUnreachable) and not isinstance(problem, UntrustedEnclave | ConnectionLost)
        found = ConnectionLost(str(problem)) if again and self._received else problem
        if isinstance(found, ConnectionLost):
            found.line = self.opened
        return found

    def _send(self, line: Line, asked: _Asked, outbox: Outbox) -> None:
        try:
            line.send(asked.raw)
        except ConnectionLost as problem:
            # It broke while nobody listened. What was not sent whole never arrives: sending it again is safe.
            self._broke(line, problem, but=asked.inbox)
            self._opened(outbox).send(asked.raw)

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
            opened: Opened = SimpleQueue()
            self._post(opened)
            failure = opened.get()
            if failure is None:
                return
            if isinstance(failure, UntrustedEnclave) or not isinstance(failure, EnclaveUnreachable):
                raise failure
            problem = str(failure)

    def close(self) -> None:
        """Close the connection; a later send opens a new one."""
        with self._posting:
            outbox, self._outbox, self._writer = self._outbox, None, None
            if outbox is not None:
                outbox.put(None)
        with self._lock:
            line, self._line = self._line, None
        if line is not None:
            line.close()

    def _opened(self, outbox: Outbox) -> Line:
        """The connection, for this outbox's writer. A channel that was closed meanwhile has none that lasts."""
        if (line := self._line) is not None:
            return line
        place = self._received
        line = self._open_line(place)
        with self._lock:
            self._line = line
            self.opened += 1
        Thread(target=self._read, args=(line, place), name="antigranular-reader", daemon=True).start()
        if self._outbox is not outbox:
            self.close()
        return line

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
                if isinstance(end, ConnectionLost):
                    end.line = self.opened
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
        asked = self._asked.get(message.parent)
        if asked is not None:
            asked.inbox.put(message)
        elif not message.parent:
            self._tell_everybody(message)
        else:
            for curious in _alive(self._curious):
                curious.put(message)

    def _tell_everybody(self, event: Event, but: Inbox | None = None) -> None:
        for inbox in _alive(self._everybody):
            if inbox is not but:
                inbox.put(event)


def _alive(refs: Iterable[ref[Inbox]]) -> list[Inbox]:
    return [inbox for one in tuple(refs) if (inbox := one()) is not None]


def _unforeseen(problem: Exception) -> WireError:
    return WireError(f"what the enclave sent can't be taken: {type(problem).__name__}")

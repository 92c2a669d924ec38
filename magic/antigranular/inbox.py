"""What a channel hands to one waiting thread: looked at first and dropped when it is done with, so that a Ctrl-C in between loses nothing that an end depends on.

Must not know what a message means.
"""

import time
from collections import deque
from queue import SimpleQueue

from antigranular.errors import AgError
from antigranular.wire import Message

Event = Message | AgError


class Inbox:
    """Events in order; many threads put, one takes."""

    def __init__(self) -> None:
        self._events: deque[Event] = deque()
        self._told: SimpleQueue[None] = SimpleQueue()
        self._closed = False
        self.waits_for: list[object] = []
        """What is kept for as long as this is: the requests whose answers come here."""

    def close(self) -> None:
        """Nobody waits any more."""
        self._closed = True
        self._events.clear()
        self.waits_for.clear()

    def put(self, event: Event) -> None:
        """Add one, and wake whoever waits."""
        if self._closed:
            return
        self._events.append(event)
        self._told.put(None)

    def first(self, timeout: float | None = None) -> Event:
        """The oldest, which stays. Raises queue.Empty where none came in so many seconds."""
        due = None if timeout is None else time.monotonic() + timeout
        while not self._events:
            self._told.get(timeout=None if due is None else max(0.0, due - time.monotonic()))
        return self._events[0]

    def drop(self) -> None:
        """The oldest is done with."""
        self._events.popleft()

    def get(self, timeout: float | None = None) -> Event:
        """The oldest, which goes. Raises queue.Empty as above."""
        event = self.first(timeout)
        self.drop()
        return event

"""A locked child as the gateway holds it: signal it, await its end, let it go. Knows nothing of what it runs."""

import contextlib
import math
import os
import select
import signal
import socket
import threading
import time
import weakref
from types import TracebackType
from typing import Self

from ag_sandbox import line as wire
from ag_sandbox import processors
from ag_sandbox.processors import Place

_KILLED = -signal.SIGKILL
_PROCESS_CLOCK = 2
"""The kind of clock that counts what the scheduler gave a process; its number is the complement of the process's."""


def _heard(descriptor: int, seconds: float | None) -> bool:
    """Whether there is something to read within so long. By ``poll``: ``select`` knows no descriptor above 1023, and many sessions have more."""
    line = select.poll()
    line.register(descriptor, select.POLLIN)
    return bool(line.poll(None if seconds is None else math.ceil(seconds * 1000)))


class Child:
    """A locked process. ``pid`` and ``pidfd`` are its number and a descriptor that becomes readable when it ends."""

    def __init__(self, pid: int, pidfd: int, line: socket.socket) -> None:
        self.pid = pid
        self.pidfd = pidfd
        self._line = line
        self._status: int | None = None
        self._place = Place.ANYWHERE
        self._behind = False
        self._turn = threading.Lock()
        self._closing = weakref.finalize(self, os.close, pidfd)

    def interrupt(self) -> None:
        """Send SIGINT. Nothing happens to a child that has ended."""
        self._signal(signal.SIGINT)

    def kill(self) -> None:
        """Send SIGKILL. Nothing happens to a child that has ended."""
        self._signal(signal.SIGKILL)

    def alive(self) -> bool:
        """Whether it still runs."""
        return self._closing.alive and self._status is None and not _heard(self.pidfd, 0)

    def cpu_seconds(self) -> float:
        """Processor time it has taken so far, all threads together; 0.0 once it is gone."""
        if not self._closing.alive or self._status is not None:
            return 0.0
        try:
            return time.clock_gettime(~self.pid << 3 | _PROCESS_CLOCK)
        except OSError:
            return 0.0

    def settle(self, place: Place, *, behind: bool = False) -> None:
        """Run there from now on, and ``behind``: let others go first. Nothing happens to a child that has ended."""
        if (place, behind) == (self._place, self._behind) or not self.alive():
            return
        if place is not self._place:
            processors.settle(self.pid, place)
        if behind is not self._behind:
            processors.weigh(self.pid, behind=behind)
        self._place, self._behind = place, behind

    def wait(self, timeout: float | None = None) -> int:
        """The exit status, or minus the signal that ended it; also after its nursery died. TimeoutError after ``timeout`` seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        if not self._turn.acquire(timeout=-1 if timeout is None else timeout):
            raise TimeoutError(f"process {self.pid} is still running")
        try:
            while self._status is None:
                left = None if deadline is None else max(0.0, deadline - time.monotonic())
                if not _heard(self._line.fileno(), left):
                    raise TimeoutError(f"process {self.pid} is still running")
                word, _ = wire.hear(self._line)
                if word is None:
                    self._status = _KILLED  # the nursery died, and took its children along
                elif "exited" in word:
                    self._status = int(str(word["exited"]))
            return self._status
        finally:
            self._turn.release()

    def close(self) -> None:
        """Kill it if it lives, and give its descriptors back."""
        if self._closing.alive:
            self.kill()
            self._closing()
            self._line.close()

    def _signal(self, number: signal.Signals) -> None:
        if self._closing.alive:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, number)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

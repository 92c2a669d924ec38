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
from functools import cache
from types import TracebackType
from typing import Self

from ag_sandbox import line as wire
from ag_sandbox import linux_unsafe as linux

_KILLED = -signal.SIGKILL
_CAP_SYS_NICE = 23
_BEHIND = 15
"""Niceness of one that stands back: others get about thirty times as much, and it is not starved."""
_LONG_TURN = 100_000_000
"""Nanoseconds of a turn of one that stands back: whoever wakes for a shorter one is let in before it is over."""
_MANY = 4
"""With fewer processors, none is spared."""
_PROCESS_CLOCK = 2
"""The kind of clock that counts what the scheduler gave a process; its number is the complement of the process's."""


def _heard(descriptor: int, seconds: float | None) -> bool:
    """Whether there is something to read within so long. By ``poll``: ``select`` knows no descriptor above 1023, and many sessions have more."""
    line = select.poll()
    line.register(descriptor, select.POLLIN)
    return bool(line.poll(None if seconds is None else math.ceil(seconds * 1000)))


@cache
def _may_promote() -> bool:
    """Whether this process may give another one a better place on the processors."""
    with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 - one line of a table of the kernel's
        effective = next(line for line in status if line.startswith("CapEff:"))
    return bool(int(effective.split()[1], 16) >> _CAP_SYS_NICE & 1)


def _processors(*, all_of_them: bool) -> set[int]:
    """Those this process may use; but for the last one, where there are several.

    One that wakes for a moment finds that one free: beside one that computes it would wait for the host's next tick, whatever their weights.
    """
    every = os.sched_getaffinity(0)
    return every if all_of_them or len(every) < _MANY else every - {max(every)}


class Child:
    """A locked process. ``pid`` and ``pidfd`` are its number and a descriptor that becomes readable when it ends."""

    def __init__(self, pid: int, pidfd: int, line: socket.socket) -> None:
        self.pid = pid
        self.pidfd = pidfd
        self._line = line
        self._status: int | None = None
        self._back = False
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

    def stand_back(self, *, back: bool) -> None:
        """Let others go first, or be like everybody again: by weight, and by leaving one processor to them.

        By weight only where that can be undone: without the privilege to, a child once behind would stay there.
        """
        if not self._closing.alive or self._status is not None or back == self._back:
            return
        self._back = back
        with contextlib.suppress(OSError):
            os.sched_setaffinity(self.pid, _processors(all_of_them=not back))
        if not _may_promote():
            return
        niceness = _BEHIND if back else 0
        with contextlib.suppress(OSError):
            linux.weigh(self.pid, niceness=niceness, turn_nanoseconds=_LONG_TURN if back else 0)
        with contextlib.suppress(OSError), open(f"/proc/{self.pid}/autogroup", "w", encoding="ascii") as group:  # noqa: PTH123 - a word to the host's kernel
            group.write(str(niceness))  # where the host shares processors among sessions, only this counts between them

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

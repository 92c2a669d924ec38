"""The process's one timer, for the few who want to be called in a moment.

It must not know who they are, nor why.
"""

import signal
import time
from collections.abc import Callable
from types import FrameType

Deed = Callable[[FrameType | None], None]


class Alarm:
    """Calls what was asked for, each at its time, with the frame that was running."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._due: dict[Deed, float] = {}

    def install(self) -> None:
        """Take over the timer's signal."""
        signal.signal(signal.SIGALRM, self._on_signal)

    def call(self, deed: Deed, seconds: float) -> bool:
        """Call the deed in so many seconds, and not when it was to be called before. False where the host forbids timers."""
        self._due[deed] = self._clock() + seconds
        return self._set()

    def forget(self, deed: Deed) -> None:
        """Don't call it; harmless where nobody asked."""
        self._due.pop(deed, None)

    def _set(self) -> bool:
        if self._due:
            try:
                signal.setitimer(signal.ITIMER_REAL, max(min(self._due.values()) - self._clock(), 1e-6))
            except OSError:
                return False
        return True

    def _on_signal(self, _number: int, frame: FrameType | None) -> None:
        now = self._clock()
        for deed in [deed for deed, at in tuple(self._due.items()) if at <= now]:
            if self._due.pop(deed, None) is not None:
                self._set()  # before the deed, which may raise: the others keep their turn
                deed(frame)
        self._set()

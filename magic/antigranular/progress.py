"""How far a large value has come, told where it takes longer than a person likes to wait. Must not know what travels."""

import time
from collections.abc import Callable

from antigranular.view import View

PATIENCE_SECONDS = 2.0
"""As for a running cell: before that nothing is worth a line."""
_TICK_SECONDS = 0.25
_MIB = 1 << 20


class Progress:
    """One value after the other; ``clock`` gives seconds that only move forward."""

    def __init__(self, view: View, clock: Callable[[], float] = time.monotonic) -> None:
        self._view = view
        self._clock = clock
        self._began: float | None = None
        self._due = 0.0
        self._shown = False

    def at(self, what: str, done: int, size: int) -> None:
        """So many of so many bytes of it are through."""
        now = self._clock()
        if self._began is None:
            self._began, self._due = now, now + PATIENCE_SECONDS
        if now >= self._due and size:
            self._due = now + _TICK_SECONDS
            self._shown = True
            rate = done / _MIB / max(now - self._began, 1e-3)
            self._view.progress(f"{what}: {done / _MIB:,.0f} of {size / _MIB:,.0f} MiB, {rate:,.0f} MiB/s", done / size)

    def over(self) -> None:
        """It is all there, or given up."""
        if self._shown:
            self._view.progress("", 1.0)
        self._began, self._shown = None, False

"""Failed logins cost time: after a few, the same account from the same address waits.

Counts in memory only, bounded; a restart forgets, and a success forgives.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

_REMEMBERED = 10_000


@dataclass(slots=True)
class _Failures:
    count: int
    until: float


class Throttle:
    """Counts failures per key; ``allowed`` of them are free, each further one costs ``wait`` seconds."""

    def __init__(self, *, allowed: int, wait: float, clock: Callable[[], float]) -> None:
        self._allowed = allowed
        self._wait = wait
        self._clock = clock
        self._failures: OrderedDict[tuple[str, str], _Failures] = OrderedDict()

    def wait_seconds(self, key: tuple[str, str]) -> float:
        """How long this key must still wait; 0.0 where it may try now."""
        failures = self._failures.get(key)
        return max(0.0, failures.until - self._clock()) if failures else 0.0

    def failed(self, key: tuple[str, str]) -> None:
        """Count one failure."""
        failures = self._failures.setdefault(key, _Failures(0, 0.0))
        failures.count += 1
        if failures.count >= self._allowed:
            failures.until = self._clock() + self._wait
        self._failures.move_to_end(key)
        if len(self._failures) > _REMEMBERED:
            self._failures.popitem(last=False)

    def succeeded(self, key: tuple[str, str]) -> None:
        """Forgive the key."""
        self._failures.pop(key, None)

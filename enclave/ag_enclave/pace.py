"""How fast one account may ask: a program in a loop, or somebody who means harm, leaves others their turn. Knows names and a clock, no routes."""

import time
from collections.abc import Callable

_KEPT = 10_000


class Pace:
    """So many requests a second of each account in the long run, and ``at_once`` of them before that counts. ``clock`` gives seconds that only move forward.

    The generic cell rate algorithm (ITU-T I.371): of each account, only when the requests that it has made would be over at that rate.
    """

    def __init__(self, *, per_second: int, at_once: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._each = 1 / per_second
        self._ahead = (at_once - 1) / per_second
        self._clock = clock
        self._over: dict[str, float] = {}

    def wait_seconds(self, user_id: str) -> float:
        """How long the account must wait until its next request counts; 0.0 where it may now, and this one is counted."""
        now = self._clock()
        over = max(self._over.get(user_id, now), now)
        wait = over - now - self._ahead
        if wait > 0:
            return wait
        if len(self._over) >= _KEPT:
            self._over = {name: until for name, until in self._over.items() if until > now}
        self._over[user_id] = over + self._each
        return 0.0

"""When the reply of a charged release may leave: at the boundary of a coarse slot that plan and public size class choose.

Knows times and public sizes, never a row. What a guest can see of the vault's work is the number of a slot, and that only
differs from the planned one on an overrun, which is logged. After an overrun all releases of the same planned slot leave at the
later one: whoever makes rows slow down a query on purpose sees that once per doubling, and not once per question (predictive
mitigation: Askarov, Zhang, Myers 2010).
"""

import logging
import time
from collections.abc import Callable
from typing import Protocol

_log = logging.getLogger(__name__)

FIRST_SLOT = 0.025
"""Seconds. Each slot is twice the one before."""
_FIXED = 0.008
"""What any release takes: ledger, compilation, noise."""
_PER_NUMBER = 20e-6
"""Seconds per noisy number."""
_PER_ROW = 60e-9
"""Seconds per row of the public size class and noisy vector; generous on purpose."""


_PER_PROGRAM = 0.05
"""A mapper's birth."""
_PER_MAPPED = 10e-6
"""Seconds per row of the public size class and program: what programs of some dozen words take, and both ways there."""


class Schedule(Protocol):
    """Decides how long a finished reply is held back."""

    def hold(self, started: float, *, numbers: int, rows: int | None, programs: int = 0) -> None:
        """Return when the reply may leave. ``started`` is on the schedule's clock; ``rows`` the public size class, if any."""
        ...

    def now(self) -> float:
        """The schedule's clock."""
        ...


class Slots:
    """The schedule of real sessions."""

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._late: dict[float, float] = {}

    def now(self) -> float:
        """As the protocol says."""
        return self._clock()

    def hold(self, started: float, *, numbers: int, rows: int | None, programs: int = 0) -> None:
        """As the protocol says."""
        first = slot(planned_seconds(numbers, rows, programs))
        planned = self._late.get(first, first)
        taken = slot(max(planned, self._clock() - started))
        if taken > planned:
            self._late[first] = taken
            _log.warning("schedule: a release of %d numbers took the slot of %g s, not %g s", numbers, taken, planned)
        while (left := started + taken - self._clock()) > 0:
            self._sleep(left)


class Immediate:
    """No schedule: for benchmarks only."""

    def now(self) -> float:
        """Any clock will do."""
        return 0.0

    def hold(self, started: float, *, numbers: int, rows: int | None, programs: int = 0) -> None:
        """Returns at once."""


def planned_seconds(numbers: int, rows: int | None, programs: int = 0) -> float:
    """What a release is expected to take, from public things."""
    mapped = programs * (_PER_PROGRAM + (rows or 0) * _PER_MAPPED)
    return _FIXED + numbers * _PER_NUMBER + (rows or 0) * _PER_ROW + mapped


def slot(seconds: float) -> float:
    """The first slot's end that is not before ``seconds``."""
    end = FIRST_SLOT
    while end < seconds:
        end *= 2
    return end

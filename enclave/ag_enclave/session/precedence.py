"""Who goes first on the processors: a kernel that computed a lot of late stands back behind those that didn't.

Knows one kernel's processor time and a clock; neither cells nor other sessions.
"""

from collections.abc import Callable
from typing import Final

_SHORTEST_LOOK: Final = 0.1
_SECONDS_PER_BYTE: Final = 1e-9
_SHORT_CELL_SECONDS: Final = 0.02
"""Of processor time: whoever runs many such cells, one after the other, computes for nobody to wait for long."""
_MOST_IN_SHORT_CELLS: Final = 0.5
"""The share of one processor above which many short cells are as much of a load as a long one."""


class Precedence:
    """One kernel's place. ``percent``: the share of one processor, between two looks, above which it stands back."""

    def __init__(self, percent: int, clock: Callable[[], float]) -> None:
        self._share = percent / 100
        self._clock = clock
        self._at = clock()
        self._taken = 0.0
        self._cells = 0
        self.stands_back = False

    def look(self, cpu_seconds: float, *, runs: bool, cells: int = 0, exported: int = 0) -> bool:
        """Whether it should stand back, from its processor time up to now (a new kernel's begins at 0) and whether a cell runs.

        ``cells`` begun up to now: short ones in a row are no computing.
        ``exported``: bytes up to now, the saying of which is no computing: a client waits for them, and how fast they come is limited elsewhere.
        Who stands back gets little while others want to run: it comes forward when its cell is over, not for having got little.
        """
        passed = self._clock() - self._at
        if passed >= _SHORTEST_LOOK:
            computed = cpu_seconds - exported * _SECONDS_PER_BYTE
            late = max(0.0, computed - self._taken)
            long = late > _SHORT_CELL_SECONDS * (cells - self._cells) or late / passed > _MOST_IN_SHORT_CELLS
            self.stands_back = (long and late / passed > self._share) or (runs and self.stands_back)
            self._at, self._taken, self._cells = self._clock(), computed, cells
        return self.stands_back

"""Where a child runs, and what it weighs there: words to the host's kernel about one process. Knows no session, and not why.

Of several processors the last one is spared by those who compute for long. One that wakes for a moment beside one that computes would wait for
the host's next tick, and again whenever something else is let in before it, whatever their weights.
"""

import contextlib
import os
from enum import Enum
from functools import cache
from typing import Final

from ag_sandbox import linux_unsafe as linux

_CAP_SYS_NICE: Final = 23
_BEHIND: Final = 15
"""Niceness of one that stands back: others get about thirty times as much, and it is not starved."""
_LONG_TURN: Final = 100_000_000
"""Nanoseconds of a turn of one that stands back: whoever wakes for a shorter one is let in before it is over."""
_MANY: Final = 4
"""With fewer processors, none is spared."""


class Place(Enum):
    """On which of the processors that this process may use itself."""

    ANYWHERE = "on every one"
    ASIDE = "on all but the spared one"
    SPARED = "on the spared one"


def others() -> int:
    """How many processors there are beside the spared one; 0 where none is spared."""
    every = len(os.sched_getaffinity(0))
    return every - 1 if every >= _MANY else 0


def settle(process: int, place: Place) -> None:
    """Keep a process there, with all its threads; what ended meanwhile, or isn't ours to move, stays."""
    every = os.sched_getaffinity(0)
    spared = {max(every)} if len(every) >= _MANY else set()
    chosen = {Place.ANYWHERE: every, Place.ASIDE: every - spared, Place.SPARED: spared or every}[place]
    for thread in _threads(process):
        with contextlib.suppress(OSError):
            os.sched_setaffinity(thread, chosen)


def _threads(process: int) -> list[int]:
    try:
        return [int(thread) for thread in os.listdir(f"/proc/{process}/task")]  # noqa: PTH208 - numbers, not paths
    except OSError:  # hosts can hide other users' processes
        return [process]


def weigh(process: int, *, behind: bool) -> None:
    """Let others go before a process, or make it like everybody again.

    Only where that can be undone: without the privilege to, one that was once behind would stay there.
    """
    if not _may_promote():
        return
    niceness = _BEHIND if behind else 0
    with contextlib.suppress(OSError):
        linux.weigh(process, niceness=niceness, turn_nanoseconds=_LONG_TURN if behind else 0)
    with contextlib.suppress(OSError), open(f"/proc/{process}/autogroup", "w", encoding="ascii") as group:  # noqa: PTH123 - a word to the host's kernel
        group.write(str(niceness))  # where the host shares processors among sessions, only this counts between them


@cache
def _may_promote() -> bool:
    """Whether this process may give another one a better place on the processors."""
    with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 - one line of a table of the kernel's
        effective = next(line for line in status if line.startswith("CapEff:"))
    return bool(int(effective.split()[1], 16) >> _CAP_SYS_NICE & 1)

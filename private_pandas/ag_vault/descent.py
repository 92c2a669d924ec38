"""A column's tally where its quantiles may fall, without sorting all of it: counts in coarse steps, then finer where it matters.

Knows ranks and steps of a grid; how rows are counted is a parameter. What comes back gives every quantile the very probabilities that
the whole tally would: a position is left out only where no quantile's score is under the worst (``exponential.window``), and the rank of
each that stays is exact, as the rows of all coarser steps before it are counted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ag_vault.mechanisms.exponential import Aim, Integers, Tally, window

BITS = 9
"""Of a position that one counting tells apart."""
FEW = 100_000
"""Rows among which positions are counted one by one."""
MOST_RANGES = 8
"""Ranges of positions that are looked into at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Positions low … high, and how many rows lie below them."""

    low: int
    high: int
    below: int


Count = Callable[[int, Sequence[Range]], tuple[Integers, Integers]]
"""Rows in ranges by position >> shift: the different results in increasing order, and how many rows have each."""


def tally(count: Count, points: int, aims: Sequence[Aim], *, few: int = FEW, bits: int = BITS) -> Tally:
    """The tally of positions 0 … points as far as the aims need it."""
    shift = max(points.bit_length() - bits, 0)
    ranges: list[Range] = [Range(low=0, high=points, below=0)]
    total = None
    while ranges:
        steps, counts = count(shift, ranges)
        found = _ranked(steps, counts, shift, ranges)
        total = found.total if total is None else total
        if shift == 0:
            return Tally(positions=found.positions, below=found.below, upto=found.upto, total=total)
        ranges = _needed(found, shift, points, [window(aim, total) for aim in aims])
        rows = sum(int(found.upto[found.positions <= each.high >> shift].max()) - each.below for each in ranges)
        shift = 0 if rows <= few else max(shift - bits, 0)
    return _EMPTY


_EMPTY = Tally.of(np.zeros(0, np.int64), np.zeros(0, np.int64))


def _ranked(steps: Integers, counts: Integers, shift: int, ranges: Sequence[Range]) -> Tally:
    """Steps with their ranks among all rows: rows of a range come after those below it."""
    inside = Tally.of(steps, counts)
    firsts = np.searchsorted(steps, [each.low >> shift for each in ranges])
    before = np.concatenate(([0], inside.upto))[firsts]
    lift = np.array([each.below for each in ranges], np.int64) - before
    own = lift[np.searchsorted(firsts, np.arange(len(steps)), side="right") - 1]
    return Tally(positions=steps, below=inside.below + own, upto=inside.upto + own, total=inside.total)


def _needed(found: Tally, shift: int, points: int, windows: Sequence[tuple[int, int]]) -> list[Range]:
    """The ranges of steps that hold, or touch, a rank of one of the windows; the nearest ones joined where there are many."""
    wanted = np.zeros(len(found.positions), bool)
    for low, high in windows:
        wanted |= (found.upto >= low) & (found.below <= high)
    places = np.flatnonzero(wanted)
    runs = np.split(places, np.flatnonzero(np.diff(places) > 1) + 1) if len(places) else []
    while len(runs) > MOST_RANGES:
        gaps = [int(found.below[after[0]] - found.upto[run[-1]]) for run, after in pairwise(runs)]
        nearest = int(np.argmin(gaps))
        runs[nearest : nearest + 2] = [np.concatenate(runs[nearest : nearest + 2])]
    return [
        Range(
            low=int(found.positions[run[0]]) << shift,
            high=min((int(found.positions[run[-1]]) + 1 << shift) - 1, points),
            below=int(found.below[run[0]]),
        )
        for run in runs
    ]

"""Density: what a child allocates lies together, and not in the holes of pages it would otherwise share. Knows Python's allocator, no child.

Imports leave free blocks all over the heap, and a small object that falls into one makes its whole page the child's own.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

_STEP: Final = 16
_LARGEST: Final = 512
_POOL_BYTES: Final = 16 << 10
_POOL_HEAD: Final = 48
"""Python hands out blocks of one size, a multiple of the step, from pools of this many bytes, the first of which are its own."""
_OF_BYTES: Final = 33
"""How much longer an object of bytes is than what it holds."""
_NUMBERS: Final = 2 * _STEP
_MOST_BYTES: Final = 8 << 20
_kept: list[list[object]] = []


def fill_holes() -> None:
    """Fill the free blocks of every size with objects that nobody will touch, until new ones lie side by side. Before the first fork, once.

    Numbers come last: the others are watched by their addresses, which are numbers themselves.
    """
    for size in (*range(_NUMBERS + _STEP, _LARGEST + 1, _STEP), _STEP, _NUMBERS):
        _fill(size, _maker(size))


def _maker(size: int) -> Callable[[], object]:
    """What makes an object that takes a block of this size."""
    if size == _STEP:
        return object
    if size == _NUMBERS:
        return lambda: float("1.5")
    return lambda: bytes(size - _OF_BYTES)


def _fill(size: int, make: Callable[[], object]) -> None:
    """Objects until a whole pool of them is new, or so many are made that Python must have another way of its own."""
    blocks = (_POOL_BYTES - _POOL_HEAD) // size
    for _ in range(_MOST_BYTES // (2 * blocks * size)):
        made = [make() for _ in range(2 * blocks)]
        _kept.append(made)
        if _longest_row(sorted(map(id, made)), size) >= blocks * 3 // 4:
            return


def _longest_row(places: Sequence[int], size: int) -> int:
    """How many blocks follow each other without a gap."""
    longest = row = 1
    for one, following in pairwise(places):
        row = row + 1 if following - one == size else 1
        longest = max(longest, row)
    return longest

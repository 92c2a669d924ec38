"""The values a program works with: a closed set of exact types, none of which can be told from its equals, and how much of each there may be.

Nothing here has an identity that a program sees: no address, no order of birth. What was public before a call is of a type that no
operation changes; what a call makes is gone with it.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any, Final

from ag_mapper.errors import Spent

MOST_STEPS: Final = 20_000
"""Words of a program that are run for one value, and what long values cost beside."""
MOST_ITEMS: Final = 1 << 13
"""Characters of a text, things in a list or tuple."""
MOST_SHORT: Final = 32
"""What is no longer than this costs nothing beside the word that asks for it."""
MOST_KEYS: Final = 1 << 10
"""Things in a set or dict that a program makes."""
MOST_BITS: Final = 1 << 10
"""Of a whole number that is read from a text, multiplied, raised or shifted: as many as the largest double's."""


class FixedList(list):  # type: ignore[type-arg]
    """A public list: read as any, never changed, for what changes a list asks for the exact type."""

    __slots__ = ()


class FixedDict(dict):  # type: ignore[type-arg]
    """A public dict, as ``FixedList``."""

    __slots__ = ()


class Unbound:
    """What a variable holds before anything was put into it; no operation takes it."""


UNBOUND: Final = Unbound()
NUMBERS: Final = frozenset({int, float, bool})
SCALARS: Final = frozenset({int, float, bool, str, type(None), dt.datetime, dt.date, dt.timedelta})
LISTS: Final = frozenset({list, FixedList})
DICTS: Final = frozenset({dict, FixedDict})
SETS: Final = frozenset({set, frozenset})
SEQUENCES: Final = frozenset({str, list, FixedList, tuple})
MANY: Final = frozenset({str, list, FixedList, tuple, dict, FixedDict, set, frozenset, range})
"""What can be gone through."""


class Tank:
    """How much is left of one value's share. Filled before each value; a program has no word for it."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MOST_STEPS

    def fill(self) -> None:
        """The whole share."""
        self.left = MOST_STEPS

    def take(self, amount: int) -> None:
        """So much of it. Spent where there isn't so much left."""
        self.left -= amount
        if self.left < 0:
            raise Spent


def thing(tank: Tank, value: Any) -> Any:
    """A value as it may be put into a list, set, tuple or dict: a plain one, or a tuple of plain ones. Spent else."""
    if type(value) in SCALARS:
        return value
    if type(value) is tuple and all(type(each) in SCALARS for each in value):
        tank.take(len(value))
        return value
    raise Spent


def key(tank: Tank, value: Any) -> Any:
    """A value as a key of a dict or a thing in a set. What could be made to collide with many others costs more.

    Not NaN: its place among others would follow from where it lies in memory, and so from what was there before it.
    """
    kind = type(value)
    if kind is str:
        return value
    if kind in SCALARS:
        if value != value:  # noqa: PLR0124 - NaN alone
            raise TypeError("nan")
        if (kind is int or kind is float) and not -_DISTINCT < value < _DISTINCT:
            tank.take(_COLLIDING)
        return value
    if kind is tuple:
        tank.take(_COLLIDING)
        if any(each != each for each in value):  # noqa: PLR0124 - as above
            raise TypeError("nan")
        return thing(tank, value)
    raise TypeError(kind.__name__)


_DISTINCT = 1 << 60
"""Whole numbers below differ in their hashes."""
_COLLIDING = 64


def sized(tank: Tank, values: Any, most: int = MOST_ITEMS) -> Any:
    """A text, list, tuple, set or dict that was just made, if it isn't too large; its length is taken from the share."""
    length = len(values)
    if length > most:
        raise Spent
    if length > MOST_SHORT:
        tank.take(length >> 4)
    return values


def many(tank: Tank, value: Any) -> Iterable[Any]:
    """What can be gone through, as it is. TypeError else."""
    if type(value) not in MANY:
        raise TypeError(type(value).__name__)
    if type(value) is range and len(value) > MOST_ITEMS:
        raise Spent
    del tank
    return value  # type: ignore[no-any-return]


def listed(tank: Tank, value: Any) -> list[Any]:
    """The things in a value, as a new list."""
    return sized(tank, list(many(tank, value)))  # type: ignore[no-any-return]


def whole(value: Any) -> int:
    """A whole number, or a truth as one. TypeError else."""
    if type(value) is int or type(value) is bool:
        return int(value)
    raise TypeError(type(value).__name__)


def text(value: Any) -> str:
    """A text. TypeError else."""
    if type(value) is not str:
        raise TypeError(type(value).__name__)
    return value


def weigh(tank: Tank, value: Any) -> None:
    """Take what comparing, counting or sorting a value costs, whatever lies in it; nothing for plain ones."""
    kind = type(value)
    if kind in SCALARS and kind is not str:
        return
    length = len(value) if kind in MANY else 0
    if length > MOST_SHORT:
        tank.take(length >> 2)
    if kind in MANY and kind is not str and kind is not range:
        tank.take(sum(map(_bulk, value)))
    if kind in DICTS:
        tank.take(sum(map(_bulk, value.values())))


def _bulk(value: Any) -> int:
    """What comparing a thing in a list, tuple, set or dict costs beyond its place there."""
    if type(value) is str:
        return len(value) >> 4 if len(value) > MOST_SHORT else 0
    return len(value) + sum(map(_bulk, value)) if type(value) is tuple else 0

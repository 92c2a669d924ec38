"""What operators mean between values of the closed set, and on which kinds they are what Python's own are, at once.

Knows no program. Each takes the tank and two values, and raises what Python raises.
"""

import datetime as dt
import operator as python
from collections.abc import Callable, Mapping
from typing import Any, Final

from ag_mapper.errors import Spent
from ag_mapper.values import (
    DICTS,
    LISTS,
    MANY,
    MOST_BITS,
    MOST_ITEMS,
    NUMBERS,
    SCALARS,
    SETS,
    Tank,
    key,
    sized,
    weigh,
    whole,
)

Operation = Callable[[Tank, Any, Any], Any]
_TIMES = frozenset({dt.datetime, dt.date, dt.timedelta})
_FLOAT = frozenset({float})
_TEXT = frozenset({str})
_ORDERED = frozenset({int, float, bool, str, tuple, dt.datetime, dt.date, dt.timedelta, *LISTS})
_COMPARED = SCALARS | MANY


def _wrong(left: Any, right: Any) -> TypeError:
    return TypeError(f"{type(left).__name__} and {type(right).__name__}")


def _add(tank: Tank, left: Any, right: Any) -> Any:
    one, other = type(left), type(right)
    if one in NUMBERS and other in NUMBERS:
        return left + right
    if (one is str and other is str) or (one in LISTS and other in LISTS) or (one is tuple and other is tuple):
        if len(left) + len(right) > MOST_ITEMS:
            raise Spent
        return sized(tank, left + right)
    if one in _TIMES and other in _TIMES:
        return left + right
    raise _wrong(left, right)


def _sub(tank: Tank, left: Any, right: Any) -> Any:
    one, other = type(left), type(right)
    if (one in NUMBERS and other in NUMBERS) or (one in _TIMES and other in _TIMES):
        return left - right
    if one in SETS and other in SETS:
        weigh(tank, left)
        return set(left - right)
    raise _wrong(left, right)


def _mul(tank: Tank, left: Any, right: Any) -> Any:
    one, other = type(left), type(right)
    if one in NUMBERS and other in NUMBERS:
        if one is not float and other is not float and left.bit_length() + right.bit_length() > MOST_BITS:
            raise Spent
        return left * right
    if one in (int, bool) and (other is str or other in LISTS or other is tuple):
        left, right, one, other = right, left, other, one
    if other in (int, bool) and (one is str or one in LISTS or one is tuple):
        if len(left) * max(0, right) > MOST_ITEMS:
            raise Spent
        return sized(tank, left * right)
    if (one is dt.timedelta and other in NUMBERS) or (other is dt.timedelta and one in NUMBERS):
        return left * right
    raise _wrong(left, right)


def _pow(_tank: Tank, left: Any, right: Any) -> Any:
    if type(left) not in NUMBERS or type(right) not in NUMBERS:
        raise _wrong(left, right)
    if (
        type(left) is not float
        and type(right) is not float
        and right > 0
        and max(1, left.bit_length()) * right > MOST_BITS
    ):
        raise Spent
    result = left**right
    if type(result) is complex:
        raise ValueError("complex")
    return result


def _left(_tank: Tank, left: Any, right: Any) -> int:
    one, other = whole(left), whole(right)
    if one and one.bit_length() + other > MOST_BITS:
        raise Spent
    return one << other


def _of_numbers(apply: Callable[[Any, Any], Any], *, times: bool = False) -> Operation:
    def operation(_tank: Tank, left: Any, right: Any) -> Any:
        one, other = type(left), type(right)
        if one in NUMBERS and other in NUMBERS:
            return apply(left, right)
        if times and one is dt.timedelta and (other is dt.timedelta or other in NUMBERS):
            return apply(left, right)
        raise _wrong(left, right)

    return operation


def _of_bits(apply: Callable[[Any, Any], Any]) -> Operation:
    def operation(tank: Tank, left: Any, right: Any) -> Any:
        if type(left) in (int, bool) and type(right) in (int, bool):
            return apply(left, right)
        if type(left) in SETS and type(right) in SETS:
            weigh(tank, left)
            weigh(tank, right)
            return set(sized(tank, apply(left, right)))
        raise _wrong(left, right)

    return operation


def _equal(apply: Callable[[Any, Any], Any]) -> Operation:
    def operation(tank: Tank, left: Any, right: Any) -> bool:
        if type(left) not in _COMPARED or type(right) not in _COMPARED:
            raise _wrong(left, right)
        weigh(tank, left)
        weigh(tank, right)
        return bool(apply(left, right))

    return operation


def _ordered(apply: Callable[[Any, Any], Any]) -> Operation:
    def operation(tank: Tank, left: Any, right: Any) -> bool:
        if type(left) in SETS and type(right) in SETS:
            weigh(tank, left)
            return bool(apply(left, right))
        if type(left) not in _ORDERED or type(right) not in _ORDERED:
            raise _wrong(left, right)
        weigh(tank, left)
        return bool(apply(left, right))

    return operation


def _in(tank: Tank, left: Any, right: Any) -> bool:
    kind = type(right)
    if kind in DICTS or kind in SETS:
        return key(tank, left) in right
    if kind not in MANY or type(left) not in _COMPARED:
        raise _wrong(left, right)
    if kind is not range or type(left) is not int:
        weigh(tank, right)
        if kind is range:
            raise Spent  # compared one by one, however long
    return left in right


def _not_in(tank: Tank, left: Any, right: Any) -> bool:
    return not _in(tank, left, right)


def _is(_tank: Tank, left: Any, right: Any) -> bool:
    """Only with None, True and False: whether other equals are one thing depends on more than their values."""
    if right is None or right is True or right is False:
        return left is right
    raise _wrong(left, right)


def _is_not(tank: Tank, left: Any, right: Any) -> bool:
    return not _is(tank, left, right)


OPERATIONS: Final[Mapping[str, Operation]] = {
    "add": _add,
    "sub": _sub,
    "mul": _mul,
    "div": _of_numbers(python.truediv, times=True),
    "floordiv": _of_numbers(python.floordiv, times=True),
    "mod": _of_numbers(python.mod),
    "pow": _pow,
    "bit_and": _of_bits(python.and_),
    "bit_or": _of_bits(python.or_),
    "bit_xor": _of_bits(python.xor),
    "left": _left,
    "right": lambda _tank, left, right: whole(left) >> whole(right),
    "eq": _equal(python.eq),
    "ne": _equal(python.ne),
    "lt": _ordered(python.lt),
    "le": _ordered(python.le),
    "gt": _ordered(python.gt),
    "ge": _ordered(python.ge),
    "in": _in,
    "not_in": _not_in,
    "is": _is,
    "is_not": _is_not,
}

AT_ONCE: Final[Mapping[str, tuple[Callable[[Any, Any], Any], frozenset[Any]]]] = {
    "add": (python.add, NUMBERS),
    "sub": (python.sub, NUMBERS),
    "mul": (python.mul, _FLOAT),
    "div": (python.truediv, NUMBERS),
    "floordiv": (python.floordiv, NUMBERS),
    "mod": (python.mod, NUMBERS),
    "eq": (python.eq, SCALARS),
    "ne": (python.ne, SCALARS),
    "lt": (python.lt, NUMBERS),
    "le": (python.le, NUMBERS),
    "gt": (python.gt, NUMBERS),
    "ge": (python.ge, NUMBERS),
}
"""Operators that are Python's own where both values are of these types: as cheap, and as small, as they look."""


def _negative(value: Any) -> Any:
    if type(value) in NUMBERS or type(value) is dt.timedelta:
        return -value
    raise TypeError(type(value).__name__)


def _positive(value: Any) -> Any:
    if type(value) in NUMBERS or type(value) is dt.timedelta:
        return +value
    raise TypeError(type(value).__name__)


SINGLE: Final[Mapping[str, Callable[[Any], Any]]] = {
    "neg": _negative,
    "pos": _positive,
    "not": python.not_,
    "invert": lambda value: ~whole(value),
}

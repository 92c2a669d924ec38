"""A program at work: values of one row in, one value of a kind out, each as if it were the only one. Knows no row beside it and no socket.

What a call leaves behind is nothing: the tank is filled and the count of calls set back before each, and all else is made anew.
"""

import datetime as dt
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from ag_mapper.assembly import assembled
from ag_mapper.errors import BadProgram, Spent
from ag_mapper.functions import EPOCH
from ag_mapper.values import MOST_ITEMS, NUMBERS, Tank
from ag_plan.expressions import Code

_INT64 = range(-(2**63), 2**63)
_MICROSECOND = timedelta(microseconds=1)
_LONG = MOST_ITEMS


def _float(value: Any) -> float | None:
    if type(value) not in NUMBERS:
        return None
    found = float(value)  # OverflowError: beyond every double, and null
    return found + 0.0 if math.isfinite(found) else None


def _int(value: Any) -> int | None:
    return int(value) if type(value) in (int, bool) and value in _INT64 else None


def _bool(value: Any) -> bool | None:
    return value if type(value) is bool else None


def _str(value: Any) -> str | None:
    if type(value) is not str or len(value) > _LONG or "\x00" in value:
        return None
    return value if value.isascii() or _is_unicode(value) else None


def _is_unicode(value: str) -> bool:
    """Whether a text can be written as UTF-8: half a surrogate pair can't."""
    return not any("\ud800" <= letter <= "\udfff" for letter in value)


def _datetime(value: Any) -> int | None:
    if type(value) is dt.date:
        value = dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001 - a plan's points in time have no zone
    return (value - EPOCH) // _MICROSECOND if type(value) is dt.datetime else None


RESULTS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "float": _float,
    "int": _int,
    "bool": _bool,
    "str": _str,
    "datetime": _datetime,
}
"""A result as a column of the kind holds it, None where it is of another kind."""


def _moment(value: Any) -> dt.datetime | None:
    try:
        return None if value is None else EPOCH + timedelta(microseconds=value)
    except OverflowError:
        return None


def _number(value: Any) -> Any:
    return math.nan if value is None else value


def _text(value: Any) -> str | None:
    return value if value is not None and len(value) <= _LONG else None


ARGUMENTS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "float": _number,
    "int": _number,
    "bool": lambda value: value,
    "str": _text,
    "datetime": _moment,
}
"""What a program gets for a value of a column: NaN for a missing number, None for anything else that is missing, and for texts too long."""


class Machine:
    """One program for columns of these kinds. BadProgram where it has no meaning, or takes another number of values."""

    def __init__(self, program: Code, kinds: Sequence[str], kind: str, *, short: bool = True) -> None:
        self._tank = Tank()
        self._run, arguments = assembled(program, self._tank, short=short)
        if arguments != len(kinds):
            raise BadProgram("a program gets as many values as it takes")
        self._arguments = [ARGUMENTS[each] for each in kinds]
        self._result = RESULTS[kind]

    def results(self, rows: Iterable[Sequence[Any]]) -> list[Any]:
        """One result per row of values, in order; None where the program raised, took too much, or gave another kind."""
        if len(self._arguments) == 1:
            only = self._arguments[0]
            return [self._one((only(row[0]),)) for row in rows]
        makers = self._arguments
        return [self._one([make(each) for make, each in zip(makers, row, strict=True)]) for row in rows]

    def _one(self, values: Sequence[Any]) -> Any:
        self._tank.fill()
        try:
            return self._result(self._run(values))
        except (Exception, Spent):  # noqa: BLE001 - whatever a program raises on a value makes that value null
            return None

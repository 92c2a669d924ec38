"""The functions a program may call by name: each takes the tank and values, checks their exact types, and keeps nothing.

Knows no program. What isn't listed doesn't exist: no input or output, no clock, no chance, no identity, no text of an object.
"""

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ag_mapper.errors import Spent
from ag_mapper.values import (
    DICTS,
    LISTS,
    MANY,
    MOST_BITS,
    MOST_ITEMS,
    MOST_KEYS,
    NUMBERS,
    SETS,
    Tank,
    key,
    listed,
    many,
    sized,
    text,
    thing,
    weigh,
    whole,
)

Function = Callable[..., Any]
_MOST_FIGURES = 100
EPOCH: Final = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - points in time of a plan have no zone


def number(value: Any) -> int | float:
    """A number, or a truth as one. TypeError else."""
    if type(value) not in NUMBERS:
        raise TypeError(type(value).__name__)
    return value  # type: ignore[no-any-return]


def _len(_tank: Tank, value: Any) -> int:
    if type(value) not in MANY:
        raise TypeError(type(value).__name__)
    return len(value)


def _int(tank: Tank, value: Any = 0, base: Any = None) -> int:
    if base is None and type(value) is not str:
        return int(number(value))
    if len(text(value)) > MOST_BITS:
        raise Spent
    tank.take(len(value) >> 4)
    found = int(value) if base is None else int(value, whole(base))
    if found.bit_length() > MOST_BITS:
        raise Spent
    return found


def _float(tank: Tank, value: Any = 0.0) -> float:
    if type(value) is not str:
        return float(number(value))
    tank.take(len(value) >> 4)
    return float(value)


def _str(_tank: Tank, value: Any = "") -> str:
    if type(value) in NUMBERS or type(value) is str or value is None:
        return str(value)
    if type(value) in (dt.datetime, dt.date, dt.timedelta):
        return str(value)
    raise Spent  # the text of a list or a dict is as long as it likes


def _bool(_tank: Tank, value: Any = False) -> bool:
    return bool(value)


def _abs(_tank: Tank, value: Any) -> Any:
    return abs(value) if type(value) is dt.timedelta else abs(number(value))


def _round(tank: Tank, value: Any, figures: Any = None) -> Any:
    if figures is None:
        return round(number(value))
    if not -_MOST_FIGURES <= whole(figures) <= _MOST_FIGURES:
        raise Spent
    tank.take(abs(whole(figures)))
    return round(number(value), whole(figures))


def _extreme(least: bool) -> Function:
    pick = min if least else max

    def apply(tank: Tank, *values: Any, by: Callable[[Any], Any] | None = None) -> Any:
        things = listed(tank, values[0]) if len(values) == 1 else list(values)
        tank.take(len(things) >> 2)
        _alike(tank, things)
        return pick(things) if by is None else pick(things, key=by)

    return apply


def _sorted(tank: Tank, values: Any, backwards: Any = False, *, by: Callable[[Any], Any] | None = None) -> list[Any]:
    things = listed(tank, values)
    tank.take(len(things))
    _alike(tank, things)
    return sorted(things, key=by, reverse=bool(backwards))


def _alike(tank: Tank, things: Sequence[Any]) -> None:
    """Take what comparing all of them costs."""
    for each in things:
        if type(each) in MANY:
            weigh(tank, each)


def _sum(tank: Tank, values: Any, start: Any = 0) -> Any:
    total = number(start)
    things = many(tank, values)
    tank.take(len(things) >> 2)  # type: ignore[arg-type]
    for each in things:
        total += number(each)
    return total


def _reversed(tank: Tank, values: Any) -> list[Any]:
    if type(values) in SETS or type(values) in DICTS:
        raise TypeError(type(values).__name__)
    return listed(tank, values)[::-1]


def _enumerate(tank: Tank, values: Any, start: Any = 0) -> list[Any]:
    things = _plain(tank, values)
    tank.take(len(things) >> 1)
    return [(place, each) for place, each in enumerate(things, whole(start))]


def _zip(tank: Tank, *several: Any) -> list[Any]:
    return sized(tank, list(zip(*(_plain(tank, each) for each in several), strict=False)))  # type: ignore[no-any-return]


def _plain(tank: Tank, values: Any) -> list[Any]:
    """Things that fit into a tuple in a list: no tuples."""
    things = listed(tank, values)
    tank.take(len(things) >> 2)
    if any(type(each) in MANY and type(each) is not str for each in things):
        raise Spent
    return things


def _range(_tank: Tank, *bounds: Any) -> range:
    return range(*map(whole, bounds))


def _list(tank: Tank, values: Any = ()) -> list[Any]:
    return listed(tank, values)


def _tuple(tank: Tank, values: Any = ()) -> tuple[Any, ...]:
    return tuple(listed(tank, values))


def _set(tank: Tank, values: Any = ()) -> set[Any]:
    return sized(tank, {key(tank, each) for each in listed(tank, values)}, MOST_KEYS)  # type: ignore[no-any-return]


def _dict(tank: Tank, values: Any = ()) -> dict[Any, Any]:
    if type(values) in DICTS:
        return dict(sized(tank, values, MOST_KEYS))
    pairs = listed(tank, values)
    if any(type(pair) is not tuple or len(pair) != 2 for pair in pairs):  # noqa: PLR2004 - a key and a value
        raise TypeError("pairs")
    return sized(tank, {key(tank, one): thing(tank, other) for one, other in pairs}, MOST_KEYS)  # type: ignore[no-any-return]


def _any(tank: Tank, values: Any) -> bool:
    return any(listed(tank, values))


def _all(tank: Tank, values: Any) -> bool:
    return all(listed(tank, values))


def _ord(_tank: Tank, value: Any) -> int:
    return ord(text(value))


def _chr(_tank: Tank, value: Any) -> str:
    return chr(whole(value))


def _divmod(_tank: Tank, one: Any, other: Any) -> tuple[Any, Any]:
    return divmod(number(one), number(other))


def _join(tank: Tank, *parts: Any) -> str:
    if sum(len(text(part)) for part in parts) > MOST_ITEMS:
        raise Spent
    return sized(tank, "".join(parts))  # type: ignore[no-any-return]


def _isna(_tank: Tank, value: Any) -> bool:
    return value is None or (type(value) is float and math.isnan(value))


def _isinstance(_tank: Tank, value: Any, *names: Any) -> bool:
    return any(type(value) in _TYPES[name] for name in names)


_TYPES: Final[Mapping[str, frozenset[type]]] = {
    "int": frozenset({int, bool}),
    "float": frozenset({float}),
    "bool": frozenset({bool}),
    "str": frozenset({str}),
    "list": LISTS,
    "tuple": frozenset({tuple}),
    "dict": DICTS,
    "set": SETS,
    "datetime": frozenset({dt.datetime}),
    "date": frozenset({dt.date, dt.datetime}),
    "none": frozenset({type(None)}),
}


# Points in time -------------------------------------------------------------------------------------------


def _moment(_tank: Tank, *fields: Any) -> dt.datetime:
    return dt.datetime(*map(whole, fields))  # type: ignore[arg-type]  # noqa: DTZ001 - as above


def _date(_tank: Tank, *fields: Any) -> dt.date:
    return dt.date(*map(whole, fields))


def _span(_tank: Tank, *amounts: Any) -> dt.timedelta:
    return dt.timedelta(*map(number, amounts))


def _of_number(function: Callable[[float], Any]) -> Function:
    def apply(_tank: Tank, value: Any) -> Any:
        return function(number(value))

    return apply


def _of_two(function: Callable[[float, float], Any]) -> Function:
    def apply(_tank: Tank, one: Any, other: Any) -> Any:
        return function(number(one), number(other))

    return apply


def _gcd(_tank: Tank, one: Any, other: Any) -> int:
    return math.gcd(whole(one), whole(other))


def _log(_tank: Tank, value: Any, base: Any = None) -> float:
    return math.log(number(value)) if base is None else math.log(number(value), number(base))


_OF_NUMBER = (
    "sqrt exp expm1 log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh floor ceil trunc fabs "
    "isnan isinf isfinite degrees radians erf erfc cbrt exp2"
)
_OF_TWO = "atan2 hypot fmod copysign pow"

FUNCTIONS: Final[Mapping[str, tuple[Function, int, int]]] = {
    "len": (_len, 1, 1),
    "int": (_int, 0, 2),
    "float": (_float, 0, 1),
    "str": (_str, 0, 1),
    "bool": (_bool, 0, 1),
    "abs": (_abs, 1, 1),
    "round": (_round, 1, 2),
    "min": (_extreme(least=True), 1, 64),
    "max": (_extreme(least=False), 1, 64),
    "sorted": (_sorted, 1, 2),
    "sum": (_sum, 1, 2),
    "reversed": (_reversed, 1, 1),
    "enumerate": (_enumerate, 1, 2),
    "zip": (_zip, 1, 8),
    "range": (_range, 1, 3),
    "list": (_list, 0, 1),
    "tuple": (_tuple, 0, 1),
    "set": (_set, 0, 1),
    "dict": (_dict, 0, 1),
    "any": (_any, 1, 1),
    "all": (_all, 1, 1),
    "ord": (_ord, 1, 1),
    "chr": (_chr, 1, 1),
    "divmod": (_divmod, 2, 2),
    "join": (_join, 0, 64),
    "isna": (_isna, 1, 1),
    "isinstance": (_isinstance, 2, 12),
    "datetime": (_moment, 3, 7),
    "date": (_date, 3, 3),
    "timedelta": (_span, 0, 7),
    "log": (_log, 1, 2),
    "gcd": (_gcd, 2, 2),
    **{f"math.{name}": (_of_number(getattr(math, name)), 1, 1) for name in _OF_NUMBER.split()},
    **{f"math.{name}": (_of_two(getattr(math, name)), 2, 2) for name in _OF_TWO.split()},
    "nan": (lambda _tank: math.nan, 0, 0),
    "inf": (lambda _tank: math.inf, 0, 0),
}
"""Name → what it does, its fewest and its most arguments."""
KEYED: Final = frozenset({"min", "max", "sorted"})
"""Functions whose last argument may be a ``Key``."""

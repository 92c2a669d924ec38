"""The methods and fields a program may use, by name and by exact type of the owner. Knows no program; what isn't listed doesn't exist."""

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ag_mapper.errors import Spent
from ag_mapper.patterns import FOUND, PATTERN, Automaton, Found
from ag_mapper.values import (
    LISTS,
    MOST_ITEMS,
    MOST_KEYS,
    MOST_SHORT,
    FixedDict,
    FixedList,
    Tank,
    key,
    listed,
    sized,
    text,
    thing,
    weigh,
    whole,
)

Method = Callable[..., Any]

# Texts ----------------------------------------------------------------------------------------------------


def _checked(value: Any, kinds: str) -> Any:
    """An argument of the kinds: s text, i whole number, t texts in a tuple, n None."""
    if (type(value) is str and "s" in kinds) or (value is None and "n" in kinds):
        return value
    if type(value) in (int, bool) and "i" in kinds:
        return int(value)
    if type(value) is tuple and "t" in kinds and all(type(each) is str for each in value):
        return value
    raise TypeError(type(value).__name__)


def _textual(method: Callable[..., Any], *kinds: str, fewest: int | None = None) -> Method:
    """A method of texts whose work grows with the text, or with each argument's times it, and whose result isn't longer than three times it."""
    least = len(kinds) if fewest is None else fewest
    of_text = bool(kinds) and "s" in kinds[0] and least <= 1

    def short(tank: Tank, owner: str, *arguments: Any) -> Any:
        """The same where owner and argument are short texts, which cost nothing, and all else by the long way."""
        if len(owner) > MOST_SHORT or len(arguments) != 1 or not of_text:
            return apply(tank, owner, *arguments)
        (only,) = arguments
        if type(only) is not str or len(only) > MOST_SHORT:
            return apply(tank, owner, only)
        found = method(owner, only)
        return sized(tank, found) if type(found) in _SIZED and len(found) > MOST_SHORT else found

    def apply(tank: Tank, owner: str, *arguments: Any) -> Any:
        if not least <= len(arguments) <= len(kinds):
            raise TypeError("arguments")
        weigh(tank, owner)
        for each in arguments:
            weigh(tank, each)
            if type(each) is str and len(each) > MOST_SHORT:
                tank.take(len(owner) * len(each) >> 10)
        found = method(owner, *(_checked(value, kind) for value, kind in zip(arguments, kinds, strict=False)))
        return sized(tank, found) if type(found) in _SIZED else found

    return short if of_text else apply


_SIZED = frozenset({str, list})


def _replace(tank: Tank, owner: str, old: Any, new: Any, count: Any = -1) -> str:
    old, new, count = text(old), text(new), whole(count)
    weigh(tank, owner)
    if len(owner) + (owner.count(old) * max(0, len(new) - len(old))) > MOST_ITEMS:
        raise Spent
    return owner.replace(old, new, count)


def _filled(method: Callable[..., str]) -> Method:
    def apply(tank: Tank, owner: str, width: Any, *mark: Any) -> str:
        if whole(width) > MOST_ITEMS or len(mark) > 1:
            raise Spent
        return sized(tank, method(owner, whole(width), *map(text, mark)))  # type: ignore[no-any-return]

    return apply


def _joined(tank: Tank, owner: str, parts: Any) -> str:
    # What is read and not kept needs no copy; a list of few things costs nothing to make.
    things = parts if type(parts) is list and len(parts) <= MOST_SHORT else listed(tank, parts)
    tank.take(len(things) >> 2)
    length = len(owner) * len(things)
    for each in things:
        if type(each) is not str:
            raise TypeError(type(each).__name__)
        length += len(each)
    if length > MOST_ITEMS:
        raise Spent
    found = owner.join(things)
    return found if length <= MOST_SHORT else sized(tank, found)


_PLAIN_TEXT = "lower upper capitalize title swapcase casefold isdigit isalpha isalnum isnumeric isdecimal isspace islower isupper istitle"
_TEXT: Mapping[str, Method] = {
    **{name: _textual(getattr(str, name)) for name in _PLAIN_TEXT.split()},
    **{name: _textual(getattr(str, name), "sn", fewest=0) for name in ("strip", "lstrip", "rstrip")},
    **{name: _textual(getattr(str, name), "st", "in", "in", fewest=1) for name in ("startswith", "endswith")},
    **{
        name: _textual(getattr(str, name), "s", "in", "in", fewest=1)
        for name in ("find", "rfind", "index", "rindex", "count")
    },
    **{name: _textual(getattr(str, name), "s") for name in ("removeprefix", "removesuffix")},
    **{name: _textual(getattr(str, name), "s") for name in ("partition", "rpartition")},
    **{name: _textual(getattr(str, name), "sn", "i", fewest=0) for name in ("split", "rsplit")},
    **{name: _filled(getattr(str, name)) for name in ("ljust", "rjust", "center", "zfill")},
    "splitlines": _textual(str.splitlines),
    "replace": _replace,
    "join": _joined,
}

# Lists, dicts, sets ---------------------------------------------------------------------------------------


def append(tank: Tank, owner: list[Any], value: Any) -> None:
    """``list.append`` for lists that a program has made."""
    if len(owner) >= MOST_ITEMS:
        raise Spent
    owner.append(thing(tank, value))


def _extend(tank: Tank, owner: list[Any], values: Any) -> None:
    new = [thing(tank, each) for each in listed(tank, values)]
    if len(owner) + len(new) > MOST_ITEMS:
        raise Spent
    owner.extend(new)


def _insert(tank: Tank, owner: list[Any], place: Any, value: Any) -> None:
    weigh(tank, owner)
    if len(owner) >= MOST_ITEMS:
        raise Spent
    owner.insert(whole(place), thing(tank, value))


def _costly(method: Callable[..., Any], *numbers: int) -> Method:
    """A method whose work grows with the owner; the arguments at these places are whole numbers."""

    def apply(tank: Tank, owner: Any, *arguments: Any) -> Any:
        weigh(tank, owner)
        for each in arguments:
            weigh(tank, each)
        checked = (whole(each) if place in numbers else thing(tank, each) for place, each in enumerate(arguments))
        return method(owner, *checked)

    return apply


def _copied(tank: Tank, owner: Any) -> Any:
    """A copy of the owner that may be changed."""
    return sized(tank, list(owner)) if type(owner) in LISTS else dict(sized(tank, owner, MOST_KEYS))


def _parts(part: Callable[[Any], Any]) -> Method:
    """Keys, values or pairs, as a list of their own."""

    def apply(tank: Tank, owner: Any) -> list[Any]:
        return sized(tank, list(part(owner)))  # type: ignore[no-any-return]

    return apply


def _pairs(tank: Tank, owner: Any) -> list[Any]:
    if any(type(each) is tuple for pair in owner.items() for each in pair):
        raise Spent
    return sized(tank, list(owner.items()))  # type: ignore[no-any-return]


def _get(tank: Tank, owner: Any, name: Any, default: Any = None) -> Any:
    return owner.get(key(tank, name), default)


def _room(owner: Any) -> None:
    if len(owner) >= MOST_KEYS:
        raise Spent


def _setdefault(tank: Tank, owner: dict[Any, Any], name: Any, default: Any = None) -> Any:
    _room(owner)
    return owner.setdefault(key(tank, name), thing(tank, default))


def _pop(tank: Tank, owner: dict[Any, Any], name: Any, *default: Any) -> Any:
    return owner.pop(key(tank, name), *default)


def _added(tank: Tank, owner: set[Any], value: Any) -> None:
    _room(owner)
    owner.add(key(tank, value))


def _discarded(tank: Tank, owner: set[Any], value: Any) -> None:
    owner.discard(key(tank, value))


def _with_others(method: Callable[..., Any]) -> Method:
    """A method of sets with other things."""

    def apply(tank: Tank, owner: Any, values: Any) -> Any:
        weigh(tank, owner)
        other = {key(tank, each) for each in listed(tank, values)}
        tank.take(len(other) >> 1)
        found = method(owner, other)
        return found if type(found) is bool else set(sized(tank, found, MOST_KEYS))

    return apply


_READ_LIST: Mapping[str, Method] = {
    "index": _costly(list.index),
    "count": _costly(list.count),
    "copy": _copied,
}
_LIST: Mapping[str, Method] = {
    **_READ_LIST,
    "append": append,
    "extend": _extend,
    "insert": _insert,
    "pop": _costly(list.pop, 0),
    "remove": _costly(list.remove),
    "reverse": _costly(list.reverse),
    "clear": _costly(list.clear),
}
_READ_DICT: Mapping[str, Method] = {
    "get": _get,
    "keys": _parts(dict.keys),
    "values": _parts(dict.values),
    "items": _pairs,
    "copy": _copied,
}
_DICT: Mapping[str, Method] = {**_READ_DICT, "setdefault": _setdefault, "pop": _pop, "clear": _costly(dict.clear)}
_READ_SET: Mapping[str, Method] = {
    name: _with_others(getattr(set, name))
    for name in ("union", "intersection", "difference", "symmetric_difference", "issubset", "issuperset", "isdisjoint")
}
_FROZEN_SET: Mapping[str, Method] = {name: _with_others(getattr(frozenset, name)) for name in _READ_SET}
_SET: Mapping[str, Method] = {**_READ_SET, "add": _added, "discard": _discarded, "clear": _costly(set.clear)}

# Points in time -------------------------------------------------------------------------------------------

_LAYOUT = re.compile(r"(?:[^%]|%[aAbBdHIjmMpSwyYf%])*")
_LONGEST_LAYOUT = 64


def _written(tank: Tank, owner: dt.date, layout: Any) -> str:
    if len(text(layout)) > _LONGEST_LAYOUT or not _LAYOUT.fullmatch(layout):
        raise Spent
    tank.take(len(layout))
    return owner.strftime(layout)


def _bare(method: Callable[[Any], Any]) -> Method:
    def apply(_tank: Tank, owner: Any) -> Any:
        return method(owner)

    return apply


_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_DAY: Mapping[str, Method] = {
    "weekday": _bare(dt.date.weekday),
    "isoweekday": _bare(dt.date.isoweekday),
    "toordinal": _bare(dt.date.toordinal),
    "isoformat": _bare(lambda owner: owner.isoformat()),
    "day_name": _bare(lambda owner: _DAYS[owner.weekday()]),
    "month_name": _bare(lambda owner: _MONTHS[owner.month - 1]),
    "strftime": _written,
}
_NUMBER: Mapping[str, Method] = {"is_integer": _bare(lambda owner: float(owner).is_integer())}

_BY_TYPE: Mapping[type, Mapping[str, Method]] = {
    str: _TEXT,
    list: _LIST,
    FixedList: _READ_LIST,
    tuple: {"index": _costly(tuple.index), "count": _costly(tuple.count)},
    dict: _DICT,
    FixedDict: _READ_DICT,
    set: _SET,
    frozenset: _FROZEN_SET,
    dt.datetime: {**_DAY, "date": _bare(dt.datetime.date)},
    dt.date: _DAY,
    dt.timedelta: {"total_seconds": _bare(dt.timedelta.total_seconds)},
    float: _NUMBER,
    Automaton: PATTERN,
    Found: FOUND,
}


def _by_name(by_type: Mapping[type, Mapping[str, Any]]) -> dict[str, dict[type, Any]]:
    names = {name for table in by_type.values() for name in table}
    return {name: {kind: table[name] for kind, table in by_type.items() if name in table} for name in names}


METHODS: Final[Mapping[str, Mapping[type, Method]]] = _by_name(_BY_TYPE)
"""Name → exact type of the owner → what it does to it."""

_DATE_FIELDS: Sequence[str] = ("year", "month", "day")
_TIME_FIELDS: Sequence[str] = ("hour", "minute", "second", "microsecond")


def _field(name: str) -> Callable[[Any], Any]:
    return lambda owner: getattr(owner, name)


_OF_DAY: Mapping[str, Callable[[Any], Any]] = {
    **{name: _field(name) for name in _DATE_FIELDS},
    "dayofweek": lambda owner: owner.weekday(),
    "day_of_week": lambda owner: owner.weekday(),
    "dayofyear": lambda owner: owner.timetuple().tm_yday,
    "day_of_year": lambda owner: owner.timetuple().tm_yday,
    "quarter": lambda owner: (owner.month + 2) // 3,
}
FIELDS: Final[Mapping[str, Mapping[type, Callable[[Any], Any]]]] = _by_name(
    {
        dt.datetime: {**_OF_DAY, **{name: _field(name) for name in _TIME_FIELDS}},
        dt.date: _OF_DAY,
        dt.timedelta: {name: _field(name) for name in ("days", "seconds", "microseconds")},
    }
)
"""As ``METHODS``, for what isn't called."""

"""What of Python, math, numpy and pandas a program has a word for, and public values as words. Must not know syntax."""

import builtins
import datetime as dt
import math
import re
from collections.abc import Mapping
from types import FunctionType
from typing import Any, Final

import numpy as np
import pandas as pd

from ag_plan.expressions import Code
from ag_plan.programs import Call, Collect, Items, Literally, Moment, Single, Table
from op_pandas.scalars import micros
from op_pandas.translation.statements import is_library

_INT64 = range(-(2**63), 2**63)
_BUILTINS = "len int float str bool abs round min max sorted sum reversed enumerate zip range list tuple set dict any all ord chr divmod"
_MATH = (
    "sqrt exp expm1 log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh floor ceil trunc fabs isnan isinf isfinite degrees radians "
    "erf erfc cbrt exp2 atan2 hypot fmod copysign pow"
)
_NUMPY = {"sqrt": "math.sqrt", "exp": "math.exp", "log": "log", "log2": "math.log2", "log10": "math.log10", "abs": "abs",
          "floor": "math.floor", "ceil": "math.ceil", "isnan": "isna", "round": "round"}  # fmt: skip

FUNCTIONS: Final[Mapping[int, str]] = {
    **{id(getattr(builtins, name)): name for name in _BUILTINS.split()},
    **{id(getattr(math, name)): f"math.{name}" for name in _MATH.split() if hasattr(math, name)},
    **{id(getattr(np, name)): word for name, word in _NUMPY.items()},
    id(math.log): "log",
    id(math.gcd): "gcd",
    id(pd.isna): "isna",
    id(dt.datetime): "datetime",
    id(dt.date): "date",
    id(dt.timedelta): "timedelta",
    id(pd.Timedelta): "timedelta",
}
"""By identity, as facades of modules hand out the originals."""
OF_PATTERNS: Final[Mapping[int, str]] = {
    id(getattr(re, name)): name for name in ("search", "match", "fullmatch", "findall", "finditer", "sub", "split")
}
"""Functions of ``re`` that are methods of a pattern."""
MOMENTS: Final = frozenset({pd.to_datetime, pd.Timestamp})
"""What makes a public point in time of a public text."""
PRESENT: Final = frozenset({id(pd.notna), id(pd.notnull)})
MISSING: Final = frozenset({id(pd.isnull)})

KEYWORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "round": ("number", "ndigits"),
    "sum": ("iterable", "start"),
    "enumerate": ("iterable", "start"),
    "timedelta": ("days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks"),
    "datetime": ("year", "month", "day", "hour", "minute", "second", "microsecond"),
    "date": ("year", "month", "day"),
    "int": ("x", "base"),
}
METHOD_KEYWORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "split": ("sep", "maxsplit"),
    "rsplit": ("sep", "maxsplit"),
    "replace": ("old", "new", "count"),
}
METHODS: Final = frozenset(
    [
        "lower",
        "upper",
        "capitalize",
        "title",
        "swapcase",
        "casefold",
        "isdigit",
        "isalpha",
        "isalnum",
        "isnumeric",
        "isdecimal",
        "isspace",
        "islower",
        "isupper",
        "istitle",
        "strip",
        "lstrip",
        "rstrip",
        "startswith",
        "endswith",
        "find",
        "rfind",
        "index",
        "rindex",
        "count",
        "removeprefix",
        "removesuffix",
        "partition",
        "rpartition",
        "split",
        "rsplit",
        "ljust",
        "rjust",
        "center",
        "zfill",
        "splitlines",
        "replace",
        "join",
        "append",
        "extend",
        "insert",
        "pop",
        "remove",
        "reverse",
        "clear",
        "copy",
        "get",
        "keys",
        "values",
        "items",
        "setdefault",
        "union",
        "intersection",
        "difference",
        "symmetric_difference",
        "issubset",
        "issuperset",
        "isdisjoint",
        "add",
        "discard",
        "weekday",
        "isoweekday",
        "toordinal",
        "isoformat",
        "day_name",
        "month_name",
        "strftime",
        "date",
        "total_seconds",
        "is_integer",
        "search",
        "match",
        "fullmatch",
        "findall",
        "finditer",
        "sub",
        "group",
        "groups",
        "groupdict",
        "start",
        "end",
        "span",
    ]
)
FIELDS: Final = frozenset(
    [
        "year",
        "month",
        "day",
        "hour",
        "minute",
        "second",
        "microsecond",
        "dayofweek",
        "day_of_week",
        "dayofyear",
        "day_of_year",
        "quarter",
        "days",
        "seconds",
        "microseconds",
    ]
)
TYPES: Final[Mapping[Any, tuple[str, ...]]] = {
    int: ("int",), float: ("float",), bool: ("bool",), str: ("str",), list: ("list",), tuple: ("tuple",), dict: ("dict",), set: ("set",),
    dt.datetime: ("datetime",), dt.date: ("date",), pd.Timestamp: ("datetime",), type(None): ("none",), np.floating: ("float",),
    np.integer: ("int",), np.float64: ("float",), np.int64: ("int",),
}  # fmt: skip


def public(value: Any) -> Code | None:  # noqa: PLR0911 - one per kind
    """The word for a public value; None where there is none."""
    if isinstance(value, bool | np.bool_):
        return Literally(value=bool(value))
    if value is None or value is pd.NaT or value is pd.NA:
        return Literally(value=None)
    if isinstance(value, str):
        return Literally(value=str(value))
    if isinstance(value, int | np.integer):
        return Literally(value=int(value)) if int(value) in _INT64 else None
    if isinstance(value, float | np.floating):
        return _float(float(value))
    if isinstance(value, dt.datetime | dt.date | np.datetime64):
        return Moment(micros=micros(value))
    return _collection(value)


def _float(value: float) -> Code:
    if math.isfinite(value):
        return Literally(value=value)
    if math.isnan(value):
        return Call(function="nan")
    endless = Call(function="inf")
    return endless if value > 0 else Single(operator="neg", operand=endless)


def _collection(value: Any) -> Code | None:
    if isinstance(value, pd.Series | np.ndarray | pd.Index):
        value = value.tolist()
    kind = _KINDS.get(type(value))
    if kind is None:
        return None
    if kind == "dict":
        keys, values = list(map(public, value)), list(map(_inside, value.values()))
        if all(_is_plain(each) for each in (*keys, *values)):
            return Table(keys=_plain(keys), values=_plain(values))
        return _collected(kind, [each for pair in zip(keys, values, strict=True) for each in pair])
    words = list(map(_inside, value))
    if all(map(_is_plain, words)):
        return Items(kind=kind, values=_plain(words))
    return _collected(kind, words)


_KINDS: Mapping[type, Any] = {list: "list", tuple: "tuple", set: "set", frozenset: "set", dict: "dict"}


def _inside(value: Any) -> Code | None:
    """A value in a list or dict; a list there is a tuple, as nothing changes it."""
    return public(tuple(value) if isinstance(value, list) else value)


def _is_plain(word: Code | None) -> bool:
    if isinstance(word, Items):
        return word.kind == "tuple" and not any(isinstance(each, tuple) for each in word.values)  # noqa: PD011 - a word's
    return isinstance(word, Literally)


def _plain(words: list[Any]) -> tuple[Any, ...]:
    return tuple(each.values if isinstance(each, Items) else each.value for each in words)  # noqa: PD011 - a word's


def _collected(kind: Any, words: list[Code | None]) -> Code | None:
    """Made anew in each call, where things in it aren't plain."""
    if any(each is None for each in words):
        return None
    return Collect(kind=kind, items=tuple(each for each in words if each is not None))


def errors(value: Any) -> tuple[str, ...] | None:
    """The names of an error class, or of a tuple of them."""
    classes = value if isinstance(value, tuple) else (value,)
    if not all(isinstance(each, type) and issubclass(each, Exception) for each in classes):
        return None
    return tuple(each.__name__ for each in classes)


def is_function(value: Any) -> FunctionType | None:
    """The function of an analyst's own, where it is one."""
    return value if isinstance(value, FunctionType) and not is_library(value) else None

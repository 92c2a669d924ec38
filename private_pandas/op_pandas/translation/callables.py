"""The functions of Python, math, numpy, pandas and re that are known by themselves. Must not know syntax or the analyst's own functions."""

import datetime as dt
import math
import re
from collections.abc import Callable, Mapping, Sequence
from types import BuiltinFunctionType, FunctionType, MappingProxyType, MethodType
from typing import Any, NoReturn

import numpy as np
import pandas as pd

from op_pandas.translation import moments, numbers, patterns, texts
from op_pandas.translation.arithmetic import arithmetic, publicly
from op_pandas.translation.merging import merge, spread
from op_pandas.translation.scene import Scene
from op_pandas.translation.truth import truth
from op_pandas.translation.values import NEVER, Display, Known, Pieces, Typed, Value
from op_pandas.translation.words import TRUE

_MOST_DIGITS = 15
Handler = Callable[[Scene, Sequence[Value], Mapping[str, Value]], Value]


def is_missing(scene: Scene, value: Value) -> Value:
    """``pd.isna``: NaN, NaT and None."""

    def apply(inner: Scene, each: Value) -> Value:
        if isinstance(each, Typed):
            return Typed("bool", inner.words.is_null(each.expression)) if each.nullable else Known(False)
        if isinstance(each, Known) and not isinstance(each.value, list | tuple | set | dict):
            return Known(bool(pd.isna(each.value)))
        inner.refuse("isna of this", "test one value")

    return spread(scene, apply, value)


def _is_present(scene: Scene, value: Value) -> Value:
    return Typed("bool", scene.words.negated(truth(scene, is_missing(scene, value))))


def is_nan(scene: Scene, value: Value) -> Value:
    """``math.isnan``, ``np.isnan``: TypeError of what is no number."""
    return numbers.of_number(is_missing)(scene, value)


def length(scene: Scene, value: Value) -> Value:
    """``len``."""

    def apply(inner: Scene, each: Value) -> Value:
        if isinstance(each, Known):
            return publicly(inner, len, each.value)
        if isinstance(each, Display):
            return Known(len(each.items))
        if isinstance(each, Pieces):
            return texts.how_many(inner, each)
        if isinstance(each, Typed) and each.kind == "str":
            return texts.length(inner, each.expression)
        inner.fault(TRUE, TypeError)
        return NEVER

    return spread(scene, apply, value)


_TYPES: Mapping[str, tuple[type, ...]] = {
    "float": (float, np.float64),
    "int": (int,),
    "bool": (bool,),
    "str": (str,),
    "datetime": (pd.Timestamp,),
    "timedelta": (pd.Timedelta,),
}


def is_instance(scene: Scene, value: Value, kinds: Value) -> Value:
    """``isinstance``: by what pandas would have handed to the function."""
    if not isinstance(kinds, Known):
        scene.refuse("isinstance with these types", "name the types")
    wanted = kinds.value if isinstance(kinds.value, tuple) else (kinds.value,)
    if not all(isinstance(each, type) for each in wanted):
        scene.refuse("isinstance with these types", "name plain types: int, float, str, bool, pd.Timestamp")

    def apply(inner: Scene, each: Value) -> Value:
        if isinstance(each, Known):
            return Known(isinstance(each.value, wanted))
        if not isinstance(each, Typed):
            inner.refuse("isinstance of this", "test one value")
        present = any(issubclass(one, wanted) for one in _TYPES[each.kind])
        if not each.nullable:
            return Known(present)
        absent = isinstance(float("nan") if each.kind in ("float", "int") else pd.NaT, wanted)
        missing = inner.words.is_null(each.expression)
        return merge(inner, missing, Known(absent), Known(present))

    return spread(scene, apply, value)


# Several values -------------------------------------------------------------------------------------------


def items_of(scene: Scene, value: Value) -> list[Value]:
    """The items of a list whose length is public."""
    if isinstance(value, Display):
        return list(value.items)
    if isinstance(value, Known) and isinstance(value.value, list | tuple | set | frozenset | dict | range | str):
        return [Known(each) for each in value.value]
    scene.refuse("going through this", "use a list, tuple or range that is the same for every value")


def _extreme(least: bool) -> Handler:
    def apply(scene: Scene, given: Sequence[Value], keywords: Mapping[str, Value]) -> Value:
        _no_keywords(scene, keywords)
        values = items_of(scene, given[0]) if len(given) == 1 else list(given)
        if not values:
            scene.fault(TRUE, ValueError)
            return NEVER
        if all(isinstance(value, Known) for value in values):
            return publicly(scene, min if least else max, [value.value for value in values if isinstance(value, Known)])
        return numbers.extreme(scene, least, values)

    return apply


def _sum(scene: Scene, given: Sequence[Value], keywords: Mapping[str, Value]) -> Value:
    _no_keywords(scene, keywords)
    total: Value = given[1] if len(given) > 1 else Known(0)
    for value in items_of(scene, given[0]):
        total = arithmetic(scene, "add", total, value)
    return total


def _round(scene: Scene, given: Sequence[Value], keywords: Mapping[str, Value]) -> Value:
    digits = given[1] if len(given) > 1 else keywords.get("ndigits", Known(None))
    if (
        not isinstance(digits, Known)
        or not isinstance(digits.value, int | type(None))
        or not -1 < (digits.value or 0) <= _MOST_DIGITS
    ):
        scene.refuse("round to these digits", "write a number of digits from 0 to 15")
    if digits.value is None:
        return numbers.of_number(numbers.to_whole("round"))(scene, given[0])
    return numbers.of_number(lambda inner, value: numbers.rounded(inner, value, digits.value))(scene, given[0])


def _quantified(all_of: bool) -> Handler:
    def apply(scene: Scene, given: Sequence[Value], _: Mapping[str, Value]) -> Value:
        words = scene.words
        result = words.constant(all_of)
        for value in items_of(scene, given[0]):
            result = (words.both if all_of else words.either)(result, truth(scene, value))
        return Typed("bool", result)

    return apply


def _no_keywords(scene: Scene, keywords: Mapping[str, Value]) -> None:
    if keywords:
        scene.refuse(f"the argument {next(iter(keywords))}=", "leave it out")


# Patterns and dates ---------------------------------------------------------------------------------------


def _public(scene: Scene, value: Value, what: str) -> Any:
    if not isinstance(value, Known):
        scene.refuse(f"{what} that isn't the same for every value", "write it as a constant")
    return value.value


def _re(how: str) -> Handler:
    def apply(scene: Scene, given: Sequence[Value], keywords: Mapping[str, Value]) -> Value:
        pattern, text, *rest = given
        flags = _public(scene, rest[0] if rest else keywords.get("flags", Known(0)), "flags")
        return patterns.searched(scene, how, _public(scene, pattern, "a pattern"), text, int(flags))

    return apply


def _re_sub(scene: Scene, given: Sequence[Value], keywords: Mapping[str, Value]) -> Value:
    pattern, replacement, text, *rest = given
    if rest or "count" in keywords:
        scene.refuse("re.sub with a count", "replace all of them")
    flags = int(_public(scene, keywords.get("flags", Known(0)), "flags"))
    found = _public(scene, replacement, "a replacement")
    if not isinstance(found, str):
        scene.refuse("re.sub with a function", "use a text as the replacement")
    return patterns.substituted(scene, _public(scene, pattern, "a pattern"), found, text, flags)


def _to_datetime(scene: Scene, given: Sequence[Value], keywords: Mapping[str, Value]) -> Value:
    layout = _public(scene, keywords.get("format", Known(None)), "a layout")
    errors = _public(scene, keywords.get("errors", Known("raise")), "errors")
    if isinstance(given[0], Known):
        return publicly(scene, pd.to_datetime, given[0].value)
    return moments.read(scene, given[0], layout, missing=errors == "coerce")


def _strptime(scene: Scene, given: Sequence[Value], _: Mapping[str, Value]) -> Value:
    return moments.read(scene, given[0], _public(scene, given[1], "a layout"), missing=False)


def _one(function: Callable[[Scene, Value], Value]) -> Handler:
    def apply(scene: Scene, given: Sequence[Value], keywords: Mapping[str, Value]) -> Value:
        _no_keywords(scene, keywords)
        if len(given) != 1:
            scene.refuse(f"a call with {len(given)} arguments", "give one")
        return function(scene, given[0])

    return apply


def _two(function: Callable[[Scene, Value, Value], Value]) -> Handler:
    def apply(scene: Scene, given: Sequence[Value], keywords: Mapping[str, Value]) -> Value:
        _no_keywords(scene, keywords)
        one, other = given
        return function(scene, one, other)

    return apply


def _fmod(scene: Scene, one: Value, other: Value) -> Value:
    def apply(inner: Scene, a: Value, b: Value) -> Value:
        first, second = numbers.number(inner, a), numbers.number(inner, b)
        return NEVER if first is None or second is None else numbers.remainder(inner, first, second)

    return spread(scene, apply, numbers.to_float(scene, one), numbers.to_float(scene, other))


def _where(scene: Scene, given: Sequence[Value], _: Mapping[str, Value]) -> Value:
    condition, then, otherwise = given
    return merge(scene, truth(scene, condition), then, otherwise)


def _log(scene: Scene, given: Sequence[Value], keywords: Mapping[str, Value]) -> Value:
    _no_keywords(scene, keywords)
    top = numbers.of_number(numbers.MATH["log"])(scene, given[0])
    if len(given) == 1:
        return top
    return arithmetic(scene, "div", top, publicly(scene, math.log, _public(scene, given[1], "a base")))


def _log_beside_one(*, strict: bool) -> Handler:
    """``log1p``."""
    logarithm = numbers.of_number(numbers.logarithm("log", math.log, strict=strict))
    return _one(lambda scene, value: logarithm(scene, arithmetic(scene, "add", value, Known(1))))


def _exponential_less_one(scene: Scene, value: Value) -> Value:
    return arithmetic(scene, "sub", numbers.of_number(numbers.exponential)(scene, value), Known(1))


def _clip(scene: Scene, given: Sequence[Value], _: Mapping[str, Value]) -> Value:
    value, low, high = given
    return numbers.extreme(scene, True, [numbers.extreme(scene, False, [value, low]), high])


_MATH_ONLY: dict[Any, Handler] = {
    getattr(math, name): _one(numbers.of_number(function)) for name, function in numbers.MATH.items() if name != "log"
}
HANDLERS: Mapping[Any, Handler] = MappingProxyType({
    **_MATH_ONLY,
    len: _one(length),
    str: _one(texts.text_of),
    int: _one(numbers.to_int),
    float: _one(numbers.to_float),
    bool: _one(lambda scene, value: Typed("bool", truth(scene, value))),
    abs: _one(numbers.of_number(numbers.absolute)),
    round: _round,
    min: _extreme(least=True),
    max: _extreme(least=False),
    sum: _sum,
    any: _quantified(all_of=False),
    all: _quantified(all_of=True),
    isinstance: _two(is_instance),
    pow: _two(lambda scene, one, other: arithmetic(scene, "pow", one, other)),
    math.log: _log,
    math.log1p: _log_beside_one(strict=True),
    math.expm1: _one(_exponential_less_one),
    np.log1p: _log_beside_one(strict=False),
    np.expm1: _one(_exponential_less_one),
    np.square: _one(lambda scene, value: arithmetic(scene, "mul", value, value)),
    math.pow: _two(numbers.power),
    math.fmod: _two(_fmod),
    math.isnan: _one(is_nan),
    pd.isna: _one(is_missing),
    pd.isnull: _one(is_missing),
    pd.notna: _one(_is_present),
    pd.notnull: _one(_is_present),
    pd.to_datetime: _to_datetime,
    np.isnan: _one(is_nan),
    np.abs: _one(numbers.of_number(numbers.absolute)),
    np.sqrt: _one(numbers.of_number(numbers.numpy_root)),
    np.log: _one(numbers.of_number(numbers.logarithm("log", math.log, strict=False))),
    np.log10: _one(numbers.of_number(numbers.logarithm("log10", math.log10, strict=False))),
    np.log2: _one(numbers.of_number(numbers.logarithm("log2", math.log2, strict=False))),
    np.exp: _one(numbers.of_number(numbers.exponential)),
    np.where: _where,
    np.clip: _clip,
    re.match: _re("match"),
    re.search: _re("search"),
    re.fullmatch: _re("fullmatch"),
    re.sub: _re_sub,
})  # fmt: skip

_PUBLIC: frozenset[Any] = frozenset({
    range, sorted, list, tuple, set, frozenset, dict, enumerate, zip, reversed, len, str, int, float, bool, abs, round, min, max, sum, any,
    all, pow, divmod, ord, chr, repr, re.compile, dt.datetime, dt.date, dt.timedelta, pd.Timestamp, pd.Timedelta, pd.to_datetime, pd.isna,
    pd.isnull, pd.notna, pd.notnull, np.isnan, np.abs, np.sqrt, np.log, np.log10, np.log2, np.exp,
    np.log1p, np.expm1, np.square,
    *(value for name, value in vars(math).items() if callable(value) and not name.startswith("_")),
})  # fmt: skip
_MAKERS: Mapping[tuple[Any, str], Handler | None] = {
    (dt.datetime, "strptime"): _strptime,
    (dt.datetime, "now"): None,
    (dt.datetime, "today"): None,
    (dt.date, "today"): None,
    (pd.Timestamp, "now"): None,
    (pd.Timestamp, "today"): None,
}


def _UNKNOWN(*_: Any) -> Value:  # noqa: N802 - stands for "not in the table", where None says "publicly only"
    raise AssertionError


_OUTSIDE = {
    "print",
    "ag_print",
    "export",
    "imported",
    "display",
    "sleep",
    "input",
    "open",
    "submit_predictions",
    "setattr",
    "delattr",
}


def known_call(scene: Scene, function: Any, given: Sequence[Value], keywords: Mapping[str, Value]) -> Value:
    """A call of a function that is no analyst's: by its handler, or publicly on public values; refused by absence."""
    if not is_function(function):
        refuse_call(scene, type(function).__name__)
    owner, name = getattr(function, "__self__", None), getattr(function, "__name__", type(function).__name__)
    made = _MAKERS.get((owner, name), _UNKNOWN) if isinstance(owner, type) else _UNKNOWN
    handler = _handler(function) if made is _UNKNOWN else made
    public = all(isinstance(value, Known) for value in (*given, *keywords.values()))
    if public and (made is not _UNKNOWN or _is_public(function)):
        return _called(scene, function, given, keywords)
    if handler is None:
        refuse_call(scene, name)
    try:
        return handler(scene, given, keywords)
    except ValueError as error:  # a handler unpacks its arguments: too few or too many
        if "unpack" not in str(error):
            raise
        scene.refuse(f"this way to call {name}", "give its usual arguments, by position")


def refuse_call(scene: Scene, name: str) -> NoReturn:
    """Refuse a call by name, with what to do instead."""
    if name in _OUTSIDE:
        scene.refuse(f"{name}(…)", "a function of private values may only give a value back: leave the call out")
    if name == "type":
        scene.refuse(
            "type(…)", "ask pd.isna(x) for a missing value, or isinstance(x, str); a missing text is None here"
        )
    scene.refuse(f"{name}(…)", "use arithmetic, comparisons, if, texts' methods, math and functions of your own")


def _handler(function: Any) -> Handler | None:
    return _BY_IDENTITY.get(id(function))


def _is_public(function: Any) -> bool:
    return id(function) in _PUBLIC_IDENTITIES


def is_function(value: Any) -> bool:
    """Whether calling the value runs no method of an analyst's class: a function, a type, or one that the table knows."""
    return isinstance(value, _FUNCTIONS) or id(value) in _BY_IDENTITY or id(value) in _PUBLIC_IDENTITIES


_FUNCTIONS = (FunctionType, BuiltinFunctionType, MethodType, type, np.ufunc)
# By identity: looking an object up would call its own __hash__ and __eq__.
_BY_IDENTITY: Mapping[int, Handler] = {id(function): handler for function, handler in HANDLERS.items()}
_PUBLIC_IDENTITIES = frozenset(map(id, _PUBLIC))
_LARGEST_RANGE = 100_000


def _called(scene: Scene, function: Any, given: Sequence[Value], keywords: Mapping[str, Value]) -> Value:
    plain = [value.value for value in given if isinstance(value, Known)]
    named = {name: value.value for name, value in keywords.items() if isinstance(value, Known)}
    if function is range and any(isinstance(each, int) and abs(each) > _LARGEST_RANGE for each in plain):
        scene.refuse("a range this long", "go through fewer values")
    if function is pow:
        return arithmetic(scene, "pow", *given)
    if any(callable(each) and not isinstance(each, type) for each in (*plain, *named.values())):
        scene.refuse("a function as an argument", "call it yourself")
    result = publicly(scene, lambda: function(*plain, **named))
    if isinstance(result, Known) and isinstance(result.value, enumerate | zip | reversed):
        return Known(list(result.value))
    return result

"""How values are brought together: where paths meet, and where an operation meets a value that is one of two.

Must not know syntax, nor any operation.
"""

import math
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from ag_plan.expressions import Expression
from op_pandas.scalars import micros
from op_pandas.translation.scene import Beyond, Scene
from op_pandas.translation.values import NEVER, Bounds, Found, Kind, Known, Never, Split, Typed, Value
from op_pandas.translation.words import NULL, TRUE

Operation: TypeAlias = Callable[..., Value]
MICROSECOND = timedelta(microseconds=1)
EXACT = 2**53
"""Whole numbers below this are doubles, too."""
_INT64 = range(-(2**63), 2**63)


def spread(scene: Scene, operation: Operation, *values: Value) -> Value:
    """The operation on each combination of what the values may be."""
    for place, value in enumerate(values):
        if isinstance(value, Never):
            return NEVER
        if isinstance(value, Split):
            before, after = values[:place], values[place + 1 :]
            known = scene.truth(value.condition)
            if known is not None:
                return spread(scene, operation, *before, value.then if known else value.otherwise, *after)
            with scene.under(value.condition):
                then = spread(scene, operation, *before, value.then, *after)
            with scene.under(value.condition, truth=False):
                otherwise = spread(scene, operation, *before, value.otherwise, *after)
            return merge(scene, value.condition, then, otherwise)
    return operation(scene, *values)


def merge(scene: Scene, condition: Expression, then: Value, otherwise: Value) -> Value:
    """The value after two paths meet."""
    known = scene.truth(condition)
    if known is not None:
        return then if known else otherwise
    if then is otherwise or isinstance(otherwise, Never):
        return then
    if isinstance(then, Never):
        return otherwise
    if isinstance(then, Known) and isinstance(otherwise, Known) and _same(then.value, otherwise.value):
        return then
    if isinstance(then, Found) and isinstance(otherwise, Found):
        return Split(condition, then, otherwise)
    if is_infinite(then) or is_infinite(otherwise):
        return Split(condition, then, otherwise)
    both_known = isinstance(then, Known) and isinstance(otherwise, Known)
    one, other = typed(scene, then), typed(scene, otherwise)
    if one is None or other is None or one.kind != other.kind or (both_known and one.kind == "str"):
        return Split(condition, then, otherwise)
    expression = scene.words.choose(condition, one.expression, other.expression)
    return Typed(one.kind, expression, one.nullable or other.nullable, hull(one, other))


def hull(one: Typed, other: Typed) -> Bounds | None:
    """Bounds that hold for both. A bare null adds none."""
    if one.expression is NULL or other.expression is NULL:
        return other.bounds if one.expression is NULL else one.bounds
    if one.bounds is None or other.bounds is None:
        return None
    return min(one.bounds[0], other.bounds[0]), max(one.bounds[1], other.bounds[1])


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and isinstance(one, bool | int | str | type(None)) and one == other


def is_infinite(value: Value) -> bool:
    """Whether a value is a public infinity, which is no number of a column."""
    return isinstance(value, Known) and isinstance(value.value, float) and math.isinf(value.value)


def typed(scene: Scene, value: Value) -> Typed | None:
    """A public scalar as a value per row; a value per row as it is; None for everything else, also for None."""
    if isinstance(value, Typed):
        return value
    if not isinstance(value, Known):
        return None
    make = _TYPED.get(type(value.value))
    return None if make is None else make(scene, value.value)


def _number(kind: Kind) -> Callable[[Scene, Any], Typed]:
    def make(scene: Scene, value: Any) -> Typed:
        if isinstance(value, float) and math.isnan(value):
            return Typed("float", NULL, nullable=True)
        if isinstance(value, int) and value not in _INT64:
            scene.fault(TRUE, Beyond)
            return Typed(kind, scene.words.constant(0))
        if math.isinf(value):
            scene.refuse("an infinity that is more than compared", "use a large number, e.g. 1e300")
        return Typed(kind, scene.words.constant(value), bounds=(value, value))

    return make


def _moment(scene: Scene, value: Any) -> Typed:
    if value is pd.NaT:
        return Typed("datetime", NULL, nullable=True)
    found = micros(value)
    return Typed("datetime", scene.words.instant(found), bounds=(found, found))


def _span(scene: Scene, value: timedelta) -> Typed:
    found = value // MICROSECOND
    return Typed("timedelta", scene.words.constant(found), bounds=(found, found))


_TYPED: Mapping[type, Callable[[Scene, Any], Typed]] = {
    bool: lambda scene, value: Typed("bool", scene.words.constant(value)),
    int: _number("int"),
    float: _number("float"),
    str: lambda scene, value: Typed("str", scene.words.constant(value)),
    datetime: _moment,
    pd.Timestamp: _moment,
    type(pd.NaT): _moment,
    timedelta: _span,
    pd.Timedelta: _span,
}

SCALARS = (bool, int, float, str, type(None), datetime, date, timedelta, pd.Timestamp, pd.Timedelta, type(pd.NaT))
_CONTAINERS: Mapping[type, Callable[[Any], Any]] = {list: list, tuple: tuple, set: set, frozenset: frozenset}
_MOST_ITEMS = 10_000


def frozen(value: Any, deepest: int = 4) -> Any:
    """A copy of a public value, of scalars and plain containers only. TypeError for the rest, whose methods would be code."""
    if type(value) in SCALARS:
        return value
    if isinstance(value, np.generic) and not isinstance(value, np.void):
        return frozen(pd.Timestamp(value) if isinstance(value, np.datetime64) else value.item())
    if deepest and type(value) is dict and len(value) <= _MOST_ITEMS:
        return {frozen(key, 1): frozen(item, deepest - 1) for key, item in value.items()}
    if deepest and type(value) in _CONTAINERS and len(value) <= _MOST_ITEMS:
        return _CONTAINERS[type(value)](frozen(item, deepest - 1) for item in value)
    raise TypeError(type(value).__name__)

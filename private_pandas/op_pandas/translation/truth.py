"""Truth, comparison and membership, with Python's meaning for NaN, NaT and None. Must not know syntax."""

import operator
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import pandas as pd

from ag_plan.expressions import BinaryOperator, Expression, IsIn, Scalar, TextHas
from op_pandas.scalars import micros
from op_pandas.translation.merging import EXACT, SCALARS, is_infinite, spread, typed
from op_pandas.translation.scene import Beyond, Scene
from op_pandas.translation.values import NEVER, Display, Found, Known, Pieces, Split, Typed, Value
from op_pandas.translation.words import FALSE, NULL, TRUE

_LONGEST = 64
"""Characters of a public text whose every part is listed."""
_COMPARED = (*SCALARS, list, tuple, set, frozenset, dict)
NUMBERS = {"float", "int", "bool"}
COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}


def truth(scene: Scene, value: Value) -> Expression:
    """Whether Python calls the value true: never null."""
    found = spread(scene, _truth, value)
    if isinstance(found, Split):
        return scene.words.choose(found.condition, truth(scene, found.then), truth(scene, found.otherwise))
    if isinstance(found, Known):
        return scene.words.constant(bool(found.value))
    return found.expression if isinstance(found, Typed) else FALSE


def _truth(scene: Scene, value: Value) -> Value:
    words = scene.words
    if isinstance(value, Known):
        return Known(bool(value.value))
    if isinstance(value, Found):
        return Typed("bool", value.found)
    if isinstance(value, Display):
        return Known(bool(value.items))
    if isinstance(value, Typed):
        if value.kind == "bool":
            return value
        if value.kind == "datetime":
            return Known(True)
        zero = words.constant({"str": "", "float": 0.0}.get(value.kind, 0))  # type: ignore[arg-type]
        differs = words.binary("ne", value.expression, zero)
        # NaN is true in Python.
        return Typed("bool", words.coalesce(differs, TRUE) if value.nullable else differs)
    return Known(True)


def compare(scene: Scene, name: BinaryOperator, left: Value, right: Value) -> Value:
    """One comparison."""
    return spread(scene, lambda inner, one, other: _compare(inner, name, one, other), left, right)


def _compare(scene: Scene, name: BinaryOperator, left: Value, right: Value) -> Value:
    if isinstance(left, Known) and isinstance(right, Known):
        return _publicly(scene, name, left.value, right.value)
    if isinstance(left, Display | Pieces | Found) or isinstance(right, Display | Pieces | Found):
        scene.refuse("a comparison of lists or matches", "compare their parts")
    if any(isinstance(each, Known) and not isinstance(each.value, _COMPARED) for each in (left, right)):
        scene.refuse("a comparison with this", "compare with numbers, texts, dates or None")
    if is_infinite(left) or is_infinite(right):
        return _beside_infinity(scene, name, left, right)
    one, other = typed(scene, left), typed(scene, right)
    if one is None or other is None or not _comparable(one, other, left, right):
        return unequal(scene, name)
    if one.kind == "str" and name not in ("eq", "ne"):
        scene.refuse("the order of texts", "compare texts with ==, != or in")
    return _holds(scene, name, one, other)


def _beside_infinity(scene: Scene, name: BinaryOperator, left: Value, right: Value) -> Value:
    """As every number compares, NaN apart."""
    item = typed(scene, right if is_infinite(left) else left)
    if item is None or item.kind not in NUMBERS:
        return unequal(scene, name)
    ends = [each.value if isinstance(each, Known) and is_infinite(each) else 0.0 for each in (left, right)]
    found = bool(COMPARISONS[name](*ends))
    if not item.nullable:
        return Known(found)
    missing = scene.words.is_null(item.expression)
    return Typed("bool", scene.words.choose(missing, *map(scene.words.constant, (name == "ne", found))))


def _holds(scene: Scene, name: BinaryOperator, one: Typed, other: Typed) -> Value:
    if {one.kind, other.kind} == {"int", "float"}:
        for value in (one, other):
            _exact(scene, value)
    if one.kind == other.kind == "bool" and name not in ("eq", "ne"):
        one, other = whole(scene, one), whole(scene, other)
    nullable = one.nullable or other.nullable
    if one.expression is NULL or other.expression is NULL:
        return Known(name == "ne")
    if one.expression is other.expression and not nullable:
        return Known(name in ("eq", "le", "ge"))
    found = scene.words.binary(name, one.expression, other.expression)
    # NaN and NaT equal nothing and have no order.
    return Typed("bool", scene.words.coalesce(found, scene.words.constant(name == "ne")) if nullable else found)


def _exact(scene: Scene, value: Typed) -> None:
    """A whole number beside a float must be one of the doubles: Python compares them exactly, engines as doubles."""
    if value.kind == "int" and (value.bounds is None or max(map(abs, value.bounds)) > EXACT):
        far = scene.words.binary("gt", scene.words.unary("abs", value.expression), scene.words.constant(float(EXACT)))
        scene.fault(scene.words.coalesce(far, FALSE), Beyond)


def whole(scene: Scene, value: Typed) -> Typed:
    """A truth as 0 or 1."""
    return Typed("int", scene.words.cast(value.expression, "int"), bounds=(0, 1)) if value.kind == "bool" else value


def unequal(scene: Scene, name: BinaryOperator) -> Value:
    """Values of different kinds: unequal, and without an order."""
    if name in ("eq", "ne"):
        return Known(name == "ne")
    scene.fault(TRUE, TypeError)
    return NEVER


def _comparable(one: Typed, other: Typed, left: Value, right: Value) -> bool:
    if any(isinstance(each, Known) and type(each.value) is date for each in (left, right)):
        return False  # a Timestamp equals no date
    return one.kind == other.kind or {one.kind, other.kind} <= NUMBERS


def _publicly(scene: Scene, name: BinaryOperator, left: Any, right: Any) -> Value:
    try:
        return Known(bool(COMPARISONS[name](left, right)))
    except Exception as error:  # noqa: BLE001 - whatever Python raises, the function would have raised
        scene.fault(TRUE, type(error))
        return NEVER


def identical(scene: Scene, left: Value, right: Value) -> Value:
    """``is``: for None, True, False and NaT, and for types."""
    return spread(scene, _identical, left, right)


def _identical(scene: Scene, left: Value, right: Value) -> Value:
    if isinstance(left, Known) and not isinstance(right, Known):
        left, right = right, left
    if not isinstance(right, Known) or not (
        right.value is None or isinstance(right.value, bool | type) or right.value is pd.NaT
    ):
        scene.refuse("`is`", "use == (or `is None`)")
    if isinstance(left, Known):
        return Known(left.value is right.value)
    if isinstance(left, Found) and right.value is None:
        return Typed("bool", scene.words.negated(left.found))
    if isinstance(left, Typed) and left.kind == "bool" and isinstance(right.value, bool):
        return _compare(scene, "eq", left, right)
    if isinstance(left, Typed) and left.kind == "datetime" and right.value is pd.NaT:
        return Typed("bool", scene.words.is_null(left.expression)) if left.nullable else Known(False)
    return Known(False)


# Membership -----------------------------------------------------------------------------------------------


def contains(scene: Scene, item: Value, container: Value) -> Value:
    """``item in container``."""
    return spread(scene, _contains, item, container)


def _contains(scene: Scene, item: Value, container: Value) -> Value:
    if isinstance(item, Known) and isinstance(container, Known):
        return _publicly_in(scene, item.value, container.value)
    if isinstance(container, Display):
        return _any(scene, item, container.items)
    text = typed(scene, container)
    if text is not None and text.kind == "str":
        if isinstance(item, Known) and isinstance(item.value, str):
            return has(scene, "contains", text, item.value)
        if isinstance(container, Known) and len(container.value) <= _LONGEST:
            return (
                among(scene, item, _parts(container.value))
                if isinstance(item, Typed) and item.kind == "str"
                else unequal(scene, "lt")
            )
        scene.refuse("`in` with a private text on the left", "swap them, or compare with ==")
    if isinstance(container, Known) and isinstance(container.value, list | tuple | set | frozenset | dict | range):
        return among(scene, item, list(container.value))
    scene.refuse("`in` with this container", "use a list, a set, a dict or a text")


def _parts(text: str) -> list[str]:
    """Every text that is in a public one."""
    return [text[start:stop] for start in range(len(text) + 1) for stop in range(start, len(text) + 1)]


def _any(scene: Scene, item: Value, others: tuple[Value, ...]) -> Value:
    found = FALSE
    for other in others:
        found = scene.words.either(found, truth(scene, compare(scene, "eq", item, other)))
    return Typed("bool", found)


def has(scene: Scene, test: str, text: Typed, needle: str) -> Value:
    """Whether a text contains, starts with or ends with a public one."""
    if not needle:
        return Known(True)
    return Typed("bool", scene.words.make(TextHas, test=test, operand=text.expression, needle=needle))


def among(scene: Scene, item: Value, values: list[Any]) -> Value:
    """Whether a private value is one of public ones."""
    if not isinstance(item, Typed):
        return Known(False)
    listed = [key for key in (comparable_key(item, value) for value in values) if key is not None]
    if not listed:
        return Known(False)
    return Typed("bool", scene.words.make(IsIn, operand=item.expression, values=tuple(dict.fromkeys(listed))))


def comparable_key(item: Typed, value: Any) -> Scalar:
    """The public value as one of the item's kind, as the plan writes it; None where it can't equal any."""
    if item.kind == "str":
        return value if isinstance(value, str) else None
    if item.kind == "datetime":
        return micros(value) if isinstance(value, datetime) and value is not pd.NaT else None
    if isinstance(value, bool | int | float) and item.kind in NUMBERS:
        return _numeric_key(item, value)
    return None


def _numeric_key(item: Typed, value: float) -> Scalar:
    if value != value or abs(value) > EXACT:  # noqa: PLR0124 - NaN
        return None
    if item.kind == "float":
        return float(value)
    if value != int(value):
        return None
    if item.kind == "bool":
        return bool(value) if value in (0, 1) else None
    return int(value)


def _publicly_in(scene: Scene, item: Any, container: Any) -> Value:
    try:
        return Known(item in container)
    except Exception as error:  # noqa: BLE001 - as above
        scene.fault(TRUE, type(error))
        return NEVER

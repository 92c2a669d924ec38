"""Arithmetic on numbers, moments and texts, with Python's results and errors. Must not know syntax."""

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any, Literal

from ag_plan.expressions import BinaryOperator, Concat, Expression
from op_pandas.translation.merging import EXACT, SCALARS, spread, typed
from op_pandas.translation.scene import Beyond, Scene
from op_pandas.translation.truth import NUMBERS, whole
from op_pandas.translation.values import NEVER, Bounds, Display, Known, Typed, Value
from op_pandas.translation.words import FALSE, NULL, TRUE

Arithmetic = Literal["add", "sub", "mul", "div", "floordiv", "mod", "pow"]
_SMALL = 2**62
_MOST_TEXT = 10_000
_MOST_BITS = 4096
PUBLIC: Mapping[str, Callable[[Any, Any], Any]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv,
    "floordiv": operator.floordiv, "mod": operator.mod, "pow": operator.pow,
}  # fmt: skip


def arithmetic(scene: Scene, name: Arithmetic, left: Value, right: Value) -> Value:
    """One of Python's operators on two values."""
    return spread(scene, lambda inner, one, other: _apply(inner, name, one, other), left, right)


def _apply(scene: Scene, name: Arithmetic, left: Value, right: Value) -> Value:
    if isinstance(left, Known) and isinstance(right, Known):
        return publicly(scene, PUBLIC[name], left.value, right.value)
    if isinstance(left, Display) and isinstance(right, Display) and name == "add":
        return Display(left.items + right.items)
    one, other = typed(scene, left), typed(scene, right)
    if one is None or other is None:
        scene.fault(TRUE, TypeError)
        return NEVER
    kinds = one.kind, other.kind
    if set(kinds) <= NUMBERS:
        return _NUMERIC[name](scene, whole(scene, one), whole(scene, other))
    if kinds == ("str", "str") and name == "add":
        return Typed("str", joined(scene, one.expression, other.expression))
    if name in ("add", "sub") and set(kinds) <= {"datetime", "timedelta"}:
        return _moved(scene, name, one, other)
    if "timedelta" in kinds and name in ("div", "floordiv", "mul"):
        return _scaled(scene, name, one, other)
    if "str" in kinds and name in ("mul", "mod"):
        scene.refuse("repeating or %-formatting a text", "use an f-string or +")
    scene.fault(TRUE, TypeError)
    return NEVER


def joined(scene: Scene, left: Expression, right: Expression) -> Expression:
    """One text after another; what is too long for the plan is null, and so beyond Python's meaning."""
    return scene.words.make(Concat, left=left, right=right)


def publicly(scene: Scene, function: Callable[..., Any], *given: Any) -> Value:
    """A public computation on public scalars and containers; what it raises, the function would have raised."""
    if function in (operator.pow, operator.mul) and _is_huge(function, *given):
        scene.refuse("a number or text this large", "write a smaller one")
    try:
        return Known(function(*given))
    except Exception as error:  # noqa: BLE001 - the analyst's own error, on public values, becomes this path's outcome
        scene.fault(TRUE, type(error))
        return NEVER


def _is_huge(function: Callable[..., Any], left: Any, right: Any) -> bool:
    if type(left) not in SCALARS or type(right) not in SCALARS:
        return True
    if isinstance(left, int) and isinstance(right, int):
        bits = left.bit_length() * right if function is operator.pow else left.bit_length() + right.bit_length()
        return bits > _MOST_BITS
    sizes = [len(each) for each in (left, right) if isinstance(each, str)]
    times = [abs(each) for each in (left, right) if isinstance(each, int)]
    return bool(sizes and times) and sizes[0] * times[0] > _MOST_TEXT


# Numbers --------------------------------------------------------------------------------------------------


def narrow(scene: Scene, value: Typed) -> Typed:
    """A whole number with bounds: one without any is taken where it is also a double, which every engine computes alike."""
    if value.kind != "int" or (value.bounds is not None and max(map(abs, value.bounds)) < _SMALL):
        return value
    words = scene.words
    # Not abs: of the least 64-bit integer there is none.
    outside = words.either(
        words.binary("lt", value.expression, words.constant(-EXACT)),
        words.binary("gt", value.expression, words.constant(EXACT)),
    )
    scene.fault(held(scene, outside, value), Beyond)
    return Typed("int", words.clamp(value.expression, -EXACT, EXACT), value.nullable, (-EXACT, EXACT))


def held(scene: Scene, condition: Expression, *operands: Typed) -> Expression:
    """A condition on values that may be NaN: then false."""
    return scene.words.coalesce(condition, FALSE) if any(value.nullable for value in operands) else condition


def finite(scene: Scene, expression: Expression, bounds: Bounds | None, *operands: Typed) -> Typed:
    """A float that may leave the doubles, where Python goes on with an infinity: such rows are null."""
    nullable = any(value.nullable for value in operands)
    if bounds is None or not all(math.isfinite(bound) for bound in bounds):
        bounds = None
        missing = FALSE
        for value in operands:
            if value.nullable:
                missing = scene.words.either(missing, scene.words.is_null(value.expression))
        lost = scene.words.both(scene.words.is_null(expression), scene.words.negated(missing))
        scene.fault(lost, Beyond)
    return Typed("float", expression, nullable, bounds)


def corners(one: Typed, other: Typed, function: Callable[[Any, Any], Any]) -> Bounds | None:
    """The hull of an operation that is monotone in each operand."""
    if one.bounds is None or other.bounds is None:
        return None
    try:
        found = [function(a, b) for a in one.bounds for b in other.bounds]
    except (OverflowError, ZeroDivisionError):
        return None
    return None if any(value != value for value in found) else (min(found), max(found))  # noqa: PLR0124 - NaN


def _plain(name: BinaryOperator, function: Callable[[Any, Any], Any]) -> Callable[[Scene, Typed, Typed], Value]:
    """+, - and *: whole numbers stay whole."""

    def apply(scene: Scene, one: Typed, other: Typed) -> Value:
        if one.kind == other.kind == "int":
            return _whole_numbers(scene, name, narrow(scene, one), narrow(scene, other), function)
        expression = scene.words.binary(name, one.expression, other.expression)
        return finite(scene, expression, corners(one, other, function), one, other)

    return apply


def _whole_numbers(
    scene: Scene, name: BinaryOperator, one: Typed, other: Typed, function: Callable[[Any, Any], Any]
) -> Typed:
    words, bounds = scene.words, corners(one, other, function)
    nullable = one.nullable or other.nullable
    if bounds is not None and max(map(abs, bounds)) < _SMALL:
        return Typed("int", words.binary(name, one.expression, other.expression), nullable, bounds)
    result = words.binary(name, words.cast(one.expression, "float"), words.cast(other.expression, "float"))
    return exactly(scene, result, one, other)


def exactly(scene: Scene, result: Expression, *operands: Typed) -> Typed:
    """A whole number that was computed as a double: only where doubles are exact."""
    words = scene.words
    near = words.binary("lt", words.unary("abs", result), words.constant(float(EXACT)))
    missing = FALSE
    for value in operands:
        if value.nullable:
            missing = words.either(missing, words.is_null(value.expression))
    scene.fault(words.negated(words.either(words.coalesce(near, FALSE), missing)), Beyond)
    nullable = any(value.nullable for value in operands)
    bounds = (1 - EXACT, EXACT - 1)
    return Typed("int", words.cast(words.clamp(result, *map(float, bounds)), "int"), nullable, bounds)


def excludes_zero(value: Typed) -> bool:
    """Whether zero is outside a value's bounds."""
    return value.bounds is not None and not value.bounds[0] <= 0 <= value.bounds[1]


def _no_zero(scene: Scene, divisor: Typed) -> None:
    if not excludes_zero(divisor):
        zero = scene.words.constant(0 if divisor.kind == "int" else 0.0)
        scene.fault(held(scene, scene.words.binary("eq", divisor.expression, zero), divisor), ZeroDivisionError)


def _quotient(scene: Scene, one: Typed, other: Typed) -> Value:
    one, other = narrow(scene, one), narrow(scene, other)
    _no_zero(scene, other)
    bounds = corners(one, other, operator.truediv) if excludes_zero(other) else None
    return finite(scene, scene.words.binary("div", one.expression, other.expression), bounds, one, other)


def _floor_quotient(scene: Scene, one: Typed, other: Typed) -> Value:
    one, other = narrow(scene, one), narrow(scene, other)
    _no_zero(scene, other)
    nullable = one.nullable or other.nullable
    words = scene.words
    if one.kind == other.kind == "int":
        reach = max(map(abs, one.bounds or (0,)))
        bounds = corners(one, other, operator.floordiv) if excludes_zero(other) else (-reach, reach)
        return Typed("int", words.binary("floordiv", one.expression, other.expression), nullable, bounds)
    rest, signs_differ = _remainder(scene, one, other)
    raw = words.binary("div", words.binary("sub", one.expression, rest), other.expression)
    finite(scene, raw, None, one, other)
    moved = words.choose(signs_differ, words.binary("sub", raw, words.constant(1.0)), raw)
    floor = words.unary("floor", moved)
    above = words.binary("gt", words.binary("sub", moved, floor), words.constant(0.5))
    return Typed("float", words.choose(above, words.binary("add", floor, words.constant(1.0)), floor), nullable)


def _modulo(scene: Scene, one: Typed, other: Typed) -> Value:
    one, other = narrow(scene, one), narrow(scene, other)
    _no_zero(scene, other)
    nullable = one.nullable or other.nullable
    words = scene.words
    side = None if other.bounds is None else (min(other.bounds[0], 0), max(other.bounds[1], 0))
    if one.kind == other.kind == "int":
        return Typed("int", words.binary("mod", one.expression, other.expression), nullable, side)
    rest, signs_differ = _remainder(scene, one, other)
    return Typed("float", words.choose(signs_differ, words.binary("add", rest, other.expression), rest), nullable, side)


def _remainder(scene: Scene, one: Typed, other: Typed) -> tuple[Expression, Expression]:
    """C's remainder, and whether its sign is the wrong one for Python."""
    words, zero = scene.words, scene.words.constant(0.0)
    rest = words.binary("fmod", one.expression, other.expression)
    wrong = words.binary("ne", words.binary("lt", rest, zero), words.binary("lt", other.expression, zero))
    return rest, words.both(words.binary("ne", rest, zero), wrong)


def _power(scene: Scene, one: Typed, other: Typed) -> Value:
    exponent = other.bounds[0] if other.bounds is not None and other.bounds[0] == other.bounds[1] else None
    words = scene.words
    if one.kind == other.kind == "int" and (exponent is None or exponent < 0) and not _is_negative(other):
        scene.refuse("a whole number to a private power", "write float(x) ** y, or a number as the power")
    one = narrow(scene, one)
    _no_zero_power(scene, one, other)
    result = words.binary("pow", one.expression, other.expression)
    if one.kind == other.kind == "int" and exponent is not None and exponent >= 0:
        return exactly(scene, result, one) if exponent != 1 else one
    if one.expression is NULL or other.expression is NULL:
        return Typed("float", result, nullable=True)
    return finite(scene, result, _power_bounds(one, exponent), one, other)


def _is_negative(value: Typed) -> bool:
    return value.bounds is not None and value.bounds[1] < 0


def _no_zero_power(scene: Scene, one: Typed, other: Typed) -> None:
    """Zero to a negative power."""
    if excludes_zero(one) or (other.bounds is not None and other.bounds[0] >= 0):
        return
    words = scene.words
    zero = words.binary("eq", one.expression, words.constant(0))
    negative = words.binary("lt", other.expression, words.constant(0))
    scene.fault(held(scene, words.both(zero, negative), one, other), ZeroDivisionError)


def _power_bounds(one: Typed, exponent: float | None) -> Bounds | None:
    if one.bounds is None or exponent is None or one.bounds[0] <= 0:
        return None
    try:
        ends = [float(bound) ** exponent for bound in one.bounds]
    except (OverflowError, ZeroDivisionError):
        return None
    return min(ends), max(ends)


_NUMERIC: Mapping[str, Callable[[Scene, Typed, Typed], Value]] = {
    "add": _plain("add", operator.add),
    "sub": _plain("sub", operator.sub),
    "mul": _plain("mul", operator.mul),
    "div": _quotient,
    "floordiv": _floor_quotient,
    "mod": _modulo,
    "pow": _power,
}


# Moments --------------------------------------------------------------------------------------------------


def _moved(scene: Scene, name: Arithmetic, one: Typed, other: Typed) -> Value:
    kinds = one.kind, other.kind
    result: Literal["datetime", "timedelta"] = "timedelta" if one.kind == other.kind else "datetime"
    if (kinds == ("datetime", "datetime") and name == "add") or (kinds == ("timedelta", "datetime") and name == "sub"):
        scene.fault(TRUE, TypeError)
        return NEVER
    bounds = corners(one, other, operator.add if name == "add" else operator.sub)
    if bounds is None or max(map(abs, bounds)) >= _SMALL:
        scene.refuse("moving or subtracting dates without public bounds", "clip the column between two dates first")
    left, right = (
        scene.words.cast(each.expression, "int") if each.kind == "datetime" else each.expression
        for each in (one, other)
    )
    raw = scene.words.binary("add" if name == "add" else "sub", left, right)
    nullable = one.nullable or other.nullable
    return Typed(result, raw if result == "timedelta" else scene.words.cast(raw, "datetime"), nullable, bounds)


def _scaled(scene: Scene, name: Arithmetic, one: Typed, other: Typed) -> Value:
    if (one.kind, other.kind) == ("timedelta", "timedelta") and name in ("div", "floordiv"):
        return _NUMERIC[name](scene, as_number(one), as_number(other))
    scene.refuse("scaling a timedelta", "use .total_seconds() or .days, which are numbers")


def as_number(span: Typed) -> Typed:
    """A timedelta as its microseconds."""
    return Typed("int", span.expression, span.nullable, span.bounds)

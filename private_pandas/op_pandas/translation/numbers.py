"""Python's functions of numbers on private values: rounding, roots, logarithms, extremes, conversions. Must not know syntax."""

import math
from collections.abc import Callable, Mapping

from ag_plan.expressions import Expression, Match, UnaryOperator
from op_pandas.translation.arithmetic import arithmetic, exactly, excludes_zero, finite, held, narrow
from op_pandas.translation.merging import EXACT, is_infinite, merge, spread, typed
from op_pandas.translation.scene import Beyond, Scene
from op_pandas.translation.truth import NUMBERS, compare, truth, whole
from op_pandas.translation.values import NEVER, Bounds, Known, Typed, Value
from op_pandas.translation.words import FALSE, NULL, TRUE

Function = Callable[[Scene, Typed], Value]
_BLANK = r"[\x{9}-\x{d}\x{20}]*"
_DIGITS = r"[\x{30}-\x{39}]"
WHOLE = rf"\A{_BLANK}[\x{{2b}}\x{{2d}}]?{_DIGITS}{{1,18}}{_BLANK}\z"
_REAL = (
    rf"\A{_BLANK}[\x{{2b}}\x{{2d}}]?(?:{_DIGITS}+(?:\x{{2e}}{_DIGITS}*)?|\x{{2e}}{_DIGITS}+)"
    rf"(?:[\x{{65}}\x{{45}}][\x{{2b}}\x{{2d}}]?{_DIGITS}+)?{_BLANK}\z"
)
_ODD = r"[^\x{1}-\x{7f}]|\x{5f}|[\x{1c}-\x{1f}]|[\x{30}-\x{39}]{19}|[\x{6e}\x{4e}][\x{61}\x{41}\x{66}\x{46}]"
"""Texts that Python may read as a number in a way the plan doesn't: other digits, 1_000, very long ones, nan and inf."""


def number(scene: Scene, value: Value) -> Typed | None:
    """The value as a number; None where it is none."""
    found = typed(scene, value)
    return whole(scene, found) if found is not None and found.kind in NUMBERS else None


def of_number(function: Function) -> Callable[[Scene, Value], Value]:
    """A function of one number, of whatever the value may be; TypeError for what is no number."""

    def apply(scene: Scene, value: Value) -> Value:
        found = number(scene, value)
        if found is None:
            scene.fault(TRUE, TypeError)
            return NEVER
        return function(scene, found)

    return lambda scene, value: spread(scene, apply, value)


def absolute(scene: Scene, value: Typed) -> Value:
    """``abs``."""
    value = narrow(scene, value)
    return Typed(value.kind, scene.words.unary("abs", value.expression), value.nullable, _reach(value.bounds))


def _reach(bounds: Bounds | None) -> Bounds | None:
    if bounds is None:
        return None
    low, high = bounds
    return (0 if low <= 0 <= high else min(abs(low), abs(high))), max(abs(low), abs(high))


def negative(scene: Scene, value: Typed) -> Value:
    """Unary minus."""
    value = narrow(scene, value)
    bounds = None if value.bounds is None else (-value.bounds[1], -value.bounds[0])
    return Typed(value.kind, scene.words.unary("neg", value.expression), value.nullable, bounds)


def to_whole(operator: UnaryOperator | None) -> Function:
    """``int``, ``math.floor``, ``math.ceil``, ``round``: a whole number; ValueError of NaN."""

    def apply(scene: Scene, value: Typed) -> Value:
        if value.nullable:
            scene.fault(scene.words.is_null(value.expression), ValueError)
        if value.kind == "int":
            return Typed("int", value.expression, nullable=False, bounds=value.bounds)
        rounded = value.expression if operator is None else scene.words.unary(operator, value.expression)
        if value.bounds is None or max(map(abs, value.bounds)) >= EXACT:
            return exactly(scene, rounded)
        bounds = math.floor(value.bounds[0]), math.ceil(value.bounds[1])
        return Typed("int", scene.words.cast(rounded, "int"), nullable=False, bounds=bounds)

    return apply


def rounded(scene: Scene, value: Typed, digits: int) -> Value:
    """``round(x, digits)``: the double nearest to the decimal that is nearest to x, ties to even, exactly as Python does it."""
    if value.kind == "int":
        scene.refuse("rounding a whole number to digits", "use round(x) or x // 10 * 10")
    words, x = scene.words, value.expression
    scale = 10.0**digits
    product = words.binary("mul", x, words.constant(scale))
    far = words.binary("gt", words.unary("abs", product), words.constant(2.0**51))
    scene.fault(
        held(scene, words.coalesce(far, TRUE), value) if not value.nullable else words.coalesce(far, FALSE), Beyond
    )
    floor = words.unary("floor", product)
    half = words.binary("sub", words.binary("sub", product, floor), words.constant(0.5))
    beside = words.binary("add", half, _error_of_product(scene, x, scale, product))
    even = words.binary("eq", words.binary("fmod", floor, words.constant(2.0)), words.constant(0.0))
    zero = words.constant(0.0)
    up = words.binary("add", floor, words.constant(1.0))
    tie = words.choose(even, floor, up)
    near = words.choose(
        words.binary("lt", beside, zero), floor, words.choose(words.binary("gt", beside, zero), up, tie)
    )
    bounds = None if value.bounds is None else (round(value.bounds[0], digits), round(value.bounds[1], digits))
    result = words.binary("div", words.choose(words.is_null(x), NULL, near), words.constant(scale))
    if bounds is not None:
        result = words.clamp(result, *map(float, bounds))
    return Typed("float", result, value.nullable, bounds)


def _error_of_product(scene: Scene, x: Expression, scale: float, product: Expression) -> Expression:
    """What the rounding of ``x * scale`` lost, exactly (Dekker 1971: both factors split into halves of 26 bits)."""
    words = scene.words
    factor = 134217729.0
    big = words.binary("mul", x, words.constant(factor))
    high = words.binary("sub", big, words.binary("sub", big, x))
    low = words.binary("sub", x, high)
    large = factor * scale - (factor * scale - scale)
    small = scale - large

    def times(part: Expression, number: float) -> Expression:
        return words.binary("mul", part, words.constant(number))

    error = words.binary("sub", times(high, large), product)
    error = words.binary("add", error, times(high, small))
    error = words.binary("add", error, times(low, large))
    return words.binary("add", error, times(low, small))


def root(scene: Scene, value: Typed) -> Value:
    """``math.sqrt``: ValueError of negative numbers."""
    value = narrow(scene, value)
    zero = scene.words.constant(0)
    if value.bounds is None or value.bounds[0] < 0:
        scene.fault(held(scene, scene.words.binary("lt", value.expression, zero), value), ValueError)
    bounds = value.bounds and (math.sqrt(max(0, value.bounds[0])), math.sqrt(max(0, value.bounds[1])))
    return Typed("float", scene.words.unary("sqrt", value.expression), value.nullable, bounds)


def logarithm(operator: UnaryOperator, function: Callable[[float], float], *, strict: bool = True) -> Function:
    """A logarithm: ValueError where it isn't defined; ``strict`` False: numpy's, which gives NaN or an infinity there."""

    def apply(scene: Scene, value: Typed) -> Value:
        value = narrow(scene, value)
        zero = scene.words.constant(0)
        positive = value.bounds is not None and value.bounds[0] > 0
        if not positive:
            test = scene.words.binary("le" if strict else "eq", value.expression, zero)
            scene.fault(held(scene, test, value), ValueError if strict else Beyond)
        bounds = (
            (function(value.bounds[0]), function(value.bounds[1])) if value.bounds is not None and positive else None
        )
        nullable = value.nullable or not (strict or positive)
        return Typed("float", scene.words.unary(operator, value.expression), nullable, bounds)

    return apply


def exponential(scene: Scene, value: Typed) -> Value:
    """``math.exp``: OverflowError beyond the doubles."""
    value = narrow(scene, value)
    result = scene.words.unary("exp", value.expression)
    if value.bounds is not None and value.bounds[1] < 700:  # noqa: PLR2004 - e^709.8 is the largest double
        return Typed("float", result, value.nullable, (math.exp(value.bounds[0]), math.exp(value.bounds[1])))
    large = scene.words.binary("gt", value.expression, scene.words.constant(709.782712893384))
    scene.fault(held(scene, large, value), OverflowError)
    return finite(scene, result, None, value)


def angle(operator: UnaryOperator, bounds: Bounds | None) -> Function:
    """A function of an angle."""

    def apply(scene: Scene, value: Typed) -> Value:
        value = narrow(scene, value)
        return finite(scene, scene.words.unary(operator, value.expression), bounds, value)

    return apply


def numpy_root(scene: Scene, value: Typed) -> Value:
    """``np.sqrt``: NaN of negative numbers."""
    value = narrow(scene, value)
    below = value.bounds is None or value.bounds[0] < 0
    return Typed("float", scene.words.unary("sqrt", value.expression), value.nullable or below)


def to_float(scene: Scene, value: Value) -> Value:
    """``float``: of numbers, truths and texts that say one."""

    def apply(scene: Scene, value: Value) -> Value:
        found = typed(scene, value)
        if found is not None and found.kind == "str":
            return _read(scene, found, "float", _REAL)
        plain = number(scene, value)
        if plain is None:
            scene.fault(TRUE, TypeError)
            return NEVER
        if plain.kind == "float":
            return plain
        bounds = plain.bounds and (float(plain.bounds[0]), float(plain.bounds[1]))
        return Typed("float", scene.words.cast(plain.expression, "float"), plain.nullable, bounds)

    return spread(scene, apply, value)


def to_int(scene: Scene, value: Value) -> Value:
    """``int``: of numbers towards zero, and of texts that say a whole one."""

    def apply(scene: Scene, value: Value) -> Value:
        found = typed(scene, value)
        if found is not None and found.kind == "str":
            return _read(scene, found, "int", WHOLE)
        return of_number(to_whole(None))(scene, value)

    return spread(scene, apply, value)


def _read(scene: Scene, text: Typed, kind: str, pattern: str) -> Value:
    """A text as a number: ValueError where it says none; texts that Python may read in other ways are null."""
    words = scene.words
    said = words.make(Match, operand=text.expression, pattern=pattern)
    scene.fault(words.both(words.negated(said), words.make(Match, operand=text.expression, pattern=_ODD)), Beyond)
    scene.fault(words.negated(said), ValueError)
    number = words.cast(text.expression, "int" if kind == "int" else "float")
    if kind == "int":
        edge = 10**18
        return Typed("int", words.clamp(number, -edge, edge), bounds=(-edge, edge))
    scene.fault(words.both(said, words.is_null(number)), Beyond)
    return Typed("float", number)


def extreme(scene: Scene, least: bool, values: list[Value]) -> Value:
    """``min`` and ``max`` of several values: the first of equal ones, and NaN as Python's comparisons happen to treat it."""
    best = values[0]
    for value in values[1:]:
        best = spread(scene, lambda inner, one, other: _better(inner, least, one, other), best, value)
    return best


def _better(scene: Scene, least: bool, one: Value, other: Value) -> Value:
    ends = is_infinite(one) or is_infinite(other)
    first, second = (None, None) if ends else (number(scene, one), number(scene, other))
    if first is not None and second is not None and not first.nullable and not second.nullable:
        choose = min if least else max
        bounds = None
        if first.bounds is not None and second.bounds is not None:
            bounds = choose(first.bounds[0], second.bounds[0]), choose(first.bounds[1], second.bounds[1])
        word = scene.words.binary("least" if least else "greatest", first.expression, second.expression)
        return Typed("int" if first.kind == second.kind == "int" else "float", word, bounds=bounds)
    test = truth(scene, compare(scene, "lt" if least else "gt", other, one))
    return merge(scene, test, other, one)


def remainder(scene: Scene, one: Typed, other: Typed) -> Value:
    """``math.fmod``: ValueError of zero."""
    if not excludes_zero(other):
        zero = scene.words.binary("eq", other.expression, scene.words.constant(0))
        scene.fault(held(scene, zero, other), ValueError)
    return Typed("float", scene.words.binary("fmod", one.expression, other.expression), one.nullable or other.nullable)


def power(scene: Scene, one: Value, other: Value) -> Value:
    """``math.pow``: as ``**`` on floats, but ValueError where the result isn't real."""
    base, exponent = to_float(scene, one), to_float(scene, other)
    return arithmetic(scene, "pow", base, exponent)


MATH: Mapping[str, Function] = {
    "sqrt": root,
    "log": logarithm("log", math.log),
    "log2": logarithm("log2", math.log2),
    "log10": logarithm("log10", math.log10),
    "exp": exponential,
    "floor": to_whole("floor"),
    "ceil": to_whole("ceil"),
    "trunc": to_whole(None),
    "fabs": lambda scene, value: to_float(scene, absolute(scene, value)),
    "sin": angle("sin", (-1.0, 1.0)),
    "cos": angle("cos", (-1.0, 1.0)),
    "tan": angle("tan", None),
    "atan": angle("atan", (-1.6, 1.6)),
    "radians": lambda scene, value: arithmetic(scene, "mul", value, Known(math.pi / 180.0)),
    "degrees": lambda scene, value: arithmetic(scene, "mul", value, Known(180.0 / math.pi)),
}

"""Sums, differences, products and powers of terms, with the intervals that make overflow impossible. Knows no column."""

import math
from collections.abc import Callable

from sqlglot import exp

from ag_vault.errors import Refusal
from ag_vault.expressions.term import (
    Scope,
    Term,
    bounded,
    case,
    combine,
    convert,
    finite,
    fits,
    function,
    operand,
    real,
    wrong_kind,
)
from ag_vault.space import Kind

Interval = tuple[int | float, int | float]


def numbers(left: Term, right: Term, word: str) -> tuple[Term, Term] | Refusal:
    """Two terms as two ints or two floats; a boolean is 0 or 1, a bare null a null float."""
    if any(term.space.kind in ("str", "datetime") for term in (left, right)):
        return wrong_kind(word, "numbers", left, right)
    kind = _wider(left, right)
    return convert(left, kind), convert(right, kind)


def _wider(left: Term, right: Term) -> Kind:
    return "float" if {left.space.kind, right.space.kind} & {"float", "null"} else "int"


def floats(left: Term, right: Term, word: str) -> tuple[Term, Term] | Refusal:
    """Two terms as two floats."""
    pair = numbers(left, right, word)
    return pair if isinstance(pair, Refusal) else (convert(pair[0], "float"), convert(pair[1], "float"))


def corners(left: Term, right: Term, operation: Callable[[float, float], float]) -> Interval | None:
    """The hull of an operation that is monotone in each operand, from the corners of their bounds; None without bounds.

    Exact for integers. For floats each corner is rounded as the engine rounds, and rounding is monotone: no value leaves.
    """
    if left.space.bounds is None or right.space.bounds is None:
        return None
    values = [operation(one, other) for one in left.space.bounds for other in right.space.bounds]
    return None if any(math.isnan(value) for value in values) else (min(values), max(values))


def _operator(
    word: str, node: Callable[..., exp.Expression], operation: Callable[[float, float], float]
) -> Callable[..., Term | Refusal]:
    def apply(left: Term, right: Term, scope: Scope) -> Term | Refusal:
        if "datetime" in (left.space.kind, right.space.kind) and word in "+-":
            return _moved(left, right, word, node, operation)
        pair = numbers(left, right, word)
        if isinstance(pair, Refusal):
            return pair
        interval = corners(*pair, operation)
        if pair[0].space.kind == "int" and (interval is None or not fits(interval)):
            # Without bounds an integer result might not fit 64 bits on some row; as a float it always exists.
            pair = convert(pair[0], "float"), convert(pair[1], "float")
            interval = corners(*pair, operation)
        one, other = pair
        space = bounded(one.space.kind, interval, nullable=one.space.nullable or other.space.nullable)
        result = combine(space, node(this=operand(one), expression=operand(other)), one, other)
        return finite(scope.steps, result) if space.kind == "float" else result

    return apply


def _moved(
    left: Term, right: Term, word: str, node: Callable[..., exp.Expression], operation: Callable[[float, float], float]
) -> Term | Refusal:
    """Datetime - datetime: an integer of microseconds; datetime ± microseconds: a datetime. Bounds are needed for either."""
    kinds = left.space.kind, right.space.kind
    allowed = {("datetime", "datetime"): "-", ("datetime", "int"): "+-", ("int", "datetime"): "+"}
    interval = corners(left, right, operation)
    if word not in allowed.get(kinds, ""):
        return wrong_kind(word, "a datetime and an integer of microseconds", left, right)
    if interval is None or not fits(interval):
        return Refusal(
            code="no_bounds",
            why="the operands have no bounds, so the result might not fit 64 bits",
            instead="clip them between two points in time first",
        )
    nullable = left.space.nullable or right.space.nullable
    space = bounded("int" if kinds == ("datetime", "datetime") else "datetime", interval, nullable=nullable)
    return combine(space, node(this=operand(left), expression=operand(right)), left, right)


add = _operator("+", exp.Add, lambda a, b: a + b)
sub = _operator("-", exp.Sub, lambda a, b: a - b)
mul = _operator("*", exp.Mul, lambda a, b: a * b)


def power(left: Term, right: Term, scope: Scope) -> Term | Refusal:
    """A real power as a float; null where it isn't a real number: 0 to a negative, a negative to a fraction, beyond doubles."""
    pair = floats(left, right, "**")
    if isinstance(pair, Refusal):
        return pair
    base, exponent = scope.steps.name(pair[0]), scope.steps.name(pair[1])
    zero, whole = real(0.0), function("FLOOR", exponent.sql)
    inside = case(
        (exp.GT(this=base.sql.copy(), expression=zero), base.sql.copy()),
        (
            exp.And(
                this=exp.EQ(this=base.sql.copy(), expression=zero.copy()),
                expression=exp.GTE(this=exponent.sql.copy(), expression=zero.copy()),
            ),
            base.sql.copy(),
        ),
        (
            exp.And(
                this=exp.LT(this=base.sql.copy(), expression=zero.copy()),
                expression=exp.EQ(this=exponent.sql.copy(), expression=whole),
            ),
            base.sql.copy(),
        ),
    )
    interval = _power_interval(base, exponent)
    nullable = interval is None or base.space.nullable or exponent.space.nullable
    result = combine(
        bounded("float", interval, nullable=nullable), function("POW", inside, exponent.sql), base, exponent
    )
    return finite(scope.steps, result)


def _power_interval(base: Term, exponent: Term) -> Interval | None:
    """Bounds of a power that exists for every base and exponent between theirs: of bases from 0 on, or with one public exponent."""
    if base.space.bounds is None or exponent.space.bounds is None:
        return None
    (low, high), (least, most) = base.space.bounds, exponent.space.bounds
    if low > 0 or (low == 0 and least >= 0):
        return _corners(low, high, least, most)
    if least != most or (low <= 0 and least < 0) or (low < 0 and least != math.floor(least)):
        return None
    try:
        ends = [math.pow(low, least), math.pow(high, least)]
    except OverflowError:
        return None
    if low < 0 < high and least % 2 == 0:
        ends.append(math.pow(0.0, least))
    return min(ends), max(ends)


def _corners(low: float, high: float, least: float, most: float) -> Interval | None:
    """Of bases that are not negative: a power then grows or falls with either, so that it is greatest and least in a corner."""
    try:
        ends = [math.pow(base, exponent) for base in (low, high) for exponent in (least, most)]
    except OverflowError:
        return None
    return min(ends), max(ends)

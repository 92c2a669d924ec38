"""Logarithms to other bases and the functions of angles, as operators of ``Unary``; and C's remainder, of ``Binary``. Know no column."""

import math
from collections.abc import Callable

from sqlglot import exp

from ag_vault.errors import Refusal
from ag_vault.expressions.arithmetic import Interval, floats
from ag_vault.expressions.term import (
    Scope,
    Term,
    bounded,
    case,
    combine,
    convert,
    finite,
    function,
    literal,
    real,
    wrong_kind,
)

Operator = Callable[[Term, Scope], Term | Refusal]


def logarithm(word: str, of_bound: Callable[[float], float]) -> Operator:
    """A logarithm; null of what isn't positive, bounded where the operand's bounds are positive."""

    def apply(term: Term, scope: Scope) -> Term | Refusal:
        named = _double(term, word, scope)
        if isinstance(named, Refusal):
            return named
        inside = case((exp.GT(this=named.sql.copy(), expression=real(0.0)), named.sql.copy()))
        bounds = named.space.bounds
        positive = bounds is not None and bounds[0] > 0
        interval = (of_bound(bounds[0]), of_bound(bounds[1])) if bounds is not None and positive else None
        space = bounded("float", interval, nullable=named.space.nullable or not positive)
        return finite(scope.steps, combine(space, function(word, inside), named))

    return apply


def angle(word: str, interval: Interval | None) -> Operator:
    """A function of an angle, or an angle: within an interval of its own."""

    def apply(term: Term, scope: Scope) -> Term | Refusal:
        named = _double(term, word, scope)
        if isinstance(named, Refusal):
            return named
        space = bounded("float", interval, nullable=named.space.nullable or interval is None)
        return finite(scope.steps, combine(space, function(word, named.sql), named))

    return apply


def _double(term: Term, word: str, scope: Scope) -> Term | Refusal:
    if term.space.kind in ("str", "datetime"):
        return wrong_kind(word.lower(), "a number", term)
    return scope.steps.name(convert(term, "float"))


def remainder(left: Term, right: Term, scope: Scope) -> Term | Refusal:
    """``math.fmod``: exact, with the dividend's sign, not beyond either operand; by zero it is null."""
    pair = floats(left, right, "fmod")
    if isinstance(pair, Refusal):
        return pair
    one, other = scope.steps.name(pair[0]), scope.steps.name(pair[1])
    divisor = exp.Nullif(this=other.sql.copy(), expression=literal(0, "float"))
    sql = exp.Mod(this=one.sql.copy(), expression=divisor)
    return finite(scope.steps, combine(bounded("float", _within(one, other), nullable=True), sql, one, other))


def _within(one: Term, other: Term) -> Interval | None:
    reaches = [max(map(abs, term.space.bounds)) for term in (one, other) if term.space.bounds is not None]
    if one.space.bounds is None or not reaches:
        return None
    least, most = min(one.space.bounds[0], 0.0), max(one.space.bounds[1], 0.0)
    return max(least, -min(reaches)), min(most, *reaches)


UNARY: dict[str, Operator] = {
    "log2": logarithm("LOG2", math.log2),
    "log10": logarithm("LOG10", math.log10),
    "sin": angle("SIN", (-1.0, 1.0)),
    "cos": angle("COS", (-1.0, 1.0)),
    "tan": angle("TAN", None),
    "atan": angle("ATAN", (-math.pi / 2, math.pi / 2)),
}

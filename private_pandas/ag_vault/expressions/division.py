"""True, floor and modulo division of terms: by zero they give null. Knows no column."""

from sqlglot import exp

from ag_vault.errors import Refusal
from ag_vault.expressions.arithmetic import Interval, corners, floats, numbers
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
    operand,
)
from ag_vault.space import Kind


def true(left: Term, right: Term, scope: Scope) -> Term | Refusal:
    """A quotient as a float; bounded where zero does not lie between the divisor's bounds."""
    pair = floats(left, right, "/")
    if isinstance(pair, Refusal):
        return pair
    return finite(scope.steps, _quotient(*pair))


def floor(left: Term, right: Term, scope: Scope) -> Term | Refusal:
    """The quotient rounded down: an integer of bounded integers, else a float."""
    pair = _whole_or_floats(left, right, "//")
    if isinstance(pair, Refusal):
        return pair
    if pair[0].space.kind == "float":
        quotient = scope.steps.name(finite(scope.steps, _quotient(*pair)))
        interval = quotient.space.bounds and (quotient.space.bounds[0] // 1, quotient.space.bounds[1] // 1)
        return combine(bounded("float", interval, nullable=True), function("FLOOR", quotient.sql), quotient)
    # (a - a mod b) / b is exact, whichever way an engine rounds the division of integers.
    one, other = scope.steps.name(pair[0]), scope.steps.name(pair[1])
    rest = scope.steps.name(_rest(one, other, scope))
    exact = exp.Paren(this=exp.Sub(this=one.sql.copy(), expression=rest.sql.copy()))
    sql = exp.IntDiv(this=exact, expression=_nonzero(other, "int"))
    space = bounded("int", _floor_interval(one, other), nullable=True)
    return combine(space, sql, one, other, rest)


def _floor_interval(one: Term, other: Term) -> Interval:
    """Corners where the divisor keeps off zero; else the dividend's own reach, as no divisor is smaller than one."""
    low, high = other.space.bounds or (0, 0)
    hull = corners(one, other, lambda a, b: a // b) if low > 0 or high < 0 else None
    largest = max(abs(bound) for bound in one.space.bounds or (0,))
    return hull or (-largest, largest)


def modulo(left: Term, right: Term, scope: Scope) -> Term | Refusal:
    """The remainder with the divisor's sign, exact as Python's: an integer of bounded integers, else a float."""
    pair = _whole_or_floats(left, right, "%")
    if isinstance(pair, Refusal):
        return pair
    return _rest(scope.steps.name(pair[0]), scope.steps.name(pair[1]), scope)


def _whole_or_floats(left: Term, right: Term, word: str) -> tuple[Term, Term] | Refusal:
    """Two integers well inside 64 bits, or else two floats."""
    pair = numbers(left, right, word)
    if isinstance(pair, Refusal) or pair[0].space.kind == "float":
        return pair
    small = 2**62
    inside = [term.space.bounds is not None and max(map(abs, term.space.bounds)) < small for term in pair]
    return pair if all(inside) else (convert(pair[0], "float"), convert(pair[1], "float"))


def _nonzero(term: Term, kind: Kind) -> exp.Expression:
    """The divisor, null where it is zero."""
    return exp.Nullif(this=term.sql.copy(), expression=literal(0, kind))


def _quotient(left: Term, right: Term) -> Term:
    sql = exp.Div(this=operand(left), expression=_nonzero(right, "float"), typed=False, safe=False)
    crosses = right.space.bounds is None or right.space.bounds[0] <= 0 <= right.space.bounds[1]
    interval: Interval | None = None if crosses else corners(left, right, lambda a, b: a / b)
    nullable = crosses or left.space.nullable or right.space.nullable
    return combine(bounded("float", interval, nullable=nullable), sql, left, right)


def _rest(one: Term, other: Term, scope: Scope) -> Term:
    """The remainder of named numbers of one kind with the divisor's sign, from an engine's remainder of either sign.

    The engine's remainder is exact, for doubles too, and smaller than the divisor; so is its sum with a divisor of the other sign.
    a - b·floor(a / b) would be off by far more than b where a / b is large.
    """
    kind = one.space.kind
    reach = None if other.space.bounds is None else max(map(abs, other.space.bounds))
    space = bounded(kind, None if reach is None else (-reach, reach), nullable=True)
    rest = scope.steps.name(combine(space, exp.Mod(this=one.sql.copy(), expression=_nonzero(other, kind)), one, other))
    zero = literal(0, kind)
    signs_differ = exp.NEQ(
        this=exp.Paren(this=exp.LT(this=rest.sql.copy(), expression=zero)),
        expression=exp.Paren(this=exp.LT(this=other.sql.copy(), expression=zero.copy())),
    )
    moved = exp.And(this=exp.NEQ(this=rest.sql.copy(), expression=zero.copy()), expression=signs_differ)
    sum_ = exp.Add(this=rest.sql.copy(), expression=other.sql.copy())
    signed = bounded(kind, _side(other), nullable=True)
    return combine(signed, case((moved, sum_), otherwise=rest.sql.copy()), rest, other)


def _side(divisor: Term) -> Interval | None:
    """A remainder lies between zero and the divisor."""
    bounds = divisor.space.bounds
    return None if bounds is None else (min(bounds[0], 0), max(bounds[1], 0))

"""The word ``Unary``: one table of operators, each a space rule and its SQL. Knows no column."""

import math
from collections.abc import Callable

from sqlglot import exp

from ag_plan.expressions import Unary
from ag_vault.errors import Refusal
from ag_vault.expressions import elementary
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
from ag_vault.space import ColumnSpace

Operator = Callable[[Term, Scope], Term | Refusal]
_LARGEST_EXPONENT = 709.0


def rule(node: Unary, operands: tuple[Term, ...], scope: Scope) -> Term | Refusal:
    """Takes: one term. Gives: the operator's space. Why: one row in, one value out. Fails: on kinds, never on a row."""
    return _OPERATORS[node.operator](operands[0], scope)


def _is_null(term: Term, scope: Scope) -> Term:
    del scope
    sql = exp.Is(this=operand(term), expression=exp.Null())
    return combine(ColumnSpace(kind="bool", nullable=False), sql, term, sure=True)


def _not(term: Term, scope: Scope) -> Term | Refusal:
    del scope
    if term.space.kind not in ("bool", "null"):
        return wrong_kind("not", "a boolean", term)
    term = convert(term, "bool")
    return combine(term.space, exp.Not(this=operand(term)), term, sure=True)


def _number(term: Term, word: str) -> Term | Refusal:
    """The term as an int or a float."""
    if term.space.kind in ("str", "datetime"):
        return wrong_kind(word, "a number", term)
    kind = term.space.kind
    return convert(term, {"bool": "int", "null": "float"}.get(kind, kind))  # type: ignore[arg-type]


def _double(term: Term, word: str) -> Term | Refusal:
    number = _number(term, word)
    return number if isinstance(number, Refusal) else convert(number, "float")


def _safe_number(term: Term, word: str) -> Term | Refusal:
    """The term as a number whose negative exists: an integer without bounds, or at the edge of 64 bits, is a float here."""
    number = _number(term, word)
    if isinstance(number, Refusal) or number.space.kind == "float":
        return number
    bounds = number.space.bounds
    return number if bounds is not None and fits((-bounds[1], -bounds[0])) else convert(number, "float")


def _neg(term: Term, scope: Scope) -> Term | Refusal:
    del scope
    number = _safe_number(term, "-")
    if isinstance(number, Refusal):
        return number
    bounds = number.space.bounds
    interval = None if bounds is None else (-bounds[1], -bounds[0])
    space = bounded(number.space.kind, interval, nullable=number.space.nullable)
    return combine(space, exp.Neg(this=operand(number)), number)


def _abs(term: Term, scope: Scope) -> Term | Refusal:
    del scope
    number = _safe_number(term, "abs")
    if isinstance(number, Refusal):
        return number
    interval = None
    if number.space.bounds is not None:
        low, high = number.space.bounds
        interval = (0 if low <= 0 <= high else min(abs(low), abs(high)), max(abs(low), abs(high)))
    space = bounded(number.space.kind, interval, nullable=number.space.nullable)
    return combine(space, exp.Abs(this=number.sql.copy()), number)


def _whole(word: str, of_bound: Callable[[float], float], sql: Callable[[Term], exp.Expression]) -> Operator:
    """floor, ceil and round: nothing to do for integers, a whole float for floats."""

    def apply(term: Term, scope: Scope) -> Term | Refusal:
        number = _number(term, word)
        if isinstance(number, Refusal) or number.space.kind == "int":
            return number
        named = scope.steps.name(number)
        bounds = number.space.bounds
        interval = None if bounds is None else (of_bound(bounds[0]), of_bound(bounds[1]))
        return combine(bounded("float", interval, nullable=number.space.nullable), sql(named), named)

    return apply


def _half_even(term: Term) -> exp.Expression:
    """Half to even, as in Python: from floor and the exact remainder, which every engine computes alike."""
    floor = function("FLOOR", term.sql)
    rest = exp.Paren(this=exp.Sub(this=term.sql.copy(), expression=floor.copy()))
    up = exp.Add(this=floor.copy(), expression=real(1.0))
    halved = exp.Mul(this=floor.copy(), expression=real(0.5))
    even = exp.EQ(this=function("FLOOR", halved), expression=exp.Paren(this=halved.copy()))
    return case(
        (exp.LT(this=rest, expression=real(0.5)), floor),
        (exp.GT(this=rest.copy(), expression=real(0.5)), up),
        (even, floor.copy()),
        (exp.EQ(this=rest.copy(), expression=real(0.5)), up.copy()),
    )


def _sqrt(term: Term, scope: Scope) -> Term | Refusal:
    number = _double(term, "sqrt")
    if isinstance(number, Refusal):
        return number
    # The guard is on the argument, not around the call, so that no order of evaluation can meet a negative number.
    named = scope.steps.name(number)
    inside = case((exp.GTE(this=named.sql.copy(), expression=real(0.0)), named.sql.copy()))
    bounds = number.space.bounds
    interval = None if bounds is None or bounds[1] < 0 else (math.sqrt(max(bounds[0], 0)), math.sqrt(bounds[1]))
    nullable = number.space.nullable or bounds is None or bounds[0] < 0
    return combine(bounded("float", interval, nullable=nullable), function("SQRT", inside), named)


def _exp(term: Term, scope: Scope) -> Term | Refusal:
    number = _double(term, "exp")
    if isinstance(number, Refusal):
        return number
    named = scope.steps.name(number)
    inside = case((exp.LTE(this=named.sql.copy(), expression=real(_LARGEST_EXPONENT)), named.sql.copy()))
    bounds = number.space.bounds
    interval = None
    if bounds is not None and bounds[0] <= _LARGEST_EXPONENT:
        interval = (math.exp(bounds[0]), math.exp(min(bounds[1], _LARGEST_EXPONENT)))
    nullable = number.space.nullable or bounds is None or bounds[1] > _LARGEST_EXPONENT
    return combine(bounded("float", interval, nullable=nullable), function("EXP", inside), named)


def _log(term: Term, scope: Scope) -> Term | Refusal:
    number = _double(term, "log")
    if isinstance(number, Refusal):
        return number
    named = scope.steps.name(number)
    inside = case((exp.GT(this=named.sql.copy(), expression=real(0.0)), named.sql.copy()))
    bounds = number.space.bounds
    interval = None if bounds is None or bounds[0] <= 0 else (math.log(bounds[0]), math.log(bounds[1]))
    nullable = number.space.nullable or bounds is None or bounds[0] <= 0
    return finite(scope.steps, combine(bounded("float", interval, nullable=nullable), function("LN", inside), named))


_OPERATORS: dict[str, Operator] = {
    "neg": _neg,  # 64-bit edge: computed as a float
    "not": _not,  # null stays null
    "abs": _abs,
    "is_null": _is_null,  # the one operator that makes null a value
    "floor": _whole("floor", math.floor, lambda term: function("FLOOR", term.sql)),
    "ceil": _whole("ceil", math.ceil, lambda term: function("CEIL", term.sql)),
    "round": _whole("round", round, _half_even),
    "sqrt": _sqrt,  # of a negative number: null
    "exp": _exp,  # beyond the largest double: null
    "log": _log,  # of a number that isn't positive: null; bounds only where the operand's are positive
    **elementary.UNARY,
}

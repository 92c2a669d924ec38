"""The word ``Cast``: a value in another logical type, null where it can't be. Knows no column."""

import math
from collections.abc import Callable

from sqlglot import exp

from ag_plan.expressions import Cast
from ag_vault.errors import Refusal
from ag_vault.expressions.term import (
    SQL_TYPES,
    Scope,
    Term,
    bounded,
    case,
    combine,
    convert,
    finite,
    function,
    operand,
    real,
)
from ag_vault.space import ColumnSpace, Kind

Rule = Callable[[Term, Scope], Term]
_EDGE = 2.0**63
_MOST_DIGITS = 20
"""Of a whole number of 64 bits, its sign among them."""


def rule(node: Cast, operands: tuple[Term, ...], scope: Scope) -> Term | Refusal:
    """Takes: a term. Gives: the target's kind; bounds where they carry over. Why: one row in, one value out.

    Fails: for the pairs that are missing below, by the kinds alone; on no row.
    """
    term = operands[0]
    kind = term.space.kind
    if kind == node.to:
        return term
    if kind == "null":
        return convert(term, node.to)
    apply = _RULES.get((kind, node.to))
    if apply is None:
        return Refusal(
            code="wrong_kind",
            why=f"a column of kind {kind} can't become {node.to}",
            instead="map its values one by one",
            error="TypeError",
        )
    return apply(term, scope)


def _widen(kind: Kind) -> Rule:
    return lambda term, scope: convert(term, kind)  # noqa: ARG005 - one signature for the whole table


def _relabel(kind: Kind) -> Rule:
    """The same 64-bit integer under another name: an int as microseconds, and back."""

    def apply(term: Term, scope: Scope) -> Term:
        del scope
        space = ColumnSpace(kind=kind, lower=term.space.lower, upper=term.space.upper, nullable=term.space.nullable)
        return Term(space=space, sql=term.sql, level=term.level, depth=term.depth)

    return apply


def _tried(kind: Kind) -> Rule:
    """A string read by the engine; what isn't one of the kind becomes null."""

    def apply(term: Term, scope: Scope) -> Term:
        sql = exp.TryCast(this=operand(term), to=SQL_TYPES[kind].copy())
        tried = combine(ColumnSpace(kind=kind), sql, term)
        return finite(scope.steps, tried) if kind == "float" else tried

    return apply


def _moment(term: Term, scope: Scope) -> Term:
    """A string as a point in time."""
    del scope
    stamp = exp.TryCast(this=operand(term), to=exp.DataType.build("TIMESTAMP"))
    # Infinite timestamps have no microseconds: the second cast makes them null.
    usual = exp.TryCast(this=function("EPOCH_US", stamp), to=SQL_TYPES["datetime"].copy())
    return combine(ColumnSpace(kind="datetime"), usual, term)


def _truncated(term: Term, scope: Scope) -> Term:
    """A float towards zero, as in pandas; null beyond 64 bits."""
    named = scope.steps.name(term)
    inside = exp.And(
        this=exp.GTE(this=named.sql.copy(), expression=real(-_EDGE)),
        expression=exp.LT(this=named.sql.copy(), expression=real(_EDGE)),
    )
    # The guard is inside the cast, so that no order of evaluation can meet a number that does not fit.
    toward_zero = case(
        (exp.Not(this=exp.Paren(this=inside)), exp.Cast(this=exp.Null(), to=SQL_TYPES["float"].copy())),
        (exp.LT(this=named.sql.copy(), expression=real(0.0)), function("CEIL", named.sql)),
        otherwise=function("FLOOR", named.sql),
    )
    bounds = named.space.bounds
    small = bounds is not None and max(abs(bounds[0]), abs(bounds[1])) < _EDGE
    interval = (math.trunc(bounds[0]), math.trunc(bounds[1])) if bounds is not None and small else None
    space = bounded("int", interval, nullable=named.space.nullable or not small)
    return combine(space, exp.Cast(this=toward_zero, to=SQL_TYPES["int"].copy()), named)


def _nonzero(term: Term, scope: Scope) -> Term:
    del scope
    zero = real(0.0) if term.space.kind == "float" else exp.Literal.number(0)
    space = ColumnSpace(kind="bool", nullable=term.space.nullable)
    return combine(space, exp.NEQ(this=operand(term), expression=zero), term)


def _text(term: Term, scope: Scope) -> Term:
    """An integer in decimals; a boolean as True or False."""
    del scope
    if term.space.kind == "bool":
        yes, no = exp.Literal.string("True"), exp.Literal.string("False")
        sql: exp.Expression = case((term.sql.copy(), yes), (exp.Not(this=operand(term)), no))
        return combine(ColumnSpace(kind="str", categories=("False", "True"), nullable=term.space.nullable), sql, term)
    sql = exp.Cast(this=operand(term), to=SQL_TYPES["str"].copy())
    return combine(ColumnSpace(kind="str", nullable=term.space.nullable, longest=_MOST_DIGITS), sql, term)


_RULES: dict[tuple[Kind, Kind], Rule] = {
    ("bool", "int"): _widen("int"),
    ("bool", "float"): _widen("float"),
    ("int", "float"): _widen("float"),
    ("datetime", "float"): _widen("float"),
    ("int", "datetime"): _relabel("datetime"),
    ("datetime", "int"): _relabel("int"),
    ("float", "int"): _truncated,
    ("float", "bool"): _nonzero,
    ("int", "bool"): _nonzero,
    ("int", "str"): _text,
    ("bool", "str"): _text,
    # Missing: float to str, since engines write the same double differently.
    ("str", "int"): _tried("int"),
    ("str", "float"): _tried("float"),
    ("str", "bool"): _tried("bool"),
    ("str", "datetime"): _moment,
}

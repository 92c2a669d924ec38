"""The word ``Clamp``: a number moved between public bounds. Knows no column."""

import math

from sqlglot import exp

from ag_plan.expressions import Clamp
from ag_vault.errors import Refusal
from ag_vault.expressions.term import Scope, Term, bounded, case, combine, convert, fits, literal, wrong_kind
from ag_vault.space import Kind


def rule(node: Clamp, operands: tuple[Term, ...], scope: Scope) -> Term | Refusal:
    """Takes: a number or a datetime, and bounds of the analyst's. Gives: these bounds, or narrower. Fails: on kinds.

    Why: one row in, one value out; the vault computes the clamp itself, so a wrong guess costs accuracy, never privacy.
    """
    term = operands[0]
    if term.space.kind == "str":
        return wrong_kind("clip", "a number or a datetime", term)
    kind = _kind(node, term)
    converted = scope.steps.name(convert(term, kind))
    lower, upper = (float(node.lower), float(node.upper)) if kind == "float" else (int(node.lower), int(node.upper))
    interval = lower, upper
    if converted.space.bounds is not None:
        low, high = converted.space.bounds
        interval = min(max(low, lower), upper), min(max(high, lower), upper)
    sql = case(
        (exp.LT(this=converted.sql.copy(), expression=literal(lower, kind)), literal(lower, kind)),
        (exp.GT(this=converted.sql.copy(), expression=literal(upper, kind)), literal(upper, kind)),
        otherwise=converted.sql.copy(),
    )
    return combine(bounded(kind, interval, nullable=converted.space.nullable), sql, converted)


def _kind(node: Clamp, term: Term) -> Kind:
    """An integer stays one between whole bounds of 64 bits; else it becomes a float, as in pandas."""
    whole = node.lower == math.floor(node.lower) and node.upper == math.floor(node.upper)
    if term.space.kind in ("float", "null") or not whole or not fits((node.lower, node.upper)):
        return "float"
    return "datetime" if term.space.kind == "datetime" else "int"

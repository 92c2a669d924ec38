"""Comparisons, three-valued logic and extremes of terms. Knows no column.

Sure are those of two values of one kind: an engine orders all doubles and all integers, tells any two texts apart, and has a truth for any
two truths and null.
"""

from collections.abc import Callable

from sqlglot import exp

from ag_vault.errors import Refusal
from ag_vault.expressions.choose import join
from ag_vault.expressions.term import Scope, Term, bounded, case, combine, convert, operand, wrong_kind
from ag_vault.space import ColumnSpace

Operator = Callable[[Term, Term, Scope], Term | Refusal]
Node = Callable[..., exp.Expression]

_EQUAL: dict[str, Node] = {"eq": exp.EQ, "ne": exp.NEQ}
_ORDER: dict[str, Node] = {"lt": exp.LT, "le": exp.LTE, "gt": exp.GT, "ge": exp.GTE}
_LOGIC: dict[str, Node] = {"and": exp.And, "or": exp.Or, "xor": exp.NEQ}
_BEFORE: dict[str, Node] = {"least": exp.LT, "greatest": exp.GT}


def _truth(left: Term, right: Term) -> ColumnSpace:
    return ColumnSpace(kind="bool", nullable=left.space.nullable or right.space.nullable)


def equality(word: str) -> Operator:
    """== and != of terms of one kind; null with anything is null."""

    def apply(left: Term, right: Term, scope: Scope) -> Term | Refusal:
        del scope
        joined = join(left, right)
        if isinstance(joined, Refusal):
            return wrong_kind("a comparison", "values of one kind", left, right)
        one, other = joined
        sql = _EQUAL[word](this=operand(one), expression=operand(other))
        return combine(_truth(one, other), sql, one, other, sure=True)

    return apply


def order(word: str) -> Operator:
    """Order of numbers and of points in time; strings have none that all engines share."""

    def apply(left: Term, right: Term, scope: Scope) -> Term | Refusal:
        del scope
        joined = join(left, right)
        if isinstance(joined, Refusal) or joined[0].space.kind == "str":
            return wrong_kind("an ordering", "two numbers or two datetimes", left, right)
        one, other = (convert(term, "int") if term.space.kind == "bool" else term for term in joined)
        sql = _ORDER[word](this=operand(one), expression=operand(other))
        return combine(_truth(one, other), sql, one, other, sure=True)

    return apply


def logic(word: str) -> Operator:
    """and, or, xor of booleans by SQL's three-valued logic."""

    def apply(left: Term, right: Term, scope: Scope) -> Term | Refusal:
        del scope
        if any(term.space.kind not in ("bool", "null") for term in (left, right)):
            return wrong_kind(word, "booleans", left, right)
        one, other = convert(left, "bool"), convert(right, "bool")
        sql = _LOGIC[word](this=operand(one), expression=operand(other))
        return combine(_truth(one, other), sql, one, other, sure=True)

    return apply


def extreme(word: str) -> Operator:
    """The smaller or the larger of two; null where either is."""

    def apply(left: Term, right: Term, scope: Scope) -> Term | Refusal:
        joined = join(left, right)
        if isinstance(joined, Refusal) or joined[0].space.kind in ("str", "null"):
            return wrong_kind(word, "two numbers or two datetimes", left, right)
        one, other = (convert(term, "int") if term.space.kind == "bool" else term for term in joined)
        one, other = scope.steps.name(one), scope.steps.name(other)
        before = _BEFORE[word](this=one.sql.copy(), expression=other.sql.copy())
        # Either comparison is null where an operand is, and CASE without ELSE then gives null.
        tied = exp.Not(this=exp.Paren(this=before.copy()))
        sql = case((before, one.sql.copy()), (tied, other.sql.copy()))
        choose = min if word == "least" else max
        interval = None
        if one.space.bounds is not None and other.space.bounds is not None:
            (low, high), (least, most) = one.space.bounds, other.space.bounds
            interval = choose(low, least), choose(high, most)
        space = bounded(one.space.kind, interval, nullable=one.space.nullable or other.space.nullable)
        return combine(space, sql, one, other)

    return apply

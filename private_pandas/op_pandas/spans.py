"""Sums and differences that numbers don't have: texts one after another, points in time moved by a span. Must not know rows."""

import datetime as dt

import numpy as np

from ag_plan.expressions import Binary, BinaryOperator, Cast, Concat, Expression
from op_pandas.rows import Rows, Term

DAY = 86_400_000_000
SECOND = 1_000_000


def of_kinds(operator: BinaryOperator, left: Expression, right: Expression, own: Term, other: object) -> Expression:
    """An operator between two values as the plan has it, by the kind of the one and what stands beside it."""
    if operator == "add" and own.kind == "str" and (isinstance(other, str) or _kind(other) == "str"):
        return Concat(left=left, right=right)
    if operator in ("add", "sub") and own.kind == "datetime" and isinstance(other, dt.timedelta | np.timedelta64):
        moved = [Cast(operand=each, to="int") if each is own.expression else each for each in (left, right)]
        return Cast(operand=Binary(operator=operator, left=moved[0], right=moved[1]), to="datetime")
    return Binary(operator=operator, left=left, right=right)


def _kind(other: object) -> str | None:
    term = getattr(other, "term", None)
    return term.kind if isinstance(term, Term) else None


def is_span(rows: Rows, term: Term) -> bool:
    """Whether a column is the difference of two points in time: microseconds."""
    made = term.expression
    if term.kind != "int" or not isinstance(made, Binary) or made.operator != "sub":
        return False
    return rows.term(made.left).kind == "datetime"

"""Statistics across the columns of one row: free, because they stay private.

Must not know releases.
"""

from collections.abc import Mapping

from ag_plan.expressions import Binary, Choose, Clamp, Coalesce, Constant, Expression, Unary
from op_pandas.releases import needed
from op_pandas.rows import Rows, Term, joined
from op_pandas.series import PrivateSeries


def _sum(terms: Mapping[str, Term]) -> Expression:
    zero = Constant(value=0)
    parts = tuple(
        Coalesce(operand=term.expression, fallback=zero) if term.schema.nullable else term.expression
        for term in terms.values()
    )
    return joined("add", parts)


def _count(terms: Mapping[str, Term]) -> Expression:
    if not any(term.schema.nullable for term in terms.values()):
        return Constant(value=len(terms))
    zero, one = Constant(value=0), Constant(value=1)
    parts = tuple(
        Choose(condition=Unary(operator="is_null", operand=term.expression), then=zero, otherwise=one)
        for term in terms.values()
    )
    return joined("add", parts)


def row_sum(rows: Rows, terms: Mapping[str, Term]) -> PrivateSeries:
    """The sum of the numbers of each row; nulls count as 0, as in pandas."""
    expression = _sum(needed(terms, "is_summable", "sum"))
    return PrivateSeries.of(rows, rows.term(expression), None)


def row_mean(rows: Rows, terms: Mapping[str, Term]) -> PrivateSeries:
    """The mean of the non-null numbers of each row; null where there are none."""
    chosen = needed(terms, "is_summable", "mean")
    expression = Binary(operator="div", left=_sum(chosen), right=_count(chosen))
    return PrivateSeries.of(rows, rows.term(_between(expression, chosen)), None)


def _between(mean: Expression, terms: Mapping[str, Term]) -> Expression:
    """A mean has the bounds of what it is of; to divide a sum by a count says nothing of any where the count may be zero."""
    ends = [(0, 1) if term.kind == "bool" else (term.schema.lower, term.schema.upper) for term in terms.values()]
    known = [(lower, upper) for lower, upper in ends if lower is not None and upper is not None]
    if len(known) < len(ends):
        return mean
    return Clamp(operand=mean, lower=min(lower for lower, _ in known), upper=max(upper for _, upper in known))

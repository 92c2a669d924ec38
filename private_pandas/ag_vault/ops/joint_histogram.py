"""The measure ``JointHistogram``: counts by the bins of several columns together. Knows no noise; needs no bounds of the columns."""

from functools import reduce
from itertools import product
from math import prod

from sqlglot import exp

from ag_plan.releases import JointHistogram
from ag_vault.errors import Refusal
from ag_vault.expressions.term import Scope, Term, combine
from ag_vault.ops.column import each
from ag_vault.ops.histogram import MOST_BINS, place
from ag_vault.ops.rows import Rows
from ag_vault.parts import Bins, Measured, evenly
from ag_vault.space import ColumnSpace

MOST_CELLS = 50_000


def rule(node: JointHistogram, rows: Rows, scope: Scope) -> Measured | Refusal:
    """Takes: columns of numbers or datetimes, and edges for each. Gives: a count per combination of bins. Sensitivity: L1 = 1.

    Why: a row is in at most one bin of each column, so in at most one combination. What is null, or outside of all bins, in any of
    them is not counted. Fails: by kind or by the number of bins; never on a row.
    """
    bins = tuple(len(edges) - 1 for edges in node.edges)
    if max(bins, default=0) > MOST_BINS or prod(bins) > MOST_CELLS:
        return Refusal(
            code="too_many",
            why=f"a joint histogram has up to {MOST_CELLS} bins in all, and up to {MOST_BINS} of one column",
            instead="ask for fewer bins",
        )
    edges = dict(zip(node.columns, node.edges, strict=True))
    places = each(node.columns, rows, lambda name, term: place(name, term, edges[name], scope))
    if isinstance(places, Refusal):
        return places
    number = scope.steps.name(reduce(_beside, places))
    part = Bins(l1=1, number=number.sql, bins=prod(bins))
    labels = tuple(product(*map(range, bins)))
    return Measured(columns=("count",), labels=labels, parts=(part,), shares=evenly((part,)), layout=((0,),))


def _beside(one: Term, other: Term) -> Term:
    """One number for two, the second fastest; null where either is."""
    width = int(other.space.upper or 0) + 1
    count = (int(one.space.upper or 0) + 1) * width
    scaled = exp.Mul(this=exp.Paren(this=one.sql.copy()), expression=exp.Literal.number(width))
    sql = exp.Add(this=scaled, expression=other.sql.copy())
    return combine(ColumnSpace(kind="int", lower=0, upper=count - 1), sql, one, other)

"""The measure ``Histogram``: counts between public edges. Knows no noise; needs no bounds of the column."""

import math
from collections.abc import Sequence

from sqlglot import exp

from ag_plan.releases import Histogram
from ag_vault.errors import Refusal
from ag_vault.expressions.term import SQL_TYPES, Scope, Term, case, convert, real
from ag_vault.ops.column import each
from ag_vault.ops.rows import Rows
from ag_vault.parts import Bins, Measured, evenly
from ag_vault.space import ColumnSpace

MOST_BINS = 10_000
NEAR = 2.0**-10
"""Of a bin's width: how near to an edge a value is compared with edges, one by one."""


def rule(node: Histogram, rows: Rows, scope: Scope) -> Measured | Refusal:
    """Takes: a column of numbers or datetimes, and edges. Gives: a count per bin. Sensitivity: L1 = 1.

    Why: a row is in at most one bin: [e₀, e₁), [e₁, e₂), …, the last closed. What lies outside all of them, or is null, is not
    counted. Fails: by kind or by the number of bins; never on a row.
    """
    bins = len(node.edges) - 1
    if bins > MOST_BINS:
        return Refusal(code="too_many", why=f"a histogram has up to {MOST_BINS} bins")

    def part(name: str, term: Term) -> Bins | Refusal:
        number = place(name, term, node.edges, scope)
        return number if isinstance(number, Refusal) else Bins(l1=1, number=number.sql, bins=bins)

    parts = each((node.column,), rows, part)
    if isinstance(parts, Refusal):
        return parts
    labels = tuple((number,) for number in range(bins))
    return Measured(columns=(node.column,), labels=labels, parts=tuple(parts), shares=evenly(parts), layout=((0,),))


def place(name: str, term: Term, edges: Sequence[float], scope: Scope) -> Term | Refusal:
    """The number of each row's bin, as a named column; null outside of all bins.

    Comparisons with the edges themselves decide, by bisection: exact, and the same on every engine.
    """
    if term.space.kind in ("str", "id"):
        return Refusal(
            code="not_numeric",
            why=f"{name} is not a numeric column",
            instead="group by it and count",
            error="TypeError",
        )
    value = scope.steps.name(convert(term, "float"))
    inside = exp.And(
        this=exp.GTE(this=value.sql.copy(), expression=real(edges[0])),
        expression=exp.LTE(this=value.sql.copy(), expression=real(edges[-1])),
    )
    # One cast around all numbers: a cast of each is planned one by one.
    exact = _whole(_bisect(value, edges, 0, len(edges) - 2))
    factor = _even(edges)
    if factor is None:
        number: exp.Expression = case((inside, exact))
        level = value.level
    else:
        number, level = _mostly(value, inside, (edges[0], factor), exact, scope)
    space = ColumnSpace(kind="int", lower=0, upper=len(edges) - 2)
    return scope.steps.name(Term(space=space, sql=number, level=level, depth=1))


def _even(edges: Sequence[float]) -> float | None:
    """The factor by which y(x) = (x - e₀)·factor, in doubles, puts every edge nearer than ``NEAR`` to its number; None where none does."""
    width = edges[-1] - edges[0]
    factor = (len(edges) - 1) / width if width > 0 else math.inf
    if not (math.isfinite(width) and math.isfinite(factor)):
        return None
    near = all(abs((edge - edges[0]) * factor - number) < NEAR for number, edge in enumerate(edges))
    return factor if near else None


def _mostly(
    value: Term, inside: exp.Expression, line: tuple[float, float], exact: exp.Expression, scope: Scope
) -> tuple[exp.Expression, int]:
    """The bin by arithmetic where no edge is near, by comparisons elsewhere; and the level it is at.

    Why the same: y never falls as x grows, in doubles too. So k + NEAR ≤ y(x) ≤ k + 1 - NEAR and y(eₖ) < k + NEAR,
    y(eₖ₊₁) > k + 1 - NEAR put x between eₖ and eₖ₊₁. Both parts of y - floor(y) are exact.
    """
    shifted = exp.Paren(this=exp.Sub(this=value.sql.copy(), expression=real(line[0])))
    scaled = case((inside, exp.Mul(this=shifted, expression=real(line[1]))))
    space = ColumnSpace(kind="float", nullable=True)
    y = scope.steps.name(Term(space=space, sql=scaled, level=value.level, depth=1), sure=True)
    floor = exp.Floor(this=y.sql.copy())
    part = exp.Sub(this=y.sql.copy(), expression=floor)
    far = exp.And(
        this=exp.GTE(this=part, expression=real(NEAR)), expression=exp.LTE(this=part.copy(), expression=real(1 - NEAR))
    )
    given = exp.Not(this=exp.Is(this=y.sql.copy(), expression=exp.Null()))
    return case((far, _whole(floor.copy())), (given, exact)), y.level


def _whole(number: exp.Expression) -> exp.Expression:
    return exp.Cast(this=number, to=SQL_TYPES["int"].copy())


def _bisect(value: Term, edges: Sequence[float], first: int, last: int) -> exp.Expression:
    """The bin of a value known to lie in one of first … last."""
    if first == last:
        return exp.Literal.number(first)
    middle = (first + last) // 2
    below = exp.LT(this=value.sql.copy(), expression=real(edges[middle + 1]))
    return case((below, _bisect(value, edges, first, middle)), otherwise=_bisect(value, edges, middle + 1, last))

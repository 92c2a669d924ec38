"""The measure ``Histogram``: counts between public edges. Knows no noise; needs no bounds of the column."""

import math
from collections.abc import Sequence

from sqlglot import exp

from ag_plan.releases import Histogram
from ag_vault.errors import Refusal
from ag_vault.expressions.term import SQL_TYPES, Scope, Term, case, convert, function, real
from ag_vault.ops.column import each
from ag_vault.ops.rows import Rows
from ag_vault.parts import Bins, Measured, evenly
from ag_vault.space import ColumnSpace

MOST_BINS = 10_000
NEAR = 2.0**-10
"""Of a bin's width: how far from its number an edge may be put by arithmetic that is still of use."""


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

    Comparisons with the edges themselves decide, or arithmetic that was shown to decide as they do: exact, and the same on every engine.
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
    line = _even(edges)
    number: exp.Expression
    if line is None:
        # One cast around all numbers: a cast of each is planned one by one.
        number, level = case((inside, _whole(_bisect(value, edges, 0, len(edges) - 2)))), value.level
    elif _parted(edges, line):
        number, level = _floored(value, edges, line), value.level
    else:
        number, level = _nearest(value, inside, edges, line, scope)
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


def _parted(edges: Sequence[float], factor: float) -> bool:
    """Whether y in doubles reaches each number at its edge, and no double before."""
    return all(
        math.floor((edge - edges[0]) * factor) >= number
        and math.floor((math.nextafter(edge, -math.inf) - edges[0]) * factor) < number
        for number, edge in enumerate(edges[1:], start=1)
    )


def _floored(value: Term, edges: Sequence[float], factor: float) -> exp.Expression:
    """The bin by arithmetic alone, where edges are parted: floor(y), and the last bin for the last edge.

    Why: y never falls as x grows, in doubles too. So x from eₖ up to the double before eₖ₊₁ has k ≤ y(x) < k + 1.
    Numbers: 0 ≤ y < bins wherever it is cast.
    """
    within = exp.And(
        this=exp.GTE(this=value.sql.copy(), expression=real(edges[0])),
        expression=exp.LT(this=value.sql.copy(), expression=real(edges[-1])),
    )
    last = exp.EQ(this=value.sql.copy(), expression=real(edges[-1]))
    bins = len(edges) - 1
    return case((within, _whole(exp.Floor(this=_along(value, edges, factor)))), (last, _whole(_number(bins - 1))))


def _nearest(
    value: Term, inside: exp.Expression, edges: Sequence[float], factor: float, scope: Scope
) -> tuple[exp.Expression, int]:
    """The bin by one comparison, with the edge whose number k = floor(y + ½) is nearest: k - 1 below that edge, else k; and its level.

    Why: y never falls as x grows, in doubles too, and y(eₖ) is within ``NEAR`` of k. So x in bin b has b - NEAR ≤ y(x) ≤ b + 1 + NEAR,
    and k is b or b + 1: it is b + 1 exactly where the comparison takes one off. All that lies inside is below the last edge's infinity.
    """
    y = case((inside, exp.Add(this=_along(value, edges, factor), expression=real(0.5))))
    space = ColumnSpace(kind="int", lower=0, upper=len(edges) - 1)
    half = scope.steps.name(Term(space=ColumnSpace(kind="float"), sql=y, level=value.level, depth=1), sure=True)
    k = scope.steps.name(Term(space=space, sql=_whole(exp.Floor(this=half.sql)), level=half.level, depth=1))
    ends = exp.Array(expressions=[real(edge) for edge in (*edges[:-1], math.inf)])
    # Lists are counted from one.
    nearest = function("LIST_EXTRACT", ends, exp.Add(this=k.sql, expression=_number(1)))
    below = _whole(exp.Paren(this=exp.LT(this=value.sql.copy(), expression=nearest)))
    return exp.Sub(this=k.sql.copy(), expression=below), k.level


def _along(value: Term, edges: Sequence[float], factor: float) -> exp.Expression:
    """y(x) = (x - e₀)·factor. Less by zero is the same double: a pass over all rows is saved where edges start there."""
    minus = exp.Paren(this=exp.Sub(this=value.sql.copy(), expression=real(edges[0])))
    return exp.Mul(this=value.sql.copy() if edges[0] == 0 else minus, expression=real(factor))


def _number(value: int) -> exp.Expression:
    return exp.Literal.number(value)


def _whole(number: exp.Expression) -> exp.Expression:
    return exp.Cast(this=number, to=SQL_TYPES["int"].copy())


def _bisect(value: Term, edges: Sequence[float], first: int, last: int) -> exp.Expression:
    """The bin of a value known to lie in one of first … last."""
    if first == last:
        return _number(first)
    middle = (first + last) // 2
    below = exp.LT(this=value.sql.copy(), expression=real(edges[middle + 1]))
    return case((below, _bisect(value, edges, first, middle)), otherwise=_bisect(value, edges, middle + 1, last))

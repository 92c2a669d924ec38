"""The measure ``Describe``: moments and five quantiles of numeric columns. Knows no mechanism and no noise."""

from dataclasses import replace
from fractions import Fraction

from ag_plan.releases import Describe
from ag_vault.errors import Refusal
from ag_vault.exact import UnitGrid
from ag_vault.expressions.term import Scope, Term
from ag_vault.ops import moments, quantile, shape
from ag_vault.ops.column import each
from ag_vault.ops.grids import coarser
from ag_vault.ops.moments import Moments
from ag_vault.ops.quantile import ranks
from ag_vault.ops.rows import Rows
from ag_vault.parts import Measured, Part, Ranks

LABELS = ("count", "mean", "std", "min", "25%", "50%", "75%", "max")
_QUARTILES = (0.0, 0.25, 0.5, 0.75, 1.0)
_STATISTICS: tuple[moments.Statistic, ...] = ("count", "mean", "var")
_COARSER = (quantile.POINTS // moments.POINTS).bit_length() - 1
"""Between the grid of quantiles and that of moments: a float is put on a grid once for both."""
MOMENTS_SHARE = Fraction(2, 5)
"""Of a column's ε for count, mean and variance together; the rest is for the five quantiles."""


def rule(node: Describe, rows: Rows, scope: Scope) -> Measured | Refusal:
    """Takes: bounded numeric columns. Gives: eight statistics each; min and max are the quantiles 0 and 1, not the data's own.

    Mean and deviation are weighed against what the quartiles say of them (``shape``).
    Sensitivity: the moments' and the quantiles', each at its share of ε. Fails: without bounds or by kind; never on a row.
    """

    def both(name: str, term: Term) -> tuple[Moments, Ranks] | Refusal:
        placed = ranks(name, term, scope, _QUARTILES)
        if isinstance(placed, Refusal):
            return placed
        grid = placed.ranks.grid
        if isinstance(grid, UnitGrid) and term.stored is None:
            whole = replace(grid, points=moments.POINTS, factor=grid.factor / (1 << _COARSER))
            first = moments.of_places(coarser(placed.place, _COARSER, whole.points, scope), whole, _STATISTICS)
            return first, placed.ranks
        alone = moments.moments(name, term, scope, _STATISTICS)
        return alone if isinstance(alone, Refusal) else (alone, placed.ranks)

    pairs = each(node.columns, rows, both)
    if isinstance(pairs, Refusal):
        return pairs
    parts: tuple[Part, ...] = tuple(part for pair in pairs for part in pair)
    own = Fraction(1, len(pairs))
    shares = (own * MOMENTS_SHARE, own * (1 - MOMENTS_SHARE)) * len(pairs)
    layout = tuple((2 * number, 2 * number + 1) for number in range(len(pairs)))
    labels = tuple((label,) for label in LABELS)
    return Measured(
        columns=node.columns, labels=labels, parts=parts, shares=shares, layout=layout, combine=shape.weighed
    )

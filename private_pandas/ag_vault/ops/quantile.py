"""The measure ``Quantile``: each row's place on a fine public grid. Knows no mechanism and no noise."""

from dataclasses import dataclass
from fractions import Fraction

from ag_plan.releases import Quantile
from ag_vault.errors import Refusal
from ag_vault.exact import UnitGrid
from ag_vault.expressions.term import Scope, Term
from ag_vault.ops.column import bounds_of, each, unusable
from ag_vault.ops.grids import on_integers, on_unit_grid
from ag_vault.ops.rows import Rows
from ag_vault.parts import Measured, Ranks, evenly

POINTS = 2**40
"""Points between the bounds of a float column: their distance is 1e-12 of the width, far below any noise in ranks."""

FINEST = 10_000
"""Probabilities are taken to the nearest ratio with a denominator up to this, at most 1e-8 away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Integers:
    """The grid of a column of integers: its own values."""

    lower: int
    points: int

    def value(self, position: int) -> int:
        """The integer at a position."""
        return self.lower + position


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Quantiles, and the named column of rows' places that they are taken of."""

    place: Term
    ranks: Ranks


def ranks(name: str, term: Term, scope: Scope, probabilities: tuple[float, ...]) -> Placed | Refusal:
    """Quantiles of one bounded column."""
    bounds = bounds_of(name, term, datetimes=True)
    if isinstance(bounds, Refusal):
        return bounds
    exact = tuple(Fraction(q).limit_denominator(FINEST) for q in probabilities)
    if term.space.kind != "float" and bounds[1] - bounds[0] < 2**62:
        lower, upper = int(bounds[0]), int(bounds[1])
        place = on_integers(term, lower, upper, scope)
        return Placed(
            place=place,
            ranks=Ranks(position=place.sql, grid=Integers(lower=lower, points=upper - lower), probabilities=exact),
        )
    grid = UnitGrid.over(float(bounds[0]), float(bounds[1]), POINTS)
    if grid is None or term.space.kind == "datetime":
        return unusable(name)
    place = on_unit_grid(term, grid, scope)
    return Placed(place=place, ranks=Ranks(position=place.sql, grid=grid, probabilities=exact))


def rule(node: Quantile, rows: Rows, scope: Scope) -> Measured | Refusal:
    """Takes: bounded columns of numbers or datetimes. Gives: their quantiles, one row each. k columns share ε evenly.

    Sensitivity: see ``mechanisms/nested``. Fails: without bounds or by kind; never on a row.
    """
    if len(node.probabilities) > _MOST:
        return Refusal(code="too_many", why=f"a call takes up to {_MOST} probabilities")
    parts = each(node.columns, rows, lambda name, term: ranks(name, term, scope, node.probabilities))
    if isinstance(parts, Refusal):
        return parts
    labels = tuple((probability,) for probability in node.probabilities)
    layout = tuple((number,) for number in range(len(parts)))
    found = tuple(part.ranks for part in parts)
    return Measured(columns=node.columns, labels=labels, parts=found, shares=evenly(found), layout=layout)


_MOST = 256

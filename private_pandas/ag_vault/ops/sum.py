"""The measure ``Sum``: sums of bounded columns. Knows no group and no noise."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from sqlglot import exp

from ag_plan.releases import Sum
from ag_vault.errors import Refusal
from ag_vault.exact import PLACES, SumGrid
from ag_vault.expressions.term import Scope, Term
from ag_vault.ops.column import bounds_of, each, unusable
from ag_vault.ops.count import counted
from ag_vault.ops.grids import on_sum_grid, stored_place
from ag_vault.ops.rows import Rows
from ag_vault.parts import LAPLACE_95, Estimate, Measured, Sums, evenly


@dataclass(frozen=True, slots=True, kw_only=True)
class Summed(Sums):
    """One sum, in steps of a public grid, rounded down to steps ``coarse`` times as wide.

    Sensitivity: a row moves the fine sum S by d with |d| ≤ reach, and ⌊(S+d)/g⌋ - ⌊S/g⌋ lies between ⌊d/g⌋ and ⌈d/g⌉: L1 = ⌈reach/g⌉.
    Numbers: 2^30 rows stay below 2^62; a row is rounded by at most 2^-41 of the larger bound, noise is at least its whole.
    """

    grid: SumGrid
    integral: bool

    @property
    def step(self) -> float:
        """In the column's own unit."""
        return float(self.grid.step)

    def vector(self, sums: Sequence[int]) -> tuple[int, ...]:
        """The sum on the coarse grid."""
        return (sums[0] // self.grid.coarse,)

    def read(self, noisy: Sequence[int], scale: float) -> tuple[Estimate, ...]:
        """The noisy sum in the column's own unit; an integer for integers on steps of one."""
        exact = noisy[0] * self.grid.step
        whole = self.integral and self.grid.step == 1
        width, own = self.expect(scale)[0], scale * float(self.grid.step)
        return (Estimate(value=int(exact) if whole else float(exact), half_width=width, scale=own),)

    def expect(self, scale: float) -> tuple[float | None, ...]:
        """Exact: the noise is all there is."""
        return (LAPLACE_95 * scale * float(self.grid.step),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed(Summed):
    """A sum of stored places: n·lower + (upper - lower)·Σt/M over the non-null rows, t in 0 … M = 2^31, in the same steps, rounded down.

    Sensitivity: a row moves what is rounded by its own lower + (upper - lower)·t/M, which lies between the bounds: with h the larger
    of their magnitudes over a step, ⌊S + d⌋ - ⌊S⌋ lies between ⌊d⌋ and ⌈d⌉ for all real S, d: L1 = ⌈h⌉.
    Numbers: Python's own integers; a row is rounded by at most 2^-32 of the width between the bounds. Were 2^30 rows all rounded by that much
    to one side, they would be off by a quarter of the width; at ε = 1 noise is at least half of it.
    """

    lower: Fraction
    upper: Fraction

    def vector(self, sums: Sequence[int]) -> tuple[int, ...]:
        """The sum on the coarse grid, from a count and Σt."""
        rows, total = sums
        return (math.floor((rows * self.lower + (self.upper - self.lower) * Fraction(total, PLACES)) / self.grid.step),)

    @classmethod
    def of(cls, place: Term, grid: SumGrid, lower: float, upper: float) -> "Placed":
        """The part of a column between two bounds."""
        exact = Fraction(lower), Fraction(upper)
        return cls(
            l1=max(1, math.ceil(max(map(abs, exact)) / grid.step)),
            aggregates=(counted(place), exp.Sum(this=place.sql.copy())),
            grid=grid,
            integral=False,
            lower=exact[0],
            upper=exact[1],
        )


def rule(node: Sum, rows: Rows, scope: Scope) -> Measured | Refusal:
    """Takes: bounded numeric columns. Gives: their sums. Sensitivity: per column ⌈reach/g⌉; k columns share ε evenly.

    Fails: without bounds, by kind, or where the bounds are too wide; never on a row.
    """

    def part(name: str, term: Term) -> Summed | Refusal:
        bounds = bounds_of(name, term)
        if isinstance(bounds, Refusal):
            return bounds
        integral = term.space.kind != "float"
        grid = SumGrid.over(*bounds, integral=integral)
        if grid is None:
            return unusable(name)
        stored = stored_place(term, float(bounds[0]), float(bounds[1]))
        if stored is not None:
            return Placed.of(stored, grid, float(bounds[0]), float(bounds[1]))
        column = on_sum_grid(term, grid, scope)
        l1 = -(-grid.reach // grid.coarse)
        return Summed(l1=l1, aggregates=(exp.Sum(this=column.sql.copy()),), grid=grid, integral=integral)

    parts = each(node.columns, rows, part)
    if isinstance(parts, Refusal):
        return parts
    layout = tuple((number,) for number in range(len(parts)))
    return Measured(columns=node.columns, labels=((),), parts=tuple(parts), shares=evenly(parts), layout=layout)

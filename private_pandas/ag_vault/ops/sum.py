"""The measure ``Sum``: sums of bounded columns. Knows no group and no noise."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from ag_plan.releases import Sum
from ag_vault.errors import Refusal
from ag_vault.exact import SumGrid
from ag_vault.expressions.term import Scope, Term
from ag_vault.ops.column import bounds_of, each, unusable
from ag_vault.ops.grids import on_sum_grid
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
        column = on_sum_grid(term, grid, scope)
        l1 = -(-grid.reach // grid.coarse)
        return Summed(l1=l1, aggregates=(exp.Sum(this=column.sql.copy()),), grid=grid, integral=integral)

    parts = each(node.columns, rows, part)
    if isinstance(parts, Refusal):
        return parts
    layout = tuple((number,) for number in range(len(parts)))
    return Measured(columns=node.columns, labels=((),), parts=tuple(parts), shares=evenly(parts), layout=layout)

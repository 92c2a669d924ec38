"""The measure ``Mean``: two non-negative parts per row, (1 - t, t), that sum to one. Knows no group and no noise."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from ag_plan.releases import Mean
from ag_vault.errors import Refusal
from ag_vault.exact import UNIT_BITS, UnitGrid
from ag_vault.expressions.term import Scope, Term
from ag_vault.ops.column import bounds_of, each, unusable
from ag_vault.ops.count import counted
from ag_vault.ops.grids import addends
from ag_vault.ops.rows import Rows
from ag_vault.ops.spread import half_width
from ag_vault.parts import Estimate, Measured, Sums, evenly

POINTS = 2**40
COARSE = POINTS >> UNIT_BITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Averaged(Sums):
    """Σ(M - t) and Σt over the non-null rows, t in 0 … M = 2^40, each rounded down to steps of g = 2^8.

    Sensitivity: one row moves the two sums by a + b = M with a, b ≥ 0, and each quotient by at most its ceiling:
    ⌈a/g⌉ + ⌈b/g⌉ ≤ (a + b)/g + 1, as both ceilings round up by less than one and the left side is whole: L1 = 2^32 + 1.
    Why: the count costs nothing extra; Σt alone with a count beside it has L1 = 2M. Numbers: 2^30 rows stay below 2^62; a row
    is rounded by 2^-41 of the width between the bounds, far below the noise of 2^30 rows at ε = 1, which is about 2^-30.
    Where places are stored, t is a whole multiple (``step_of_place``) of one of them, and a row is rounded by 2^-32 of the width; a boolean is 0 or M.
    """

    l1: int = POINTS // COARSE + 1
    grid: UnitGrid
    step_of_place: int = 1

    @property
    def weight(self) -> int:
        """Σ(M - t) + Σt = M for each row, rounded down."""
        return POINTS // COARSE

    def vector(self, sums: Sequence[int]) -> tuple[int, ...]:
        """(Σ(M - t), Σt) on the coarse grid, from a count and the places' sum."""
        rows, total = sums[0], sums[1] * self.step_of_place
        return (rows * POINTS - total) // COARSE, total // COARSE

    @property
    def step(self) -> float:
        """In rows."""
        return 1 / self.weight

    def read(self, noisy: Sequence[int], scale: float) -> tuple[Estimate, ...]:
        """The second part's share of both, between the bounds."""
        below, above = noisy
        weight = below + above
        if weight <= 0:
            return (Estimate(value=None, half_width=None, scale=scale * self.step),)
        share = min(max(above / weight, 0.0), 1.0)
        # d(share) = (-share·d(below) + (1 - share)·d(above)) / weight.
        width = half_width((-share, 1 - share), scale / weight)
        value = self.grid.value(share * POINTS)
        return (Estimate(value=value, half_width=width * self._width, scale=scale * self.step),)

    def expect(self, scale: float) -> tuple[float | None, ...]:
        """None: the error of a mean depends on how many rows there are, which is secret."""
        del scale
        return (None,)

    def expect_of_a_row(self, scale: float) -> tuple[float | None, ...]:
        """As ``read``, with a share of 0 or 1: the slopes' squares, share² + (1 - share)², have their largest sum there."""
        return (half_width((1.0,), scale * self.step) * self._width,)

    @property
    def _width(self) -> float:
        return self.grid.upper - self.grid.lower


def rule(node: Mean, rows: Rows, scope: Scope) -> Measured | Refusal:
    """Takes: bounded numeric columns. Gives: their means. Sensitivity: L1 = one row's weight; k columns share ε evenly.

    Fails: without bounds, by kind, or where doubles can't hold the grid; never on a row.
    """
    return of_kind(Averaged, node.columns, rows, scope)


def of_kind(kind: type[Averaged], columns: Sequence[str], rows: Rows, scope: Scope) -> Measured | Refusal:
    """A part of a kind for each of the columns."""

    def part(name: str, term: Term) -> Averaged | Refusal:
        bounds = bounds_of(name, term)
        if isinstance(bounds, Refusal):
            return bounds
        grid = UnitGrid.over(float(bounds[0]), float(bounds[1]), POINTS)
        if grid is None:
            return unusable(name)
        place, step = addends(term, grid, scope)
        return kind(aggregates=(counted(place), exp.Sum(this=place.sql.copy())), grid=grid, step_of_place=step)

    parts = each(columns, rows, part)
    if isinstance(parts, Refusal):
        return parts
    layout = tuple((number,) for number in range(len(parts)))
    return Measured(columns=tuple(columns), labels=((),), parts=tuple(parts), shares=evenly(parts), layout=layout)

"""The measures ``Skew`` and ``Kurt``: third and fourth moments from a column's Bernstein weights. Know no noise and no group."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from ag_plan.releases import Kurt, Skew
from ag_vault.errors import Refusal
from ag_vault.expressions.term import Scope, Term
from ag_vault.ops.bernstein import EXCESS, POINTS, coefficients, powers, share
from ag_vault.ops.column import each
from ag_vault.ops.count import counted
from ag_vault.ops.grids import placed
from ag_vault.ops.rows import Rows
from ag_vault.ops.spread import half_width
from ag_vault.parts import Estimate, Measured, Sums, evenly

_SKEW, _KURT = 3, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Shaped(Sums):
    """Sums of the Bernstein weights of degree 3 or 4 over the non-null rows, in steps of 2^-31 of a row.

    Sensitivity: one row adds its weights, whose magnitudes sum to 2^31 and ``EXCESS`` at most (``bernstein``). Why: a count and all
    moments for the price of one count. Numbers: products fit 64 bits; 2^30 rows stay below 2^62; a power is rounded by less than
    3·2^-31, below the noise of 2^30 rows at ε = 1, which is about 2^-30.
    """

    degree: int

    @property
    def weight(self) -> int:
        """All weights sum to one for each row, exactly."""
        return POINTS

    @property
    def step(self) -> float:
        """In rows."""
        return 1 / POINTS

    def vector(self, sums: Sequence[int]) -> tuple[int, ...]:
        """The weights' sums, from a count and the sums of the powers."""
        known = (sums[0] * POINTS, *sums[1:])
        rows = [coefficients(self.degree, weight) for weight in range(self.degree + 1)]
        return tuple(sum(c * s for c, s in zip(row, known, strict=True)) for row in rows)

    def read(self, noisy: Sequence[int], scale: float) -> tuple[Estimate, ...]:
        """The statistic, within what the noisy mean and variance of a column of [0, 1] allow; None without a variance."""
        own = scale / POINTS
        weight, rows = sum(noisy), sum(noisy) / POINTS
        if rows < self.degree:
            return (Estimate(value=None, half_width=None, scale=own),)
        moments = [
            sum(self._share(j, r) * noisy[j] for j in range(len(noisy))) / weight for r in range(self.degree + 1)
        ]
        mean = min(max(moments[1], 0.0), 1.0)
        var = min(moments[2] - mean * mean, mean * (1 - mean))
        if var <= 0:
            return (Estimate(value=None, half_width=None, scale=own),)
        central = [self._central(moments, mean, r) for r in range(self.degree + 1)]
        low, high = self._limits(mean, var)
        top = min(max(central[self.degree], low), high)
        slopes = [self._slope(j, mean, var, top, central) for j in range(len(noisy))]
        value, factor = _corrected(self.degree, rows, top / var ** (self.degree / 2))
        width = half_width(slopes, scale / weight) * factor
        return (Estimate(value=value, half_width=width, scale=own),)

    def expect(self, scale: float) -> tuple[float | None, ...]:
        """None: the error depends on how many rows there are."""
        del scale
        return (None,)

    def _share(self, weight: int, moment: int) -> float:
        return share(self.degree, weight, moment)

    def _central(self, moments: Sequence[float], mean: float, order: int) -> float:
        """E[(t - mean)^order] of raw moments."""
        terms = (math.comb(order, r) * moments[r] * math.pow(-mean, order - r) for r in range(order + 1))
        return math.fsum(terms)

    def _limits(self, mean: float, var: float) -> tuple[float, float]:
        """Of the third or fourth central moment: t - mean lies in [-mean, 1 - mean], and E[x⁴] ≥ E[x²]²."""
        if self.degree == _SKEW:
            return -mean * var, (1 - mean) * var
        return var * var, max(mean, 1 - mean) ** 2 * var

    def _slope(self, weight: int, mean: float, var: float, top: float, central: Sequence[float]) -> float:
        """How the standardised moment moves with one weight, per share of all weight.

        With c the central moments and b those of the weight alone, d cₖ = (bₖ - cₖ) - k cₖ₋₁ (b₁), as the mean moves too.
        """
        degree = self.degree
        alone = [self._share(weight, r) for r in range(degree + 1)]
        shift, square, last = (self._central(alone, mean, r) for r in (1, 2, degree))
        before = central[degree - 1] if degree == _KURT else var
        moved = (last - top) - degree * before * shift
        return moved / math.pow(var, degree / 2) - degree / 2 * top / math.pow(var, degree / 2 + 1) * (square - var)


def _corrected(degree: int, rows: float, plain: float) -> tuple[float, float]:
    """The statistic corrected for bias as pandas does, and its slope: G1 or G2 from a standardised moment of so many rows (more than 2 or 3)."""
    if degree == _SKEW:
        factor = math.sqrt(rows * (rows - 1)) / max(rows - 2, 1.0)
        return plain * factor, factor
    room = max(rows - 2, 1.0) * max(rows - 3, 1.0)
    factor = (rows - 1) * (rows + 1) / room
    return plain * factor - 3 * (rows - 1) ** 2 / room, factor


def _shaped(name: str, term: Term, scope: Scope, degree: int) -> Shaped | Refusal:
    place = placed(name, term, POINTS, scope)
    if isinstance(place, Refusal):
        return place
    found = powers(place[0], degree, scope)
    aggregates = counted(found[0]), *(exp.Sum(this=power.sql.copy()) for power in found)
    return Shaped(l1=POINTS + EXCESS[degree], aggregates=aggregates, degree=degree)


def rule(node: Skew | Kurt, rows: Rows, scope: Scope) -> Measured | Refusal:
    """Takes: bounded numeric columns. Gives: their skewness or excess kurtosis. Sensitivity: one row's weight; k columns share ε.

    Fails: without bounds, by kind, or where doubles can't hold the grid; never on a row.
    """
    degree = _SKEW if isinstance(node, Skew) else _KURT
    parts = each(node.columns, rows, lambda name, term: _shaped(name, term, scope, degree))
    if isinstance(parts, Refusal):
        return parts
    layout = tuple((number,) for number in range(len(parts)))
    return Measured(columns=node.columns, labels=((),), parts=tuple(parts), shares=evenly(parts), layout=layout)

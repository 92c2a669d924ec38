"""Two columns together: products of their Bernstein weights, non-negative parts that sum to one per row. Knows no noise and no group."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlglot import exp

from ag_vault.exact import UNIT_BITS
from ag_vault.expressions.term import Scope, Term, combine
from ag_vault.ops.associations import Sample, Vector, read_corr, read_cov
from ag_vault.ops.bernstein import POINTS, coefficients, powers, share
from ag_vault.parts import Estimate, Sums
from ag_vault.space import ColumnSpace

COARSE = POINTS * POINTS >> UNIT_BITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair(Sums):
    """Σ wᵢ(s)·wⱼ(t) over the rows with both values, w the weights of degree d, each rounded down to steps of g = 2^30.

    Sensitivity: weights of degree 1 and 2 are integers ≥ 0 that sum to N = 2^31 (``bernstein``), so a row's (d + 1)² products are
    ≥ 0 and sum to N² = 2^62, and each quotient rounds up by less than one: L1 < 2^32 + (d + 1)².
    Why: degree 1 holds the count, both means and the mean product for the price of one count; degree 2 both variances besides.
    Numbers: products fit 64 bits; 2^30 rows stay below 2^62; weights are rounded by less than 2^-30, about the noise of 2^30 rows at ε = 1.
    """

    degree: int
    widths: tuple[float, float]
    ddof: int | None
    own: bool

    @property
    def weight(self) -> int:
        """All products sum to N² for each row, rounded down."""
        return 1 << UNIT_BITS

    def vector(self, sums: Sequence[int]) -> tuple[int, ...]:
        """The products' sums on the coarse grid."""
        return tuple(value // COARSE for value in sums)

    def read(self, noisy: Sequence[int], scale: float) -> tuple[Estimate, ...]:
        """Covariance (and both variances, where ``own``), or where there is no ``ddof`` the correlation."""
        sample = self._sample(noisy, scale)
        if self.ddof is None:
            return read_corr(sample, ((0, 1),))
        return read_cov(sample, self.widths, ((0, 1), (0, 0), (1, 1)) if self.own else ((0, 1),), self.ddof)

    @property
    def step(self) -> float:
        """In rows."""
        return 1 / self._sample((0,) * self.size, 1.0).unit

    def expect(self, scale: float) -> tuple[float | None, ...]:
        """None: the error depends on how many rows there are."""
        del scale
        return (None,) * (3 if self.own else 1)

    def _sample(self, noisy: Sequence[int], scale: float) -> Sample:
        """Count, means and mean products of s and t, each a weighted sum of the products."""
        cells = [(i, j) for i in range(self.degree + 1) for j in range(self.degree + 1)]

        def moment(*orders: int) -> Vector:
            shares = [[share(self.degree, weight, r) for weight, r in zip(cell, orders, strict=True)] for cell in cells]
            found: Vector = np.array(shares).prod(axis=1)
            return found

        return Sample(
            unit=1 << UNIT_BITS,
            scale=scale,
            noisy=noisy,
            count=moment(0, 0),
            first=(moment(1, 0), moment(0, 1)),
            second=lambda i, j: moment((i == 0) + (j == 0), (i == 1) + (j == 1)),
        )


def weights(place: Term, degree: int, scope: Scope) -> list[Term]:
    """The weights of a place on the grid, as named columns of integers."""
    known = powers(place, degree, scope)
    found: list[Term] = []
    for weight in range(degree + 1):
        constant, *rest = coefficients(degree, weight)
        sql: exp.Expression = exp.Literal.number(constant * POINTS)
        for factor, power in zip(rest, known, strict=True):
            scaled = exp.Mul(this=exp.Literal.number(abs(factor)), expression=power.sql.copy())
            sql = (exp.Sub if factor < 0 else exp.Add)(this=sql, expression=scaled)
        space = ColumnSpace(kind="int", lower=0, upper=POINTS, nullable=place.space.nullable)
        found.append(scope.steps.name(combine(space, sql, *known)))
    return found


def pair(
    one: Sequence[Term], other: Sequence[Term], widths: tuple[float, float], *, ddof: int | None, own: bool
) -> Pair:
    """The part of two columns' weights. A product with a null is null, so that a row lacking either value is in no sum."""
    degree = len(one) - 1
    aggregates = tuple(exp.Sum(this=exp.Mul(this=s.sql.copy(), expression=t.sql.copy())) for s in one for t in other)
    l1 = (1 << UNIT_BITS) + (degree + 1) ** 2
    return Pair(l1=l1, aggregates=aggregates, degree=degree, widths=widths, ddof=ddof, own=own)

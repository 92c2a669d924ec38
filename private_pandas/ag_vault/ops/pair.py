"""Two columns together: products of their Bernstein weights, non-negative parts that sum to one per row. Knows no noise and no group."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from sqlglot import exp

from ag_vault.exact import UNIT_BITS
from ag_vault.expressions.term import Term
from ag_vault.ops.associations import Sample, Vector, read_corr, read_cov
from ag_vault.ops.bernstein import POINTS, coefficients, share
from ag_vault.ops.spread import half_width
from ag_vault.parts import Estimate, Sums

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
        """The products' sums on the coarse grid, from a count, Σsᵢ, Σtⱼ and Σsᵢtⱼ of powers.

        Σwₚ(s)w_q(t) is C·M·Cᵀ: C the weights' coefficients, M these sums with s₀ = t₀ = N.
        """
        alone, rows = iter(sums[1 : 2 * self.degree + 1]), sums[0]
        first, second = list(islice(alone, self.degree)), list(alone)
        products = iter(sums[2 * self.degree + 1 :])
        moments = [[POINTS * POINTS * rows, *(POINTS * total for total in second)]]
        moments += [[POINTS * total, *islice(products, self.degree)] for total in first]
        weights = [coefficients(self.degree, weight) for weight in range(self.degree + 1)]
        half = [[_summed(row, column) for column in zip(*moments, strict=True)] for row in weights]
        return tuple(_summed(row, line) // COARSE for line in half for row in weights)

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

    def expect_of_a_row(self, scale: float) -> tuple[float | None, ...]:
        """A covariance's from four parts, at worst: with shares a, b, c, d of st, s(1 - t), (1 - s)t, (1 - s)(1 - t), it is k = ad - bc.

        Slopes are d - 2k, -c - 2k, -b - 2k, a - 2k. With u = ad, v = bc, m = a + d the sum of their squares is
        m² + (1 - m)² - 2u - 2v - 4(u - v)(2m - 1) + 16(u - v)²: convex in u, v, which lie in 0 … m²/4, 0 … (1 - m)²/4. At the corners it is
        m² + (1 - m)² ≤ 1, half of that, or 1 - 2m + 5m²/2 - 2m³ + m⁴ ≤ 1 and the same of 1 - m.
        """
        if self.degree > 1 or self.own or self.ddof is None:
            return (None,) * len(self.expect(scale))
        return (half_width((1.0,), scale * self.step) * self.widths[0] * self.widths[1],)

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


def pair(
    rows: exp.Expression,
    one: Sequence[Term],
    other: Sequence[Term],
    widths: tuple[float, float],
    *,
    ddof: int | None,
    own: bool,
) -> Pair:
    """The part of two columns' powers t₁ … t_d, of complete rows (``comoments.complete``), and their number.

    Weights are whole multiples of powers, so the sums of products of weights follow from those of powers exactly (``Pair.vector``), and
    the engine makes less than half as many columns.
    """
    degree = len(one)
    alone = [exp.Sum(this=power.sql.copy()) for power in (*one, *other)]
    products = [exp.Sum(this=exp.Mul(this=s.sql.copy(), expression=t.sql.copy())) for s in one for t in other]
    l1 = (1 << UNIT_BITS) + (degree + 1) ** 2
    aggregates = (rows, *alone, *products)
    return Pair(l1=l1, aggregates=aggregates, degree=degree, widths=widths, ddof=ddof, own=own)


def _summed(factors: Iterable[int], values: Iterable[int]) -> int:
    """Exactly: Python's integers."""
    return sum(factor * value for factor, value in zip(factors, values, strict=True))

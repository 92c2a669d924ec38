"""A column's Bernstein weights: non-negative polynomials of its place that sum to one, from which all its moments can be read.

Knows no measure and no noise. With t in [0, 1] the weights of degree d are C(d, j) tʲ (1 - t)ᵈ⁻ʲ, j = 0 … d: the odds of j heads in d
tosses. Their sums over the rows hold a count and the moments up to d, at the sensitivity of one count.

In integers: with N = 2^31 and a place a in 0 … N, powers are rounded down one by one, t₁ = a, tᵢ₊₁ = ⌊a·tᵢ/N⌋, and weight j is
C(d, j) Σᵢ (-1)ⁱ C(d - j, i) tⱼ₊ᵢ with t₀ = N. They sum to N exactly. Write tᵢ₊₁ = tᵢ·t - eᵢ₊₁ with 0 ≤ e < 1. Then no weight is negative for d ≤ 2:
N - 2a + t₂ = N(1 - t)² - e₂ > -1. For d = 3 only the first can be, by 3e₂ at most: ≥ -2. For d = 4 the first is ≥ -6 (6e₂ + e₄) and the second
≥ -4·2 (3e₃, four times over). What is negative raises the sum of magnitudes by twice itself: ``EXCESS``.
"""

from math import comb, perm

from sqlglot import exp

from ag_vault.exact import PLACES
from ag_vault.expressions.term import Scope, Term, combine
from ag_vault.space import ColumnSpace

POINTS = PLACES
BITS = POINTS.bit_length() - 1
EXCESS = {1: 0, 2: 0, 3: 4, 4: 28}
"""By degree: how far the magnitudes of one row's weights may sum beyond N."""


def powers(place: Term, degree: int, scope: Scope) -> list[Term]:
    """t₁ … of a place on the grid, as named columns."""
    found = [place]
    for _ in range(1, degree):
        product = exp.Paren(this=exp.Mul(this=place.sql.copy(), expression=found[-1].sql.copy()))
        shifted = exp.BitwiseRightShift(this=product, expression=exp.Literal.number(BITS))
        space = ColumnSpace(kind="int", lower=0, upper=POINTS, nullable=place.space.nullable)
        # Sure: places and powers lie in 0 … N, products fit 64 bits.
        found.append(scope.steps.name(combine(space, shifted, place, found[-1]), sure=True))
    return found


def coefficients(degree: int, weight: int) -> tuple[int, ...]:
    """What t₀ … t_d have in one weight.

    >>> [coefficients(2, weight) for weight in range(3)]
    [(1, -2, 1), (0, 2, -2), (0, 0, 1)]
    """
    ways = comb(degree, weight)
    signed = (ways * (-1) ** (i - weight) * comb(degree - weight, i - weight) for i in range(weight, degree + 1))
    return (*(0,) * weight, *signed)


def share(degree: int, weight: int, moment: int) -> float:
    """What one unit of a weight says of E[tʳ], r = ``moment`` up to the degree: tʳ is the sum of all weights times their shares.

    >>> [share(2, weight, 1) for weight in range(3)]
    [0.0, 0.5, 1.0]
    """
    return perm(weight, moment) / perm(degree, moment)

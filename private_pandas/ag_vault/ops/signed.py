"""Second moments of many columns as one signed vector, in which squares cost nothing. Knows no noise and no group.

With u = 2t - 1 in [-1, 1] the place of a column around the public midpoint of its bounds, a row of k columns gives

    a·uᵢuⱼ for each pair,   c·uᵢ and b·(1 - uᵢ²) for each column,   d.

Claim: where b ≤ (a(k - 1) + c)/2, the magnitudes of a row sum to a·k(k - 1)/2 + c·k + d at most.
Proof: ∣uᵢuⱼ∣ ≤ (uᵢ² + uⱼ²)/2 and ∣uᵢ∣ ≤ (1 + uᵢ²)/2, so the sum is at most Q(a(k - 1) + c)/2 + ck/2 + b(k - Q) + d with Q = Σuᵢ² ≤ k; as
the factor of Q is not negative the largest value is at Q = k, where it is a·k(k - 1)/2 + ck + d. ∎
Why signed: where ∣u∣ is large the products move, where it is small the complements of squares do; no row moves both in full.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ag_vault.exact import UNIT_BITS
from ag_vault.ops.associations import Sample, Vector
from ag_vault.ops.bernstein import POINTS
from ag_vault.ops.comoments import FINE, SQUARE, Comoments


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How wide the steps are that products, means, squares' complements and the count are rounded down to: weights are their inverses."""

    product: int
    mean: int
    square: int
    count: int

    @classmethod
    def of(cls, columns: int) -> "Weights":
        """Where all errors of a correlation together are about smallest, for means a fifth of the width off the middle.

        With a = 1, c³ = 3(k - 1)/20 and d³ = (number of products and means)/10 are where the derivatives of that error vanish.
        """
        pairs = columns * (columns - 1) // 2
        mean = math.cbrt(3 * (columns - 1) / 20)
        count = math.cbrt((pairs + columns * mean) / 10)
        square = (columns - 1 + mean) / 2
        # Rounded so that no weight is below what the claim asks of the others, given that of squares.
        return cls(
            product=int(FINE * square), mean=int(FINE * square / mean), square=FINE, count=int(FINE * square / count)
        )

    def reach(self, columns: int) -> int:
        """The L1 sensitivity: the claim's sum, and less than one for each of the vector's quotients, which round up."""
        pairs = columns * (columns - 1) // 2
        if Fraction(1, self.square) > Fraction(columns - 1, 2 * self.product) + Fraction(1, 2 * self.mean):
            raise ValueError(self)
        largest = SQUARE * (Fraction(pairs, self.product) + Fraction(columns, self.mean) + Fraction(1, self.count))
        return -int(-largest // 1) + pairs + 2 * columns + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed(Comoments):
    """The vector above over complete rows: products, means, squares' complements, the count.

    Sensitivity: the claim's, in integers: with A = 2p - N for a place p in 0 … N = 2^31, ∣A∣ ≤ N and all parts are A·A', N·A, N² - A²
    and N², to which the claim applies times N²; a quotient of a sum moves by ∣x∣/step, rounded up. Numbers: products fit 64 bits; 2^30
    rows stay below 2^62; a place is off by at most 2^-32 of the width.
    """

    weights: Weights

    def vector(self, sums: Sequence[int]) -> tuple[int, ...]:
        """As the class says."""
        exact, steps = self.exact(sums), self.weights
        whole, first = exact.rows * SQUARE, exact.first

        def centred(product: int, one: int, other: int) -> int:
            return 4 * product - 2 * POINTS * (one + other) + whole

        pairs = zip(exact.products, self.pairs, strict=True)
        found = [centred(product, first[i], first[j]) // steps.product for product, (i, j) in pairs]
        found += [POINTS * (2 * total - exact.rows * POINTS) // steps.mean for total in first]
        squares = zip(exact.squares, first, strict=True)
        found += [(whole - centred(square, total, total)) // steps.square for square, total in squares]
        return (*found, whole // steps.count)

    def sample(self, noisy: Sequence[int], scale: float) -> Sample:
        """Moments of u/2, which has the central moments of t."""
        pairs, columns, steps = self.pairs, self.columns, self.weights
        places = {pair: place for place, pair in enumerate(pairs)}
        size = len(pairs) + 2 * columns + 1

        def unit(place: int, step: int, factor: float) -> Vector:
            found = np.zeros(size)
            found[place] = factor * step / FINE
            return found

        count = unit(size - 1, steps.count, 1.0)

        def second(i: int, j: int) -> Vector:
            if i == j:
                return count / 4 - unit(len(pairs) + columns + i, steps.square, 0.25)
            return unit(places[i, j], steps.product, 0.25)

        first = [unit(len(pairs) + i, steps.mean, 0.5) for i in range(columns)]
        return Sample(unit=1 << UNIT_BITS, scale=scale, noisy=noisy, count=count, first=first, second=second)

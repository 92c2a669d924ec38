"""Second moments of some columns through hidden tosses of a coin per column. Knows no noise and no group.

Let each row toss a coin for each of its k columns, with its place t in [0, 1] as the odds of heads. The odds of the 2ᵏ outcomes are not
negative and sum to one, so adding noise of scale 1/ε to each outcome's expected count is ε-DP; and the number of rows, of heads
of a column and of heads of two together are sums of these counts: Σ1, Σt, Σtt'. Only these are computed, and only their noise is
made, as the image of noise of the outcomes (``mechanisms/lifted``). Every mean product then has the error of √2ᵏ counts, not of as
many counts as there are products. Squares are no such sums: each column's 4t(1 - t) goes beside them, as a hidden number of its own.

Claim: with steps g for counts and h for squares, a row moves the integers ⌊Σ1/g⌋, ⌊Σtᵢ/g⌋, ⌊Σtᵢtⱼ/g⌋, ⌊Σ4tᵢ(1 - tᵢ)/h⌋ by A·w, for an integer w with
∣w∣₁ ≤ 1/g + 2ᵏ(1 + k + k(k - 1)/2) + 1 + 2k + 4k(k - 1)/2 for outcomes and k⌈1/h⌉ for squares, in units of one row.
Proof: let c ≥ 0 be the row's odds over g, Σc = 1/g; w₀ = ⌊c⌋. The integers move by δ, and δ - A·c is less than one in each place, as floors
are; A·(c - ⌊c⌋) is less than the number of outcomes that a place adds up. So e = δ - A·w₀ is less than 2ᵏ + 1 for the count, 2ᵏ⁻¹ + 1 for
one column's heads, 2ᵏ⁻² + 1 for two. And any integer e is an image: with "none" and "only i" the outcomes without heads, and with i's alone,
one more row is "none"; one more head of i is "only i" less "none", two integers; one more of i and j together is "i and j" less "only i" less
"only j" and "none", four. A square moves by its own quotient, rounded up. ∎
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ag_vault.exact import UNIT_BITS
from ag_vault.ops.associations import Sample, Vector
from ag_vault.ops.bernstein import POINTS
from ag_vault.ops.comoments import FINE, SQUARE, Comoments
from ag_vault.parts import Lifted

MOST_COINS = 10
"""Columns up to which 2ᵏ outcomes are less error than ``signed``, and few enough to draw noise for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """How wide the steps of counts and of squares are, in units of which a row weighs N² = 2^62."""

    count: int
    square: int

    @classmethod
    def of(cls, columns: int) -> "Steps":
        """Where all errors of a correlation together are about smallest, for means a fifth of the width off the middle.

        A share f of the noise's ε for counts gives an error of 2ᵏ·8/3 over f², the rest one of 3k²/10 over (1 - f)².
        """
        odds = math.cbrt((1 << columns) * 80 / 9 / columns**2)
        share = odds / (1 + odds)
        return cls(count=int(FINE / share), square=int(FINE * columns / (1 - share)))

    def counted(self, columns: int) -> int:
        """What of the claim's ∣w∣₁ is of outcomes."""
        pairs = columns * (columns - 1) // 2
        slack = (1 << columns) * (1 + columns + pairs) + 1 + 2 * columns + 4 * pairs
        return -(-SQUARE // self.count) + slack

    @property
    def squared(self) -> int:
        """What of it is of one column's square."""
        return -(-SQUARE // self.square)

    def reach(self, columns: int) -> int:
        """The claim's ∣w∣₁."""
        return self.counted(columns) + columns * self.squared


@dataclass(frozen=True, slots=True, kw_only=True)
class Coins(Comoments, Lifted):
    """The integers of the claim over complete rows: the count, heads of columns, heads of pairs, squares.

    Sensitivity: the claim's. Numbers: with places p in 0 … N = 2^31 these are N², N·p, p·p' and 4p(N - p): products fit 64 bits; 2^30 rows
    stay below 2^62; a place is off by at most 2^-32 of the width.
    """

    steps: Steps

    def vector(self, sums: Sequence[int]) -> tuple[int, ...]:
        """As the class says."""
        exact, steps = self.exact(sums), self.steps
        heads = [exact.rows * SQUARE, *(POINTS * total for total in exact.first), *exact.products]
        squares = zip(exact.first, exact.squares, strict=True)
        complements = [4 * (POINTS * total - square) for total, square in squares]
        return (*(value // steps.count for value in heads), *(value // steps.square for value in complements))

    @property
    def l2_squared(self) -> int:
        """That of outcomes is at most their L1; each square's is its own."""
        return self.steps.counted(self.columns) ** 2 + self.columns * self.steps.squared**2

    @property
    def draws(self) -> int:
        """One per outcome and per square."""
        return (1 << self.columns) + self.columns

    def image(self, drawn: Sequence[int]) -> tuple[int, ...]:
        """Exactly: sums of Python's integers."""
        hidden = np.array(drawn, dtype=object)
        return tuple(int(hidden[row].sum()) for row in _chosen(self.columns))

    def sample(self, noisy: Sequence[int], scale: float) -> Sample:
        """Moments of t."""
        pairs, columns, steps = self.pairs, self.columns, self.steps
        places = {pair: 1 + columns + place for place, pair in enumerate(pairs)}
        size = 1 + columns + len(pairs) + columns

        def unit(place: int, step: int, factor: float = 1.0) -> Vector:
            found = np.zeros(size)
            found[place] = factor * step / FINE
            return found

        def second(i: int, j: int) -> Vector:
            if i == j:
                return unit(1 + i, steps.count) - unit(size - columns + i, steps.square, 0.25)
            return unit(places[i, j], steps.count)

        return Sample(
            unit=1 << UNIT_BITS,
            scale=scale,
            noisy=noisy,
            count=unit(0, steps.count),
            first=[unit(1 + i, steps.count) for i in range(columns)],
            second=second,
            mixed=np.array(_chosen(columns), dtype=np.int64),
        )


@cache
def _chosen(columns: int) -> tuple[NDArray[np.bool_], ...]:
    """For each integer of the vector, of which hidden ones it is the sum: A, row by row."""
    outcomes = np.arange(1 << columns)
    heads = [(outcomes >> column) & 1 == 1 for column in range(columns)]
    counted = [np.ones(1 << columns, dtype=bool), *heads]
    counted += [heads[i] & heads[j] for i in range(columns) for j in range(i + 1, columns)]
    none = np.zeros(columns, dtype=bool)
    alone = [np.arange(columns) == column for column in range(columns)]
    return (
        *(np.concatenate([row, none]) for row in counted),
        *(np.concatenate([np.zeros(1 << columns, dtype=bool), row]) for row in alone),
    )

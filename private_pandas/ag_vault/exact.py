"""Exact numbers: rationals rounded in the safe direction, and public grids on which reals become integers.

Knows no SQL and no data. The engine repeats a grid's arithmetic on rows; here it is done on the bounds.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

LARGEST = 2**62 - 1
"""Magnitude at which every exact and every noisy integer is cut: with 64-bit draws, no saturation can then be seen."""

WIDEST = 1e140
"""Bounds, and the width between them, up to which every statistic of a column is a double, its square too."""

PLACES = 2**31
"""Points of the grid on which the loader stores the places of floats between their bounds: the finest power of two whose squares fit 64 bits."""

UNIT_BITS = 32
"""A row weighs about 2^32 on the grid on which noise is added, so that 2^30 rows weigh 2^62."""


def float_up(value: Fraction) -> float:
    """The least double not below a positive rational.

    >>> float_up(Fraction(1, 3)) >= Fraction(1, 3) > float_up(Fraction(1, 3)) * (1 - 2**-52)
    True
    """
    nearest = float(value)
    return nearest if Fraction(nearest) >= value else math.nextafter(nearest, math.inf)


def root_up(value: Fraction) -> float:
    """The least double whose square is not below a positive rational.

    >>> Fraction(root_up(Fraction(2))) ** 2 >= 2 > Fraction(root_up(Fraction(2))) ** 2 * (1 - Fraction(1, 2**51))
    True
    >>> root_up(Fraction(1, 10**700)) > 0
    True
    """
    # Within one part in 2^100 first, in integers; then the doubles around it are tried against the exact value.
    shift = max(0, 200 - value.numerator.bit_length() + value.denominator.bit_length())
    shift += shift % 2
    near = Fraction(math.isqrt((value.numerator << shift) // value.denominator), 1 << shift // 2)
    root = math.nextafter(float(near), 0.0)
    while Fraction(root) ** 2 < value:
        root = math.nextafter(root, math.inf)
    return root


def cut(value: int, largest: int = LARGEST) -> int:
    """The integer moved into [-largest, largest]: a public 1-Lipschitz map, so no sensitivity grows.

    >>> cut(7, 5), cut(-7, 5), cut(3, 5)
    (5, -5, 3)
    """
    return max(-largest, min(largest, value))


def floor_half_up(value: float) -> int:
    """``floor(value + 0.5)``: the one rounding that every engine does alike."""
    return math.floor(value + 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitGrid:
    """[lower, upper] as the integers 0 … points: x ↦ floor((x - lower) · factor + 0.5), for x already clamped.

    Every step is monotone in double arithmetic and the upper bound lands on ``points`` (checked when it is made), so
    each clamped x lands in 0 … points.
    """

    lower: float
    upper: float
    points: int
    factor: float

    @classmethod
    def over(cls, lower: float, upper: float, points: int) -> "UnitGrid | None":
        """The grid between two finite bounds; None where they are too close or too far apart for doubles.

        >>> UnitGrid.over(0.0, 50.0, 2**40).value(2**39)
        25.0
        """
        width = upper - lower
        factor = points / width if width > 0 else 0.0
        if not (max(abs(lower), abs(upper), width) <= WIDEST and math.isfinite(factor)):
            return None
        if width > 0 and floor_half_up(width * factor) != points:
            return None
        return cls(lower=lower, upper=upper, points=points, factor=factor)

    def value(self, position: float) -> float:
        """The real number at a position of the grid, between the bounds whatever the position."""
        share = position / self.points
        return max(self.lower, min(self.upper, self.lower + (self.upper - self.lower) * share))


@dataclass(frozen=True, slots=True, kw_only=True)
class SumGrid:
    """Bounded reals as integers in steps of 2^exponent: x ↦ floor(x · 2^-exponent + 0.5), for x already clamped.

    ``reach`` is the largest magnitude a clamped x lands on. Noise is added on steps ``coarse`` times as wide.
    """

    exponent: int
    reach: int
    coarse: int

    @classmethod
    def over(cls, lower: float, upper: float, *, integral: bool) -> "SumGrid | None":
        """The grid for bounds of either sign; steps of one for integers below 2^40, else 2^-40 of the larger bound.

        None where the bounds are too far apart.

        >>> SumGrid.over(0, 120, integral=True)
        SumGrid(exponent=0, reach=120, coarse=1)
        >>> SumGrid.over(-1.0, 1.0, integral=False)
        SumGrid(exponent=-39, reach=549755813888, coarse=256)
        """
        largest = max(abs(lower), abs(upper))
        if largest > WIDEST:
            return None
        exponent = math.frexp(largest)[1] - 40
        if largest == 0 or (integral and exponent < 0):
            exponent = 0
        exponent = max(exponent, -1000)
        reach = max(floor_half_up(abs(bound) * 2.0**-exponent) for bound in (lower, upper))
        return cls(exponent=exponent, reach=max(1, reach), coarse=1 << max(0, reach.bit_length() - UNIT_BITS))

    @property
    def step(self) -> Fraction:
        """The width of one step of the released integers."""
        return Fraction(2) ** self.exponent * self.coarse

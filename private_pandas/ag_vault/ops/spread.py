"""Interval widths of numbers computed from several noisy ones, to first order. Knows no data: slopes and scales only."""

import math
from collections.abc import Sequence

from ag_vault.parts import LAPLACE_95

PER_DEVIATION = LAPLACE_95 / math.sqrt(2)
"""95 % of a Laplace variable lies within this many of its standard deviations. A weighted sum of independent ones has lighter
tails than one alone of the same deviation, so the same factor is on the safe side for it."""


def half_width(slopes: Sequence[float], scale: float) -> float:
    """The 95 % half-width of Σ slopeᵢ·Xᵢ, with X independent Laplace variables of one scale.

    >>> round(half_width([1.0], 1.0), 3)
    2.996
    """
    return PER_DEVIATION * math.sqrt(2 * sum(slope * slope for slope in slopes)) * scale

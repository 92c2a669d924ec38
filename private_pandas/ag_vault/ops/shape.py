"""What a column's released quartiles say about its mean and variance, and how that is weighed against the noisy moments.

Reads released numbers and public ones only: post-processing, which costs nothing. Knows no row and no mechanism.

Moments are exact but for their noise, which is that of the whole width between the bounds; quartiles lie near the data however loose
the bounds are, but a column is more than its quartiles. Each estimate is weighed by the inverse of its expected square error: that of
the moments is their noise, that of the quartiles the ``DOUBT`` about the shape and ``PER_RANK`` for the ranks that they may be off.
Where noise is small against the data's own width, the moments' share goes to one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ag_vault.ops.spread import PER_DEVIATION
from ag_vault.parts import ENDS, INSET, Estimate

DOUBT = 0.1, 0.3
"""Error of the shape's mean in its deviations, and of its variance in itself, where quartiles are exact: what real columns show."""
PER_RANK = 6.0, 12.0
"""The same per share of all rows that a quartile is off by."""
_TAIL, _SKEWED, _TAILS = 0.44, 1.8, (0.1, 1.5)
"""Quarters beyond the quartiles fall off exponentially, over this many widths of the box (that of a normal column); more on the side
that the median is far from (so that an exponential column has its own); within these limits, and not beyond the data's end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A column as its quartiles show it."""

    mean: float
    var: float


def weighed(moments: Sequence[Estimate], quantiles: Sequence[Estimate]) -> tuple[Estimate, ...]:
    """Count, mean, deviation and the quantiles, from (count, mean, variance) and (minimum, quartiles, maximum).

    Half-widths stay those of the moments' own noise.
    """
    count, mean, var = moments
    values = [float(quantile.value) for quantile in quantiles if quantile.value is not None]
    off = quantiles[0].scale / max(float(count.value or 0), 1.0)
    found = shape(values, min(INSET * off, 1 / ENDS))
    if found is not None and mean.value is not None and var.value is not None:
        center = min(max(found.mean, values[0]), values[-1])
        mean = _mixed(mean, center, math.sqrt(found.var) * math.hypot(DOUBT[0], PER_RANK[0] * off))
        var = _mixed(var, found.var, found.var * math.hypot(DOUBT[1], PER_RANK[1] * off))
    return (count, mean, deviation(var), *quantiles)


def shape(quantiles: Sequence[float], inset: float) -> Shape | None:
    """Mean and variance of a column with these quartiles: even between them, exponential beyond; None where they are one number.

    ``quantiles``: the smallest, the quartiles, the largest, of which the first and the last stay ``inset`` (a share of rows) inside.
    """
    least, first, median, third, most = quantiles
    box = third - first
    if box <= 0:
        return None
    skew = _SKEWED * (third + first - 2 * median) / box
    # No quarter's mean lies farther out than half-way to where an even quarter would end.
    low, high = (
        min(box * min(max(_TAIL + side, _TAILS[0]), _TAILS[1]), reach / (2 - 8 * inset))
        for side, reach in ((-skew, first - least), (skew, most - third))
    )
    # (mean, variance) of each quarter, from the median, so that squares stay small.
    quarters = (
        (first - low - median, low * low),
        ((first - median) / 2, (median - first) ** 2 / 12),
        ((third - median) / 2, (third - median) ** 2 / 12),
        (third + high - median, high * high),
    )
    mean = sum(center for center, _ in quarters) / 4
    return Shape(mean=median + mean, var=sum(center**2 + var for center, var in quarters) / 4 - mean**2)


def deviation(var: Estimate) -> Estimate:
    """The square root of a variance."""
    if var.value is None or var.half_width is None:
        return var
    root = math.sqrt(var.value)
    # The larger side of the interval [√(v - w), √(v + w)] around √v, cut at 0.
    width = max(math.sqrt(var.value + var.half_width) - root, root - math.sqrt(max(var.value - var.half_width, 0.0)))
    return replace(var, value=root, half_width=width)


def _mixed(own: Estimate, other: float, doubt: float) -> Estimate:
    """Two estimates of one number, by inverse square errors: ``own`` knows its half-width, ``other`` is off by about ``doubt``."""
    if own.value is None or own.half_width is None:
        return own
    # As a ratio of lengths: squares of bounds are doubles, their squares need not be.
    both = math.hypot(doubt, own.half_width / PER_DEVIATION)
    share = (doubt / both) ** 2 if both > 0 else 1.0
    return replace(own, value=share * own.value + (1 - share) * other)

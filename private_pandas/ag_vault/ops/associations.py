"""Covariances and correlations from noisy sums over rows, with their intervals to first order. Reads released numbers only.

Knows no decomposition and no row: a ``Sample`` says which weighted sums of the noisy integers are the count, the moments and the products.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ag_vault.ops.spread import PER_DEVIATION
from ag_vault.parts import Estimate

Vector = NDArray[np.float64]


Pairs = Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Noisy integers (``unit`` of them weigh one row), and what each says of the count and of moments.

    ``first``: of each column's place between its bounds, from wherever; ``second``: of a pair of columns, (i, i) for squares.
    ``mixed``: the noise of each integer (a row) in independent draws of one scale; None where each has a draw of its own.
    """

    unit: int
    scale: float
    noisy: Sequence[int]
    mixed: NDArray[np.int64] | None = None
    count: Vector
    first: Sequence[Vector]
    second: Callable[[int, int], Vector]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Central:
    """A central second moment of places, and how it moves with each noisy integer."""

    value: float
    slopes: Vector


class _Reader:
    """Central moments of a sample with a positive weight."""

    def __init__(self, sample: Sample) -> None:
        self._sample = sample
        self._noisy = np.array([float(value) for value in sample.noisy])
        self.weight = float(sample.count @ self._noisy)
        self._means = [self._ratio(first) for first in sample.first] if self.weight > 0 else []

    @property
    def rows(self) -> float:
        return self.weight / self._sample.unit

    def _ratio(self, own: Vector) -> _Central:
        """A sum over the count: d(x/n) = (dx - (x/n) dn)/n."""
        value = float(own @ self._noisy) / self.weight
        return _Central(value=value, slopes=(own - value * self._sample.count) / self.weight)

    def central(self, one: int, other: int) -> _Central:
        """E[st] - E[s]E[t]."""
        product = self._ratio(self._sample.second(one, other))
        s, t = self._means[one], self._means[other]
        slopes = product.slopes - t.value * s.slopes - s.value * t.slopes
        return _Central(value=product.value - s.value * t.value, slopes=slopes)

    def width(self, slopes: Vector) -> float:
        """The 95 % half-width, as of ``spread``."""
        mixed = self._sample.mixed
        own = slopes if mixed is None else slopes @ mixed
        return PER_DEVIATION * math.sqrt(2 * float(own @ own)) * self._sample.scale


def read_cov(sample: Sample, widths: Sequence[float], pairs: Pairs, ddof: int) -> tuple[Estimate, ...]:
    """The covariance of each pair, with columns so wide between their bounds; None where noise left too few rows. Variances are at least 0."""
    reader = _Reader(sample)
    own = sample.scale / sample.unit
    if reader.weight <= 0 or reader.rows <= ddof:
        return (Estimate(value=None, half_width=None, scale=own),) * len(pairs)
    free = reader.rows / (reader.rows - ddof)
    found: list[Estimate] = []
    for one, other in pairs:
        central = reader.central(one, other)
        # No variable of [0, 1] has a variance above 1/4.
        value = min(max(central.value, 0.0 if one == other else -0.25), 0.25)
        size = free * widths[one] * widths[other]
        found.append(Estimate(value=value * size, half_width=reader.width(central.slopes) * size, scale=own))
    return tuple(found)


def read_corr(sample: Sample, pairs: Pairs) -> tuple[Estimate, ...]:
    """The correlation of each pair, in [-1, 1]; None where a noisy variance is not above 0, as nothing can be divided by it.

    Of two columns as ``likely`` has it. Those of more are a matrix together, which the nearest possible one says more about than each alone.
    """
    reader = _Reader(sample)
    own = sample.scale / sample.unit
    unknown = Estimate(value=None, half_width=None, scale=own)
    if reader.weight <= 0:
        return (unknown,) * len(pairs)
    variances = [reader.central(column, column) for column in range(len(sample.first))]
    found: list[Estimate] = []
    for one, other in pairs:
        s, t = variances[one], variances[other]
        if min(s.value, t.value) <= 0:
            found.append(unknown)
            continue
        both = reader.central(one, other)
        root = math.sqrt(s.value) * math.sqrt(t.value)
        ratio = both.value / root
        slopes = both.slopes / root - min(max(ratio, -1.0), 1.0) / 2 * (s.slopes / s.value + t.slopes / t.value)
        width = reader.width(slopes)
        value = likely(ratio, width / PER_DEVIATION) if len(variances) == _PAIR else min(max(ratio, -1.0), 1.0)
        # Both ends of an interval lie in [-1, 1] anyway.
        found.append(Estimate(value=value, half_width=min(width, 2.0), scale=own))
    return tuple(found)


def likely(ratio: float, deviation: float) -> float:
    """The mean of all correlations, each as likely as any other before, given a noisy one and the deviation of its noise.

    Where noise is small it is the noisy one, cut at -1 and 1; where it drowns the variances it goes to 0, which is nearer to most
    correlations than what is left of the noisy one. It reads what is released anyway. Mean of a normal law between two ends.

    >>> likely(0.5, 0.001), round(likely(0.5, 0.3), 3), round(likely(9.0, 50.0), 3)
    (0.5, 0.469, 0.001)
    """
    within = min(max(ratio, -1.0), 1.0)
    if deviation <= 0:
        return within
    if deviation > _FLAT or not math.isfinite(ratio):
        # The law is even between the ends but for a slope of ratio/deviation² in its logarithm; differences would be lost.
        return min(max(ratio / deviation / deviation / 3, -1.0), 1.0) if math.isfinite(ratio) else 0.0
    low, high = (-1 - ratio) / deviation, (1 - ratio) / deviation
    mass = _between(low, high)
    if mass < _LEAST:
        return within - within * deviation * deviation / (abs(ratio) - 1)
    density = (math.exp(-low * low / 2) - math.exp(-high * high / 2)) / math.sqrt(2 * math.pi)
    return min(max(ratio + deviation * density / mass, -1.0), 1.0)


_PAIR = 2
_FLAT = 1e3
_LEAST = 1e-290
"""Of a normal law beyond 36 deviations: there it falls off from the end like an exponential one."""


def _between(low: float, high: float) -> float:
    """The normal law between two points: by its tails on one side, where a difference would lose them."""
    if low > 0 or high < 0:
        low, high = sorted((abs(low), abs(high)))
        return (math.erfc(low / math.sqrt(2)) - math.erfc(high / math.sqrt(2))) / 2
    return (math.erf(high / math.sqrt(2)) - math.erf(low / math.sqrt(2))) / 2

"""Quantiles by the exponential mechanism over every point of a fine public grid, in exact integers. Knows no plan and no SQL.

Score. For q = a/d and a grid point g, with n rows, lt(g) below it and le(g) at or below it:
s(g) = max(0, a·n - d·le(g), d·lt(g) - a·n): by how many d-ths of a row g misses the quantile; 0 on every true one, ties included.
Sensitivity. A row more changes a·n - d·le by a or a - d, and d·lt - a·n by d - a or -a; a maximum of such moves by at most
Δ = max(a, d - a). For the median Δ = 1 while a whole rank changes s by 2, so weights fall as e^(-ε·ranks), not e^(-ε·ranks/2).

Mechanism. P(g) ∝ W(s(g)) with W(s) = e^(-θs), θ = ε/(2Δ), is ε-DP (McSherry-Talwar 2007), has range ε and so is
ε²/8-zCDP (Cesar-Rogers 2021). Grid points between two neighbouring values have one score: runs are weighed as
length × W, so 2^40 points cost no more than the data. As 2^40 points make the grid practically continuous,
permute-and-flip, which rejects with replacement's cost and gains only on coarse grids, would be no more accurate.

Exactness. Nothing is a float. Scores beyond S = ⌈64/θ⌉ count as S (still sensitivity Δ). W is an integer of 256 bits: e^(-θ·step)
correctly rounded by ``decimal`` at 100 digits, cut to 256 bits, multiplied up from one distinct score to the next. The least W
is above 2^163, each step is off by less than 2^-160 of it, there are fewer than 2^25 steps: every W is within η = 2^-130 of
e^(-θs)·2^256 relatively. Probabilities of neighbours then differ by at most e^(2θΔ)·((1+η)/(1-η))² < e^(2θΔ + 2^-120); θ is made
from ε - 2^-100, which pays for that. One uniform integer below the total picks the run and the point in it.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ag_vault.noise import Noise

NAME = "exponential mechanism"

Integers = NDArray[np.int64]

_BITS = 256
_REACH = 64
_SLACK = Fraction(1, 2**100)
_DECIMALS = Context(prec=100)
_LARGEST_SCORE = 2**61


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """A column on its grid: different positions in increasing order, and how many rows are at each."""

    positions: Integers
    counts: Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """Runs of grid points with one score each: first point, length, score."""

    starts: Integers
    lengths: Integers
    scores: Integers


def rank_scale(probability: Fraction, epsilon: Fraction) -> Fraction:
    """Ranks per unit of log-weight: by about how many ranks the answer is off."""
    return 2 * _sensitivity(probability) / (probability.denominator * epsilon)


def rho(epsilon: Fraction) -> Fraction:
    """Concentrated cost of a mechanism of range ε: ε²/8 (Cesar-Rogers 2021, Lemma 4)."""
    return epsilon * epsilon / 8


def choose(tally: Tally, points: int, probability: Fraction, epsilon: Fraction, noise: Noise) -> int:
    """A position in 0 … points: ε-DP for rows added or removed."""
    runs, weights = weighed(tally, points, probability, epsilon)
    masses = [weight * length for weight, length in zip(weights, runs.lengths.tolist(), strict=True)]
    ends = list(accumulate(masses))
    drawn = noise.uniform(ends[-1])
    run = bisect_right(ends, drawn)
    inside = (drawn - (ends[run] - masses[run])) // weights[run]
    return int(runs.starts[run]) + int(inside)


def weighed(tally: Tally, points: int, probability: Fraction, epsilon: Fraction) -> tuple[Runs, list[int]]:
    """The grid as runs, in order, and the weight of each point of each run."""
    theta = (epsilon - _SLACK) / (2 * _sensitivity(probability))
    worst = min(-(-_REACH * theta.denominator // theta.numerator), _LARGEST_SCORE)
    runs = _runs(tally, points, probability, worst)
    distinct, which = np.unique(runs.scores, return_inverse=True)
    weights = list(_weights(distinct.tolist(), theta))
    return runs, [weights[index] for index in which.tolist()]


def _sensitivity(probability: Fraction) -> int:
    return max(probability.numerator, probability.denominator - probability.numerator)


def _runs(tally: Tally, points: int, probability: Fraction, worst: int) -> Runs:
    """The runs around the quantile one by one, the rest of the grid to either side as one run each of the worst score."""
    a, d = probability.numerator, probability.denominator
    upto = np.cumsum(tally.counts)
    below = upto - tally.counts
    target = a * int(upto[-1]) if len(upto) else 0
    # Values whose score may be under the worst, and one more to either side.
    first = max(int(np.searchsorted(upto, -(-(target - worst) // d), side="left")) - 1, 0)
    last = min(int(np.searchsorted(below, (target + worst) // d, side="right")) + 1, len(upto))
    kept = tally.positions[first:last]
    start = int(tally.positions[first - 1]) + 1 if first else 0
    stop = int(tally.positions[last]) - 1 if last < len(upto) else points
    befores = np.concatenate(([start], kept + 1))
    gaps = np.concatenate((kept, [stop + 1])) - befores
    under = np.concatenate((below[first:last], upto[last - 1 : last] if last else below[:0]))
    under = under if len(under) == len(befores) else np.zeros(len(befores), np.int64)
    inner = _interleave(befores, kept), _interleave(gaps, np.ones_like(kept))
    lt, le = _interleave(under, below[first:last]), _interleave(under, upto[first:last])
    scores = np.maximum(np.maximum(target - d * le, d * lt - target), 0)
    return Runs(
        starts=np.concatenate(([0], inner[0], [stop + 1])),
        lengths=np.concatenate(([start], inner[1], [points - stop])),
        scores=np.minimum(np.concatenate(([worst], scores, [worst])), worst),
    )


def _interleave(odd: Integers, even: Integers) -> Integers:
    """odd₀, even₀, odd₁, even₁, …, oddₘ."""
    both = np.empty(len(odd) + len(even), np.int64)
    both[0::2], both[1::2] = odd, even
    return both


def _weights(scores: Sequence[int], theta: Fraction) -> Iterator[int]:
    """W of increasing scores, within η of e^(-θs)·2^256."""
    weight, before = 1 << _BITS, 0
    factors: dict[int, int] = {0: 1 << _BITS}
    for score in scores:
        step = score - before
        factor = factors.get(step)
        if factor is None:
            factor = factors[step] = _factor(theta * step)
        weight, before = weight * factor >> _BITS, score
        yield weight


def _factor(exponent: Fraction) -> int:
    """⌊2^256·e^-x⌋ for x in 0 … 65."""
    context: Any = _DECIMALS
    x = context.divide(Decimal(exponent.numerator), Decimal(exponent.denominator))
    return int(context.multiply(context.exp(context.minus(x)), Decimal(1 << _BITS)))

"""One quantile by the exponential mechanism over every point of a fine public grid, in exact integers. Knows no plan and no SQL.

Score. For q = a/d, n rows, lt(g) of them below a grid point g and le(g) at or below it, and the target t = a·n:
s(g) = max(0, t - d·le(g), d·lt(g) - t): by how many d-ths of a row g misses the quantile; 0 on every true one, ties included.
For q = 0 (q = 1) every point below (above) all rows would do, however far away bounds lie; the target then lies ``inset`` rows inside
of the end, a public number, but an eighth of the rows at most: with d = 8, t = min(8·inset, n) (t = 8·n - min(8·inset, n)).

Sensitivity. A row more at x changes s by one of two amounts at the points below x, and by one of two at the points from x on:
there by ±a (t moves, lt and le don't), here by ±(d - a) (at x itself by less). All changes together span at most 2·max(a, d - a);
on points that all lie below x, 2a, and from x on, 2(d - a). With t = min(8·inset, n) a row moves t by 0 or 1, so that the same holds
with 0 or 1 in a's place: 2·8, 2 and 2·8; for q = 1 the mirror image.
Where a domain starts at a point that an earlier quantile was drawn at (``floored``), no row at or below that point counts as
one that the point exceeds: s(g) = max(0, t - d·le(g)) there. A row at that point then moves all scores of the domain alike.

Mechanism. P(g) ∝ W(s(g)) with W(s) = e^(-θs). If changes of s span at most R, then it is θR-DP (McSherry-Talwar 2007), has range θR and
so is (θR)²/8-zCDP (Dong-Durfee-Rogers 2020, Cesar-Rogers 2021). Points between two neighbouring values have one score: runs are
weighed as length × W, so 2^40 points cost no more than the data. As 2^40 points make the grid practically continuous,
permute-and-flip, which rejects with replacement's cost and gains only on coarse grids, would be no more accurate.

Exactness. Nothing is a float. Scores beyond S = ⌈64/θ⌉ count as S (changes span no more than before). W is an integer of 256 bits:
e^(-θ·step) correctly rounded by ``decimal`` at 100 digits, cut to 256 bits, multiplied up from one distinct score to the next. The
least W is above 2^163, each step is off by less than 2^-160 of it, there are fewer than 2^25 steps: every W is within η = 2^-130 of
e^(-θs)·2^256 relatively. Probabilities of neighbours then differ by at most e^(θR)·((1+η)/(1-η))² < e^(θR + 2^-120); whoever makes θ
leaves ``SLACK`` of ε to pay for that. One uniform integer below the total picks the run and the point in it.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate
from operator import mul
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ag_vault.noise import Noise
from ag_vault.parts import ENDS

NAME = "exponential mechanism"

Integers = NDArray[np.int64]

SLACK = Fraction(1, 2**100)
"""Of ε: more than the errors of all weights of 10^5 draws together."""
_BITS = 256
_REACH = 64
_DECIMALS = Context(prec=100)
_LARGEST_SCORE = 2**61
LEAST_SPAN = Fraction(2, ENDS)
"""How far a row outside of the domain moves all scores together where q = 0 or q = 1, in rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """A column on its grid: different positions in increasing order, the rows below each and up to each, and all rows.

    Positions may be left out where no asked score is under the worst (``window``): the ranks of the others stay what they are.
    """

    positions: Integers
    below: Integers
    upto: Integers
    total: int

    @classmethod
    def of(cls, positions: Integers, counts: Integers) -> "Tally":
        """All positions with the number of rows at each."""
        upto = np.cumsum(counts)
        return cls(positions=positions, below=upto - counts, upto=upto, total=int(upto[-1]) if len(upto) else 0)

    @property
    def counts(self) -> Integers:
        """How many rows are at each position."""
        return self.upto - self.below


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What is looked for: a probability, how steeply weights fall per row missed, and how many rows inside of the ends 0 and 1 aim."""

    probability: Fraction
    per_row: Fraction
    inset: int

    @property
    def unit(self) -> int:
        """d: the parts of a row that scores are counted in."""
        return ENDS if self.probability in {0, 1} else self.probability.denominator

    @property
    def theta(self) -> Fraction:
        """How steeply weights fall with the score."""
        return self.per_row / self.unit

    @property
    def worst(self) -> int:
        """The score that all higher ones count as."""
        return min(-(-_REACH * self.theta.denominator // self.theta.numerator), _LARGEST_SCORE)

    def target(self, total: int) -> int:
        """t, in d-ths of a row."""
        inside = min(ENDS * self.inset, total)
        if self.probability == 0:
            return inside
        return ENDS * total - inside if self.probability == 1 else self.probability.numerator * total


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """The points low … high; ``floored`` where low is a quantile drawn before."""

    low: int
    high: int
    floored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """Runs of grid points with one score each: first point, length, score."""

    starts: Integers
    lengths: Integers
    scores: Integers


def window(aim: Aim, total: int) -> tuple[int, int]:
    """Ranks u outside of which |t - d·u| is at least the worst score: what lies there need not be told apart."""
    target, d = aim.target(total), aim.unit
    return (target - aim.worst) // d, -(-(target + aim.worst) // d)


def choose(tally: Tally, domain: Domain, aim: Aim, noise: Noise) -> int:
    """A point of the domain."""
    runs = runs_of(tally, domain, aim)
    weights = weights_of(runs.scores, aim.theta)
    masses = list(map(mul, weights, runs.lengths.tolist()))
    ends = list(accumulate(masses))
    drawn = noise.uniform(ends[-1])
    run = bisect_right(ends, drawn)
    inside = (drawn - (ends[run] - masses[run])) // weights[run]
    return int(runs.starts[run]) + int(inside)


def weights_of(scores: Integers, theta: Fraction) -> list[int]:
    """The weight of each score."""
    distinct, which = np.unique(scores, return_inverse=True)
    weights = list(_weights(distinct.tolist(), theta))
    return [weights[index] for index in which.tolist()]


def runs_of(tally: Tally, domain: Domain, aim: Aim) -> Runs:
    """The domain as runs, in order.

    A point with rows has the score of the gap after it where d·le ≤ t, of the gap before it where d·lt ≥ t, and 0 between these: one
    run per gap is enough, and one for the point that the target falls on.
    """
    d, target = aim.unit, aim.target(tally.total)
    first, last = np.searchsorted(tally.positions, (domain.low, domain.high + 1)).tolist()
    ranks = _ranks(tally, first, last)
    points = tally.positions[first:last]
    starts: list[Any] = []
    scores: list[Any] = []
    low = domain.low
    if domain.floored:
        taken = int(len(points) > 0 and points[0] == low)
        points, ranks = points[taken:], ranks[taken:]
        starts, scores, low = [[low]], [[max(0, target - d * int(ranks[0]))]], low + 1
    under = int(np.searchsorted(ranks[1:], target // d, side="right"))
    hit = under < len(points) and d * int(tally.below[last - len(points) + under]) < target
    falls = points[under : under + hit]
    starts += [[low], points[:under], falls, points[under:] + 1]
    gaps = np.abs(target - d * ranks)
    scores += [gaps[: under + 1], np.zeros_like(falls), gaps[under + 1 :]]
    return _within(np.concatenate(starts), np.concatenate(scores), domain.high + 1, aim.worst)


def _ranks(tally: Tally, first: int, last: int) -> Integers:
    """Rows below each gap of the positions first … last - 1: before the first, between them, and after the last."""
    following, known = tally.below[first : first + 1], tally.upto[max(first - 1, 0) : first]
    before = following if len(following) else known if len(known) else np.zeros(1, np.int64)
    return np.concatenate((before, tally.upto[first:last]))


def _within(starts: Integers, scores: Integers, stop: int, worst: int) -> Runs:
    """The runs, those of the worst score to either side joined to one: scores fall to the quantile and rise after it."""
    better = np.flatnonzero(scores < worst)
    first, last = (int(better[0]), int(better[-1]) + 1) if len(better) else (0, 0)
    ends = starts[: min(first, 1)], starts[last : last + 1]
    bounds = np.concatenate((ends[0], starts[first:last], ends[1], [stop]))
    own = [np.full_like(ends[0], worst), scores[first:last], np.full_like(ends[1], worst)]
    return Runs(starts=bounds[:-1], lengths=np.diff(bounds), scores=np.concatenate(own))


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


@lru_cache(maxsize=4096)
def _factor(exponent: Fraction) -> int:
    """⌊2^256·e^-x⌋ for x in 0 … 65."""
    context: Any = _DECIMALS
    x = context.divide(Decimal(exponent.numerator), Decimal(exponent.denominator))
    return int(context.multiply(context.exp(context.minus(x)), Decimal(1 << _BITS)))

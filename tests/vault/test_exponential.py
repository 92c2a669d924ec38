"""The exponential mechanism on grids small enough to list: its exact probabilities obey ε, and are those of the definition."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ag_vault.mechanisms import exponential
from ag_vault.mechanisms.exponential import Tally
from ag_vault.noise import OpenDPNoise

POINTS = 6
VALUES = st.lists(st.integers(0, POINTS), max_size=7)
QUANTILES = st.sampled_from(
    [Fraction(1, 2), Fraction(0), Fraction(1), Fraction(1, 4), Fraction(3, 10), Fraction(9, 10)]
)
EPSILONS = st.sampled_from([Fraction(1), Fraction(1, 10), Fraction(5), Fraction(1, 10**6), Fraction(40)])


def tally(values: list[int]) -> Tally:
    positions, counts = np.unique(np.array(values, np.int64), return_counts=True)
    return Tally(positions=positions, counts=counts.astype(np.int64))


class Placed:
    """Noise that returns the place it was told, and remembers the range."""

    def __init__(self, place: int) -> None:
        self.place = place
        self.size = 0

    def laplace(self, scale: float, count: int) -> list[int]:
        raise AssertionError((scale, count))

    def uniform(self, below: int) -> int:
        self.size = below
        return self.place


def probabilities(values: list[int], q: Fraction, epsilon: Fraction, points: int = POINTS) -> list[Fraction]:
    """The exact probability of each position."""
    runs, weights = exponential.weighed(tally(values), points, q, epsilon)
    masses = [0] * (points + 1)
    for start, length, weight in zip(runs.starts.tolist(), runs.lengths.tolist(), weights, strict=True):
        for position in range(start, start + length):
            masses[position] += weight
    return [Fraction(mass, sum(masses)) for mass in masses]


def score(values: list[int], g: int, q: Fraction) -> Fraction:
    """By how many ranks a point misses the quantile, from the definition."""
    n, below, upto = len(values), sum(v < g for v in values), sum(v <= g for v in values)
    return max(Fraction(0), q * n - upto, below - q * n)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(values=VALUES, q=QUANTILES, epsilon=EPSILONS)
def test_probabilities_are_those_of_the_definition(values: list[int], q: Fraction, epsilon: Fraction) -> None:
    steepness = float(epsilon / (2 * max(q, 1 - q)))
    weights = [math.exp(-steepness * float(score(values, g, q))) for g in range(POINTS + 1)]
    found = probabilities(values, q, epsilon)
    assert [float(p) for p in found] == pytest.approx([w / sum(weights) for w in weights], rel=1e-12)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(values=VALUES, extra=st.integers(0, POINTS), q=QUANTILES, epsilon=EPSILONS)
def test_exact_probabilities_of_neighbours_obey_epsilon(
    values: list[int], extra: int, q: Fraction, epsilon: Fraction
) -> None:
    one, other = probabilities(values, q, epsilon), probabilities([*values, extra], q, epsilon)
    # e^ε from below, exactly: a partial sum of its series.
    bound = sum((epsilon**k / math.factorial(k) for k in range(200)), Fraction(0))
    assert all(a <= bound * b and b <= bound * a for a, b in zip(one, other, strict=True))


def test_the_bound_is_nearly_reached_so_no_accuracy_is_given_away() -> None:
    ratios = [
        a / b
        for values, extra in (([0, 0, 0], 6), ([6, 6, 6], 0), ([0, 6], 0), ([3], 0))
        for a, b in zip(
            probabilities(values, Fraction(1, 2), Fraction(1)),
            probabilities([*values, extra], Fraction(1, 2), Fraction(1)),
            strict=True,
        )
    ]
    assert float(max(ratios)) > math.exp(0.5)


def test_scores_beyond_the_reach_count_as_the_worst() -> None:
    """A thousand rows on one point at a large ε: every other point keeps a positive, equal probability."""
    found = probabilities([3] * 1000, Fraction(1, 2), Fraction(10))
    assert found[3] > Fraction(999, 1000)
    assert len({p for g, p in enumerate(found) if g != 3}) == 1
    assert min(found) > 0


def test_a_fine_grid_is_as_accurate_as_a_continuous_one() -> None:
    """1e5 normal values on 2^40 points at ε = 1: the median is off by a few ranks, not by the grid."""
    points, rng = 2**40, np.random.default_rng(5)
    values = np.sort((rng.normal(0.5, 0.05, 100_000).clip(0, 1) * points).astype(np.int64))
    positions, counts = np.unique(values, return_counts=True)
    column = Tally(positions=positions, counts=counts.astype(np.int64))
    noise = OpenDPNoise()
    for _ in range(20):
        drawn = exponential.choose(column, points, Fraction(1, 2), Fraction(1), noise)
        # P(more than 40 ranks off) < 1e5·e^-40 per draw: never.
        assert abs(int(np.searchsorted(values, drawn)) - 50_000) <= 60


@pytest.mark.parametrize("q", [Fraction(0), Fraction(1), Fraction(1, 2)])
def test_an_empty_column_gives_any_point_alike(q: Fraction) -> None:
    assert set(probabilities([], q, Fraction(1))) == {Fraction(1, POINTS + 1)}


@pytest.mark.parametrize("values", [[], [0, 6, 6], [1, 3, 5], [2, 2, 2, 2]])
def test_a_draw_lands_on_each_position_for_exactly_its_share_of_the_range(values: list[int]) -> None:
    q, epsilon = Fraction(1, 2), Fraction(1)
    shares = probabilities(values, q, epsilon)
    whole = Placed(0)
    exponential.choose(tally(values), POINTS, q, epsilon, whole)
    end = 0
    for position, share in enumerate(shares):
        start, end = end, end + int(share * whole.size)
        ends = [exponential.choose(tally(values), POINTS, q, epsilon, Placed(place)) for place in (start, end - 1)]
        assert ends == [position, position]
    assert end == whole.size

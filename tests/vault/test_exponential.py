"""The exponential mechanism on grids small enough to list: its exact probabilities obey ε, and are those of the definition."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ag_vault.mechanisms import exponential
from ag_vault.mechanisms.exponential import Aim, Domain, Tally
from ag_vault.noise import OpenDPNoise
from tests.vault.tallies import POINTS, at_most, probabilities, tally, window

VALUES = st.lists(st.integers(0, POINTS), max_size=7)
QUANTILES = st.sampled_from(
    [Fraction(1, 2), Fraction(0), Fraction(1), Fraction(1, 4), Fraction(3, 10), Fraction(9, 10)]
)
STEEPNESS = st.sampled_from([Fraction(1), Fraction(1, 10), Fraction(5), Fraction(1, 10**6), Fraction(40)])
DOMAINS = st.builds(
    lambda ends, floored: Domain(low=min(ends), high=max(ends), floored=floored),
    st.tuples(st.integers(0, POINTS), st.integers(0, POINTS)),
    st.booleans(),
)
WHOLE = Domain(low=0, high=POINTS)
MEDIAN = Aim(probability=Fraction(1, 2), per_row=Fraction(1, 2), inset=0)
AIMS = st.builds(Aim, probability=QUANTILES, per_row=STEEPNESS, inset=st.integers(0, 3))


class Placed:
    """Noise that returns the place it was told, and remembers the range."""

    def __init__(self, place: int) -> None:
        self.place = place
        self.size = 0

    def laplace(self, scale: float, count: int) -> list[int]:
        raise AssertionError((scale, count))

    gaussian = laplace

    def uniform(self, below: int) -> int:
        self.size = below
        return self.place


def score(values: list[int], g: int, aim: Aim, domain: Domain) -> Fraction:
    """By how many ranks a point misses the aim, from the definition."""
    n, below, upto = len(values), sum(v < g for v in values), sum(v <= g for v in values)
    inside = min(Fraction(aim.inset), Fraction(n, 8))
    target = inside if aim.probability == 0 else n - inside if aim.probability == 1 else aim.probability * n
    over = Fraction(0) if domain.floored and g == domain.low else below - target
    return max([Fraction(0), target - upto, over])


@settings(max_examples=150, deadline=None, derandomize=True)
@given(values=VALUES, aim=AIMS, domain=DOMAINS)
def test_probabilities_are_those_of_the_definition(values: list[int], aim: Aim, domain: Domain) -> None:
    places = range(domain.low, domain.high + 1)
    # Beyond 64 all scores count alike; what is left of the reach is rounded up to a whole part of a row.
    reach = Fraction(-(-64 * aim.unit // aim.per_row), aim.unit)
    weights = [math.exp(-float(aim.per_row * min(score(values, g, aim, domain), reach))) for g in places]
    found = probabilities(tally(values), domain, aim)
    assert list(found) == list(places)
    assert [float(p) for p in found.values()] == pytest.approx([w / sum(weights) for w in weights], rel=1e-12)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(values=VALUES, extra=st.integers(0, POINTS), aim=AIMS, domain=DOMAINS)
def test_exact_probabilities_of_neighbours_obey_the_span_of_scores(
    values: list[int], extra: int, aim: Aim, domain: Domain
) -> None:
    q = aim.probability
    one, other = (probabilities(tally(rows), domain, aim) for rows in (values, [*values, extra]))
    if extra < domain.low or (domain.floored and extra == domain.low):
        span = 2 * (1 - q) or exponential.LEAST_SPAN
    elif extra > domain.high:
        span = 2 * q or exponential.LEAST_SPAN
    else:
        span = 2 * max(q, 1 - q)
    bound = at_most(aim.per_row * span)
    assert all(a <= bound * other[g] and other[g] <= bound * a for g, a in one.items())


def test_the_bound_is_nearly_reached_so_no_accuracy_is_given_away() -> None:
    ratios = [
        a / b
        for values, extra in (([0, 0, 0], 6), ([6, 6, 6], 0), ([0, 6], 0), ([3], 0))
        for a, b in zip(
            probabilities(tally(values), WHOLE, MEDIAN).values(),
            probabilities(tally([*values, extra]), WHOLE, MEDIAN).values(),
            strict=True,
        )
    ]
    assert float(max(ratios)) > math.exp(0.25)


def test_scores_beyond_the_reach_count_as_the_worst() -> None:
    """A thousand rows on one point at a large ε: every other point keeps a positive, equal probability."""
    steep = Aim(probability=Fraction(1, 2), per_row=Fraction(5), inset=0)
    found = probabilities(tally([3] * 1000), WHOLE, steep)
    assert found[3] > Fraction(999, 1000)
    assert len({p for g, p in found.items() if g != 3}) == 1
    assert min(found.values()) > 0


@settings(max_examples=150, deadline=None, derandomize=True)
@given(values=st.lists(st.integers(0, 60), max_size=60), q=QUANTILES, domain=DOMAINS, data=st.data())
def test_what_lies_outside_of_the_window_need_not_be_known(
    values: list[int], q: Fraction, domain: Domain, data: st.DataObject
) -> None:
    aim = Aim(probability=q, per_row=Fraction(data.draw(st.sampled_from([8, 16, 40]))), inset=1)
    wide = Domain(low=10 * domain.low, high=10 * domain.high, floored=domain.floored)
    whole = tally(values)
    low, high = exponential.window(aim, whole.total)
    needed = whole.positions[(whole.upto >= low) & (whole.below <= high)].tolist()
    margin = data.draw(st.integers(0, 5))
    known = window(whole, min(needed, default=0) - margin, max(needed, default=0) + margin)
    assert probabilities(known, wide, aim) == probabilities(whole, wide, aim)


def test_a_fine_grid_is_as_accurate_as_a_continuous_one() -> None:
    """1e5 normal values on 2^40 points at ε = 1: the median is off by a few ranks, not by the grid."""
    points, rng = 2**40, np.random.default_rng(5)
    values = np.sort((rng.normal(0.5, 0.05, 100_000).clip(0, 1) * points).astype(np.int64))
    column = tally(values.tolist())
    noise = OpenDPNoise()
    aim = Aim(probability=Fraction(1, 2), per_row=Fraction(1), inset=0)
    for _ in range(20):
        drawn = exponential.choose(column, Domain(low=0, high=points), aim, noise)
        # P(more than 40 ranks off) < 1e5·e^-40 per draw: never.
        assert abs(int(np.searchsorted(values, drawn)) - 50_000) <= 60


@pytest.mark.parametrize("q", [Fraction(0), Fraction(1), Fraction(1, 2)])
def test_an_empty_column_gives_any_point_alike(q: Fraction) -> None:
    found = probabilities(tally([]), WHOLE, Aim(probability=q, per_row=Fraction(1), inset=3))
    assert set(found.values()) == {Fraction(1, POINTS + 1)}


@pytest.mark.parametrize("values", [[], [0, 6, 6], [1, 3, 5], [2, 2, 2, 2]])
@pytest.mark.parametrize("domain", [WHOLE, Domain(low=2, high=5, floored=True)])
def test_a_draw_lands_on_each_position_for_exactly_its_share_of_the_range(values: list[int], domain: Domain) -> None:
    column: Tally = tally(values)
    shares = probabilities(column, domain, MEDIAN)
    whole = Placed(0)
    exponential.choose(column, domain, MEDIAN, whole)
    end = 0
    for position, share in shares.items():
        start, end = end, end + int(share * whole.size)
        ends = [exponential.choose(column, domain, MEDIAN, Placed(place)) for place in (start, end - 1)]
        assert ends == [position, position]
    assert end == whole.size

"""The noise is what it is said to be. Each statistical test fails a right sampler once in a million runs."""

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from ag_vault.errors import NoNoise
from ag_vault.exact import LARGEST, SumGrid, UnitGrid, cut, float_up
from ag_vault.mechanisms import laplace
from ag_vault.noise import MAX_SCALE, OpenDPNoise
from tests.vault.world import Frozen

FALSE_ALARM = 1e-6
DRAWS = 30_000


@pytest.fixture(scope="module")
def noise() -> OpenDPNoise:
    source = OpenDPNoise()
    source.warm()
    return source


def pmf(k: int, scale: float) -> float:
    return math.tanh(1 / (2 * scale)) * math.exp(-abs(k) / scale)


@pytest.mark.parametrize("scale", [0.3, 1.0, 7.5])
def test_laplace_draws_follow_their_exact_distribution(noise: OpenDPNoise, scale: float) -> None:
    drawn = np.array(noise.laplace(scale, DRAWS))
    edge = int(scale * 5) + 1
    inner = [pmf(k, scale) for k in range(-edge, edge + 1)]
    tail = (1 - sum(inner)) / 2
    expected = np.array([tail, *inner, tail]) * DRAWS
    found = np.array(
        [(drawn < -edge).sum(), *((drawn == k).sum() for k in range(-edge, edge + 1)), (drawn > edge).sum()]
    )
    assert stats.chisquare(found, expected).pvalue > FALSE_ALARM


def test_a_tenth_less_noise_would_be_noticed(noise: OpenDPNoise) -> None:
    drawn = np.abs(noise.laplace(0.9 * 7.5, DRAWS))
    expected = [pmf(0, 7.5), *(2 * pmf(k, 7.5) for k in range(1, 38))]
    found = [(drawn == k).sum() for k in range(38)]
    rest = DRAWS - sum(found), DRAWS * (1 - sum(expected))
    outcome = stats.chisquare([*found, rest[0]], [*(p * DRAWS for p in expected), rest[1]])
    assert outcome.pvalue < FALSE_ALARM


def test_wide_draws_have_the_right_deviation(noise: OpenDPNoise) -> None:
    scale = 2.0**40
    drawn = np.abs(np.array(noise.laplace(scale, DRAWS), dtype=float)) / scale
    assert stats.kstest(drawn, "expon").pvalue > FALSE_ALARM


@pytest.mark.parametrize("below", [1, 2, 3, 7, 256, 1000])
def test_uniform_draws_are_uniform(noise: OpenDPNoise, below: int) -> None:
    drawn = np.array([noise.uniform(below) for _ in range(4000)])
    assert drawn.min() >= 0
    assert drawn.max() < below
    if below > 1:
        bins = min(below, 20)
        found = np.bincount(drawn * bins // below, minlength=bins)
        sizes = np.bincount(np.arange(below) * bins // below, minlength=bins)
        assert stats.chisquare(found, 4000 * sizes / below).pvalue > FALSE_ALARM


def test_uniform_draws_reach_far_beyond_64_bits(noise: OpenDPNoise) -> None:
    below = 3 * 2**300
    shares = [noise.uniform(below) / below for _ in range(500)]
    assert stats.kstest(shares, "uniform").pvalue > FALSE_ALARM


@pytest.mark.parametrize("scale", [0.0, -1.0, math.nan, math.inf, MAX_SCALE * 2])
def test_no_scale_gives_no_noise(noise: OpenDPNoise, scale: float) -> None:
    with pytest.raises(NoNoise):
        noise.laplace(scale, 1)


def test_an_empty_range_is_a_bug(noise: OpenDPNoise) -> None:
    with pytest.raises(NoNoise):
        noise.uniform(0)


@pytest.mark.parametrize("l1", [1, 3, 2**32 + 2, 10**11])
@pytest.mark.parametrize("epsilon", [Fraction(1, 3), Fraction(7, 10**6), Fraction(10**6), Fraction(1)])
def test_a_scale_is_never_below_the_exact_one(l1: int, epsilon: Fraction) -> None:
    scale = laplace.scale_of(l1, epsilon)
    assert scale is not None
    exact = Fraction(l1) / epsilon
    assert Fraction(scale) >= exact
    assert Fraction(math.nextafter(scale, 0)) < exact


def test_a_scale_beyond_the_limit_has_no_mechanism() -> None:
    assert laplace.scale_of(2**32, Fraction(1, 2**30)) is None
    assert float_up(Fraction(1, 10**400)) > 0


@pytest.mark.parametrize("saturated", [2**63 - 1, -(2**63)])
@pytest.mark.parametrize("exact", [0, LARGEST, -LARGEST, 2**100, -(2**100)])
def test_saturation_of_the_sampler_is_hidden_by_the_cut(saturated: int, exact: int) -> None:
    ((noisy,),) = laplace.perturb([(exact,)], 1.0, Frozen(shift=saturated))
    assert noisy == cut(saturated)
    assert noisy == cut(cut(exact) + 10 * saturated)


@pytest.mark.parametrize(
    "bounds", [(0.0, 50.0), (-1e139, 1e139), (1.0, 1.0000001), (0.1, 0.3), (-5.0, -5.0), (0.0, 5e-200)]
)
def test_a_unit_grid_ends_at_its_bounds(bounds: tuple[float, float]) -> None:
    grid = UnitGrid.over(*bounds, 2**40)
    assert grid is not None
    assert (grid.value(0), grid.value(2**40)) == bounds
    assert grid.value(2**62) == bounds[1]


@pytest.mark.parametrize("bounds", [(-1e200, 1e200), (0.0, 5e-324), (float("-inf"), 1.0)])
def test_bounds_on_which_no_grid_can_stand_have_none(bounds: tuple[float, float]) -> None:
    assert UnitGrid.over(*bounds, 2**40) is None


def test_a_sum_of_a_thousand_million_rows_fits() -> None:
    for lower, upper, integral in [
        (0.0, 1.0, False),
        (-3.7, 1e100, False),
        (0, 2**39, True),
        (-(2**62), 5, True),
        (0, 1, True),
    ]:
        grid = SumGrid.over(lower, upper, integral=integral)
        assert grid is not None
        assert -(-grid.reach // grid.coarse) * 2**30 <= LARGEST + 1

"""Keys that are found: the floor's δ against enumerated distributions, and whole mechanisms of neighbours against (ε, δ), exactly."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from ag_vault.mechanisms import gaussian, laplace
from ag_vault.mechanisms.threshold import Gate, Sum, gate, least_above, tail_of

Pmf = NDArray[np.float64]
REACH = 900
"""Draws beyond are left out: their probability is below e^-180 at the scales of these tests."""


def pmf(draws: int, scale: float) -> Pmf:
    """The distribution of a sum of discrete Laplace draws, on -draws·REACH … draws·REACH, by convolution."""
    a = math.exp(-1 / scale)
    one = (1 - a) / (1 + a) * a ** np.abs(np.arange(-REACH, REACH + 1))
    found = one
    for _ in range(draws - 1):
        found = np.convolve(found, one)
    return found


def gaussian_pmf(draws: int, scale: float) -> Pmf:
    """As ``pmf``, of Gaussian draws."""
    one = np.exp(-(np.arange(-REACH, REACH + 1) ** 2) / (2 * scale**2))
    one = found = one / one.sum()
    for _ in range(draws - 1):
        found = np.convolve(found, one)
    return found


PMFS = {laplace.NAME: pmf, gaussian.NAME: gaussian_pmf}
TAILS = {laplace.NAME: tail_of, gaussian.NAME: gaussian.tail_of}


def tail(found: Pmf, x: int) -> float:
    return float(found[len(found) // 2 + x :].sum())


@pytest.mark.parametrize("scale", [0.2, 1.0, 3.7])
@pytest.mark.parametrize("draws", [1, 2, 3, 6])
def test_the_tail_is_that_of_the_enumerated_sum(draws: int, scale: float) -> None:
    found, computed = pmf(draws, scale), tail_of(draws, scale)
    for x in (0, 1, 2, 7, 25):
        assert float(computed(x)) == pytest.approx(tail(found, x), rel=1e-9, abs=1e-290)


def test_the_tail_of_fine_grids_is_that_of_coarse_ones() -> None:
    for draws in (1, 2, 3, 32):
        fine, finer = tail_of(draws, 2.0**30), tail_of(draws, 2.0**46)
        assert float(fine(9 << 30)) == pytest.approx(float(finer(9 << 46)), rel=1e-7)


@pytest.mark.parametrize("scale", [0.3, 1.0, 3.7, 40.0])
@pytest.mark.parametrize("draws", [1, 2, 3, 6])
def test_the_bound_on_sums_of_gaussian_draws_is_never_below_the_enumerated_tail_and_near_it(
    draws: int, scale: float
) -> None:
    found, bound = gaussian_pmf(draws, scale), gaussian.tail_of(draws, scale)
    values = [float(bound(x)) for x in range(int(9 * scale * draws**0.5) + 3)]
    for x, value in enumerate(values):
        assert value >= tail(found, x) * (1 - 1e-9)
    reached = math.ceil(scale * draws**0.5)
    assert set(values[:reached]) <= {1.0}
    steps = [b - a for a, b in itertools.pairwise(values[reached:])]
    assert max(steps) < 0
    assert all(a <= b * (1 - 1e-9) for a, b in itertools.pairwise(steps))
    floor = least_above(bound, Fraction(1, 10**9))
    exact = next(x for x in range(len(found)) if tail(found, x) <= 1e-9)
    assert exact <= floor <= 1 + exact * 1.05


@pytest.mark.parametrize("delta", [Fraction(1, 3), Fraction(1, 10**6), Fraction(1, 10**18)])
def test_the_floor_is_the_least_that_keeps_delta(delta: Fraction) -> None:
    found = tail_of(2, 5.0)
    least = least_above(found, delta)
    assert Fraction(found(least)) <= delta
    assert least == 0 or Fraction(found(least - 1)) > delta


def splits(rows: int) -> list[tuple[int, ...]]:
    """All ways in which a unit's rows may spread over keys."""
    return [
        each for keys in range(1, rows + 1) for each in itertools.combinations_with_replacement(range(1, rows + 1), keys)
        if sum(each) <= rows
    ]  # fmt: skip


@pytest.mark.parametrize("noise", PMFS)
@pytest.mark.parametrize("weight", [1, 4])
@pytest.mark.parametrize("draws", [1, 2, 3])
@pytest.mark.parametrize("epsilon", [Fraction(1, 4), Fraction(1), Fraction(4)])
@pytest.mark.parametrize("rows", [1, 2, 5])
def test_no_unit_shows_a_key_that_only_it_makes_one_more_often_than_delta(
    rows: int, epsilon: Fraction, draws: int, weight: int, noise: str
) -> None:
    delta = Fraction(1, 10**4)
    scale = float(weight * rows / epsilon)
    made = gate(Sum(noise=noise, draws=draws, scale=scale, weight=weight), rows, delta)
    assert made is not None
    found = PMFS[noise](draws, scale)
    worst = max(
        1 - math.prod(1 - tail(found, made.floor - (made.least - 1 + own) * weight) for own in each)
        for each in splits(rows)
    )
    assert worst <= delta
    # It is not much lower than it has to be: the pruned rows are a sixteenth, and the union bound costs little.
    assert made.floor - (made.least - 1) * weight <= 1 + weight * rows + least_above(
        TAILS[noise](draws, scale), delta / rows
    )


def distribution(count: int, made: Gate, noise: Pmf) -> Pmf:
    """What is told of a key with so many rows: nothing (first), or a noisy count of ``floor`` and up."""
    if count < made.least:
        return np.array([1.0] + [0.0] * (REACH - made.floor))
    shown = np.array([noise[REACH + value - count] for value in range(made.floor, REACH)])
    return np.concatenate(([1 - shown.sum()], shown))


def beyond(one: Pmf, other: Pmf, epsilon: Fraction) -> float:
    """The least δ at which one is (ε, δ)-close to the other."""
    return float(np.maximum(one - math.exp(epsilon) * other, 0).sum())


@pytest.mark.parametrize("epsilon", [Fraction(1, 2), Fraction(2)])
def test_a_key_of_any_size_obeys_epsilon_and_delta_when_a_row_comes_or_goes(epsilon: Fraction) -> None:
    delta = Fraction(1, 10**3)
    made = gate(Sum(draws=1, scale=float(1 / epsilon), weight=1), 1, delta)
    assert made is not None
    noise = pmf(1, float(1 / epsilon))
    for count in range(made.floor + 3):
        one, other = distribution(count, made, noise), distribution(count + 1, made, noise)
        allowed = float(delta) if count < made.least else 1e-12
        assert max(beyond(one, other, epsilon), beyond(other, one, epsilon)) <= allowed


@pytest.mark.parametrize("rho", [Fraction(1, 8), Fraction(2)])
def test_a_key_of_any_size_obeys_rho_and_delta_when_a_row_comes_or_goes(rho: Fraction) -> None:
    """Rényi divergences where both have a candidate; a new one is told with δ at most."""
    delta, scale = Fraction(1, 10**3), float(1 / (2 * rho)) ** 0.5
    made = gate(Sum(noise=gaussian.NAME, draws=1, scale=scale, weight=1), 1, delta)
    assert made is not None
    noise = gaussian_pmf(1, scale)
    for count in range(made.floor + 3):
        one, other = distribution(count, made, noise), distribution(count + 1, made, noise)
        if count < made.least:
            assert 1 - other[0] <= delta
            continue
        for alpha in (1.5, 2.0, 8.0):
            for p, q in ((one, other), (other, one)):
                both = (p > 1e-200) & (q > 1e-200)
                terms = alpha * np.log(p[both]) - (alpha - 1) * np.log(q[both])
                divergence = math.log(np.exp(terms).sum()) / (alpha - 1)
                assert divergence <= alpha * float(rho) * (1 + 1e-9)


@pytest.mark.parametrize("before", list(itertools.combinations_with_replacement(range(4), 2)))
def test_two_keys_obey_epsilon_and_delta_when_a_unit_of_two_rows_comes_or_goes(before: tuple[int, int]) -> None:
    """The joint distribution, also where one row makes a key and the other is one more of a key that is there."""
    epsilon, delta, rows = Fraction(2), Fraction(1, 50), 2
    made = gate(Sum(draws=1, scale=float(rows / epsilon), weight=1), rows, delta)
    assert made is not None
    noise = pmf(1, float(rows / epsilon))
    for own in ((2, 0), (1, 1), (0, 2), (1, 0)):
        pairs = [
            [distribution(count, made, noise)[:120] for count in counts]
            for counts in (before, (before[0] + own[0], before[1] + own[1]))
        ]
        one, other = (np.outer(*pair).ravel() for pair in pairs)
        assert max(beyond(one, other, epsilon), beyond(other, one, epsilon)) <= float(delta)


def test_a_gate_that_the_proof_does_not_cover_is_none() -> None:
    assert gate(Sum(draws=1, scale=2.0**49, weight=1), 1, Fraction(1, 10**6)) is None
    assert gate(Sum(draws=65, scale=1.0, weight=1), 1, Fraction(1, 10**6)) is None


def test_no_key_of_one_row_is_ever_looked_at() -> None:
    for noise, scale in itertools.product(PMFS, (0.001, 1.0, 100.0)):
        made = gate(Sum(noise=noise, draws=1, scale=scale, weight=1), 1, Fraction(1, 2))
        assert made is not None
        assert made.least >= 2

"""Costs add up in integers, against the spender, and a charge is admitted where one accountant admits it."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ag_vault.account import (
    DELTA_UNIT,
    EPSILON_UNIT,
    LARGEST_SUM,
    RHO_UNIT,
    Cap,
    Event,
    Totals,
    admits,
    epsilon_of_rho,
    spent,
    totals_of,
)

CAP = Cap(epsilon=Fraction(10), delta=Fraction(1, 10**6))


def pure(epsilon: Fraction | int) -> Totals:
    return totals_of(Event(mechanism="m", epsilon=Fraction(epsilon)))


def many(epsilon: Fraction, times: int) -> Totals:
    one = pure(epsilon)
    return Totals(epsilon=one.epsilon * times, rho=one.rho * times)


def test_a_cost_is_rounded_up_to_whole_units() -> None:
    cost = pure(Fraction(1, 3))
    assert cost.epsilon == 333_333_334
    assert cost.rho == math.ceil(Fraction(1, 18) * RHO_UNIT)


def test_a_delta_is_rounded_up_to_whole_units() -> None:
    tiny = Event(mechanism="threshold", epsilon=Fraction(1), delta=Fraction(1, 3 * 10**17))
    assert totals_of(tiny).delta == 4


FRACTIONS = st.fractions(min_value=Fraction(1, 10**12), max_value=10**6, max_denominator=10**12)


@given(epsilon=FRACTIONS, rho=FRACTIONS, delta=st.fractions(min_value=0, max_value=Fraction(9, 10)))
def test_costs_in_integers_are_the_exact_ones_rounded_up(epsilon: Fraction, rho: Fraction, delta: Fraction) -> None:
    cost = totals_of(Event(mechanism="m", epsilon=epsilon, rho=rho, delta=delta))
    least = min(rho, epsilon * epsilon / 2)
    assert (cost.epsilon, cost.rho, cost.delta) == (
        math.ceil(epsilon * EPSILON_UNIT), min(math.ceil(least * RHO_UNIT), LARGEST_SUM), math.ceil(delta * DELTA_UNIT),
    )  # fmt: skip


@given(cap=FRACTIONS, beyond=st.integers(-1, 1))
def test_a_cap_between_two_units_admits_the_lower_one(cap: Fraction, beyond: int) -> None:
    units = math.floor(cap * EPSILON_UNIT) + beyond
    totals = Totals(epsilon=max(units, 0), rho=LARGEST_SUM)
    assert admits(Cap(epsilon=cap), totals) == (Fraction(totals.epsilon, EPSILON_UNIT) <= cap)


def test_the_smallest_cost_is_never_free() -> None:
    assert pure(Fraction(1, 2**63 - 1)) == Totals(epsilon=1, rho=1)


def test_a_million_tiny_spends_add_up_exactly() -> None:
    total = Totals()
    for _ in range(1_000_000):
        total = Totals(epsilon=total.epsilon + pure_tiny.epsilon, rho=total.rho + pure_tiny.rho)
    assert Fraction(total.epsilon, EPSILON_UNIT) == 1


pure_tiny = pure(Fraction(1, 10**6))


@pytest.mark.parametrize("epsilon", [Fraction(0), Fraction(-1)])
def test_an_event_that_costs_nothing_has_no_constructor(epsilon: Fraction) -> None:
    with pytest.raises(ValueError):
        Event(mechanism="m", epsilon=epsilon)
    with pytest.raises(ValueError):
        Event(mechanism="m", epsilon=None, rho=epsilon)
    with pytest.raises(ValueError):
        Event(mechanism="m", epsilon=None)


def test_the_pure_accountant_admits_exactly_its_cap() -> None:
    no_delta = Cap(epsilon=Fraction(10))
    assert admits(no_delta, pure(10))
    assert not admits(no_delta, pure(Fraction(10) + Fraction(1, EPSILON_UNIT)))


def test_many_small_spends_are_admitted_by_the_concentrated_accountant() -> None:
    totals = many(Fraction(1, 100), 10_000)
    assert Fraction(totals.epsilon, EPSILON_UNIT) == 100
    assert admits(CAP, totals)
    assert not admits(Cap(epsilon=Fraction(10)), totals)
    assert spent(CAP, totals).epsilon < 10


def test_the_concentrated_accountant_stops_at_its_cap() -> None:
    times = next(n for n in range(10_000, 100_000, 100) if not admits(CAP, many(Fraction(1, 100), n)))
    assert spent(CAP, many(Fraction(1, 100), times)).epsilon > 10
    assert spent(CAP, many(Fraction(1, 100), times - 100)).epsilon <= 10


def test_an_event_without_pure_epsilon_silences_the_pure_accountant() -> None:
    impure = totals_of(Event(mechanism="gauss", epsilon=None, rho=Fraction(1, 2)))
    assert admits(CAP, impure)
    assert not admits(Cap(epsilon=Fraction(10)), impure)
    assert not admits(CAP, impure + pure(9))


def test_events_own_delta_is_paid_from_a_share_of_the_cap() -> None:
    one = totals_of(Event(mechanism="threshold", epsilon=Fraction(1, 10), delta=Fraction(6, 10**8)))
    assert admits(CAP, one)
    assert not admits(CAP, one + one)
    assert not admits(Cap(epsilon=Fraction(10)), one)


@pytest.mark.parametrize("delta", [1e-3, 1e-6, 1e-9])
@pytest.mark.parametrize("rho", [1e-6, 1e-3, 0.1, 1.0, 10.0, 1000.0])
def test_the_conversion_is_never_looser_than_the_textbook_one(rho: float, delta: float) -> None:
    assert epsilon_of_rho(rho, delta) <= rho + 2 * math.sqrt(rho * math.log(1 / delta)) + 1e-9


@pytest.mark.parametrize("delta", [1e-4, 1e-6])
@pytest.mark.parametrize("sigma", [0.5, 1.0, 3.0, 20.0])
def test_the_conversion_is_sound_for_the_gaussian_whose_true_curve_is_known(sigma: float, delta: float) -> None:
    # Balle and Wang 2018, Thm 8: the exact δ of the Gaussian mechanism of sensitivity 1; its ρ is 1/(2σ²).
    epsilon = epsilon_of_rho(1 / (2 * sigma**2), delta)
    a, b = 1 / (2 * sigma) - epsilon * sigma, -1 / (2 * sigma) - epsilon * sigma
    cdf = [math.erfc(-x / math.sqrt(2)) / 2 for x in (a, b)]
    assert cdf[0] - math.exp(epsilon) * cdf[1] <= delta


def test_no_delta_means_no_conversion() -> None:
    assert epsilon_of_rho(0.1, 0.0) == math.inf
    assert epsilon_of_rho(0.0, 0.0) == 0.0


@given(st.lists(st.fractions(min_value=Fraction(1, 1000), max_value=3), max_size=30))
def test_what_is_said_to_be_left_is_admitted_and_a_little_more_is_not(spends: list[Fraction]) -> None:
    totals = Totals()
    for epsilon in spends:
        if admits(CAP, totals + pure(epsilon)):
            totals += pure(epsilon)
    left = Fraction(round(spent(CAP, totals).epsilon_left * EPSILON_UNIT), EPSILON_UNIT)
    assert left == 0 or admits(CAP, totals + pure(left))
    assert not admits(CAP, totals + pure(left + Fraction(1, 10**5)))


@pytest.mark.parametrize(("epsilon", "delta"), [(-1, 0), (10**7, 0), (1, 1), (1, -1)])
def test_an_impossible_cap_has_no_constructor(epsilon: int, delta: int) -> None:
    with pytest.raises(ValueError):
        Cap(epsilon=Fraction(epsilon), delta=Fraction(delta))

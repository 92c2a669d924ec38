"""Several quantiles drawn between each other: the exact joint distribution of neighbours obeys ε, and results are in order."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ag_vault.mechanisms import nested
from ag_vault.noise import OpenDPNoise
from tests.vault.tallies import at_most, joint, tally

POINTS = 3
FIVE = tuple(Fraction(q, 4) for q in range(5))
SETS = [
    (Fraction(1, 2),),
    (Fraction(0), Fraction(1)),
    (Fraction(1, 4), Fraction(1, 2), Fraction(3, 4)),
    (Fraction(1, 2), Fraction(1, 2), Fraction(1, 10)),
    FIVE,
]


@pytest.mark.parametrize("asked", SETS, ids=lambda asked: " ".join(map(str, asked)))
@settings(max_examples=12, deadline=None, derandomize=True)
@given(
    values=st.lists(st.integers(0, POINTS), max_size=6),
    extra=st.integers(0, POINTS),
    epsilon=st.sampled_from([Fraction(1, 2), Fraction(3), Fraction(20)]),
)
def test_exact_joint_probabilities_of_neighbours_obey_epsilon(
    asked: tuple[Fraction, ...], values: list[int], extra: int, epsilon: Fraction
) -> None:
    one, other, bound = (
        joint(tally(values), asked, epsilon, POINTS),
        joint(tally([*values, extra]), asked, epsilon, POINTS),
        at_most(epsilon),
    )
    assert sum(one.values()) == 1
    assert all(a <= bound * other[key] and other[key] <= bound * a for key, a in one.items())


def test_five_quantiles_cost_less_than_five_mechanisms_side_by_side() -> None:
    assert nested.span(FIVE) == Fraction(21, 4)
    assert sum(nested.span((q,)) for q in FIVE) == 8
    assert nested.rho(FIVE, Fraction(1)) < Fraction(1, 8)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 256])
def test_every_quantile_is_drawn_once_after_those_it_lies_between(count: int) -> None:
    done: set[int] = set()
    for step in nested.steps(count):
        assert {place for place in (step.before, step.after) if place is not None} <= done
        assert (-1 if step.before is None else step.before) < step.place < (count if step.after is None else step.after)
        done.add(step.place)
    assert done == set(range(count))


def test_quantiles_are_where_they_should_be_in_the_order_they_were_asked_for() -> None:
    points, rng = 2**40, np.random.default_rng(7)
    values = np.sort((rng.beta(2, 5, 20_000) * points).astype(np.int64))
    asked = (Fraction(3, 4), Fraction(0), Fraction(1, 2), Fraction(1), Fraction(1, 10))
    noise = OpenDPNoise()
    for _ in range(10):
        drawn = nested.draw(tally(values.tolist()), points, nested.aims(asked, Fraction(2)), noise)
        ranks = np.searchsorted(values, drawn)
        # At θ = 2/C > 1/4 per row, 200 rows are e^50 less likely than the target.
        assert np.abs(ranks - [15_000, 0, 10_000, 20_000, 2_000]).max() <= 200


def test_a_value_that_most_rows_have_is_met_by_every_quantile_that_falls_on_it() -> None:
    points = 2**40
    values = [0] * 4000 + [points // 2] * 5000 + [points // 2 + 5] * 1000
    noise = OpenDPNoise()
    asked = tuple(Fraction(q, 10) for q in (1, 3, 5, 6, 8))
    for _ in range(10):
        assert nested.draw(tally(values), points, nested.aims(asked, Fraction(5)), noise) == [0, 0, *[points // 2] * 3]

"""A hundred thousand draws of each mechanism follow its exact distribution, and what they release lies on its public grid.

Each statistical test fails right draws once in a million runs.
"""

import math
from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from scipy import stats

from ag_plan.releases import Count, Histogram, Measure, Quantile, Size, Sum
from ag_vault.answer import Answer, answer
from ag_vault.exact import SumGrid, UnitGrid
from ag_vault.ledger import Receipt
from ag_vault.mechanisms import exponential, nested
from ag_vault.mechanisms.exponential import Domain
from ag_vault.noise import OpenDPNoise
from ag_vault.ops import quantile
from tests.audit.draws import remembered
from tests.vault import world
from tests.vault.tallies import POINTS, joint, probabilities, tally
from tests.vault.test_replay import DEPTH

FALSE_ALARM = 1e-6
DRAWS = 100_000 if DEPTH > 1 else 20_000
"""As many as are promised with ``make proof``."""
RARE = 8.0
"""Expected draws below which results are counted together: the test's distribution is one for many."""
VALUES = [0, 1, 1, 2, 5, 5, 6]
ASKED = (Fraction(1, 4), Fraction(1, 2), Fraction(1))
EPSILON = Fraction(3)


def follow(drawn: Counter[Any], exact: Mapping[Any, float]) -> bool:
    """Whether draws have these probabilities, which need not be of all results; by chi-square."""
    assert sum(exact.values()) <= 1 + 1e-9
    common = [result for result, p in exact.items() if p * DRAWS >= RARE]
    found = [drawn[result] for result in common]
    expected = [exact[result] * DRAWS for result in common]
    rest = DRAWS - sum(found), DRAWS - sum(expected)
    if rest[1] >= RARE:
        found, expected = [*found, rest[0]], [*expected, rest[1]]
    else:
        # So rare that many of them would be a wonder: Markov's inequality at least, and no test of its own.
        assert rest[0] <= 100
        expected = [each * sum(found) / sum(expected) for each in expected]
    return bool(stats.chisquare(found, expected).pvalue > FALSE_ALARM)


def laplace(scale: float, edge: int) -> dict[int, float]:
    weight = math.tanh(1 / (2 * scale))
    return {k: weight * math.exp(-abs(k) / scale) for k in range(-edge, edge + 1)}


def gaussian(scale: float, edge: int) -> dict[int, float]:
    weights = {k: math.exp(-k * k / (2 * scale * scale)) for k in range(-edge, edge + 1)}
    return {k: weight / math.fsum(weights.values()) for k, weight in weights.items()}


def test_laplace_draws_are_discrete_laplace() -> None:
    assert follow(Counter(OpenDPNoise().laplace(2.5, DRAWS)), laplace(2.5, 60))


def test_gaussian_draws_are_discrete_gaussian() -> None:
    assert follow(Counter(OpenDPNoise().gaussian(1.5, DRAWS)), gaussian(1.5, 30))


def test_a_tenth_less_noise_would_be_noticed() -> None:
    assert not follow(Counter(OpenDPNoise().laplace(0.9 * 2.5, DRAWS)), laplace(2.5, 60))


def test_quantiles_are_drawn_with_their_exact_probabilities() -> None:
    column, noise, whole = tally(VALUES), OpenDPNoise(), Domain(low=0, high=POINTS)
    (aim,) = nested.aims((Fraction(1, 4),), EPSILON)
    with remembered():
        drawn = Counter(exponential.choose(column, whole, aim, noise) for _ in range(DRAWS))
    assert follow(drawn, {point: float(p) for point, p in probabilities(column, whole, aim).items()})


def test_several_quantiles_are_drawn_with_their_exact_joint_probabilities() -> None:
    column, noise, aims = tally(VALUES), OpenDPNoise(), nested.aims(ASKED, EPSILON)
    with remembered():
        drawn = Counter(tuple(nested.draw(column, POINTS, aims, noise)) for _ in range(DRAWS))
    assert follow(drawn, {result: float(p) for result, p in joint(column, ASKED, EPSILON, POINTS).items()})


# Grids --------------------------------------------------------------------------------------------------------

ROWS = [
    {"f": value, "i": number, "n": number % 4} for number, value in enumerate([-2.0, 0.3, math.pi - 1, 3.0, 5e-324])
]


def released(measure: Measure) -> list[tuple[Any, ...]]:
    """The rows of an answer with real noise."""
    found = answer(
        world.ask(measure, eps=Fraction(1, 7)),
        catalog=world.catalog(),
        charge=lambda plan: Receipt(sequence=1, event=plan.event),
        data=world.data(ROWS),
        noise=OpenDPNoise(),
    )
    assert isinstance(found, Answer)
    return list(found.values)


@pytest.mark.parametrize(
    "measure",
    [Size(), Count(columns=("f", "i")), Sum(columns=("i", "n")), Histogram(column="f", edges=(-2.0, 0.1, 3.0))],
    ids=lambda measure: type(measure).__name__,
)
def test_whole_numbers_are_released_whole(measure: Measure) -> None:
    assert {type(value) for row in released(measure) for value in row} == {int}


def test_sums_of_floats_lie_on_their_public_grid() -> None:
    grid = SumGrid.over(-2.0, 3.0, integral=False)
    assert grid is not None
    for _ in range(50):
        ((value,),) = released(Sum(columns=("f",)))
        assert (Fraction(value) / grid.step).denominator == 1


def test_quantiles_lie_on_their_public_grid() -> None:
    grid = UnitGrid.over(-2.0, 3.0, quantile.POINTS)
    assert grid is not None
    asked = Quantile(columns=("f", "i"), probabilities=(0.0, 0.25, 0.5, 1.0))
    for _ in range(20):
        rows = released(asked)
        for value, whole in rows:
            assert value == grid.value(round((value - grid.lower) * grid.factor))
            assert type(whole) is int
        assert np.isin([whole for _, whole in rows], range(-5, 8)).all()

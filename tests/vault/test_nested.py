"""Several quantiles drawn between each other: the exact joint distribution of neighbours obeys ε, and results are in order."""

import itertools
from fractions import Fraction
from functools import cache
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ag_vault.mechanisms import exponential, nested
from ag_vault.mechanisms.exponential import Aim, Domain, Tally
from ag_vault.noise import OpenDPNoise
from tests.vault.tallies import at_most, joint, tally
from tests.vault.world import Frozen

POINTS = 3
FIVE = tuple(Fraction(q, 4) for q in range(5))
SETS = [
    (Fraction(1, 2),),
    (Fraction(0), Fraction(1)),
    (Fraction(1, 4), Fraction(1, 2), Fraction(3, 4)),
    (Fraction(1, 2), Fraction(1, 2), Fraction(1, 10)),
    FIVE,
]
LOW = Fraction(1, 10), Fraction(1, 5), Fraction(3, 10)
"""All of one side: a row below them is in the worst place."""
HIGH = tuple(1 - q for q in LOW)


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


def scores(values: tuple[int, ...], domain: Domain, aim: Aim) -> list[float]:
    """The score of each point of a domain, in rows."""
    runs = exponential.runs_of(tally(list(values)), domain, aim)
    whole = np.repeat(runs.scores, runs.lengths) / aim.unit
    return [float(score) for score in whole]


def domains(asked: tuple[Fraction, ...], result: tuple[int, ...]) -> list[tuple[Domain, Aim]]:
    """The domains in which the draws look for their results, if these are they."""
    seen: list[tuple[Domain, Aim]] = []
    places = iter([result[step.place] for step in nested.steps(len(asked))])

    def chosen(_tally: Tally, domain: Domain, aim: Aim, _noise: object) -> int:
        seen.append((domain, aim))
        return next(places)

    with patch.object(nested, "choose", chosen):
        nested.draw(tally([]), POINTS, nested.aims(asked, Fraction(1, 100)), Frozen())
    return seen


@pytest.mark.parametrize("asked", [*SETS, LOW, HIGH], ids=lambda asked: " ".join(map(str, asked)))
def test_a_row_moves_the_scores_of_all_draws_by_their_declared_span_and_no_more(asked: tuple[Fraction, ...]) -> None:
    """Every column of three rows on a small grid, every row more, every result: changes of scores, each draw's from least to greatest."""
    known = cache(scores)
    moved = 0.0
    for result in itertools.combinations_with_replacement(range(POINTS + 1), len(asked)):
        looked = domains(asked, result)
        starts = [step.before is not None for step in nested.steps(len(asked))]
        assert [domain.floored for domain, _ in looked] == starts
        for count in range(4):
            for values in itertools.combinations_with_replacement(range(POINTS + 1), count):
                for extra in range(POINTS + 1):
                    more = tuple(sorted((*values, extra)))
                    changes = [np.subtract(known(more, *each), known(values, *each)) for each in looked]
                    moved = max(moved, sum(float(change.max() - change.min()) for change in changes))
    span = float(nested.span(asked))
    assert span / 2 <= moved <= span + 1e-9


def test_the_worst_place_for_a_row_may_be_beyond_all_quantiles() -> None:
    """Below three low ones: 2·(1 - q) for each, as they look for their results there or above."""
    assert nested.span(LOW) == nested.span(HIGH) == sum(2 * (1 - q) for q in LOW)


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


def test_draws_lie_as_near_as_is_foretold() -> None:
    """Of 300 draws of each, at most 40 may be farther than 95 % of them are: a false alarm below 1e-6 at worst, and the bound is far from tight."""
    rng = np.random.default_rng(5)
    rows, points = 20_000, 2**40
    values = np.sort(rng.integers(0, points, rows))
    tally = Tally.of(values, np.ones(rows, dtype=np.int64))
    wanted = [Fraction(q) for q in ("0", "1/4", "1/2", "3/4", "1")]
    foretold = nested.expected(wanted, points, float(nested.span(wanted)))
    assert max(foretold) < rows / 20
    draws = np.array([nested.draw(tally, points, nested.aims(wanted, Fraction(1)), OpenDPNoise()) for _ in range(300)])
    off = np.abs(np.searchsorted(values, draws) - np.array([float(q) * rows for q in wanted]))
    assert (off > np.array(foretold)).sum(axis=0).max() <= 40

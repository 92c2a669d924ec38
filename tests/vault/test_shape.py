"""What quartiles say of mean and deviation: right for common shapes, weighed by noise, and a help where bounds are loose."""

import math
import statistics
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from scipy import stats

from ag_plan.releases import Describe, Std
from ag_vault.answer import Answer, answer
from ag_vault.ledger import Receipt
from ag_vault.noise import OpenDPNoise
from ag_vault.ops.shape import deviation, shape, weighed
from ag_vault.parts import Estimate
from ag_vault.space import ColumnSpace
from tests.vault import world

LOOSE = {"x": ColumnSpace(kind="float", lower=0.0, upper=8000.0)}


def estimate(value: float | None, half_width: float | None = None, scale: float = 1.0) -> Estimate:
    return Estimate(value=value, half_width=half_width, scale=scale)


@pytest.mark.parametrize("inset", [1 / 8, 0.01])
@pytest.mark.parametrize(
    ("law", "tolerance"),
    [
        (stats.norm(3, 2), 0.05),
        (stats.uniform(-1, 4), 0.2),
        (stats.expon(0, 5), 0.15),
        (stats.gamma(2), 0.15),
        (stats.logistic(0, 1), 0.15),
    ],
)
def test_quartiles_tell_mean_and_deviation_of_common_shapes(law: Any, tolerance: float, inset: float) -> None:
    found = shape(law.ppf([inset, 0.25, 0.5, 0.75, 1 - inset]).tolist(), inset)
    assert found is not None
    # The farther inside the ends lie, the less they say.
    assert abs(found.mean - law.mean()) <= (tolerance + inset) * law.std()
    assert math.sqrt(found.var) == pytest.approx(law.std(), rel=tolerance + inset)


def test_quartiles_that_are_one_number_tell_nothing() -> None:
    assert shape([1.0, 2.0, 2.0, 2.0, 5.0], 0.1) is None
    moments = estimate(100), estimate(0.5, 0.1), estimate(4.0, 0.1)
    found = weighed(moments, [estimate(2.0)] * 5)
    assert [each.value for each in found[:3]] == [100, 0.5, 2.0]


def test_the_less_noise_moments_have_the_more_they_count() -> None:
    quantiles = [estimate(value) for value in (0.0, 1.0, 2.0, 3.0, 4.0)]
    means = [
        float(weighed((estimate(10_000), estimate(2.5, width), estimate(1.0, width)), quantiles)[1].value or 0)
        for width in (1e-6, 0.1, 1.0, 100.0)
    ]
    assert means[0] == pytest.approx(2.5, abs=1e-6)
    assert means[3] == pytest.approx(2.0, abs=1e-3)
    assert means == sorted(means, reverse=True)


def test_what_noise_left_empty_stays_empty() -> None:
    quantiles = [estimate(value) for value in (0.0, 1.0, 2.0, 3.0, 4.0)]
    found = weighed((estimate(-3), estimate(None), estimate(None)), quantiles)
    assert [each.value for each in found[1:3]] == [None, None]
    assert deviation(estimate(None)).value is None


def released(measure: Describe | Std, values: list[float]) -> Answer:
    found = answer(
        world.ask(measure, eps=Fraction(1, 2)),
        catalog=world.catalog(LOOSE),
        charge=lambda plan: Receipt(sequence=1, event=plan.event),
        data=world.data([{"x": value} for value in values], LOOSE),
        noise=OpenDPNoise(),
    )
    assert isinstance(found, Answer)
    return found


def test_under_loose_bounds_a_described_deviation_is_far_better_than_one_asked_for_alone() -> None:
    """427 areas around 650 ± 350 under a bound of 8000, ε = 1/2: alone, the noise of the variance is several times the variance."""
    values = np.random.default_rng(11).gamma(3.5, 187, 427).clip(0, 8000).tolist()
    true = statistics.stdev(values)
    described = [released(Describe(columns=("x",)), values) for _ in range(40)]
    alone = [released(Std(columns=("x",)), values).values[0][0] or 0.0 for _ in range(40)]
    errors = [abs((found.values[2][0] or 0.0) - true) for found in described]
    # Their medians are about 65 and 270.
    assert 1.5 * statistics.median(errors) < statistics.median(abs(value - true) for value in alone)
    mean = statistics.fmean(values)
    held = [abs((found.values[1][0] or 0.0) - mean) <= (found.half_widths[1][0] or 0.0) for found in described]
    assert sum(held) >= 34

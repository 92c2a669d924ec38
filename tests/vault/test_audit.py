"""The black-box audit in small: what draws certify is below the claim, and noise a tenth too small is found out. ``make audit`` does all."""

import pytest

from ag_vault.noise import OpenDPNoise
from tests.audit import keys
from tests.audit.certify import certified, lower, upper
from tests.audit.draws import statistics
from tests.audit.planted import Thin
from tests.audit.releases import Asked, audited, everything

FALSE_ALARM = 1e-6
COUNT, QUANTILE = (Asked(measure=measure, way=0, shape="rows") for measure in ("Size", "Quantile"))


@pytest.mark.parametrize(("asked", "least"), [(COUNT, 0.8), (QUANTILE, 0.1)], ids=str)
def test_draws_certify_much_of_what_is_charged_and_no_more(asked: Asked, least: float) -> None:
    """Fails on right noise once in a million runs."""
    its = audited(asked)
    claim, delta = its.claim
    found = certified(*statistics(its, 10_000, OpenDPNoise()), alpha=FALSE_ALARM, delta=delta)
    assert least * claim < found <= claim


def test_noise_that_is_a_tenth_too_small_is_certified_to_lose_more_than_is_charged() -> None:
    """Certifies 2.12 of 2.22 on average; 2 is many deviations away."""
    its = audited(COUNT)
    assert certified(*statistics(its, 40_000, Thin()), alpha=FALSE_ALARM, delta=0.0) > its.claim[0]


@pytest.mark.parametrize("asked", [each for each in keys.EVERY if each.measure == "Size"], ids=str)
def test_keys_that_are_found_lose_no_more_than_is_charged(asked: keys.Found) -> None:
    """As above; a new key is told about as often as its δ allows, and no more often. Of a known one a fifth of the claim is certified on average (0.20 ± 0.02) under ρ: a twentieth is seven deviations away."""
    plan = keys.planned(asked)
    claim, delta = keys.claim(plan)
    whole, less = keys.statistics(asked, plan, 4_000, OpenDPNoise())
    found = certified(whole, less, alpha=FALSE_ALARM, delta=delta)
    assert found <= claim
    assert found > claim / 20 or asked.new
    assert 0 < (whole > -1e29).mean() < (0.04 if asked.new else 1)


def test_every_release_is_audited() -> None:
    assert {asked.measure for asked in everything()} >= {"Size", "Count", "Sum", "Mean", "Var", "Std", "Quantile"}


def test_the_bounds_of_a_probability_hold_it() -> None:
    """For few draws against the binomial's own sums."""
    assert lower(0, 10, 0.05) == 0.0
    assert upper(10, 10, 0.05) == 1.0
    assert lower(10, 10, 0.05) == pytest.approx(0.05 ** (1 / 10))
    assert upper(0, 10, 0.05) == pytest.approx(1 - 0.05 ** (1 / 10))

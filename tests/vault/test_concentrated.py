"""Calls paid in ρ: Gaussian noise is what it is said to be and buys what the proof says, and the ledger adds it to calls paid in ε.

Each statistical test fails a right sampler once in a million runs.
"""

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ag_plan.relations import Source
from ag_plan.releases import Count, Describe, GroupKey, Histogram, Mean, Measure, Quantile, Release, Size, Sum, Var
from ag_vault.account import LARGEST_SUM, RHO_UNIT, Cap, Event, Totals, _line, admits, epsilon_of_rho, spent, totals_of
from ag_vault.answer import Answer, answer
from ag_vault.catalog import Budget, Catalog, Table, UnitRecord
from ag_vault.errors import NoNoise, Refusal
from ag_vault.exact import LARGEST, cut, root_up
from ag_vault.ledger import Ledger, Receipt
from ag_vault.mechanisms import exponential, gaussian, nested
from ag_vault.noise import MAX_SCALE, OpenDPNoise
from ag_vault.parts import LAPLACE_95
from ag_vault.price import Forecast, Priced, preview, price
from ag_vault.space import ColumnSpace
from tests.vault import world
from tests.vault.ledgers import budget, claim
from tests.vault.world import ROWS, Frozen

FALSE_ALARM = 1e-6
DRAWS = 30_000
CAP = Cap(epsilon=Fraction(10), delta=Fraction(1, 10**6))


def ask(measure: Measure, rho: Fraction | int, by: tuple[GroupKey, ...] = ()) -> Release:
    return Release(relation=ROWS, measure=measure, spend=world.rho(rho), by=by)


def released(release: Release, rows: list[Any], noise: Any) -> Answer:
    def charge(plan: Priced) -> Receipt:
        return Receipt(sequence=1, event=plan.event)

    found = answer(release, catalog=world.catalog(), charge=charge, data=world.data(rows), noise=noise)
    assert isinstance(found, Answer), found
    return found


@pytest.fixture(scope="module")
def noise() -> OpenDPNoise:
    return OpenDPNoise()


def chances(sigma: float, edge: int) -> Any:
    weights = np.exp(-(np.arange(-20 * edge, 20 * edge + 1) ** 2) / (2 * sigma**2))
    return (weights / weights.sum())[19 * edge : 21 * edge + 1]


def fit(drawn: Any, sigma: float) -> float:
    edge = int(sigma * 3) + 1
    inner = chances(sigma, edge)
    tail = (1 - inner.sum()) / 2
    found = [(drawn < -edge).sum(), *((drawn == k).sum() for k in range(-edge, edge + 1)), (drawn > edge).sum()]
    expected = np.array([tail, *inner, tail]) * len(drawn)
    return float(stats.chisquare(found, expected * len(drawn) / expected.sum()).pvalue)


@pytest.mark.parametrize("sigma", [0.5, 1.0, 7.5])
def test_gaussian_draws_follow_their_exact_distribution(noise: OpenDPNoise, sigma: float) -> None:
    assert fit(np.array(noise.gaussian(sigma, DRAWS)), sigma) > FALSE_ALARM


def test_a_tenth_less_noise_would_be_noticed(noise: OpenDPNoise) -> None:
    assert fit(np.array(noise.gaussian(0.9 * 7.5, DRAWS)), 7.5) < FALSE_ALARM


def test_wide_draws_have_the_right_deviation(noise: OpenDPNoise) -> None:
    drawn = np.array(noise.gaussian(2.0**40, DRAWS), dtype=float) / 2.0**40
    assert stats.kstest(drawn, "norm").pvalue > FALSE_ALARM


@pytest.mark.parametrize("scale", [0.0, -1.0, math.nan, math.inf, MAX_SCALE * 2])
def test_no_scale_gives_no_noise(noise: OpenDPNoise, scale: float) -> None:
    with pytest.raises(NoNoise):
        noise.gaussian(scale, 1)


@given(st.fractions(min_value=Fraction(1, 10**30), max_value=10**20))
def test_a_root_is_never_below_the_exact_one(value: Fraction) -> None:
    root = root_up(value)
    assert Fraction(root) ** 2 >= value
    assert Fraction(math.nextafter(root, 0)) ** 2 < value


@pytest.mark.parametrize("l1", [1, 3, 2**32 + 2, 10**11])
@pytest.mark.parametrize("rho", [Fraction(1, 3), Fraction(7, 10**6), Fraction(4000), Fraction(1)])
def test_a_scale_is_never_below_the_exact_one(l1: int, rho: Fraction) -> None:
    scale = gaussian.scale_of(l1 * l1, rho)
    assert scale is not None
    assert Fraction(l1 * l1) / (2 * Fraction(scale) ** 2) <= rho


def test_a_scale_beyond_the_limit_has_no_mechanism() -> None:
    assert gaussian.scale_of(2**64, Fraction(1, 2**60)) is None
    refused = price(ask(Mean(columns=("f",)), Fraction(1, 2**62)), world.catalog())
    assert isinstance(refused, Refusal)
    assert "rho" in refused.why


@pytest.mark.parametrize("saturated", [2**63 - 1, -(2**63)])
@pytest.mark.parametrize("exact", [0, LARGEST, -LARGEST, 2**100, -(2**100)])
def test_saturation_of_the_sampler_is_hidden_by_the_cut(saturated: int, exact: int) -> None:
    ((noisy,),) = gaussian.perturb([(exact,)], 1.0, Frozen(shift=saturated))
    assert noisy == cut(saturated) == cut(cut(exact) + 10 * saturated)


@pytest.mark.parametrize(
    "measure",
    [
        Size(), Count(columns=("f", "s")), Sum(columns=("f", "i")), Mean(columns=("f", "i", "n")), Var(columns=("f",)),
        Describe(columns=("f", "i")), Quantile(columns=("f", "i"), probabilities=(0.0, 0.5, 0.9)),
        Histogram(column="f", edges=(0.0, 1.0, 2.0)),
    ],
    ids=lambda measure: type(measure).__name__,
)  # fmt: skip
@pytest.mark.parametrize("rho", [Fraction(1, 7), Fraction(2)])
def test_the_parts_of_a_call_cost_its_rho_together(measure: Measure, rho: Fraction) -> None:
    plan = world.priced(ask(measure, rho))
    assert plan.event == Event(mechanism=plan.mechanism, epsilon=None, rho=rho)
    cost = Fraction(0)
    for number, part in enumerate(plan.parts):
        if plan.epsilons[number] is not None:
            cost += nested.rho(part.probabilities, plan.epsilon(number))  # type: ignore[union-attr]
        else:
            cost += Fraction(part.l2_squared) / (2 * Fraction(plan.scales[number]) ** 2)  # type: ignore[union-attr]
    assert rho * (1 - Fraction(1, 10**12)) < cost <= rho


def test_columns_cost_the_root_of_their_number() -> None:
    (one,) = world.priced(ask(Sum(columns=("i",)), 1)).scales
    three = world.priced(ask(Sum(columns=("i", "n", "b")), 1)).scales
    assert three[0] == pytest.approx(math.sqrt(3) * one)


def test_rows_of_a_unit_cost_their_square() -> None:
    space = {"x": ColumnSpace(kind="int", lower=0, upper=1, nullable=False)}

    def scale(unit: UnitRecord | None, rho: int) -> float:
        table = Table(key="t/x", dataset="t", columns=space, unit=unit)
        release = Release(relation=Source(table="t/x"), measure=Sum(columns=("x",)), spend=world.rho(rho))
        found = price(release, Catalog(tables={"t/x": table}))
        assert isinstance(found, Priced)
        assert found.event.rho == rho
        return found.scales[0]

    assert scale(UnitRecord(name="id", space="s", max_rows=5), 1) == pytest.approx(5 * scale(None, 1))


def test_groups_each_have_the_whole_rho() -> None:
    alone, grouped = (world.priced(ask(Size(), 1, by)) for by in ((), (GroupKey(column="s"),)))
    assert grouped.scales == alone.scales
    assert grouped.event == alone.event


def test_an_answer_says_the_noise_it_had() -> None:
    found = released(ask(Sum(columns=("i",)), Fraction(1, 2)), [{"i": 3, "n": 0}] * 4, Frozen())
    assert found.mechanism == gaussian.NAME
    assert found.scale == pytest.approx(7)
    assert found.values == ((12,),)
    assert found.half_widths[0][0] == pytest.approx(7 * 1.959963984540054)
    forecast = preview(ask(Sum(columns=("i",)), Fraction(1, 2)), world.catalog())
    assert isinstance(forecast, Forecast)
    assert (forecast.half_widths, forecast.scale) == (found.half_widths, found.scale)


def test_a_described_column_names_both_mechanisms_and_lies_within_its_bounds(noise: OpenDPNoise) -> None:
    found = released(ask(Describe(columns=("f",)), 2), [{"f": x / 100, "n": 0} for x in range(-200, 300)], noise)
    assert found.mechanism == f"{gaussian.NAME} + {exponential.NAME}"
    assert all(-2 <= row[0] <= 3 for row in found.values[1:] if row[0] is not None)


def test_intervals_hold_the_truth_as_often_as_they_say(noise: OpenDPNoise) -> None:
    rows = [{"f": x / 100, "n": 0} for x in range(-200, 300)]
    release = ask(Count(columns=("f",)), Fraction(1, 200), (GroupKey(column="n", values=(0, *range(10, 2009))),))
    found = released(release, rows, noise)
    truths = [500] + [0] * 1999
    held = sum(
        abs((row[0] or 0) - truth) <= (width[0] or 0)
        for row, width, truth in zip(found.values, found.half_widths, truths, strict=True)
    )
    # Widths are the continuous noise's; the integers' own rounding changes the share by less than 1 % at σ = 10.
    assert stats.binomtest(held, 2000, 0.95).pvalue > FALSE_ALARM
    assert found.half_widths[0][0] == pytest.approx(10 * 1.96, rel=1e-3)
    assert LAPLACE_95 > 1.96


# The ledger -------------------------------------------------------------------------------------------------


def impure(rho: Fraction | float) -> Totals:
    return totals_of(Event(mechanism="discrete Gaussian", epsilon=None, rho=Fraction(rho)))


def pure(epsilon: Fraction | int) -> Totals:
    return totals_of(Event(mechanism="discrete Laplace", epsilon=Fraction(epsilon)))


def test_a_little_rho_does_not_cost_who_pays_in_epsilon_their_accountant() -> None:
    # By Σρ alone, ε = 5 twice would be 25, beyond the cap at any δ worth its name.
    assert not admits(CAP, Totals(rho=pure(5).rho * 2 - 1, epsilon=10**12))
    assert admits(CAP, impure(Fraction(1, 100)) + pure(4) + pure(4))
    assert not admits(CAP, impure(Fraction(1, 100)) + pure(5) + pure(5))
    assert not admits(Cap(epsilon=Fraction(10)), impure(Fraction(1, 100)))


def test_what_is_spent_and_left_follows_the_mixed_accountant() -> None:
    before, after = (spent(CAP, pure(6) + each) for each in (Totals(), impure(Fraction(1, 100))))
    assert before.epsilon == 6
    assert 6 < after.epsilon < 8
    assert 2 < after.epsilon_left < 4
    assert 0 < after.delta < float(CAP.delta)


@pytest.mark.parametrize("epsilon", [0, 1, 4, 9])
@pytest.mark.parametrize("cap", [CAP, Cap(epsilon=Fraction(10), delta=Fraction(1, 1000))])
def test_the_mixed_accountant_is_sound_where_the_true_curve_is_known(epsilon: int, cap: Cap) -> None:
    """Randomised response of ε beside a Gaussian of the most ρ that is admitted: their δ at the cap's ε, exactly."""
    line = _line(cap)
    assert line is not None
    rho = float((cap.epsilon - epsilon - line[1]) / line[0])
    assert rho > 0 or epsilon == 9
    sigma = 1 / math.sqrt(2 * max(rho, 1e-9))

    def gauss(level: float) -> float:  # Balle and Wang 2018, Thm 8
        a, b = 1 / (2 * sigma) - level * sigma, -1 / (2 * sigma) - level * sigma
        return float(stats.norm.cdf(a) - math.exp(level) * stats.norm.cdf(b))

    truth = 1 / (1 + math.exp(-epsilon))
    delta = truth * gauss(float(cap.epsilon) - epsilon) + (1 - truth) * gauss(float(cap.epsilon) + epsilon)
    assert delta <= cap.line_delta


def test_a_concentrated_curve_is_never_above_its_line() -> None:
    line = _line(CAP)
    assert line is not None
    for rho in (0.001, 0.01, 0.1, 1.0):
        assert epsilon_of_rho(rho, CAP.line_delta) <= float(line[0]) * rho + float(line[1]) + 1e-9


@pytest.fixture
def ledger(place: str) -> Iterator[Ledger]:
    opened = Ledger.at(place)
    yield opened
    opened.close()


def pay(ledger: Ledger, rho: Fraction | int, caps: Any = None) -> Receipt | Refusal:
    event = Event(mechanism="discrete Gaussian", epsilon=None, rho=Fraction(rho))
    return ledger.charge(event, claim(library="rho"), caps or budget())


def test_the_ledger_adds_both_currencies_and_its_chain_holds(ledger: Ledger) -> None:
    for rho in (Fraction(1, 100), Fraction(1, 50)):
        assert isinstance(pay(ledger, rho), Receipt)
        event = Event(mechanism="discrete Laplace", epsilon=Fraction(4))
        assert isinstance(ledger.charge(event, claim(), budget()), Receipt)
    assert ledger.verify() == 4
    reading: Any = ledger.reading("Clinic", "ann", budget())
    assert 8 < reading.epsilon_spent < 11
    assert reading.libraries["op_pandas"] == 8
    assert reading.libraries["rho"] == pytest.approx(
        epsilon_of_rho(0.03, budget()["Clinic"].per_analyst.conversion_delta)
    )


def test_a_refusal_in_rho_says_what_to_ask_with(ledger: Ledger) -> None:
    over: Any = pay(ledger, 100)
    assert over.why.startswith("Maximum delta or epsilon exceeded per query.")
    assert over.instead == "Ask with a smaller rho."
    no_delta = {"Clinic": Budget(**dict.fromkeys(("everyone", "per_analyst", "per_call"), Cap(epsilon=Fraction(10))))}
    refused: Any = pay(ledger, Fraction(1, 100), no_delta)
    assert refused.instead == "Ask with eps, as rho needs a delta."


def test_calls_of_a_large_epsilon_fit_the_ledgers_columns_and_no_cap_admits_their_rho(ledger: Ledger) -> None:
    largest = Cap(epsilon=Fraction(10**6), delta=Fraction(1, 2))
    caps = {"Clinic": Budget(everyone=largest, per_analyst=largest, per_call=largest)}
    for epsilon in (400_000, 5_000, 500_000, 4_300, 90_700):
        event = Event(mechanism="discrete Laplace", epsilon=Fraction(epsilon))
        assert isinstance(ledger.charge(event, claim(), caps), Receipt)
    assert isinstance(ledger.charge(event, claim(), caps), Refusal)
    assert isinstance(pay(ledger, Fraction(1, 10**6), caps), Refusal)
    assert ledger.verify() == 5
    reading: Any = ledger.reading("Clinic", "ann", caps)
    assert (reading.epsilon_spent, reading.epsilon_left) == (10**6, 0)
    assert reading.libraries == {"op_pandas": 10**6}
    assert not admits(largest, Totals(rho=LARGEST_SUM, impure=1, impure_rho=LARGEST_SUM))
    assert impure(10**6).rho == 10**6 * RHO_UNIT < LARGEST_SUM


def test_however_a_cap_changes_slopes_are_few_and_their_shares_add_up_to_the_mixed_one() -> None:
    caps = [
        Cap(epsilon=Fraction(epsilon) / 100, delta=Fraction(1, 10**power))
        for epsilon in (1, 7, 100, 500, 10**4, 10**7)
        for power in (3, 6, 9, 15)
    ]
    slopes = {float(line[0]) for cap in caps if (line := _line(cap)) is not None}
    powers = [math.log2(slope / (1 + 1e-9) - 1) for slope in slopes]
    assert all(-1e-6 < power < 23 + 1e-6 and abs(power - round(power)) < 1e-6 for power in powers)
    assert all(24 * cap.line_delta <= cap.mixed_delta <= float(cap.delta) / 20 for cap in caps)
    # With one slope, a smaller δ asks for more: who keeps within a line of any cap keeps within that of the largest δ.
    entries: dict[float, list[tuple[float, Fraction]]] = {}
    for cap in caps:
        line = _line(cap)
        assert line is not None
        entries.setdefault(float(line[0]), []).append((float(cap.delta), line[1]))
    assert all(
        small[1] >= large[1] for found in entries.values() for small in found for large in found if small[0] < large[0]
    )

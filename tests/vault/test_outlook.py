"""What a cap is said to allow is what the ledger admits, and a mean's foretold error the vault's own."""

from fractions import Fraction

import pytest

from ag_vault.account import Cap, Event, Totals, admits, totals_of
from ag_vault.clerk.outlook import outlook
from ag_vault.exact import UnitGrid
from ag_vault.ledger.caps import cap_of
from ag_vault.ops.mean import POINTS, Averaged


def ledger_admits(cap: Cap, epsilon: str, calls: int) -> bool:
    """Whether so many equal calls are within the cap, added one after the other as the ledger does."""
    totals = Totals()
    for _ in range(calls):
        totals = totals + totals_of(Event(mechanism="laplace", epsilon=Fraction(epsilon)))
    return admits(cap, totals)


@pytest.mark.parametrize("epsilon", ["0.01", "0.05", "0.1", "0.5", "1", "7"])
@pytest.mark.parametrize("cap", [Cap(epsilon=Fraction(5), delta=Fraction(1, 10**6)), Cap(epsilon=Fraction("2.5"))])
def test_one_call_more_than_foretold_is_not_admitted(cap: Cap, epsilon: str) -> None:
    (found,) = outlook(cap, [epsilon], 1000)
    assert ledger_admits(cap, epsilon, found.calls)
    assert not ledger_admits(cap, epsilon, found.calls + 1)


def test_many_small_calls_are_more_than_their_sum_where_there_is_a_delta() -> None:
    with_delta, without = (Cap(epsilon=Fraction(5), delta=delta) for delta in (Fraction(1, 10**6), Fraction(0)))
    (many,), (few,) = (outlook(cap, ["0.01"], 1) for cap in (with_delta, without))
    assert few.calls == 500
    assert many.calls > 2 * few.calls


def test_the_foretold_error_is_the_vault_s_own_at_a_bound() -> None:
    grid = UnitGrid.over(0.0, 1.0, POINTS)
    assert grid is not None
    rows, epsilon = 1000, Fraction(1, 10)
    mean = Averaged(aggregates=(), grid=grid)
    (said,) = mean.read(mean.vector((rows, rows * POINTS)), float(mean.l1 / epsilon))
    (found,) = outlook(Cap(epsilon=Fraction(1)), ["0.1"], rows)
    assert said.half_width == pytest.approx(found.half_width, rel=1e-9)
    (middle,) = mean.read(mean.vector((rows, rows * POINTS // 2)), float(mean.l1 / epsilon))
    assert middle.half_width is not None
    assert middle.half_width < found.half_width


@pytest.mark.parametrize(
    "change",
    [
        {"rows": 0},
        {"rows": 10**13},
        {"each": ["0"]},
        {"each": ["x"]},
        {"each": ["1e999"]},
        {"epsilon": "-1"},
        {"delta": "2"},
    ],
)
def test_what_can_not_be_foretold_is_said(change: dict[str, object]) -> None:
    asked: dict[str, object] = {"epsilon": "1", "delta": "0", "rows": 10, "each": ["1"], **change}
    with pytest.raises(ValueError):
        outlook(cap_of(asked["epsilon"], asked["delta"]), asked["each"], asked["rows"])  # type: ignore[arg-type]

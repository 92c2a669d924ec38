"""Pointers and sigma through a real vault: what is asked costs the same whatever the data are, and gives the noise that was asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import op_pandas
from tests.private_pandas.served import odometer, served

METADATA = """
budget: {epsilon: 400, delta: 1.0e-6, per_analyst: {epsilon: 400}}
tables:
  ages:
    unit: {id: [subject], space: people, max_rows: 2}
    columns:
      value: {type: float, lower: 0, upper: 100}
"""
PEOPLE = 400


@contextmanager
def array(home: Path, values: list[float]) -> Iterator[Any]:
    """A pointer to these values, each of a subject of its own; and its vault."""
    home.mkdir()
    with served(home, METADATA, {"ages": pd.DataFrame({"value": values, "subject": range(len(values))})}) as vault:
        op_pandas.bind(vault)
        yield op_pandas.tensor("Clinic"), vault


def told(pointer: Any, vault: Any) -> list[Any]:
    """All that costs could say: of previews, of releases, of the odometer."""
    asked = [
        (pointer.sum(), 250.0),
        (pointer.mean(), 250.0),
        ((pointer * 2 + 1).std(), 2e4),
        ((pointer - pointer / 2).count(), 7),
    ]
    previews = [(each.preview(sigma=sigma).rho, each.preview(sigma=sigma).mechanism) for each, sigma in asked]
    costs = [(each.publish(sigma=sigma).get().ag.cost, each.get().ag.scale) for each, sigma in asked]
    return [previews, costs, [balance.epsilon_spent for balance in odometer(vault)]]


def test_costs_say_nothing_of_the_data(tmp_path: Path) -> None:
    """Where a cost depended on the data, it gave them away: here alike, nothing, one row and extremes cost the same to the last digit."""
    data = [[50.0] * PEOPLE, [50.0] * (PEOPLE - 1), [], [0.0, 100.0] * PEOPLE]
    costs = []
    for number, values in enumerate(data):
        with array(tmp_path / str(number), values) as (pointer, vault):
            costs.append(told(pointer, vault))
    assert costs[0] == costs[1] == costs[2] == costs[3]


def test_sigma_is_the_noise_and_buys_a_rho_of_sensitivity_squared_by_two_sigma_squared(tmp_path: Path) -> None:
    with array(tmp_path / "one", [50.0] * PEOPLE) as (pointer, _):
        count = pointer.count().publish(sigma=8).get()
        assert 7.9 < count.ag.scale <= 8
        assert count.ag.cost["rho"] == pytest.approx(2**2 / (2 * 8**2), rel=1e-3)  # a unit has two rows
        assert abs(count - PEOPLE) < 8 * 7
        once = pointer.count().preview(sigma=8).rho
        assert pointer.count().preview(sigma=4).rho == pytest.approx(4 * once, rel=1e-3)


def test_pointers_compute_mock_and_data_alike(tmp_path: Path) -> None:
    with array(tmp_path / "one", [30.0] * PEOPLE) as (pointer, _):
        assert len(pointer.mock) == 100
        changed = (2 * pointer - 10) / 5 + pointer.clip(0, 20)
        assert changed.mean().mock == pytest.approx(((2 * pointer.mock - 10) / 5 + pointer.mock.clip(0, 20)).mean())
        mean = changed.mean()
        assert "not published" in repr(mean)
        with pytest.raises(RuntimeError, match="nothing was published"):
            mean.get()
        assert mean.publish(eps=20).get() == pytest.approx(30, abs=1)
        assert changed.sum().publish(sigma=400).get() == pytest.approx(30 * PEOPLE, abs=400 * 7)


def test_what_has_no_gaussian_noise_or_no_meaning_is_refused_before_anything_is_charged(tmp_path: Path) -> None:
    with array(tmp_path / "one", [30.0] * PEOPLE) as (pointer, vault):
        before = odometer(vault)
        for wrong in (0, -1, float("nan"), "much", None):
            with pytest.raises((ValueError, TypeError)):
                pointer.mean().publish(sigma=wrong)
        with pytest.raises(TypeError, match="not eps and sigma"):
            pointer.mean().publish(sigma=1, eps=1)
        with pytest.raises(ValueError, match="sigma= is for counts"):
            pointer.column.median(sigma=1)
        with pytest.raises(TypeError, match="values are private"):
            pointer.publish(sigma=1)
        with pytest.raises(ValueError, match="no data set"):
            op_pandas.tensor("Elsewhere")
        assert odometer(vault) == before

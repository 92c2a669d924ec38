"""What a call may spend in other words than ε: ρ buys Gaussian noise, a wished accuracy becomes the least ε that gives it."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest

import op_pandas
from op_pandas.spend import Accuracy, spending
from op_pandas.vault import SocketVault
from tests.private_pandas import clinic
from tests.private_pandas.served import odometer, served

METADATA = """
description: made for a test
budget: {epsilon: 1000, delta: 1.0e-6, per_analyst: {epsilon: 1000}, per_call: {epsilon: 100}}
tables:
  train:
    unit: row
    columns:
      age: {type: int, lower: 0, upper: 120}
      weight: {type: float, lower: 0, upper: 200, nullable: true}
      sex: {type: str, categories: [f, m, x]}
"""


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SocketVault]:
    frame = pd.DataFrame(
        {"age": [20, 30, 40, 50] * 250, "weight": [60.0, None, 70.5, 80] * 250, "sex": ["f", "m"] * 500}
    )
    with served(tmp_path_factory.mktemp("state"), METADATA, {"train": frame}) as found:
        yield found


@pytest.fixture
def private(vault: SocketVault) -> Any:
    op_pandas.bind(vault)
    vault.charges()
    return op_pandas.load_dataset("Clinic")["train"]


def test_rho_buys_gaussian_noise_and_is_charged_as_rho(private: Any, vault: SocketVault) -> None:
    released = private["age"].sum(rho=0.5)
    assert (released.ag.mechanism, released.ag.scale) == ("discrete Gaussian", 120)
    assert (released.ag.epsilon, released.ag.rho) == (None, 0.5)
    assert released.ag.cost == {"epsilon": None, "delta": 0.0, "rho": 0.5}
    assert abs(released - 35_000) < 8 * released.ag.half_widths
    (charge,) = vault.charges()
    assert (charge.epsilon, charge.rho) == (0, Fraction(1, 2))


RELEASES: dict[str, Any] = {
    "count": lambda frame, **paid: frame.count(**paid),
    "size by group": lambda frame, **paid: frame.groupby("sex").size(**paid),
    "mean": lambda frame, **paid: frame[["age", "weight"]].mean(**paid),
    "var by group": lambda frame, **paid: frame.groupby("sex").var(**paid),
    "describe": lambda frame, **paid: frame.describe(**paid),
    "quantile of a frame": lambda frame, **paid: frame.quantile(q=[0.25, 0.5], **paid),
    "quantile of a series": lambda frame, **paid: frame["age"].quantile(0.25, **paid),
    "median": lambda frame, **paid: frame.median(**paid),
    "histogram": lambda frame, **paid: frame.hist("age", bins=3, **paid),
    "value_counts": lambda frame, **paid: frame["sex"].value_counts(**paid),
}


@pytest.mark.parametrize("name", RELEASES)
def test_every_release_takes_rho_for_epsilon(private: Any, name: str) -> None:
    by_eps, by_rho = RELEASES[name](private, eps=1), RELEASES[name](private, rho=0.1)
    assert type(by_rho) is type(by_eps)
    assert by_rho.ag.epsilon is None
    assert by_rho.ag.rho == pytest.approx(0.1)
    assert "Gaussian" in by_rho.ag.mechanism or "exponential" in by_rho.ag.mechanism


@pytest.mark.parametrize(
    ("name", "accuracy"),
    [
        ("count", 10),
        ("count", {"age": 3, "weight": 5}),
        ("size by group", 0.5),
        ("histogram", 7),
        ("value_counts", 2.5),
    ],
)
def test_an_accuracy_is_kept_at_the_least_epsilon(private: Any, name: str, accuracy: Any) -> None:
    released = RELEASES[name](private, accuracy=accuracy)
    widths = released.ag.half_widths
    if isinstance(accuracy, dict):
        excess = max(widths[column] / wished for column, wished in accuracy.items())
    else:
        excess = np.max(widths) / accuracy
    assert excess <= 1
    assert excess == pytest.approx(1, abs=1e-6)
    assert released.ag.cost["epsilon"] is not None


def test_a_sum_costs_what_its_bounds_make_it(private: Any) -> None:
    released = private["age"].sum(accuracy=1200)
    assert float(released.ag.epsilon) == pytest.approx(2.9957323 * 120 / 1200, rel=1e-6)


@pytest.mark.parametrize("name", ["mean", "var by group", "describe", "median", "quantile of a series"])
def test_an_accuracy_that_depends_on_rows_is_refused_free(private: Any, vault: SocketVault, name: str) -> None:
    before = odometer(vault)
    with pytest.raises(ValueError, match=r"accuracy= is for counts, sums and histograms; .* eps= or rho="):
        RELEASES[name](private, accuracy=1)
    assert odometer(vault) == before


def test_an_accuracy_of_a_column_that_is_not_released_is_refused(private: Any) -> None:
    with pytest.raises(ValueError, match="Column nonsense is not among those released: age, weight, sex"):
        private.count(accuracy={"nonsense": 1})


@pytest.mark.parametrize(
    "paid",
    [
        {"eps": 1, "rho": 1},
        {"eps": 1, "accuracy": 1},
        {"rho": 1, "accuracy": 1},
        {"eps": 1, "rho": 1, "accuracy": 1},
        {},
    ],
)
def test_exactly_one_of_the_three_is_given(paid: dict[str, Any]) -> None:
    frame = clinic.private()
    asked: Any = frame.rows.vault
    before = len(asked.asked)
    for call in RELEASES.values():
        with pytest.raises(TypeError, match="eps"):
            call(frame, **paid)
    assert len(asked.asked) == before


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda frame: frame.mean(eps=1, foo=3), "mean takes no foo"),
        (lambda frame: frame.mean(esp=1), r"mean takes no esp; did you mean eps\?"),
        (lambda frame: frame["age"].count(eps=1, skip_na=True), r"did you mean skipna\?"),
        (lambda frame: frame.groupby("sex").sum(eps=1, min_cuont=3), r"did you mean min_count\?"),
        (lambda frame: frame["age"].quantile(0.5, eps=1, interpolate="linear"), r"did you mean interpolation\?"),
    ],
)
def test_a_keyword_that_pandas_does_not_know_is_a_mistake_and_costs_nothing(call: Any, said: str) -> None:
    frame = clinic.private()
    asked: Any = frame.rows.vault
    before = len(asked.asked)
    with pytest.raises(TypeError, match=said):
        call(frame)
    assert len(asked.asked) == before


def test_the_help_of_every_statistic_says_what_it_may_spend() -> None:
    frame = clinic.private()
    for method in (frame.mean, frame["age"].quantile, frame.groupby("sex").size):
        said = method.__doc__ or ""
        assert all(word in said for word in ("eps:", "rho", "accuracy", "sigma", ".preview"))


@pytest.mark.parametrize("word", ["rho", "accuracy"])
@pytest.mark.parametrize("given", [0, -1, float("nan"), float("inf"), True, "1", 1e300, 1e-300, [1], {"age": 0}, {}])
def test_a_strange_amount_is_refused_in_its_own_name(word: str, given: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=word):
        spending("mean", None, {word: given})


def test_an_accuracy_is_exact() -> None:
    assert spending("sum", None, {"accuracy": 0.1}) == Accuracy(largest=Fraction(1, 10))
    assert spending("sum", None, {"accuracy": {"a": 2}}) == Accuracy(by_column={"a": Fraction(2)})

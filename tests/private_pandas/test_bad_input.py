"""What can't be meant is refused by one clear sentence before any charge, through a real vault: the odometer stays, and work goes on."""

import datetime as dt
import inspect
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest

import op_pandas
from op_pandas.statistic import statistic
from op_pandas.vault import SocketVault
from tests.private_pandas.served import odometer, served
from tests.private_pandas.test_epsilon import Lie
from tests.private_pandas.test_previews import METADATA, STATISTICS, arguments

NUMBERS: list[Any] = [
    0, -1, -0.0, float("nan"), float("inf"), float("-inf"), 1e-300, 1e300, Decimal("sNaN"), Fraction(-1, 3), True, np.bool_(True),
    "1", "x", b"1", np.float64("nan"), np.float64(-1), np.datetime64("2020"), Lie(1.0), [1], {1}, {"a": 1}.keys(), object(), 1j, 2**80,
]  # fmt: skip
"""No ε, ρ, and no accuracy."""


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SocketVault]:
    frame = pd.DataFrame({"age": [20, 30, 40, 50] * 50, "weight": [60.0, None, 70.5, 80] * 50, "sex": ["f", "m"] * 100})
    with served(tmp_path_factory.mktemp("state"), METADATA, {"train": frame}) as found:
        yield found


@pytest.fixture
def private(vault: SocketVault) -> Any:
    op_pandas.bind(vault)
    vault.charges()
    return op_pandas.load_dataset("Clinic")["train"]


def refused(vault: SocketVault, call: Callable[[], Any], *kinds: type[Exception]) -> str:
    """The one sentence that the call is refused by, nothing charged."""
    before = odometer(vault)
    with pytest.raises(kinds or (TypeError, ValueError, KeyError, AttributeError)) as caught:
        call()
    assert odometer(vault) == before
    assert vault.charges() == ()
    said = str(caught.value)
    assert said.strip("'\"")
    assert "\n" not in said
    assert not any(
        word in said for word in ("Traceback", "msgspec", "object at 0x", "$.", "NoneType", "unexpected keyword")
    )
    return said


@pytest.mark.parametrize(("kind", "name"), STATISTICS)
def test_no_statistic_takes_a_strange_amount(private: Any, vault: SocketVault, kind: str, name: str) -> None:
    found, needed = arguments(kind, name, private)
    statistic = getattr(found, name)
    for number in NUMBERS:
        for word in ("eps", "rho", "accuracy"):
            said = refused(vault, lambda: statistic(**needed, **{word: number}), TypeError, ValueError)  # noqa: B023 - called at once
            assert word in said
    assert "eps" in refused(vault, lambda: statistic(**needed), TypeError)
    assert "eps" in refused(vault, lambda: statistic(**needed, eps=None), TypeError)
    assert "rho" in refused(vault, lambda: statistic(**needed, eps=1, rho=1), TypeError)


OTHERS: dict[str, Callable[..., Any]] = {
    "standard_scaler": op_pandas.standard_scaler,
    "StandardScaler.fit": lambda frame, **paid: op_pandas.StandardScaler().fit(frame, **paid),
    "StandardScaler.fit_transform": lambda frame, **paid: op_pandas.StandardScaler().fit_transform(frame, **paid),
}
"""What spends and is no method of a private object."""


@pytest.mark.parametrize("name", OTHERS)
def test_nothing_else_that_spends_takes_a_strange_amount(private: Any, vault: SocketVault, name: str) -> None:
    for number in NUMBERS:
        for word in ("eps", "rho"):
            said = refused(vault, lambda: OTHERS[name](private, **{word: number}), TypeError, ValueError)  # noqa: B023 - called at once
            assert word in said
    assert "eps" in refused(vault, lambda: OTHERS[name](private), TypeError)


def test_all_that_spends_is_in_one_of_the_tables() -> None:
    found = set()
    for name in op_pandas.__all__:
        each = getattr(op_pandas, name)
        methods = vars(each) if inspect.isclass(each) else {}
        named = {name: each} | {f"{name}.{method}": value for method, value in methods.items()}
        found |= {
            what
            for what, value in named.items()
            if isinstance(value, statistic)
            or (inspect.isfunction(value) and "eps" in inspect.signature(value).parameters)
        }
    methods_of_objects = {".".join(each) for each in STATISTICS}
    found -= methods_of_objects
    free = {"PrivateSeries.map", "PrivateDataFrame.applymap", "PrivateDataFrame.map"}
    assert found - free == set(OTHERS)


@pytest.mark.parametrize("eps", [np.float64(0.5), np.float32(0.5), Decimal("0.5"), Fraction(1, 2), 0.5])
def test_every_honest_number_is_an_epsilon(private: Any, eps: Any) -> None:
    assert private["age"].count(eps=eps).ag.epsilon == Fraction(1, 2)


@pytest.mark.parametrize("word", ["eps", "rho"])
@pytest.mark.parametrize(
    ("given", "says"), [(10**6 + 1, "must not exceed 1000000 in one call"), (2 * 10**5, "per query"), (1e-15, "drown")]
)
def test_an_amount_beyond_the_limits_costs_nothing(
    private: Any, vault: SocketVault, word: str, given: Any, says: str
) -> None:
    assert says in refused(vault, lambda: private["age"].mean(**{word: given}), ValueError)


BINS: list[Any] = [
    0, -1, True, 1.5, "3", 10**9, float("nan"), None, [], [1], [3, 2, 1], [1, 1], [0, float("nan"), 1], [0, float("inf")], [0, 10**400],
    ["a", "b"], [[0, 1], [2, 3]], list(range(20_000)), np.array([[0.0, 1.0]]), {1, 2}, dt.date(2020, 1, 1),
]  # fmt: skip


@pytest.mark.parametrize("bins", BINS, ids=lambda bins: repr(bins)[:30])
def test_bins_that_are_none_are_refused(private: Any, vault: SocketVault, bins: Any) -> None:
    assert "bin" in refused(vault, lambda: private.hist("age", eps=1, bins=bins), TypeError, ValueError)
    assert "bin" in refused(vault, lambda: private["weight"].hist(eps=1, bins=bins), TypeError, ValueError)


QS: list[Any] = [
    -0.1,
    1.1,
    float("nan"),
    float("inf"),
    True,
    "0.5",
    [],
    [0.5, 2],
    [None],
    object(),
    1e300,
    dt.date(2020, 1, 1),
]


@pytest.mark.parametrize("q", QS, ids=lambda q: repr(q)[:20].partition(" at ")[0])
def test_quantiles_outside_of_0_and_1_are_refused(private: Any, vault: SocketVault, q: Any) -> None:
    for found in (private, private["age"], private.groupby("sex")):
        assert "q" in refused(vault, lambda: found.quantile(q=q, eps=1), TypeError, ValueError)  # noqa: B023
        assert "q" in refused(vault, lambda: found.percentile(q=[101, -5], eps=1), TypeError, ValueError)  # noqa: B023


BOUNDS: list[Any] = [
    (5, 1), (float("-inf"), 1), (0, float("nan")), ("a", "b"), (True, False), (1,), (1, 2, 3), "12", 7, (10**400, 10**401), (0, 2**70),
    (None, None),
]  # fmt: skip


@pytest.mark.parametrize("bounds", BOUNDS, ids=lambda bounds: repr(bounds)[:20])
def test_bounds_that_are_none_are_refused(private: Any, vault: SocketVault, bounds: Any) -> None:
    public = pd.DataFrame({"a": [1.0, 2.0]})
    refused(vault, lambda: op_pandas.PrivateDataFrame(public, metadata={"a": bounds}), TypeError, ValueError)
    refused(vault, lambda: private["age"].map(lambda x: x + 1, output_bounds=bounds), TypeError, ValueError)
    if isinstance(bounds, tuple) and len(bounds) == 2 and bounds != (None, None):
        refused(vault, lambda: private["age"].clip(*bounds), TypeError, ValueError)


WRONG: dict[str, Callable[[Any], Any]] = {
    "an unknown column": lambda frame: frame["nonsense"],
    "unknown columns": lambda frame: frame[["age", "nonsense"]],
    "a column twice": lambda frame: frame[["age", "age"]],
    "a histogram of an unknown column": lambda frame: frame.hist("nonsense", eps=1),
    "a histogram of no column": lambda frame: frame.hist(eps=1),
    "a histogram of text": lambda frame: frame.hist("sex", eps=1, bins=[0, 1]),
    "groups by an unknown column": lambda frame: frame.groupby("nonsense").mean(eps=1),
    "groups by nothing": lambda frame: frame.groupby([]).mean(eps=1),
    "groups by a number": lambda frame: frame.groupby("weight").mean(eps=1),
    "a mean of text": lambda frame: frame["sex"].mean(eps=1),
    "a sum of text": lambda frame: frame["sex"].sum(eps=1),
    "a median of text": lambda frame: frame["sex"].median(eps=1),
    "a frame without numbers": lambda frame: frame[["sex"]].mean(eps=1),
    "a strange ddof": lambda frame: frame.var(eps=1, ddof=-1),
    "a ddof that is text": lambda frame: frame["age"].std(eps=1, ddof="1"),
    "a strange axis": lambda frame: frame.median(eps=1, axis=1),
    "an axis that is text": lambda frame: frame.mean(eps=1, axis="rows and columns"),
    "too many arguments": lambda frame: frame.quantile(1, 0.5, 0.25),
    "text plus a number": lambda frame: frame["sex"] + 1,
    "a condition that is a number": lambda frame: frame[frame["age"]],
    "a condition from another frame": lambda frame: (
        frame[frame["age"] > 30]["age"] + frame[frame["age"] > 40]["age"] + frame[frame["age"] < 30]["age"]
    ),
    "a public list as a column": lambda frame: frame["age"] + [1, 2],
    "a strange dtype": lambda frame: frame["age"].astype("complex"),
    "values to fill of another kind": lambda frame: frame["weight"].fillna("x"),
    "a keyword of no use": lambda frame: frame.drop(),
    "a rename without names": lambda frame: frame.rename(),
    "no accuracy for a column": lambda frame: frame.count(accuracy={"nonsense": 1}),
    "a frame of no columns": lambda frame: op_pandas.PrivateDataFrame(pd.DataFrame()),
    "a private frame of a private frame": op_pandas.PrivateDataFrame,
}


@pytest.mark.parametrize("name", WRONG)
def test_what_can_not_be_meant_is_refused_in_one_sentence(private: Any, vault: SocketVault, name: str) -> None:
    refused(vault, lambda: WRONG[name](private))


def test_nothing_is_lost(private: Any) -> None:
    assert private["age"].count(eps=50) == pytest.approx(200, abs=2)

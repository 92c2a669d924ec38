"""A comparison that no row can meet is said in one line, at the line that asks, before anything is charged and by public metadata alone."""

import warnings
from collections.abc import Callable
from typing import Any

import pytest

from tests.private_pandas import clinic
from tests.private_pandas.fake_vault import FakeVault

NAN = float("nan")
CASES: list[tuple[Callable[[Any], Any], str | None]] = [
    (lambda f: f["sex"] == "F", "no row has sex == 'F': its public categories are f, m, x"),
    (lambda f: f["sex"] != "q", "every row that has a value has sex != 'q': its public categories are f, m, x"),
    (lambda f: f["sex"].isin(["m", "q", "y"]), "no row has 'q', 'y' as sex: its public categories are f, m, x"),
    (lambda f: f["age"] > 120, "no row has age > 120: it lies between 0 and 120"),
    (lambda f: f["age"] >= 121, "no row has age >= 121: it lies between 0 and 120"),
    (lambda f: -1 > f["age"], "no row has age < -1: it lies between 0 and 120"),  # noqa: SIM300 - as people write it
    (lambda f: f["age"] == 130.5, "no row has age == 130.5: it lies between 0 and 120"),
    (lambda f: f["age"].clip(0, 1_500_000) > 2_000_000, "no row has age > 2000000: it lies between 0 and 1500000"),
    (lambda f: f["sex"] == "f", None),
    (lambda f: f["sex"] == f["sex"], None),
    (lambda f: f["sex"].isin(["f", None]), None),
    (lambda f: (f["age"] >= 0) & (f["age"] <= 120) & (f["age"] > 119), None),
    (lambda f: f["age"] == NAN, None),
    (lambda f: f["age"] + 500, None),
]


@pytest.mark.parametrize(("use", "says"), CASES)
def test_what_no_row_can_be_is_said_where_it_is_written(use: Callable[[Any], Any], says: str | None) -> None:
    frame = clinic.private()
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        use(frame)
    assert [str(each.message) for each in heard] == ([] if says is None else [says])
    assert {each.filename for each in heard} <= {__file__}


def test_the_same_is_said_whatever_the_rows_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """The vault is asked for no release: a warning costs nothing, and can tell nothing."""
    frame = clinic.private()
    asked: list[Any] = []
    real = FakeVault.ask

    def ask(vault: FakeVault, message: Any) -> Any:
        asked.append(message)
        return real(vault, message)

    monkeypatch.setattr(FakeVault, "ask", ask)
    with pytest.warns(UserWarning, match="no row has sex"):
        frame[frame["sex"] == "q"]
    assert {type(each).__name__ for each in asked} <= {"AskSchema"}

"""What holds for every test here: the process is bound to the test's own vault, or to none, whatever ran before it."""

import pytest

import op_pandas
from op_pandas import vault as binding


@pytest.fixture(autouse=True)
def bound_to_its_own(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test is answered by a vault that another one left behind."""
    monkeypatch.setattr(binding, "_bound", [])
    if "vault" in request.fixturenames:
        op_pandas.bind(request.getfixturevalue("vault"))

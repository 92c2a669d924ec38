"""The review lane against a whole enclave: code is submitted, read, run on mock and on data in a jail, and what leaves is what an owner deposits."""
# mypy: allow-untyped-defs, allow-untyped-calls

from collections.abc import Iterator

import pytest

import antigranular as ag
from antigranular.code_requests import CodeRequest
from tests.enclave.processes import eventually
from tests.enclave_server import Enclave
from tests.magic.test_owner import connect


@ag.code_request(input_policy=ag.ExactMatch(data="Iris"), output_policy=ag.SingleExecution())
def widest(data):
    """Mean width by species."""
    import pandas as pd

    means = data.groupby("species")["petal_width_cm"].mean()
    return {"frame": isinstance(data, pd.DataFrame), "rows": len(data), "mean": float(means.mean())}


@pytest.fixture
def session(at_demo: Enclave) -> Iterator[ag.Session]:
    with ag.login(dataset="Iris") as opened:
        yield opened
        for each in opened.reviews:
            if each.state == "open":
                each.withdraw()


@pytest.fixture
def owner(at_demo: Enclave) -> ag.Owner:
    return connect(at_demo, "owner")


def of_owner(owner: ag.Owner, submitted: CodeRequest) -> CodeRequest:
    return next(each for each in owner.reviews if each.id == submitted.id)


def test_code_is_submitted_read_run_deposited_and_fetched(
    at_demo: Enclave, session: ag.Session, owner: ag.Owner
) -> None:
    submitted = session.submit(widest)
    assert (submitted.state, submitted.runs_used, [run.on for run in submitted.runs]) == ("open", 0, ["mock"])
    with pytest.raises(ag.RequestRefused, match="no result: the request is open"):
        submitted.result()
    found = of_owner(owner, submitted)
    assert "def widest(data):" in found.show()
    assert "@ag" not in found.show()
    mock, data = found.run("mock"), found.run("data")
    assert (mock.outcome, data.outcome) == ("result", "result"), data
    value = data.value()
    assert value["frame"] is True
    assert 0.9 < value["mean"] < 1.6
    assert mock.value()["mean"] != value["mean"]
    with pytest.raises(ag.RequestRefused, match="may run on data 1 times"):
        found.run("data")
    found.approve(data, reason="fine")
    assert submitted.refresh().state == "approved"
    assert submitted.result() == value
    found.approve(data, reason="fine")
    with pytest.raises(ag.RequestRefused, match="approved already"):
        found.deny("no")
    auditor = connect(at_demo, "auditor")
    wanted = {"review.submit", "review.run", "review.ran", "review.approve", "review.fetch"}
    entries = lambda: [each for each in auditor.log.entries(100) if submitted.id in str(each)]  # noqa: E731
    assert eventually(lambda: wanted <= {each["action"] for each in entries()})
    assert repr(value["mean"]) not in str(entries())

"""The owner's side against a whole enclave: a cap that an owner sets is the vault's, a request that is accepted is budget, and the log has it all."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import pandas as pd
import pytest

import antigranular as ag
from antigranular.budget_requests import exact
from tests import warm
from tests.enclave.processes import eventually
from tests.enclave.raw_client import RawClient
from tests.enclave_server import Enclave


def connect(enclave: Enclave, role: str) -> ag.Owner:
    who = enclave.accounts[role]
    return ag.connect(enclave.url, who["user_id"], who["user_secret"], ca=enclave.ca)


@pytest.fixture
def owner(at_demo: Enclave) -> Iterator[ag.Owner]:
    found = connect(at_demo, "owner")
    yield found
    for cap in found.budgets.caps():
        if cap.by != "metadata" and cap.dataset == "Iris":
            found.budgets.unset("Iris", analyst=cap.who, reason="the test is over")


ASK = 'export(iris["train_x"]["sepal_length_cm"].mean(eps={eps}), "m")'


def test_an_owner_closes_the_tap_an_analyst_asks_and_is_given(
    at_demo: Enclave, owner: ag.Owner, capsys: pytest.CaptureFixture[str]
) -> None:
    analyst = at_demo.accounts["analyst"]["user_id"]
    with ag.login(dataset="Iris") as session:
        assert "remaining" in session.privacy_budget
        owner.budgets.set("Iris", 0, analyst=analyst, reason="a pause")
        with pytest.raises(ag.CellError, match="udget"):
            session.execute(ASK.format(eps=0.25))
        asked = session.request_budget(eps=0.5, reason="the second wave")
        assert asked.state == "open"
        assert [each.id for each in session.requests if each.state == "open"] == [asked.id]
        assert session.request_budget(eps="0.50", reason="the second wave").id != asked.id
        session.requests[0].withdraw()
        (waiting,) = owner.requests
        assert waiting.id == asked.id
        assert "the second wave" in repr(owner.requests)
        waiting.accept(reason="fine")
        waiting.accept(reason="fine")
        assert session.privacy_budget["remaining"]["Iris"]["eps"] == pytest.approx(0.5)
        session.execute(ASK.format(eps=0.25))
        with pytest.raises(ag.CellError, match="udget"):
            session.execute(ASK.format(eps=0.3))
        denied = session.request_budget(eps=9, reason="everything")
        owner.requests[0].deny("too much at once")
        (mine,) = [each for each in session.requests if each.id == denied.id]
        assert (mine.state, mine.answer) == ("denied", "too much at once")
        assert session.privacy_budget["remaining"]["Iris"]["eps"] == pytest.approx(0.25)
    capsys.readouterr()
    with ag.login(dataset="Iris"):
        told = capsys.readouterr().err
        assert "Your request for ε 0.5 more on Iris was accepted: fine" in told
        assert "Your request for ε 9 more on Iris was denied: too much at once" in told
    with ag.login(dataset="Iris"):
        assert "Your request" not in capsys.readouterr().err
    assert owner.budgets.spent("Iris")[analyst] >= 0.25
    assert analyst in repr(owner.budgets)
    auditor = connect(at_demo, "auditor")
    wanted = {"request.ask", "request.accept", "cap", "release"}
    assert eventually(lambda: wanted <= {each["action"] for each in auditor.log.entries(50)})
    assert "request.accept" in repr(auditor.log)
    with pytest.raises(ag.RequestRefused, match="not open to the role auditor"):
        _ = auditor.requests


@pytest.fixture
def closed(at_demo: Enclave) -> Iterator[tuple[ag.Owner, ag.Session]]:
    """The owner of a data set whose metadata give nobody a budget, and a session on it."""
    owner = connect(at_demo, "owner")
    people = pd.DataFrame({"age": [20 + n % 60 for n in range(300)]})
    asset = ag.Asset("people", people, metadata={"columns": {"age": {"type": "int", "lower": 0, "upper": 120}}})
    owner.datasets.upload(ag.Dataset("Closed Town", assets=[asset], budget={"epsilon": 20, "delta": 1e-6}))
    with ag.login(dataset="Closed Town") as session:
        yield owner, session
    owner.datasets["Closed Town"].retire("the test is over")


def test_every_kind_of_cap_binds_open_sessions_at_once_and_the_log_has_each_change_with_its_reason(
    at_demo: Enclave, closed: tuple[ag.Owner, ag.Session]
) -> None:
    owner, session = closed
    town, analyst = "Closed Town", at_demo.accounts["analyst"]["user_id"]
    asked, answers = iter(range(1, 100)), []

    def mean(eps: float) -> str:
        """What became of a question that was not asked before: nothing where it is answered, else the refusal."""
        at = eps + next(asked) / 10**9  # a thousandth of what is compared below
        try:
            answers.append(
                session.execute(f'export(closed_town["people"]["age"].mean(eps={at:.9f}), "m")').exports["m"]
            )
        except ag.CellError as refused:
            return str(refused)
        return ""

    assert "your own, of eps 0 over all time" in mean(0.1), "nobody has a budget unless somebody gives one"
    changes: list[tuple[dict[str, Any], float, str]] = [
        ({"eps": 2, "analyst": analyst}, 0.5, ""),
        ({"eps": 0.2, "of": "call"}, 0.3, "Per query limits are eps : 0.2"),
        ({"eps": 5, "of": "call"}, 0.3, ""),
        ({"eps": 0.9, "of": "everyone"}, 0.3, "the one of everyone together, of eps 0.9"),
        ({"eps": 20, "of": "everyone"}, 0.3, ""),
        ({"eps": 1.2, "analyst": analyst, "days": 7}, 0.3, "within 7 days. It begins to give again at "),
        ({"eps": 3, "analyst": analyst, "days": 7}, 0.3, ""),
        ({"eps": 0.1, "analyst": analyst}, 0.05, "of eps 0.1 over all time"),
        ({"eps": 1.6, "analyst": analyst}, 0.1, ""),
    ]
    for number, (change, eps, said) in enumerate(changes):
        owner.budgets.set(town, **change, reason=f"step {number}")
        told = mean(eps)
        assert (said in told) if said else not told, (change, told)
    spent = owner.budgets.spent(town)
    assert spent[analyst] == spent[""] == pytest.approx(1.5, abs=1e-6)
    assert session.privacy_budget["remaining"][town]["eps"] == pytest.approx(0.1, abs=1e-6)
    assert "any 7 days, again and again" in repr(owner.budgets)
    caps = owner.log.entries(action="cap", subject=town)
    assert [each["details"]["reason"] for each in reversed(caps)] == [f"step {n}" for n in range(len(changes))]
    assert {each["actor"] for each in caps} == {owner.user_id}
    page = RawClient(at_demo, "operator").login().ask("GET", "/metrics").text
    assert "ag_requests_total" in page
    assert not [
        word for word in (analyst, owner.user_id, town, "closed_town", "age", "step") if re.search(rf"\b{word}\b", page)
    ]
    told_of_releases(at_demo, owner.log.entries(action="release", subject=town), answers)


def told_of_releases(enclave: Enclave, entries: Sequence[dict[str, Any]], answers: list[float]) -> None:
    """Who asked what, when, at what cost and with which outcome; no value; and log and ledger agree, while it serves."""
    outcomes = [each["details"]["outcome"] for each in reversed(entries)]
    assert outcomes == ["refused", "charged", *["refused", "charged"] * 4]
    for each in entries:
        assert each["actor"] == enclave.accounts["analyst"]["user_id"]
        assert "mean" in each["details"]["plan"]
        assert "age" in each["details"]["plan"]
        assert 0 < each["details"]["epsilon"] < 1
        assert abs(each["at"] / 1e9 - time.time()) < 600
    assert answers
    assert not [answer for answer in answers if repr(float(answer)) in str(entries)]
    assert "agrees with the ledger" in warm.run("audit", "verify", "--state", enclave.state, check=True).stdout


def test_an_owner_sees_what_a_cap_would_allow(at_demo: Enclave) -> None:
    outlook = connect(at_demo, "owner").budgets.allows("Iris", 5, rows=150)
    found = {each["epsilon"]: each for each in outlook}
    assert (found["1"]["calls"], found["5"]["calls"]) == (5, 1)
    assert found["1"]["half_width"] == pytest.approx(2.9957 / 150, rel=1e-3)
    assert "± 2.00%" in repr(outlook)


def test_operators_keep_accounts_and_nothing_else(at_demo: Enclave) -> None:
    operator = connect(at_demo, "operator")
    secret = operator.users.add("carol", "analyst")
    carol = ag.connect(at_demo.url, "carol", secret, ca=at_demo.ca)
    assert (carol.user_id, carol.role) == ("carol", "analyst")
    renewed = operator.users.rotate("carol")
    with pytest.raises(ag.LoginError):
        ag.connect(at_demo.url, "carol", secret, ca=at_demo.ca)
    operator.users.change_role("carol", "owner")
    operator.users.disable("carol")
    with pytest.raises(ag.LoginError):
        ag.connect(at_demo.url, "carol", renewed, ca=at_demo.ca)
    operator.users.enable("carol")
    assert ag.connect(at_demo.url, "carol", renewed, ca=at_demo.ca).role == "owner"
    assert "carol" in operator.users._repr_html_()
    operator.users.disable("carol")
    assert secret not in repr(operator) + repr(operator.users)
    with pytest.raises(ag.RequestRefused):
        repr(operator.budgets)


def test_the_owner_s_side_is_light(at_demo: Enclave) -> None:
    who = at_demo.accounts["owner"]
    program = f"""
import sys, antigranular as ag
owner = ag.connect({at_demo.url!r}, {who["user_id"]!r}, {who["user_secret"]!r}, ca={at_demo.ca!r})
owner.requests, repr(owner.budgets)
heavy = {{"pandas", "numpy", "websockets", "matplotlib"}} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(
    ("eps", "text"), [(2, "2"), (0.1, "0.1"), ("0.50", "0.50"), (Fraction(1, 4), "0.25"), (1e-7, "0.0000001")]
)
def test_an_epsilon_travels_exactly(eps: object, text: str) -> None:
    assert exact(eps) == text


@pytest.mark.parametrize("eps", [0, -1, True, "x", None, float("nan"), float("inf"), [], "1e999999"])
def test_what_is_no_epsilon_does_not_travel(eps: object) -> None:
    with pytest.raises(ag.AgError, match="above 0"):
        exact(eps)

"""Requests for budget through a real server: asked, limited, decided once, seen by their analyst alone, and told to the log."""

from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from ag_enclave.database import Database
from ag_enclave.deeds import deeds
from ag_enclave.errors import Conflict, Missing, Refusal
from ag_enclave.requests import ACCEPTED, Limits, Requests
from tests.enclave.processes import eventually
from tests.enclave.raw_client import Answer, RawClient
from tests.enclave_server import Enclave

PATH = "/ag/v1/requests"
ASKED = {"dataset": "Odd Data", "epsilon": "2", "reason": "a second cohort"}


@pytest.fixture
def people(odd_enclave: Enclave) -> dict[str, RawClient]:
    return {role: RawClient(odd_enclave, role).login() for role in ("analyst", "other", "owner", "operator", "auditor")}


@pytest.fixture
def asked(people: dict[str, RawClient]) -> Any:
    made = people["analyst"].ask("POST", PATH, ASKED).json
    yield made
    people["analyst"].ask("POST", f"{PATH}/{made['request_id']}/withdraw", {})


def decide(client: RawClient, made: Any, step: str, **body: Any) -> Answer:
    return client.ask("POST", f"{PATH}/{made['request_id']}/{step}", body)


def caps(client: RawClient) -> list[Any]:
    """Those in force for the people of these tests: the enclave is shared with other tests and theirs."""
    (found,) = client.ask("GET", "/ag/v1/budgets").json
    mine = [(cap["kind"], cap["who"], cap["epsilon"]) for cap in found["caps"]]
    return [cap for cap in mine if cap[1] in ("", "analyst", "other")]


def test_a_request_is_accepted_once_however_often_and_the_log_has_it(people: dict[str, RawClient], asked: Any) -> None:
    owner = people["owner"]
    assert [each["request_id"] for each in owner.ask("GET", f"{PATH}?state=open").json] == [asked["request_id"]]
    answers = [decide(owner, asked, "accept", epsilon="1.5", reason="go on") for _ in range(3)]
    assert {answer.status for answer in answers} == {200}
    assert {(answer.json["state"], answer.json["granted"], answer.json["cap"]) for answer in answers} == {
        ("accepted", "1.5", "1.5")
    }
    assert caps(owner) == [("analyst", "analyst", "1.5")]
    assert decide(owner, asked, "accept", epsilon="9").status == 409
    assert decide(owner, asked, "deny", reason="no").status == 409
    assert decide(people["analyst"], asked, "withdraw").status == 409
    more = people["analyst"].ask("POST", PATH, ASKED).json
    assert decide(owner, more, "accept").json["cap"] == "3.5"
    log = people["auditor"]

    def told() -> bool:
        entries = log.ask("GET", "/ag/v1/log?limit=1000").json
        mine = [(each["action"], each["actor"]) for each in entries if asked["request_id"] in str(each["details"])]
        return sorted(mine) == [("cap", "owner"), ("request.accept", "owner"), ("request.ask", "analyst")]

    assert eventually(told)


def test_a_decision_is_news_until_its_analyst_has_seen_it(people: dict[str, RawClient], asked: Any) -> None:
    decide(people["owner"], asked, "deny", reason="ask in spring")
    unseen = [each["request_id"] for each in people["analyst"].ask("GET", f"{PATH}?unseen=1").json]
    assert asked["request_id"] in unseen
    assert people["other"].ask("POST", f"{PATH}/seen", {"requests": unseen}).status == 204
    assert people["analyst"].ask("GET", f"{PATH}?unseen=1").json != []
    people["analyst"].ask("POST", f"{PATH}/seen", {"requests": unseen})
    assert people["analyst"].ask("GET", f"{PATH}?unseen=1").json == []
    found = people["analyst"].ask("GET", f"{PATH}/{asked['request_id']}").json
    assert (found["state"], found["answer"], found["decided_by"]) == ("denied", "ask in spring", "owner")


def test_an_open_session_hears_of_the_decision(people: dict[str, RawClient], asked: Any) -> None:
    with people["analyst"].session() as channels:
        channels.execute("nothing")
        decide(people["owner"], asked, "deny", reason="too much")
        said = channels.until(lambda message: message["header"]["msg_type"] == "stream")[-1]["content"]["text"]
    assert said == "Your request for ε 2 more on Odd Data was denied: too much\n"


def test_the_same_open_request_is_one_and_there_may_not_be_many(people: dict[str, RawClient], asked: Any) -> None:
    again = people["analyst"].ask("POST", PATH, ASKED)
    assert (again.status, again.json["request_id"]) == (200, asked["request_id"])
    statuses = [people["analyst"].ask("POST", PATH, {**ASKED, "epsilon": str(n)}).status for n in range(3, 14)]
    assert statuses == [201] * 9 + [429] * 2
    for each in people["analyst"].ask("GET", f"{PATH}?state=open").json:
        if each["request_id"] != asked["request_id"]:
            assert decide(people["analyst"], each, "withdraw").json["state"] == "withdrawn"


def test_others_requests_do_not_exist(people: dict[str, RawClient], asked: Any) -> None:
    other = people["other"]
    assert other.ask("GET", PATH).json == []
    assert other.ask("GET", f"{PATH}/{asked['request_id']}").status == 404
    assert decide(other, asked, "withdraw").status == 404
    for step in ("accept", "deny"):
        for who in ("analyst", "other", "operator", "auditor"):
            assert decide(people[who], asked, step, reason="mine").status == 403
    assert people["analyst"].ask("GET", f"{PATH}/{asked['request_id']}").json["state"] == "open"


@pytest.mark.parametrize(
    "change",
    [
        {"epsilon": "0"},
        {"epsilon": "-1"},
        {"epsilon": "nan"},
        {"epsilon": "inf"},
        {"epsilon": "1e9"},
        {"epsilon": "0x10"},
        {"epsilon": "1/3"},
        {"epsilon": "٣"},
        {"epsilon": 2},
        {"epsilon": "9" * 1000},
        {"reason": ""},
        {"reason": "x" * 1001},
        {"reason": "a\r\nBcc: everybody@example.org"},
        {"reason": "\x1b[2J"},
        {"reason": "\u202egnp.exe"},
        {"dataset": 1},
        {"analyst": "other"},
        {"state": "accepted"},
        {"granted": "5"},
        {"request_id": "mine"},
    ],
)
def test_what_does_not_fit_is_not_asked(people: dict[str, RawClient], change: dict[str, Any]) -> None:
    answer = people["analyst"].ask("POST", PATH, {**ASKED, **change})
    assert answer.status == 400
    assert answer.json["message"]


def test_a_data_set_that_is_not_there_is_not_asked_for(people: dict[str, RawClient]) -> None:
    assert people["analyst"].ask("POST", PATH, {**ASKED, "dataset": "Gold"}).status == 404


@pytest.mark.parametrize(
    "body",
    [
        {"epsilon": "1", "state": "open"},
        {"epsilon": "1", "cap": "1000"},
        {"epsilon": "1", "analyst": "other"},
        {"epsilon": 1},
        {"epsilon": "0"},
        {"epsilon": "0.0"},
        {"reason": "a\nb"},
        [],
    ],
)
def test_a_decision_assigns_nothing_else(people: dict[str, RawClient], asked: Any, body: Any) -> None:
    answer = people["owner"].ask("POST", f"{PATH}/{asked['request_id']}/accept", body)
    assert answer.status == 400
    assert people["owner"].ask("GET", f"{PATH}/{asked['request_id']}").json["state"] == "open"


@pytest.mark.parametrize("number", ["x", "-1", "1" * 30, "١"])
def test_the_log_s_filters_are_checked(people: dict[str, RawClient], number: str) -> None:
    assert people["auditor"].ask("GET", f"/ag/v1/log?before={quote(number)}").status == 400
    assert people["auditor"].ask("GET", f"/ag/v1/log?actor={'x' * 201}").status == 400


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "analyst", "epsilon": "1"},
        {"kind": "analyst", "reason": "r"},
        {"kind": "session", "epsilon": "1", "reason": "r"},
        {"kind": "analyst", "epsilon": "1", "drop": True, "reason": "r"},
        {"kind": "everyone", "who": "analyst", "epsilon": "1", "reason": "r"},
        {"kind": "call", "seconds": 60, "epsilon": "1", "reason": "r"},
        {"kind": "analyst", "epsilon": "1", "reason": "a\nb"},
        {"kind": "analyst", "lift": True, "reason": "r"},
        {"kind": "analyst", "epsilon": "1", "reason": "r", "dataset": "other"},
        {"kind": "analyst", "seconds": -1, "epsilon": "1", "reason": "r"},
        {"kind": "analyst", "who": "nobody-has-this", "drop": True, "reason": "r"},
    ],
)
def test_a_cap_that_is_none_is_not_set(people: dict[str, RawClient], body: Any) -> None:
    before = caps(people["owner"])
    assert people["owner"].ask("PUT", "/ag/v1/budgets/Odd%20Data", body).status == 400
    assert caps(people["owner"]) == before


# The table by itself


@pytest.fixture
def requests(database: Database) -> Requests:
    return Requests(database)


LIMITS = Limits(open=2, daily=4)


def test_a_day_s_requests_are_limited_also_when_they_are_withdrawn(requests: Requests) -> None:
    for n in range(4):
        made, _ = requests.ask("ann", "D", str(n), "r", limits=LIMITS)
        requests.withdraw(made.request_id, "ann")
    with pytest.raises(Refusal, match="within a day"):
        requests.ask("ann", "D", "9", "r", limits=LIMITS)
    requests.ask("bob", "D", "9", "r", limits=LIMITS)


def test_a_decision_that_was_cut_short_is_taken_up_with_the_cap_it_named(requests: Requests) -> None:
    made, _ = requests.ask("ann", "D", "2", "r", limits=LIMITS)
    requests.accept(made.request_id, by="o", granted="2", cap="7", answer="")
    again = requests.accept(made.request_id, by="p", granted="2", cap="9", answer="")
    assert (again.cap, again.decided_by) == ("7", "o")
    assert [each.request_id for each in requests.of("ann", state="open")] == [made.request_id]
    with pytest.raises(Conflict):
        requests.deny(made.request_id, by="p", answer="no")
    for _ in range(2):
        assert requests.settle(made.request_id).state == ACCEPTED
    assert requests.of("ann", state="open") == []


def test_deeds_are_kept_once_per_step(requests: Requests, database: Database) -> None:
    made, _ = requests.ask("ann", "D", "2", "r", limits=LIMITS)
    requests.ask("ann", "D", "2", "r", limits=LIMITS)
    for _ in range(2):
        requests.deny(made.request_id, by="o", answer="no")
    with database.transaction() as connection:
        kept = list(connection.execute(sa.select(deeds.c.action).order_by(deeds.c.number)).scalars())
    assert kept == ["request.ask", "request.deny"]
    with pytest.raises(Missing):
        requests.find(made.request_id, "bob")

"""Whose a data set is, against a whole gateway: an owner sees and steers what is theirs, by every route and page, and nothing of the others'."""

import contextlib
import dataclasses
import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest

from ag_enclave.app import ROUTES, Row
from ag_enclave.console.pages import PAGES
from ag_enclave.errors import Refusal
from ag_enclave.holdings import Holdings
from ag_enclave.migrate import open_accounts
from ag_enclave.place import accounts_at
from ag_enclave.review import Ended, Input, Submission
from ag_enclave.reviews import Reviews
from ag_enclave.state import open_state
from ag_enclave.turn import BUDGETS
from ag_enclave.words import Leaf, Words, write
from tests import warm
from tests.enclave.conftest import ODD_COMMAND, ODD_ENVIRONMENT, exchanged, put_catalogue
from tests.enclave.people import add_user
from tests.enclave.processes import eventually
from tests.enclave.raw_client import RawClient
from tests.enclave.test_console import Browser
from tests.enclave_server import Enclave, running_enclave

NAMES = {"hers": "Hers", "his": "His", "all_of_us": "All of Us"}
WHOSE = {"Hers": "olga", "His": "otto"}
PEOPLE = {"olga": "owner", "otto": "owner", "ann": "analyst", "abe": "auditor"}
PRIVATE = "only between ann and otto"
"""What olga must never see: the words of a request, a project, code and a run on otto's data."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Enclave]:
    """Two owners with a data set each, and one that is every owner's."""
    state = tmp_path_factory.mktemp("house")
    for variable, name in NAMES.items():
        put_catalogue(state, variable, name)
    with running_enclave(state, command=ODD_COMMAND, environment=ODD_ENVIRONMENT) as enclave:
        accounts = {name: add_user(state, name, role) for name, role in PEOPLE.items()}
        accounts["operator"] = exchanged(enclave)
        mine = dataclasses.replace(enclave, accounts=accounts | {"analyst": accounts["ann"]})
        operator = RawClient(mine, "operator").login()
        for name, who in WHOSE.items():
            given = {"owners": [who], "reason": "theirs"}
            assert operator.ask("PUT", f"/ag/v1/datasets/{name}/owners", given).status == 200
        yield mine


@pytest.fixture(scope="module")
def of_otto(house: Enclave) -> dict[str, str]:
    """One of everything that an id in a route can name, all about otto's data set."""
    ann, otto = RawClient(house, "ann").login(), RawClient(house, "otto").login()
    wanted = {"dataset": "His", "epsilon": "1", "reason": PRIVATE}
    asked = ann.ask("POST", "/ag/v1/requests", wanted).json["request_id"]
    project = ann.ask("POST", "/ag/v1/projects", {"name": PRIVATE, "description": PRIVATE}).json["project_id"]
    file = {"key": "people", "role": "table", "form": "csv", "bytes": 3, "sha256": hashlib.sha256(b"a\n1").hexdigest()}
    upload = otto.ask("POST", "/ag/v1/uploads", {"name": "His", "metadata": {}, "files": [file], "after": 1}).json
    code = submitted(house, ["His"], project_id=project)
    with_run = {"request_id": code, "run_id": run_of(house, code), "project_id": project}
    return {"dataset": "His", "asked": asked, "upload_id": upload["upload_id"], "number": "0", **with_run}


def submitted(house: Enclave, names: list[str], project: str = PRIVATE, project_id: str = "") -> str:
    """Code for review, as it is once it has run on mock data."""
    inputs = tuple(Input(argument=f"a{n}", dataset=name, table="t", digest="0") for n, name in enumerate(names))
    wanted = Submission(
        analyst="ann",
        project=project,
        project_id=project_id,
        function="f",
        source=f"def f(a0): '{project}'",
        inputs=inputs,
        runs_allowed=1,
        reader="ann",
    )
    tried = Ended(outcome="result", seconds=0.0, printed=project, value=b"x")
    made = with_reviews(house, lambda reviews: reviews.submit(wanted, tried, most_open=9, most_daily=9))
    return str(made.request_id)


def run_of(house: Enclave, code: str) -> str:
    return str(with_reviews(house, lambda reviews: reviews.runs_of(code)[0].run_id))


def with_reviews(house: Enclave, work: Callable[[Reviews], Any]) -> Any:
    with contextlib.closing(open_accounts(accounts_at(open_state(house.state)))) as accounts:
        return work(Reviews(accounts.database))


def _path(path: str, ids: dict[str, str]) -> str:
    known = ids | ({"request_id": ids["asked"]} if "/requests/" in path else {})
    return path.format(**known, name=ids["dataset"])


def _steered(row: Row) -> bool:
    named = set(re.findall(r"{(\w+)}", row.path))
    return "owner" in row.roles and bool(named & {"dataset", "request_id", "upload_id"}) and row.method != "GET"


@pytest.mark.parametrize("role", ["olga", "ann", "abe", "operator"])
def test_every_route_with_an_id_is_closed_to_whoever_it_is_not_for(
    house: Enclave, of_otto: dict[str, str], role: str
) -> None:
    """Olga is an owner too; otto's data set is in the public catalogue, and nothing else of it exists to her."""
    caller = RawClient(house, role).login()
    rows = [row for row in ROUTES if set(re.findall(r"{(\w+)}", row.path)) & {"dataset", "upload_id", "request_id"}]
    tried = 0
    for row in rows:
        if role in ("ann", "operator") and PEOPLE.get(role, role) in row.roles:
            continue  # it is her own, or the operator's to hand over
        body = {"reason": "mine", "owners": ["olga"]} if row.method in ("POST", "PUT", "PATCH") else None
        answer = caller.ask(row.method, _path(row.path, of_otto), body)
        if (row.method, row.path) == ("GET", "/ag/v1/datasets/{dataset}") and role == "olga":
            assert "origin" not in answer.json
            assert "owners" not in answer.json
            continue
        wanted = (400, 403, 404) if role == "olga" else (403,)
        assert answer.status in wanted, (row.method, row.path, answer.status)
        assert PRIVATE not in answer.text
        tried += 1
    assert tried >= 8


BODIES: dict[str, Any] = {
    "PATCH /ag/v1/datasets/{dataset}": {"summary": "x"},
    "PUT /ag/v1/datasets/{dataset}/owners": {"owners": ["olga"], "reason": "mine"},
    "PUT /ag/v1/budgets/{dataset}": {"kind": "everyone", "epsilon": "9", "reason": "more"},
    "POST /ag/v1/requests/{request_id}/accept": {},
    "POST /ag/v1/reviews/{request_id}/runs": {"on": "data"},
    "POST /ag/v1/reviews/{request_id}/approve": {"value": "eA=="},
}


def test_well_formed_orders_about_others_data_sets_are_refused_for_whose_they_are(
    house: Enclave, of_otto: dict[str, str]
) -> None:
    olga = RawClient(house, "olga").login()
    for row in filter(_steered, ROUTES):
        if row.path.endswith("/number}"):
            continue
        body = BODIES.get(f"{row.method} {row.path}", {"reason": "mine"})
        answer = olga.ask(row.method, _path(row.path, of_otto), body)
        assert answer.status == (404 if "{dataset}" not in row.path else 403), (row.path, answer.json)
    told = olga.ask("POST", "/ag/v1/datasets/His/retire", {"reason": "x"}).json["message"]
    assert told == "His belongs to other owners; one of them, or an operator, can hand it over."
    version = {"name": "His", "metadata": {}, "after": 1}
    file = {"key": "p", "role": "table", "form": "csv", "bytes": 1, "sha256": "0" * 64}
    assert olga.ask("POST", "/ag/v1/uploads", {**version, "files": [file]}).status == 403


def test_lists_hold_one_s_own_and_what_is_every_owner_s(house: Enclave, of_otto: dict[str, str]) -> None:
    olga, otto = RawClient(house, "olga").login(), RawClient(house, "otto").login()
    for path in ("requests", "reviews", "projects", "log", "uploads"):
        assert olga.ask("GET", f"/ag/v1/{path}").status == 200
        assert PRIVATE not in olga.ask("GET", f"/ag/v1/{path}").text, path
    assert [each["dataset"] for each in olga.ask("GET", "/ag/v1/budgets").json] == ["All of Us", "Hers"]
    owned = [each["name"] for each in olga.ask("GET", "/ag/v1/datasets").json if "owners" in each]
    assert owned == ["All of Us", "Hers"]
    assert [each["request_id"] for each in otto.ask("GET", "/ag/v1/requests").json] == [of_otto["asked"]]
    assert [each["request_id"] for each in otto.ask("GET", "/ag/v1/reviews").json] == [of_otto["request_id"]]
    assert [each["name"] for each in otto.ask("GET", "/ag/v1/projects").json] == [PRIVATE]
    assert otto.ask("GET", f"/ag/v1/reviews/{of_otto['request_id']}/runs/{of_otto['run_id']}").text == "x"


def test_the_log_is_an_owner_s_own_and_an_auditor_s_whole(house: Enclave, of_otto: dict[str, str]) -> None:
    del of_otto
    readers = {role: RawClient(house, role).login() for role in ("olga", "otto", "abe")}

    def told(role: str, query: str = "") -> list[str]:
        return [each["subject"] for each in readers[role].ask("GET", f"/ag/v1/log{query}").json]

    assert eventually(lambda: "His" in told("otto", "?action=request.ask"))
    assert set(told("olga")) <= {"Hers", "All of Us", "olga"}
    for query in ("?subject=His", "?actor=ann", "?actor=otto", "?subject=ann", "?action=user.add"):
        assert told("olga", query) == [], query
    assert {"His", "Hers", "olga", "otto"} <= set(told("abe"))
    assert told("olga", "?subject=Hers&limit=1") == ["Hers"]


def test_a_data_set_called_as_an_account_or_a_project_opens_nothing_of_the_log_of_those(
    house: Enclave, of_otto: dict[str, str]
) -> None:
    del of_otto  # made the project
    mallory = dataclasses.replace(
        house, accounts={**house.accounts, "mallory": add_user(house.state, "mallory", "owner")}
    )
    names = ("ann", PRIVATE)
    for name in names:
        put_catalogue(house.state, name.replace(" ", "_"), name)
    for name in names:
        given = {"owners": ["mallory"], "reason": "named by mallory"}
        assert (
            RawClient(house, "operator")
            .login()
            .ask("PUT", f"/ag/v1/datasets/{name.replace(' ', '_')}/owners", given)
            .status
            == 200
        )
    reader, auditor = RawClient(mallory, "mallory").login(), RawClient(house, "abe").login()

    def told(who: RawClient, query: str) -> set[tuple[str, str]]:
        return {(each["subject"], each["action"]) for each in who.ask("GET", f"/ag/v1/log{query}").json}

    handed = {(name, "dataset.owners") for name in names}
    assert eventually(lambda: handed <= told(reader, ""))
    assert told(reader, "") == handed
    assert told(reader, "?subject=ann&limit=1") == {("ann", "dataset.owners")}
    assert told(reader, "?subject=ann&action=user.add") == set()
    assert told(auditor, "?subject=ann") == {("ann", "user.add"), ("ann", "dataset.owners")}
    assert ("only between ann and otto", "project.make") in told(auditor, "?action=project.make")


def test_code_over_data_sets_of_several_owners_is_decided_by_who_has_all_of_them(house: Enclave) -> None:
    both = submitted(house, ["Hers", "His"])
    shared = submitted(house, ["Hers", "All of Us"], "everybody's")
    olga, otto = RawClient(house, "olga").login(), RawClient(house, "otto").login()
    assert [each["request_id"] for each in olga.ask("GET", "/ag/v1/reviews").json] == [shared]
    for each in (olga, otto):
        assert each.ask("GET", f"/ag/v1/reviews/{both}").status == 404
    for code in (both, shared):
        assert RawClient(house, "ann").login().ask("POST", f"/ag/v1/reviews/{code}/withdraw", {}).status == 200


def test_the_console_shows_an_owner_their_own(house: Enclave, of_otto: dict[str, str]) -> None:
    visitors = {}
    for who in ("olga", "otto", "abe"):
        visitors[who] = Browser(house)
        assert visitors[who].login(house.accounts[who]).status == 303
    for row in PAGES:
        if row.method == "GET":
            page = visitors["olga"].get(_path(row.path, of_otto))
            assert page.status == (403 if "{name}" in row.path else 404 if "{" in row.path else 200), row.path
            assert PRIVATE not in page.text, row.path
            assert "His</a>" not in page.text, row.path
            assert visitors["abe"].get(_path(row.path, of_otto)).status == 200, row.path
    form = {"form_token": visitors["olga"].token_of(visitors["olga"].get("/console"))}
    cap = {"what": "set", "kind": "everyone", "epsilon": "9", "reason": "more"}
    tried = {
        "/console/datasets/His/cap": (cap, 403),
        f"/console/requests/{of_otto['asked']}": ({"decision": "accept"}, 404),
        f"/console/reviews/{of_otto['request_id']}": ({"decision": "run-data"}, 404),
    }
    assert len(tried) == len([row for row in PAGES if row.method == "POST" and "{" in row.path])
    for path, (fields, status) in tried.items():
        assert visitors["olga"].post(path, **form, **fields).status == status, path
    assert "Owner: otto" in visitors["otto"].get("/console/datasets/His").text
    assert "Every owner" in visitors["olga"].get("/console/datasets/All%20of%20Us").text
    assert PRIVATE in visitors["otto"].get("/console/requests").text


def test_no_refusal_names_what_others_have_retired(house: Enclave) -> None:
    put_catalogue(house.state, "gone_for_good", "Gone For Good")
    write(house.state / "datasets" / "gone_for_good", Leaf(words=Words(), revision=1, retired="x"))
    given = {"owners": ["otto"], "reason": "his"}
    assert RawClient(house, "operator").login().ask("PUT", "/ag/v1/datasets/gone_for_good/owners", given).status == 200
    for who in ("olga", "ann"):
        caller = RawClient(house, who).login()
        answer = caller.ask("GET", "/ag/v1/datasets/nothing")
        assert answer.status == 404
        assert "All of Us" in answer.text
        assert "Gone" not in answer.text
    refused = RawClient(house, "olga").login().ask("POST", "/ag/v1/datasets/nothing/retire", {"reason": "x"})
    assert (refused.status, "Gone" in refused.text) == (404, False)


def test_an_order_that_waited_while_its_data_set_was_handed_over_changes_nothing(house: Enclave) -> None:
    state = open_state(house.state)
    with contextlib.closing(open_accounts(accounts_at(state))) as accounts:
        holdings = Holdings(state, accounts.database)
        for order in (
            lambda: holdings.amend("His", "olga", {"summary": "hers"}, holder="olga"),
            lambda: holdings.retire("His", "olga", "hers", holder="olga"),
            lambda: holdings.restore("His", "olga", "hers", holder="olga"),
        ):
            with pytest.raises(Refusal, match="belongs to other owners"):
                order()
    assert not (house.state / "datasets" / "his" / "words.json").exists()


def test_handing_over_is_for_who_owns_it_by_name_and_for_operators(house: Enclave) -> None:
    olga, operator = RawClient(house, "olga").login(), RawClient(house, "operator").login()

    def give(who: RawClient, name: str, **said: Any) -> int:
        return who.ask("PUT", f"/ag/v1/datasets/{name}/owners", {"reason": "a test", **said}).status

    assert give(olga, "all_of_us", owners=["olga"]) == 403
    for wrong, status in (
        ({"owners": ["ann"]}, 404),
        ({"owners": ["nobody"]}, 404),
        ({"owners": []}, 400),
        ({"owners": ["olga", "*"]}, 400),
        ({"owners": ["olga"], "everyone": True}, 400),
        ({"owners": ["olga"], "reason": "two\nlines"}, 400),
    ):
        assert give(olga, "Hers", **wrong) == status, wrong
    assert give(olga, "Hers", owners=["olga", "otto"]) == 200
    assert "owners" in RawClient(house, "otto").login().ask("GET", "/ag/v1/datasets/hers").json
    assert give(olga, "Hers", owners=["otto"]) == 200
    assert give(olga, "Hers", owners=["olga"]) == 403
    assert give(operator, "Hers", owners=["olga"]) == 200
    (last, *_) = olga.ask("GET", "/ag/v1/log?subject=Hers&action=dataset.owners").json
    assert eventually(lambda: olga.ask("GET", "/ag/v1/log?actor=operator&subject=Hers").json)
    assert last["action"] == "dataset.owners"


def test_the_command_line_says_whose_it_is_and_hands_it_over(house: Enclave) -> None:
    def owners(*options: str) -> tuple[int, str]:
        done = warm.run("dataset", "owners", "All of Us", *options, "--state", house.state)
        return done.returncode, done.stdout.strip()

    assert owners() == (0, "every owner's")
    assert owners("--owner", "ann", "--reason", "x") == (1, "")
    assert owners("--owner", "olga") == (2, "")
    assert owners("--owner", "olga", "--owner", "otto", "--reason", "a pair") == (0, "olga, otto")
    assert owners("--everyone", "--reason", "all of us") == (0, "every owner's")


def test_however_many_wait_for_the_turn_to_hand_over_others_are_answered_meanwhile(house: Enclave) -> None:
    """A gateway has few threads: all of them waiting for one turn would be none for whoever has it."""
    otto, abe = RawClient(house, "otto").login(), RawClient(house, "abe").login()
    given = {"owners": ["otto"], "reason": "as it was"}
    many = min(32, (os.cpu_count() or 1) + 4) + 1
    accounts = open_accounts(accounts_at(open_state(house.state)))
    with contextlib.closing(accounts), ThreadPoolExecutor(many + 1) as pool:
        with accounts.database.turn(BUDGETS):
            asked = [pool.submit(otto.ask, "PUT", "/ag/v1/datasets/His/owners", given) for _ in range(many)]
            time.sleep(1)  # they have all come
            answered = pool.submit(abe.ask, "GET", "/ag/v1/me")
            found, _ = wait([answered], timeout=3)
        assert {each.result().status for each in asked} == {200}
    assert found == {answered}
    assert answered.result().status == 200

"""Every route against people who mean harm: tokens that are not quite tokens, bodies that are not quite bodies, and requests that come again."""

import http.client
import json
import re
import sys
import threading
import time
from collections.abc import Callable
from urllib.parse import urlencode

import msgspec
import pytest

from ag_enclave.app import ROUTES
from ag_enclave.roles import ROLES
from ag_enclave.tokens import Tokens
from tests.enclave.people import add_user
from tests.enclave.raw_client import PATIENCE, RawClient
from tests.enclave.test_console import FORM, Browser
from tests.enclave.test_routes import _path
from tests.enclave_server import Enclave

NO_BODY_NEEDED = ("/api/kernels", "/api/sessions")
"""They take none, and would open sessions."""
ABSURD = [
    b"null",
    b"[]",
    b'"x"',
    b"7",
    b"{",
    b"\x00",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b'{"__class__": "x", "role": {"$ne": 1}}',
    b'{"epsilon": 1e999, "reason": NaN}',
    b'{"user_id": "\\ud800", "role": "analyst", "reason": "\\u0000"}',
    json.dumps({"epsilon": "9" * 100_000, "reason": "r" * 900_000}).encode(),
    b" " * (2 << 20),
]


def test_no_route_takes_a_token_that_is_forged_expired_or_of_another_secret(odd_enclave: Enclave) -> None:
    key = (odd_enclave.state / "keys" / "tokens.key").read_bytes()

    def made(key: bytes, back: float, generation: int) -> str:
        return Tokens(key=key, seconds=60, longest=60, clock=lambda: time.time() - back).issue("operator", generation)

    good = RawClient(odd_enclave, "operator").login().token
    head, body, _ = good.split(".")
    false = [made(bytes(32), 0, 2), made(key, 61, 2), made(key, 0, 1), f"{head}.{body}.", f"{head}.{body}.AAAA"]
    for row in ROUTES:
        client = RawClient(odd_enclave)
        for client.token in false:
            assert client.ask(row.method, _path(row)).status == 401, (row.path, client.token)


@pytest.mark.parametrize("role", ROLES)
def test_absurd_bodies_are_refused_by_every_route_that_takes_one(odd_enclave: Enclave, role: str) -> None:
    client = RawClient(odd_enclave, role).login()
    headers = {"Authorization": f"Bearer {client.token}", "Content-Type": "application/json"}
    for row in ROUTES:
        if row.method in ("POST", "PUT", "PATCH") and row.path not in NO_BODY_NEEDED and role in row.roles:
            for body in ABSURD:
                status = client.send(row.method, _path(row), body, headers).status
                assert status in (400, 404, 413), (row.path, body[:40], status)
    assert client.ask("GET", "/ag/v1/me").status == 200
    assert "Traceback" not in odd_enclave.output()


def test_half_a_character_in_a_notebook_s_wish_is_refused_as_no_json(odd_enclave: Enclave) -> None:
    client = RawClient(odd_enclave).login()
    headers = {"Authorization": f"Bearer {client.token}", "Content-Type": "application/json"}
    for body in (b'{"path": "\\ud800"}', b'{"path": "x", "kernel": {"id": "\\ud800"}}', b'{"name": "\\udfff"}'):
        for path in ("/api/sessions", "/api/kernels"):
            assert client.send("POST", path, body, headers).status == 400, (path, body)


def test_a_request_that_comes_again_from_many_hands_at_once_counts_once(odd_enclave: Enclave) -> None:
    hasty = RawClient(odd_enclave, account=add_user(odd_enclave.state, "hasty", "analyst")).login()
    owner, path = RawClient(odd_enclave, "owner").login(), "/ag/v1/requests"
    asked = {"dataset": "Odd Data", "epsilon": "1", "reason": "once"}

    def at_once(client: RawClient, where: str, body: object) -> list[int]:
        statuses: list[int] = []
        hands = [
            threading.Thread(target=lambda: statuses.append(client.ask("POST", where, body).status)) for _ in range(8)
        ]
        for hand in hands:
            hand.start()
        for hand in hands:
            hand.join()
        return sorted(statuses)

    assert at_once(hasty, path, asked) == [200] * 7 + [201]
    (made,) = hasty.ask("GET", f"{path}?state=open").json
    assert at_once(owner, f"{path}/{made['request_id']}/accept", {}) == [200] * 8
    (budget,) = owner.ask("GET", "/ag/v1/budgets").json
    assert [cap["epsilon"] for cap in budget["caps"] if cap["who"] == "hasty"] == ["1"]


def test_what_is_somebody_else_s_is_to_nobody_but_its_own(odd_enclave: Enclave) -> None:
    """Every route with an id, asked with the real ids of another person: only owners and operators, where the route is theirs, get anything but 403 and 404."""
    mine = RawClient(odd_enclave, account=add_user(odd_enclave.state, "holder", "analyst")).login()
    notebook = mine.ask(
        "POST", "/api/sessions", {"path": "a.ipynb", "name": "a", "type": "notebook", "kernel": {}}
    ).json
    asked = mine.ask("POST", "/ag/v1/requests", {"dataset": "Odd Data", "epsilon": "1", "reason": "mine"}).json
    ids = {
        "kernel_id": notebook["kernel"]["id"],
        "session_id": notebook["id"],
        "request_id": asked["request_id"],
        "user_id": "holder",
    }
    others = {role: RawClient(odd_enclave, "other" if role == "analyst" else role).login() for role in ROLES}
    for row in ROUTES:
        fields = set(re.findall(r"{(\w+)}", row.path))
        if not fields & ids.keys() or "reviews" in row.path or row.path.startswith("/ag/v1/sessions"):
            continue
        path = row.path.format(**ids)
        for role, other in others.items():
            if role in row.roles and role in ("owner", "operator"):
                continue  # theirs to decide and to end; other tests say what comes of it
            body = {} if row.method in ("POST", "PATCH") else None
            answer = other.ask(row.method, path, body)
            assert answer.status == (404 if role in row.roles else 403), (row.method, row.path, role)
            assert "holder" not in answer.text
    odometer = f"/ag/v1/sessions/{ids['kernel_id']}/odometer"
    assert others["analyst"].ask("GET", odometer).status == 404
    assert mine.ask("GET", f"/api/sessions/{notebook['id']}").status == 200
    assert mine.ask("GET", f"/ag/v1/requests/{asked['request_id']}").json["state"] == "open"
    with pytest.raises(Exception, match="404"), others["analyst"].channels(ids["kernel_id"]):
        pass
    mine.ask("DELETE", f"/api/sessions/{notebook['id']}")
    mine.ask("POST", f"/ag/v1/requests/{asked['request_id']}/withdraw", {})


def test_who_is_shut_out_while_they_send_changes_nothing(odd_enclave: Enclave) -> None:
    """A body may come as slowly as its sender likes: an order that was begun in time must not be one that is carried out years later."""
    goer = RawClient(odd_enclave, account=add_user(odd_enclave.state, "goer", "owner")).login()
    browser = Browser(odd_enclave)
    browser.login(goer.account)
    operator, path = RawClient(odd_enclave, "operator").login(), "/ag/v1/budgets/Odd%20Data"
    form_token = browser.token_of(browser.get("/console/datasets/Odd%20Data"))
    given = {"kind": "analyst", "who": "friend", "epsilon": "7", "reason": "good-bye"}
    by_form = urlencode({**given, "form_token": form_token}).encode()
    slow = [
        begun(goer, "PUT", path, json.dumps(given).encode(), {"Authorization": f"Bearer {goer.token}"}),
        begun(goer, "POST", "/console/datasets/Odd%20Data/cap", by_form, {"Cookie": browser.cookie, **FORM}),
    ]
    try:
        operator.ask("PATCH", "/ag/v1/users/goer", {"disabled": True})
        ends = [end() for end in slow]
    finally:
        operator.ask("PATCH", "/ag/v1/users/goer", {"disabled": False})
    assert [(end.status, end.getheader("location")) for end in ends] == [
        (401, None),
        (303, "/console/login?next=/console&expired=form"),
    ]
    (budget,) = goer.login_anew().ask("GET", "/ag/v1/budgets").json
    assert "friend" not in [cap["who"] for cap in budget["caps"]]


def begun(
    client: RawClient, method: str, path: str, body: bytes, headers: dict[str, str]
) -> Callable[[], http.client.HTTPResponse]:
    """A request whose sender was let in before the last byte; what sends that, and gives the answer."""
    connection = http.client.HTTPSConnection("127.0.0.1", client.enclave.port, context=client.context, timeout=PATIENCE)
    connection.putrequest(method, path)
    for name, value in {**headers, "Content-Length": str(len(body)), "Expect": "100-continue"}.items():
        connection.putheader(name, value)
    connection.endheaders()
    said = connection.sock.recv(100)  # as soon as the body is wanted, whose it is was looked at
    assert said.startswith(b"HTTP/1.1 100 "), said
    connection.send(body[:-1])

    def end() -> http.client.HTTPResponse:
        connection.send(body[-1:])
        return connection.getresponse()

    return end


def test_no_body_takes_a_field_that_is_not_its_own() -> None:
    """Mass assignment: what a form doesn't name is refused, not overlooked, by every form that there is."""
    modules = [module for name, module in sys.modules.items() if name.startswith("ag_enclave.")]
    forms = {
        each
        for module in modules
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, msgspec.Struct) and each is not msgspec.Struct
    }
    read_from_disk = {"Leaf"}
    open_ones = {each.__qualname__ for each in forms if not each.__struct_config__.forbid_unknown_fields}
    assert open_ones == read_from_disk
    assert len(forms) > 15

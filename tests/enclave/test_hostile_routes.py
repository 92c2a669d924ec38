"""Every route against people who mean harm: tokens that are not quite tokens, bodies that are not quite bodies, and requests that come again."""

import json
import threading
import time

import pytest

from ag_enclave.app import ROUTES
from ag_enclave.roles import ROLES
from ag_enclave.tokens import Tokens
from tests.enclave.conftest import add_user
from tests.enclave.raw_client import RawClient
from tests.enclave.test_routes import _path
from tests.enclave_server import Enclave

NO_BODY_NEEDED = ("/api/kernels", "/api/sessions", "/ag/v1/me/secret")
"""They take none, and would open sessions or replace the caller's secret."""
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
        clock = lambda: time.time() - back  # noqa: E731
        return Tokens(key=key, seconds=60, longest=60, clock=clock).issue("operator", generation)

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

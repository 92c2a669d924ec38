"""The token endpoint as RFC 6749 has it, and who gets in with what."""

import asyncio
import json
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil
import pytest
import sqlalchemy as sa

from ag_enclave.errors import Refusal
from ag_enclave.line import Line
from ag_enclave.logs import strike_out
from ag_enclave.throttle import Throttle
from ag_enclave.tokens import Tokens
from tests import warm
from tests.enclave.conftest import accounts_in
from tests.enclave.people import add_user
from tests.enclave.raw_client import RawClient
from tests.enclave_server import Enclave


def test_the_form_and_http_basic_both_give_a_token(odd_enclave: Enclave) -> None:
    client = RawClient(odd_enclave)
    user_id, secret = client.account["user_id"], client.account["user_secret"]
    for answer in (client.form(client_id=user_id, client_secret=secret), client.form(basic=f"{user_id}:{secret}")):
        assert answer.status == 200
        assert answer.json["token_type"] == "Bearer"
        assert answer.json["expires_in"] == 600
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_client_that_can_not_renew_its_token_may_ask_for_a_longer_one(odd_enclave: Enclave) -> None:
    client = RawClient(odd_enclave)
    known = {"client_id": client.account["user_id"], "client_secret": client.account["user_secret"]}
    assert client.form(**known, expires_in="43200").json["expires_in"] == 43200
    for wish in ("43201", "0", "-1", "soon", "", "1e9", "9" * 100):
        answer = client.form(**known, expires_in=wish)
        assert (answer.status, answer.json["error"]) == (400, "invalid_request")
        assert "from 1 to 43200" in answer.json["error_description"]


@pytest.mark.parametrize(
    ("fields", "status", "error"),
    [
        ({"client_id": "analyst", "client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "nobody", "client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "analyst"}, 401, "invalid_client"),
        ({"client_id": "", "client_secret": ""}, 401, "invalid_client"),
        ({"client_id": "a" * 1000, "client_secret": "b"}, 401, "invalid_client"),
        ({"grant_type": "password", "client_id": "analyst"}, 400, "unsupported_grant_type"),
        ({"grant_type": "", "client_id": "analyst"}, 400, "unsupported_grant_type"),
        ({"basic": "no colon"}, 401, "invalid_client"),
    ],
)
def test_refusals_are_the_ones_of_the_standard(
    odd_enclave: Enclave, fields: dict[str, Any], status: int, error: str
) -> None:
    answer = RawClient(odd_enclave).form(**fields)
    assert (answer.status, answer.json["error"]) == (status, error)
    assert answer.json["error_description"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (json.dumps({"grant_type": "client_credentials"}), "application/json", 400),
        (b"\xff\xfe", "application/x-www-form-urlencoded", 400),
        (b"grant_type=a&grant_type=b", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"f%d=1" % number for number in range(50)), "application/x-www-form-urlencoded", 400),
        (b"x" * (2 << 20), "application/x-www-form-urlencoded", 413),
    ],
)
def test_what_is_no_form_is_refused(odd_enclave: Enclave, body: Any, kind: str, status: int) -> None:
    assert RawClient(odd_enclave).send("POST", "/oauth/token", body, {"Content-Type": kind}).status == status


def test_an_unknown_account_costs_as_much_time_as_a_wrong_secret(odd_enclave: Enclave) -> None:
    warm.run("user", "add", "timed", "--role", "analyst", "--state", odd_enclave.state, check=True)

    gateway = psutil.Process(odd_enclave.process.pid)

    def spent(user_id: str) -> float:
        """Of processors' time, which doesn't depend on who else wants it."""
        before = gateway.cpu_times()
        for _ in range(4):
            assert RawClient(odd_enclave).form(client_id=user_id, client_secret="wrong").status == 401
        after = gateway.cpu_times()
        return after.user + after.system - before.user - before.system

    known, unknown = spent("timed"), spent("never-heard-of")
    assert 1 / 3 < known / unknown < 3


def test_failures_make_one_account_wait_and_no_other(odd_enclave: Enclave) -> None:
    victim = RawClient(odd_enclave, account=add_user(odd_enclave.state, "guessed", "analyst"))
    statuses = [victim.form(client_id="guessed", client_secret=f"guess {n}").status for n in range(6)]
    assert statuses == [401] * 5 + [429]
    waiting = victim.form(client_id="guessed", client_secret=victim.account["user_secret"])
    assert waiting.status == 429
    assert 0 < int(waiting.headers["Retry-After"]) <= 30
    RawClient(odd_enclave).login_anew()


def test_the_wait_ends_and_a_success_forgives() -> None:
    now = [0.0]
    throttle, key = Throttle(allowed=2, wait=30, clock=lambda: now[0]), ("a", "b")
    throttle.failed(key)
    assert throttle.wait_seconds(key) == 0
    throttle.failed(key)
    assert throttle.wait_seconds(key) == 30
    now[0] = 31
    assert throttle.wait_seconds(key) == 0
    throttle.succeeded(key)
    throttle.failed(key)
    assert throttle.wait_seconds(key) == 0


@pytest.mark.parametrize("scheme", ["token", "Bearer", "TOKEN", "bearer"])
def test_both_schemes_are_taken(analyst: RawClient, scheme: str) -> None:
    assert analyst.ask("GET", "/api/kernels", scheme=scheme).status == 200


def test_the_query_is_taken_and_never_logged(odd_enclave: Enclave, analyst: RawClient) -> None:
    assert analyst.send("GET", f"/api/kernels?token={analyst.token}", None, {}).status == 200
    assert analyst.send("GET", f"/api/nowhere?token={analyst.token}", None, {}).status == 404
    with analyst.session():
        pass
    logs = [odd_enclave.output(), *(path.read_text() for path in (odd_enclave.state / "logs").iterdir())]
    assert not [log for log in logs if analyst.token in log or analyst.account["user_secret"] in log]


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é", "x" * 10_000, "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbmFseXN0In0."])
def test_no_token_and_false_ones_are_refused(odd_enclave: Enclave, token: str) -> None:
    client = RawClient(odd_enclave)
    headers = {"Authorization": f"Bearer {token}".encode("latin-1").decode("latin-1")} if token else {}
    answer = client.send("GET", "/api/kernels", None, headers)
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_a_token_of_another_key_or_past_its_time_is_refused(odd_enclave: Enclave) -> None:
    key = (odd_enclave.state / "keys" / "tokens.key").read_bytes()
    good = Tokens(key=key, seconds=60, longest=60, clock=time.time).issue("analyst", 1)
    expired = Tokens(key=key, seconds=60, longest=60, clock=lambda: time.time() - 61).issue("analyst", 1)
    forged = Tokens(key=bytes(32), seconds=60, longest=60, clock=time.time).issue("analyst", 1)
    client = RawClient(odd_enclave)
    assert [_status_with(client, token) for token in (good, expired, forged, good[:-2])] == [200, 401, 401, 401]


def _status_with(client: RawClient, token: str) -> int:
    return client.send("GET", "/api/kernels", None, {"Authorization": f"Bearer {token}"}).status


@pytest.mark.parametrize("command", ["rotate", "disable"])
def test_the_operator_s_word_counts_at_once(odd_enclave: Enclave, command: str) -> None:
    user_id = f"to-{command}"
    client = RawClient(odd_enclave, account=add_user(odd_enclave.state, user_id, "analyst")).login()
    assert client.ask("GET", "/api/kernels").status == 200
    warm.run("user", command, user_id, "--state", odd_enclave.state, check=True)
    refused = client.ask("GET", "/api/kernels")
    assert (refused.status, refused.json["message"]) == (401, "This access token was revoked; log in again.")
    account = client.account
    assert client.form(client_id=account["user_id"], client_secret=account["user_secret"]).status == 401


def test_secrets_rest_only_as_argon2_hashes(odd_enclave: Enclave) -> None:
    files = [
        path for path in odd_enclave.state.rglob("*") if path.is_file() and path.name not in {"ready.json", "serve.out"}
    ]
    secrets = [account["user_secret"].encode() for account in odd_enclave.accounts.values()]
    content = b"".join(path.read_bytes() for path in files)
    with accounts_in(odd_enclave.state) as connection:
        content += str(connection.execute(sa.text("SELECT * FROM accounts")).all()).encode()
    assert b"$argon2id$" in content
    assert not [secret for secret in secrets if secret in content]


def test_a_client_that_does_not_know_the_authority_gets_no_connection(odd_enclave: Enclave) -> None:
    context = ssl.create_default_context()
    address = ("127.0.0.1", odd_enclave.port)
    with socket.create_connection(address) as raw, pytest.raises(ssl.SSLCertVerificationError):
        context.wrap_socket(raw, server_hostname="127.0.0.1")


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_the_certificate_is_good_for_loopback_by_name_and_number(odd_enclave: Enclave, name: str) -> None:
    context = ssl.create_default_context(cafile=odd_enclave.ca)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    with (
        socket.create_connection(("127.0.0.1", odd_enclave.port)) as raw,
        context.wrap_socket(raw, server_hostname=name) as tls,
    ):
        assert tls.version() in ("TLSv1.2", "TLSv1.3")


def test_the_operator_s_log_tells_who_and_what_in_json(odd_enclave: Enclave, analyst: RawClient) -> None:
    with analyst.session("Odd Data") as channels:
        kernel = channels.kernel
    RawClient(odd_enclave).form(client_id="analyst", client_secret="wrong")
    RawClient(odd_enclave).form(client_id="the-secret-in-the-wrong-field", client_secret="x")
    log = (odd_enclave.state / "logs" / "gateway.log").read_text()
    records = [json.loads(line) for line in log.splitlines()]
    mine = [(each["event"], each["analyst"]) for each in records if each.get("session") == kernel]
    assert mine == [("session opened", "analyst"), ("session ended", "analyst")]
    assert {each["user_id"] for each in records if each["event"] == "login failed"} >= {"analyst", None}
    assert "the-secret-in-the-wrong-field" not in log


def test_a_token_in_a_logged_text_is_struck_out() -> None:
    event = strike_out(None, "info", {"event": "GET /api?x=1&token=abc.def-g&y=2", "n": 1})
    assert event == {"event": "GET /api?x=1&token=…&y=2", "n": 1}


def test_guesses_side_by_side_are_no_more_than_one_after_the_other(odd_enclave: Enclave) -> None:
    victim = RawClient(odd_enclave, account=add_user(odd_enclave.state, "besieged", "analyst"))
    with ThreadPoolExecutor(16) as hands:
        guesses = [f"guess {number}" for number in range(16)]
        statuses = list(hands.map(lambda guess: victim.form(client_id="besieged", client_secret=guess).status, guesses))
    assert sorted(statuses) == [401] * 5 + [429] * 11
    RawClient(odd_enclave).login()


def test_whoever_crowds_the_line_waits_alone_and_nothing_is_kept_of_who_left() -> None:
    async def scene() -> None:
        line, gate = Line(per_address=3, everyone=5), asyncio.Event()

        async def wait(key: tuple[str, str]) -> int:
            try:
                async with line.turn(key):
                    await gate.wait()
            except Refusal as refusal:
                return refusal.status
            return 200

        asked = [
            ("ann", "there"),
            ("ann", "there"),
            ("bob", "there"),
            ("cyd", "there"),
            ("ann", "here"),
            ("dan", "here"),
        ]
        waiting = [asyncio.create_task(wait(key)) for key in (*asked, ("eve", "elsewhere"))]
        await asyncio.sleep(0)
        gate.set()
        assert await asyncio.gather(*waiting) == [200, 200, 200, 429, 200, 200, 503]
        assert not line._turns
        assert not line._waiting
        assert not line._addresses

    asyncio.run(scene())

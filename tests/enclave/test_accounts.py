"""Accounts over REST: who may make and end them, secrets that are shown once, and the one-time secret that opens only its own exchange."""

import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext

from ag_enclave.accounts import Accounts
from ag_enclave.app import ROUTES
from ag_enclave.database import Database
from ag_enclave.roles import ROLES
from ag_enclave.schema import metadata
from ag_enclave.throttle import Lasting, Throttle
from tests.enclave.conftest import ODD_COMMAND, ODD_ENVIRONMENT, accounts_in
from tests.enclave.raw_client import RawClient
from tests.enclave.test_routes import _path
from tests.enclave.test_serve_command import refused
from tests.enclave_server import Enclave, running_enclave


@pytest.fixture
def operator(odd_enclave: Enclave) -> RawClient:
    return RawClient(odd_enclave, "operator").login()


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Enclave]:
    """An enclave at its very first start."""
    with running_enclave(tmp_path_factory.mktemp("first"), command=ODD_COMMAND, environment=ODD_ENVIRONMENT) as enclave:
        yield enclave


def deeds(enclave: Enclave, subject: str) -> list[tuple[str, str]]:
    """Who did what to it, as kept for the log."""
    with accounts_in(enclave.state) as connection:
        wanted = sa.text("SELECT actor, action FROM deeds WHERE subject = :subject ORDER BY number")
        return [(row.actor, row.action) for row in connection.execute(wanted, {"subject": subject})]


def test_the_first_operator_s_secret_opens_nothing_but_its_exchange_and_that_once(fresh: Enclave) -> None:
    first = RawClient(fresh, "operator").login()
    assert first.ask("GET", "/ag/v1/me").json == {"user_id": "operator", "role": "operator", "one_time": True}
    for row in ROUTES:
        if not row.one_time:
            answer = first.ask(row.method, _path(row))
            assert (answer.status, "exchange it" in answer.json["message"]) == (403, True), row.path
    answers, known = [], {"user_secret": fresh.accounts["operator"]["user_secret"]}
    tries = [
        threading.Thread(target=lambda: answers.append(first.ask("POST", "/ag/v1/me/secret", known))) for _ in range(4)
    ]
    for each in tries:
        each.start()
    for each in tries:
        each.join()
    assert [answer.status for answer in answers].count(200) == 1
    assert {answer.status for answer in answers} <= {200, 401, 403, 409}
    real = next(answer.json for answer in answers if answer.status == 200)
    used = fresh.accounts["operator"]
    assert first.form(client_id="operator", client_secret=used["user_secret"]).status == 401
    assert RawClient(fresh, account=real).login_anew().ask("GET", "/ag/v1/users").status == 200
    assert deeds(fresh, "operator") == [("the first start", "user.add"), ("operator", "user.rotate")]


def test_an_operator_makes_and_ends_accounts_and_the_log_is_told(odd_enclave: Enclave, operator: RawClient) -> None:
    made = operator.ask("POST", "/ag/v1/users", {"user_id": "zoe", "role": "analyst"})
    assert (made.status, set(made.json)) == (201, {"user_id", "role", "user_secret"})
    assert made.headers["Cache-Control"] == "no-store"
    zoe = RawClient(odd_enclave, account=made.json).login()
    assert zoe.ask("GET", "/ag/v1/me").json["role"] == "analyst"
    changed = operator.ask("PATCH", "/ag/v1/users/zoe", {"role": "owner"})
    assert changed.json == {"user_id": "zoe", "role": "owner", "disabled": False, "one_time": False, "issuer": ""}
    assert zoe.ask("GET", "/ag/v1/me").status == 401
    operator.ask("PATCH", "/ag/v1/users/zoe", {"disabled": True})
    assert zoe.form(client_id="zoe", client_secret=made.json["user_secret"]).status == 401
    operator.ask("PATCH", "/ag/v1/users/zoe", {"disabled": False})
    zoe.login_anew()
    renewed = operator.ask("POST", "/ag/v1/users/zoe/secret").json
    assert zoe.ask("GET", "/ag/v1/me").status == 401
    RawClient(odd_enclave, account=renewed).login_anew()
    words = [action for _, action in deeds(odd_enclave, "zoe")]
    assert words == ["user.add", "user.role", "user.disable", "user.enable", "user.rotate"]
    assert {actor for actor, _ in deeds(odd_enclave, "zoe")} == {"operator"}
    secrets = (made.json["user_secret"].encode(), renewed["user_secret"].encode())
    kept = b"".join(path.read_bytes() for path in odd_enclave.state.glob("accounts.sqlite*"))
    assert not [secret for secret in secrets if secret in kept]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"user_id": "analyst", "role": "analyst"}, 409),
        ({"user_id": "../x", "role": "analyst"}, 400),
        ({"user_id": "x", "role": "root"}, 400),
        ({"user_id": "x"}, 400),
        ({"user_id": 7, "role": "analyst"}, 400),
        ({"user_id": "x", "role": "analyst", "disabled": True}, 400),
        ({"user_id": "x", "role": "analyst", "secret_hash": "y"}, 400),
        ({"user_id": "x", "role": "analyst", "issuer": "https://evil"}, 400),
        ([], 400),
        ("x", 400),
        ({"user_id": "x" * (2 << 20), "role": "analyst"}, 413),
    ],
)
def test_an_account_is_not_made_of_what_does_not_fit(operator: RawClient, body: object, status: int) -> None:
    answer = operator.ask("POST", "/ag/v1/users", body)
    assert answer.status == status
    assert answer.json["message"]
    assert "x" not in {each["user_id"] for each in operator.ask("GET", "/ag/v1/users").json}


@pytest.mark.parametrize("raw", [b"{", b"[" * 100_000, b'{"user_id": "x", "user_id": "y"}', b"\xff", b""])
def test_garbage_is_no_account(operator: RawClient, raw: bytes) -> None:
    headers = {"Authorization": f"Bearer {operator.token}"}
    assert operator.send("POST", "/ag/v1/users", raw, headers).status == 400


@pytest.mark.parametrize(
    "body",
    [{"generation": 1}, {"user_id": "x"}, {"one_time": False}, {"role": None, "secret_hash": ""}, {"disabled": 0}],
)
def test_nothing_of_an_account_is_assigned_that_is_not_meant_to_be(operator: RawClient, body: object) -> None:
    assert operator.ask("PATCH", "/ag/v1/users/other", body).status == 400


def test_the_last_operator_stays(odd_enclave: Enclave, operator: RawClient) -> None:
    for body in ({"disabled": True}, {"role": "analyst"}):
        answer = operator.ask("PATCH", "/ag/v1/users/operator", body)
        assert (answer.status, "last operator" in answer.json["message"]) == (409, True)
    assert "last operator" in refused("user", "disable", "operator", "--state", odd_enclave.state)
    assert operator.ask("GET", "/ag/v1/me").status == 200


def test_who_is_not_there_is_missing(operator: RawClient) -> None:
    assert operator.ask("PATCH", "/ag/v1/users/nobody", {"disabled": True}).status == 404
    assert operator.ask("POST", "/ag/v1/users/nobody/secret").status == 404


def test_everybody_may_replace_their_own_secret(odd_enclave: Enclave, operator: RawClient) -> None:
    for role in ROLES:
        account = operator.ask("POST", "/ag/v1/users", {"user_id": f"self-{role}", "role": role}).json
        client = RawClient(odd_enclave, account=account).login()
        for body in (None, {}, {"user_secret": "copied"}, {"user_secret": account["user_secret"], "role": "operator"}):
            assert client.ask("POST", "/ag/v1/me/secret", body).status in (400, 403), body  # who has the token alone
        renewed = client.ask("POST", "/ag/v1/me/secret", {"user_secret": account["user_secret"]}).json
        assert client.ask("GET", "/ag/v1/me").status == 401
        assert RawClient(odd_enclave, account=renewed).login().ask("GET", "/ag/v1/me").json["role"] == role
    operator.ask("PATCH", "/ag/v1/users/self-operator", {"disabled": True})


def test_failed_logins_rest_as_hashes(odd_enclave: Enclave) -> None:
    client = RawClient(odd_enclave, account={"user_id": ""})
    assert client.form(client_id="guessed-one", client_secret="wrong").status == 401
    with accounts_in(odd_enclave.state) as connection:
        rows = connection.execute(sa.text("SELECT * FROM login_failures")).all()
    assert rows
    assert "guessed-one" not in str(rows)
    assert b"guessed-one" not in b"".join(path.read_bytes() for path in odd_enclave.state.glob("accounts.sqlite*"))


def test_a_throttle_takes_up_where_the_last_one_ended(database: Database) -> None:
    now = [1e9]

    def throttle() -> Throttle:
        return Throttle(allowed=2, wait=30, clock=lambda: now[0], memory=Lasting(database), salt=b"k")

    key = ("ann", "::1")
    throttle().failed(key)
    throttle().failed(key)
    assert throttle().wait_seconds(key) == 30
    now[0] -= 1e6  # a clock set back
    assert throttle().wait_seconds(key) == 30
    now[0] += 1e6 + 31
    assert throttle().wait_seconds(key) == 0
    throttle().succeeded(key)
    assert Lasting(database).load() == {}


def test_the_migrations_lead_to_the_tables_and_back(database: Database) -> None:
    accounts = Accounts(database)
    with accounts.database.engine.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        config = Config()
        config.set_main_option("script_location", "enclave/ag_enclave/migrations")
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
        connection.execute(sa.text("INSERT INTO accounts VALUES ('old', 'analyst', 'h', 3, false)"))
        command.upgrade(config, "head")
    old = accounts.find("old")
    assert old is not None
    assert (old.generation, old.one_time, old.issuer, old.disabled) == (3, False, "", False)

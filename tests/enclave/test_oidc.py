"""People that another issuer vouches for: a real issuer over TLS, its keys changed under way, and every token that isn't quite one."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey

import antigranular as ag
from ag_enclave.config import Oidc
from ag_enclave.errors import BadConfig
from ag_enclave.oidc import Issuer, Person
from tests.enclave.conftest import ODD_COMMAND, ODD_ENVIRONMENT, exchanged
from tests.enclave.oidc_server import AUDIENCE, OidcServer, oidc_server
from tests.enclave.raw_client import Answer, RawClient
from tests.enclave_server import Enclave, running_enclave

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
JWT = "urn:ietf:params:oauth:token-type:jwt"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OidcServer]:
    with oidc_server(tmp_path_factory.mktemp("issuer")) as running:
        yield running


@pytest.fixture(scope="module")
def enclave(server: OidcServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Enclave]:
    config = f'[oidc]\nissuer = "{server.issuer}"\naudience = "{AUDIENCE}"\nca = "{server.ca}"\nowners = "keepers"\n'
    state = tmp_path_factory.mktemp("vouched")
    with running_enclave(state, config=config, command=ODD_COMMAND, environment=ODD_ENVIRONMENT) as running:
        yield running


def exchange(enclave: Enclave, token: str, **fields: str) -> Answer:
    client = RawClient(enclave, account={"user_id": ""})
    return client.form(grant_type=EXCHANGE, **({"subject_token": token, "subject_token_type": JWT} | fields))


def test_a_vouched_person_works_and_may_be_disabled_here(enclave: Enclave, server: OidcServer) -> None:
    answer = exchange(enclave, server.token())
    assert (answer.status, answer.json["token_type"], 0 < answer.json["expires_in"] <= 300) == (200, "Bearer", True)
    ada = RawClient(enclave, account={"user_id": ""})
    ada.token = answer.json["access_token"]
    assert ada.ask("GET", "/ag/v1/me").json == {"user_id": "oidc:ada", "role": "analyst", "one_time": False}
    assert ada.ask("POST", "/ag/v1/me/secret").status == 409
    owner = exchange(enclave, server.token(role=["staff", "keepers", "analyst"]))
    assert ada.ask("GET", "/ag/v1/me").status == 401  # another role: the old token is void
    ada.token = owner.json["access_token"]
    assert ada.ask("GET", "/ag/v1/me").json["role"] == "owner"
    operator = RawClient(enclave, account=exchanged(enclave)).login()
    assert operator.ask("PATCH", "/ag/v1/users/oidc:ada", {"disabled": True}).json["issuer"] == server.issuer
    assert ada.ask("GET", "/ag/v1/me").status == 401
    refused = exchange(enclave, server.token())
    assert (refused.status, refused.json["error"]) == (400, "invalid_grant")
    operator.ask("PATCH", "/ag/v1/users/oidc:ada", {"disabled": False})
    assert operator.ask("POST", "/ag/v1/users/oidc:ada/secret").status == 409
    assert operator.form(client_id="oidc:ada", client_secret="").status == 401


def test_the_client_connects_with_an_identity(enclave: Enclave, server: OidcServer) -> None:
    owner = ag.connect(enclave.url, ca=enclave.ca, identity=lambda: server.token(sub="grace", role="keepers"))
    assert (owner.user_id, owner.role, len(owner.requests)) == ("oidc:grace", "owner", 0)
    with pytest.raises(ag.LoginError, match="gives no role"):
        ag.connect(enclave.url, ca=enclave.ca, identity=server.token(role="nobody"))


def test_no_name_of_ours_can_be_taken(enclave: Enclave, server: OidcServer) -> None:
    answer = exchange(enclave, server.token(sub="operator"))
    client = RawClient(enclave, account={"user_id": ""})
    client.token = answer.json["access_token"]
    assert client.ask("GET", "/ag/v1/me").json == {"user_id": "oidc:operator", "role": "analyst", "one_time": False}


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "another"},
        {"aud": None},
        {"aud": []},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"exp": "never"},
        {"exp": 1e300},
        {"nbf": 9_000_000_000},
        {"sub": None},
        {"sub": "../x"},
        {"sub": "a" * 60},
        {"sub": 7},
        {"sub": ""},
        {"role": None},
        {"role": "operator"},
        {"role": ""},
        {"role": {"analyst": True}},
        {"role": [["analyst"]]},
    ],
    ids=str,
)
def test_a_token_that_is_not_for_us_is_refused(enclave: Enclave, server: OidcServer, claims: dict[str, Any]) -> None:
    answer = exchange(enclave, server.token(**claims))
    assert (answer.status, answer.json["error"]) == (400, "invalid_grant")


def test_forged_tokens_are_refused(enclave: Enclave, server: OidcServer) -> None:
    good = server.token()
    head, body, signature = good.split(".")
    forgeries = [
        server.token(key=ECKey.generate_key("P-256")),
        server.token(key=OctKey.import_key(server.public()), algorithm="HS256"),
        f"eyJhbGciOiJub25lIn0.{body}.",
        f"{head}.{body}.",
        f"{head}.{body}.{signature[:-4]}AAAA",
        f"{head}.{server.token(role='operator').split('.')[1]}.{signature}",
        "a.b.c",
        "x" * 20_000,
        "é",
    ]
    assert {exchange(enclave, forged).status for forged in forgeries} == {400}
    assert exchange(enclave, good).status == 200


@pytest.mark.parametrize(
    "fields", [{"subject_token": ""}, {"subject_token_type": "urn:ietf:params:oauth:token-type:saml2"}]
)
def test_a_malformed_exchange_is_refused(enclave: Enclave, server: OidcServer, fields: dict[str, str]) -> None:
    answer = exchange(enclave, server.token(), **fields)
    assert (answer.status, answer.json["error"]) == (400, "invalid_request")


def test_an_enclave_without_an_issuer_knows_no_exchange(odd_enclave: Enclave, server: OidcServer) -> None:
    answer = exchange(odd_enclave, server.token())
    assert (answer.status, answer.json["error"]) == (400, "unsupported_grant_type")


# The issuer by itself, with a clock


def settings(server: OidcServer, **changes: str) -> Oidc:
    return Oidc(**({"issuer": server.issuer, "audience": AUDIENCE, "ca": server.ca} | changes))  # type: ignore[arg-type]  # settings of several types in one dict


def test_keys_are_kept_and_fetched_anew_when_they_change_but_not_for_every_stranger(tmp_path: Path) -> None:
    now = [time.time()]
    with oidc_server(tmp_path) as server:
        issuer = Issuer(settings(server), lambda: now[0])
        assert {type(issuer.read(server.token())) for _ in range(3)} == {Person}
        assert server.fetched == 1
        server.rotate("second", "RSA")
        assert isinstance(issuer.read(server.token()), str)  # just fetched: strangers can't keep us fetching
        assert server.fetched == 1
        now[0] += 31
        assert isinstance(issuer.read(server.token()), Person)
        assert server.fetched == 2
        server.status = 500
        now[0] += 250
        assert isinstance(issuer.read(server.token()), Person)
        now[0] += 3600
        late = server.token(exp=int(now[0]) + 60)
        assert isinstance(issuer.read(late), Person)  # the issuer is away: the keys of before


def test_an_issuer_that_says_it_is_another_is_not_believed(tmp_path: Path) -> None:
    with oidc_server(tmp_path) as server:
        server.named = "https://evil.example"
        assert isinstance(Issuer(settings(server), time.time).read(server.token()), str)


def test_an_issuer_whose_certificate_nobody_vouches_for_is_not_believed(server: OidcServer) -> None:
    assert isinstance(Issuer(settings(server, ca=""), time.time).read(server.token()), str)


def test_roles_may_lie_deep_and_the_most_powerful_counts(server: OidcServer) -> None:
    issuer = Issuer(settings(server, role_claim="realm.roles", operators="ops", user_claim="email"), time.time)
    person = issuer.read(server.token(realm={"roles": ["analyst", "ops"]}, email="ada@example.org"))
    assert isinstance(person, Person)
    assert (person.user_id, person.role) == ("oidc:ada@example.org", "operator")


@pytest.mark.parametrize("changes", [{"audience": ""}, {"issuer": "http://plain.example"}, {"ca": "/nowhere"}])
def test_settings_that_are_not_safe_are_refused(server: OidcServer, changes: dict[str, str]) -> None:
    with pytest.raises(BadConfig):
        Issuer(settings(server, **changes), time.time)

"""Every route: who may call it, and what strangers get."""

import pytest

from ag_enclave.app import CHANNELS, PUBLIC_ROUTES, ROUTES, Row
from ag_enclave.roles import ROLES
from tests.enclave.raw_client import RawClient
from tests.enclave_server import Enclave

STRANGER = "00000000-0000-0000-0000-000000000000"


def _path(row: Row) -> str:
    return row.path.format(
        kernel_id=STRANGER,
        session_id=STRANGER,
        user_id=STRANGER,
        request_id=STRANGER,
        project_id=STRANGER,
        dataset=STRANGER,
        upload_id=STRANGER,
        number="0",
        run_id=STRANGER,
        name="antigranular",
    )


def test_no_answer_leads_to_a_host_that_a_request_names(odd_enclave: Enclave) -> None:
    client = RawClient(odd_enclave)
    for path in ("/ag/v1/me/", "/api/", "/console/login/", "//elsewhere.example/console"):
        answer = client.send("GET", path, None, {"Host": "elsewhere.example"})
        assert (answer.status, answer.headers["Location"]) == (404, None), path


def test_the_routes_are_the_promised_ones() -> None:
    paths = {row.path for row in ROUTES} | {path for _, path, _ in PUBLIC_ROUTES} | {CHANNELS}
    kernel, notebook = "/api/kernels/{kernel_id}", "/api/sessions/{session_id}"
    assert paths == {
        "/api",
        "/oauth/token",
        "/api/status",
        "/api/kernelspecs",
        "/api/kernelspecs/{name}",
        "/api/kernels",
        kernel,
        f"{kernel}/interrupt",
        f"{kernel}/restart",
        f"{kernel}/channels",
        "/api/sessions",
        notebook,
        "/ag/v1/datasets",
        "/ag/v1/datasets/{dataset}",
        "/ag/v1/datasets/{dataset}/retire",
        "/ag/v1/datasets/{dataset}/owners",
        "/ag/v1/datasets/{dataset}/restore",
        "/ag/v1/uploads",
        "/ag/v1/uploads/{upload_id}",
        "/ag/v1/uploads/{upload_id}/load",
        "/ag/v1/uploads/{upload_id}/files/{number}",
        "/ag/v1/sessions/{session_id}/odometer",
        "/ag/v1/requests",
        "/ag/v1/requests/seen",
        "/ag/v1/requests/{request_id}",
        "/ag/v1/requests/{request_id}/accept",
        "/ag/v1/requests/{request_id}/deny",
        "/ag/v1/requests/{request_id}/withdraw",
        "/ag/v1/projects",
        "/ag/v1/projects/{project_id}/join",
        "/ag/v1/projects/{project_id}/leave",
        "/ag/v1/reviews",
        "/ag/v1/reviews/{request_id}",
        "/ag/v1/reviews/{request_id}/result",
        "/ag/v1/reviews/{request_id}/withdraw",
        "/ag/v1/reviews/{request_id}/runs",
        "/ag/v1/reviews/{request_id}/runs/{run_id}",
        "/ag/v1/reviews/{request_id}/approve",
        "/ag/v1/reviews/{request_id}/deny",
        "/ag/v1/budgets",
        "/ag/v1/budgets/{dataset}",
        "/ag/v1/budgets/{dataset}/outlook",
        "/ag/v1/log",
        "/healthz",
        "/readyz",
        "/metrics",
        "/ag/v1/competitions",
        "/ag/v1/competitions/{name}/board",
        "/ag/v1/competitions/{name}/submissions",
        "/ag/v1/me",
        "/ag/v1/me/secret",
        "/ag/v1/users",
        "/ag/v1/users/{user_id}",
        "/ag/v1/users/{user_id}/secret",
    }


@pytest.mark.parametrize("row", ROUTES, ids=lambda row: f"{row.method} {row.path}")
def test_without_a_token_there_is_nothing(odd_enclave: Enclave, row: Row) -> None:
    answer = RawClient(odd_enclave).ask(row.method, _path(row))
    assert answer.status == 401
    assert answer.json["message"]


@pytest.fixture(scope="module")
def callers(odd_enclave: Enclave) -> dict[str, RawClient]:
    return {role: RawClient(odd_enclave, role).login() for role in ROLES}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_calls_its_own_routes_only(callers: dict[str, RawClient], role: str) -> None:
    for row in ROUTES:
        if row.method == "POST" and row.path in ("/api/kernels", "/api/sessions") and role in row.roles:
            continue  # these would open sessions; the session tests do
        if row.path == "/ag/v1/me/secret":
            continue  # this would replace the caller's; test_accounts does
        answer = callers[role].ask(row.method, _path(row))
        assert (answer.status == 403) == (role not in row.roles), (row.method, row.path, answer.status)
        assert answer.status < 500


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/contents", 404),
        ("GET", "/api/contents", 404),
        ("GET", "/api/terminals", 404),
        ("GET", "/static/../../etc/passwd", 404),
        ("GET", "/api/kernels/../../etc/passwd", 404),
        ("PUT", "/api/kernels", 405),
        ("GET", "/oauth/token", 405),
        ("GET", f"/api/kernels/{STRANGER}", 404),
        ("GET", "/api/kernelspecs/julia", 404),
    ],
)
def test_other_paths_and_methods_get_a_sentence(analyst: RawClient, method: str, path: str, status: int) -> None:
    answer = analyst.ask(method, path)
    assert answer.status == status
    assert answer.json["message"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b"[" * 100_000, 400),
        (b'{"name": "julia"}', 404),
        (b'{"ag": 1}', 400),
        (b'{"ag": {}}', 400),
        (b'{"ag": {"dataset": 1}}', 400),
        (b'{"ag": {"table": "x"}}', 400),
        (b'{"ag": {"dataset": "Odd Data", "competition": "x"}}', 400),
        (b'{"ag": {"competition": "x"}}', 404),
        (b" " * (2 << 20), 413),
    ],
)
def test_a_session_is_not_opened_for_a_bad_body(analyst: RawClient, body: bytes, status: int) -> None:
    headers = {"Authorization": f"Bearer {analyst.token}"}
    answer = analyst.send("POST", "/api/kernels", body, headers)
    assert answer.status == status
    assert answer.json["message"]
    assert analyst.ask("GET", "/api/kernels").json == []


def test_an_unknown_data_set_is_answered_with_the_known_ones(analyst: RawClient) -> None:
    answer = analyst.ask("POST", "/api/kernels", {"ag": {"dataset": "Gold"}})
    assert (answer.status, answer.json["message"]) == (404, "There is no data set 'Gold'; available: Odd Data.")


def test_the_catalogue_shows_the_public_parts(analyst: RawClient) -> None:
    views = [{"key": "train_x", "kind": "frame"}, {"key": "test_x", "kind": "public"}]
    odd = {"name": "Odd Data", "variable": "odd_data", "description": "odd", "views": views, "tables": {}}
    odd |= {"summary": "", "citation": "", "url": "", "contributors": []}
    assert analyst.ask("GET", "/ag/v1/datasets").json == [odd]


def test_the_version_needs_no_token(odd_enclave: Enclave) -> None:
    answer = RawClient(odd_enclave).ask("GET", "/api")
    assert answer.status == 200
    assert answer.json["ag"]["wire"] == 1


def test_the_kernelspecs_are_as_jupyter_clients_read_them(analyst: RawClient) -> None:
    specs = analyst.ask("GET", "/api/kernelspecs").json
    assert specs["kernelspecs"][specs["default"]]["spec"]["language"] == "python"
    assert analyst.ask("GET", "/api/kernelspecs/antigranular").json["name"] == "antigranular"

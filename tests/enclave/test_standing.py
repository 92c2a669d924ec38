"""Access that is taken away: sessions of a disabled account end, connections of an old secret close, refusals leave a clean log."""

import pytest
from websockets.exceptions import ConnectionClosed

from tests import warm
from tests.enclave.people import add_user
from tests.enclave.processes import children, eventually
from tests.enclave.raw_client import Channels, RawClient, only
from tests.enclave.test_serve_command import refused
from tests.enclave_server import Enclave


def user(enclave: Enclave, command: str, user_id: str) -> str:
    return warm.run("user", command, user_id, "--state", enclave.state, check=True).stdout.strip()


def closed(channels: Channels) -> int:
    """The code with which the enclave closes this socket."""
    with pytest.raises(ConnectionClosed) as found:
        channels.until(lambda _message: False, timeout=60)
    assert found.value.rcvd is not None
    return int(found.value.rcvd.code)


def test_a_disabled_account_loses_its_running_sessions(odd_enclave: Enclave) -> None:
    leaver = RawClient(odd_enclave, account=add_user(odd_enclave.state, "leaver", "analyst")).login()
    kernel = leaver.open()
    before = len(children(odd_enclave, "kernel"))
    with leaver.channels(kernel) as channels:
        channels.request("execute_request", {"code": "sleep 60"})
        user(odd_enclave, "disable", "leaver")
        assert closed(channels) in (1000, 1008)
    assert eventually(lambda: len(children(odd_enclave, "kernel")) < before)
    operator = RawClient(odd_enclave, "operator").login()
    assert kernel not in [each["id"] for each in operator.ask("GET", "/api/kernels").json]


def test_a_replaced_secret_closes_the_old_one_s_connections_and_keeps_the_session(odd_enclave: Enclave) -> None:
    account = add_user(odd_enclave.state, "turner", "analyst")
    turner = RawClient(odd_enclave, account=account).login()
    kernel = turner.open()
    with turner.channels(kernel) as channels:
        channels.execute("nothing")
        account["user_secret"] = user(odd_enclave, "rotate", "turner")
        assert closed(channels) == 1008
    renewed = RawClient(odd_enclave, account=account).login()
    with renewed.channels(kernel) as channels:
        assert only(channels.execute("nothing"), "execute_reply")["content"]["execution_count"] == 2
    renewed.ask("DELETE", f"/api/kernels/{kernel}")


def test_a_refused_websocket_leaves_no_error_in_the_log(odd_enclave: Enclave, analyst: RawClient) -> None:
    for client, status in ((analyst, "404"), (RawClient(odd_enclave), "401")):
        with pytest.raises(Exception, match=status), client.channels("there-is-no-such-kernel"):
            pass
    assert "handshake" not in odd_enclave.output()


def test_a_mistyped_state_is_no_empty_enclave(odd_enclave: Enclave) -> None:
    missing = odd_enclave.state / "typo"
    for command in (["user", "list"], ["user", "disable", "x"], ["dataset", "list"]):
        assert refused(*command, "--state", missing).startswith(f"There is no state directory {missing}")
    assert not missing.exists()
    made = warm.run("user", "add", "ann", "--role", "analyst", "--state", missing, check=True)
    assert made.stderr.strip() == f"A new state directory was made: {missing}"

"""A session's life as its analyst sees it: opening, interrupting, restarting, losing a process, ending."""

import re
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.enclave.conftest import CONFIG, ODD_COMMAND, ODD_ENVIRONMENT, put_catalogue
from tests.enclave.people import add_user
from tests.enclave.processes import NURSERIES, children, descendants, eventually
from tests.enclave.raw_client import Channels, Json, RawClient, kind, only, printed
from tests.enclave_server import Enclave, running_enclave


def test_a_session_tells_what_it_is(analyst: RawClient) -> None:
    answer = analyst.ask("POST", "/api/kernels", {"name": "antigranular", "ag": {"dataset": "Odd Data"}})
    kernel = answer.json["id"]
    assert answer.status == 201
    assert answer.headers["Location"] == f"/api/kernels/{kernel}"
    ag = answer.json["ag"]
    assert (ag["session_id"], ag["dataset"], ag["variable"]) == (kernel, "Odd Data", "odd_data")
    assert (ag["idle_timeout_seconds"], ag["views"][0]) == (3600, {"key": "train_x", "kind": "frame"})
    assert analyst.ask("GET", f"/api/kernels/{kernel}").json["id"] == kernel
    assert [each["id"] for each in analyst.ask("GET", "/api/kernels").json] == [kernel]
    assert analyst.ask("DELETE", f"/api/kernels/{kernel}").status == 204


def test_moments_are_written_as_strict_jupyter_clients_read_them(analyst: RawClient) -> None:
    kernel = analyst.open()
    model, status = (analyst.ask("GET", path).json for path in (f"/api/kernels/{kernel}", "/api/status"))
    for moment in (model["last_activity"], status["last_activity"], status["started"]):
        read = datetime.strptime(moment, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
        assert abs((datetime.now(UTC) - read).total_seconds()) < 3600
    analyst.ask("DELETE", f"/api/kernels/{kernel}")


def test_a_connection_outlives_its_token_and_a_new_token_opens_the_next(odd_enclave: Enclave) -> None:
    client = RawClient(odd_enclave)
    known = {"client_id": client.account["user_id"], "client_secret": client.account["user_secret"]}
    client.token = client.form(**known, expires_in="2").json["access_token"]
    with client.session() as channels:
        eventually(lambda: client.ask("GET", "/api/kernels").status == 401)
        assert printed(channels.execute("count 2")) == "0\n1\n"
        client.login()
        with client.channels(channels.kernel) as again:
            assert printed(again.execute("count 1")) == "0\n"


@pytest.mark.parametrize("v1", [True, False], ids=["binary", "default"])
def test_a_cell_runs_over_both_layouts(analyst: RawClient, v1: bool) -> None:
    with analyst.session(v1=v1) as channels:
        answers = channels.execute("count 3")
    assert printed(answers) == "0\n1\n2\n"
    assert only(answers, "execute_reply")["content"]["status"] == "ok"
    assert {message["parent_header"]["session"] for message in answers} == {channels.session}


def test_output_streams_while_the_cell_runs(analyst: RawClient) -> None:
    with analyst.session() as channels:
        request = channels.request("execute_request", {"code": "sleep 3600"})
        channels.until(lambda message: kind(message) == "stream")
        assert analyst.ask("POST", f"/api/kernels/{channels.kernel}/interrupt").status == 204
        assert only(channels.answers(request), "execute_reply")["content"]["ename"] == "KeyboardInterrupt"


def test_an_interrupt_ends_the_cell_and_keeps_the_kernel(analyst: RawClient) -> None:
    with analyst.session() as channels:
        channels.execute("nothing")
        request = channels.request("execute_request", {"code": "sleep 60"})
        channels.until(lambda message: kind(message) == "stream")
        assert analyst.ask("POST", f"/api/kernels/{channels.kernel}/interrupt").status == 204
        assert only(channels.answers(request), "execute_reply")["content"]["ename"] == "KeyboardInterrupt"
        assert only(channels.execute("nothing"), "execute_reply")["content"]["execution_count"] == 3


def test_an_interrupt_by_message_works_too_and_is_answered(analyst: RawClient) -> None:
    with analyst.session() as channels:
        cell = channels.request("execute_request", {"code": "sleep 60"})
        channels.until(lambda message: kind(message) == "stream")
        request = channels.request("interrupt_request", {}, channel="control")
        seen = channels.until(lambda message: kind(message) == "execute_reply")
        assert seen[-1]["parent_header"]["msg_id"] == cell
        reply = only(
            [message for message in seen if message["parent_header"].get("msg_id") == request], "interrupt_reply"
        )
        assert (reply["channel"], reply["content"]) == ("control", {"status": "ok"})


def test_a_restart_gives_a_fresh_kernel_under_the_same_id(odd_enclave: Enclave, analyst: RawClient) -> None:
    with analyst.session() as channels:
        channels.execute("nothing")
        old = {role: children(odd_enclave, role)[-1] for role in ("kernel", "vault", "checker")}
        waiting = channels.request("execute_request", {"code": "sleep 60"})
        channels.until(lambda message: kind(message) == "stream")
        answer = analyst.ask("POST", f"/api/kernels/{channels.kernel}/restart")
        assert (answer.status, answer.json["id"]) == (200, channels.kernel)
        assert only(channels.answers(waiting), "error")["content"]["ename"] == "KernelRestarted"
        assert only(channels.execute("nothing"), "execute_reply")["content"]["execution_count"] == 1
        assert eventually(lambda: not any(process.is_running() for process in old.values()))


def test_a_restart_is_announced(analyst: RawClient) -> None:
    with analyst.session() as channels:
        analyst.ask("POST", f"/api/kernels/{channels.kernel}/restart")
        state = channels.receive()["content"].get("execution_state")
        assert state == "starting", "to Jupyter's clients, restarting is a kernel that died by itself"


@pytest.mark.parametrize("role", ["kernel", "vault", "checker"])
def test_a_killed_process_is_noticed_and_told(odd_enclave: Enclave, analyst: RawClient, role: str) -> None:
    with analyst.session() as channels:
        cell = channels.request("execute_request", {"code": "sleep 60"})
        channels.until(lambda message: kind(message) == "stream")
        children(odd_enclave, role)[-1].kill()
        seen = channels.until(lambda message: message["content"].get("execution_state") == "dead")
        assert f"The session's {role} died (signal 9)" in printed(seen)
        mine = [message for message in seen if message["parent_header"].get("msg_id") == cell]
        assert only(mine, "execute_reply")["content"]["ename"] == "SessionLost"
        only(mine, "error")
        assert only(channels.execute("nothing"), "execute_reply")["content"]["ename"] == "SessionLost"
        assert eventually(lambda: len(descendants(odd_enclave)) == NURSERIES)
        assert analyst.ask("POST", f"/api/kernels/{channels.kernel}/restart").status == 200
        assert only(channels.execute("nothing"), "execute_reply")["content"]["status"] == "ok"


def test_a_checker_that_a_cell_keeps_too_long_ends_its_own_session_alone_and_says_what_to_do(
    odd_enclave: Enclave, analyst: RawClient
) -> None:
    with analyst.session() as other, analyst.session() as channels:
        before = [(each.pid, each.create_time()) for each in children(odd_enclave, "checker")]
        children(odd_enclave, "checker")[-1].send_signal(signal.SIGALRM)
        seen = channels.until(lambda message: message["content"].get("execution_state") == "dead")
        assert "the types of a cell took too long to check; leave that cell out, or split it" in printed(seen)
        assert "Restart the kernel to go on; its variables are gone." in printed(seen)
        assert only(other.execute("nothing"), "execute_reply")["content"]["status"] == "ok"
        assert [(each.pid, each.create_time()) for each in children(odd_enclave, "checker")] == before[:-1]
        assert analyst.ask("POST", f"/api/kernels/{channels.kernel}/restart").status == 200
        assert only(channels.execute("nothing"), "execute_reply")["content"]["status"] == "ok"


def test_a_kernel_that_exits_is_told_with_its_status(analyst: RawClient) -> None:
    with analyst.session() as channels:
        assert "exit status 3" in only(channels.execute("exit 3"), "error")["content"]["evalue"]


def test_ending_a_session_leaves_nothing(odd_enclave: Enclave, analyst: RawClient) -> None:
    with analyst.session("Odd Data") as channels:
        scratch = odd_enclave.state / "scratch" / channels.kernel
        assert scratch.is_dir()
        assert len(descendants(odd_enclave)) == NURSERIES + 3
        assert analyst.ask("DELETE", f"/api/kernels/{channels.kernel}").status == 204
        seen = channels.until(lambda message: message["content"].get("execution_state") == "dead")
        assert "This session is over: it was terminated." in printed(seen)
    assert len(descendants(odd_enclave)) == NURSERIES
    assert not scratch.exists()
    gone = analyst.ask("GET", f"/api/kernels/{channels.kernel}")
    assert (gone.status, gone.json["message"]) == (404, f"Session {channels.kernel} is over: it was terminated.")


def test_a_shutdown_by_message_ends_the_session(odd_enclave: Enclave, analyst: RawClient) -> None:
    with analyst.session() as channels:
        channels.request("shutdown_request", {"restart": False}, channel="control")
        seen = channels.until(lambda message: kind(message) == "shutdown_reply")
        assert "dead" in [message["content"].get("execution_state") for message in seen]
        assert len(descendants(odd_enclave)) == NURSERIES


def test_others_sessions_do_not_exist_to_one(odd_enclave: Enclave, analyst: RawClient) -> None:
    other = RawClient(odd_enclave, "other").login()
    with analyst.session() as channels:
        path = f"/api/kernels/{channels.kernel}"
        tries = [("GET", path), ("DELETE", path), ("POST", f"{path}/interrupt"), ("POST", f"{path}/restart")]
        tries += [("GET", f"/api/sessions/{channels.kernel}"), ("GET", f"/ag/v1/sessions/{channels.kernel}/odometer")]
        assert {other.ask(method, each).status for method, each in tries} == {404}
        assert other.ask("GET", "/api/kernels").json == []
        with pytest.raises(Exception, match="404"), other.channels(channels.kernel):
            pass
        assert only(channels.execute("nothing"), "execute_reply")["content"]["status"] == "ok"


def test_the_operator_sees_every_session_and_can_end_but_not_watch_it(odd_enclave: Enclave, analyst: RawClient) -> None:
    operator = RawClient(odd_enclave, "operator").login()
    with analyst.session() as channels:
        assert channels.kernel in [each["id"] for each in operator.ask("GET", "/api/kernels").json]
        with pytest.raises(Exception, match="403"), operator.channels(channels.kernel):
            pass
        assert operator.ask("DELETE", f"/api/kernels/{channels.kernel}").status == 204


def test_an_analyst_has_so_many_sessions_and_others_still_get_theirs(odd_enclave: Enclave, analyst: RawClient) -> None:
    mine = [analyst.open() for _ in range(6)]
    refused = analyst.ask("POST", "/api/kernels", {})
    assert refused.status == 429
    assert "6 sessions open" in refused.json["message"]
    named = re.findall(r"(\S+) \(all data sets, idle for \d+ s, nobody connected\)", refused.json["message"])
    assert set(named) == set(mine)
    with RawClient(odd_enclave, "other").login().session() as channels:
        channels.execute("nothing")
    for kernel in mine:
        analyst.ask("DELETE", f"/api/kernels/{kernel}")
    analyst.ask("DELETE", f"/api/kernels/{analyst.open()}")


def test_the_vault_hears_of_the_data_set_asked_for_only(odd_enclave: Enclave, analyst: RawClient) -> None:
    with analyst.session("odd_data") as channels:
        settings = analyst.ask("GET", f"/ag/v1/sessions/{channels.kernel}/odometer").json["settings"]
    assert settings["analyst"] == "analyst"
    assert settings["datasets"] == [
        {"name": "Odd Data", "path": str(odd_enclave.state / "datasets" / "odd_data" / "1")}
    ]


def test_a_notebook_is_paired_with_one_kernel(analyst: RawClient) -> None:
    body: Json = {"path": "a.ipynb", "name": "a", "type": "notebook", "kernel": {"name": "antigranular"}}
    first, second = analyst.ask("POST", "/api/sessions", body), analyst.ask("POST", "/api/sessions", body)
    assert (first.status, first.json["kernel"]["id"]) == (201, second.json["kernel"]["id"])
    path = f"/api/sessions/{first.json['id']}"
    assert analyst.ask("PATCH", path, {"path": "b.ipynb"}).json["path"] == "b.ipynb"
    assert [each["path"] for each in analyst.ask("GET", "/api/sessions").json] == ["b.ipynb"]
    assert analyst.ask("PATCH", path, {"path": 1}).status == 400
    assert analyst.ask("DELETE", path).status == 204
    assert analyst.ask("GET", "/api/kernels").json == []


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RawClient]:
    """An enclave with short patience."""
    state = tmp_path_factory.mktemp("hasty")
    put_catalogue(state, "odd_data", "Odd Data")
    sessions = (
        "idle_timeout_seconds = 4\ncell_timeout_seconds = 8\ninterrupt_grace_seconds = 1\ncapacity = 2\nconnections = 2"
    )
    config = CONFIG.replace("[sessions]", f"[sessions]\n{sessions}")
    with running_enclave(state, config=config, command=ODD_COMMAND, environment=ODD_ENVIRONMENT) as enclave:
        yield RawClient(enclave, account=add_user(state, "hasty", "analyst")).login()


def _ends(channels: Channels) -> list[Json]:
    return channels.until(lambda message: message["content"].get("execution_state") == "dead")


def test_an_idle_session_is_ended_and_told_why(hasty: RawClient) -> None:
    with hasty.session() as channels:
        channels.execute("nothing")
        told = printed(_ends(channels))
        assert re.search(r"will be ended in [0-3] seconds; run a cell to keep it", told)
        assert "it was idle for more than 4 seconds" in told
        message = hasty.ask("GET", f"/api/kernels/{channels.kernel}").json["message"]
    assert message == f"Session {channels.kernel} is over: it was idle for more than 4 seconds."


def test_a_kernel_that_talks_unasked_keeps_no_session_open(hasty: RawClient) -> None:
    with hasty.session() as channels:
        channels.execute("babble")
        seen = _ends(channels)
        assert "still here" in printed(seen)
        assert "it was idle for more than 4 seconds" in printed(seen)


def test_a_busy_session_is_not_ended_though_its_client_left(hasty: RawClient) -> None:
    kernel = hasty.open()
    with hasty.channels(kernel, session="s") as channels:
        request = channels.request("execute_request", {"code": "sleep 5"})
        channels.until(lambda message: kind(message) == "stream")
    time.sleep(4.7)
    with hasty.channels(kernel, session="s") as channels:
        assert only(channels.answers(request), "execute_reply")["content"]["status"] == "ok"
    hasty.ask("DELETE", f"/api/kernels/{kernel}")


def test_an_overdue_cell_is_interrupted(hasty: RawClient) -> None:
    with hasty.session() as channels:
        answers = channels.execute("sleep 60")
        assert "ran for more than 8 seconds" in printed(answers)
        assert only(answers, "execute_reply")["content"]["ename"] == "KeyboardInterrupt"


def test_a_cell_that_ignores_the_interrupt_loses_its_kernel(hasty: RawClient) -> None:
    with hasty.session() as channels:
        answers = channels.execute("stubborn 60")
        assert "did not stop when interrupted" in printed(answers)
        assert only(answers, "execute_reply")["content"]["ename"] == "KernelRestarted"
        assert only(channels.execute("nothing"), "execute_reply")["content"]["execution_count"] == 1


def test_a_full_enclave_says_so(hasty: RawClient) -> None:
    with hasty.session(), hasty.session():
        refused = hasty.ask("POST", "/api/kernels", {})
        assert (refused.status, refused.json["message"][:37]) == (503, "All 2 sessions of this enclave are in")


def test_a_session_has_so_many_connections(hasty: RawClient) -> None:
    with hasty.session() as channels, hasty.channels(channels.kernel), pytest.raises(Exception, match="429"):
        hasty.channels(channels.kernel).__enter__()

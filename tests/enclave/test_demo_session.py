"""The whole house: a demo enclave with the real kernel, checker and vault, and one analyst's cells."""

import os
import time
from collections.abc import Iterator

import pytest

from ag_enclave.config import Jail
from ag_enclave.demo.register import NAMES
from ag_enclave.place import address
from ag_enclave.state import State
from tests import warm
from tests.demo_data import demo_state
from tests.enclave.processes import children, eventually
from tests.enclave.raw_client import Json, RawClient, kind, only, printed
from tests.enclave_server import Enclave, running_enclave


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Enclave]:
    rests = "[sessions]\nchecker_rest_seconds = 3\n"
    with running_enclave(demo_state(tmp_path_factory), demo=True, config=rests) as enclave:
        yield enclave


@pytest.fixture
def ann(demo: Enclave) -> RawClient:
    return RawClient(demo).login()


def test_the_ready_file_has_three_accounts_and_all_data_sets(demo: Enclave) -> None:
    assert set(demo.datasets) == set(NAMES)
    for role in ("analyst", "owner", "operator"):
        assert RawClient(demo, role).login().ask("GET", "/api/status").status == 200


def test_a_cell_gets_a_private_answer_and_the_odometer_moves(ann: RawClient) -> None:
    with ann.session("Breast Cancer") as channels:
        result = only(channels.execute('breast_cancer["mean_radius"].mean(eps=2)'), "execute_result")
        mean = float(result["content"]["data"]["text/plain"])
        assert abs(mean - 14.1) < 3  # noise of scale 50 / (426 · 2) on both parts: a false alarm once in 10^9 runs
        (balance,) = ann.ask("GET", f"/ag/v1/sessions/{channels.kernel}/odometer").json["balances"]
    assert balance["dataset"] == "Breast Cancer"
    assert balance["epsilon_spent"] == pytest.approx(2, abs=1e-6)
    assert balance["epsilon_left"] == pytest.approx(18, abs=1e-6)


HALVINGS = """
def halvings(x):
    n = 0
    while x > 1:
        x = x / 2
        n = n + 1
    return n
mapped = breast_cancer["mean_radius"].map(halvings, output_bounds=(0, 10))
"""


def test_a_function_runs_in_a_mapper_as_often_as_it_is_asked_for(ann: RawClient) -> None:
    with ann.session("Breast Cancer") as channels:
        channels.execute(HALVINGS)
        for epsilon in ("0.9", "0.8"):
            result = only(channels.execute(f"mapped.mean(eps={epsilon})"), "execute_result")
            assert 0 <= float(result["content"]["data"]["text/plain"]) <= 10
        assert (
            printed(
                channels.execute("print(mapped.map(lambda n: len(str(n)), output_bounds=(0, 9)).count(eps=0.7) > 0)")
            )
            == "True\n"
        )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may start others' processes")
def test_every_process_of_every_session_is_a_user_of_its_own(demo: Enclave, ann: RawClient) -> None:
    first = Jail().users_first
    with ann.session("Iris") as one, ann.session("Iris") as other:
        children_of = [each for role in ("kernel", "vault", "checker") for each in children(demo, role)]
        users = [child.uids().real for child in children_of]
        assert len(users) == len(set(users)) >= 6
        assert all(first < user < first + Jail().users_count for user in users)
        for channels in (one, other):  # both vaults charge one ledger
            assert only(channels.execute("iris.count(eps=0.01)"), "execute_reply")["content"]["status"] == "ok"
        warm.run("user", "list", "--state", demo.state, check=True)
        assert only(one.execute("iris.count(eps=0.02)"), "execute_reply")["content"]["status"] == "ok"
    for path in (
        demo.state / "ledger" / "ledger.sqlite",
        demo.state / "ledger",
        demo.state / "datasets" / "iris" / "1",
    ):
        if path.suffix != ".sqlite" or not address(State(demo.state)):  # on a server there is no such file
            assert (path.stat().st_gid, path.stat().st_mode & 0o007) == (first, 0), path


def test_state_persists_and_a_restart_clears_it(ann: RawClient) -> None:
    with ann.session() as channels:
        channels.execute("x = 41")
        assert printed(channels.execute("print(x + 1)")) == "42\n"
        assert ann.ask("POST", f"/api/kernels/{channels.kernel}/restart").status == 200
        assert only(channels.execute("print(x)"), "execute_reply")["content"]["status"] == "error"


def test_a_session_left_alone_has_no_checker_and_its_next_cell_has_all_types(demo: Enclave, ann: RawClient) -> None:
    with ann.session() as channels:
        assert only(channels.execute("x = 'a'"), "execute_reply")["content"]["status"] == "ok"
        assert children(demo, "checker")
        assert eventually(lambda: not children(demo, "checker"))
        assert "no attribute" in only(channels.execute("x.uper()"), "error")["content"]["evalue"]
        assert printed(channels.execute("print(x.upper())")) == "A\n"
        (reborn,) = children(demo, "checker")
        reborn.kill()
        seen = channels.until(lambda message: message["content"].get("execution_state") == "dead")
        assert "The session's checker died (signal 9)" in printed(seen)


def test_a_session_whose_checker_rests_can_be_restarted_and_ended(demo: Enclave, ann: RawClient) -> None:
    with ann.session() as channels:
        channels.execute("x = 1")
        assert eventually(lambda: not children(demo, "checker"))
        assert ann.ask("POST", f"/api/kernels/{channels.kernel}/restart").status == 200
        assert only(channels.execute("1"), "execute_reply")["content"]["status"] == "ok"
        assert eventually(lambda: not children(demo, "checker"))
    assert eventually(lambda: not any(children(demo, role) for role in ("kernel", "vault", "checker")))


def test_an_interrupt_stops_a_real_cell_and_keeps_its_variables(ann: RawClient) -> None:
    with ann.session() as channels:
        channels.execute("x = 1")
        request = channels.request("execute_request", {"code": 'print("on")\nwhile True:\n    x += 0'})
        channels.until(lambda message: kind(message) == "stream")
        ann.ask("POST", f"/api/kernels/{channels.kernel}/interrupt")
        assert only(channels.answers(request), "execute_reply")["content"]["ename"] == "KeyboardInterrupt"
        assert printed(channels.execute("print(x)")) == "1\n"


@pytest.mark.parametrize("request_kind", ["kernel_info", "complete", "inspect", "is_complete", "comm_info", "history"])
@pytest.mark.parametrize("v1", [True, False], ids=["binary", "default"])
def test_every_request_that_passes_is_answered(ann: RawClient, request_kind: str, v1: bool) -> None:
    contents: dict[str, Json] = {
        "complete": {"code": "pri", "cursor_pos": 3},
        "inspect": {"code": "print", "cursor_pos": 5, "detail_level": 0},
        "is_complete": {"code": "x = ("},
        "history": {"hist_access_type": "tail", "n": 5, "output": False, "raw": True},
    }
    with ann.session(v1=v1) as channels:
        request = channels.request(f"{request_kind}_request", contents.get(request_kind, {}))
        assert only(channels.answers(request), f"{request_kind}_reply")["content"]["status"] in ("ok", "incomplete")


def test_a_later_session_is_ready_quickly(ann: RawClient) -> None:
    def quick() -> bool:
        began = time.monotonic()
        with ann.session("Iris") as channels:
            channels.execute("1")
            return time.monotonic() - began < 0.5

    assert eventually(quick), "not once, however often it is tried"

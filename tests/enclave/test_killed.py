"""Any process killed at any moment: no orphan, no half charge, no stuck session. Real rooms, real charges; ``make torture`` goes on for long."""

import contextlib
import os
import random
import signal
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ag_enclave.session.nurseries import BREEDS
from ag_vault.ledger import Ledger
from tests import warm
from tests.enclave.people import add_user
from tests.enclave.processes import children, descendants, eventually, nurseries
from tests.enclave.raw_client import RawClient, kind, only, printed
from tests.enclave_server import Enclave, running_enclave

ROUNDS = int(os.environ.get("AG_TORTURE_ROUNDS", "1"))
ROLES = (
    "kernel",
    "vault",
    "nursery of vault",
    *(("checker", "nursery of kernel", "nursery of checker") if ROUNDS > 1 else ()),
)
METADATA = """
description: People.
budget: {epsilon: 100000, delta: 1.0e-6, per_analyst: {epsilon: 90000}, per_call: {epsilon: 10}}
tables: {train: {unit: row, columns: {age: {type: int, lower: 0, upper: 120}}}}
"""
CELL = 'for n in range(1, 5000):\n    people["age"].count(eps=n / 10**6)\n    print(n)'


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("killed")
    (folder / "m.yaml").write_text(METADATA)
    (folder / "people.csv").write_text("age\n" + "\n".join(str(n % 90) for n in range(100)) + "\n")
    words = ["--metadata", "m.yaml", "--table", "train=people.csv", "--state", "state"]
    warm.run("dataset", "add", "People", *words, cwd=folder, check=True)
    return folder / "state"


@pytest.fixture(scope="module")
def enclave(state: Path) -> Iterator[Enclave]:
    with running_enclave(state) as found:
        yield found


@pytest.fixture(scope="module")
def ann(enclave: Enclave) -> RawClient:
    return RawClient(enclave, account=add_user(enclave.state, "ann", "analyst")).login()


def victims(enclave: Enclave, role: str) -> list[psutil.Process]:
    """The session's process of this role, or all nurseries of it."""
    if role.startswith("nursery of "):
        return nurseries(enclave, role.removeprefix("nursery of "))
    return children(enclave, role)


def verified(state: Path) -> int:
    """Charges on disk, each linked to the one before and the balances their sums."""
    ledger = Ledger.at(state / "ledger" / "ledger.sqlite")
    try:
        return ledger.verify()
    finally:
        ledger.close()


@pytest.mark.parametrize("round_", range(ROUNDS))
@pytest.mark.parametrize("role", ROLES)
def test_a_killed_process_ends_its_session_and_no_other(
    enclave: Enclave, ann: RawClient, role: str, round_: int
) -> None:
    chance = random.Random(f"{role} {round_}")
    with ann.session("People") as channels:
        request = channels.request("execute_request", {"code": CELL})
        channels.until(lambda message: kind(message) == "stream")
        time.sleep(chance.random() * 0.3)
        for victim in victims(enclave, role):
            victim.kill()
        seen = channels.until(lambda message: message["content"].get("execution_state") == "dead")
        replies = [m for m in seen if kind(m) == "execute_reply" and m["parent_header"].get("msg_id") == request]
        assert [reply["content"]["ename"] for reply in replies] in (["SessionLost"], ["VaultGone"])
        told = "".join(printed([m]) for m in seen if kind(m) == "stream" and not m["content"]["text"][:1].isdigit())
        assert f"{role.removeprefix('nursery of ')} died" in told or "died" in told
        released = sum(
            printed([m]).count("\n") for m in seen if kind(m) == "stream" and m["content"]["text"][:1].isdigit()
        )
    assert eventually(lambda: not any(children(enclave, each) for each in ("kernel", "vault", "checker")))
    before = verified(enclave.state)
    assert before >= released
    answers(ann)
    assert verified(enclave.state) == before + 1
    assert eventually(lambda: len(descendants(enclave)) <= len(BREEDS) + len(children(enclave, "clerk")))


def answers(analyst: RawClient) -> None:
    """A new session gives a new answer."""
    with analyst.session("People") as channels:
        cell = f'people["age"].count(eps={random.SystemRandom().randrange(1, 10**9)} / 10**12)'
        assert only(channels.execute(cell), "execute_reply")["content"]["status"] == "ok"


def test_many_sessions_killed_at_once_leave_a_working_enclave(enclave: Enclave, ann: RawClient) -> None:
    kernels = [ann.open("People") for _ in range(3)]
    threads = [threading.Thread(target=each.kill) for role in ("kernel", "vault") for each in children(enclave, role)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for kernel in kernels:
        assert eventually(
            lambda kernel=kernel: ann.ask("GET", f"/api/kernels/{kernel}").json["execution_state"] == "dead"
        )
        assert ann.ask("DELETE", f"/api/kernels/{kernel}").status == 204
    answers(ann)
    assert eventually(lambda: len(descendants(enclave)) <= len(BREEDS) + len(children(enclave, "clerk")))


def test_a_killed_gateway_takes_everything_along_and_the_next_one_begins_afresh(
    enclave: Enclave, ann: RawClient
) -> None:
    """The last of this file: the enclave of the others is the one that dies, as often as there are rounds."""
    running = enclave
    with contextlib.ExitStack() as started:
        for round_ in range(ROUNDS):
            ann.enclave = running
            ann.login()
            kernels = [ann.open("People") for _ in range(2)]
            with ann.channels(kernels[0]) as channels:
                channels.request("execute_request", {"code": CELL})
                channels.until(lambda message: kind(message) == "stream")
                everyone = descendants(running)
                time.sleep(random.Random(round_).random() * 0.3)
                running.process.send_signal(signal.SIGKILL)
                running.process.wait()
            assert len(everyone) >= len(BREEDS) + 6
            assert not psutil.wait_procs(everyone, timeout=60)[1]
            verified(enclave.state)
            running = started.enter_context(running_enclave(enclave.state))
            assert list((enclave.state / "scratch").iterdir()) == []
            ann.enclave = running
            ann.context = ssl.create_default_context(cafile=running.ca)
            ann.login()
            assert ann.ask("GET", "/api/kernels").json == []
            assert ann.ask("GET", f"/api/kernels/{kernels[0]}").status == 404
        answers(ann)

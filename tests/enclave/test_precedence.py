"""Long cells let short ones go first: by the numbers, and on a real machine."""

import contextlib
import os
from pathlib import Path

import pytest

from ag_enclave.session.precedence import Precedence
from tests.enclave.people import add_user
from tests.enclave.processes import children, eventually
from tests.enclave.raw_client import RawClient
from tests.enclave_server import Enclave, running_enclave


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_who_computes_stands_back_and_who_is_done_comes_forward() -> None:
    clock = Clock()
    precedence = Precedence(5, clock)

    def after(seconds: float, cpu: float, *, runs: bool) -> bool:
        clock.now += seconds
        return precedence.look(cpu, runs=runs)

    assert not after(0.5, 0.01, runs=True), "a short cell"
    assert after(0.5, 0.30, runs=True), "a long one"
    assert after(0.5, 0.30, runs=True), "it got nothing because others were served"
    assert not after(0.5, 0.30, runs=False), "it is over"
    assert not after(0.01, 0.40, runs=True), "too soon to say"
    assert after(0.49, 0.40, runs=False)
    assert not after(0.5, 0.0, runs=False), "a new kernel"


def test_short_cells_in_a_row_are_no_computing_and_long_ones_are() -> None:
    clock = Clock()
    precedence = Precedence(5, clock)

    def after(seconds: float, cpu: float, cells: int) -> bool:
        clock.now += seconds
        return precedence.look(cpu, runs=False, cells=cells)

    assert not after(0.5, 0.15, cells=100), "a notebook is run from its first cell to its last"
    assert after(0.5, 0.45, cells=103), "three cells of a tenth of a second each"
    assert not after(0.5, 0.45, cells=103), "it is over"
    assert after(0.5, 0.75, cells=203), "so many that they keep a processor"


def test_who_says_what_a_client_waits_for_does_not_stand_back_for_it_and_who_computes_beside_does() -> None:
    clock = Clock()
    precedence = Precedence(5, clock)

    def after(seconds: float, cpu: float, exported: int) -> bool:
        clock.now += seconds
        return precedence.look(cpu, runs=True, exported=exported)

    assert not after(0.5, 0.06, exported=50 << 20), "half of an export of 100 MiB"
    assert not after(0.5, 0.12, exported=100 << 20)
    assert not after(0.5, 0.13, exported=100 << 20)
    assert after(0.5, 0.26, exported=150 << 20), "more than saying it takes"
    assert after(0.5, 0.26, exported=250 << 20), "until its cell is over"


@pytest.mark.skipif(os.geteuid() != 0, reason="priorities are given back by root only")
def test_a_kernel_that_computes_runs_behind_the_others_until_it_is_done(tmp_path: Path) -> None:
    with running_enclave(tmp_path) as enclave:
        _try_on(enclave)
        _crowd(enclave)


def _try_on(enclave: Enclave) -> None:
    client = RawClient(enclave, account=add_user(enclave.state, "ann", "analyst")).login()
    with client.session() as channels:
        kernel = children(enclave, "kernel")[-1].pid
        every = os.sched_getaffinity(0)
        number = channels.request("execute_request", {"code": "while True: pass"})
        assert eventually(lambda: os.getpriority(os.PRIO_PROCESS, kernel) > 0)
        assert eventually(lambda: _of_its_session(kernel) in (None, 15)), (
            "where the host weighs sessions, that is what counts"
        )
        spared = {max(every)} if len(every) >= 4 else set()
        assert os.sched_getaffinity(kernel) == every - spared, "whoever wakes for a moment finds one that nobody keeps"
        assert client.ask("POST", f"/api/kernels/{channels.kernel}/interrupt").status == 204
        assert os.sched_getaffinity(kernel) == every
        assert os.getpriority(os.PRIO_PROCESS, kernel) == 0, "an interrupt is heard at once"
        assert _of_its_session(kernel) in (None, 0)
        channels.answers(number)
        assert eventually(lambda: os.getpriority(os.PRIO_PROCESS, kernel) == 0)


def _crowd(enclave: Enclave) -> None:
    """Who wakes for a moment keeps to the spared processor while others keep all the rest, and no longer."""
    every = os.sched_getaffinity(0)
    spared = {max(every)} if len(every) >= 4 else every
    client = RawClient(enclave, account=add_user(enclave.state, "bob", "analyst")).login()
    others = RawClient(enclave, account=add_user(enclave.state, "cem", "analyst")).login()
    with contextlib.ExitStack() as stack:
        calm = stack.enter_context(client.session())
        calm.execute("pass")
        kernel, checker = (children(enclave, role)[-1].pid for role in ("kernel", "checker"))
        crowd = [stack.enter_context(others.session()) for _ in range(min(4, len(every) - 1))]
        if len(crowd) < len(every) - 1:
            return  # it takes one for each of the others, and an analyst has four
        for channels in crowd:
            channels.request("execute_request", {"code": "while True: pass"})
        assert eventually(lambda: os.sched_getaffinity(kernel) == os.sched_getaffinity(checker) == spared)
        assert calm.execute("1 + 1")[-1]["content"]["execution_state"] == "idle", "and works there"
        others.ask("POST", f"/api/kernels/{crowd[0].kernel}/interrupt")
        assert eventually(lambda: os.sched_getaffinity(kernel) == os.sched_getaffinity(checker) == every)


def _of_its_session(process: int) -> int | None:
    """The niceness of the process's session as a whole; None where the host shares processors among processes."""
    if Path("/proc/sys/kernel/sched_autogroup_enabled").read_text().strip() != "1":
        return None
    assert os.getsid(process) == process
    return int(Path(f"/proc/{process}/autogroup").read_text().split()[-1])

"""What a cell costs beyond its own work: a no-op with 1, 50 and 200 cells of history, against peers in the same run."""

import contextlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from jupyter_client.blocking import BlockingKernelClient

from tests.bench import goals
from tests.bench.enclave import execute, session_in
from tests.bench.gateway_peer import NotInstallable, kernel_gateway
from tests.bench.local_kernel import local_kernel, run_cell
from tests.bench.timing import Timing, interleave, table
from tests.enclave_server import Enclave

HISTORY = goals.HISTORY
LOCAL, OURS, GATEWAY = "local ipykernel", "enclave", "jupyter_kernel_gateway"
POLL_SECONDS = 1.0
Run = Callable[[str], object]


def no_op(enclave: Enclave, folder: Path) -> str:
    """A cell that does nothing, to reply and idle; the history is of cells that define functions and use earlier names."""
    said = []
    with contextlib.ExitStack() as stack:
        local = stack.enter_context(local_kernel())
        session = stack.enter_context(session_in(enclave))
        contestants: dict[str, Run] = {
            LOCAL: lambda cell: run_cell(local, cell),
            OURS: lambda cell: execute(session, cell),
        }
        try:
            gateway = stack.enter_context(kernel_gateway(folder))
            contestants[GATEWAY] = gateway.execute
        except NotInstallable as reason:
            said.append(f"(no figures of jupyter_kernel_gateway: {reason})")
        cells, ours = 0, []
        for wanted in HISTORY:
            for number in range(cells, wanted - 1):
                for run in contestants.values():
                    run(_ordinary(number))
            cells = wanted - 1
            timings = interleave({name: _no_op_of(run) for name, run in contestants.items()}, runs=60)
            ours.append(_noted(wanted, timings))
            said.append(table(f"no-op cell after {wanted} of history, to reply and idle", timings, against=LOCAL))
        goals.note(goals.FLAT, ours[-1] / ours[0])
        said.append(_polled(local, ours[-1]))
    return "\n\n".join(said)


def _noted(cells: int, timings: Mapping[str, Timing]) -> float:
    """Our median, noted beside the peers' of the same run."""
    ours = timings[OURS].median
    goals.note(goals.no_op(cells, goals.LOCAL), ours / timings[LOCAL].median)
    if GATEWAY in timings:
        goals.note(goals.no_op(cells, goals.GATEWAY), ours / timings[GATEWAY].median)
    return ours


def _ordinary(number: int) -> str:
    before = f" + value_{number - 1}" if number else ""
    return f"def f_{number}(x: int) -> int:\n    return x * {number}\nvalue_{number} = f_{number}(2){before} * 0 + {number}"


def _no_op_of(run: Run) -> Callable[[], object]:
    return lambda: run("pass")


def _polled(local: BlockingKernelClient, ours: float) -> str:
    """The same no-op where the client asks once a second whether there is news, as the service's first client did."""

    def ask() -> None:
        number = local.execute("pass")
        while True:
            time.sleep(POLL_SECONDS)
            with contextlib.suppress(Exception):
                while local.get_shell_msg(timeout=0.01)["parent_header"].get("msg_id") != number:
                    pass
                return

    timings = interleave({LOCAL: lambda: run_cell(local, "pass"), "polled once a second": ask}, runs=4, warmup=1)
    goals.note(goals.no_op(HISTORY[-1], goals.POLLING), ours / timings["polled once a second"].median)
    return table("no-op cell, client that polls once a second", timings, against=LOCAL)

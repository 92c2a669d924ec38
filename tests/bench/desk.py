"""What travels between a session and its notebook, against the same through jupyter_kernel_gateway and a plain local ipykernel, in one run.

How long a printed line is on its way, what 100 MB cost out (and, for us, in), and what importing the client adds to IPython.
"""

import contextlib
import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from jupyter_client.blocking import BlockingKernelClient

import antigranular as ag
from antigranular.view import PlainView
from tests.bench import goals
from tests.bench.enclave import session_in
from tests.bench.gateway_peer import NotInstallable, kernel_gateway
from tests.bench.local_kernel import local_kernel
from tests.bench.timing import Timing, table
from tests.enclave.raw_client import Channels, is_idle, kind
from tests.enclave_server import Enclave

LOCAL = "local ipykernel"
GATEWAY = "jupyter_kernel_gateway"
LINES = 40
ITEMS = 100 * (1 << 20) // 8 - 1000
RUNS = 4
PAUSE_SECONDS = 2.0

# The clock is the machine's, so that both ends read the same.
LINES_CELL = f"""
import time
for _ in range({LINES}):
    print(time.monotonic())
    time.sleep(0.02)
"""
MADE = f"import numpy as np\nlarge = np.arange({ITEMS})"
SHOWN = """
_kernel = get_ipython().kernel
_kernel.session.send(_kernel.iopub_socket, "display_data", {"data": {}, "metadata": {}}, parent=_kernel.get_parent(), buffers=[memoryview(large).cast("B")])
"""
"""Jupyter has no exports: the same bytes as a display's buffer are the nearest that it has."""

Delays = Callable[[], list[float]]


class _Clocked(PlainView):
    """How long each line was on its way."""

    def __init__(self) -> None:
        super().__init__()
        self.delays: list[float] = []

    def stream(self, name: str, text: str) -> None:
        now = time.monotonic()
        self.delays += [now - float(line) for line in text.split()]

    def export(self, name: str, value: Any) -> None:
        pass


def _through_enclave(session: ag.Session) -> list[float]:
    view = _Clocked()
    session.execute(LINES_CELL, view=view)
    return view.delays


def _through_gateway(channels: Channels) -> list[float]:
    view = _Clocked()
    asked = channels.request("execute_request", {"code": LINES_CELL, "silent": False})

    def heard(message: Any) -> bool:
        if kind(message) == "stream":
            view.stream("stdout", message["content"]["text"])
        return is_idle(message) and message["parent_header"]["msg_id"] == asked

    channels.until(heard)
    return view.delays


def _through_client(client: BlockingKernelClient) -> list[float]:
    view = _Clocked()

    def heard(message: Any) -> None:
        if message["msg_type"] == "stream":
            view.stream("stdout", message["content"]["text"])

    client.execute_interactive(LINES_CELL, timeout=60, output_hook=heard)
    return view.delays


def _out_of_gateway(channels: Channels) -> Any:
    asked = channels.request("execute_request", {"code": SHOWN, "silent": False})
    seen = channels.until(lambda message: is_idle(message) and message["parent_header"]["msg_id"] == asked, timeout=120)
    return next(_array(message["buffers"]) for message in seen if kind(message) == "display_data")


def _out_of_client(client: BlockingKernelClient) -> Any:
    found = []

    def heard(message: Any) -> None:
        if message["msg_type"] == "display_data":
            found.append(_array(message["buffers"]))

    client.execute_interactive(SHOWN, timeout=120, output_hook=heard)
    return found[0]


def _array(buffers: Any) -> Any:
    return np.frombuffer(bytes(buffers[0]), dtype="int64")


def _out_of_enclave(session: ag.Session) -> Any:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return session.execute("export(large, 'large')").exports["large"]


def streaming_and_exports(enclave: Enclave, folder: Path) -> str:
    """Both tables; what can't be had here is left out, and that is said."""
    said = []
    with contextlib.ExitStack() as stack:
        session = stack.enter_context(session_in(enclave))
        local = stack.enter_context(local_kernel())
        delays: dict[str, Delays] = {
            LOCAL: lambda: _through_client(local),
            "enclave": lambda: _through_enclave(session),
        }
        outs: dict[str, Callable[[], Any]] = {
            LOCAL: lambda: _out_of_client(local),
            "enclave": lambda: _out_of_enclave(session),
        }
        local.execute_interactive(MADE, timeout=60, output_hook=lambda _: None)
        session.execute(MADE)
        try:
            peer = stack.enter_context(kernel_gateway(folder))
            peer.execute(MADE)
            delays[GATEWAY] = lambda: _through_gateway(peer)
            outs[GATEWAY] = lambda: _out_of_gateway(peer)
        except NotInstallable as reason:
            said.append(f"(no figures of {GATEWAY}: {reason})")
        said.append(_streaming(delays))
        outs["enclave, in (private_import)"] = lambda: _into(session)
        said.append(_large(outs))
        said.append(f"  peak memory of the enclave's gateway: {_peak(enclave.process.pid) / 2**20:.0f} MiB")
    return "\n\n".join(said[:-1]) + "\n" + said[-1]


def _into(session: ag.Session) -> Any:
    value = np.arange(ITEMS)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        session.private_import(value, "brought")
    return value


def _streaming(contestants: dict[str, Delays]) -> str:
    found: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(RUNS):
        for name, run in contestants.items():
            found[name] += run()
    timings = {name: Timing(seconds=tuple(seconds)) for name, seconds in found.items()}
    worst = {name: statistics.quantiles(seconds, n=20)[-1] * 1e3 for name, seconds in found.items()}
    told = ", ".join(f"{name} {value:.1f} ms" for name, value in worst.items())
    return f"{table('a printed line, from print to the client', timings, against=LOCAL)}\n  95 in 100 within: {told}"


def _large(contestants: dict[str, Callable[[], Any]]) -> str:
    """In turn, with a pause before each: a session that has just said 100 MB is listened to more slowly for two seconds."""
    found: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(1 + RUNS):
        for name, run in contestants.items():
            time.sleep(PAUSE_SECONDS)
            start = time.perf_counter()
            arrived = run()
            seconds = time.perf_counter() - start
            if len(arrived) != ITEMS or arrived[-1] != ITEMS - 1:
                raise RuntimeError(f"{name} lost a part of it")
            if turn:
                found[name].append(seconds)
    timings = {name: Timing(seconds=tuple(seconds)) for name, seconds in found.items()}
    if GATEWAY in timings:
        goals.note(goals.EXPORT, timings["enclave"].median / timings[GATEWAY].median)
    return table("100 MiB as an array, from the cell's request to the array here", timings, against=LOCAL)


def _peak(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    return next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmHWM"))


def importing() -> str:
    """What the client adds to a process that has IPython already; its bytecode is there, as pip leaves it."""
    source = "import IPython, time; s = time.perf_counter(); c = time.process_time(); import antigranular; print(time.perf_counter() - s, time.process_time() - c)"
    with tempfile.TemporaryDirectory(prefix="ag-bytecode-") as folder:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = folder
        command = [sys.executable, "-c", source]
        runs = [
            subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()
            for _ in range(12)
        ]
    wall, processor = ([float(run[at]) * 1e3 for run in runs[2:]] for at in (0, 1))
    return (
        "import antigranular, beyond IPython's own import; at most 150 ms is wanted\n"
        f"  {statistics.median(wall):.0f} ms ({min(wall):.0f} to {max(wall):.0f}, {len(wall)} runs), of processor time {statistics.median(processor):.0f} ms"
    )

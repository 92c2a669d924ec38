"""Sessions: how soon they are ready, what they keep in memory, how soon an interrupt is heard."""

import statistics
import time
from pathlib import Path

from tests.bench import goals
from tests.bench.timing import Timing, table
from tests.enclave.processes import children
from tests.enclave.raw_client import Channels, RawClient
from tests.enclave_server import Enclave

ROLES = ("kernel", "checker", "vault")
PANDAS_CELLS = [
    "import numpy as np\nimport pandas as pd\nframe = pd.DataFrame({'a': np.arange(1000), 'b': np.arange(1000) % 7})\nframe.head()",
    "frame['c'] = frame['a'] * 2.5\nframe.groupby('b')['c'].agg(['mean', 'std'])",
    "other = pd.DataFrame({'b': range(7), 'name': list('abcdefg')})\nboth = frame.merge(other, on='b')\nboth.sort_values('c').tail()",
    "both.pivot_table(index='name', values='c', aggfunc='sum')",
    "dates = pd.date_range('2024-01-01', periods=1000, freq='h')\nframe.set_index(dates)['c'].resample('D').mean().describe()",
]


def ready(enclave: Enclave) -> str:
    """From a token to the first reply over the channel: session made, websocket open, kernel answering."""
    client = RawClient(enclave).login()
    seconds = []
    for _ in range(12):
        start = time.perf_counter()
        kernel = client.open("Numbers")
        with client.channels(kernel) as channels:
            channels.answers(channels.request("kernel_info_request", {}))
            seconds.append(time.perf_counter() - start)
        client.ask("DELETE", f"/api/kernels/{kernel}")
    timings = {"the first": Timing(seconds=tuple(seconds[:1])), "the others": Timing(seconds=tuple(seconds[1:]))}
    goals.note(goals.READY, timings["the others"].median * 1e3)
    return table(
        "session ready, from the token (session, websocket, kernel's first reply)", timings, against="the others"
    )


def memory(enclave: Enclave) -> str:
    """Memory that only this session uses, by process: after five cells of pandas, and once it was idle for long; and what the next cell takes."""
    client = RawClient(enclave).login()
    with client.session("Numbers") as channels:
        young = _by_role(enclave)
        for cell in PANDAS_CELLS:
            channels.execute(cell)
        used, began = _by_role(enclave), time.monotonic()
        usual = statistics.median(no_ops(channels, 20))
        while children(enclave, "checker"):
            time.sleep(0.1)
        idle, pause = _by_role(enclave), time.monotonic() - began
        (next_one,) = no_ops(channels, 1)
    moments = {"at birth": young, "after five cells": used, f"idle for {pause:.0f} s": idle}
    rows = [
        f"  {role:<8}" + "".join(f" {each.get(role, 0.0):8.1f} MB {moment}" for moment, each in moments.items())
        for role in ROLES
    ]
    rows.append(f"  {'all':<8}" + "".join(f" {sum(each.values()):8.1f} MB {one}" for one, each in moments.items()))
    rows.append(f"  a no-op cell: {usual * 1e3:.1f} ms, the first one after the pause: {next_one * 1e3:.1f} ms")
    goals.note(goals.MEMORY, sum(idle.values()))
    return "\n".join(["unique memory of a session after five cells of pandas", *rows])


def _by_role(enclave: Enclave) -> dict[str, float]:
    return {role: _unique(enclave, role) for role in ROLES if children(enclave, role)}


def _unique(enclave: Enclave, role: str) -> float:
    """Megabytes of pages that no other process shares (unique set size), pages of files among them."""
    pid = children(enclave, role)[-1].pid
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def interrupts(enclave: Enclave) -> str:
    """From the request to interrupt an endless loop to the kernel's idle."""
    client = RawClient(enclave).login()
    seconds = []
    with client.session("Numbers") as channels:
        for _ in range(12):
            number = channels.request("execute_request", {"code": "print('on')\nwhile True: pass"})
            channels.until(lambda message: message["header"]["msg_type"] == "stream")
            start = time.perf_counter()
            client.ask("POST", f"/api/kernels/{channels.kernel}/interrupt")
            channels.answers(number)
            seconds.append(time.perf_counter() - start)
    goals.note(goals.INTERRUPT, max(seconds) * 1e3)
    return table("interrupt to idle", {"endless loop": Timing(seconds=tuple(seconds))}, against="endless loop")


def no_ops(channels: Channels, runs: int) -> list[float]:
    """Seconds of no-op cells, one after the other."""
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        channels.execute("pass")
        seconds.append(time.perf_counter() - start)
    return seconds

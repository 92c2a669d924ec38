"""Sessions: how soon they are ready, what they keep in memory, how soon an interrupt is heard, and a hundred at once."""

import contextlib
import multiprocessing
import statistics
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path

from tests.bench import goals
from tests.bench.timing import Timing, table
from tests.enclave.processes import children
from tests.enclave.raw_client import Channels, RawClient
from tests.enclave_server import Enclave

ROLES = ("kernel", "checker", "vault")
CROWD, BUSY = 100, 20
PANDAS_CELLS = [
    "import numpy as np\nimport pandas as pd\nframe = pd.DataFrame({'a': np.arange(1000), 'b': np.arange(1000) % 7})\nframe.head()",
    "frame['c'] = frame['a'] * 2.5\nframe.groupby('b')['c'].agg(['mean', 'std'])",
    "other = pd.DataFrame({'b': range(7), 'name': list('abcdefg')})\nboth = frame.merge(other, on='b')\nboth.sort_values('c').tail()",
    "both.pivot_table(index='name', values='c', aggfunc='sum')",
    "dates = pd.date_range('2024-01-01', periods=1000, freq='h')\nframe.set_index(dates)['c'].resample('D').mean().describe()",
]
BUSY_CELL = "total = 0\nfor i in range(2_000_000): total += i * i\ntotal"


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
        usual = statistics.median(_no_ops(channels, 20))
        while children(enclave, "checker"):
            time.sleep(0.1)
        idle, pause = _by_role(enclave), time.monotonic() - began
        (next_one,) = _no_ops(channels, 1)
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


def crowd(enclave: Enclave) -> str:
    """A hundred sessions open, twenty of them running cells all the time; a no-op cell in the others meanwhile."""
    client = RawClient(enclave).login()
    with client.session("Numbers") as alone:
        single = _no_ops(alone, 60)
    with _workers(client) as orders, contextlib.ExitStack() as stack:
        start = time.perf_counter()
        everyone = [stack.enter_context(client.session("Numbers")) for _ in range(CROWD)]
        for channels in everyone:
            channels.execute("pass")
        opened = time.perf_counter() - start
        calm = [one for channels in everyone[BUSY:] for one in _no_ops(channels, 2)]
        orders.send([channels.kernel for channels in everyone[:BUSY]])
        orders.recv()
        seconds = [one for channels in everyone[BUSY:] for one in _no_ops(channels, 5)]
        orders.send("stop")
        done = orders.recv()
    timings = {
        "one session alone": Timing(seconds=tuple(single)),
        f"{CROWD} open, none busy": Timing(seconds=tuple(calm)),
        f"{CROWD} open, {BUSY} busy": Timing(seconds=tuple(seconds)),
    }
    goals.note(goals.CROWD, _worst(timings[f"{CROWD} open, {BUSY} busy"]) / statistics.median(single))
    shown = table(f"no-op cell among {CROWD} sessions (opened in {opened:.1f} s)", timings, against="one session alone")
    return f"{shown}\n{_percentiles(timings, statistics.median(single))}\n  {done} busy cells ran meanwhile; 5.0 x is wanted"


def _percentiles(timings: Mapping[str, Timing], median: float) -> str:
    """The 99th percentiles: those without busy cells show what else the machine has to do."""
    rows = []
    for name, timing in timings.items():
        worst = _worst(timing)
        rows.append(f"  99th percentile, {name}: {worst * 1e3:.1f} ms, {worst / median:.1f} x the median alone")
    return "\n".join(rows)


def _worst(timing: Timing) -> float:
    """The 99th percentile."""
    return statistics.quantiles(timing.seconds, n=100)[98]


def _no_ops(channels: Channels, runs: int) -> list[float]:
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        channels.execute("pass")
        seconds.append(time.perf_counter() - start)
    return seconds


@contextlib.contextmanager
def _workers(client: RawClient) -> Iterator[Connection]:
    """A process that keeps sessions busy, so that its own work isn't measured: told which, says when they run, then how many cells ran."""
    forked = multiprocessing.get_context("fork")
    ours, theirs = forked.Pipe()
    process = forked.Process(target=_work, args=(client, theirs))
    process.start()
    try:
        yield ours
    finally:
        process.terminate()
        process.join()


def _work(client: RawClient, orders: Connection) -> None:
    kernels = orders.recv()
    over = threading.Event()
    with contextlib.ExitStack() as stack, ThreadPoolExecutor(len(kernels)) as pool:
        everyone = [stack.enter_context(client.channels(kernel)) for kernel in kernels]
        working = [pool.submit(_run_until, over, channels) for channels in everyone]
        time.sleep(1.0)
        orders.send("running")
        orders.recv()
        over.set()
        orders.send(sum(one.result() for one in working))


def _run_until(over: threading.Event, channels: Channels) -> int:
    """One cell after the other; how many."""
    done = 0
    while not over.is_set():
        channels.execute(BUSY_CELL)
        done += 1
    return done

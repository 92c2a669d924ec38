"""A hundred sessions at once: what a no-op cell takes in one of them while others compute, and what the clients themselves take of the machine."""

import contextlib
import multiprocessing
import os
import statistics
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection

from tests.bench import goals
from tests.bench.direct import direct_session, rest
from tests.bench.sessions import no_ops
from tests.bench.timing import Timing, table
from tests.enclave.raw_client import Channels, RawClient
from tests.enclave_server import Enclave

CROWD, BUSY = 100, 20
BUSY_CELL = "total = 0\nfor i in range(2_000_000): total += i * i\ntotal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meanwhile:
    """What no-op cells took while others computed, how many cells these ran, and the clients' processor time for each second that passed."""

    seconds: tuple[float, ...]
    cells: int
    clients: float


def crowd(enclave: Enclave) -> str:
    """A hundred sessions open, twenty of them running cells all the time; a no-op cell in the others meanwhile."""
    client = RawClient(enclave).login()
    with direct_session(client, "Numbers") as alone:
        alone.execute("pass")  # as in the crowd: the first one also waits for its kernel's beginning
        single = no_ops(alone, 60)
    with _workers(client) as orders, contextlib.ExitStack() as stack:
        start = time.perf_counter()
        everyone = [stack.enter_context(direct_session(client, "Numbers")) for _ in range(CROWD)]
        for channels in everyone:
            channels.execute("pass")
        opened = time.perf_counter() - start
        rest(everyone)
        calm = [one for channels in everyone[BUSY:] for one in no_ops(channels, 2)]
        meanwhile = _meanwhile(orders, everyone)
    timings = {
        "one session alone": Timing(seconds=tuple(single)),
        f"{CROWD} open, none busy": Timing(seconds=tuple(calm)),
        f"{CROWD} open, {BUSY} busy": Timing(seconds=meanwhile.seconds),
    }
    goals.note(goals.CROWD, _worst(timings[f"{CROWD} open, {BUSY} busy"]) / statistics.median(single))
    shown = table(f"no-op cell among {CROWD} sessions (opened in {opened:.1f} s)", timings, against="one session alone")
    share = meanwhile.clients / (os.cpu_count() or 1)
    clients = f"the clients took {share:.0%} of the processors"
    rows = _percentiles(timings, statistics.median(single))
    return f"{shown}\n{rows}\n  {meanwhile.cells} busy cells ran meanwhile, {clients}; 5.0 x is wanted"


def _meanwhile(orders: Connection, everyone: Sequence[Channels]) -> Meanwhile:
    """Have some of them run cells all the time, and time no-op cells in the others."""
    orders.send([channels.kernel for channels in everyone[:BUSY]])
    orders.recv()
    rest(everyone)
    start, mine = time.perf_counter(), time.process_time()
    seconds = [one for channels in everyone[BUSY:] for one in no_ops(channels, 5)]
    passed, mine = time.perf_counter() - start, time.process_time() - mine
    orders.send("stop")
    cells, theirs = orders.recv()
    return Meanwhile(seconds=tuple(seconds), cells=cells, clients=mine / passed + theirs)


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


@contextlib.contextmanager
def _workers(client: RawClient) -> Iterator[Connection]:
    """A process that keeps sessions busy, so that its own work isn't measured: told which, says when they run, then how many cells ran
    and its own processor time for each second that passed.
    """
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
        time.sleep(1.0)  # their cells have begun
        start, mine = time.perf_counter(), time.process_time()
        orders.send("running")
        orders.recv()
        share = (time.process_time() - mine) / (time.perf_counter() - start)
        over.set()
        orders.send((sum(one.result() for one in working), share))


def _run_until(over: threading.Event, channels: Channels) -> int:
    """One cell after the other; how many."""
    done = 0
    while not over.is_set():
        channels.execute(BUSY_CELL)
        done += 1
    return done

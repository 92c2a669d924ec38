"""Pages of the console over a log of 1e5 entries, and what verifying it all makes others wait; from the request to the last byte, on this host."""

import asyncio
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ag_enclave.clerk import Clerk
from ag_enclave.config import Config
from ag_enclave.session.nurseries import Nurseries
from ag_enclave.state import open_state
from ag_vault.account import Event
from tests.bench.timing import Timing, interleave, table
from tests.enclave.test_console import Browser
from tests.enclave_server import COMMAND, running_enclave
from tests.vault.long_log import HOUR, fill

ENTRIES = 100_000
WANTED = 200
EVENT = Event(mechanism="discrete Laplace", epsilon=Fraction(1, 1000))
PAGES = {
    "overview": "/console",
    "a data set": "/console/datasets/Clinic",
    "analysts": "/console/analysts",
    "log, newest": "/console/log",
    "log, of one analyst": "/console/log?actor=analyst+7",
    "log, oldest of one analyst": "/console/log?actor=analyst+7&before=3000",
    "log, of one who did nothing": "/console/log?actor=nobody",
    "log, of a data set": "/console/log?subject=Clinic",
    "log, decisions": "/console/log?action=cap",
}


def books() -> str:
    """Both tables."""
    with tempfile.TemporaryDirectory(prefix="ag-books-") as name:
        state = Path(name)
        begin = int(time.time() / 3600 - 24 * 35) * HOUR
        ledger = open_state(state).ledger
        fill(ledger, ENTRIES, EVENT, begin=begin, hours=24 * 35)
        with running_enclave(state, command=COMMAND, demo=True) as enclave:
            visitor = Browser(enclave)
            visitor.login(enclave.accounts["owner"])
            found = interleave({name: _opener(visitor, path) for name, path in PAGES.items()}, runs=15)
        waiting = asyncio.run(_verifying(state))
    title = f"pages of the console over {ENTRIES:,} entries of the log, one visitor (at most {WANTED} ms is wanted)"
    return f"{table(title, found, against='log, newest')}\n\n{waiting}"


def _opener(visitor: Browser, path: str) -> Callable[[], object]:
    def opened() -> None:
        answer = visitor.get(quote(path, safe="/?=&+"))
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status}")

    return opened


async def _verifying(state: Path) -> str:
    """How long another question waits for its answer while the whole log is verified, against a clerk that has nothing else to do."""
    nurseries = await Nurseries(config=Config(), state=open_state(state)).warm_clerk()
    clerk = Clerk(nurseries.clerk)
    try:
        await clerk.start()
        alone = [await _timed(clerk) for _ in range(50)]
        begin = time.perf_counter()
        verifying: asyncio.Task[Any] = asyncio.create_task(clerk.verify())
        beside = []
        while not verifying.done():
            beside.append(await _timed(clerk))
        took = time.perf_counter() - begin
        count = (await verifying)["entries"]
    finally:
        clerk.close()
        await nurseries.close()
    timings = {"alone": Timing(seconds=tuple(alone)), "while all is verified": Timing(seconds=tuple(beside))}
    return table(f"a question about caps ({count:,} entries are verified in {took:.1f} s)", timings, against="alone")


async def _timed(clerk: Clerk) -> float:
    begin = time.perf_counter()
    await clerk.caps()
    return time.perf_counter() - begin


if __name__ == "__main__":
    print(books())

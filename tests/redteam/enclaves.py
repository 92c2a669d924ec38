"""Two enclaves for the campaign, one with policy and types and one without, and fronts on them side by side."""

import contextlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from tests.enclave.people import add_user
from tests.enclave_server import Enclave, running_enclave
from tests.redteam.campaign import Class
from tests.redteam.front import Front, front
from tests.redteam.planted import Secrets, register

ROOT = Path(__file__).resolve().parents[2]
UNGUARDED = "tests.redteam.serve_unguarded"
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
CONFIG = """
[sessions]
capacity = 64
cell_timeout_seconds = 8
cell_cpu_seconds = 3
interrupt_grace_seconds = 1
checker_rest_seconds = 0
[wire]
export_bytes = 8388608
[kernel]
memory_bytes = 536870912
cell_messages = 4000
messages_per_second = 4000
"""


def add_analyst(state: Path, user_id: str) -> dict[str, str]:
    """One more account."""
    return add_user(state, user_id, "analyst")


@contextlib.contextmanager
def battlefield(state: Path, *, guarded: bool) -> Iterator[tuple[Enclave, Secrets]]:
    """An enclave with the planted data set."""
    secrets = register(state)
    command = "ag_enclave" if guarded else UNGUARDED
    with running_enclave(state, config=CONFIG, command=command, environment=ENVIRONMENT) as enclave:
        yield enclave, secrets


def lead_all(
    enclave: Enclave, secrets: Secrets, wanted: list[Class], *, guarded: bool, fronts: int, tell: Callable[[str], None]
) -> dict[str, dict[str, str]]:
    """Every class on one of so many fronts side by side: class → attack → what was breached."""
    accounts = [add_analyst(enclave.state, f"attacker-{number}") for number in range(fronts)]
    with contextlib.ExitStack() as stack:
        free: SimpleQueue[Front] = SimpleQueue()
        for account in accounts:
            free.put(stack.enter_context(front(enclave, account, secrets, guarded=guarded)))

        def lead(attacks: Class) -> dict[str, str]:
            mine = free.get()
            try:
                mine.renew()
                results = mine.lead(attacks)
            finally:
                free.put(mine)
            for name, breach in results.items():
                if breach:
                    tell(f"{attacks.name} · {name}: {breach}")
            return results

        with ThreadPoolExecutor(fronts) as pool:
            return dict(zip((one.name for one in wanted), pool.map(lead, wanted), strict=True))

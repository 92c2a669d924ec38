"""No row is ever in the process that runs guest code: its whole memory is searched for planted ones."""

import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ag_sandbox.nursery import Grants, Nursery
from tests.kernel.memory import occurrences
from tests.kernel.notebook import House, Notebook

ROWS = 4000
WHOLE, REAL = bytes.fromhex("a7e35b4a9d"), bytes.fromhex("c9b15d7e87")
"""The lowest five bytes of every planted number. The upper ones differ, so that no statistic comes as near to a row as that."""

NEEDLES = {
    "whole numbers": WHOLE,
    "real numbers": REAL,
    "texts": b"planted-with-the-row-",
}
METADATA = """
description: Rows that are easy to find.
budget: {epsilon: 1000, delta: 1.0e-6, per_analyst: {epsilon: 1000}, per_call: {epsilon: 100}}
tables:
  train:
    unit: row
    columns:
      whole: {type: int, lower: 0, upper: 5000000000000000}
      real: {type: float, lower: 1000, upper: 2100}
      text: {type: str}
      kind: {type: str, categories: [a, b]}
"""
CELLS = (
    "planted.describe(eps=1)",
    "planted['real'].mean(eps=1) + planted['whole'].sum(eps=1)",
    "counts, edges = planted['real'].hist(eps=1, bins=10)",
    "planted[planted['text'] != 'nobody'].count(eps=1)",
    "planted.groupby('kind').mean(eps=1)",
    "kept = planted[planted['real'] > 1]\nkept['real'].median(eps=1)",
    "export(planted.mean(eps=1), 'means')\nprint(planted['real'].quantile(0.5, eps=1))",
    "planted['real'].no_such_thing",
)


def whole(row: int) -> int:
    return int.from_bytes(WHOLE + struct.pack("<H", row) + b"\x00", "little")


def real(row: int) -> float:
    """Between 1024 and 2048: the exponent is fixed, the upper bits of the fraction are the row's number."""
    return float(struct.unpack("<d", REAL + struct.pack("<H", row)[:1] + struct.pack("<H", 0x4090 + (row >> 8)))[0])


def rows() -> pd.DataFrame:
    numbers = range(ROWS)
    return pd.DataFrame(
        {
            "whole": [whole(row) for row in numbers],
            "real": [real(row) for row in numbers],
            "text": [f"planted-with-the-row-{row}" for row in numbers],
            "kind": ["a" if row % 3 else "b" for row in numbers],
        }
    )


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state directory with the data set, made by the real loader in a process of its own."""
    state = tmp_path_factory.mktemp("state")
    (state / "ledger").mkdir()
    (state / "scratch").mkdir()
    (state / "metadata.yaml").write_text(METADATA)
    rows().to_csv(state / "train.csv", index=False)
    command = [sys.executable, "-m", "ag_vault.load", "--name", "Planted", "--metadata", str(state / "metadata.yaml")]
    command += ["--out", str(state / "planted"), "--table", f"train={state / 'train.csv'}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return state


def settings(state: Path) -> dict[str, Any]:
    return {
        "session": "test",
        "analyst": "ada",
        "datasets": [{"name": "Planted", "path": str(state / "planted")}],
        "ledger": str(state / "ledger" / "ledger.sqlite"),
        "schedule": "immediate",
        "scratch_budget": 100.0,
        "scratch": str(state / "scratch"),
        "memory_bytes": 1 << 30,
        "threads": 1,
    }


@dataclass(frozen=True)
class Session:
    """A notebook and the numbers of the two processes that are searched."""

    notebook: Notebook
    kernel: int
    vault: int


@pytest.fixture(scope="module")
def vaults(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    log = tmp_path_factory.mktemp("vaults") / "vault.log"
    with Nursery.start(profile="vault", entry="ag_vault.serve:main", preload=("ag_vault.serve",), log=log) as started:
        yield started


@pytest.fixture
def session(house: House, vaults: Nursery, state: Path) -> Iterator[Session]:
    """Kernel, checker and vault from nurseries, in the jails they have in an enclave."""
    kernels_plan, vaults_plan = socket.socketpair()
    control, vaults_control = socket.socketpair()
    grants = Grants(
        read=(state / "planted",),
        write=(state / "ledger", state / "scratch"),
        memory_bytes=2 << 30,
        processes=64,
        cpu_seconds=None,
        file_bytes=1 << 30,
    )
    sockets = {"plan": vaults_plan, "control": vaults_control}
    with vaults.spawn(sockets=sockets, settings=settings(state), grants=grants) as vault:
        vaults_plan.close()
        vaults_control.close()
        with control, Notebook(house, kernels_plan) as notebook:
            yield Session(notebook=notebook, kernel=notebook.kernel.pid, vault=vault.pid)


def search(pid: int) -> dict[str, int]:
    try:
        return occurrences(pid, NEEDLES)
    except PermissionError:
        pytest.skip("only root may read the memory of a jailed process")


def test_no_planted_row_is_in_the_kernel_and_the_vault_has_them(session: Session) -> None:
    nothing = dict.fromkeys(NEEDLES, 0)
    assert search(session.kernel) == nothing
    seen_in_vault = dict.fromkeys(NEEDLES, 0)
    for cell in CELLS:
        ran = session.notebook.run(cell)
        assert ran.fault is None or "no_such_thing" in ran.trace, ran.trace
        assert search(session.kernel) == nothing
        if not all(seen_in_vault.values()):
            for name, count in search(session.vault).items():
                seen_in_vault[name] = max(seen_in_vault[name], count)
    assert [name for name, count in seen_in_vault.items() if not count] == []


def test_no_planted_row_is_in_the_kernel_while_a_cell_runs(session: Session) -> None:
    search(session.kernel)  # where that can't be done, skip before a cell runs that somebody would have to stop
    number = session.notebook.send("execute_request", {"code": "while True:\n    planted.describe(eps=0.001)"})
    assert [search(session.kernel) for _ in range(3)] == [dict.fromkeys(NEEDLES, 0)] * 3
    session.notebook.interrupt()
    assert session.notebook.collect(number).fault["ename"] == "KeyboardInterrupt"


def test_the_search_finds_in_the_kernel_what_is_there(session: Session) -> None:
    session.notebook.run("mine = 'planted-with-' + 'the-row-' + str(7)")
    assert search(session.kernel)["texts"] > 0
    session.notebook.run(f"import numpy as np\narray = np.full(10, {whole(5)})")
    assert search(session.kernel)["whole numbers"] >= 10

"""A real vault in a process of its own over tables of the test's: loaded by the loader, charged in a ledger on disk."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from ag_plan.messages import AskOdometer, Balance, Odometer
from op_pandas.vault import SocketVault, ask

HERE = Path(__file__).parent


@contextmanager
def served(home: Path, metadata: str, tables: Mapping[str, pd.DataFrame]) -> Iterator[SocketVault]:
    """The vault of a data set "Clinic" with these private tables."""
    (home / "metadata.yaml").write_text(metadata)
    words = ["--name", "Clinic", "--metadata", str(home / "metadata.yaml"), "--out", str(home / "clinic")]
    for key, frame in tables.items():
        frame.to_csv(home / f"{key}.csv", index=False)
        words += ["--table", f"{key}={home / key}.csv"]
    loaded = subprocess.run(
        [sys.executable, "-m", "ag_vault.load", *words], capture_output=True, text=True, check=False
    )
    assert loaded.returncode == 0, loaded.stdout + loaded.stderr
    (ours, theirs), (control, their_control) = socket.socketpair(), socket.socketpair()
    settings = {
        "session": "s",
        "analyst": "a",
        "datasets": [{"name": "Clinic", "path": str(home / "clinic")}],
        "ledger": str(home / "ledger.sqlite"),
        "schedule": "immediate",
    }
    descriptors = (theirs.fileno(), their_control.fileno())
    command = [sys.executable, str(HERE / "vault_process.py"), *map(str, descriptors), json.dumps(settings)]
    with subprocess.Popen(command, pass_fds=descriptors) as process:
        theirs.close()
        their_control.close()
        yield SocketVault(ours)
        ours.close()
        control.close()
        process.wait(10)


def odometer(vault: SocketVault) -> tuple[Balance, ...]:
    """What was spent so far, on every data set."""
    return ask(vault, AskOdometer(id=0), Odometer).balances

"""A real vault in a process of its own over tables of the test's: loaded by the loader, charged in a ledger on disk."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

import pandas as pd

from ag_plan.messages import AskOdometer, Balance, Odometer
from ag_vault.load import main as load
from op_pandas.vault import SocketVault, ask
from tests.private_pandas.vault_process import running_vault


@contextmanager
def served(home: Path, metadata: str, tables: Mapping[str, pd.DataFrame]) -> Iterator[SocketVault]:
    """The vault of a data set "Clinic" with these private tables."""
    (home / "metadata.yaml").write_text(metadata)
    words = ["--name", "Clinic", "--metadata", str(home / "metadata.yaml"), "--out", str(home / "clinic")]
    for key, frame in tables.items():
        frame.to_csv(home / f"{key}.csv", index=False)
        words += ["--table", f"{key}={home / key}.csv"]
    with redirect_stdout(io.StringIO()) as told:
        assert load(words) == 0, told.getvalue()
    settings = {
        "session": "s",
        "analyst": "a",
        "datasets": [{"name": "Clinic", "path": str(home / "clinic")}],
        "ledger": str(home / "ledger.sqlite"),
        "schedule": "immediate",
    }
    with running_vault(settings) as vault:
        yield vault


def odometer(vault: SocketVault) -> tuple[Balance, ...]:
    """What was spent so far, on every data set."""
    return ask(vault, AskOdometer(id=0), Odometer).balances

"""A whole enclave with the benchmark's data, and quiet sessions in it."""

import contextlib
import io
import subprocess
from collections.abc import Iterator
from pathlib import Path

import antigranular as ag
from antigranular.session import Session
from tests.bench.data import write_numbers
from tests.enclave_server import COMMAND, Enclave, running_enclave

DATASET = "Numbers"
SETTINGS = "[sessions]\ncapacity = 110\nper_analyst = 110\n"


@contextlib.contextmanager
def enclave_with(folder: Path, *, rows: int, schedule: str) -> Iterator[Enclave]:
    """Serve the numbers with one analyst, on the demo's accounts; ``schedule`` as in ``enclave.toml``."""
    state = folder / f"state-{schedule}"
    parquet, metadata = write_numbers(folder / "files", rows)
    add = [*COMMAND, "dataset", "add", DATASET, "--state", str(state), "--metadata", str(metadata)]
    done = subprocess.run([*add, "--table", f"numbers={parquet}"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    with running_enclave(
        state, command=COMMAND, demo=True, config=f'{SETTINGS}[vault]\nschedule = "{schedule}"\nthreads = 4\n'
    ) as enclave:
        yield enclave


@contextlib.contextmanager
def session_in(enclave: Enclave, dataset: str = DATASET) -> Iterator[Session]:
    """A session of the analyst, whose login prints nothing."""
    session = start_session(enclave, dataset)
    try:
        yield session
    finally:
        session.terminate_session()


def start_session(enclave: Enclave, dataset: str = DATASET) -> Session:
    """Log in as the analyst."""
    account = enclave.accounts["analyst"]
    with contextlib.redirect_stdout(io.StringIO()):
        return ag.login(account["user_id"], account["user_secret"], dataset=dataset, url=enclave.url, ca=enclave.ca)


def execute(session: Session, source: str) -> None:
    """Run a cell; what it shows, such as its cost, is received and not printed."""
    with contextlib.redirect_stdout(io.StringIO()):
        session.execute(source)

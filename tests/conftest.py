"""What holds for every test: an interrupt raises KeyboardInterrupt, also where whoever started the run had it ignored (as shells do behind ``&``);
examples that hypothesis finds are the same at every run, and none fails because the machine is busy."""

import atexit
import gc
import os
import resource
import signal
import tempfile
from pathlib import Path

import hypothesis
import pytest
from hypothesis.internal.conjecture import providers

from ag_sandbox import host
from tests import cluster

signal.signal(signal.SIGINT, signal.default_int_handler)

hypothesis.settings.register_profile(
    "steady", deadline=None, derandomize=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
if hypothesis.settings.get_current_profile_name() == "default":
    hypothesis.settings.load_profile("steady")
# Numbers and texts of whatever modules a worker happens to have loaded: with them, examples would depend on which tests ran before.
providers._get_local_constants = lambda: providers._local_constants

gc.disable()  # until all is imported: little of that is garbage


def pytest_collection_finish() -> None:
    """What is there by now stays, and need not be searched for garbage each time."""
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)
    gc.enable()


def pytest_configure(config: pytest.Config) -> None:
    """The folder of the run's database server, which its workers inherit."""
    if not hasattr(config, "workerinput"):
        folder = Path(tempfile.mkdtemp(prefix="ag-", dir="/tmp"))  # a socket's path must be short
        folder.chmod(0o755)
        os.environ[cluster.FOLDER] = f"{folder}:{os.getpid()}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """What the run cost, which the clock doesn't tell on a busy machine: of all processes that ended and were waited for. Where tests failed, what they may lack."""
    if not hasattr(config, "workerinput"):
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        seconds = sum(each.ru_utime + each.ru_stime for each in used)
        terminalreporter.write_line(f"{seconds / 60:.1f} minutes of processor time")
        if {"failed", "error"} & terminalreporter.stats.keys():
            missing = [each for each in host.report() if each.needed and not each.present]
            for each in missing[:1]:
                said = f"This host can't hold an enclave: {each.name}: {each.meaning}; ag-enclave doctor says more"
                terminalreporter.write_line(said)


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the server, if one was asked for."""
    if not hasattr(config, "workerinput"):
        cluster.stop()


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new ledger may be, on either database."""
    return str(tmp_path / "ledger.sqlite") if request.param == "SQLite" else cluster.database()

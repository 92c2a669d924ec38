"""A whole enclave for tests: ``ag-enclave serve`` as a process of its own, and what its ready file says.

Knows the command line and the ready file; nothing of what is inside.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from tests import warm

Server: TypeAlias = "subprocess.Popen[bytes] | warm.Process"
_READY_SECONDS = 300.0
_END_SECONDS = 120.0
DATABASE = "AG_TEST_DATABASE"
"""The variable that puts accounts and ledger of every enclave that tests start on PostgreSQL (``postgresql``); in files without it."""
COMMAND = (sys.executable, "-m", "ag_enclave")


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclave:
    """A running enclave. ``accounts``: role → ``user_id`` and ``user_secret``."""

    url: str
    ca: str
    accounts: Mapping[str, Mapping[str, str]]
    datasets: Sequence[str]
    state: Path
    process: Server

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.url.rpartition(":")[2])

    def output(self) -> str:
        """What it has said so far, on stdout and stderr."""
        return (self.state / "serve.out").read_text()


@contextlib.contextmanager
def running_enclave(
    state: Path,
    *,
    demo: bool = False,
    config: str = "",
    command: Sequence[str] | str = "ag_enclave",
    environment: Mapping[str, str] | None = None,
) -> Iterator[Enclave]:
    """Serve from ``state`` until the block ends. ``config``: TOML text. Other ``command``s start other rooms behind the gateway.

    A module's name is run by a child of a process that has imported what it will, a list of words by a process that begins anew.
    """
    state.mkdir(parents=True, exist_ok=True)
    ready = state / "ready.json"
    ready.unlink(missing_ok=True)  # of an enclave that was killed
    arguments = [
        "serve",
        "--state",
        str(state),
        "--port",
        "0",
        "--ready-file",
        str(ready),
        *(["--demo"] if demo else []),
    ]
    config = _on_server(state, config) if os.environ.get(DATABASE) == "postgresql" else config
    if config:
        (state / "enclave.toml").write_text(config)
        arguments += ["--config", str(state / "enclave.toml")]
    with (state / "serve.out").open("wb") as output:
        process: Server = (
            warm.start(command, arguments, output=output, errors=output, environment=environment)
            if isinstance(command, str)
            else subprocess.Popen([*command, *arguments], stdout=output, stderr=output, env=environment)
        )
    try:
        content = _await_ready(process, ready, state / "serve.out")
        yield Enclave(state=state, process=process, **content)
    finally:
        stop(process)


def _on_server(state: Path, config: str) -> str:
    """The settings with a database of the run's PostgreSQL server, unless they, or what is in the state directory already, say where accounts and ledger are."""
    if "[state]" in config or (state / "accounts.sqlite").exists():
        return config
    mine = state / "database.of"
    said = mine.read_text().split() if mine.exists() else []
    if said[:1] != [str(state)]:  # a copy of another enclave's directory: its database is that one's
        for path in (state / "database.url", *(state / "audit").glob("*")):
            path.unlink(missing_ok=True)
        from tests import cluster  # the front ends' Python has no driver, and asks for no server

        said = [str(state), cluster.database()]
        mine.write_text(" ".join(said))
    address = said[1]
    return f'{config}\n[state]\ndatabase_url = "{address}"\n'


def stop(process: Server) -> int:
    """End the server as its operator would; its exit status."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        return process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise


def _await_ready(process: Server, ready: Path, output: Path) -> dict[str, Any]:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the enclave did not start: {output.read_text()}")
        if ready.exists():
            content: dict[str, Any] = json.loads(ready.read_text())
            return content
        time.sleep(0.02)
    raise TimeoutError(f"the enclave was not ready in time: {output.read_text()}")

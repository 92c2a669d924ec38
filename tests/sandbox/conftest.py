"""Nurseries of every profile whose children run what a test sends them."""

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ag_sandbox.nursery import Child, Grants, Nursery

A_USER = 1_090_000_000
"""A number that nobody on the host has; those after it likewise."""
GUESTS = Path(__file__).parent / "guests"
PRELOAD = {"kernel": ("numpy", "pandas", "matplotlib.pyplot"), "vault": ("opendp.prelude",)}
"""Imported before the first birth. matplotlib must be: its cache of fonts wants a directory that a locked child doesn't have."""


@dataclass
class Guest:
    """A locked child and the test's end of its channel."""

    child: Child
    line: socket.socket

    def run(self, code: str, timeout: float = 20.0) -> str:
        """What the code left in ``answer``, or the error it ended with; "died" where the process did."""
        self.line.settimeout(timeout)
        try:
            self.line.sendall(code.encode())
            reply = self.line.recv(1 << 20)
        except (BrokenPipeError, ConnectionResetError):
            reply = b""
        return json.loads(reply) if reply else "died"

    def close(self) -> None:
        self.line.close()
        self.child.close()


@dataclass
class Nurseries:
    """Started when first asked for, one per profile."""

    log: Path
    running: dict[str, Nursery] = field(default_factory=dict)
    guests: list[Guest] = field(default_factory=list)

    def __getitem__(self, profile: str) -> Nursery:
        if profile not in self.running or not self.running[profile].alive():
            self.running[profile] = start(profile, log=self.log)
        return self.running[profile]

    def guest(self, profile: str = "kernel", settings: dict | None = None, **grants: object) -> Guest:
        ours, theirs = socket.socketpair()
        with theirs:
            child = self[profile].spawn(
                sockets={"channel": theirs},
                settings=settings or {},
                grants=Grants(**{"memory_bytes": 1 << 30, **grants}),
            )
        self.guests.append(Guest(child, ours))
        return self.guests[-1]


def start(profile: str, log: Path | None = None, entry: str = "hostile:main", **others: object) -> Nursery:
    others.setdefault("user", A_USER)
    return Nursery.start(profile=profile, entry=entry, preload=PRELOAD.get(profile, ()), log=log, **others)


@pytest.fixture(scope="session", autouse=True)
def _guests_can_be_found() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(GUESTS))
        yield


@pytest.fixture(scope="session")
def all_nurseries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nurseries]:
    found = Nurseries(tmp_path_factory.mktemp("nursery") / "log")
    yield found
    for nursery in found.running.values():
        nursery.close()


@pytest.fixture
def nurseries(all_nurseries: Nurseries) -> Iterator[Nurseries]:
    yield all_nurseries
    while all_nurseries.guests:
        all_nurseries.guests.pop().close()

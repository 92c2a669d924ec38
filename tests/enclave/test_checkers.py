"""When a session's checker is born again, and when it is not: real processes that end as they are told, and a real socket."""

import asyncio
import contextlib
import os
import socket
import subprocess
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ag_enclave.errors import SessionLost
from ag_enclave.session.checkers import follow


class Process:
    """A process that ends at once, as the gateway holds a child."""

    def __init__(self, status: int) -> None:
        self._process = subprocess.Popen(["/bin/sh", "-c", f"exit {status}"])
        self.pidfd = os.pidfd_open(self._process.pid)

    def wait(self, timeout: float) -> int:
        return self._process.wait(timeout)

    def close(self) -> None:
        os.close(self.pidfd)


class Births:
    """Bears processes that end with these statuses, then fails."""

    def __init__(self, *statuses: int) -> None:
        self.left = list(statuses)
        self.born = 0

    async def __call__(self) -> Any:
        if not self.left:
            raise OSError("the host forks no more")
        self.born += 1
        return Process(self.left.pop(0))


def followed(first: int, births: Births, talk: Callable[[socket.socket], Awaitable[None]]) -> dict[str, Any]:
    """The children that are left when following has ended; ``talk`` is the kernel."""
    children: dict[str, Any] = {"checker": Process(first)}

    async def both() -> None:
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        with ours:
            following = asyncio.create_task(follow(children, theirs, births))
            await talk(ours)
            await asyncio.wait_for(following, 30)

    asyncio.run(both())
    return children


async def hangs_up(kernel: socket.socket) -> None:
    kernel.shutdown(socket.SHUT_WR)


async def asks(kernel: socket.socket) -> None:
    await asyncio.sleep(0.1)
    with contextlib.suppress(BrokenPipeError):  # the gateway's end may be closed by then
        kernel.sendall(b"a question")


def test_a_kernel_that_hangs_up_gets_no_other_checker() -> None:
    births = Births(0, 0)
    assert followed(0, births, hangs_up) == {}
    assert births.born == 0


def test_one_is_born_per_rest_and_only_when_something_was_said() -> None:
    births = Births(3)

    async def waits_and_asks(kernel: socket.socket) -> None:
        await asyncio.sleep(0.2)
        assert births.born == 0
        kernel.sendall(b"a question")

    assert list(followed(0, births, waits_and_asks)) == ["checker"], "what ended badly is left for whoever tells of it"
    assert births.born == 1


def test_one_that_ends_badly_is_not_replaced() -> None:
    births = Births(0)
    assert list(followed(1, births, asks)) == ["checker"]
    assert births.born == 0


def test_a_birth_that_fails_is_told() -> None:
    with pytest.raises(SessionLost, match="the host forks no more"):
        followed(0, Births(), asks)

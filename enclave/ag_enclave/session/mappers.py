"""A session's mappers: whenever its vault has written to the socket that they share, one is born with it, and it ends with its work.

Reads none of what is written: that there is something is all it asks. A vault without a mapper that works is told by the end of the socket.
"""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable

import structlog

from ag_enclave.errors import SessionLost
from ag_sandbox.errors import SandboxError
from ag_sandbox.nursery import Child

_log = structlog.get_logger(__name__)


async def bear(shared: socket.socket, spawn: Callable[[], Awaitable[Child]]) -> None:
    """Bear one mapper after the other until the vault is gone, one of them fails, or this is cancelled."""
    try:
        while await wanted(shared):
            status = await _one(spawn)
            if status:
                _log.warning("a mapper failed", status=status)
                return
    except (SandboxError, SessionLost, OSError) as problem:
        _log.warning("no mapper", problem=type(problem).__name__)
    finally:
        shared.close()


async def wanted(shared: socket.socket) -> bool:
    """Wait until something is there to be read; False where that is the end."""
    await readable(shared.fileno())
    return bool(shared.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))


async def readable(descriptor: int) -> None:
    """Wait until it can be read: of a process, that it has ended."""
    loop = asyncio.get_running_loop()
    there = asyncio.Event()
    loop.add_reader(descriptor, there.set)
    try:
        await there.wait()
    finally:
        loop.remove_reader(descriptor)


async def _one(spawn: Callable[[], Awaitable[Child]]) -> int:
    """One mapper's life; its exit status, or minus the signal that ended it."""
    child = await spawn()
    try:
        await readable(child.pidfd)
        return await asyncio.to_thread(child.wait, 5.0)
    finally:
        with contextlib.suppress(OSError):
            child.close()

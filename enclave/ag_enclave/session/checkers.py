"""A session's checkers: one that was left alone for long ends, and the next is born when its kernel asks something.

Reads nothing of what is asked. That there is something is all it wants to know, as of mappers.
"""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, MutableMapping

from ag_enclave.errors import SessionLost
from ag_enclave.session.mappers import readable, wanted
from ag_sandbox.errors import SandboxError
from ag_sandbox.nursery import Child

_ROLE = "checker"


async def follow(
    children: MutableMapping[str, Child], shared: socket.socket, spawn: Callable[[], Awaitable[Child]]
) -> None:
    """Keep the checker among ``children``; it isn't there while it rests.

    Ends when the kernel says nothing any more, or a checker ended otherwise, which is then still there. SessionLost where another couldn't be born.
    """
    try:
        while True:
            await readable(children[_ROLE].pidfd)
            if await asyncio.to_thread(children[_ROLE].wait, 5.0):
                return
            children.pop(_ROLE).close()
            if not await wanted(shared):
                return
            children[_ROLE] = await spawn()
    except (SandboxError, OSError, TimeoutError) as problem:
        raise SessionLost(f"no checker could be started: {problem}") from problem
    finally:
        with contextlib.suppress(OSError):
            shared.close()

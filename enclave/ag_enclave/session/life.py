"""One set of a session's processes, from their start to their death: two pumps and three death watches.

Carries bytes and notices deaths; what a message means, and what a death means to clients, is the session's.
"""

import asyncio
import contextlib
from typing import Protocol, Self

from ag_enclave.bridge import wire_v1
from ag_enclave.bridge.frames import read_frame
from ag_enclave.bridge.message import Message
from ag_enclave.bridge.outbound import Outbound
from ag_enclave.config import Wire
from ag_enclave.errors import MalformedMessage
from ag_enclave.session.control import Control
from ag_enclave.session.nurseries import Trio
from ag_enclave.session.ring import Ring
from ag_sandbox.nursery import Child

_QUEUE = 1000
_STALL_SECONDS = 60.0
_CHANNEL_LIMIT = 1 << 20


class Listener(Protocol):
    """Whose processes these are."""

    ring: Ring

    def heard(self, message: Message) -> None:
        """A message of the kernel passed the bridge."""

    async def lost(self, life: "Life", sentence: str) -> None:
        """A process died or broke the protocol."""


class Life:
    """Running processes and the tasks around them."""

    def __init__(self, trio: Trio, control: Control, filtered: Outbound, listener: Listener, wire: Wire) -> None:
        self.trio = trio
        self.control = control
        self.filtered = filtered
        self.queue: asyncio.Queue[bytes] = asyncio.Queue(_QUEUE)
        self._listener = listener
        self._wire = wire
        self._tasks: list[asyncio.Task[None]] = []
        self._reports: set[asyncio.Task[None]] = set()
        self._watched: list[int] = []
        self._stopped = False

    @classmethod
    async def over(cls, trio: Trio, filtered: Outbound, listener: Listener, wire: Wire) -> Self:
        """Take the processes over and begin to pump and to watch."""
        life = cls(trio, await Control.over(trio.control), filtered, listener, wire)
        reader, writer = await asyncio.open_unix_connection(sock=trio.channel, limit=_CHANNEL_LIMIT)
        life._tasks = [asyncio.create_task(life._listen(reader)), asyncio.create_task(life._tell(writer))]
        for role, child in trio.children().items():
            asyncio.get_running_loop().add_reader(child.pidfd, life._died, role, child)
            life._watched.append(child.pidfd)
        return life

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        content_limit = self._wire.export_bytes + self._wire.output_bytes
        try:
            while (payload := await read_frame(reader, content_limit * 2)) is not None:
                message = self.filtered.admit(wire_v1.decode(payload, content_limit))
                if message is not None:
                    self._listener.heard(message)
                    await self._listener.ring.room(_STALL_SECONDS)
        except MalformedMessage as problem:
            self._report(f"The kernel broke the protocol ({problem}) and was stopped. Restart it to go on.")

    async def _tell(self, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                writer.write(await self.queue.get())
                await writer.drain()
        except OSError:
            return  # its death is watched for
        finally:
            writer.close()

    def _died(self, role: str, child: Child) -> None:
        self._unwatch()
        self._report(f"The session's {role} died ({_how(child)}). Restart the kernel to go on; its variables are gone.")

    def _report(self, sentence: str) -> None:
        if not self._stopped:
            task = asyncio.create_task(self._listener.lost(self, sentence))
            self._reports.add(task)
            task.add_done_callback(self._reports.discard)

    def _unwatch(self) -> None:
        for pidfd in self._watched:
            asyncio.get_running_loop().remove_reader(pidfd)
        self._watched.clear()

    async def stop(self) -> None:
        """Kill the processes and let go of everything."""
        self._stopped = True
        self._unwatch()
        for child in self.trio.children().values():
            with contextlib.suppress(OSError):
                child.kill()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.control.close()
        await asyncio.gather(*(asyncio.to_thread(_bury, child) for child in self.trio.children().values()))


def _bury(child: Child) -> None:
    """Wait until a killed child is gone, and give its descriptors back."""
    with contextlib.suppress(OSError, TimeoutError):
        child.wait(5.0)
    child.close()


def _how(child: Child) -> str:
    try:
        status = child.wait(1.0)
    except (OSError, TimeoutError):
        return "no exit status"
    if status is None:
        return "no exit status"
    return f"signal {-status}" if status < 0 else f"exit status {status}"

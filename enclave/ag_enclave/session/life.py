"""One set of a session's processes, from their start to their death: two pumps, three death watches, mappers and checkers when they are wanted.

Carries bytes and notices deaths; what a message means, and what a death means to clients, is the session's.
"""

import asyncio
import contextlib
import signal
from collections.abc import Coroutine, Mapping
from typing import Protocol, Self

from ag_enclave.bridge import wire_v1
from ag_enclave.bridge.frames import read_frame
from ag_enclave.bridge.message import Message
from ag_enclave.bridge.outbound import Outbound
from ag_enclave.config import Wire
from ag_enclave.errors import MalformedMessage, SessionLost
from ag_enclave.session.allowance import Pace
from ag_enclave.session.checkers import follow
from ag_enclave.session.control import Control
from ag_enclave.session.mappers import bear
from ag_enclave.session.nurseries import Trio
from ag_enclave.session.ring import Ring
from ag_sandbox.nursery import Child

_QUEUE = 1000
_QUEUED_BYTES = 64 << 20
_STALL_SECONDS = 60.0
_CHANNEL_LIMIT = 1 << 20
_COMMOTION_SECONDS = 0.1
_ALARMED = (signal.SIGALRM, -signal.SIGALRM)
_TOO_SLOW = "the types of a cell took too long to check; leave that cell out, or split it"


class Listener(Protocol):
    """Whose processes these are."""

    ring: Ring

    def heard(self, message: Message) -> None:
        """A message of the kernel passed the bridge."""

    async def lost(self, life: "Life", sentence: str) -> None:
        """A process died or broke the protocol."""


class Life:
    """Running processes and the tasks around them."""

    def __init__(
        self, trio: Trio, control: Control, *, filtered: Outbound, listener: Listener, wire: Wire, pace: Pace
    ) -> None:
        self.trio = trio
        self._children = dict(trio.children())
        self.control = control
        self.filtered = filtered
        self._queue: asyncio.Queue[bytes] = asyncio.Queue(_QUEUE)
        self._queued = 0
        self._listener = listener
        self._wire = wire
        self._pace = pace
        self._tasks: list[asyncio.Task[None]] = []
        self._reports: set[asyncio.Task[None]] = set()
        self._watched: list[int] = []
        self._stopped = False

    @classmethod
    async def over(cls, trio: Trio, *, filtered: Outbound, listener: Listener, wire: Wire, pace: Pace) -> Self:
        """Take the processes over and begin to pump and to watch."""
        life = cls(trio, await Control.over(trio.control), filtered=filtered, listener=listener, wire=wire, pace=pace)
        reader, writer = await asyncio.open_unix_connection(sock=trio.channel, limit=_CHANNEL_LIMIT)
        works = (
            life._listen(reader),
            life._tell(writer),
            bear(trio.mapping, trio.mapper),
            life._follow_checkers(),
        )
        life._tasks = [asyncio.create_task(work) for work in works]
        for child in (trio.kernel, trio.vault):
            asyncio.get_running_loop().add_reader(child.pidfd, life._died)
            life._watched.append(child.pidfd)
        return life

    @property
    def children(self) -> Mapping[str, Child]:
        """Those that live, by role; a checker that rests isn't among them."""
        return self._children

    def tell(self, payload: bytes) -> bool:
        """Send a frame to the kernel when it listens; False, and not sent, where too much waits already."""
        if self._queue.full() or (self._queued and self._queued + len(payload) > _QUEUED_BYTES):
            return False
        self._queued += len(payload)
        self._queue.put_nowait(payload)
        return True

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        content_limit = self._wire.export_bytes + self._wire.output_bytes
        try:
            while (payload := await read_frame(reader, content_limit * 2)) is not None:
                await self._pace.take(len(payload))
                message = self.filtered.admit(wire_v1.decode(payload, content_limit))
                if message is not None:
                    self._listener.heard(message)
                    await self._listener.ring.room(_STALL_SECONDS)
        except MalformedMessage as problem:
            await self._report(f"The kernel broke the protocol ({problem}) and was stopped. Restart it to go on.")

    async def _tell(self, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                payload = await self._queue.get()
                writer.write(payload)
                await writer.drain()
                self._queued -= len(payload)
        except OSError:
            return  # its death is watched for
        finally:
            writer.close()

    async def _follow_checkers(self) -> None:
        try:
            await follow(self._children, self.trio.checking, self.trio.next_checker)
            if "checker" in self._children:
                self._died()
        except SessionLost as problem:
            await self._report(f"The session can't go on: {problem}. Restart the kernel; its variables are gone.")

    def _died(self) -> None:
        self._unwatch()
        self._start(self._tell_death())

    async def _tell_death(self) -> None:
        """Name the process whose death was the cause: the others end, in good order, when they notice it."""
        await asyncio.sleep(_COMMOTION_SECONDS)
        ends = {role: await asyncio.to_thread(_end_of, child) for role, child in list(self._children.items())}
        dead = {role: status for role, status in ends.items() if status is not None}
        role = next((role for role, status in dead.items() if status), next(iter(dead), "kernel"))
        how = _TOO_SLOW if role == "checker" and dead.get(role) in _ALARMED else _how(dead.get(role))
        if self.trio.group is not None and self.trio.group.ran_out():
            how = "the session's memory was used up"
        await self._report(f"The session's {role} died ({how}). Restart the kernel to go on; its variables are gone.")

    async def _report(self, sentence: str) -> None:
        if not self._stopped:
            self._start(self._listener.lost(self, sentence))

    def _start(self, work: Coroutine[None, None, None]) -> None:
        """Do this in a task of its own: it will cancel the ones that pump."""
        task = asyncio.create_task(work)
        self._reports.add(task)
        task.add_done_callback(self._reports.discard)

    def _unwatch(self) -> None:
        for pidfd in self._watched:
            asyncio.get_running_loop().remove_reader(pidfd)
        self._watched.clear()

    async def stop(self) -> None:
        """Kill the processes and carry nothing more; ``bury`` them afterwards."""
        self._stopped = True
        self._unwatch()
        for child in self._children.values():
            with contextlib.suppress(OSError):
                child.kill()
        if self.trio.group is not None:
            self.trio.group.kill()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.control.close()

    async def bury(self) -> None:
        """Wait until the killed processes are gone, and give their descriptors back."""
        await asyncio.gather(*(asyncio.to_thread(_bury, child) for child in self._children.values()))
        if self.trio.group is not None:
            self.trio.group.remove()


def _bury(child: Child) -> None:
    """Wait until a killed child is gone, and give its descriptors back."""
    with contextlib.suppress(OSError, TimeoutError):
        child.wait(5.0)
    child.close()


def _end_of(child: Child) -> int | None:
    """Its exit status, or minus the signal that ended it; None while it lives."""
    try:
        return child.wait(0.0)
    except (OSError, TimeoutError):
        return None


def _how(status: int | None) -> str:
    if status is None:
        return "no exit status"
    return f"signal {-status}" if status < 0 else f"exit status {status}"

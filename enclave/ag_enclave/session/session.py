"""One session: its processes, who waits for what, what was said, and how it ends.

Knows the bridge and the trio; no HTTP, no accounts, no rows.
"""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Any

import structlog

from ag_enclave.bridge import inbound, outbound, replies, wire_v1
from ag_enclave.bridge.frames import frame
from ag_enclave.bridge.message import Incoming, Message
from ag_enclave.config import Config
from ag_enclave.errors import SessionLost
from ag_enclave.session.allowance import Allowance, Pace
from ag_enclave.session.entry import Entry, Score
from ag_enclave.session.life import Life
from ag_enclave.session.nurseries import Trio
from ag_enclave.session.places import Places, forward
from ag_enclave.session.ring import Reader, Ring
from ag_enclave.session.subject import Subject

_PLACES = 32
_TAKEN = 4096
_RESTARTED = "The kernel was restarted before this cell was done."
_log = structlog.get_logger(__name__)


class Session:
    """One analyst's session. ``start`` makes its processes, ``score`` scores predictions, ``clock`` is monotonic seconds, ``now`` the wall time."""

    def __init__(
        self,
        subject: Subject,
        *,
        config: Config,
        start: Callable[[], Awaitable[Trio]],
        score: Score,
        clock: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        self.subject = subject
        self._entry = Entry(subject, score)
        self.state = "starting"
        self.ring = Ring(most_bytes=config.wire.replay_bytes, most_messages=config.wire.replay_messages)
        self.last_activity = now()
        self.notebook: dict[str, str] = {}
        """Path, name and type, as a notebook client calls them."""
        self._config = config
        self._start = start
        self._clock = clock
        self._now = now
        self._active_at = clock()
        self._allowance = Allowance(config, clock)
        self._warned = False
        self._stop_by: float | None = None
        """When an interrupted cell must have stopped."""
        self._placing = Places(config.sessions.stand_back_percent, clock)
        self._begun = 0
        self._waiting: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._taken: OrderedDict[str, None] = OrderedDict()
        self._places: OrderedDict[str, int] = OrderedDict()
        self._changing = asyncio.Lock()
        self._life: Life | None = None

    async def begin(self) -> None:
        """Start the processes. SessionLost where that fails."""
        async with self._changing:
            await self._begin()

    async def _begin(self) -> None:
        filtered = outbound.Outbound(session=self.subject.session_id, limits=self._config.wire)
        trio = await self._start()
        self._life = await Life.over(
            trio,
            filtered=filtered,
            listener=self,
            wire=self._config.wire,
            pace=Pace(self._config.kernel, self._clock),
        )
        self._touch()

    # What clients do

    def attach(self, client: str, after: int | None) -> Reader:
        """A place in what was said: after a number, else where this client left off, else from now on."""
        place = after if after is not None else self._places.get(client, self.ring.end)
        reader = Reader(position=min(max(place, 0), self.ring.end))
        self.ring.readers.add(reader)
        return reader

    def detach(self, client: str, reader: Reader) -> None:
        """The client is gone; remember its place."""
        self.ring.leave(reader)
        self._places[client] = reader.position
        self._places.move_to_end(client)
        if len(self._places) > _PLACES:
            self._places.popitem(last=False)

    async def submit(self, incoming: Incoming) -> None:
        """Pass one client message through the bridge. MalformedMessage where it is none."""
        verdict = inbound.admit(incoming, self.subject.analyst, self._config.wire)
        if isinstance(verdict, inbound.Forward):
            async with self._changing:  # a restart under way ends first: the cell is for the new kernel
                self._forward(verdict.message)
        elif isinstance(verdict, inbound.Answer):
            self._say(*verdict.messages)
        elif isinstance(verdict, inbound.Act):
            await self.act(verdict.deed)
            self._say(*verdict.messages)

    async def act(self, deed: str) -> None:
        """What a control message asks of the gateway."""
        deeds = {"interrupt": self.interrupt, "shutdown": self.end, "restart": self.restart}
        await deeds[deed]()

    def _forward(self, message: Message) -> None:
        self._touch()
        header = message.header
        if self._came_before(header):
            return
        if self._life is None or self.state == "dead":
            self._say(
                *replies.refusal(
                    header,
                    message.channel,
                    "SessionLost",
                    "This session's kernel is gone. Restart it, or log in again.",
                )
            )
        elif not self._life.tell(frame(wire_v1.encode(message))):
            self._say(
                *replies.refusal(
                    header, message.channel, "TooManyRequests", "Too many requests are waiting in this session."
                )
            )
        else:
            if header["msg_type"] == "execute_request":
                self._begun += 1
                self._waiting[header["msg_id"]] = header
                if len(self._waiting) == 1:
                    self._allowance.begin(self._cpu_seconds())
            self._life.filtered.asked(header)

    def _came_before(self, header: dict[str, Any]) -> bool:
        """Whether this cell is here already: a client whose connection broke sends it again, and it runs once."""
        if header["msg_type"] != "execute_request":
            return False
        known = header["msg_id"] in self._taken
        self._taken[header["msg_id"]] = None
        if len(self._taken) > _TAKEN:
            self._taken.popitem(last=False)
        return known

    # What the kernel does

    def heard(self, message: Message) -> None:
        """One message of the kernel that passed the bridge. Said beyond the cell's allowance, it is dropped."""
        kind = message.header["msg_type"]
        if kind == outbound.SUBMIT:
            if self._life is not None:
                self._entry.hand_in(message.content, self._life.tell, runs=bool(self._waiting))
            return
        if kind == "execute_reply" and message.parent_header.get("msg_id") in self._waiting:
            self._replied(message)
        elif not self._allowance.take(message):
            return
        elif kind == "status":
            self.state = message.content["execution_state"]
        self.ring.append(message)

    def _replied(self, reply: Message) -> None:
        """A cell is done; what was dropped of it is told, and the next one's turn begins."""
        if self._stop_by is None and (limit := self._allowance.passed(self._cpu_seconds())):
            self.say(f"{limit}; the rest was dropped.")
        self._active_at = self._clock()
        del self._waiting[reply.parent_header["msg_id"]]
        self._next_turn()

    def _next_turn(self) -> None:
        self._stop_by = None
        if self._waiting:
            self._allowance.begin(self._cpu_seconds())
        else:
            self._allowance.end()

    def _cpu_seconds(self) -> float:
        return self._life.trio.kernel.cpu_seconds() if self._life is not None else 0.0

    async def lost(self, life: Life, sentence: str) -> None:
        """A process of this life died, or lied: everybody who waits is told, and the rest is stopped."""
        async with self._changing:
            if life is self._life:
                _log.warning("session lost", session=self.subject.session_id, reason=sentence)
                await self._fail(sentence)

    async def _fail(self, sentence: str) -> None:
        async with self._stopping():
            waiting, self._waiting = self._waiting, OrderedDict()
            self._next_turn()
            self._say(replies.notice(sentence))
            for header in waiting.values():
                self._say(*replies.refusal(header, "shell", "SessionLost", sentence))
            self.state = "dead"
            self._say(replies.status("dead"))

    # What the gateway does

    async def interrupt(self) -> None:
        """SIGINT to the kernel; harmless where it is idle. A cell that doesn't stop within the grace loses its kernel (``enforce``)."""
        if self._life is not None:
            forward(self._life.trio.kernel)
            if self._waiting and self._stop_by is None:
                self._stop_by = self._clock() + self._config.sessions.interrupt_grace_seconds
            with contextlib.suppress(OSError):
                self._life.trio.kernel.interrupt()

    async def enforce(self, *, crowd: bool = False) -> None:
        """End a cell that passed a limit, and one that was interrupted and goes on; put processes in their places. Called every now and then."""
        if self._life is not None and self._stop_by is None:
            told = self._allowance.exported
            self._placing.look(self._life.children, runs=self.runs, cells=self._begun, exported=told, crowd=crowd)
        if not self._waiting:
            return
        if self._stop_by is None:
            if limit := self._allowance.passed(self._cpu_seconds()):
                self.say(f"{limit} and is interrupted.")
                await self.interrupt()
        elif self._clock() > self._stop_by:
            self.say("The cell did not stop when interrupted: the kernel is restarted and its variables are gone.")
            with contextlib.suppress(SessionLost):
                await self.restart(asked=False)

    async def restart(self, *, asked: bool = True) -> None:
        """New processes under the same id; variables are gone, what was said stays. SessionLost where they don't start.

        ``asked``: by a client. To Jupyter's clients the status ``restarting`` is a kernel that died and comes back by itself.
        """
        async with self._changing:
            async with self._stopping():
                waiting, self._waiting = self._waiting, OrderedDict()
                self._next_turn()
                self.state = "restarting"
                if not asked:
                    self._say(replies.status("restarting"))
                for header in waiting.values():
                    self._say(*replies.refusal(header, "shell", "KernelRestarted", _RESTARTED))
            try:
                await self._begin()
            except SessionLost as problem:
                await self._fail(str(problem))
                raise
            self.state = "starting"
            self._say(replies.status("starting"))

    async def end(self, sentence: str = "This session was ended.") -> None:
        """Stop everything and say so. Harmless twice."""
        async with self._changing:
            if self.state != "dead":
                await self._fail(sentence)

    async def ask_vault(self, op: str) -> dict[str, Any]:
        """Put a question to the vault's control socket. SessionLost where it is gone."""
        if self._life is None:
            raise SessionLost("This session's vault is gone.")
        return await self._life.control.ask(op)

    @property
    def runs(self) -> bool:
        """Whether a cell runs."""
        return bool(self._waiting)

    @property
    def stands_back(self) -> bool:
        """Whether its kernel computes, and lets others go first."""
        return self._life is not None and self._placing.stands_back

    @property
    def busy_seconds(self) -> float:
        """How long the current cell has run; 0.0 where none does."""
        return self._allowance.seconds

    @property
    def idle_seconds(self) -> float:
        """Since the last request or answer; 0.0 while a cell runs."""
        return 0.0 if self._waiting else self._clock() - self._active_at

    def warn_idle(self, seconds: float | None) -> None:
        """Say once that the session is about to be ended in so many seconds; None: it isn't."""
        if seconds is not None and not self._warned:
            self.say(
                f"This session has been idle for long and will be ended in {seconds:.0f} seconds; run a cell to keep it."
            )
        self._warned = seconds is not None

    def say(self, sentence: str) -> None:
        """A line on everybody's stderr, under the cell that runs."""
        self._say(replies.notice(sentence, next(iter(self._waiting.values()), None)))

    def _say(self, *messages: Message) -> None:
        for message in messages:
            self.ring.append(message)

    def _touch(self) -> None:
        self._active_at = self._clock()
        self.last_activity = self._now()

    @contextlib.asynccontextmanager
    async def _stopping(self) -> AsyncIterator[None]:
        """Kill the processes, let the block tell everybody, then wait until they are gone."""
        life, self._life = self._life, None
        if life is not None:
            await life.stop()
        yield
        if life is not None:
            await life.bury()

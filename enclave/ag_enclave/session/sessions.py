"""All sessions of this enclave: opening within limits, finding one's own, and ending the idle and the overdue.

Knows sessions, not requests; who may see whose is asked of it by name.
"""

import asyncio
import shutil
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import structlog

from ag_enclave.config import Config
from ag_enclave.errors import Refusal, SessionLost
from ag_enclave.session.entry import Score, nobody
from ag_enclave.session.nurseries import Nurseries, Order
from ag_enclave.session.places import crowded
from ag_enclave.session.session import Session
from ag_enclave.session.subject import Subject
from ag_enclave.state import State
from ag_sandbox import processors

_log = structlog.get_logger(__name__)
_EPITAPHS = 1000
_SWEEP_SECONDS = 0.5
_IDLE_NOTICE_SECONDS = 300.0


def describe(session: Session) -> str:
    """Which session it is, for the analyst who must choose one to end."""
    doing = (
        f"busy for {session.busy_seconds:.0f} s" if session.busy_seconds else f"idle for {session.idle_seconds:.0f} s"
    )
    watched = "connected" if session.ring.readers else "nobody connected"
    return f"{session.subject.session_id} ({session.subject.dataset or 'all data sets'}, {doing}, {watched})"


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Sessions:
    """The sessions, by id. ``clock`` is monotonic seconds."""

    def __init__(
        self,
        *,
        config: Config,
        state: State,
        nurseries: Nurseries,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config = config
        self._state = state
        self._nurseries = nurseries
        self._score: Score = nobody
        self._clock = clock
        self._open: dict[str, Session] = {}
        self._epitaphs: OrderedDict[str, tuple[str, str]] = OrderedDict()

    def serve_entries(self, score: Score) -> None:
        """What scores the predictions that cells submit. Said once: scoring needs sessions, too."""
        self._score = score

    async def open(
        self,
        *,
        analyst: str,
        kernel_name: str,
        dataset: str | None,
        datasets: Mapping[str, Path],
        competition: str | None = None,
        payer: str | None = None,
    ) -> Session:
        """Start a session. Refusal at the limits, or where its processes don't start. ``payer``: who is charged, where it isn't the analyst."""
        self._check_room(analyst)
        session_id = str(uuid.uuid4())
        scratch = self._state.folder("scratch") / session_id
        order = Order(session=session_id, analyst=payer or analyst, datasets=datasets, scratch=scratch)
        session = Session(
            Subject(
                session_id=session_id,
                analyst=analyst,
                kernel_name=kernel_name,
                dataset=dataset,
                competition=competition,
                payer=payer,
                datasets=tuple(datasets),
            ),
            config=self._config,
            start=lambda: self._nurseries.trio(order),
            score=self._score,
            clock=self._clock,
            now=_utc_now,
        )
        self._open[session_id] = session  # it counts from here on, so that openings side by side can't pass the limit
        try:
            scratch.mkdir(mode=0o700)
            await session.begin()
        except BaseException as problem:
            self._forget(session, "it could not be started")
            await self._clear(session)
            if isinstance(problem, (SessionLost, OSError)):
                raise Refusal(503, f"The session could not be started: {problem}") from problem
            raise
        _log.info("session opened", session=session_id, analyst=analyst, datasets=list(datasets))
        return session

    def _check_room(self, analyst: str) -> None:
        alive = [session for session in self._open.values() if session.state != "dead"]
        limits = self._config.sessions
        mine = [session for session in alive if session.subject.analyst == analyst]
        if len(mine) >= limits.per_analyst:
            raise Refusal(
                429,
                f"You have {len(mine)} sessions open, the most one analyst may have; end one of them first: "
                f"{'; '.join(map(describe, mine))}.",
            )
        if len(alive) >= limits.capacity:
            raise Refusal(503, f"All {limits.capacity} sessions of this enclave are in use; try again later.")

    def find(self, session_id: str, analyst: str | None) -> Session:
        """The session, where it is this analyst's (None: anyone's). Refusal 404 otherwise: others' sessions don't exist to one."""
        session = self._open.get(session_id)
        if session is not None and analyst in (None, session.subject.analyst):
            return session
        owner, reason = self._epitaphs.get(session_id, ("", ""))
        if reason and analyst in (None, owner):
            raise Refusal(404, f"Session {session_id} is over: {reason}.")
        raise Refusal(404, f"There is no session {session_id[:64]}.")

    def of(self, analyst: str | None) -> list[Session]:
        """An analyst's sessions (None: everybody's), oldest first."""
        return [session for session in self._open.values() if analyst in (None, session.subject.analyst)]

    async def close(self, session: Session, reason: str = "it was terminated") -> None:
        """End a session and forget it; whoever asks for it from now on is told the reason."""
        self._forget(session, reason)
        await session.end(f"This session is over: {reason}.")
        session.ring.finish()
        await self._clear(session)

    async def close_all(self) -> None:
        """End every session."""
        await asyncio.gather(*(self.close(session, "the enclave was stopped") for session in self.of(None)))

    async def watch(self) -> None:
        """End idle sessions and overdue cells, until cancelled."""
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            crowd = crowded(self._open.values(), processors.others())
            for session in self.of(None):
                await asyncio.sleep(0)  # many sessions are many steps, between which others' cells go on
                try:
                    await self._sweep(session, crowd=crowd)
                except Exception:  # noqa: BLE001 - the other sessions must be swept all the same
                    _log.exception("a session could not be swept")

    async def _sweep(self, session: Session, *, crowd: bool) -> None:
        limit = self._config.sessions.idle_timeout_seconds
        idle = session.idle_seconds
        if idle > limit:
            await self.close(session, f"it was idle for more than {limit} seconds")
            return
        session.warn_idle(limit - idle if idle > limit - min(_IDLE_NOTICE_SECONDS, limit / 4) else None)
        await session.enforce(crowd=crowd)

    def _forget(self, session: Session, reason: str) -> None:
        session_id = session.subject.session_id
        _log.info("session ended", session=session_id, analyst=session.subject.analyst, reason=reason)
        self._open.pop(session_id, None)
        self._epitaphs[session_id] = (session.subject.analyst, reason)
        if len(self._epitaphs) > _EPITAPHS:
            self._epitaphs.popitem(last=False)

    async def _clear(self, session: Session) -> None:
        folder = self._state.folder("scratch") / session.subject.session_id
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

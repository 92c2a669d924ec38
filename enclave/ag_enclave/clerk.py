"""The conversation with the clerk, the one process that keeps the ledger's books: caps, sums, the audit log. Kept alive; one question at a time.

Knows questions and sentences, no table: the gateway never opens the ledger. Sessions go on while there is no clerk; whoever asks it is told 503.
"""

import asyncio
import contextlib
import json
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import structlog

from ag_enclave.bridge.frames import frame, read_frame
from ag_enclave.errors import MalformedMessage, Refusal, SessionLost, Unusable
from ag_sandbox.nursery import Child

Bear = Callable[[socket.socket], Awaitable[Child]]
"""Starts a clerk that answers at the other end of this socket; SessionLost where it can't."""
_LONGEST = 64 << 20
"""Of an answer: a thousand entries of the log, each as long as it may be and quoted once more, have room."""
_WAIT_SECONDS = 30.0
_PATIENT_SECONDS = 600.0
_PAUSE_SECONDS = 0.5
_AWAY = "The ledger's clerk is away; nothing was changed. Try again in a moment."
_log = structlog.get_logger(__name__)


class Clerk:
    """The running clerk. Every question raises Refusal: 400 for what can't be done, 503 where it can't be asked just now."""

    def __init__(self, bear: Bear) -> None:
        self._bear = bear
        self._turn = asyncio.Lock()
        self._child: Child | None = None
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    @property
    def alive(self) -> bool:
        """Whether there is one to ask."""
        return self._writer is not None and self._child is not None and self._child.alive()

    async def start(self) -> None:
        """Start it for the first time. Unusable where the ledger can't be kept: nobody is served then."""
        try:
            await self._begin()
            await self.ask("caps")
        except (SessionLost, Refusal) as problem:
            raise Unusable(f"{problem} logs/clerk.log of the state directory has more.") from problem

    async def append(self, actor: str, action: str, subject: str, details: Mapping[str, Any]) -> dict[str, Any]:
        """Write an entry to the audit log; its number, hash and time. On disk when this returns."""
        return dict(
            await self.ask("append", {"actor": actor, "action": action, "subject": subject, "details": dict(details)})
        )

    async def caps(self, dataset: str | None = None) -> list[dict[str, Any]]:
        """The caps that owners have set at run time; others are the metadata's."""
        return list(await self.ask("caps", {"dataset": dataset}))

    async def set_cap(
        self,
        *,
        actor: str,
        kind: str,
        dataset: str,
        epsilon: str | None,
        delta: str,
        reason: str,
        who: str = "",
        seconds: int = 0,
    ) -> dict[str, Any]:
        """Put a cap in force for all vaults, from their next charge on, and write it to the log.

        ``kind``: everyone, analyst (``who`` empty: each) or call. ``seconds``: of a window; 0: over all time. ``epsilon``, ``delta``:
        exact decimals or fractions as text; ``epsilon`` None: no bound over all time, where there is a window of the same kind.
        """
        cap = {"kind": kind, "dataset": dataset, "who": who, "seconds": seconds, "epsilon": epsilon, "delta": delta}
        return dict(await self.ask("set_cap", {"actor": actor, "reason": reason, **cap}))

    async def drop_cap(
        self, *, actor: str, kind: str, dataset: str, reason: str, who: str = "", seconds: int = 0
    ) -> dict[str, Any]:
        """Let the metadata's cap be in force again, or end a window."""
        cap = {"kind": kind, "dataset": dataset, "who": who, "seconds": seconds}
        return dict(await self.ask("drop_cap", {"actor": actor, "reason": reason, **cap}))

    async def totals(self, account: str | None = None) -> list[dict[str, Any]]:
        """What was spent, by account and analyst (``who`` empty: everyone): sums of ε, ρ, δ."""
        return list(await self.ask("totals", {"account": account}))

    async def amounts(self, of: Sequence[Mapping[str, str]]) -> list[dict[str, float | None]]:
        """What sums amount to as ε, by analyst ("" is everyone; None: without end), each account under its ``account``, ``epsilon`` and ``delta``, and so in the answer."""
        return list(await self.ask("amounts", {"of": [dict(each) for each in of]}))

    async def course(self, of: Sequence[Mapping[str, str]], *, since: int) -> list[dict[str, Any]]:
        """The same of everyone together, by the end of each day since (``days``) and before that (``before``); moments in nanoseconds since 1970."""
        return list(await self.ask("amounts", {"of": [dict(each) for each in of], "since": since}))

    async def history(
        self,
        *,
        before: int | None = None,
        limit: int = 100,
        actor: str | None = None,
        action: str | None = None,
        subject: str | None = None,
    ) -> list[dict[str, Any]]:
        """Entries of the audit log, newest first; ``before``: only those with smaller numbers."""
        which = {"before": before, "limit": limit, "actor": actor, "action": action, "subject": subject}
        return list(await self.ask("history", which))

    async def newest_deed(self) -> dict[str, Any] | None:
        """The newest of the deeds that the log was told: ``deed``, its number, and ``at``, when it was done; None where there was none."""
        found = await self.ask("newest", patience=_PATIENT_SECONDS)
        return None if found is None else dict(found)

    async def entries(self, *, after: int, limit: int) -> list[dict[str, Any]]:
        """Entries in their order, with details as the text that is hashed; the signed head of ``head`` ends them."""
        return list(await self.ask("entries", {"after": after, "limit": limit}))

    async def head(self) -> dict[str, Any]:
        """The signed head of the log as it is now."""
        return dict(await self.ask("head"))

    async def copy(self, name: str) -> dict[str, Any]:
        """Make a consistent copy of the ledger in the audit folder; the signed head that it has at least."""
        return dict(await self.ask("copy", {"name": name}, patience=_PATIENT_SECONDS))

    async def restored(self) -> str:
        """What became of the restoration that this clerk was started for, in a sentence."""
        return str(await self.ask("restored", patience=_PATIENT_SECONDS))

    async def allows(self, *, epsilon: str, delta: str, rows: int, each: Sequence[str]) -> list[dict[str, Any]]:
        """How many means a cap of (ε, δ) would allow at each ε per call, and how exact over so many rows; from public formulae."""
        asked = {"epsilon": epsilon, "delta": delta, "rows": rows, "each": list(each)}
        return list(await self.ask("allows", asked))

    async def verify(self) -> dict[str, int]:
        """Check both chains whole, and that they agree; how many charges and entries there are. Other questions are answered in between."""
        found = dict(await self.ask("verify"))
        while "walk" in found:
            found = dict(await self.ask("verify", {"walk": found["walk"]}))
        return found

    async def ask(self, op: str, fields: Mapping[str, Any] | None = None, *, patience: float = _WAIT_SECONDS) -> Any:
        """Put one question and give its answer."""
        async with self._turn:
            said = await self._said({"op": op, **(fields or {})}, patience)
        if "answer" in said:
            return said["answer"]
        raise Refusal(503 if said.get("broken") else 400, str(said.get("error", _AWAY)))

    async def watch(self) -> None:
        """Start it anew whenever it has died, until cancelled."""
        while True:
            await self._death()
            _log.warning("the clerk died", status=self._status())
            await asyncio.sleep(_PAUSE_SECONDS)
            try:
                await self._begin()
            except SessionLost as problem:
                _log.error("the clerk could not be started again", problem=str(problem))

    def close(self) -> None:
        """End it."""
        child, self._child = self._child, None
        self._hang_up()
        if child is not None:
            child.close()

    async def _begin(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                child = await self._bear(theirs)
            except BaseException:
                ours.close()
                raise
        old, self._child = self._child, child
        if old is not None:
            old.close()
        self._reader, self._writer = await asyncio.open_unix_connection(sock=ours)

    async def _said(self, question: Mapping[str, Any], patience: float) -> dict[str, Any]:
        """The clerk's own words. Refusal 503 where there are none; whatever came late is never taken for the next answer."""
        if self._reader is None or self._writer is None:
            raise Refusal(503, _AWAY)
        try:
            async with asyncio.timeout(patience):
                self._writer.write(frame(json.dumps(question).encode()))
                await self._writer.drain()
                answer = await read_frame(self._reader, _LONGEST)
            said = None if answer is None else json.loads(answer)
        except (OSError, TimeoutError, MalformedMessage, ValueError) as problem:
            self._dismiss()
            raise Refusal(503, _AWAY) from problem
        except asyncio.CancelledError:
            self._dismiss()
            raise
        if not isinstance(said, dict):
            self._dismiss()
            raise Refusal(503, _AWAY)
        return said

    def _status(self) -> int | None:
        """How it ended, where that is known already."""
        with contextlib.suppress(TimeoutError):
            return None if self._child is None else self._child.wait(timeout=0.1)
        return None

    def _dismiss(self) -> None:
        """Let a clerk go that doesn't answer; ``watch`` starts the next one."""
        self._hang_up()
        if self._child is not None:
            self._child.kill()

    def _hang_up(self) -> None:
        writer, self._reader, self._writer = self._writer, None, None
        if writer is not None:
            with contextlib.suppress(OSError, RuntimeError):
                writer.close()

    async def _death(self) -> None:
        """Wait until it is no more."""
        if self._child is None or not self._child.alive():
            return
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        pidfd = self._child.pidfd
        loop.add_reader(pidfd, over.set)
        try:
            await over.wait()
        finally:
            loop.remove_reader(pidfd)
            self._hang_up()

"""The warm nurseries, the trio of children that makes a session (kernel, vault, checker), the mappers beside it, and the enclave's one clerk.

The one module that names the other rooms' entry points; it never imports them.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Self

import structlog

from ag_enclave.config import Config
from ag_enclave.errors import SessionLost, Unusable
from ag_enclave.place import address, ledger_at
from ag_enclave.session.walls import Walls
from ag_enclave.state import State, audit_key
from ag_sandbox.cgroup import Group
from ag_sandbox.errors import SandboxError
from ag_sandbox.nursery import Child, Nursery
from ag_sandbox.profile import Grants

ROLES = ("kernel", "vault", "checker")
_PAUSE_SECONDS = 0.5
"""Before a dead nursery is replaced: one that dies as soon as it is warm must not keep the host busy."""
_CLERK_BYTES = 1 << 30
"""Of memory: it reads one page of the log, or one sum, at a time."""
_UNHEARD_BYTES = 1 << 20
"""That a kernel may have said before it waits for the gateway; a host may allow less."""
_SILENT = ("kernel", "mapper", "reviewer")
"""What they say goes nowhere but to their own sockets."""
_SERVED = ("sqlalchemy.dialects.postgresql.psycopg", "ag_vault.ledger.postgres")
_BEFORE = "ag_vault.ledger.postgres:before"
"""Opens the one connection that a jailed process has, before it is jailed: a jail has no network."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Breed:
    """How one nursery is started. ``keeps_ledger``: where that is on a server, its children are born with a connection to it."""

    entry: str
    preload: tuple[str, ...] = ()
    warm: str | None = None
    keeps_ledger: bool = False


BREEDS: Mapping[str, Breed] = {
    "kernel": Breed(
        entry="ag_kernel.life:main",
        preload=("ag_kernel.absent", "ag_kernel.life"),
        warm="ag_kernel.warm:warm",
    ),
    "vault": Breed(
        entry="ag_vault.serve:main",
        preload=("ag_vault.absent", "ag_vault.serve"),
        warm="ag_vault.serve:warm",
        keeps_ledger=True,
    ),
    "checker": Breed(entry="ag_kernel.compiler.checker:main", warm="ag_kernel.compiler.checker:warm"),
    "clerk": Breed(
        entry="ag_vault.clerk.serve:main",
        preload=("ag_vault.absent", "ag_vault.clerk.serve"),
        warm="ag_vault.clerk.serve:warm",
        keeps_ledger=True,
    ),
    "mapper": Breed(entry="ag_mapper.serve:main", preload=("ag_mapper.serve",)),
}
LATE_BREEDS: Mapping[str, Breed] = {
    "reviewer": Breed(
        entry="ag_kernel.review.life:main",
        preload=("ag_kernel.absent", "ag_kernel.review.life"),
        warm="ag_kernel.warm:warm",
    ),
    "lender": Breed(
        entry="ag_vault.lend:main", preload=("ag_vault.absent", "ag_vault.lend"), warm="ag_vault.lend:warm"
    ),
}
"""Started when the first code is reviewed: most sessions of an enclave never need them."""


def clerk_settings(state: State) -> dict[str, Any]:
    """What the clerk is told."""
    return {"ledger": ledger_at(state), "key": str(audit_key(state)), "audit": str(state.folder("audit"))}


def _ledger_folder(state: State) -> tuple[Path, ...]:
    """What is written of the ledger's files; none where it is on a server."""
    return () if address(state) else (state.folder("ledger"),)


def clerk_grants(config: Config, state: State) -> Grants:
    """What the clerk may use: ledger and signed head, to write, and the key that signs."""
    return Grants(
        read=(audit_key(state),),
        write=(*_ledger_folder(state), state.folder("audit")),
        memory_bytes=_CLERK_BYTES,
        processes=0,
        cpu_seconds=None,
        file_bytes=config.vault.file_bytes,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trio:
    """A session's processes and the gateway's ends of their sockets.

    ``mapping`` is what the session's mappers are born with, one after the other, and ``checking`` its checkers; ``mapper`` bears one,
    and ``next_checker`` one after the first.
    """

    kernel: Child
    vault: Child
    checker: Child
    channel: socket.socket
    control: socket.socket
    mapping: socket.socket
    mapper: Callable[[], Awaitable[Child]]
    checking: socket.socket
    next_checker: Callable[[], Awaitable[Child]]
    group: Group | None = None

    def children(self) -> Mapping[str, Child]:
        """By role."""
        return {"kernel": self.kernel, "vault": self.vault, "checker": self.checker}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a session's processes are told. ``datasets``: name → the folder of its current version."""

    session: str
    analyst: str
    datasets: Mapping[str, Path]
    scratch: Path


@dataclass(slots=True)
class Nurseries:
    """Starts trios. Safe from several tasks; a nursery that died is started anew when it is noticed, which its pidfd or the next request does."""

    config: Config
    state: State
    start: Callable[..., Nursery] = Nursery.start
    _running: dict[str, Nursery] = field(default_factory=dict)
    _walls: Walls = field(init=False)
    _renewing: Mapping[str, asyncio.Lock] = field(
        default_factory=lambda: {role: asyncio.Lock() for role in (*BREEDS, *LATE_BREEDS)}
    )
    _watched: dict[int, Nursery] = field(default_factory=dict)
    _replacing: set[asyncio.Task[None]] = field(default_factory=set)
    _closed: bool = False

    def __post_init__(self) -> None:
        self._walls = Walls(self.config, self.state)

    async def warm_up(self) -> Self:
        """Start all of them, side by side. Unusable where this host can't run them, or lacks a wall that is required."""
        try:
            self._walls.prepare()
            await asyncio.gather(*(self._renew(role, None) for role in BREEDS))
        except (SandboxError, OSError) as problem:
            await self.close()
            raise Unusable(
                f"The enclave's processes can't be started on this host: {problem}; see {self.state.folder('logs')}"
            ) from problem
        self._walls.settle(self._running)
        return self

    def alive(self) -> dict[str, bool]:
        """Which of them could bear a child now."""
        return {role: role in self._running and self._running[role].alive() for role in BREEDS}

    async def warm_clerk(self) -> Self:
        """Start the clerk's alone, for a command. Unusable where this host can't run it."""
        try:
            await self._renew("clerk", None)
        except (SandboxError, OSError) as problem:
            raise Unusable(f"The clerk can't be started on this host: {problem}") from problem
        self._walls.recall()
        return self

    async def trio(self, order: Order) -> Trio:
        """Three new children wired to each other. SessionLost where one of them could not be started; none is left then."""
        pairs = {name: socket.socketpair() for name in ("channel", "control", "plan", "checker", "map")}
        pairs["channel"][1].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _UNHEARD_BYTES)
        theirs = {
            "kernel": {"channel": pairs["channel"][1], "plan": pairs["plan"][0], "checker": pairs["checker"][0]},
            "vault": {"plan": pairs["plan"][1], "control": pairs["control"][1], "map": pairs["map"][1]},
            "checker": {"checker": pairs["checker"][1]},
        }
        results = await asyncio.gather(
            *(
                self._spawn(role, theirs[role], self._settings(role, order), self._grants(role, order))
                for role in ROLES
            ),
            return_exceptions=True,
        )
        for end in (*pairs["plan"], pairs["checker"][0], pairs["channel"][1], pairs["control"][1], pairs["map"][1]):
            end.close()
        children = dict(zip(ROLES, results, strict=True))
        failed: dict[str, BaseException] = {
            role: result for role, result in children.items() if isinstance(result, BaseException)
        }
        group = None
        if not failed:
            try:
                group = self._enrol(order, children)
            except OSError as reason:
                failed["control group"] = reason
        if failed:
            for end in (pairs["channel"][0], pairs["control"][0], pairs["map"][0], pairs["checker"][1]):
                end.close()
            for child in children.values():
                if isinstance(child, Child):
                    child.close()
            role, problem = next(iter(failed.items()))
            raise SessionLost(f"The session's {role} could not be started: {problem}") from problem
        return Trio(
            channel=pairs["channel"][0],
            control=pairs["control"][0],
            mapping=pairs["map"][0],
            mapper=partial(self._another, "mapper", "map", pairs["map"][0], order, group),
            checking=pairs["checker"][1],
            next_checker=partial(self._another, "checker", "checker", pairs["checker"][1], order, group),
            group=group,
            **children,  # type: ignore[arg-type]  # by the names of its fields
        )

    async def _another(self, role: str, name: str, shared: socket.socket, order: Order, group: Group | None) -> Child:
        """A mapper or a checker for a session that runs, at its end of the socket that it was known by, under the limits of the session."""
        child = await self._spawn(role, {name: shared}, self._settings(role, order), self._grants(role, order))
        if group is not None:
            group.add(child.pid)
        return child

    async def clerk(self, stream: socket.socket, *, restore: bool = False) -> Child:
        """The clerk, at this end of a socket. SessionLost where it could not be started."""
        try:
            grants = self._walls.admit_clerk(self._running["clerk"], clerk_grants(self.config, self.state))
            return await self._spawn(
                "clerk", {"clerk": stream}, clerk_settings(self.state) | {"restore": restore}, grants
            )
        except (SandboxError, OSError) as problem:
            raise SessionLost(f"The clerk could not be started: {problem}") from problem

    async def reviewer(self, sockets: Mapping[str, socket.socket], settings: Mapping[str, Any]) -> Child:
        """A process for reviewed code, or for what leaves of it. SessionLost where it could not be started."""
        review, told = self.config.review, {**settings, "strict": self.config.sessions.strict_types}
        grants = Grants(memory_bytes=review.memory_bytes, processes=0, cpu_seconds=review.cpu_seconds, file_bytes=0)
        try:
            return await self._spawn("reviewer", sockets, told, grants)
        except (SandboxError, OSError) as problem:
            raise SessionLost(f"The process for reviewed code could not be started: {problem}") from problem

    async def review_checker(self, stream: socket.socket) -> Child:
        """Who judges the types of reviewed code, at this end of a socket. SessionLost where it could not be started."""
        grants = Grants(memory_bytes=self.config.kernel.memory_bytes, processes=0, cpu_seconds=None, file_bytes=0)
        try:
            return await self._spawn("checker", {"checker": stream}, {"session": "review"}, grants)
        except (SandboxError, OSError) as problem:
            raise SessionLost(f"The types of reviewed code can't be checked: {problem}") from problem

    async def lender(self, stream: socket.socket, folder: Path, table: str, *, mock: bool) -> Child:
        """Who writes one table of a data set's folder into this end of a socket. SessionLost where it could not be started."""
        memory = self.config.review.memory_bytes
        settings = {"path": str(folder), "table": table, "mock": mock, "memory_bytes": memory}
        grants = Grants(read=(folder,), memory_bytes=memory, processes=0, cpu_seconds=None, file_bytes=0)
        try:
            admitted = self._walls.admit_reader(self._running["lender"], grants)
            return await self._spawn("lender", {"table": stream}, settings, admitted)
        except (SandboxError, OSError) as problem:
            raise SessionLost(f"The table could not be lent: {problem}") from problem

    async def ready_to_review(self) -> None:
        """Start the late ones' nurseries, where that wasn't done yet. SessionLost where that can't be, or a wall that is required is missing."""
        try:
            for role in LATE_BREEDS:
                if role not in self._running:
                    self._walls.inspect(role, await self._renew(role, None))
        except (SandboxError, OSError, Unusable) as problem:
            raise SessionLost(f"Nothing can be reviewed on this host: {problem}") from problem

    def _enrol(self, order: Order, children: Mapping[str, Any]) -> Group | None:
        group = self._walls.group(order.session)
        if group is not None:
            for child in children.values():
                group.add(child.pid)
        return group

    async def close(self) -> None:
        """Stop the nurseries; whatever they started dies with them."""
        self._closed = True
        for pidfd in list(self._watched):
            self._unwatch(pidfd)
        for task in self._replacing:
            task.cancel()
        running, self._running = self._running, {}
        await asyncio.gather(
            *(asyncio.to_thread(nursery.close) for nursery in running.values()), return_exceptions=True
        )

    async def _spawn(
        self, role: str, sockets: Mapping[str, socket.socket], settings: Mapping[str, Any], granted: Grants
    ) -> Child:
        nursery = self._running[role]
        grants = self._walls.widen(nursery, granted)
        try:
            child = await asyncio.to_thread(nursery.spawn, sockets=sockets, settings=settings, grants=grants)
        except (SandboxError, OSError):
            if nursery.alive():
                raise
            nursery = await self._renew(role, nursery)
            child = await asyncio.to_thread(nursery.spawn, sockets=sockets, settings=settings, grants=grants)
        self._walls.born(child, grants)
        return child

    async def _renew(self, role: str, worn: Nursery | None) -> Nursery:
        """A running nursery that isn't ``worn``: the one another task has just started, or a new one."""
        async with self._renewing[role]:
            if self._running.get(role) is worn:
                if worn is not None:
                    with contextlib.suppress(SandboxError, OSError):
                        await asyncio.to_thread(worn.close)
                fresh = await self._begin(role, BREEDS.get(role) or LATE_BREEDS[role])
                if self._closed:
                    await asyncio.to_thread(fresh.close)
                    raise SessionLost("The enclave is being stopped.")
                self._running[role] = fresh
                self._watch(role, fresh)
            return self._running[role]

    def _watch(self, role: str, nursery: Nursery) -> None:
        """Notice its death when it dies, so that no session has to wait for the next one's warmth."""
        with contextlib.suppress(OSError):  # gone already: the next request finds that out
            pidfd = os.pidfd_open(nursery.pid)
            self._watched[pidfd] = nursery
            asyncio.get_running_loop().add_reader(pidfd, self._died, role, pidfd)

    def _unwatch(self, pidfd: int) -> Nursery:
        asyncio.get_running_loop().remove_reader(pidfd)
        os.close(pidfd)
        return self._watched.pop(pidfd)

    def _died(self, role: str, pidfd: int) -> None:
        task = asyncio.create_task(self._replace(role, self._unwatch(pidfd)))
        self._replacing.add(task)
        task.add_done_callback(self._replacing.discard)

    async def _replace(self, role: str, worn: Nursery) -> None:
        """Start the next one in its place. Where that fails, it is tried again when a session wants one, which is then told."""
        _log.warning("a nursery died", role=role)
        await asyncio.sleep(_PAUSE_SECONDS)
        try:
            await self._renew(role, worn)
        except (SandboxError, OSError, SessionLost) as problem:
            _log.error("a nursery could not be started again", role=role, problem=str(problem))

    async def _begin(self, role: str, breed: Breed) -> Nursery:
        log = self.state.folder("logs") / f"{role}.log" if role not in _SILENT else None
        served = breed.keeps_ledger and bool(address(self.state))
        return await asyncio.to_thread(
            self.start,
            profile=role,
            entry=breed.entry,
            preload=(*breed.preload, *(_SERVED if served else ())),
            before=_BEFORE if served else None,
            warm=breed.warm,
            log=log,
            user=self._walls.users.last,
        )

    def _settings(self, role: str, order: Order) -> dict[str, Any]:
        vault = self.config.vault
        table: dict[str, dict[str, Any]] = {
            "kernel": {
                "session": order.session,
                "limits": {
                    "output_bytes": self.config.kernel.cell_output_bytes,
                    "export_bytes": self.config.wire.export_bytes,
                    "import_bytes": self.config.wire.import_bytes,
                    "cell_bytes": self.config.wire.cell_bytes,
                    "cell_depth": self.config.kernel.cell_depth,
                    "history_cells": self.config.kernel.history_cells,
                    "memory_bytes": self.config.kernel.memory_bytes,
                    "again_seconds": self.config.sessions.interrupt_grace_seconds / 2,
                },
                "strict": self.config.sessions.strict_types,
            },
            "vault": {
                "session": order.session,
                "analyst": order.analyst,
                "datasets": [{"name": name, "path": str(path)} for name, path in order.datasets.items()],
                "ledger": ledger_at(self.state),
                "schedule": vault.schedule,
                "scratch_budget": vault.scratch_budget,
                "most_lost": vault.lost_answers,
                "scratch": str(order.scratch),
                "memory_bytes": vault.memory_bytes,
                "threads": vault.threads,
            },
            "checker": {"session": order.session, "rest_seconds": self.config.sessions.checker_rest_seconds},
            "mapper": {},
        }
        return table[role]

    def _grants(self, role: str, order: Order) -> Grants:
        kernel, vault, mapper = self.config.kernel, self.config.vault, self.config.mapper
        table = {
            "kernel": Grants(
                memory_bytes=kernel.memory_bytes,
                processes=kernel.processes,
                cpu_seconds=kernel.cpu_seconds or None,
                file_bytes=kernel.file_bytes,
            ),
            "vault": Grants(
                read=tuple(order.datasets.values()),
                write=(*_ledger_folder(self.state), order.scratch),
                memory_bytes=vault.memory_bytes,
                processes=vault.processes,
                cpu_seconds=None,
                file_bytes=vault.file_bytes,
            ),
            "checker": Grants(memory_bytes=kernel.memory_bytes, processes=0, cpu_seconds=None, file_bytes=0),
            "mapper": Grants(memory_bytes=mapper.memory_bytes, processes=0, cpu_seconds=mapper.cpu_seconds),
        }
        return table[role]

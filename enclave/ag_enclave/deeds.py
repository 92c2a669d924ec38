"""What people did, kept for the audit log in the transaction that did it, and told to the clerk afterwards: no deed is lost, whatever dies in between.

Knows the table and the clerk's one question, not what the deeds mean. A deed may be told twice where the clerk's answer was lost; its number says so.
"""

import asyncio
import contextlib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import sqlalchemy as sa
import structlog

from ag_enclave.database import Database, metadata
from ag_enclave.errors import EnclaveError, Refusal

_LOOK_SECONDS = 1.0
_AT_ONCE = 100
_UNFIT = 400
"""The status of what the clerk won't ever write, however often it is asked."""
_ROOM, _BEGINNING = 8000, 300
"""Characters of JSON that the facts of a deed take in the log at most, and one that is cut, once they took more than the log has."""
_log = structlog.get_logger(__name__)

deeds = sa.Table(
    "deeds",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("actor", sa.String(80), nullable=False),
    sa.Column("action", sa.String(40), nullable=False),
    sa.Column("subject", sa.String(200), nullable=False),
    sa.Column("details", sa.Text, nullable=False),
    sa.Column("told", sa.Boolean, nullable=False),
    sa.Column("noticed", sa.Boolean, nullable=False, server_default=sa.true()),
)
_TURN = 0x61676465
"""Of PostgreSQL's advisory locks, the one for whoever counts before adding."""
_TELLING = 0x61677465
"""And the one for whoever tells the clerk, lest two gateways tell the same."""


class Clerk(Protocol):
    """Who keeps the log."""

    async def append(self, actor: str, action: str, subject: str, details: Mapping[str, Any]) -> Any:
        """Append one line, durably."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One line that the log must have."""

    number: int
    at: str
    actor: str
    action: str
    subject: str
    details: Mapping[str, Any]


def note(connection: sa.Connection, actor: str, action: str, subject: str, details: Mapping[str, Any]) -> None:
    """Keep a deed for the log, in the transaction that does it. ``details`` are JSON, public, and hold no secret."""
    row = {"actor": actor, "action": action, "subject": subject, "details": json.dumps(dict(details))}
    connection.execute(
        sa.insert(deeds).values(
            at=datetime.now(UTC).isoformat(timespec="milliseconds"), told=False, noticed=False, **row
        )
    )


def take_turn(connection: sa.Connection) -> None:
    """Exclude whoever else takes a turn until the transaction's end, so that what is counted in it stays so."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_TURN)))
    else:
        connection.execute(sa.update(deeds).where(deeds.c.number < 0).values(told=True))  # SQLite: the one writer


def shortened(details: Mapping[str, Any]) -> dict[str, Any]:
    """The facts, the longest cut to their beginning and a digest until all of them have room: whoever makes one long must not hide the others."""
    told, texts = dict(details), {name: json.dumps(value) for name, value in details.items()}
    for name in sorted(texts, key=lambda name: -len(texts[name])):
        if sum(map(len, texts.values())) > _ROOM:
            digest = hashlib.sha256(texts[name].encode()).hexdigest()
            told[name] = {"begins": texts[name][:_BEGINNING], "characters": len(texts[name]), "sha256": digest}
            texts[name] = json.dumps(told[name])
    return told


class Deeds:
    """Tells the clerk, in order. ``hurry`` says that there is something new."""

    def __init__(self, database: Database, clerk: Clerk) -> None:
        self._database = database
        self._clerk = clerk
        self._turn = asyncio.Lock()

    async def tell(self) -> int:
        """Tell what is not told yet; how many. Raises what the clerk raises, with the rest kept for later. None where another gateway is at it."""
        async with self._turn:
            with contextlib.ExitStack() as stack:
                mine = await asyncio.to_thread(stack.enter_context, self._database.alone(_TELLING))
                waiting = await asyncio.to_thread(self._waiting) if mine else []
                for deed in waiting:
                    await self._append(deed)
                    await asyncio.to_thread(self._mark, deed.number)
                return len(waiting)

    async def _append(self, deed: Deed) -> None:
        """One line of the log; where the clerk finds it unfit, with its longest facts cut, else a line that says so, lest the deeds behind it wait for ever."""
        known = {"deed": deed.number, "at": deed.at}
        for details in ({**deed.details, **known}, {**shortened(deed.details), **known}):
            try:
                await self._clerk.append(deed.actor, deed.action, deed.subject, details)
                return
            except Refusal as refusal:
                if refusal.status != _UNFIT:
                    raise
                why = refusal.message
        _log.error("a deed is unfit for the audit log", deed=deed.number, why=why)
        await self._clerk.append(deed.actor, "deed.unfit", deed.subject, {**known, "of": deed.action, "why": why})

    async def watch(self) -> None:
        """Tell what others left (the command line, a gateway that died), until cancelled."""
        while True:
            try:
                more = await self.tell() == _AT_ONCE
            except EnclaveError as problem:
                more = False
                _log.warning("the audit log could not be told; it is tried again", problem=str(problem))
            except Exception:  # noqa: BLE001 - the log must be told all the same
                more = False
                _log.exception("the audit log could not be told; it is tried again")
            await asyncio.sleep(0 if more else _LOOK_SECONDS)

    def untold(self) -> int:
        """How many deeds the log hasn't got yet. Call it off the event loop."""
        with self._database.transaction() as connection:
            return int(connection.execute(sa.select(sa.func.count()).where(sa.not_(deeds.c.told))).scalar_one())

    def _waiting(self) -> list[Deed]:
        wanted = sa.select(deeds).where(sa.not_(deeds.c.told)).order_by(deeds.c.number).limit(_AT_ONCE)
        with self._database.transaction() as connection:
            rows = connection.execute(wanted).mappings().all()
        return [
            Deed(
                **{
                    **{name: value for name, value in row.items() if name not in ("told", "noticed")},
                    "details": json.loads(row["details"]),
                }
            )
            for row in rows
        ]

    def _mark(self, number: int) -> None:
        with self._database.transaction() as connection:
            connection.execute(sa.update(deeds).where(deeds.c.number == number).values(told=True))

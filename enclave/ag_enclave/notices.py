"""Notices by mail and webhook of what people ask and decide: deeds become notices in an outbox, each sent until it arrived or was tried often enough.

Knows the outbox and when to try again, not how anything is sent. What a notice says is in the deed: public, and without secrets.
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
import structlog

from ag_enclave.database import Database, metadata
from ag_enclave.deeds import deeds

ACTIONS = {
    "request.ask": "asks for budget",
    "request.accept": "accepted a request for budget",
    "request.deny": "denied a request for budget",
    "review.submit": "submitted code for review",
    "review.approve": "approved code",
    "review.deny": "denied code",
}
"""Of which deeds people are told, and in which words."""
_TRIES = 12
_LONGEST_WAIT = 3600.0
_LOOK_SECONDS = 1.0
_AT_ONCE = 50
_SENDING = 0x61677365
"""Of PostgreSQL's advisory locks, the one for whoever sends, lest two gateways send the same."""
_log = structlog.get_logger(__name__)

notices = sa.Table(
    "notices",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("deed", sa.Integer, nullable=False),
    sa.Column("channel", sa.String(16), nullable=False),
    sa.Column("state", sa.String(8), nullable=False, index=True),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("due", sa.Float, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is told. ``number`` is the deed's: whoever gets a notice twice knows it by that."""

    number: int
    at: str
    actor: str
    action: str
    subject: str
    details: Mapping[str, Any]

    @property
    def sentence(self) -> str:
        """In one line."""
        return f"{self.actor} {ACTIONS[self.action]}: {self.subject}"


Channel = Callable[[Notice], None]
"""Sends one notice, blocking, within seconds; OSError where it didn't arrive."""


class Notices:
    """The outbox. ``channels`` by name; ``patience``: seconds before the second try, doubled each time. ``clock``: the wall clock."""

    def __init__(
        self,
        database: Database,
        channels: Mapping[str, Channel],
        *,
        patience: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._channels = channels
        self._patience = patience
        self._clock = clock

    async def watch(self) -> None:
        """Send what is due, until cancelled."""
        while True:
            try:
                await asyncio.to_thread(self.look)
            except Exception:  # noqa: BLE001 - the next notice must go out all the same
                _log.exception("notices could not be looked at")
            await asyncio.sleep(_LOOK_SECONDS)

    def look(self) -> None:
        """Make notices of new deeds, and send those that are due. Call it off the event loop."""
        with self._database.alone(_SENDING) as mine:
            if mine:
                self._collect()
                for number, channel, tries, notice in self._due():
                    self._try(number, channel, tries, notice)

    def waiting(self) -> int:
        """How many were not delivered yet. Call it off the event loop."""
        wanted = sa.select(sa.func.count()).where(notices.c.state == "waiting")
        with self._database.transaction() as connection:
            return int(connection.execute(wanted).scalar_one())

    def _collect(self) -> None:
        fresh = sa.select(deeds.c.number, deeds.c.action).where(sa.not_(deeds.c.noticed)).limit(_AT_ONCE)
        with self._database.transaction() as connection:
            found = connection.execute(fresh).all()
            rows = [
                {"deed": number, "channel": channel, "state": "waiting", "tries": 0, "due": self._clock()}
                for number, action in found
                if action in ACTIONS
                for channel in self._channels
            ]
            if found:
                numbers = [number for number, _ in found]
                connection.execute(sa.update(deeds).where(deeds.c.number.in_(numbers)).values(noticed=True))
            if rows:
                connection.execute(sa.insert(notices), rows)

    def _due(self) -> list[tuple[int, str, int, Notice]]:
        wanted = (
            sa.select(notices.c.number.label("notice"), notices.c.channel, notices.c.tries, deeds)
            .join_from(notices, deeds, notices.c.deed == deeds.c.number)
            .where(notices.c.state == "waiting", notices.c.due <= self._clock())
            .order_by(notices.c.number)
            .limit(_AT_ONCE)
        )
        with self._database.transaction() as connection:
            rows = connection.execute(wanted).mappings().all()
        kept = ("number", "at", "actor", "action", "subject")
        return [
            (
                row["notice"],
                row["channel"],
                row["tries"],
                Notice(**{name: row[name] for name in kept}, details=json.loads(row["details"])),
            )
            for row in rows
            if row["channel"] in self._channels
        ]

    def _try(self, number: int, channel: str, tries: int, notice: Notice) -> None:
        try:
            self._channels[channel](notice)
            values: dict[str, Any] = {"state": "sent"}
        except Exception as problem:  # noqa: BLE001 - whatever it is, the notices behind it must go out
            values = {"due": self._clock() + min(self._patience * 2**tries, _LONGEST_WAIT)}
            if tries + 1 >= _TRIES:
                values = {"state": "failed"}
            # The kind only: a server's own words may quote what it was sent.
            _log.warning("a notice did not arrive", channel=channel, tries=tries + 1, problem=type(problem).__name__)
        with self._database.transaction() as connection:
            connection.execute(sa.update(notices).where(notices.c.number == number).values(tries=tries + 1, **values))

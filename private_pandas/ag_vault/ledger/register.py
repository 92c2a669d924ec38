"""What owners and the gateway do with the ledger: set caps, write to the log, read both. The clerk's half; vaults charge in ``book``.

Knows caps, entries and sums; no plans, no rows, and no way to lower what was spent.
"""

import json
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from ag_vault.account import DELTA_UNIT, EPSILON_UNIT, RHO_UNIT, Totals
from ag_vault.errors import BadLedger
from ag_vault.ledger import chain, log, unanswered
from ag_vault.ledger.caps import Kind, cap_of
from ag_vault.ledger.modes import writing
from ag_vault.ledger.revisions import upgrade
from ag_vault.ledger.schema import BALANCES, CAPS, LOG, SUMS
from ag_vault.ledger.walk import Walk
from ag_vault.ledger.witness import Witness, file_of

MOST_ENTRIES = 1000
"""Of one page of the log."""
_LONGEST_REASON = 1000
_LONGEST_WINDOW = 10 * 366 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which cap: of everyone together, of an analyst (``who`` empty: of each) or per call; over all time, or within ``seconds``.

    Raises ValueError with one sentence for what is none.
    """

    kind: Kind
    dataset: str
    who: str = ""
    seconds: int = 0

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind) or not self.dataset:
            raise ValueError("A cap is for a data set: of everyone, of an analyst or per call.")
        if self.who and self.kind != "analyst":
            raise ValueError("Only an analyst's cap names one.")
        if not 0 <= self.seconds <= _LONGEST_WINDOW or (self.seconds and self.kind == "call"):
            raise ValueError("A window has between a second and ten years, and a call has none.")

    @property
    def key(self) -> dict[str, Any]:
        """The key of its row."""
        return {"kind": self.kind, "dataset": self.dataset, "who": self.who, "seconds": self.seconds}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which entries of the log: those before a number, newest first, by whom, of which action, about what."""

    before: int | None = None
    limit: int = 100
    actor: str | None = None
    action: str | None = None
    subject: str | None = None


class Register:
    """The ledger's database as the clerk uses it. Every method is one transaction; BadLedger where it can't be had."""

    def __init__(self, engine: sa.Engine, *, clock: Callable[[], int] = time.time_ns) -> None:
        self._engine = engine
        self._writer = writing(engine)
        self._clock = clock
        self._witness = Witness(file_of(engine))

    @property
    def shared(self) -> bool:
        """Whether it is on a server, where other enclaves may keep the same ledger."""
        return self._engine.dialect.name != "sqlite"

    def open(self) -> None:
        """Make or upgrade the database and check the ends of both chains."""
        with self.writing() as connection:
            if not upgrade(connection):
                raise BadLedger("the ledger was written by a newer release")
            chain.verify_head(connection)
            log.verify_head(connection)

    def append(self, entry: log.Entry) -> log.Mark:
        """Write an entry that speaks of no charge."""
        with self.writing() as connection:
            return log.append(connection, entry, after=log.head(connection), now=self._clock())

    def set_cap(self, place: Place, epsilon: str | None, delta: str, *, actor: str, reason: str) -> log.Mark:
        """Put a cap in force, at once and for all vaults. ``epsilon`` None: no bound over all time, where a window bounds the same.

        ValueError with one sentence where it can't be: no reason, no number, no window to stand in for the bound.
        """
        cap = None if epsilon is None else cap_of(epsilon, delta)
        entry = _cap_entry(place, {"epsilon": epsilon, "delta": delta}, actor, reason)
        with self.writing() as connection:
            if cap is None:
                _check_unbounded(connection, place)
            before = connection.execute(_cap_at(place)).mappings().one_or_none()
            connection.execute(sa.delete(CAPS).where(*_at(place)))
            connection.execute(sa.insert(CAPS), place.key | {"epsilon": epsilon, "delta": delta})
            return self._noted(connection, entry, before)

    def drop_cap(self, place: Place, *, actor: str, reason: str) -> log.Mark:
        """Let the metadata's cap be in force again, or end a window. ValueError where there is none, or something stands on it."""
        entry = _cap_entry(place, None, actor, reason)
        with self.writing() as connection:
            before = connection.execute(_cap_at(place)).mappings().one_or_none()
            if before is None:
                raise ValueError("No such cap was set.")
            connection.execute(sa.delete(CAPS).where(*_at(place)))
            if place.seconds and not _windows(connection, place):
                unbounded = connection.execute(_cap_at(place, seconds=0)).mappings().one_or_none()
                if unbounded is not None and unbounded["epsilon"] is None:
                    raise ValueError("The last window stays for as long as there is no bound over all time.")
            return self._noted(connection, entry, before)

    def caps(self, dataset: str | None = None) -> list[dict[str, Any]]:
        """The caps that owners have set."""
        wanted = sa.select(CAPS).order_by(CAPS.c.dataset, CAPS.c.kind, CAPS.c.who, CAPS.c.seconds)
        with self.reading() as connection:
            rows = connection.execute(wanted if dataset is None else wanted.where(CAPS.c.dataset == dataset))
            return [dict(row) for row in rows.mappings()]

    def totals(self, account: str | None = None) -> list[dict[str, Any]]:
        """What was spent, by account and by analyst (``who`` empty: everyone together), in ε, ρ and δ as plain sums, and how many answers were charged for and not kept."""
        wanted = sa.select(BALANCES).where(BALANCES.c.kind.in_(("everyone", "analyst")))
        wanted = wanted.order_by(BALANCES.c.dataset, BALANCES.c.kind.desc(), BALANCES.c.who)
        with self.reading() as connection:
            rows = connection.execute(wanted if account is None else wanted.where(BALANCES.c.dataset == account))
            lost = {(each[0], each[1]): each[2] for each in unanswered.counts(connection)}
            return [_total(row, lost) for row in rows.mappings()]

    def look(self) -> None:
        """BadLedger where the ledger was put back since the last look."""
        with self.reading() as connection:
            self._witness.check(connection, log.head(connection))

    def history(self, which: Filter) -> list[dict[str, Any]]:
        """Entries of the log, newest first."""
        wanted = sa.select(LOG).order_by(LOG.c.sequence.desc()).limit(max(1, min(which.limit, MOST_ENTRIES)))
        if which.before is not None:
            wanted = wanted.where(LOG.c.sequence < which.before)
        for name in ("actor", "action", "subject"):
            value = getattr(which, name)
            wanted = wanted if value is None else wanted.where(LOG.c[name] == value)
        with self.reading() as connection:
            return [shown(row) for row in connection.execute(wanted).mappings()]

    def newest_deed(self) -> dict[str, Any] | None:
        """What the log's newest deed of the gateway's says of itself: its number there and when; None where there was none."""
        wanted = sa.select(LOG.c.sequence, LOG.c.details).where(LOG.c.action != "release")
        wanted, before = wanted.order_by(LOG.c.sequence.desc()).limit(MOST_ENTRIES), sys.maxsize
        with self.reading() as connection:
            while found := connection.execute(wanted.where(LOG.c.sequence < before)).all():
                told = (json.loads(row.details) for row in found)
                for each in told:
                    if isinstance(each.get("deed"), int):
                        return {"deed": each["deed"], "at": str(each.get("at", ""))}
                before = found[-1].sequence
        return None

    def entries(self, *, after: int, limit: int) -> list[dict[str, Any]]:
        """Entries in their order, those with greater numbers than ``after``, with details as the text that is hashed."""
        wanted = sa.select(LOG).where(LOG.c.sequence > after).order_by(LOG.c.sequence)
        with self.reading() as connection:
            return [dict(row) for row in connection.execute(wanted.limit(max(1, min(limit, MOST_ENTRIES)))).mappings()]

    def verify(self) -> tuple[int, int]:
        """Check both chains whole and that they agree: numbers of events and of entries. BadLedger where not."""
        walk = Walk()
        with self.reading() as connection:
            walk.step(connection, None)
        return walk.events.count, walk.entries.count

    def copy(self, path: Path) -> None:
        """A consistent copy of the whole database in a new file, while vaults charge. BadLedger where it can't be written."""
        source, target = self._engine.raw_connection(), sqlite3.connect(path)
        try:
            source.driver_connection.backup(target)  # type: ignore[union-attr]
        except sqlite3.Error as problem:
            raise BadLedger("the copy of the ledger can't be written") from problem
        finally:
            target.close()
            source.close()

    def checkpoint(self) -> None:
        """Leave everything in the one file: nobody else may be using it."""
        with self._engine.connect() as connection:
            connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that sees one state."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as problem:
            raise BadLedger("the ledger can't be read") from problem

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that excludes other writers."""
        try:
            with self._writer.begin() as connection:
                yield connection
        except SQLAlchemyError as problem:
            raise BadLedger("the ledger can't be written") from problem

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def _noted(self, connection: sa.Connection, entry: log.Entry, before: sa.RowMapping | None) -> log.Mark:
        """The change of a cap in the log, with what was set before."""
        known = None if before is None else {"epsilon": before["epsilon"], "delta": before["delta"]}
        full = log.Entry(
            actor=entry.actor, action=entry.action, subject=entry.subject, details={**entry.details, "before": known}
        )
        return log.append(connection, full, after=log.head(connection), now=self._clock())


def shown(row: sa.RowMapping) -> dict[str, Any]:
    """An entry for whoever may read the log."""
    return {**row, "details": json.loads(row["details"])}


def _cap_entry(place: Place, cap: Mapping[str, Any] | None, actor: str, reason: str) -> log.Entry:
    if not reason.strip() or len(reason) > _LONGEST_REASON:
        raise ValueError(f"A change of a cap needs a reason of at most {_LONGEST_REASON} characters.")
    details = {**place.key, "cap": cap, "reason": reason}
    return log.Entry(actor=actor, action="cap", subject=place.dataset, details=details)


def _at(place: Place, **changes: Any) -> list[sa.ColumnElement[bool]]:
    return [CAPS.c[name] == value for name, value in (place.key | changes).items()]


def _cap_at(place: Place, **changes: Any) -> sa.Select[Any]:
    return sa.select(CAPS).where(*_at(place, **changes))


def _windows(connection: sa.Connection, place: Place) -> bool:
    same = [CAPS.c[name] == value for name, value in place.key.items() if name != "seconds"]
    return connection.execute(sa.select(CAPS.c.seconds).where(*same, CAPS.c.seconds > 0)).first() is not None


def _check_unbounded(connection: sa.Connection, place: Place) -> None:
    if place.seconds or place.kind == "call":
        raise ValueError("Only a bound over all time can be lifted.")
    if not _windows(connection, place):
        raise ValueError("A bound over all time can be lifted only where a window of the same kind bounds spending.")


def _total(row: sa.RowMapping, lost: Mapping[tuple[str, str], int]) -> dict[str, Any]:
    sums = Totals(**{name: row[name] for name in SUMS})
    return {
        "account": row["dataset"],
        "who": row["who"],
        "epsilon": sums.epsilon / EPSILON_UNIT,
        "rho": sums.rho / RHO_UNIT,
        "delta": sums.delta / DELTA_UNIT,
        "unanswered": lost.get((row["dataset"], row["who"]), 0),
    }

"""The audit log: entries chained by hashes, each of a charge with the charge's own number and hash, so that ledger and log vouch for each other.

Knows no budgets and no plans: what an entry says is its writer's. Entries are written within the caller's transaction, or not at all.
"""

import json
from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any

import msgspec
import sqlalchemy as sa

from ag_vault.errors import BadLedger
from ag_vault.ledger.chain import GENESIS, digest, move
from ag_vault.ledger.schema import EVENTS, EVENTS_HEAD, HEAD, LOG, LOG_HEAD
from ag_vault.ledger.wire import Speaker

_LONGEST_NAME = 300
_LONGEST_DETAILS = 16 << 10
_written = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
_fields = itemgetter(*(column.name for column in LOG.columns if column.name != "hash"))


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Who (``actor``) did what (``action``) to what (``subject``). ``event``, ``event_hash``: the charge it speaks of, 0 for none.

    Raises ValueError where the details are no JSON object or too long.
    """

    actor: str
    action: str
    subject: str
    details: Mapping[str, Any]
    event: int = 0
    event_hash: str = ""

    @property
    def row(self) -> dict[str, Any]:
        """Its columns but for number, time and hashes."""
        details = _written(dict(self.details))
        if len(details) > _LONGEST_DETAILS:
            raise ValueError("the details of an entry of the log are too long")
        return {
            "actor": printable(self.actor),
            "action": printable(self.action),
            "subject": printable(self.subject),
            "details": details,
            "event": self.event,
            "event_hash": self.event_hash,
        }


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """A place in the log: an entry's number and hash, and when it was written, in nanoseconds since 1970."""

    sequence: int
    hash: str
    at: int


def printable(text: str) -> str:
    """The text on one line, as far as it can be printed, and not endless."""
    short = text[:_LONGEST_NAME]
    if short.isprintable():
        return short
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in short)


def link(entry: Mapping[str, Any] | sa.RowMapping) -> str:
    """The hash of an entry: SHA-256 over the JSON list of all its fields but the hash itself, in the order of the table's columns."""
    return digest(_fields(entry))


def head(connection: sa.Connection) -> Mark:
    """The log's last entry, as its head says. BadLedger where there is no head."""
    row = connection.execute(_HEAD, {"which": LOG_HEAD}).mappings().one_or_none()
    if row is None:
        raise BadLedger("the log has no head")
    return Mark(sequence=row["sequence"], hash=row["hash"], at=row["at"])


def append(connection: Speaker, entry: Entry, *, after: Mark, now: int) -> Mark:
    """Write an entry behind the last one and move the head, in the caller's writing transaction. Time never goes back."""
    at = max(now, after.at)
    row = entry.row
    row.update(sequence=after.sequence + 1, at=at, previous=after.hash)
    row["hash"] = link(row)
    connection.execute(_ADD, row)
    move(connection, LOG_HEAD, row)
    return Mark(sequence=row["sequence"], hash=row["hash"], at=at)


class Walk:
    """Along the log from its first entry: every entry links to the one before, and charges and entries are one to one.

    Steps may be of different transactions, since entries are never changed: what is written meanwhile is walked too. ``hear`` is told each entry.
    """

    def __init__(self, hear: Callable[[sa.RowMapping], None] = lambda _entry: None) -> None:
        self._hear = hear
        self.count = 0
        self._previous = GENESIS
        self._charged = 0

    def step(self, connection: sa.Connection, most: int | None = None) -> bool:
        """Go on by so many entries; whether the end was reached. BadLedger where something doesn't fit."""
        before = self.count
        for entry in connection.execute(_NEXT.limit(most), {"after": self.count}).mappings():
            self.count += 1
            if entry["sequence"] != self.count or entry["previous"] != self._previous or link(entry) != entry["hash"]:
                raise BadLedger(f"the log's chain breaks at entry {self.count}")
            self._previous = entry["hash"]
            self._hear(entry)
            if entry["event"]:
                if entry["event"] != self._charged + 1 and self.count > 1:
                    raise BadLedger(f"entry {self.count} of the log speaks of another charge than the next")
                if entry["event_hash"] != entry["charged"]:
                    raise BadLedger(f"entry {self.count} of the log and its charge don't agree")
                self._charged = entry["event"]
        return most is None or self.count - before < most

    def end(self, connection: sa.Connection) -> None:
        """In the transaction of the last step: the head is the last entry, and no charge is without one. BadLedger where not."""
        mark = head(connection)
        if (mark.sequence, mark.hash) != (self.count, self._previous):
            raise BadLedger("the log's head does not name its last entry")
        if self._charged != connection.execute(_HEAD, {"which": EVENTS_HEAD}).mappings().one()["sequence"]:
            raise BadLedger("the ledger has charges that the log doesn't know")


def verify(connection: sa.Connection) -> int:
    """The whole log at once. Gives the number of entries. BadLedger where it is broken."""
    walk = Walk()
    walk.step(connection)
    walk.end(connection)
    return walk.count


def verify_head(connection: sa.Connection) -> None:
    """The last entry is what the head says and hashes to it. Constant time. BadLedger where not."""
    mark = head(connection)
    last = connection.execute(_LAST).mappings().one_or_none()
    if mark.sequence != (last["sequence"] if last else 0):
        raise BadLedger("the log's head does not name its last entry")
    if mark.hash != (last["hash"] if last else GENESIS) or (last and link(last) != last["hash"]):
        raise BadLedger("the log's last entry was altered")


_HEAD = sa.select(HEAD).where(HEAD.c.id == sa.bindparam("which"))
_ADD = sa.insert(LOG)
_LAST = sa.select(LOG).order_by(LOG.c.sequence.desc()).limit(1)
_NEXT = (
    sa.select(LOG, EVENTS.c.hash.label("charged"))
    .join_from(LOG, EVENTS, LOG.c.event == EVENTS.c.sequence, isouter=True)
    .where(LOG.c.sequence > sa.bindparam("after"))
    .order_by(LOG.c.sequence)
)

"""The hash chain over events: links, and the checks that find an event changed, dropped or put in.

Knows no budgets. A whole file swapped for an older one is not found here: that needs a head kept elsewhere.
"""

import hashlib
import json
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from ag_vault.account import Totals
from ag_vault.errors import BadLedger
from ag_vault.ledger.schema import BALANCES, EVENTS, EVENTS_HEAD, HEAD, SUMS
from ag_vault.ledger.wire import Speaker

Row = dict[str, Any] | sa.RowMapping
GENESIS = "0" * 64
_fields = itemgetter(*(column.name for column in EVENTS.columns if column.name != "hash"))
_written = json.JSONEncoder(separators=(",", ":")).encode


def link(event: Row) -> str:
    """The hash of an event: SHA-256 over all its fields but the hash itself, the previous hash among them."""
    return digest(_fields(event))


def digest(fields: tuple[Any, ...]) -> str:
    """SHA-256 over the JSON list of these fields."""
    return hashlib.sha256(_written(fields).encode()).hexdigest()


def move(connection: Speaker, which: int, row: Row) -> None:
    """Make the row that was just written the head of its chain, in the caller's transaction."""
    place = {"to_sequence": row["sequence"], "to_hash": row["hash"], "to_at": row["at"]}
    connection.execute(_MOVE, place | {"which": which})


def verify_head(connection: sa.Connection) -> None:
    """The last event is what the head says and follows the one before. Constant time. BadLedger where not."""
    head = connection.execute(sa.select(HEAD).where(HEAD.c.id == EVENTS_HEAD)).mappings().one_or_none()
    newest = sa.select(EVENTS).order_by(EVENTS.c.sequence.desc()).limit(2)
    tail = connection.execute(newest).mappings().all()
    if head is None or head["sequence"] != (tail[0]["sequence"] if tail else 0):
        raise BadLedger("the ledger's head does not name its last event")
    expected = tail[0]["hash"] if tail else GENESIS
    before = tail[1]["hash"] if len(tail) > 1 else GENESIS
    broken = tail and (link(tail[0]) != expected or tail[0]["previous"] != before)
    if head["hash"] != expected or broken:
        raise BadLedger("the ledger's last event was altered")


class Walk:
    """Along the chain from its first event: every event links to the one before, and at the end the balances are their sums.

    Steps may be of different transactions, since events are never changed: what is charged meanwhile is walked too.
    """

    def __init__(self) -> None:
        self.count = 0
        self._previous = GENESIS
        self._sums: dict[tuple[str, str, str], Totals] = {}

    def step(self, connection: sa.Connection, most: int | None = None) -> bool:
        """Go on by so many events; whether the end was reached. BadLedger where the chain breaks."""
        wanted = sa.select(EVENTS).where(EVENTS.c.sequence > self.count).order_by(EVENTS.c.sequence).limit(most)
        before = self.count
        for event in connection.execute(wanted).mappings():
            self.count += 1
            if event["sequence"] != self.count or event["previous"] != self._previous or link(event) != event["hash"]:
                raise BadLedger(f"the ledger's chain breaks at event {self.count}")
            self._previous = event["hash"]
            for scope in ("everyone", event["dataset"], ""), ("analyst", event["dataset"], event["analyst"]):
                self._sums[scope] = self._sums.get(scope, Totals()) + _totals(event)
        return most is None or self.count - before < most

    def end(self, connection: sa.Connection) -> None:
        """In the transaction of the last step: the head is the last event, the balances are the sums. BadLedger where not."""
        verify_head(connection)
        head = connection.execute(sa.select(HEAD).where(HEAD.c.id == EVENTS_HEAD)).mappings().one()
        if (head["sequence"], head["hash"]) != (self.count, self._previous):
            raise BadLedger("the ledger's head does not name its last event")
        kept = connection.execute(sa.select(BALANCES).where(BALANCES.c.kind.in_(("everyone", "analyst")))).mappings()
        if {(row["kind"], row["dataset"], row["who"]): _sums(row) for row in kept} != self._sums:
            raise BadLedger("the ledger's balances are not the sums of its events")


def verify(connection: sa.Connection) -> int:
    """The whole chain at once. Gives the number of events. BadLedger where it is broken."""
    walk = Walk()
    walk.step(connection)
    walk.end(connection)
    return walk.count


def _totals(event: Row) -> Totals:
    """What an event adds to a balance."""
    own = event["rho"] if event["impure"] else 0
    return Totals(**{name: event[name] for name in ("epsilon", "rho", "delta", "impure")}, impure_rho=own)


def _sums(balance: Row) -> Totals:
    return Totals(**{name: balance[name] for name in SUMS})


_MOVE = (
    sa.update(HEAD)
    .where(HEAD.c.id == sa.bindparam("which"))
    .values(sequence=sa.bindparam("to_sequence"), hash=sa.bindparam("to_hash"), at=sa.bindparam("to_at"))
)

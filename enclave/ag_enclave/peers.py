"""Other enclaves that files come from and go to: name, public key, and the numbers of the files so far. Each step leaves its deed for the log.

Knows the table and keys, nothing of what files bring.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ag_enclave import deeds
from ag_enclave.database import Database, metadata
from ag_enclave.errors import BadData
from ag_enclave.parcels import canonical, fingerprint, public_key

peers = sa.Table(
    "sync_peers",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("public_key", sa.Text, nullable=False),
    sa.Column("sent", sa.Integer, nullable=False),
    sa.Column("taken", sa.Integer, nullable=False),
)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,31}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One other side. ``sent``, ``taken``: the numbers of the last file each way."""

    name: str
    public_key: str
    sent: int
    taken: int

    @property
    def fingerprint(self) -> str:
        """Of its key."""
        return fingerprint(public_key(self.public_key))


class Peers:
    """The registered ones. ``by``: whose deeds these are."""

    def __init__(self, database: Database, by: str) -> None:
        self._database = database
        self._by = by

    def register(self, name: str, text: str) -> str:
        """Know another side by its public key; its fingerprint. BadData for no key, for a name that has another one, and a key that has another name."""
        if not _NAME.fullmatch(name):
            raise BadData("Another side's name is made of letters, digits and hyphens, 32 at most.")
        key = public_key(text)
        mark, plain = fingerprint(key), canonical(key)
        with self._database.transaction() as connection:
            deeds.take_turn(connection)
            for each in _all(connection):
                if (each.name == name) is not (each.fingerprint == mark):
                    known = "another key" if each.name == name else "the same key"
                    raise BadData(f"{each.name!r} is registered with {known}; `ag-enclave sync forget` ends that.")
                if each.name == name:
                    return mark
            row = {"name": name, "public_key": plain, **_counted(connection, mark)}
            connection.execute(sa.insert(peers).values(row))
            deeds.note(connection, self._by, "sync.register", name, {"fingerprint": mark})
        return mark

    def forget(self, name: str) -> None:
        """Take nothing of that side any more. What came from it stays. BadData where it isn't registered."""
        with self._database.transaction() as connection:
            deeds.take_turn(connection)
            forget(connection, name, by=self._by)

    def everyone(self) -> list[Peer]:
        """All of them, by name."""
        with self._database.transaction() as connection:
            return _all(connection)

    def named(self, name: str) -> Peer:
        """One of them. BadData where it isn't registered."""
        with self._database.transaction() as connection:
            return peer(connection, name)


def peer(connection: sa.Connection, name: str) -> Peer:
    """One of them, as this transaction sees it. BadData where it isn't registered."""
    row: Any = connection.execute(sa.select(peers).where(peers.c.name == name)).mappings().first()
    if row is None:
        raise BadData(f"No other side is registered as {name!r}; `ag-enclave sync peer` does that.")
    return Peer(**row)


def forget(connection: sa.Connection, name: str, *, by: str) -> None:
    """It is registered no more. The deed keeps its numbers: whoever comes back with the same key goes on after them, and no file of before is taken again."""
    found = peer(connection, name)
    connection.execute(sa.delete(peers).where(peers.c.name == name))
    facts = {"fingerprint": found.fingerprint, "sent": found.sent, "taken": found.taken}
    deeds.note(connection, by, "sync.forget", name, facts)


def _counted(connection: sa.Connection, mark: str) -> dict[str, int]:
    """The numbers that a key had when it was forgotten; none where it never was."""
    told = sa.select(deeds.deeds.c.details).where(deeds.deeds.c.action == "sync.forget")
    found = [
        known for each in connection.execute(told).scalars() if (known := json.loads(each)).get("fingerprint") == mark
    ]
    return {counter: max((known.get(counter, 0) for known in found), default=0) for counter in ("sent", "taken")}


def next_number(connection: sa.Connection, name: str, after: int) -> int:
    """The number of the next file to that side, beyond the last one's and ``after``."""
    number = max(peer(connection, name).sent, after) + 1
    connection.execute(sa.update(peers).where(peers.c.name == name).values(sent=number))
    return number


def take_number(connection: sa.Connection, name: str, number: int) -> None:
    """That side's file of this number is taken. BadData where it, or a later one, was."""
    taken = peer(connection, name).taken
    if number <= taken:
        raise BadData(
            f"The file number {number}, or a later one, was taken from {name} already; if {name} lost count (a restored backup), "
            f"it goes on with `ag-enclave sync export --after {taken}`."
        )
    connection.execute(sa.update(peers).where(peers.c.name == name).values(taken=number))


def _all(connection: sa.Connection) -> list[Peer]:
    return [Peer(**row) for row in connection.execute(sa.select(peers).order_by(peers.c.name)).mappings()]

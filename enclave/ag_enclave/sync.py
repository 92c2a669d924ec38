"""Low side and high side: what is sent to a registered other enclave and taken from it. Each step leaves its deed for the log.

Knows the tables; files are ``parcels``'. A decision is taken only from the side that its request was sent to, and only once.
"""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from ag_enclave import deeds
from ag_enclave.database import Database, metadata
from ag_enclave.errors import BadData, EnclaveError
from ag_enclave.parcels import Asked, BoundTable, Decided, Parcel, fingerprint, public_key
from ag_enclave.reviews import APPROVED, DENIED, OPEN, Input, Submission, reviews
from ag_enclave.words import check_code, check_text

peers = sa.Table(
    "sync_peers",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("public_key", sa.Text, nullable=False),
    sa.Column("sent", sa.Integer, nullable=False),
    sa.Column("taken", sa.Integer, nullable=False),
)
travels = sa.Table(
    "sync_travels",
    metadata,
    sa.Column("request_id", sa.String(36), primary_key=True),
    sa.Column("peer", sa.String(64), nullable=False),
    sa.Column("came", sa.Boolean, nullable=False),
)
"""Which request went to whom, or came from whom."""

_LONGEST_USER = 80
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,31}")
Bind = Callable[[BoundTable], Input]
"""The input as this side has it; EnclaveError where it has no such table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """How much a file brought: new requests, decisions, and a sentence for each request that has no place here."""

    asked: int
    decided: int
    left: tuple[str, ...]


class Sync:
    """What passes between this enclave and others."""

    def __init__(self, database: Database, by: str) -> None:
        self._database = database
        self._by = by

    def register(self, name: str, text: str) -> str:
        """Know another side by its public key; its fingerprint. BadData for no key, or a name that has another one."""
        if not _NAME.fullmatch(name):
            raise BadData("Another side's name is made of letters, digits and hyphens, 32 at most.")
        mark = fingerprint(public_key(text))
        with self._database.transaction() as connection:
            deeds.take_turn(connection)
            known = connection.execute(sa.select(peers.c.public_key).where(peers.c.name == name)).scalar_one_or_none()
            if known is not None and known != text:
                raise BadData(f"There is another key for {name!r} already.")
            if known is None:
                row = {"name": name, "public_key": text, "sent": 0, "taken": 0}
                connection.execute(sa.insert(peers).values(row))
                deeds.note(connection, self._by, "sync.register", name, {"fingerprint": mark})
        return mark

    def key_of(self, name: str) -> str:
        """A registered side's public key. BadData where it isn't."""
        with self._database.transaction() as connection:
            return str(_peer(connection, name)["public_key"])

    def pack(self, name: str) -> Parcel:
        """What that side hasn't decided or hasn't heard, as its next file: open requests of ours, decisions about its own."""
        with self._database.transaction() as connection:
            deeds.take_turn(connection)
            peer = _peer(connection, name)
            joined = sa.select(reviews, travels.c.peer, travels.c.came).outerjoin(
                travels, travels.c.request_id == reviews.c.request_id
            )
            rows = connection.execute(joined).mappings().all()
            ours = [row for row in rows if row["state"] == OPEN and row["peer"] in (None, name) and not row["came"]]
            theirs = [row for row in rows if row["peer"] == name and row["came"] and row["state"] in (APPROVED, DENIED)]
            fresh = [
                {"request_id": row["request_id"], "peer": name, "came": False} for row in ours if row["peer"] is None
            ]
            if fresh:
                connection.execute(sa.insert(travels), fresh)
            number = int(peer["sent"]) + 1
            connection.execute(sa.update(peers).where(peers.c.name == name).values(sent=number))
            facts = {"number": number, "requests": len(ours), "decisions": len(theirs)}
            deeds.note(connection, self._by, "sync.export", name, facts)
        to = fingerprint(public_key(peer["public_key"]))
        return Parcel(to=to, number=number, asked=tuple(map(_asked, ours)), decided=tuple(map(_decided, theirs)))

    def take(self, name: str, parcel: Parcel, bind: Bind) -> Taken:
        """Take a file in, whole or not at all. BadData where it, or a later one, was taken already."""
        left: list[str] = []
        with self._database.transaction() as connection:
            deeds.take_turn(connection)
            if parcel.number <= int(_peer(connection, name)["taken"]):
                raise BadData(f"This file (number {parcel.number}), or a later one of {name}, was taken already.")
            connection.execute(sa.update(peers).where(peers.c.name == name).values(taken=parcel.number))
            asked = sum(self._ask(connection, name, each, bind, left) for each in parcel.asked)
            decided = sum(self._decide(connection, name, each) for each in parcel.decided)
            facts = {"number": parcel.number, "requests": asked, "decisions": decided}
            deeds.note(connection, self._by, "sync.import", name, facts)
        return Taken(asked=asked, decided=decided, left=tuple(left))

    def _ask(self, connection: sa.Connection, name: str, each: Asked, bind: Bind, left: list[str]) -> bool:
        known = sa.select(reviews.c.request_id).where(reviews.c.request_id == each.request_id)
        if connection.execute(known).first() is not None:
            return False
        try:
            analyst, reader = (_of_side(who, name) for who in (each.analyst, each.reader))
            check_text("project", each.project, lines=False)
            check_code(each.source)
            inputs = tuple(bind(bound) for bound in each.inputs)
        except EnclaveError as problem:
            left.append(f"{each.function} of {ascii(each.analyst)[1:-1]}: {problem}")
            return False
        wanted = Submission(
            analyst=analyst,
            project=each.project,
            function=each.function,
            source=each.source,
            inputs=inputs,
            runs_allowed=each.runs,
            reader=reader,
        )
        connection.execute(sa.insert(reviews).values(wanted.row() | {"request_id": each.request_id}))
        connection.execute(sa.insert(travels).values(request_id=each.request_id, peer=name, came=True))
        facts = {"request": each.request_id, "function": each.function, "digest": wanted.digest, "from": name}
        deeds.note(connection, analyst, "review.submit", inputs[0].dataset, facts)
        return True

    def _decide(self, connection: sa.Connection, name: str, each: Decided) -> bool:
        """A decision about a request that was sent to this side, and is still open; any other is passed over."""
        sent = sa.select(travels.c.request_id).where(travels.c.peer == name, sa.not_(travels.c.came))
        still = (reviews.c.request_id == each.request_id) & (reviews.c.state == OPEN) & reviews.c.request_id.in_(sent)
        if (each.state == APPROVED) is (each.result is None):
            return False
        digest = "" if each.result is None else hashlib.sha256(each.result).hexdigest()
        values: dict[str, Any] = {"state": each.state, "answer": each.answer, "result": each.result}
        values |= {
            "result_digest": digest,
            "decided_by": name,
            "decided_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        }
        if not connection.execute(sa.update(reviews).where(still).values(values)).rowcount:
            return False
        verb = "review.approve" if each.state == APPROVED else "review.deny"
        deeds.note(connection, name, verb, each.request_id, {"digest": digest, "reason": each.answer})
        return True


def _peer(connection: sa.Connection, name: str) -> Any:
    row = connection.execute(sa.select(peers).where(peers.c.name == name)).mappings().first()
    if row is None:
        raise BadData(f"No other side is registered as {name!r}; `ag-enclave sync peer` does that.")
    return row


def _of_side(who: str, name: str) -> str:
    """Somebody of another side, told from everybody here by that side's name. BadData where it has no room."""
    check_text("the user id", who, lines=False)
    whole = f"{who}@{name}"
    if len(whole) > _LONGEST_USER:
        raise BadData(f"The user id {whole} is too long.")
    return whole


def _asked(row: Any) -> Asked:
    inputs = tuple(BoundTable(each["argument"], each["dataset"], each["table"]) for each in json.loads(row["inputs"]))
    names = {name: row[name] for name in ("request_id", "analyst", "reader", "project", "function", "source")}
    return Asked(**names, inputs=inputs, runs=row["runs_allowed"])


def _decided(row: Any) -> Decided:
    result = None if row["result"] is None else bytes(row["result"])
    return Decided(request_id=row["request_id"], state=row["state"], answer=row["answer"], result=result)

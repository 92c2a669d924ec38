"""Low side and high side: what is sent to a registered other enclave and taken from it. Each step leaves its deed for the log.

Knows the tables; files are ``parcels``'. A decision is taken only from the side that its request was sent to, and only once; people of
another side are named after it (``low/ann``), as no account here can be, and whoever decides there is ``the side high``.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from ag_enclave import deeds
from ag_enclave.commitment import commitment, new_salt
from ag_enclave.database import Database, metadata
from ag_enclave.errors import BadData, EnclaveError
from ag_enclave.parcels import MOST, Asked, BoundTable, Decided, Parcel
from ag_enclave.peers import next_number, peer, take_number
from ag_enclave.review import APPROVED, DENIED, OPEN, WITHDRAWN, Input, Submission, subject_of
from ag_enclave.reviews import forget_runs, reviews
from ag_enclave.words import check_code, check_name, check_text, plain

travels = sa.Table(
    "sync_travels",
    metadata,
    sa.Column("request_id", sa.String(36), primary_key=True),
    sa.Column("peer", sa.String(64), nullable=False),
    sa.Column("came", sa.Boolean, nullable=False),
)
"""Which request went to whom, or came from whom and isn't settled with them."""

_LONGEST_USER = 80
_ROOM = 96 << 20
"""Bytes of requests, and of results, that one file may carry: both together fit into the longest."""
_TRAVELLING = travels.c.request_id == reviews.c.request_id
_ASKED = ("request_id", "analyst", "reader", "project", "function", "source")
Bind = Callable[[BoundTable], Input]
"""The input as this side has it; EnclaveError where it has no such table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """How much a file brought: new requests, decisions, requests that were withdrawn there, and a sentence for each that was left out."""

    asked: int
    decided: int
    withdrawn: int
    left: tuple[str, ...]


class Sync:
    """What passes between this enclave and others."""

    def __init__(self, database: Database, by: str) -> None:
        self._database = database
        self._by = by

    def pack(self, name: str, *, after: int = 0) -> Parcel:
        """What that side has to know, as its next file: our open requests, and decisions about its own until it has heard them. The rest follows in later files."""
        with self._database.transaction() as connection:
            deeds.take_turn(connection)
            number = next_number(connection, name, after)
            ours, whole = _chosen(connection, _ours(name), sa.func.length(reviews.c.source), reviews.c.asked_at)
            theirs, _ = _chosen(connection, _theirs(name), sa.func.length(reviews.c.result), reviews.c.decided_at)
            known = set(connection.execute(sa.select(travels.c.request_id).where(travels.c.peer == name)).scalars())
            fresh = [{"request_id": each, "peer": name, "came": False} for each in ours if each not in known]
            if fresh:
                connection.execute(sa.insert(travels), fresh)
            facts = {"number": number, "requests": len(ours), "decisions": len(theirs)}
            deeds.note(connection, self._by, "sync.export", name, facts)
            asked, decided = (
                tuple(map(_asked, _rows(connection, ours))),
                tuple(map(_decided, _rows(connection, theirs))),
            )
            to = peer(connection, name).fingerprint
        return Parcel(to=to, number=number, asked=asked, decided=decided, whole=whole)

    def take(self, name: str, parcel: Parcel, bind: Bind) -> Taken:
        """Take a file in, whole or not at all. BadData where it, or a later one, was taken already."""
        left: list[str] = []
        with self._database.transaction() as connection:
            deeds.take_turn(connection)
            take_number(connection, name, parcel.number)
            asked = sum(_left_out(left, each, _ask, connection, name, each, bind) for each in parcel.asked)
            decided = sum(_left_out(left, each, _decide, connection, name, each) for each in parcel.decided)
            withdrawn = _settle(connection, name, {each.request_id for each in parcel.asked}) if parcel.whole else 0
            facts = {"number": parcel.number, "requests": asked, "decisions": decided, "withdrawn": withdrawn}
            deeds.note(connection, self._by, "sync.import", name, facts)
        self._database.forget()
        return Taken(asked=asked, decided=decided, withdrawn=withdrawn, left=tuple(left))


def _left_out(left: list[str], each: Asked | Decided, step: Callable[..., bool], *given: Any) -> bool:
    """A step's answer; where it can't be taken, no, and a sentence among those that are shown."""
    try:
        return step(*given)
    except EnclaveError as problem:
        what = f"{each.function} of {each.analyst}" if isinstance(each, Asked) else f"the decision on {each.request_id}"
        left.append(plain(f"{what}: {problem}"))
        return False


def _ask(connection: sa.Connection, name: str, each: Asked, bind: Bind) -> bool:
    """A request of that side becomes one here, once."""
    known = sa.select(reviews.c.analyst).where(reviews.c.request_id == each.request_id)
    owner = connection.execute(known).scalar_one_or_none()
    if owner is not None:
        if owner == _of_side(each.analyst, name):
            _reopen(connection, name, each.request_id)
        return False
    analyst, reader = (_of_side(who, name) for who in (each.analyst, each.reader))
    check_text("the project", each.project, lines=False)
    check_code(each.source)
    arguments = [bound.argument for bound in each.inputs]
    for word in (each.function, *arguments):
        check_name(word)
    if len(set(arguments)) < len(arguments):
        raise BadData("each argument is bound once.")
    wanted = Submission(
        analyst=analyst,
        project=each.project,
        function=each.function,
        source=each.source,
        inputs=tuple(bind(bound) for bound in each.inputs),
        runs_allowed=each.runs,
        reader=reader,
    )
    connection.execute(sa.insert(reviews).values(wanted.row() | {"request_id": each.request_id}))
    connection.execute(sa.insert(travels).values(request_id=each.request_id, peer=name, came=True))
    facts = {"request": each.request_id, "function": each.function, "digest": wanted.digest, "from": name}
    deeds.note(connection, analyst, "review.submit", subject_of(wanted.inputs), facts)
    return True


def _reopen(connection: sa.Connection, name: str, request_id: str) -> None:
    """That side still asks for what was settled with it (it brought back a backup): it is told again, or answered at last."""
    this = travels.c.request_id == request_id
    if connection.execute(sa.select(travels.c.peer).where(this)).first() is None:
        connection.execute(sa.insert(travels).values(request_id=request_id, peer=name, came=True))
        withdrawn = (reviews.c.request_id == request_id) & (reviews.c.state == WITHDRAWN)
        connection.execute(sa.update(reviews).where(withdrawn).values(state=OPEN, decided_by="", decided_at=""))


def _decide(connection: sa.Connection, name: str, each: Decided) -> bool:
    """A decision about a request that was sent to this side, and is still open; any other is passed over."""
    check_text("the answer", each.answer, lines=True)
    sent = sa.select(travels.c.request_id).where(travels.c.peer == name, sa.not_(travels.c.came))
    still = (reviews.c.request_id == each.request_id) & (reviews.c.state == OPEN) & reviews.c.request_id.in_(sent)
    if (each.state == APPROVED) is (each.result is None):
        raise BadData("a result comes with an approval, and with nothing else.")
    salt = "" if each.result is None else new_salt()
    digest = "" if each.result is None else commitment(salt, each.result)
    values = {"answer": each.answer, "result": each.result, "result_digest": digest, "result_salt": salt}
    if not _close(connection, still, each.state, _side(name), **values):
        return False
    forget_runs(connection, each.request_id)
    (row,) = connection.execute(
        sa.select(reviews.c.analyst, reviews.c.inputs).where(reviews.c.request_id == each.request_id)
    ).mappings()
    verb = "review.approve" if each.state == APPROVED else "review.deny"
    facts = {"request": each.request_id, "analyst": row["analyst"], "digest": digest, "reason": each.answer}
    deeds.note(connection, _side(name), verb, _subject(row), facts)
    return True


def _settle(connection: sa.Connection, name: str, still: set[str]) -> int:
    """Whatever came from that side and is no longer asked there was decided and heard of, or is withdrawn; how many are."""
    came = sa.select(reviews.c.request_id, reviews.c.analyst, reviews.c.inputs).join(travels, _TRAVELLING)
    rows = connection.execute(came.where(travels.c.peer == name, travels.c.came)).mappings().all()
    withdrawn = 0
    for row in rows:
        if row["request_id"] in still:
            continue
        connection.execute(sa.delete(travels).where(travels.c.request_id == row["request_id"]))
        mine = (reviews.c.request_id == row["request_id"]) & (reviews.c.state == OPEN)
        if _close(connection, mine, WITHDRAWN, row["analyst"]):
            withdrawn += 1
            forget_runs(connection, row["request_id"])
            facts = {"request": row["request_id"], "analyst": row["analyst"], "from": name}
            deeds.note(connection, row["analyst"], "review.withdraw", _subject(row), facts)
    return withdrawn


def _close(connection: sa.Connection, which: sa.ColumnElement[bool], state: str, by: str, **values: Any) -> bool:
    stamp = {"state": state, "decided_by": by, "decided_at": datetime.now(UTC).isoformat(timespec="milliseconds")}
    return bool(connection.execute(sa.update(reviews).where(which).values({**values, **stamp})).rowcount)


def _ours(name: str) -> sa.Select[Any]:
    """Our open requests that went to that side, or to none yet."""
    with_travels = sa.select().outerjoin_from(reviews, travels, _TRAVELLING)
    at_home = travels.c.peer.is_(None) | ((travels.c.peer == name) & sa.not_(travels.c.came))
    return with_travels.where(reviews.c.state == OPEN, at_home)


def _theirs(name: str) -> sa.Select[Any]:
    """Decided requests of that side which it hasn't heard about."""
    decided = reviews.c.state.in_((APPROVED, DENIED))
    return sa.select().join_from(reviews, travels, _TRAVELLING).where(travels.c.peer == name, travels.c.came, decided)


def _chosen(
    connection: sa.Connection, which: sa.Select[Any], size: sa.ColumnElement[int], order: sa.ColumnElement[str]
) -> tuple[list[str], bool]:
    """The oldest that one file has room for, and whether these are all."""
    found = connection.execute(which.add_columns(reviews.c.request_id, size).order_by(order)).all()
    chosen, room = [], _ROOM
    for request_id, length in found[:MOST]:
        room -= length or 0
        if room < 0:
            break
        chosen.append(request_id)
    return chosen, len(chosen) == len(found)


def _rows(connection: sa.Connection, request_ids: Sequence[str]) -> Iterable[Any]:
    for each in request_ids:
        yield connection.execute(sa.select(reviews).where(reviews.c.request_id == each)).mappings().one()


def _of_side(who: str, name: str) -> str:
    """Somebody of another side, told from everybody here by that side's name. BadData where it has no room."""
    check_text("the user id", who, lines=False)
    whole = f"{name}/{who}"
    if len(whole) > _LONGEST_USER:
        raise BadData("the user id is too long.")
    return whole


def _side(name: str) -> str:
    """Who decides over there, as nobody here can be named."""
    return f"the side {name}"


def _subject(row: Any) -> str:
    return subject_of([Input(**each) for each in json.loads(row["inputs"])])


def _asked(row: Any) -> Asked:
    inputs = tuple(BoundTable(each["argument"], each["dataset"], each["table"]) for each in json.loads(row["inputs"]))
    return Asked(**{name: row[name] for name in _ASKED}, inputs=inputs, runs=row["runs_allowed"])


def _decided(row: Any) -> Decided:
    result = None if row["result"] is None else bytes(row["result"])
    return Decided(request_id=row["request_id"], state=row["state"], answer=row["answer"], result=result)

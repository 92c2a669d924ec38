"""What a copy of the gateway's database that was put back still opens: what the audit log shows to be its newest state; nothing, where more was done since.

Knows tables and files, and the log's entries as the clerk gives them. A copy doesn't know whose secret was replaced, who was disabled, which run was used up after it
was made: so all of that is closed then, and somebody opens it again by name.
"""

import asyncio
import contextlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from ag_enclave import deeds, ownership
from ag_enclave.accounts import accounts
from ag_enclave.clerk import Clerk
from ag_enclave.database import Database
from ag_enclave.errors import BadState
from ag_enclave.migrate import open_accounts
from ag_enclave.peers import forget, peers
from ag_enclave.place import accounts_at, address
from ag_enclave.requests import ACCEPTING, DENIED, OPEN, requests
from ag_enclave.reviews import forget_runs, reviews
from ag_enclave.secrets import hash_secret, new_secret
from ag_enclave.state import State, write_private

FORWARDED: Final = ("restored", "ledger")
"""Action and subject of the entry that an older ledger was brought forward by."""
_DEED: Final = "accounts.restore"
_BY: Final = "restore"
_PAGE: Final = 1000
_BESIDE: Final = ("", "-wal", "-shm")
_SENTENCE: Final = "The enclave was brought back from a copy, which doesn't know what was decided since: ask again."
_HOLDING: Final = ("release", "dataset.upload", "dataset.owners")
_COUNTERS: Final = {"sync.export": "sent", "sync.import": "taken"}


@dataclass(slots=True)
class Heard:
    """What the audit log says of the gateway's database: its newest deed, the newest file to and from each other side, which sides and operators are gone.

    ``forwarded``: the hash of the entry by which the log itself was last put back, since when it may lack whatever had been done; empty where it never was.
    ``held``: names of data sets and of their accounts.
    """

    newest: int = 0
    newest_at: str = ""
    forwarded: str = ""
    held: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    forgotten: set[str] = field(default_factory=set)
    files: dict[tuple[str, str], int] = field(default_factory=dict)

    def hear(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Entries of the log, as the clerk gives them in their order."""
        for entry in entries:
            details = json.loads(entry["details"])
            deed, number = details.get("deed"), details.get("number")
            if isinstance(deed, int) and deed > self.newest:
                self.newest, self.newest_at = deed, str(details.get("at", ""))
            if entry["action"] == "user.disable" or details.get("role", "operator") != "operator":
                self.gone.add(entry["subject"])
            elif entry["action"] in ("user.enable", "user.role"):
                self.gone.discard(entry["subject"])
            if entry["action"] in _HOLDING:
                self.held |= {str(entry["subject"]), str(details.get("account", entry["subject"]))}
            if (entry["action"], entry["subject"]) == FORWARDED:
                self.forwarded = str(entry["hash"])
            if entry["action"] in ("sync.forget", "sync.register"):
                (self.forgotten.add if entry["action"] == "sync.forget" else self.forgotten.discard)(entry["subject"])
            if entry["action"] in _COUNTERS and isinstance(number, int):
                place = _COUNTERS[entry["action"]], entry["subject"]
                self.files[place] = max(self.files.get(place, 0), number)

    @classmethod
    async def of(cls, clerk: Clerk) -> tuple[str, Self]:
        """What became of the ledger, and what its log says of the gateway's database."""
        said, heard, at = await clerk.restored(), cls(), 0
        while entries := await clerk.entries(after=at, limit=_PAGE):
            heard.hear(entries)
            at = int(entries[-1]["sequence"])
        return said, heard


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """What was closed: ``operator`` is who has the new one-time secret; nobody, where the copy has no operator that isn't disabled."""

    operator: str
    accounts: int
    requests: int


def settled(state: State, copy: bytes | None, heard: Heard, *, by: str) -> Iterator[str]:
    """Put a copy of the gateway's database in its place, unless what is there goes on from it; and close what either may not open. What was done, in sentences.

    A copy is closed before it is in place: whatever cuts this short, nothing is ever open that may not be. ``copy`` None: it is in place, or on a server.
    """
    with contextlib.ExitStack() as ending:
        draft = None if copy is None else ending.enter_context(_draft(state, copy))
        if draft is None or _goes_on(state.accounts, draft):
            with contextlib.closing(open_accounts(accounts_at(state))) as accounts:
                yield from _settle(accounts.database, heard, by=by, live=not address(state))
            return
        with contextlib.closing(open_accounts(draft)) as accounts:
            lines = list(_settle(accounts.database, heard, by=by, live=False))
            accounts.database.forget()
        _put(state, draft)
        yield from lines


def _settle(database: Database, heard: Heard, *, by: str, live: bool) -> Iterator[str]:
    """``live``: this is what was in use, and no copy; it may know what a log that was put back doesn't."""
    known = live or is_settled(database, heard.forwarded)
    if known and is_newest(database, heard):
        _leave(database, heard, by=by, log_out=not live)
        yield (
            "The accounts in place are as new as the copy, or newer: they stay."
            if live
            else "Accounts, requests and reviews are as they were: the log knows of nothing that was done since. Everybody has to log in again."
        )
        return
    secret = new_secret()
    closed = close(database, heard, by=by, secret_hash=hash_secret(secret))
    yield (
        f"More was done since the copy was made: {closed.accounts} accounts are disabled and {closed.requests} open requests were denied. "
        "Let in those whom you know (ag-enclave user rotate, user enable), and say whose each data set is (ag-enclave dataset owners)."
    )
    if closed.operator:
        yield f"The operator is {closed.operator}, with the one-time secret {secret}: exchange it by `antigranular secret`."


@contextlib.contextmanager
def _draft(state: State, copy: bytes) -> Iterator[Path]:
    """The copy in a file of its own, gone afterwards where it wasn't put in place."""
    draft = state.accounts.with_name("restore-accounts.sqlite")
    write_private(draft, copy)
    try:
        yield draft
    finally:
        for end in _BESIDE:
            draft.with_name(draft.name + end).unlink(missing_ok=True)


def _put(state: State, draft: Path) -> None:
    """The draft in the place of the accounts' file, which stays beside it."""
    for end in _BESIDE:
        there = state.accounts.with_name(state.accounts.name + end)
        if there.exists():
            there.replace(state.accounts.with_name(f"replaced-accounts.sqlite{end}"))
    draft.replace(state.accounts)


def _goes_on(place: Path, draft: Path) -> bool:
    """Whether there are accounts in place which can be used and have more than the copy has."""
    with contextlib.closing(open_accounts(draft)) as copy:
        try:
            if not place.exists():
                return False
            with contextlib.closing(open_accounts(place)) as accounts:
                return goes_on_from(accounts.database, copy.database)
        except (BadState, DatabaseError):
            return False


def goes_on_from(database: Database, copy: Database) -> bool:
    """Whether a database has all that a copy has, and more: its newest deed is there, and not the last."""
    with copy.transaction() as connection:
        last = (
            connection.execute(sa.select(deeds.deeds).order_by(deeds.deeds.c.number.desc()).limit(1)).mappings().first()
        )
    named = ("number", "at", "actor", "action", "subject", "details")
    same = [] if last is None else [deeds.deeds.c[name] == last[name] for name in named]
    with database.transaction() as connection:
        newest = connection.execute(sa.select(sa.func.max(deeds.deeds.c.number))).scalar_one_or_none() or 0
        there = not same or connection.execute(sa.select(deeds.deeds.c.number).where(*same)).first() is not None
    return there and newest > (last["number"] if last is not None else 0)


async def check_settled(clerk: Clerk, database: Database) -> None:
    """BadState where ledger or accounts were put back and nobody said what these may still open: by hand, or by a restoration that was cut short."""
    found = await clerk.history(action=FORWARDED[0], subject=FORWARDED[1], limit=1)
    if found and not await asyncio.to_thread(is_settled, database, str(found[0]["hash"])):
        raise BadState(
            "A restoration was cut short before it was settled what accounts may open: run the same `ag-enclave restore` again."
        )
    newest = await clerk.newest_deed()
    if newest is not None and not await asyncio.to_thread(knows, database, newest["deed"], newest["at"]):
        raise BadState(
            "The accounts are older than the audit log, or others, and would open what was closed since: run `ag-enclave restore`, with the newest "
            "backup or, without one, as they are; it closes what they may not open."
        )


def knows(database: Database, number: int, at: str) -> bool:
    """Whether a database has the newest deed that the log has, or it was settled what it opens without it."""
    mine = sa.select(deeds.deeds.c.at).where(deeds.deeds.c.number == number)
    told = sa.select(deeds.deeds.c.details).where(deeds.deeds.c.action == _DEED)
    with database.transaction() as connection:
        found = connection.execute(mine).scalar_one_or_none()
        settled_at = [json.loads(details).get("newest", 0) for details in connection.execute(told).scalars()]
    return (found is not None and at in ("", found)) or any(each >= number for each in settled_at)


def is_settled(database: Database, forwarded: str) -> bool:
    """Whether it was said of this database what it may open since the log was put back by that entry."""
    told = sa.select(deeds.deeds.c.details).where(deeds.deeds.c.action == _DEED)
    with database.transaction() as connection:
        known = {json.loads(details).get("ledger") for details in connection.execute(told).scalars()}
    return not forwarded or forwarded in known


def _leave(database: Database, heard: Heard, *, by: str, log_out: bool = False) -> None:
    """All stays open. ``log_out``: but tokens, of which a copy doesn't know who gave theirs up since."""
    with database.transaction() as connection:
        deeds.take_turn(connection)
        if log_out:
            connection.execute(sa.update(accounts).values(generation=accounts.c.generation + 1))
        said = {"operator": "", "accounts": 0, "requests": 0, "newest": heard.newest, "ledger": heard.forwarded}
        deeds.note(connection, by, _DEED, "accounts", said)


def is_newest(database: Database, heard: Heard) -> bool:
    """Whether the log knows of no later deed than the database."""
    return not heard.newest or knows(database, heard.newest, heard.newest_at)


def close(database: Database, heard: Heard, *, by: str, secret_hash: str) -> Closed:
    """Close whatever may have been closed since: every account but one operator's, which gets this hash of a one-time secret; whose data sets are; open requests, runs, files."""
    lost = not is_settled(database, heard.forwarded)
    with database.transaction() as connection:
        deeds.take_turn(connection)
        operator = _operator(connection, heard.gone, secret_hash)
        others = connection.execute(
            sa.update(accounts)
            .where(accounts.c.user_id != operator)
            .values(disabled=True, generation=accounts.c.generation + 1)
        ).rowcount
        asked = _close_requests(connection)
        _close_peers(connection, heard, by=by, lost=lost)
        ownership.close(connection, heard.held)
        said = {
            "operator": operator,
            "accounts": others,
            "requests": asked,
            "newest": heard.newest,
            "ledger": heard.forwarded,
        }
        _go_on_after(connection, heard.newest)
        deeds.note(connection, by, _DEED, "accounts", said)
    return Closed(operator=operator, accounts=others, requests=asked)


def _operator(connection: sa.Connection, gone: Collection[str], secret_hash: str) -> str:
    """One operator who wasn't disabled when the copy was made, nor since for all the log knows, with a one-time secret in the place of theirs."""
    able = (
        accounts.c.user_id.not_in(gone)
        & (accounts.c.role == "operator")
        & sa.not_(accounts.c.disabled)
        & (accounts.c.issuer == "")
    )
    found = connection.execute(sa.select(accounts.c.user_id).where(able).order_by(accounts.c.user_id)).scalars().first()
    values = {"secret_hash": secret_hash, "one_time": True, "generation": accounts.c.generation + 1}
    connection.execute(sa.update(accounts).where(accounts.c.user_id == (found or "")).values(values))
    return str(found or "")


def _close_requests(connection: sa.Connection) -> int:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    said = {"state": DENIED, "decided_by": _BY, "decided_at": now, "answer": _SENTENCE}
    waiting = requests.c.state.in_((OPEN, ACCEPTING))
    budget = connection.execute(sa.update(requests).where(waiting).values(said)).rowcount
    for request_id in (
        connection.execute(sa.select(reviews.c.request_id).where(reviews.c.state == OPEN)).scalars().all()
    ):
        forget_runs(connection, request_id)
    used = {"runs_used": reviews.c.runs_allowed}
    code = connection.execute(sa.update(reviews).where(reviews.c.state == OPEN).values(said | used)).rowcount
    return int(budget + code)


def _close_peers(connection: sa.Connection, heard: Heard, *, by: str, lost: bool) -> None:
    """Forgotten sides stay forgotten, and numbers of files go on; where nobody knows (``lost``), every side is registered anew."""
    for (counter, name), number in heard.files.items():
        behind = (peers.c.name == name) & (peers.c[counter] < number)
        connection.execute(sa.update(peers).where(behind).values({counter: number}))
    for name in connection.execute(sa.select(peers.c.name)).scalars().all():
        if lost or name in heard.forgotten:
            forget(connection, name, by=by)


def _go_on_after(connection: sa.Connection, newest: int) -> None:
    """Later deeds get numbers that the log doesn't know yet: else this copy would never again be known as the newest."""
    row = dict.fromkeys(("actor", "action", "subject"), "") | {"at": "", "details": "{}", "number": newest + 1}
    known = connection.execute(sa.select(sa.func.max(deeds.deeds.c.number))).scalar_one_or_none() or 0
    if known <= newest:
        connection.execute(sa.insert(deeds.deeds).values(told=True, noticed=True, **row))
        if connection.dialect.name == "postgresql":
            place = sa.func.pg_get_serial_sequence("deeds", "number")
            connection.execute(sa.select(sa.func.setval(place, newest + 1)))

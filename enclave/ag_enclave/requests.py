"""Requests for budget: an analyst asks, an owner decides once, the analyst sees it. Every step leaves its deed for the log in the same transaction.

Knows the table and who may take which step; caps are the clerk's, and the decision names the cap that it makes before anything is raised,
so that a decision that was cut short is taken up again and never raises twice.
"""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from ag_enclave import deeds
from ag_enclave.database import Database, metadata
from ag_enclave.errors import Conflict, Missing, Refusal

OPEN, ACCEPTING, ACCEPTED, DENIED, WITHDRAWN = "open", "accepting", "accepted", "denied", "withdrawn"
_DECIDED = (ACCEPTED, DENIED)
_MOST = 500

requests = sa.Table(
    "budget_requests",
    metadata,
    sa.Column("request_id", sa.String(36), primary_key=True),
    sa.Column("analyst", sa.String(80), nullable=False, index=True),
    sa.Column("dataset", sa.String(200), nullable=False),
    sa.Column("epsilon", sa.String(32), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("asked_at", sa.String(32), nullable=False),
    sa.Column("state", sa.String(12), nullable=False, index=True),
    sa.Column("decided_by", sa.String(80), nullable=False),
    sa.Column("decided_at", sa.String(32), nullable=False),
    sa.Column("granted", sa.String(32), nullable=False),
    sa.Column("cap", sa.String(64), nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
    sa.Column("seen", sa.Boolean, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetRequest:
    """One request. ``epsilon``: how much more was asked for, ``granted``: how much more was given, as decimal text; ``cap``: the ε it led to.

    ``answer``: the owner's words. ``seen``: whether the analyst has seen the decision.
    """

    request_id: str
    analyst: str
    dataset: str
    epsilon: str
    reason: str
    asked_at: str
    state: str
    decided_by: str
    decided_at: str
    granted: str
    cap: str
    answer: str
    seen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many requests an analyst may have open, and make within a day."""

    open: int
    daily: int


class Requests:
    """The requests' table. Every method is one short transaction; call it off the event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(
        self, analyst: str, dataset: str, epsilon: str, reason: str, *, limits: Limits
    ) -> tuple[BudgetRequest, bool]:
        """A new request and true, or the open one that says the same and false. Refusal 429 where there are too many."""
        now = datetime.now(UTC)
        mine = requests.c.analyst == analyst
        with self._database.transaction() as connection:
            deeds.take_turn(connection)  # so that requests side by side can't pass the limits
            waiting = [BudgetRequest(**row) for row in connection.execute(_of(mine & _is_open())).mappings()]
            for each in waiting:
                if (each.dataset, each.epsilon, each.reason) == (dataset, epsilon, reason):
                    return each, False
            if len(waiting) >= limits.open:
                raise Refusal(
                    429, f"You have {len(waiting)} requests open, the most there may be; withdraw one or wait."
                )
            day = (now - timedelta(days=1)).isoformat(timespec="milliseconds")
            recent = sa.select(sa.func.count()).where(mine, requests.c.asked_at > day)
            if connection.execute(recent).scalar_one() >= limits.daily:
                raise Refusal(429, f"You have made {limits.daily} requests within a day, the most there may be.")
            made = _new(analyst, dataset, epsilon, reason, now)
            connection.execute(sa.insert(requests).values(made))
            deeds.note(connection, analyst, "request.ask", dataset, _facts(made))
        return BudgetRequest(**made), True

    def of(
        self,
        analyst: str | None,
        *,
        state: str | None = None,
        unseen: bool = False,
        datasets: Collection[str] | None = None,
    ) -> list[BudgetRequest]:
        """An analyst's requests (None: everybody's) about these data sets (None: any), the newest first, five hundred at most. ``unseen``: decisions not seen yet."""
        wanted = sa.true() if analyst is None else requests.c.analyst == analyst
        if datasets is not None:
            wanted = wanted & requests.c.dataset.in_(datasets)
        if state is not None:
            wanted = wanted & (_is_open() if state == OPEN else requests.c.state == state)
        if unseen:
            wanted = wanted & requests.c.state.in_(_DECIDED) & sa.not_(requests.c.seen)
        with self._database.transaction() as connection:
            return [BudgetRequest(**row) for row in connection.execute(_of(wanted)).mappings()]

    def find(self, request_id: str, analyst: str | None, *, datasets: Collection[str] | None = None) -> BudgetRequest:
        """One request, where it is this analyst's (None: anybody's) and about one of these data sets (None: any). Missing otherwise: others' requests don't exist to one."""
        with self._database.transaction() as connection:
            found = _find(connection, request_id)
        foreign = found is not None and datasets is not None and found.dataset not in datasets
        if found is None or foreign or analyst not in (None, found.analyst):
            raise Missing(f"There is no request {request_id[:64]}.")
        return found

    def accept(self, request_id: str, *, by: str, granted: str, cap: str, answer: str) -> BudgetRequest:
        """Decide to raise: the cap is fixed from here on, and ``settle`` ends it. Conflict where it was decided otherwise.

        Accepting what is accepted already changes nothing and gives it as it is.
        """
        values = {"state": ACCEPTING, "granted": granted, "cap": cap, "answer": answer}
        return self._decide(request_id, by, values, same=(ACCEPTING, ACCEPTED))

    def settle(self, request_id: str) -> BudgetRequest:
        """The cap is raised: the request is accepted. Harmless when repeated."""
        with self._database.transaction() as connection:
            mine = (requests.c.request_id == request_id) & (requests.c.state == ACCEPTING)
            changed = connection.execute(sa.update(requests).where(mine).values(state=ACCEPTED)).rowcount
            found = _existing(connection, request_id)
            if changed:
                facts = {"request": request_id, "granted": found.granted, "cap": found.cap, "reason": found.answer}
                deeds.note(
                    connection, found.decided_by, "request.accept", found.dataset, {"analyst": found.analyst, **facts}
                )
        return found

    def deny(self, request_id: str, *, by: str, answer: str) -> BudgetRequest:
        """Decide not to. Conflict where it was accepted or withdrawn; denying what is denied already changes nothing."""
        return self._decide(request_id, by, {"state": DENIED, "answer": answer}, same=(DENIED,))

    def withdraw(self, request_id: str, analyst: str) -> BudgetRequest:
        """The analyst no longer asks. Conflict where it was decided."""
        self.find(request_id, analyst)
        return self._decide(request_id, analyst, {"state": WITHDRAWN}, same=(WITHDRAWN,))

    def mark_seen(self, analyst: str, seen: list[str]) -> None:
        """The analyst has seen these decisions."""
        mine = (requests.c.analyst == analyst) & requests.c.request_id.in_(seen) & requests.c.state.in_(_DECIDED)
        with self._database.transaction() as connection:
            connection.execute(sa.update(requests).where(mine).values(seen=True))

    def _decide(self, request_id: str, by: str, values: Mapping[str, Any], *, same: tuple[str, ...]) -> BudgetRequest:
        with self._database.transaction() as connection:
            still = (requests.c.request_id == request_id) & (requests.c.state == OPEN)
            stamp = {"decided_by": by, "decided_at": _text(datetime.now(UTC))}
            changed = connection.execute(sa.update(requests).where(still).values(**values, **stamp)).rowcount
            found = _existing(connection, request_id)
            if not changed and found.state not in same:
                raise Conflict(f"This request was {found.state} already, by {found.decided_by}.")
            if changed and found.state in (DENIED, WITHDRAWN):
                action = "request.deny" if found.state == DENIED else "request.withdraw"
                facts = {"request": request_id, "analyst": found.analyst, "reason": found.answer}
                deeds.note(connection, by, action, found.dataset, facts)
        return found


def _is_open() -> sa.ColumnElement[bool]:
    """Whether it waits for its owner, also where a decision was cut short."""
    return requests.c.state.in_((OPEN, ACCEPTING))


def _of(wanted: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return sa.select(requests).where(wanted).order_by(requests.c.asked_at.desc(), requests.c.request_id).limit(_MOST)


def _find(connection: sa.Connection, request_id: str) -> BudgetRequest | None:
    row = connection.execute(sa.select(requests).where(requests.c.request_id == request_id)).mappings().first()
    return BudgetRequest(**row) if row else None


def _existing(connection: sa.Connection, request_id: str) -> BudgetRequest:
    found = _find(connection, request_id)
    if found is None:
        raise Missing(f"There is no request {request_id[:64]}.")
    return found


def _new(analyst: str, dataset: str, epsilon: str, reason: str, now: datetime) -> dict[str, Any]:
    asked = {"analyst": analyst, "dataset": dataset, "epsilon": epsilon, "reason": reason, "asked_at": _text(now)}
    undecided = dict.fromkeys(("decided_by", "decided_at", "granted", "cap", "answer"), "")
    return {"request_id": str(uuid.uuid4()), **asked, **undecided, "state": OPEN, "seen": False}


def _facts(made: Mapping[str, Any]) -> dict[str, Any]:
    return {"request": made["request_id"], "epsilon": made["epsilon"], "reason": made["reason"]}


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")

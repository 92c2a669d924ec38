"""Code for review: an analyst submits it, an owner runs it, decides once, and its reader fetches what was deposited. Each step leaves its deed for the log.

Knows the tables and who may take which step; runs nothing. What runs gave is kept until the decision and no longer, but for the deposit.
"""

import json
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from ag_enclave import deeds
from ag_enclave.commitment import commitment, keeps
from ag_enclave.database import Database, metadata
from ag_enclave.errors import Conflict, Missing, Refusal
from ag_enclave.review import (
    APPROVED,
    DATA,
    DENIED,
    MOCK,
    OPEN,
    WITHDRAWN,
    Deposit,
    Ended,
    Review,
    Run,
    Submission,
    inputs_of,
    is_within,
    now,
    run_row,
    subject_of,
)

_MOST = 500

reviews = sa.Table(
    "code_requests",
    metadata,
    sa.Column("request_id", sa.String(36), primary_key=True),
    sa.Column("analyst", sa.String(80), nullable=False, index=True),
    sa.Column("project", sa.String(200), nullable=False),
    sa.Column("function", sa.String(100), nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("inputs", sa.Text, nullable=False),
    sa.Column("runs_allowed", sa.Integer, nullable=False),
    sa.Column("runs_used", sa.Integer, nullable=False),
    sa.Column("reader", sa.String(80), nullable=False),
    sa.Column("code_digest", sa.String(64), nullable=False),
    sa.Column("asked_at", sa.String(32), nullable=False),
    sa.Column("state", sa.String(12), nullable=False, index=True),
    sa.Column("decided_by", sa.String(80), nullable=False),
    sa.Column("decided_at", sa.String(32), nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
    sa.Column("overridden", sa.Text, nullable=False),
    sa.Column("result_digest", sa.String(64), nullable=False),
    sa.Column("result", sa.LargeBinary, nullable=True),
    sa.Column("fetched_at", sa.String(32), nullable=False),
    sa.Column("result_salt", sa.String(64), nullable=False, server_default=""),
    sa.Column("project_id", sa.String(36), nullable=False, server_default=""),
)
runs = sa.Table(
    "review_runs",
    metadata,
    sa.Column("run_id", sa.String(36), primary_key=True),
    sa.Column("request_id", sa.String(36), nullable=False, index=True),
    sa.Column("on", sa.String(4), nullable=False),
    sa.Column("by", sa.String(80), nullable=False),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("outcome", sa.String(12), nullable=False),
    sa.Column("lines", sa.Text, nullable=False),
    sa.Column("printed", sa.Text, nullable=False),
    sa.Column("warnings", sa.Text, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("value", sa.LargeBinary, nullable=True),
    sa.Column("salt", sa.String(64), nullable=False, server_default=""),
)


class Reviews:
    """The tables of code for review. Every method is one short transaction; call it off the event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def check_room(self, analyst: str, *, most_open: int, most_daily: int) -> None:
        """Refusal 429 where the analyst has submitted too much."""
        with self._database.transaction() as connection:
            _check_room(connection, analyst, most_open, most_daily)

    def submit(self, wanted: Submission, tried: Ended, *, most_open: int, most_daily: int) -> Review:
        """Keep a submission with its run on mock data. Refusal 429 where there are too many."""
        row = wanted.row()
        with self._database.transaction() as connection:
            deeds.take_turn(connection)  # so that submissions side by side can't pass the limits
            _check_room(connection, wanted.analyst, most_open, most_daily)
            connection.execute(sa.insert(reviews).values(row))
            connection.execute(sa.insert(runs).values(run_row(row["request_id"], MOCK, wanted.analyst, tried)))
            facts = {"request": row["request_id"], "function": wanted.function, "digest": row["code_digest"]}
            facts |= {"inputs": [f"{each.dataset}/{each.table}" for each in wanted.inputs]}
            deeds.note(connection, wanted.analyst, "review.submit", subject_of(wanted.inputs), facts)
        return self.find(row["request_id"], None)

    def of(
        self, user_id: str | None, *, state: str | None = None, datasets: Collection[str] | None = None
    ) -> list[Review]:
        """What somebody submitted or may read (None: everything), bound to no other data sets than these (None: any), the newest first, five hundred at most, without their code."""
        wanted = sa.true() if user_id is None else (reviews.c.analyst == user_id) | (reviews.c.reader == user_id)
        if state is not None:
            wanted &= reviews.c.state == state
        with self._database.transaction() as connection:
            if datasets is not None:
                wanted &= reviews.c.request_id.in_(_bound_to(connection, wanted, datasets)[:_MOST])
            asked = sa.select(*_LISTED).where(wanted).order_by(*_NEWEST_FIRST).limit(_MOST)
            return [_review(dict(row)) for row in connection.execute(asked).mappings()]

    def waiting(self, datasets: Collection[str] | None = None) -> int:
        """How many are open and bound to no other data sets than these (None: any)."""
        with self._database.transaction() as connection:
            return len(_bound_to(connection, reviews.c.state == OPEN, datasets))

    def subjects(self, datasets: Collection[str]) -> frozenset[str]:
        """How the log names what deeds about code are about that is bound to no other data sets than these."""
        asked = sa.select(reviews.c.inputs).distinct()
        with self._database.transaction() as connection:
            found = [inputs_of(text) for text in connection.execute(asked).scalars()]
        return frozenset(subject_of(each) for each in found if is_within(each, datasets))

    def find(self, request_id: str, user_id: str | None, *, datasets: Collection[str] | None = None) -> Review:
        """One, where this user submitted it or may read it (None: anybody's), and it is bound to no other data sets than these (None: any). Missing otherwise: others' don't exist to one."""
        with self._database.transaction() as connection:
            found = _existing(connection, request_id)
        if user_id not in (None, found.analyst, found.reader) or not is_within(found.inputs, datasets):
            raise Missing(_NONE.format(request_id[:64]))
        return found

    def runs_of(self, request_id: str) -> list[Run]:
        """Its runs, the oldest first, without their values."""
        columns = [column for column in runs.c if column.name != "value"]
        asked = sa.select(*columns).where(runs.c.request_id == request_id).order_by(runs.c.at, runs.c.run_id)
        with self._database.transaction() as connection:
            return [_run({**row, "value": None}) for row in connection.execute(asked).mappings()]

    def run_of(self, request_id: str, run_id: str) -> Run:
        """One run with its value. Missing where there is none."""
        asked = sa.select(runs).where(runs.c.request_id == request_id, runs.c.run_id == run_id)
        with self._database.transaction() as connection:
            row = connection.execute(asked).mappings().first()
        if row is None:
            raise Missing(f"This request has no run {run_id[:64]}.")
        return _run(dict(row))

    def head_of(self, request_id: str, run_id: str, most: int) -> bytes:
        """The first bytes of what a run gave, of what was deposited where ``run_id`` is empty; none where there is nothing."""
        column = runs.c.value if run_id else reviews.c.result
        asked = sa.select(sa.func.substr(column, 1, most))
        this = (runs.c.request_id == request_id) & (runs.c.run_id == run_id)
        asked = asked.where(this if run_id else reviews.c.request_id == request_id)
        with self._database.transaction() as connection:
            return bytes(connection.execute(asked).scalar_one_or_none() or b"")

    def begin(self, request_id: str, on: str, by: str) -> Run:
        """Take one of its runs, however many ask at once. Conflict where it is decided, or none on data is left."""
        with self._database.transaction() as connection:
            open_still = (reviews.c.request_id == request_id) & (reviews.c.state == OPEN)
            if on == DATA:
                open_still &= reviews.c.runs_used < reviews.c.runs_allowed
            used = reviews.c.runs_used + (1 if on == DATA else 0)
            changed = connection.execute(sa.update(reviews).where(open_still).values(runs_used=used)).rowcount
            found = _existing(connection, request_id)
            if not changed:
                raise Conflict(_why_not(found))
            row = run_row(request_id, on, by, Ended(outcome="running", seconds=0.0))
            connection.execute(sa.insert(runs).values(row))
            facts = {"request": request_id, "run": row["run_id"], "on": on, "analyst": found.analyst}
            deeds.note(connection, by, "review.run", subject_of(found.inputs), facts)
        return _run(row)

    def end(self, run: Run, ended: Ended) -> Run:
        """Keep how a run ended; of one whose request was decided meanwhile, only that it did."""
        with self._database.transaction() as connection:
            found = _existing(connection, run.request_id)
            kept = ended if found.state == OPEN else Ended(outcome=ended.outcome, seconds=ended.seconds)
            row = run_row(run.request_id, run.on, run.by, kept) | {"run_id": run.run_id, "at": run.at}
            connection.execute(sa.update(runs).where(runs.c.run_id == run.run_id).values(row))
            facts = {"request": run.request_id, "run": run.run_id, "outcome": ended.outcome, "digest": row["digest"]}
            deeds.note(connection, run.by, "review.ran", subject_of(found.inputs), facts)
        return _run(row)

    def approve(self, request_id: str, by: str, deposit: Deposit) -> Review:
        """Deposit the result. The same again changes nothing; Conflict where it was decided otherwise."""
        digest = commitment(deposit.salt, deposit.value)
        values = {"answer": deposit.answer, "overridden": deposit.overridden, "result_digest": digest}
        values |= {"result_salt": deposit.salt}
        facts = {"digest": digest, "warnings": list(deposit.warnings), "override": deposit.overridden}

        def same(found: Review) -> bool:
            return keeps(found.result_salt, found.result_digest, deposit.value)

        return self._decide(request_id, by, APPROVED, {**values, "result": deposit.value}, facts, same=same)

    def deposited(self, request_id: str) -> bytes:
        """What was deposited, for whoever deposits the same again. Missing where nothing was."""
        asked = sa.select(reviews.c.result).where(reviews.c.request_id == request_id)
        with self._database.transaction() as connection:
            value = connection.execute(asked).scalar_one_or_none()
        if value is None:
            raise Missing("Nothing was deposited.")
        return bytes(value)

    def deny(self, request_id: str, by: str, reason: str) -> Review:
        """Say no, and why. The same again changes nothing; Conflict where it was decided otherwise."""
        return self._decide(request_id, by, DENIED, {"answer": reason}, {"reason": reason})

    def withdraw(self, request_id: str, analyst: str) -> Review:
        """The analyst no longer asks. Conflict where it was decided, Missing where it isn't the analyst's own."""
        if self.find(request_id, analyst).analyst != analyst:
            raise Missing(_NONE.format(request_id[:64]))
        return self._decide(request_id, analyst, WITHDRAWN, {}, {})

    def fetch(self, request_id: str, user_id: str) -> bytes:
        """The deposited result, for its reader. Missing for anybody else's, Conflict where there is none."""
        with self._database.transaction() as connection:
            found = _existing(connection, request_id)
            if found.reader != user_id:
                raise Missing(_NONE.format(request_id[:64]) if found.analyst != user_id else _OTHER_READER)
            if found.state != APPROVED:
                raise Conflict(f"There is no result: the request is {found.state}.")
            mine = reviews.c.request_id == request_id
            value = bytes(connection.execute(sa.select(reviews.c.result).where(mine)).scalar_one())
            connection.execute(sa.update(reviews).where(mine).values(fetched_at=now()))
            facts = {"request": request_id, "digest": found.result_digest}
            deeds.note(connection, user_id, "review.fetch", subject_of(found.inputs), facts)
        return value

    def abandon(self) -> None:
        """What was running when the enclave stopped has died."""
        with self._database.transaction() as connection:
            lost = sa.update(runs).where(runs.c.outcome == "running").values(outcome="died")
            connection.execute(lost.values(lines="The enclave was stopped while this ran."))

    def _decide(
        self,
        request_id: str,
        by: str,
        state: str,
        values: Mapping[str, Any],
        facts: Mapping[str, Any],
        *,
        same: Callable[[Review], bool] = lambda _found: True,
    ) -> Review:
        with self._database.transaction() as connection:
            still = (reviews.c.request_id == request_id) & (reviews.c.state == OPEN)
            stamp = {"state": state, "decided_by": by, "decided_at": now()}
            changed = connection.execute(sa.update(reviews).where(still).values({**values, **stamp})).rowcount
            found = _existing(connection, request_id)
            if not changed and not (found.state == state and same(found)):
                raise Conflict(f"This request was {found.state} already, by {found.decided_by}.")
            if changed:
                forget_runs(connection, request_id)
                verb = {APPROVED: "approve", DENIED: "deny", WITHDRAWN: "withdraw"}[state]
                told = {"request": request_id, "analyst": found.analyst, **facts}
                deeds.note(connection, by, f"review.{verb}", subject_of(found.inputs), told)
        self._database.forget()
        return found


def forget_runs(connection: sa.Connection, request_id: str) -> None:
    """What its runs on data gave, printed and raised is gone with the decision, and with the salts whatever could be found out from the log."""
    bare = {"value": None, "lines": "", "printed": "", "salt": ""}
    connection.execute(sa.update(runs).where(runs.c.request_id == request_id, runs.c.on == DATA).values(bare))


def _bound_to(connection: sa.Connection, wanted: sa.ColumnElement[bool], datasets: Collection[str] | None) -> list[str]:
    """Numbers of those that are bound to no other data sets than these (None: any), the newest first."""
    asked = sa.select(reviews.c.request_id, reviews.c.inputs).where(wanted).order_by(*_NEWEST_FIRST)
    return [number for number, text in connection.execute(asked) if is_within(inputs_of(text), datasets)]


_NEWEST_FIRST = (reviews.c.asked_at.desc(), reviews.c.request_id)
_NONE = "There is no request {}."
_OTHER_READER = "Its result may be read by somebody else only."
_SHOWN = [column for column in reviews.c if column.name != "result"]
_LISTED = [column if column.name != "source" else sa.literal("").label("source") for column in _SHOWN]


def _why_not(found: Review) -> str:
    if found.state != OPEN:
        return f"This request was {found.state} already, by {found.decided_by}."
    often = "once" if found.runs_allowed == 1 else f"{found.runs_allowed} times"
    return f"It may run on data {often}, and has."


def _check_room(connection: sa.Connection, analyst: str, most_open: int, most_daily: int) -> None:
    mine = reviews.c.analyst == analyst
    waiting = sa.select(sa.func.count()).where(mine, reviews.c.state == OPEN)
    if connection.execute(waiting).scalar_one() >= most_open:
        raise Refusal(429, f"You have {most_open} requests open, the most there may be; withdraw one or wait.")
    day = (datetime.now(UTC) - timedelta(days=1)).isoformat(timespec="milliseconds")
    recent = sa.select(sa.func.count()).where(mine, reviews.c.asked_at > day)
    if connection.execute(recent).scalar_one() >= most_daily:
        raise Refusal(429, f"You have submitted code {most_daily} times within a day, the most there may be.")


def _existing(connection: sa.Connection, request_id: str) -> Review:
    row = connection.execute(sa.select(*_SHOWN).where(reviews.c.request_id == request_id)).mappings().first()
    if row is None:
        raise Missing(_NONE.format(request_id[:64]))
    return _review(dict(row))


def _review(row: Mapping[str, Any]) -> Review:
    return Review(**{**row, "inputs": inputs_of(row["inputs"])})


def _run(row: Mapping[str, Any]) -> Run:
    return Run(**{**row, "warnings": tuple(json.loads(row["warnings"]))})

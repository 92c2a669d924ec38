"""The one place where a charge is made and a receipt is born: all scopes in one transaction, on disk before it returns.

Knows costs and caps, not plans or rows. A receipt without a charge on disk can't exist; a charge is never taken back. Charge and entry in
the log are one transaction, and so are what is admitted and the caps that admit it.
"""

import hashlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from ag_vault.account import Cap, Event, Totals, totals_of
from ag_vault.errors import BadLedger, Refusal
from ag_vault.ledger import caps, chain, log, odometer, refused, unanswered, verdict
from ag_vault.ledger.caps import InForce, Terms
from ag_vault.ledger.connect import (
    engine_at,
    file_engine,
    fixed,
    is_address,
    memory_engine,
    transaction,
    upserting,
)
from ag_vault.ledger.modes import PATIENCE_SECONDS, keeping, writing
from ag_vault.ledger.revisions import upgrade
from ag_vault.ledger.schema import ANSWERS, BALANCES, EVENTS, EVENTS_HEAD, HEAD, LOG_HEAD, SUMS
from ag_vault.ledger.witness import Witness, file_of

_log = logging.getLogger(__name__)

UNAVAILABLE = Refusal(
    code="ledger",
    why="The budget ledger can't record a charge now, so no row was read and nothing was released.",
    instead="Try again later; the operator's log says what is wrong.",
    error="RuntimeError",
)
DISCONNECTED = replace(
    UNAVAILABLE,
    instead="Restart the session: this one has lost the ledger, and a new one finds it where it is there again.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Who asks for what: ``dataset`` is the account that is charged, ``plan`` the plan's bytes, ``library`` the odometer's public label.

    ``wording``: the plan as one line for the log, made of public words.
    """

    dataset: str
    version: str
    analyst: str
    session: str
    library: str
    plan: bytes
    wording: str = ""

    @property
    def digest(self) -> str:
        """The plan's digest, by which its stored answer is found."""
        return hashlib.sha256(self.plan).hexdigest()

    @property
    def key(self) -> unanswered.Key:
        """Whose answers are counted together."""
        return {"account": self.dataset, "who": self.analyst}


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Proof that an event was charged: its number in the ledger and its cost."""

    sequence: int
    event: Event


@dataclass(frozen=True, slots=True)
class _Scope:
    kind: Literal["everyone", "analyst", "session"]
    dataset: str
    who: str
    cap: Cap | None

    @property
    def key(self) -> odometer.Key:
        """The key of its balance."""
        return self.kind, self.dataset, self.who

    def held(self, totals: Totals) -> verdict.Held:
        """What its cap has to bear so far."""
        if self.cap is None:
            raise ValueError(self.kind)
        return verdict.Held(kind=self.kind, cap=self.cap, totals=totals)


class Ledger:
    """Charges against a database that other vaults charge against too.

    The database is opened, migrated and its chain's head checked at first use; while that fails, everything is refused. ``lost``: whether
    it can't be reached any more by this process.
    """

    def __init__(
        self,
        engine: sa.Engine | Callable[[], sa.Engine],
        *,
        answers: Callable[[], sa.Engine] | None = None,
        clock: Callable[[], int] = time.time_ns,
        lost: Callable[[], bool] = bool,
    ) -> None:
        self._given = engine
        self._answering = answers
        self._clock = clock
        self._lost = lost
        self._opened = False

    @classmethod
    def at(cls, place: Path | str, *, patience_seconds: float = PATIENCE_SECONDS) -> "Ledger":
        """The ledger in a file, or at an address of PostgreSQL's, which waits so long for other vaults' charges."""
        if is_address(place):
            from ag_vault.ledger import postgres

            engine = engine_at(place, patience_seconds=patience_seconds)
            return cls(engine, lost=partial(postgres.lost, str(place)))
        # A file's engines are made when first used: a session that charges nothing keeps two megabytes less to itself.
        opened = partial(file_engine, Path(place), patience_seconds=patience_seconds)
        return cls(opened, answers=partial(opened, synced=False))

    @cached_property
    def _engine(self) -> sa.Engine:
        return self._given if isinstance(self._given, sa.Engine) else self._given()

    @cached_property
    def _writer(self) -> sa.Engine:
        return writing(self._engine)

    @cached_property
    def _answers(self) -> sa.Engine:
        return keeping(self._engine if self._answering is None else self._answering())

    @cached_property
    def _witness(self) -> Witness:
        return Witness(file_of(self._engine))

    @classmethod
    def in_memory(cls) -> "Ledger":
        """A ledger of this process alone: for data that a guest brought."""
        return cls(memory_engine())

    def charge(
        self, event: Event, claim: Claim, terms: Terms, *, session_cap: Cap | None = None, most_lost: int | None = None
    ) -> Receipt | Refusal:
        """Charge every scope, or none and say why. When a receipt comes back, the charge is on disk.

        ``most_lost``: how many answers that weren't kept the analyst may have had from the account; None: nobody counts.
        """
        try:
            with self._transaction(self._writer) as connection:
                force = caps.in_force(connection, terms, claim.analyst)
                tape = self._tape(connection)
                before = _totals(connection, _scopes(claim, force, session_cap))
                windows = odometer.windows(connection, claim.dataset, claim.analyst, force, now=tape.now)
                held = [*windows, *(scope.held(totals) for scope, totals in before.items() if scope.cap is not None)]
                refusal = verdict.refusal(force.call, held, event)
                if refusal is None and most_lost is not None:
                    refusal = unanswered.refusal(connection, claim.key, most_lost)
                if refusal is not None:
                    refused.note(connection, _entry(claim, event, "refused"), after=tape.log, now=tape.now)
                    return refusal
                receipt, end = _write(connection, event, claim, before, tape)
                if most_lost is not None:
                    unanswered.begin(connection, claim.key)
            self._witness.saw(end)  # once it is on disk
            return receipt
        except (BadLedger, SQLAlchemyError) as problem:
            _report("charge", problem)
            return self._unavailable()

    def recall(self, claim: Claim) -> bytes | None:
        """The answer already released to this analyst for this plan on this version, as it was sent."""
        try:
            with self._transaction(self._engine) as connection:
                reply: bytes | None = connection.execute(_RECALL, _answer_key(claim)).scalar_one_or_none()
                return reply
        except (BadLedger, SQLAlchemyError) as problem:
            _report("recall", problem)
            return None

    def remember(self, receipt: Receipt, claim: Claim, reply: bytes) -> None:
        """Keep a released answer. Losing it costs the analyst a second charge at most: not synced, a failure only logged."""
        row = {**_answer_key(claim), "sequence": receipt.sequence, "reply": reply}
        try:
            with self._transaction(self._answers) as connection:
                connection.execute(_KEEP_ANSWER, row)
                unanswered.end(connection, claim.key)
        except (BadLedger, SQLAlchemyError) as problem:
            _report("remember", problem)

    def lose(self, receipt: Receipt, claim: Claim) -> None:
        """An answer that was charged for won't come: for the log. It is counted already, as every one that isn't kept."""
        try:
            with self._transaction(self._writer) as connection:
                tape = self._tape(connection)
                log.append(connection, _entry(claim, receipt.event, "lost"), after=tape.log, now=tape.now)
        except (BadLedger, SQLAlchemyError) as problem:
            _report("lose", problem)

    def reading(self, dataset: str, analyst: str, terms: Terms) -> "odometer.Reading | Refusal":
        """What an analyst has spent and has left on a data set."""
        try:
            with self._transaction(self._engine) as connection:
                force = caps.in_force(connection, terms, analyst)
                return odometer.read(connection, dataset, analyst, force, now=self._tape(connection).now)
        except (BadLedger, SQLAlchemyError) as problem:
            _report("read", problem)
            return self._unavailable()

    def verify(self) -> int:
        """Check both chains and that they agree; the number of events. BadLedger where they are broken or can't be read."""
        try:
            with self._transaction(self._engine) as connection:
                log.verify(connection)
                return chain.verify(connection)
        except SQLAlchemyError as problem:
            raise BadLedger("the ledger can't be read") from problem

    def open(self) -> None:
        """Make or upgrade the database and check its chain's head, once. BadLedger where that fails."""
        try:
            with self._transaction(self._engine):
                pass
        except SQLAlchemyError as problem:
            raise BadLedger("the ledger can't be read") from problem

    def close(self) -> None:
        """Let go of the database's connections."""
        for made in vars(self).keys() & {"_engine", "_answers"}:
            getattr(self, made).dispose()

    def _tape(self, connection: sa.Connection) -> "_Tape":
        """Where both chains end. BadLedger where this process has seen them longer."""
        tape = _tape(connection, self._clock())
        self._witness.check(connection, tape.log)
        return tape

    def _unavailable(self) -> Refusal:
        return DISCONNECTED if self._lost() else UNAVAILABLE

    @contextmanager
    def _transaction(self, engine: sa.Engine) -> Iterator[sa.Connection]:
        if not self._opened:
            with self._writer.begin() as connection:
                if not upgrade(connection):
                    raise BadLedger("the ledger was written by a newer release")
                chain.verify_head(connection)
                log.verify_head(connection)
            self._opened = True
        with transaction(engine) as connection:
            yield connection


def _totals(connection: sa.Connection, scopes: list[_Scope]) -> dict[_Scope, Totals]:
    found = odometer.totals(connection, [scope.key for scope in scopes])
    return {scope: found[scope.key] for scope in scopes}


@dataclass(frozen=True, slots=True)
class _Tape:
    """Where both chains end, and what time it is: never before what was written last."""

    events: log.Mark
    log: log.Mark
    now: int


def _tape(connection: sa.Connection, now: int) -> _Tape:
    heads = {row.id: log.Mark(sequence=row.sequence, hash=row.hash, at=row.at) for row in connection.execute(_HEADS)}
    if {EVENTS_HEAD, LOG_HEAD} - heads.keys():
        raise BadLedger("the ledger has lost a head")
    return _Tape(heads[EVENTS_HEAD], heads[LOG_HEAD], max(now, heads[EVENTS_HEAD].at))


def _write(
    connection: sa.Connection, event: Event, claim: Claim, before: Mapping[_Scope, Totals], tape: _Tape
) -> tuple[Receipt, log.Mark]:
    """Append the event, its entry in the log, move both heads, raise every balance: all in the caller's transaction. With the log's new end."""
    cost = totals_of(event)
    row = _event_row(event, cost, claim, tape)
    connection.execute(_ADD_EVENT, row)
    chain.move(connection, EVENTS_HEAD, row)
    entry = _entry(claim, event, "charged", sequence=row["sequence"], digest=row["hash"])
    end = log.append(connection, entry, after=tape.log, now=tape.now)
    connection.execute(_RAISE_BALANCE, [_balance_row(scope, totals + cost) for scope, totals in before.items()])
    return Receipt(sequence=row["sequence"], event=event), end


def _entry(claim: Claim, event: Event, outcome: str, *, sequence: int = 0, digest: str = "") -> log.Entry:
    """What the log says of a question: the plan in words, what it costs, what became of it."""
    details = {
        "plan": claim.wording,
        "digest": claim.digest,
        "library": claim.library,
        "session": claim.session,
        "epsilon": None if event.epsilon is None else float(event.epsilon),
        "rho": float(event.concentrated),
        "delta": float(event.delta),
        "outcome": outcome,
    }
    return log.Entry(
        actor=claim.analyst, action="release", subject=claim.dataset, details=details, event=sequence, event_hash=digest
    )


def _event_row(event: Event, cost: Totals, claim: Claim, tape: _Tape) -> dict[str, Any]:
    row: dict[str, Any] = {
        "sequence": tape.events.sequence + 1,
        "at": tape.now,
        "dataset": claim.dataset,
        "version": claim.version,
        "analyst": claim.analyst,
        "session": claim.session,
        "library": claim.library,
        "plan": claim.digest,
        "mechanism": event.mechanism,
        "epsilon": cost.epsilon,
        "rho": cost.rho,
        "delta": cost.delta,
        "impure": cost.impure,
        "previous": tape.events.hash,
    }
    return row | {"hash": chain.link(row)}


def _balance_row(scope: _Scope, totals: Totals) -> dict[str, Any]:
    sums = {name: getattr(totals, name) for name in SUMS}
    return sums | {"kind": scope.kind, "dataset": scope.dataset, "who": scope.who}


# Built once: a statement's own making takes longer than SQLite does with it.
_RAISE_BALANCE = upserting(BALANCES, on=("kind", "dataset", "who"), sums=tuple(SUMS))
_RECALL = fixed(
    sa.select(ANSWERS.c.reply).where(
        *(ANSWERS.c[name] == sa.bindparam(name) for name in ("analyst", "dataset", "version", "plan"))
    )
)
_HEADS = fixed(sa.select(HEAD))
_ADD_EVENT = fixed(sa.insert(EVENTS))
_KEEP_ANSWER = upserting(ANSWERS)


def _scopes(claim: Claim, force: InForce, session_cap: Cap | None) -> list[_Scope]:
    scopes = [
        _Scope("everyone", claim.dataset, "", force.everyone),
        _Scope("analyst", claim.dataset, claim.analyst, force.analyst),
    ]
    if session_cap is not None:
        scopes.append(_Scope("session", claim.dataset, claim.session, session_cap))
    return scopes


def _answer_key(claim: Claim) -> dict[str, str]:
    return {"analyst": claim.analyst, "dataset": claim.dataset, "version": claim.version, "plan": claim.digest}


def _report(what: str, problem: Exception) -> None:
    """For the operator. The driver's own sentence, without the statement and its parameters."""
    _log.error("ledger: %s failed: %s", what, getattr(problem, "orig", None) or problem)

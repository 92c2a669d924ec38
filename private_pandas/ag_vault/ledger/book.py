"""The one place where a charge is made and a receipt is born: all scopes in one transaction, on disk before it returns.

Knows costs and caps, not plans or rows. A receipt without a charge on disk can't exist; a charge is never taken back. Charge and entry in
the log are one transaction, and so are what is admitted and the caps that admit it.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from ag_vault.account import Cap, Event, Totals
from ag_vault.errors import BadLedger, Refusal
from ag_vault.ledger import caps, chain, log, modes, odometer, refused, unanswered, verdict
from ag_vault.ledger.caps import InForce, Terms
from ag_vault.ledger.connect import engine_at, file_engine, is_address, memory_engine
from ag_vault.ledger.deed import Claim, Deed, Tape, tape
from ag_vault.ledger.modes import PATIENCE_SECONDS, writing
from ag_vault.ledger.revisions import upgrade
from ag_vault.ledger.schema import ANSWERS, BALANCES, EVENTS, EVENTS_HEAD, HEAD, SUMS
from ag_vault.ledger.wire import Row, Wire, upserting
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
class Receipt:
    """Proof that an event was charged: its number in the ledger and its cost."""

    sequence: int
    event: Event


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
    def _wire(self) -> Wire:
        return Wire(self._engine)

    @cached_property
    def _answers(self) -> Wire:
        return self._wire if self._answering is None else Wire(self._answering())

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
        deed = Deed(event, claim)
        try:
            with self._transaction(self._wire, modes.WRITES) as connection:
                state = self._state(connection, terms, claim.dataset, claim.analyst, claim.session)
                capped = _scopes(claim, state.force, session_cap)
                held = _held(connection, claim, state, capped)
                refusal = verdict.refusal(state.force.call, held, event, deed.cost)
                if refusal is None and most_lost is not None:
                    refusal = unanswered.refusal(state.lost, most_lost)
                if refusal is not None:
                    refused.note(connection, deed.entry("refused"), after=state.end.log, now=state.end.now)
                    return refusal
                receipt, mark = _write(connection, deed, {scope: state.spent(scope) for scope in capped}, state.end)
                if most_lost is not None:
                    unanswered.begin(connection, claim.key)
            self._witness.saw(mark)  # once it is on disk
            return receipt
        except (BadLedger, SQLAlchemyError) as problem:
            _report("charge", problem)
            return self._unavailable()

    def recall(self, claim: Claim) -> bytes | None:
        """The answer already released to this analyst for this plan on this version, as it was sent."""
        try:
            with self._transaction(self._wire) as connection:
                rows = connection.execute(_RECALL, _answer_key(claim))
                return bytes(rows[0][0]) if rows else None
        except (BadLedger, SQLAlchemyError) as problem:
            _report("recall", problem)
            return None

    def remember(self, receipt: Receipt, claim: Claim, reply: bytes) -> None:
        """Keep a released answer. Losing it costs the analyst a second charge at most: not synced, a failure only logged."""
        row = {**_answer_key(claim), "sequence": receipt.sequence, "reply": reply}
        try:
            with self._transaction(self._answers, modes.ANSWERS) as connection:
                connection.execute(_KEEP_ANSWER, row)
                unanswered.end(connection, claim.key)
        except (BadLedger, SQLAlchemyError) as problem:
            _report("remember", problem)

    def lose(self, receipt: Receipt, claim: Claim) -> None:
        """An answer that was charged for won't come: for the log. It is counted already, as every one that isn't kept."""
        try:
            with self._transaction(self._wire, modes.WRITES) as connection:
                end = self._end(connection.execute(_HEADS), connection)
                log.append(connection, Deed(receipt.event, claim).entry("lost"), after=end.log, now=end.now)
        except (BadLedger, SQLAlchemyError) as problem:
            _report("lose", problem)

    def reading(self, dataset: str, analyst: str, terms: Terms) -> "odometer.Reading | Refusal":
        """What an analyst has spent and has left on a data set."""
        try:
            with self._transaction(self._wire) as connection:
                state = self._state(connection, terms, dataset, analyst)
                return odometer.read(connection, dataset, analyst, state.force, state.sums, now=state.end.now)
        except (BadLedger, SQLAlchemyError) as problem:
            _report("read", problem)
            return self._unavailable()

    def verify(self) -> int:
        """Check both chains and that they agree; the number of events. BadLedger where they are broken or can't be read."""
        self.open()
        try:
            with self._engine.begin() as connection:
                log.verify(connection)
                return chain.verify(connection)
        except SQLAlchemyError as problem:
            raise BadLedger("the ledger can't be read") from problem

    def open(self) -> None:
        """Make or upgrade the database and check its chain's head, once. BadLedger where that fails."""
        if self._opened:
            return
        try:
            with self._writer.begin() as connection:
                if not upgrade(connection):
                    raise BadLedger("the ledger was written by a newer release")
                chain.verify_head(connection)
                log.verify_head(connection)
        except SQLAlchemyError as problem:
            raise BadLedger("the ledger can't be read") from problem
        self._opened = True

    def close(self) -> None:
        """Let go of the database's connections."""
        for made in vars(self).keys() & {"_wire", "_answers"}:
            getattr(self, made).close()
        if "_engine" in vars(self):
            self._engine.dispose()

    def _state(self, connection: Wire, terms: Terms, dataset: str, analyst: str, session: str = "") -> "_State":
        """All that decides about a charge, asked in one go. BadLedger where this process has seen the ledger longer."""
        heads, sums, lost, *limits = connection.ask(
            (_HEADS, {}),
            odometer.question(dataset, analyst, session),
            unanswered.question({"account": dataset, "who": analyst}),
            *caps.questions(terms, analyst),
        )
        end = self._end(heads, connection)
        return _State(caps.in_force(terms, limits), end, odometer.totals(sums), unanswered.count(lost))

    def _end(self, heads: Sequence[Row], connection: Wire) -> Tape:
        """Where both chains end. BadLedger where this process has seen them longer."""
        end = tape(heads, self._clock())
        self._witness.check(connection, end.log)
        return end

    def _unavailable(self) -> Refusal:
        return DISCONNECTED if self._lost() else UNAVAILABLE

    def _transaction(self, wire: Wire, purpose: str | None = None) -> AbstractContextManager[Wire]:
        self.open()
        return wire.transaction(purpose)


class _State(msgspec.Struct, frozen=True):
    """What decides about a charge: the caps in force, where both chains end, what was spent, and how many answers weren't kept."""

    force: InForce
    end: Tape
    sums: Mapping[odometer.Scope, Totals]
    lost: int

    def spent(self, scope: odometer.Scope) -> Totals:
        """The sum of one scope; zeros where nothing was charged yet."""
        return self.sums.get(scope, _NOTHING)


def _held(
    connection: Wire, claim: Claim, state: _State, capped: Mapping[odometer.Scope, Cap | None]
) -> list[verdict.Held]:
    """What was charged so far under each cap that binds, of all time and of windows."""
    windows = odometer.windows(connection, claim.dataset, claim.analyst, state.force, now=state.end.now)
    held = [
        verdict.Held(kind=scope[0], cap=cap, totals=state.spent(scope))
        for scope, cap in capped.items()
        if cap is not None
    ]
    return [*windows, *held]


def _write(
    connection: Wire, deed: Deed, before: Mapping[odometer.Scope, Totals], after: Tape
) -> tuple[Receipt, log.Mark]:
    """Append the event, its entry in the log, move both heads, raise every balance: all in the caller's transaction. With the log's new end."""
    row = deed.row(after)
    connection.execute(_ADD_EVENT, row)
    chain.move(connection, EVENTS_HEAD, row)
    entry = deed.entry("charged", sequence=row["sequence"], digest=row["hash"])
    end = log.append(connection, entry, after=after.log, now=after.now)
    for scope, totals in before.items():
        connection.execute(_RAISE_BALANCE, _balance_row(deed.claim.dataset, scope, totals + deed.cost))
    return Receipt(sequence=row["sequence"], event=deed.event), end


def _balance_row(dataset: str, scope: odometer.Scope, totals: Totals) -> dict[str, Any]:
    return {
        "kind": scope[0],
        "dataset": dataset,
        "who": scope[1],
        "epsilon": totals.epsilon,
        "rho": totals.rho,
        "delta": totals.delta,
        "impure": totals.impure,
        "impure_rho": totals.impure_rho,
    }


_NOTHING = Totals()
_RAISE_BALANCE = upserting(BALANCES, on=("kind", "dataset", "who"), sums=tuple(SUMS))
_RECALL = sa.select(ANSWERS.c.reply).where(
    *(ANSWERS.c[name] == sa.bindparam(name) for name in ("analyst", "dataset", "version", "plan"))
)
_HEADS = sa.select(HEAD.c.id, HEAD.c.sequence, HEAD.c.hash, HEAD.c.at)
_ADD_EVENT = sa.insert(EVENTS)
_KEEP_ANSWER = upserting(ANSWERS)


def _scopes(claim: Claim, force: InForce, session_cap: Cap | None) -> dict[odometer.Scope, Cap | None]:
    """Whose balances a charge raises, each with the cap that it must keep within; None where an owner has lifted that."""
    scopes: dict[odometer.Scope, Cap | None] = {
        ("everyone", ""): force.everyone,
        ("analyst", claim.analyst): force.analyst,
    }
    if session_cap is not None:
        scopes["session", claim.session] = session_cap
    return scopes


def _answer_key(claim: Claim) -> dict[str, str]:
    return {"analyst": claim.analyst, "dataset": claim.dataset, "version": claim.version, "plan": claim.digest}


def _report(what: str, problem: Exception) -> None:
    """For the operator. The driver's own sentence, without the statement and its parameters."""
    _log.error("ledger: %s failed: %s", what, getattr(problem.__cause__ or problem, "orig", None) or problem)

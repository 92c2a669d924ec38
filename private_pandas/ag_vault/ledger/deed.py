"""What the ledger writes of one question: the row of its event, and its entry in the log.

Knows who asks, what it costs and where both chains end; no cap and no database.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from ag_vault.account import Event, Totals, totals_of
from ag_vault.errors import BadLedger
from ag_vault.ledger import chain, log, unanswered
from ag_vault.ledger.schema import EVENTS_HEAD, LOG_HEAD
from ag_vault.ledger.wire import Row


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


class Tape(msgspec.Struct, frozen=True):
    """Where both chains end, and what time it is: never before what was written last."""

    events: log.Mark
    log: log.Mark
    now: int


def tape(heads: Sequence[Row], now: int) -> Tape:
    """From the rows of both heads. BadLedger where one is missing."""
    marks = {which: log.Mark(sequence=sequence, hash=digest, at=at) for which, sequence, digest, at in heads}
    if {EVENTS_HEAD, LOG_HEAD} - marks.keys():
        raise BadLedger("the ledger has lost a head")
    return Tape(marks[EVENTS_HEAD], marks[LOG_HEAD], max(now, marks[EVENTS_HEAD].at))


class Deed:
    """A charge that is to be made: its event, in the ledger's units as ``cost``."""

    __slots__ = "_digest", "claim", "cost", "event"

    def __init__(self, event: Event, claim: Claim) -> None:
        self.event = event
        self.claim = claim
        self.cost: Totals = totals_of(event)
        self._digest = claim.digest

    def row(self, after: Tape) -> dict[str, Any]:
        """The event's row, behind the last event."""
        claim, cost = self.claim, self.cost
        row: dict[str, Any] = {
            "sequence": after.events.sequence + 1,
            "at": after.now,
            "dataset": claim.dataset,
            "version": claim.version,
            "analyst": claim.analyst,
            "session": claim.session,
            "library": claim.library,
            "plan": self._digest,
            "mechanism": self.event.mechanism,
            "epsilon": cost.epsilon,
            "rho": cost.rho,
            "delta": cost.delta,
            "impure": cost.impure,
            "previous": after.events.hash,
        }
        row["hash"] = chain.link(row)
        return row

    def entry(self, outcome: str, *, sequence: int = 0, digest: str = "") -> log.Entry:
        """What the log says of it: the plan in words, what it costs, what became of it; and the event's number and hash."""
        event, claim = self.event, self.claim
        details = {
            "plan": claim.wording,
            "digest": self._digest,
            "library": claim.library,
            "session": claim.session,
            "epsilon": None if event.epsilon is None else float(event.epsilon),
            "rho": float(event.concentrated),
            "delta": float(event.delta),
            "outcome": outcome,
        }
        who, what = claim.analyst, claim.dataset
        return log.Entry(actor=who, action="release", subject=what, details=details, event=sequence, event_hash=digest)

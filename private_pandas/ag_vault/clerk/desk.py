"""What the gateway may ask of the clerk: one JSON object in, one out, whatever it was. Knows messages; the work is the register's.

The gateway is believed about who asks: it checks accounts and roles. It is not believed about anything that could lower what was spent.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from ag_vault.clerk.amounts import Amounts, Terms
from ag_vault.clerk.keeper import Keeper
from ag_vault.clerk.outlook import Outlook, outlook
from ag_vault.errors import BadLedger
from ag_vault.ledger import log
from ag_vault.ledger.caps import cap_of
from ag_vault.ledger.register import Filter, Place, Register
from ag_vault.ledger.walk import Walk

_log = logging.getLogger(__name__)

_MOST_EACH = 20
_ACTIONS_OF_ITS_OWN = frozenset({"release", "cap", "upgrade", "sealed", "restored"})
"""What only the ledger itself writes: an entry of the gateway's must not pass for one."""
_SLICE = 500
"""Events and entries that one question verifies: others are answered in between."""
_MOST_WALKS = 8


class Append(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="op", tag="append"):
    """Write an entry to the log."""

    actor: str
    action: str
    subject: str
    details: dict[str, Any] = {}


class Caps(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="op", tag="caps"):
    """The caps that owners have set, of one data set or of all."""

    dataset: str | None = None


class SetCap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="op", tag="set_cap"):
    """Put a cap in force. ``epsilon`` None: no bound over all time."""

    actor: str
    kind: str
    dataset: str
    epsilon: str | None
    delta: str
    reason: str
    who: str = ""
    seconds: int = 0


class DropCap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="op", tag="drop_cap"):
    """Let the metadata's cap be in force again, or end a window."""

    actor: str
    kind: str
    dataset: str
    reason: str
    who: str = ""
    seconds: int = 0


class Sums(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="op", tag="totals"):
    """What was spent, of one account or of all."""

    account: str | None = None


class Spent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="op", tag="amounts"):
    """What the sums of accounts amount to as ε, each under its own terms: by analyst; or, ``since`` a moment, everyone's by day."""

    of: tuple[Terms, ...]
    since: int | None = None


class History(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="op", tag="history"):
    """Entries of the log, newest first."""

    before: int | None = None
    limit: int = 100
    actor: str | None = None
    action: str | None = None
    subject: str | None = None


class NewestDeed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="op", tag="newest"):
    """The newest deed of the gateway's that the log has."""


class Entries(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="op", tag="entries"):
    """Entries of the log in order, as they are hashed: for whoever verifies them elsewhere."""

    after: int = 0
    limit: int = 1000


class Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="op", tag="head"):
    """The signed head of the log as it is now."""


class Restored(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="op", tag="restored"):
    """What became of the restoration that this clerk began with."""


class Copy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="op", tag="copy"):
    """Make a consistent copy of the ledger in the audit folder, under this plain name. Its signed head is in the answer."""

    name: str


class Allows(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="op", tag="allows"):
    """What a cap would allow: means at each of these ε over so many rows."""

    epsilon: str
    delta: str
    rows: int
    each: tuple[str, ...]


class Verify(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="op", tag="verify"):
    """Check everything, a slice at a time: the answer has the sums, or the number under which to ask on."""

    walk: int | None = None


Asked = (
    Append
    | Caps
    | SetCap
    | DropCap
    | Sums
    | Spent
    | History
    | NewestDeed
    | Entries
    | Head
    | Restored
    | Copy
    | Allows
    | Verify
)
_REQUEST = msgspec.json.Decoder(Asked)


class Desk:
    """Answers one question after the other."""

    def __init__(self, register: Register, keeper: Keeper) -> None:
        self._register = register
        self._keeper = keeper
        self._amounts = Amounts(register)
        self._trouble: str | None = None
        self._walks: dict[int, Walk] = {}
        self._begun = 0
        self._restored = ""

    def open(self, first: Callable[[], str] | None = None) -> None:
        """Open the ledger and check it against its signed head; from then on, where that fails, every answer says so. ``first``: a restoration."""
        if first is not None:
            self._try(lambda: setattr(self, "_restored", first()))
        for step in (self._register.open, self._keeper.open):
            if self._trouble is None:
                self._try(step)

    def look(self) -> None:
        """Sign what vaults have charged, and add it up; a ledger that was put back meanwhile is as in ``open``."""
        for step in (self._keeper.look, self._register.look, self._amounts.read):
            if self._trouble is None:
                self._try(step)

    def _try(self, step: Callable[[], object]) -> None:
        try:
            step()
        except (BadLedger, OSError) as problem:
            self._trouble = str(problem) if isinstance(problem, BadLedger) else f"{problem.strerror}"
            _log.error("ledger: %s", self._trouble)

    def reply(self, payload: bytes) -> bytes:
        """The answer to one question: ``{"answer": …}``, or ``{"error": sentence}``. Total."""
        if self._trouble is not None:
            return _error(f"The ledger can't be used: {self._trouble}.", broken=True)
        try:
            asked = _REQUEST.decode(payload)
            return msgspec.json.encode({"answer": self._answer(asked)})
        except (msgspec.ValidationError, msgspec.DecodeError, RecursionError):
            return _error("The clerk doesn't understand this question.")
        except ValueError as reason:
            return _error(str(reason))
        except BadLedger as problem:
            _log.error("ledger: %s", problem)
            return _error(f"The ledger can't be used just now: {problem}.", broken=True)
        except Exception as problem:  # noqa: BLE001 - whatever it was, the next question is answered
            _log.error("internal: %s", type(problem).__name__)
            return _error("The clerk could not answer this; its log says when it happened.", broken=True)

    def _answer(self, asked: Asked) -> Any:
        if isinstance(asked, Head):
            return self._keeper.advance()
        if isinstance(asked, Restored):
            return self._restored
        if isinstance(asked, Copy):
            head = self._keeper.advance()
            self._keeper.copy(asked.name)
            return head
        if isinstance(asked, Verify):
            return self._verified(asked.walk)
        if isinstance(asked, Spent):
            since = asked.since
            return [self._amounts.of(each) if since is None else self._amounts.course(each, since) for each in asked.of]
        answer = _ANSWERS[type(asked)](self._register, asked)
        if isinstance(asked, Append | SetCap | DropCap):
            self._keeper.advance()  # a deed is signed when its doer hears of it
        return answer

    def _verified(self, number: int | None) -> dict[str, int]:
        """Walk on by a slice. ValueError for a walk that is over or was given up for newer ones."""
        if number is None:
            self._begun = number = self._begun + 1
            self._walks[number] = Walk()
            self._walks.pop(number - _MOST_WALKS, None)
        walk = self._walks.pop(number, None)
        if walk is None:
            raise ValueError("This verification was given up; begin it anew.")
        with self._register.reading() as connection:
            if walk.step(connection, _SLICE):
                return {"charges": walk.events.count, "entries": walk.entries.count}
        self._walks[number] = walk
        return {"walk": number, "entries": walk.entries.count}


def _error(sentence: str, *, broken: bool = False) -> bytes:
    return msgspec.json.encode({"error": sentence, "broken": broken})


def _place(asked: SetCap | DropCap) -> Place:
    return Place(kind=asked.kind, dataset=asked.dataset, who=asked.who, seconds=asked.seconds)  # type: ignore[arg-type]


def _append(register: Register, asked: Append) -> dict[str, Any]:
    if asked.action in _ACTIONS_OF_ITS_OWN:
        raise ValueError("Only the ledger itself writes entries of this action.")
    entry = log.Entry(actor=asked.actor, action=asked.action, subject=asked.subject, details=asked.details)
    return _mark(register.append(entry))


def _set_cap(register: Register, asked: SetCap) -> dict[str, Any]:
    return _mark(register.set_cap(_place(asked), asked.epsilon, asked.delta, actor=asked.actor, reason=asked.reason))


def _drop_cap(register: Register, asked: DropCap) -> dict[str, Any]:
    return _mark(register.drop_cap(_place(asked), actor=asked.actor, reason=asked.reason))


def _history(register: Register, asked: History) -> list[dict[str, Any]]:
    return register.history(Filter(**msgspec.structs.asdict(asked)))


def _allows(_register: Register, asked: Allows) -> list[Outlook]:
    if len(asked.each) > _MOST_EACH:
        raise ValueError(f"At most {_MOST_EACH} calls can be compared.")
    return outlook(cap_of(asked.epsilon, asked.delta), asked.each, asked.rows)


def _mark(mark: log.Mark) -> dict[str, Any]:
    return {"sequence": mark.sequence, "hash": mark.hash, "at": mark.at}


_ANSWERS: Mapping[type[Any], Callable[[Register, Any], Any]] = {
    Append: _append,
    Caps: lambda register, asked: register.caps(asked.dataset),
    SetCap: _set_cap,
    DropCap: _drop_cap,
    Sums: lambda register, asked: register.totals(asked.account),
    History: _history,
    NewestDeed: lambda register, _asked: register.newest_deed(),
    Entries: lambda register, asked: register.entries(after=asked.after, limit=asked.limit),
    Allows: _allows,
}

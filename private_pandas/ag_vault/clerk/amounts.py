"""What was spent, as the ε that it amounts to at a data set's δ: in all, and by the end of each day. Shown to owners, never used to decide.

Knows sums and events; whose cap it is told with the question. Each event is read once: time never goes back, so old days stay as they are.
"""

import math
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec
import sqlalchemy as sa

from ag_vault.account import Cap, Totals, spent
from ag_vault.ledger.caps import cap_of
from ag_vault.ledger.register import Register
from ag_vault.ledger.schema import BALANCES, EVENTS, EVENTS_HEAD, HEAD, SUMS

DAY = 86_400 * 10**9
_day = EVENTS.c.at // sa.literal_column(str(DAY), sa.BigInteger)
_NEW = (
    # As doubles, which can't overflow where many calls of a large ε are added.
    sa.select(EVENTS.c.dataset, _day, *(sa.func.sum(sa.cast(each, sa.Float)) for each in SUMS.values()))
    .where(EVENTS.c.sequence > sa.bindparam("after"), EVENTS.c.sequence <= sa.bindparam("last"))
    .group_by(EVENTS.c.dataset, _day)
)
_LAST = sa.select(HEAD.c.sequence).where(HEAD.c.id == sa.literal_column(str(EVENTS_HEAD)))
_OF = sa.select(BALANCES.c.who, *(BALANCES.c[name] for name in SUMS)).where(
    BALANCES.c.kind.in_(("everyone", "analyst")), BALANCES.c.dataset == sa.bindparam("account")
)


class Terms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An account, and the cap of everyone on the data set that it is shown for: its δ says at which δ the ε is meant."""

    account: str
    epsilon: str
    delta: str


class Amounts:
    """Sums by account and day, of the events up to the last one that was read."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._last = 0
        self._days: defaultdict[str, dict[int, Totals]] = defaultdict(dict)

    def read(self) -> None:
        """Add the events that were charged since."""
        with self._register.reading() as connection:
            last = connection.execute(_LAST).scalar_one()
            if last < self._last:
                self._last = 0  # another ledger: begin anew
                self._days.clear()
            if last == self._last:
                return
            for account, day, *sums in connection.execute(_NEW, {"after": self._last, "last": last}):
                days = self._days[account]
                new = Totals() + Totals(**{name: round(each) for name, each in zip(SUMS, sums, strict=True)})
                days[day] = days.get(day, Totals()) + new
            self._last = last

    def of(self, terms: Terms) -> dict[str, float | None]:
        """ε by analyst (empty: everyone together). None for what has no end: events without a pure ε, where there is no δ. ValueError where ε and δ are no cap."""
        cap = cap_of(terms.epsilon, terms.delta)
        with self._register.reading() as connection:
            rows = connection.execute(_OF, {"account": terms.account}).all()
        return {who: _amount(cap, Totals(**dict(zip(SUMS, sums, strict=True)))) for who, *sums in rows}

    def course(self, terms: Terms, since: int) -> dict[str, Any]:
        """ε of everyone together before the day of ``since``, and by the end of each day from then on on which something was charged. ValueError as above."""
        self.read()
        cap, before, days = cap_of(terms.epsilon, terms.delta), Totals(), []
        for day, totals in self._growing(terms.account):
            if day < since // DAY:
                before = totals
            else:
                days.append((day * DAY, _amount(cap, totals)))
        return {"before": _amount(cap, before), "days": days}

    def _growing(self, account: str) -> Iterator[tuple[int, Totals]]:
        """Every day of an account with what was charged by its end, oldest first."""
        totals = Totals()
        for day, charged in sorted(self._days.get(account, {}).items()):
            totals += charged
            yield day, totals


@lru_cache(maxsize=1 << 16)
def _amount(cap: Cap, totals: Totals) -> float | None:
    """The smaller of what the accountants say: each of their answers holds."""
    found = spent(cap, totals).epsilon
    return found if math.isfinite(found) else None

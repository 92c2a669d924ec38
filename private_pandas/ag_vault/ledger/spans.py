"""What was charged by hour, data set and analyst, for plots. Each event is read once: time never goes back, so old hours stay as they are.

Knows events alone, and decides nothing: charges are admitted by balances.
"""

from collections import defaultdict
from typing import Any

import sqlalchemy as sa

from ag_vault.account import EPSILON_UNIT
from ag_vault.ledger.schema import EVENTS, EVENTS_HEAD, HEAD

HOUR = 3600 * 10**9
# As a literal: a server must see the same expression among the columns and the groups.
_hour = EVENTS.c.at // sa.literal_column(str(HOUR), sa.BigInteger)
_NEW = (
    sa.select(
        EVENTS.c.dataset,
        _hour,
        EVENTS.c.analyst,
        # As doubles, which can't overflow where many calls of a large ε are added: shown, never used to decide.
        sa.func.sum(sa.cast(EVENTS.c.epsilon, sa.Float)),
        sa.func.count(),
    )
    .where(EVENTS.c.sequence > sa.bindparam("after"), EVENTS.c.sequence <= sa.bindparam("last"))
    .group_by(EVENTS.c.dataset, _hour, EVENTS.c.analyst)
)
_LAST = sa.select(HEAD.c.sequence).where(HEAD.c.id == sa.literal_column(str(EVENTS_HEAD)))


class Spans:
    """Sums by account, hour and analyst, of the events up to the last one that was read."""

    def __init__(self) -> None:
        self._last = 0
        self._sums: defaultdict[str, dict[tuple[int, str], tuple[float, int]]] = defaultdict(dict)

    def read(self, connection: sa.Connection) -> None:
        """Add the events that were charged since."""
        last = connection.execute(_LAST).scalar_one()
        if last == self._last:
            return
        if last < self._last:
            self._last = 0  # another ledger: begin anew
            self._sums.clear()
        for account, hour, analyst, epsilon, charges in connection.execute(_NEW, {"after": self._last, "last": last}):
            sums = self._sums[account]
            before = sums.get((hour, analyst), (0.0, 0))
            sums[hour, analyst] = before[0] + epsilon / EPSILON_UNIT, before[1] + charges
        self._last = last

    def of(self, account: str, *, hours: int, since: int) -> list[dict[str, Any]]:
        """ε by span of so many hours and analyst, oldest first, from the hour of ``since`` on."""
        spans: dict[tuple[int, str], tuple[float, int]] = {}
        for (hour, analyst), (epsilon, charges) in self._sums.get(account, {}).items():
            if hour >= since // HOUR:
                key = hour // hours, analyst
                before = spans.get(key, (0.0, 0))
                spans[key] = before[0] + epsilon, before[1] + charges
        return [
            {"at": span * hours * HOUR, "analyst": analyst, "epsilon": epsilon, "charges": charges}
            for (span, analyst), (epsilon, charges) in sorted(spans.items())
        ]

    def accounts(self) -> list[str]:
        """Every account that was charged."""
        return sorted(self._sums)

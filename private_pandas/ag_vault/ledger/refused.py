"""Refusals in the log: what an analyst asked beyond the budget is worth knowing, a flood of it is not. Knows entries and hours.

A refusal changes no balance; what is written here is the log's alone.
"""

import sqlalchemy as sa

from ag_vault.ledger import log
from ag_vault.ledger.schema import REFUSALS
from ag_vault.ledger.wire import Speaker

MOST_PER_HOUR = 60
"""Of an analyst. The last of them says that more are not written down."""
_HOUR = 3600 * 10**9


def note(connection: Speaker, entry: log.Entry, *, after: log.Mark, now: int) -> None:
    """Write the refusal down, unless this hour has had enough of its actor's."""
    hour = now // _HOUR
    key = {"whose": entry.actor}
    known = dict(map(tuple, connection.execute(_OF, key)))
    count = known.get(hour, 0) + 1
    if count > MOST_PER_HOUR:
        return
    if count == MOST_PER_HOUR:
        entry = log.Entry(
            actor=entry.actor,
            action=entry.action,
            subject=entry.subject,
            details={**entry.details, "more": "further refusals of this hour are not written down"},
        )
    connection.execute(_COUNT if known else _ADD, key | {"to_hour": hour, "to_count": count})
    log.append(connection, entry, after=after, now=now)


_OF = sa.select(REFUSALS.c.hour, REFUSALS.c.count).where(REFUSALS.c.analyst == sa.bindparam("whose"))
_ADD = sa.insert(REFUSALS).values(
    analyst=sa.bindparam("whose"), hour=sa.bindparam("to_hour"), count=sa.bindparam("to_count")
)
_COUNT = (
    sa.update(REFUSALS)
    .where(REFUSALS.c.analyst == sa.bindparam("whose"))
    .values(hour=sa.bindparam("to_hour"), count=sa.bindparam("to_count"))
)

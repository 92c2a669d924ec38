"""Refusals in the log: what an analyst asked beyond the budget is worth knowing, a flood of it is not. Knows entries and hours.

A refusal changes no balance; what is written here is the log's alone.
"""

import sqlalchemy as sa

from ag_vault.ledger import log
from ag_vault.ledger.schema import REFUSALS

MOST_PER_HOUR = 60
"""Of an analyst. The last of them says that more are not written down."""
_HOUR = 3600 * 10**9


def note(connection: sa.Connection, entry: log.Entry, *, after: log.Mark, now: int) -> None:
    """Write the refusal down, unless this hour has had enough of its actor's."""
    hour = now // _HOUR
    key = {"whose": entry.actor}
    known = connection.execute(_OF, key).mappings().one_or_none()
    count = known["count"] + 1 if known is not None and known["hour"] == hour else 1
    if count > MOST_PER_HOUR:
        return
    if count == MOST_PER_HOUR:
        entry = log.Entry(
            actor=entry.actor,
            action=entry.action,
            subject=entry.subject,
            details={**entry.details, "more": "further refusals of this hour are not written down"},
        )
    connection.execute(_ADD if known is None else _COUNT, key | {"to_hour": hour, "to_count": count})
    log.append(connection, entry, after=after, now=now)


_OF = sa.select(REFUSALS).where(REFUSALS.c.analyst == sa.bindparam("whose"))
_ADD = sa.insert(REFUSALS).values(
    analyst=sa.bindparam("whose"), hour=sa.bindparam("to_hour"), count=sa.bindparam("to_count")
)
_COUNT = (
    sa.update(REFUSALS)
    .where(REFUSALS.c.analyst == sa.bindparam("whose"))
    .values(hour=sa.bindparam("to_hour"), count=sa.bindparam("to_count"))
)

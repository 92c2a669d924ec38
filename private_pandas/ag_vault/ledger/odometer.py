"""Reads what was spent: sums by scope, by library, and what is left under every cap that applies. Writes nothing."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from ag_vault.account import Totals, spent
from ag_vault.ledger import verdict
from ag_vault.ledger.caps import InForce, Window
from ag_vault.ledger.connect import fixed
from ag_vault.ledger.schema import BALANCES, EVENTS, SUMS

Key = tuple[str, str, str]
"""A scope: its kind (everyone, analyst, session), the data set, and who."""
_KEY = "kind", "dataset", "who"
_BALANCE_OF = fixed(
    sa.select(*(BALANCES.c[name] for name in SUMS)).where(*(BALANCES.c[name] == sa.bindparam(name) for name in _KEY))
)
_SUM_OF_LATE = sa.select(*(sa.func.sum(each) for each in SUMS.values()), sa.func.min(EVENTS.c.at)).where(
    EVENTS.c.dataset == sa.bindparam("dataset"), EVENTS.c.at > sa.bindparam("since")
)
_LATELY = {
    "everyone": _SUM_OF_LATE,
    "analyst": _SUM_OF_LATE.where(EVENTS.c.analyst == sa.bindparam("analyst")),
}
_LIBRARIES_OF = (
    # As doubles, which can't overflow where many calls of a large ε are added: shown, never used to decide.
    sa.select(EVENTS.c.library, *(sa.func.sum(sa.cast(each, sa.Float)) for each in SUMS.values()))
    .where(EVENTS.c.dataset == sa.bindparam("dataset"), EVENTS.c.analyst == sa.bindparam("analyst"))
    .group_by(EVENTS.c.library)
    .order_by(EVENTS.c.library)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """An analyst's account with a data set. ``epsilon_left``: the largest ε the next call could have, before the cap per call.

    ``libraries``: ε by library, each as if it were alone; they can add up to more than the whole.
    """

    epsilon_spent: float
    delta_spent: float
    epsilon_left: float
    delta_left: float
    epsilon_per_call: float
    libraries: dict[str, float]
    windows: tuple[verdict.Held, ...] = ()


def totals(connection: sa.Connection, keys: Sequence[Key]) -> dict[Key, Totals]:
    """The sums of these scopes; zeros where nothing was charged yet."""
    found = {key: connection.execute(_BALANCE_OF, dict(zip(_KEY, key, strict=True))).first() for key in keys}
    return {key: Totals() if row is None else Totals(**dict(zip(SUMS, row, strict=True))) for key, row in found.items()}


def windows(
    connection: sa.Connection, dataset: str, analyst: str, force: InForce, *, now: int
) -> tuple[verdict.Held, ...]:
    """What was charged within each window that ends now, to whom it binds."""
    return tuple(_lately(connection, dataset, analyst, each, now) for each in force.windows)


def _lately(connection: sa.Connection, dataset: str, analyst: str, window: Window, now: int) -> verdict.Held:
    since = now - window.seconds * 10**9
    whose = None if window.kind == "everyone" else analyst
    *sums, oldest = connection.execute(
        _LATELY[window.kind], {"dataset": dataset, "since": since, "analyst": whose}
    ).one()
    found = Totals(**{name: int(value or 0) for name, value in zip(SUMS, sums, strict=True)})
    return verdict.Held(kind=window.kind, cap=window.cap, totals=found, seconds=window.seconds, oldest=int(oldest or 0))


def read(connection: sa.Connection, dataset: str, analyst: str, force: InForce, *, now: int) -> Reading:
    """What the analyst has spent on the data set, at the data set's δ, and what is left of theirs and of everybody's, by every cap in force."""
    keys = ("analyst", dataset, analyst), ("everyone", dataset, "")
    sums = totals(connection, keys)
    held = [(cap, sums[key]) for cap, key in zip((force.analyst, force.everyone), keys, strict=True) if cap is not None]
    late = windows(connection, dataset, analyst, force, now=now)
    left = [spent(cap, each) for cap, each in held] + [spent(each.cap, each.totals) for each in late]
    shown = force.analyst or force.everyone or force.call
    own = spent(shown, sums[keys[0]])
    return Reading(
        epsilon_spent=own.epsilon,
        delta_spent=own.delta,
        epsilon_left=min((each.epsilon_left for each in left), default=math.inf),
        delta_left=min((each.delta_left for each in left), default=float(shown.delta)),
        epsilon_per_call=float(force.call.epsilon),
        windows=late,
        libraries={name: spent(shown, each).epsilon for name, each in _libraries(connection, dataset, analyst).items()},
    )


def _libraries(connection: sa.Connection, dataset: str, analyst: str) -> dict[str, Totals]:
    rows = connection.execute(_LIBRARIES_OF, {"dataset": dataset, "analyst": analyst})
    return {row[0]: Totals(**dict(zip(SUMS, map(int, row[1:]), strict=True))) for row in rows}

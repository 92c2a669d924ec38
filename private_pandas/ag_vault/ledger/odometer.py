"""Reads what was spent: sums by scope, by library, and what is left under every cap that applies. Writes nothing."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import sqlalchemy as sa

from ag_vault.account import Totals, spent
from ag_vault.ledger import verdict
from ag_vault.ledger.caps import InForce, Window
from ag_vault.ledger.schema import BALANCES, EVENTS, SUMS
from ag_vault.ledger.wire import Question, Row, Speaker

Kind = Literal["everyone", "analyst", "session"]
Scope = tuple[Kind, str]
"""Whose balance: everybody's together (of no name), an analyst's, a session's."""
_BALANCES_OF = sa.union_all(
    *(
        sa.select(sa.literal_column(f"'{kind}'", sa.Text), BALANCES.c.who, *(BALANCES.c[name] for name in SUMS)).where(
            BALANCES.c.kind == sa.literal_column(f"'{kind}'"),
            BALANCES.c.dataset == sa.bindparam("dataset"),
            BALANCES.c.who == sa.bindparam(kind),
        )
        for kind in get_args(Kind)
    )
)
_WIDE = "rho", "impure_rho"
"""The sums that are taken in two halves: SQLite's must fit 64 bits, and two calls of a large ε can have more than that together."""
_HALF = sa.literal_column(str(2**32), sa.BigInteger)
_SUM_OF_LATE = sa.select(
    *(sa.func.sum(each % _HALF if name in _WIDE else each) for name, each in SUMS.items()),
    *(sa.func.sum(SUMS[name] // _HALF) for name in _WIDE),
    sa.func.min(EVENTS.c.at),
).where(EVENTS.c.dataset == sa.bindparam("dataset"), EVENTS.c.at > sa.bindparam("since"))
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


def question(dataset: str, analyst: str, session: str) -> Question:
    """What to ask of the database, for ``totals``."""
    return _BALANCES_OF, {"dataset": dataset, "everyone": "", "analyst": analyst, "session": session}


def totals(answer: Sequence[Row]) -> dict[Scope, Totals]:
    """The sums of the scopes that were asked for and have been charged."""
    return {
        (kind, who): Totals(epsilon=epsilon, rho=rho, delta=delta, impure=impure, impure_rho=impure_rho)
        for kind, who, epsilon, rho, delta, impure, impure_rho in answer
    }


def windows(connection: Speaker, dataset: str, analyst: str, force: InForce, *, now: int) -> tuple[verdict.Held, ...]:
    """What was charged within each window that ends now, to whom it binds."""
    return tuple(_lately(connection, dataset, analyst, each, now) for each in force.windows)


def _lately(connection: Speaker, dataset: str, analyst: str, window: Window, now: int) -> verdict.Held:
    since = now - window.seconds * 10**9
    whose = None if window.kind == "everyone" else analyst
    (row,) = connection.execute(_LATELY[window.kind], {"dataset": dataset, "since": since, "analyst": whose})
    *sums, oldest = (int(each or 0) for each in row)
    found = dict(zip(SUMS, sums[: len(SUMS)], strict=True))
    for name, half in zip(_WIDE, sums[len(SUMS) :], strict=True):
        found[name] += half << 32
    return verdict.Held(kind=window.kind, cap=window.cap, totals=Totals(**found), seconds=window.seconds, oldest=oldest)


def read(
    connection: Speaker, dataset: str, analyst: str, force: InForce, sums: Mapping[Scope, Totals], *, now: int
) -> Reading:
    """What the analyst has spent on the data set, at the data set's δ, and what is left of theirs and of everybody's, by every cap in force."""
    both = sums.get(("analyst", analyst), Totals()), sums.get(("everyone", ""), Totals())
    held = [(cap, each) for cap, each in zip((force.analyst, force.everyone), both, strict=True) if cap is not None]
    late = windows(connection, dataset, analyst, force, now=now)
    left = [spent(cap, each) for cap, each in held] + [spent(each.cap, each.totals) for each in late]
    shown = force.analyst or force.everyone or force.call
    own = spent(shown, both[0])
    return Reading(
        epsilon_spent=own.epsilon,
        delta_spent=own.delta,
        epsilon_left=min((each.epsilon_left for each in left), default=math.inf),
        delta_left=min((each.delta_left for each in left), default=float(shown.delta)),
        epsilon_per_call=float(force.call.epsilon),
        windows=late,
        libraries={name: spent(shown, each).epsilon for name, each in _libraries(connection, dataset, analyst).items()},
    )


def _libraries(connection: Speaker, dataset: str, analyst: str) -> dict[str, Totals]:
    rows = connection.execute(_LIBRARIES_OF, {"dataset": dataset, "analyst": analyst})
    return {row[0]: Totals(**dict(zip(SUMS, map(int, row[1:]), strict=True))) for row in rows}

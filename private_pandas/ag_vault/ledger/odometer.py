"""Reads what was spent: sums by scope, by library, and what is left under every cap that applies. Writes nothing."""

from dataclasses import dataclass

import sqlalchemy as sa

from ag_vault.account import Totals, spent
from ag_vault.catalog import Budget
from ag_vault.ledger.schema import BALANCES, EVENTS

_SUMS = ("epsilon", "rho", "delta", "impure")


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


def totals(connection: sa.Connection, kind: str, dataset: str, who: str) -> Totals:
    """The sums of one scope; zeros where nothing was charged yet."""
    wanted = (BALANCES.c.kind == kind, BALANCES.c.dataset == dataset, BALANCES.c.who == who)
    row = connection.execute(sa.select(*(BALANCES.c[name] for name in _SUMS)).where(*wanted)).mappings().one_or_none()
    return Totals(**row) if row is not None else Totals()


def read(connection: sa.Connection, dataset: str, analyst: str, budget: Budget) -> Reading:
    """What the analyst has spent on the data set, at the data set's δ, and what is left of theirs and of everybody's."""
    own = spent(budget.per_analyst, totals(connection, "analyst", dataset, analyst))
    everyone = spent(budget.everyone, totals(connection, "everyone", dataset, ""))
    libraries = _libraries(connection, dataset, analyst)
    return Reading(
        epsilon_spent=own.epsilon,
        delta_spent=own.delta,
        epsilon_left=min(own.epsilon_left, everyone.epsilon_left),
        delta_left=min(own.delta_left, everyone.delta_left),
        epsilon_per_call=float(budget.per_call.epsilon),
        libraries={name: spent(budget.per_analyst, sums).epsilon for name, sums in libraries.items()},
    )


def _libraries(connection: sa.Connection, dataset: str, analyst: str) -> dict[str, Totals]:
    sums = [sa.cast(sa.func.sum(EVENTS.c[name]), sa.BigInteger).label(name) for name in _SUMS]
    query = sa.select(EVENTS.c.library, *sums).group_by(EVENTS.c.library).order_by(EVENTS.c.library)
    wanted = query.where(EVENTS.c.dataset == dataset, EVENTS.c.analyst == analyst)
    return {row.library: Totals(**{name: getattr(row, name) for name in _SUMS}) for row in connection.execute(wanted)}

"""The line at a cell's end that says what the cell spent.

It must not know how a price comes about; charges and balances are the vault's word.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ag_kernel.display import BUDGET, PLAIN
from ag_plan.messages import Balance
from op_pandas.vault import Charge


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What one cell spent on one data set, and what is left of it (None where the vault didn't say)."""

    dataset: str
    epsilon: Fraction
    rho: Fraction
    delta: float
    left: float | None


def spent(charges: Iterable[Charge], balances: Mapping[str, Balance], names: Mapping[str, str]) -> list[Spent]:
    """One row per data set charged, in order; ``names`` maps a variable to its data set's name, ``balances`` is by that name."""
    totals: dict[str, tuple[Fraction, Fraction, float]] = {}
    for charge in charges:
        epsilon, rho, delta = totals.get(charge.dataset, (Fraction(0), Fraction(0), 0.0))
        totals[charge.dataset] = epsilon + charge.epsilon, rho + charge.rho, delta + charge.delta
    rows = []
    for variable, (epsilon, rho, delta) in totals.items():
        name = names.get(variable, variable)
        rows.append(Spent(dataset=name, epsilon=epsilon, rho=rho, delta=delta, left=_left(balances.get(name))))
    return rows


def _left(balance: Balance | None) -> float | None:
    """What is left, where that is known and has an end."""
    return balance.epsilon_left if balance is not None and math.isfinite(balance.epsilon_left) else None


def bundle(row: Spent, cell: int) -> dict[str, Any]:
    """The line as a mime bundle."""
    amounts = {"ε": row.epsilon, "ρ": row.rho}
    spent_on = " and ".join(f"{name} {float(amount):.4g}" for name, amount in amounts.items() if amount) or "ε 0"
    text = f"spent {spent_on} on {row.dataset}"
    if row.left is not None:
        text += f"; ε {row.left:.2f} left" if row.rho else f"; {row.left:.2f} left"
    said = {
        "dataset": row.dataset,
        "spent": float(row.epsilon),
        "rho": float(row.rho),
        "delta": row.delta,
        "left": row.left,
        "cell": cell,
    }
    return {PLAIN: text, BUDGET: said}

"""Charges for the ledger's tests: one analyst, one data set, budgets as the test needs them."""

from fractions import Fraction
from typing import Any

from ag_vault.account import Cap, Event
from ag_vault.catalog import Budget
from ag_vault.errors import Refusal
from ag_vault.ledger import Claim, Ledger, Receipt


def budget(everyone: int = 200, per_analyst: int = 20, per_call: int = 10) -> dict[str, Budget]:
    caps = [Cap(epsilon=Fraction(value), delta=Fraction(1, 10**6)) for value in (everyone, per_analyst, per_call)]
    return {"Clinic": Budget(everyone=caps[0], per_analyst=caps[1], per_call=caps[2])}


def claim(**changes: Any) -> Claim:
    usual = {
        "dataset": "Clinic",
        "version": "1",
        "analyst": "ann",
        "session": "s",
        "library": "op_pandas",
        "plan": b"p",
    }
    return Claim(**usual | changes)


def charge(
    ledger: Ledger, epsilon: Fraction | int, *, within: dict[str, Budget] | None = None, **changes: Any
) -> Receipt | Refusal:
    event = Event(mechanism="discrete Laplace", epsilon=Fraction(epsilon))
    return ledger.charge(event, claim(**changes), within or budget())

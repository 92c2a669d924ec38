"""Charges for the ledger's tests: one analyst, one data set, budgets as the test needs them."""

import contextlib
import sqlite3
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from ag_vault.account import Cap, Event
from ag_vault.catalog import Budget
from ag_vault.errors import Refusal
from ag_vault.ledger import Claim, Ledger, Receipt
from ag_vault.ledger.connect import is_address
from ag_vault.ledger.modes import WRITES
from ag_vault.ledger.postgres import BEGIN
from tests import cluster


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


def told(place: str, *statements: str) -> list[Any]:
    """What the ledger's database answers to the last of these statements, said beside the ledger's own connections."""
    connection: Any = sqlite3.connect(place) if not is_address(place) else cluster.connect(place)
    with contextlib.closing(connection):
        for statement in statements:
            cursor = connection.execute(statement)
        rows = cursor.fetchall() if cursor.description else []
        connection.commit()
        return list(rows)


def unfrozen(place: str) -> list[str]:
    """What whoever may do anything says before altering events."""
    if is_address(place):
        return ["SET session_replication_role TO replica"]
    return ["DROP TRIGGER events_UPDATE", "DROP TRIGGER events_DELETE"]


@contextlib.contextmanager
def locked(place: str) -> Iterator[None]:
    """Somebody else charges, and doesn't come to an end."""
    connection: Any
    if is_address(place):
        connection = cluster.connect(place)
        for words in BEGIN[WRITES]:
            connection.execute(words)
    else:
        connection = sqlite3.connect(place, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
    with contextlib.closing(connection):
        yield
        connection.execute("ROLLBACK")

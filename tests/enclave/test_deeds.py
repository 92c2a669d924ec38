"""Deeds reach the log in their order, once where nothing breaks, and always in the end; one that doesn't fit holds up no other."""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pytest

from ag_enclave import deeds
from ag_enclave.database import Database
from ag_enclave.deeds import Deeds
from ag_enclave.errors import Refusal


class FakeClerk:
    """A clerk that may be away, and that refuses what a real one does."""

    def __init__(self) -> None:
        self.log: list[tuple[str, str, int]] = []
        self.away = False

    async def append(self, actor: str, action: str, subject: str, details: Mapping[str, Any]) -> None:
        if self.away:
            raise Refusal(503, "The ledger's clerk is away.")
        if len(json.dumps(details)) > 16 << 10:
            raise Refusal(400, "the details of an entry of the log are too long")
        if action == "release":
            raise Refusal(400, "Only the ledger itself writes entries of this action.")
        self.log.append((action, subject, details["deed"]))
        self.details = details


def note(database: Database, *actions: str) -> None:
    with database.transaction() as connection:
        for action in actions:
            deeds.note(connection, "ann", action, "D", {})


def test_what_waits_is_told_in_order_and_once(database: Database) -> None:
    clerk = FakeClerk()
    teller = Deeds(database, clerk)
    note(database, "a", "b")
    clerk.away = True
    with pytest.raises(Refusal):
        asyncio.run(teller.tell())
    assert (clerk.log, teller.untold()) == ([], 2)
    clerk.away = False
    note(database, "c")
    assert asyncio.run(teller.tell()) == 3
    assert asyncio.run(Deeds(database, clerk).tell()) == 0
    assert clerk.log == [("a", "D", 1), ("b", "D", 2), ("c", "D", 3)]


def test_a_deed_that_does_not_fit_is_told_as_that_and_holds_up_no_other(database: Database) -> None:
    clerk = FakeClerk()
    note(database, "release", "b")
    assert asyncio.run(Deeds(database, clerk).tell()) == 2
    assert clerk.log == [("deed.unfit", "D", 1), ("b", "D", 2)]


def test_a_fact_that_is_too_long_for_the_log_hides_no_other(database: Database) -> None:
    """As an analyst's code would have it, whose result has columns of such names that the airlock's warnings fill the log's entry."""
    clerk, warnings = FakeClerk(), ["\N{CJK UNIFIED IDEOGRAPH-4E00}" * 500] * 100
    with database.transaction() as connection:
        facts = {"request": "r", "digest": "d" * 64, "override": "seen " * 200, "warnings": warnings}
        deeds.note(connection, "olga", "review.approve", "Clinic", facts)
    assert asyncio.run(Deeds(database, clerk).tell()) == 1
    assert clerk.log == [("review.approve", "Clinic", 1)]
    assert {name: clerk.details[name] for name in ("request", "digest", "override")} == {
        name: facts[name] for name in ("request", "digest", "override")
    }
    assert clerk.details["warnings"]["sha256"] == hashlib.sha256(json.dumps(warnings).encode()).hexdigest()


def test_a_transaction_that_fails_leaves_no_deed(database: Database) -> None:
    def fail() -> None:
        with database.transaction() as connection:
            deeds.note(connection, "ann", "a", "D", {})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert Deeds(database, FakeClerk()).untold() == 0

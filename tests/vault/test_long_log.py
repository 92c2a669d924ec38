"""A long log is read by its indexes, added up once, and verified a slice at a time while others ask and charge."""

import json
import sqlite3
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from ag_vault.account import Event
from ag_vault.clerk.desk import Desk
from ag_vault.clerk.keeper import Keeper
from ag_vault.clerk.seal import Seal
from ag_vault.ledger import Ledger, Receipt
from ag_vault.ledger.connect import file_engine
from ag_vault.ledger.register import Filter, Register
from tests.vault.ledgers import charge
from tests.vault.long_log import HOUR, fill, plan_of

CHARGES = 1_600
BEGIN = 490_000 * HOUR
EVENT = Event(mechanism="discrete Laplace", epsilon=Fraction(1, 1000))


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("long") / "ledger.sqlite"
    fill(path, CHARGES, EVENT, begin=BEGIN)
    return path


@pytest.fixture
def path(long: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "ledger.sqlite"
    with sqlite3.connect(long) as source, sqlite3.connect(copy) as target:
        source.backup(target)
    return copy


@pytest.fixture
def desk(path: Path, tmp_path: Path) -> Iterator[Desk]:
    register = Register(file_engine(path))
    made = Desk(register, Keeper(register, Seal(bytes(32), tmp_path), tmp_path))
    made.open()
    yield made
    register.close()


def ask(desk: Desk, op: str, **fields: Any) -> Any:
    return json.loads(desk.reply(json.dumps({"op": op, **fields}).encode()))


def verified(desk: Desk, between: Any = lambda: None) -> tuple[Any, int]:
    """The last answer, and how many questions it took."""
    said, asked = ask(desk, "verify"), 1
    while "walk" in said.get("answer", {}):
        between()
        said, asked = ask(desk, "verify", walk=said["answer"]["walk"]), asked + 1
    return said, asked


def test_a_verification_is_many_questions_with_others_and_charges_in_between(desk: Desk, path: Path) -> None:
    ledger = Ledger.at(path)

    def between() -> None:
        assert isinstance(charge(ledger, 1), Receipt)
        assert len(ask(desk, "history", limit=3)["answer"]) == 3

    said, asked = verified(desk, between)
    assert asked >= 3
    assert said == {"answer": {"charges": CHARGES + asked - 1, "entries": CHARGES + 1 + asked - 1}}


@pytest.mark.parametrize("at", [2, 501, CHARGES - 1])
def test_a_verification_finds_what_was_changed_in_any_of_its_slices(desk: Desk, path: Path, at: int) -> None:
    with sqlite3.connect(path) as connection:
        connection.executescript(f"DROP TRIGGER log_UPDATE; UPDATE log SET actor = 'nobody' WHERE sequence = {at}")
    said, _ = verified(desk)
    assert f"breaks at entry {at}" in said["error"]


def test_balances_that_are_not_the_sums_are_found_at_the_end(desk: Desk, path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE balances SET epsilon = epsilon - 1 WHERE kind = 'everyone'")
    assert "not the sums" in verified(desk)[0]["error"]


def test_walks_that_were_given_up_are_forgotten(desk: Desk) -> None:
    first = ask(desk, "verify")["answer"]["walk"]
    others = [ask(desk, "verify")["answer"]["walk"] for _ in range(8)]
    assert "begin it anew" in ask(desk, "verify", walk=first)["error"]
    assert "walk" in ask(desk, "verify", walk=others[0])["answer"]
    assert "begin it anew" in ask(desk, "verify", walk=99)["error"]


@pytest.mark.parametrize("column", ["actor", "action", "subject"])
def test_a_page_of_the_log_is_read_by_an_index(path: Path, column: str) -> None:
    how = plan_of(
        path,
        f"SELECT * FROM log WHERE {column} = 'x' AND sequence < 9 ORDER BY sequence DESC LIMIT 100",
    )
    assert f"log_by_{column}" in how
    assert "SCAN" not in how
    assert "TEMP" not in how


def test_pages_of_one_actor_follow_each_other(path: Path) -> None:
    register = Register(file_engine(path))
    first = register.history(Filter(actor="analyst 3", limit=40))
    second = register.history(Filter(actor="analyst 3", limit=40, before=first[-1]["sequence"]))
    numbers = [each["sequence"] for each in (*first, *second)]
    assert numbers == list(range(numbers[0], numbers[0] - 20 * 80, -20))


def test_amounts_by_day_are_the_same_whether_added_up_at_once_or_as_they_came_and_end_in_the_balances(
    desk: Desk, path: Path
) -> None:
    ledger = Ledger.at(path, patience_seconds=1)
    terms = [{"account": f"Clinic {number}", "epsilon": "10", "delta": "1e-6"} for number in range(4)]
    ask(desk, "amounts", of=terms, since=BEGIN)
    for epsilon in (1, 2):
        charge(ledger, epsilon)
        desk.look()
    said = ask(desk, "amounts", of=terms, since=BEGIN)["answer"]
    register = Register(file_engine(path))
    anew = Desk(register, Keeper(register, Seal(bytes(32), path.parent), path.parent))
    assert said == ask(anew, "amounts", of=terms, since=BEGIN)["answer"]
    for course, whole in zip(said, ask(desk, "amounts", of=terms)["answer"], strict=True):
        amounts = [amount for _, amount in course["days"]]
        assert amounts == sorted(amounts)
        assert (course["before"], amounts[-1]) == (0, whole[""])
        later = ask(desk, "amounts", of=terms[:1], since=course["days"][7][0])["answer"][0]
        assert later["days"] == said[0]["days"][7:]
        assert later["before"] == said[0]["days"][6][1]

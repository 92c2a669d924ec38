"""Every charge is on disk before its receipt exists, counts against everyone concerned, and can't be altered unseen."""

import resource
import sqlite3
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from ag_vault.account import Cap, Event
from ag_vault.errors import BadLedger, Refusal
from ag_vault.ledger import Ledger, Reading, Receipt
from ag_vault.ledger.schema import METADATA
from tests.vault.ledgers import budget, charge, claim, locked, told, unfrozen


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def ledger(place: str) -> Iterator[Ledger]:
    opened = Ledger.at(place)
    yield opened
    opened.close()


def events(place: str) -> int:
    ((count,),) = told(place, "SELECT count(*) FROM events")
    return int(count)


def reading(ledger: Ledger, analyst: str = "ann") -> Reading:
    found = ledger.reading("Clinic", analyst, budget())
    assert isinstance(found, Reading)
    return found


def test_a_receipt_means_that_another_process_sees_the_charge(ledger: Ledger, place: str) -> None:
    receipt = charge(ledger, 1)
    assert isinstance(receipt, Receipt)
    assert events(place) == receipt.sequence == 1


def test_a_commit_is_synced_to_the_disk(path: Path) -> None:
    ledger = Ledger.at(path)
    ledger.open()
    with ledger._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_the_budget_of_an_analyst_survives_a_new_start(ledger: Ledger, place: str) -> None:
    charge(ledger, 8)
    charge(ledger, 8, session="another")
    again = Ledger.at(place)
    assert reading(again).epsilon_spent == 16
    assert isinstance(charge(again, 5), Refusal)


def test_the_refusal_says_what_is_left_in_the_words_people_know(ledger: Ledger) -> None:
    charge(ledger, 10)
    refusal = charge(ledger, Fraction(21, 2), within=budget(per_call=20))
    assert isinstance(refusal, Refusal)
    assert refusal.code == "budget"
    assert refusal.error == "ValueError"
    assert refusal.why == (
        "Maximum delta or epsilon exceeded. Your current balance left is eps : 10.0 and delta : 1e-06"
    )


def test_a_request_over_the_cap_per_call_costs_nothing(ledger: Ledger) -> None:
    refusal = charge(ledger, 11)
    assert isinstance(refusal, Refusal)
    assert refusal.why == (
        "Maximum delta or epsilon exceeded per query. Per query limits are eps : 10 and delta : 1e-06"
    )
    charge(ledger, 2**62)
    own = ledger.charge(
        Event(mechanism="discrete Laplace", epsilon=Fraction(1), delta=Fraction(1, 2)), claim(), budget()
    )
    assert isinstance(own, Refusal)
    assert own.instead == "Ask with a smaller delta."
    assert reading(ledger).epsilon_spent == 0
    assert isinstance(charge(ledger, 10), Receipt)


def test_the_cap_per_call_is_on_the_epsilon_asked_for_whatever_it_amounts_to(ledger: Ledger) -> None:
    many_columns = Event(mechanism="discrete Laplace", epsilon=Fraction(11), rho=Fraction(11, 20))
    assert isinstance(ledger.charge(many_columns, claim(), budget()), Refusal)
    assert reading(ledger).epsilon_spent == 0


def test_a_refused_charge_leaves_every_balance_as_it_was(ledger: Ledger, place: str) -> None:
    for _ in range(2):
        charge(ledger, 10)
    assert isinstance(charge(ledger, 1), Refusal)
    assert events(place) == 2
    assert reading(ledger).epsilon_left == 0
    assert ledger.verify() == 2


def test_everybody_together_has_one_cap(ledger: Ledger) -> None:
    together = budget(everyone=15)
    assert isinstance(charge(ledger, 10, within=together, analyst="ann"), Receipt)
    assert isinstance(charge(ledger, 10, within=together, analyst="bob"), Refusal)
    assert isinstance(charge(ledger, 5, within=together, analyst="bob"), Receipt)


def test_data_sets_have_budgets_of_their_own(ledger: Ledger) -> None:
    for _ in range(2):
        charge(ledger, 10)
    assert isinstance(charge(ledger, 10, dataset="Iris"), Receipt)


def test_a_session_may_have_a_cap_of_its_own(ledger: Ledger) -> None:
    event = Event(mechanism="m", epsilon=Fraction(3))
    cap = Cap(epsilon=Fraction(5), delta=Fraction(0))
    assert isinstance(ledger.charge(event, claim(session="a"), budget(), session_cap=cap), Receipt)
    assert isinstance(ledger.charge(event, claim(session="a"), budget(), session_cap=cap), Refusal)
    assert isinstance(ledger.charge(event, claim(session="b"), budget(), session_cap=cap), Receipt)


def test_the_odometer_adds_up_by_library(ledger: Ledger) -> None:
    charge(ledger, 1, library="op_pandas")
    charge(ledger, 2, library="op_pandas")
    charge(ledger, 4, library="op_diffprivlib")
    charge(ledger, 8, library="op_pandas", analyst="bob")
    found = reading(ledger)
    assert found.libraries == {"op_diffprivlib": 4, "op_pandas": 3}
    assert (found.epsilon_spent, found.epsilon_left) == (7, 13)


def test_a_stored_answer_is_for_the_same_plan_version_and_analyst_only(ledger: Ledger) -> None:
    receipt = charge(ledger, 1)
    assert isinstance(receipt, Receipt)
    ledger.remember(receipt, claim(), b"answer")
    assert ledger.recall(claim()) == b"answer"
    assert ledger.recall(claim(session="another", library="other")) == b"answer"
    for change in ({"plan": b"q"}, {"version": "2"}, {"analyst": "bob"}, {"dataset": "Iris"}):
        assert ledger.recall(claim(**change)) is None


def test_the_first_stored_answer_stays(ledger: Ledger) -> None:
    receipt = charge(ledger, 1)
    assert isinstance(receipt, Receipt)
    ledger.remember(receipt, claim(), b"first")
    ledger.remember(receipt, claim(), b"second")
    assert ledger.recall(claim()) == b"first"


@pytest.mark.parametrize("statement", ["UPDATE events SET epsilon = 0", "DELETE FROM events"])
def test_events_can_only_be_appended(ledger: Ledger, place: str, statement: str) -> None:
    charge(ledger, 1)
    with pytest.raises((sqlite3.IntegrityError, psycopg.Error), match="only appended"):
        told(place, statement)


TAMPERING = {
    "the last event made cheaper": "UPDATE events SET epsilon = 1 WHERE sequence = 3",
    "the last event dropped": "DELETE FROM events WHERE sequence = 3",
    "the last event and its number dropped": "DELETE FROM events WHERE sequence = 3; UPDATE head SET sequence = 2 WHERE id = 1",
    "all events dropped": "DELETE FROM events",
    "the head dropped": "DELETE FROM head",
}


@pytest.mark.parametrize("name", TAMPERING)
def test_tampering_with_the_end_is_found_at_the_next_start_and_stops_every_charge(place: str, name: str) -> None:
    ledger = Ledger.at(place)
    for _ in range(3):
        charge(ledger, 1)
    tamper(place, TAMPERING[name])
    again = Ledger.at(place)
    with pytest.raises(BadLedger):
        again.open()
    refusal = charge(again, 1)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "ledger"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET analyst = 'bob' WHERE sequence = 1",
        "UPDATE events SET at = 0 WHERE sequence = 1",
        "DELETE FROM events WHERE sequence = 1",
        "UPDATE balances SET epsilon = 0 WHERE kind = 'analyst'",
        "DELETE FROM balances WHERE kind = 'everyone'",
    ],
)
def test_tampering_anywhere_is_found_by_verifying(place: str, statement: str) -> None:
    ledger = Ledger.at(place)
    for _ in range(3):
        charge(ledger, 1)
    assert ledger.verify() == 3
    tamper(place, statement)
    with pytest.raises(BadLedger):
        Ledger.at(place).verify()


def tamper(place: str, statements: str) -> None:
    told(place, *unfrozen(place), *statements.split(";"))


@pytest.mark.parametrize("damage", [b"not a database at all, but long enough to be read as one" * 100, b"\0" * 8192])
def test_a_damaged_file_refuses_every_charge_and_is_left_alone(path: Path, damage: bytes) -> None:
    path.write_bytes(damage)
    ledger = Ledger.at(path)
    refusal = charge(ledger, 1)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "ledger"
    assert ledger.recall(claim()) is None
    assert isinstance(ledger.reading("Clinic", "ann", budget()), Refusal)
    assert path.read_bytes() == damage


def test_a_missing_folder_refuses_every_charge(tmp_path: Path) -> None:
    assert isinstance(charge(Ledger.at(tmp_path / "gone" / "ledger.sqlite"), 1), Refusal)


def test_a_locked_ledger_refuses_and_works_again_when_it_is_free(place: str) -> None:
    ledger = Ledger.at(place, patience_seconds=0.1)
    charge(ledger, 1)
    with locked(place):
        refusal = charge(ledger, 1)
        assert isinstance(refusal, Refusal)
        assert refusal.code == "ledger"
    assert isinstance(charge(ledger, 1), Receipt)
    assert reading(ledger).epsilon_spent == 2


def test_a_full_disk_refuses_and_leaves_nothing_half_done(path: Path) -> None:
    """The kernel refuses to let the files grow, as it does on a full disk."""
    ledger = Ledger.at(path)
    charge(ledger, 1)
    size = path.with_name(path.name + "-wal").stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        refusals = [charge(ledger, 1) for _ in range(3)]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert all(isinstance(refusal, Refusal) and refusal.code == "ledger" for refusal in refusals)
    assert isinstance(charge(ledger, 1), Receipt)
    assert reading(ledger).epsilon_spent == 2
    assert ledger.verify() == 2


def test_a_ledger_of_a_newer_release_is_not_written_to(ledger: Ledger, place: str) -> None:
    charge(ledger, 1)
    told(place, "UPDATE alembic_version SET version_num = '9999'")
    refusal = charge(Ledger.at(place), 1)
    assert isinstance(refusal, Refusal)
    assert events(place) == 1


def test_migrating_from_nothing_gives_the_schema_that_the_code_knows(ledger: Ledger) -> None:
    ledger.open()
    with ledger._engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_a_refusal_says_nothing_of_the_engine(tmp_path: Path) -> None:
    refusal = charge(Ledger.at(tmp_path / "gone" / "ledger.sqlite"), 1)
    assert isinstance(refusal, Refusal)
    assert "sqlite" not in (refusal.why + refusal.instead).lower()
    assert str(tmp_path) not in refusal.why + refusal.instead


def test_a_ledger_in_memory_keeps_the_same_rules() -> None:
    ledger = Ledger.in_memory()
    assert isinstance(charge(ledger, 10), Receipt)
    assert isinstance(charge(ledger, 10), Receipt)
    assert isinstance(charge(ledger, 10), Refusal)
    assert ledger.verify() == 2


def test_two_ledgers_in_memory_share_nothing() -> None:
    one, other = Ledger.in_memory(), Ledger.in_memory()
    charge(one, 10)
    assert reading(other).epsilon_spent == 0


def test_the_schema_has_no_place_for_a_row() -> None:
    with sa.create_engine("sqlite://").connect() as connection:
        METADATA.create_all(connection)
    assert {c.name for c in METADATA.tables["events"].columns} == {
        "sequence", "at", "dataset", "version", "analyst", "session", "library", "plan", "mechanism",
        "epsilon", "rho", "delta", "impure", "previous", "hash",
    }  # fmt: skip

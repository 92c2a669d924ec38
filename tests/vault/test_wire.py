"""What a transaction was to say is said before its commit, or nothing of it is kept; a server is waited for as seldom as can be."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from ag_vault.ledger import Ledger, Receipt
from ag_vault.ledger.connect import file_engine, is_address
from ag_vault.ledger.modes import WRITES
from ag_vault.ledger.schema import REFUSALS
from ag_vault.ledger.wire import Wire
from tests.vault.ledgers import charge, told

ADD = sa.insert(REFUSALS)
COUNT = sa.select(sa.func.count(REFUSALS.c.analyst))


def row(analyst: str) -> dict[str, object]:
    return {"analyst": analyst, "hour": 1, "count": 1}


@pytest.fixture
def wire(place: str) -> Iterator[Wire]:
    ledger = Ledger.at(place)
    ledger.open()
    yield ledger._wire
    ledger.close()


def test_what_gives_no_rows_is_said_before_the_next_question_and_before_the_commit(wire: Wire, place: str) -> None:
    with wire.transaction(WRITES) as connection:
        connection.execute(ADD, row("ann"))
        assert connection.execute(COUNT) == [(1,)]
        connection.execute(ADD, row("bob"))
    assert told(place, "SELECT count(*) FROM refusals") == [(2,)]


def test_where_the_last_word_fails_nothing_is_kept_and_the_wire_goes_on(wire: Wire, place: str) -> None:
    """It fails as it is said: with the commit, when whoever wrote it has gone on."""
    with pytest.raises(DBAPIError), wire.transaction(WRITES) as connection:  # noqa: PT012 - the second one fails
        connection.execute(ADD, row("ann"))
        connection.execute(ADD, row("ann"))
    assert told(place, "SELECT count(*) FROM refusals") == [(0,)]
    with wire.transaction(WRITES) as connection:
        connection.execute(ADD, row("bob"))
    assert told(place, "SELECT analyst FROM refusals") == [("bob",)]


def test_what_a_server_does_not_commit_is_told_whoever_took_the_trouble_for_none(wire: Wire, place: str) -> None:
    """It answers a commit behind anything that failed with one word, and no error."""
    if not is_address(place):
        pytest.skip("a file's transaction goes on")
    with pytest.raises(DBAPIError, match="committed nothing"), wire.transaction(WRITES) as connection:  # noqa: PT012 - at its end
        connection.execute(ADD, row("ann"))
        with contextlib.suppress(psycopg.Error):
            connection.execute(sa.select(sa.literal_column("nothing")))
    assert told(place, "SELECT count(*) FROM refusals") == [(0,)]
    with wire.transaction(WRITES) as connection:
        connection.execute(ADD, row("bob"))
    assert told(place, "SELECT analyst FROM refusals") == [("bob",)]


def test_what_was_left_to_say_when_something_went_wrong_is_said_in_no_later_transaction(wire: Wire, place: str) -> None:
    with pytest.raises(DBAPIError), wire.transaction(WRITES) as connection:  # noqa: PT012 - what goes wrong comes second
        connection.execute(ADD, row("ann"))
        connection.execute(sa.select(sa.literal_column("nothing")))
    with wire.transaction(WRITES) as connection:
        connection.execute(ADD, row("bob"))
    assert told(place, "SELECT analyst FROM refusals") == [("bob",)]


def test_a_database_that_can_t_be_had_is_told_as_any_other_trouble(tmp_path: Path) -> None:
    wire = Wire(file_engine(tmp_path / "gone" / "ledger.sqlite"))
    with pytest.raises(DBAPIError):
        wire.transaction(WRITES)


def test_an_interrupt_at_the_commit_leaves_no_lock(wire: Wire, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_words: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), wire.transaction(WRITES) as connection:  # noqa: PT012 - at its end
        connection.execute(COUNT)
        connection.execute(ADD, row("ann"))
        monkeypatch.setattr(wire, "_say", interrupted)
    monkeypatch.undo()
    other = Ledger.at(place, patience_seconds=0.1)
    assert isinstance(charge(other, 1), Receipt)
    assert told(place, "SELECT count(*) FROM refusals") == [(0,)]
    other.close()


def test_a_charge_waits_for_a_server_twice(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if not is_address(place):
        pytest.skip("a file is not waited for")
    ledger = Ledger.at(place)
    assert isinstance(charge(ledger, 1), Receipt)
    waits, words = [], psycopg.Pipeline.__exit__

    def counted(self: psycopg.Pipeline, *problem: object) -> None:
        waits.append(1)
        words(self, *problem)  # type: ignore[arg-type]

    monkeypatch.setattr(psycopg.Pipeline, "__exit__", counted)
    assert isinstance(charge(ledger, 1), Receipt)
    assert len(waits) == 2
    ledger.close()


def test_a_connection_that_the_server_ends_leaves_the_operator_a_sentence_and_the_next_charge_has_another(
    place: str, caplog: pytest.LogCaptureFixture
) -> None:
    if not is_address(place):
        pytest.skip("a file has no connection to lose")
    ledger = Ledger.at(place)
    assert isinstance(charge(ledger, 1), Receipt)
    others = "pid <> pg_backend_pid() AND datname = current_database()"
    told(place, f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {others}")
    assert not isinstance(charge(ledger, 1), Receipt)
    assert caplog.records[-1].name == "ag_vault.ledger.book"
    assert not any(each.exc_info for each in caplog.records)
    assert isinstance(charge(ledger, 1), Receipt)
    ledger.close()

"""A ledger on PostgreSQL: killed anywhere, by many processes at once, on a server that loses connections: no overspend, and no receipt without its charge."""

import json
import multiprocessing
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from ag_vault.account import Event, Totals, admits, totals_of
from ag_vault.errors import BadLedger, Refusal
from ag_vault.ledger import Ledger, Receipt
from ag_vault.ledger import postgres as server
from ag_vault.ledger.modes import ANSWERS, WRITES
from tests import cluster
from tests.vault.ledgers import budget, charge, claim, told

FORK = multiprocessing.get_context("fork")
ROUNDS = int(os.environ.get("AG_TORTURE_ROUNDS", "1"))
SECONDS = 2.0 if ROUNDS > 1 else 1.0
PROCESSES, CLIENTS_EACH = 8, 8
WITHIN = budget(everyone=1, per_analyst=1, per_call=1)
PRICE = Fraction(1, 100)


@pytest.fixture
def place() -> str:
    return cluster.database()


def dying(step: int) -> None:
    """This process dies by SIGKILL before its ``step``-th word to the server, or before or after all that was said in one go was answered."""
    left = iter(range(step, -1, -1))

    def die() -> None:
        if next(left, 1) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def counted(own: Callable[..., Any], *, after: bool) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            die()
            result = own(*arguments, **options)
            if after:
                die()
            return result

        return call

    psycopg.Cursor.execute = counted(psycopg.Cursor.execute, after=False)  # type: ignore[method-assign]
    psycopg.Cursor.executemany = counted(psycopg.Cursor.executemany, after=False)  # type: ignore[method-assign]
    psycopg.Connection.commit = counted(psycopg.Connection.commit, after=True)  # type: ignore[method-assign]
    psycopg.Pipeline.__exit__ = counted(psycopg.Pipeline.__exit__, after=True)  # type: ignore[method-assign]


def charge_twice(place: str, step: int, tell: Any) -> None:
    ledger = Ledger.at(place)
    ledger.open()
    dying(step)
    for _ in range(2):
        receipt = charge(ledger, 1)
        if isinstance(receipt, Receipt):
            tell.send_bytes(str(receipt.sequence).encode())
    os._exit(0)


def test_a_vault_killed_at_any_word_to_the_server_never_under_charges_and_the_next_one_starts(place: str) -> None:
    known, deaths = 0, 0
    for step in range(1000):
        told_, tell = FORK.Pipe(duplex=False)
        process = FORK.Process(target=charge_twice, args=(place, step, tell))
        process.start()
        tell.close()
        process.join(30)
        receipts = heard(told_)
        ledger = Ledger.at(place)
        charged = ledger.verify() - known
        ledger.close()
        assert receipts <= charged <= receipts + 1
        known += charged
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
        deaths += 1
        if known > 15:
            place, known = cluster.database(), 0
    assert deaths > 15


def heard(pipe: Any) -> int:
    count = 0
    try:
        while pipe.recv_bytes():
            count += 1
    except EOFError:
        return count
    return count


def client(place: str, name: str, notes: int, until: float) -> None:
    """Charges as fast as it may; what it was told is written down before the next question."""
    ledger = Ledger.at(place)
    while time.monotonic() < until:
        found = charge(ledger, PRICE, within=WITHIN, analyst=name)
        if isinstance(found, Receipt):
            os.write(notes, json.dumps([found.sequence, name]).encode() + b"\n")
        elif found.code == "ledger":
            ledger.close()
            ledger = Ledger.at(place)
        else:
            return


def clients(place: str, number: int, notes: int, until: float) -> None:
    started = [
        threading.Thread(target=client, args=(place, f"{number}-{each}", notes, until)) for each in range(CLIENTS_EACH)
    ]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_8_processes_with_64_clients_some_of_them_killed_overspend_nothing_and_lose_no_charge(
    place: str, tmp_path: Path, round_: int
) -> None:
    """Processes die, and so do connections on the server's side; each is followed by another."""
    notes = os.open(tmp_path / "notes", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    chance, until = random.Random(round_), time.monotonic() + SECONDS
    numbers = iter(range(10**6))

    def begin() -> Any:
        process = FORK.Process(target=clients, args=(place, next(numbers), notes, until))
        process.start()
        return process

    alive, killed = [begin() for _ in range(PROCESSES)], 0
    while time.monotonic() < until or not killed:
        victim = (
            chance.randrange(PROCESSES) if killed else PROCESSES - 1
        )  # the last one has hardly begun, on any machine
        if alive[victim].is_alive():
            os.kill(alive[victim].pid, signal.SIGKILL)
            killed += 1
        alive[victim].join()
        alive[victim] = begin()
        time.sleep(chance.uniform(0.05, 0.3))
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < 0.03"
        told(place, cut)
    for process in alive:
        process.join(30)
        assert process.exitcode == 0
    os.close(notes)
    verify(place, tmp_path / "notes")
    assert killed


def verify(place: str, notes: Path) -> None:
    ledger = Ledger.at(place)
    while isinstance(charge(ledger, PRICE, within=WITHIN), Receipt):
        """What is left is spent, to see how much it was."""
    ledger.verify()
    events = dict(told(place, "SELECT sequence, analyst FROM events"))
    receipts = [json.loads(line) for line in notes.read_text().splitlines()]
    assert len({sequence for sequence, _ in receipts}) == len(receipts) > 10
    assert all(events[sequence] == analyst for sequence, analyst in receipts)
    one = totals_of(Event(mechanism="discrete Laplace", epsilon=PRICE))
    all_, cap = Totals(epsilon=one.epsilon * len(events), rho=one.rho * len(events)), WITHIN["Clinic"].everyone
    assert admits(cap, all_)
    assert not admits(cap, all_ + one)
    ledger.close()


def test_a_lost_connection_is_a_refusal_that_names_no_engine_and_a_new_vault_charges_on(place: str) -> None:
    ledger = Ledger.at(place)
    assert isinstance(charge(ledger, 1), Receipt)
    told(
        place,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    refusal = charge(ledger, 1)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "ledger"
    assert ledger.recall(claim()) is None
    assert "postgres" not in (refusal.why + refusal.instead).lower()
    again = Ledger.at(place)
    assert isinstance(charge(again, 1), Receipt)
    assert again.verify() == 2
    again.close()


@pytest.fixture
def careless(place: str) -> str:
    name = place.partition("@/")[2].partition("?")[0]
    told(place, f"ALTER DATABASE {name} SET synchronous_commit TO off")
    return place


def test_a_server_that_is_told_to_be_careless_is_told_otherwise_by_every_charge(careless: str) -> None:
    ledger = Ledger.at(careless)
    shown = [(sa.text(f"SHOW {name}").columns(), {}) for name in ("synchronous_commit", "transaction_isolation")]
    for wire, purpose, wanted in (ledger._wire, WRITES, "on"), (ledger._answers, ANSWERS, "off"):
        with ledger._transaction(wire, purpose) as connection:
            assert connection.ask(*shown) == [[(wanted,)], [("read committed",)]]
    ledger.close()


def test_a_server_that_syncs_nothing_keeps_no_ledger(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's own settings can't be changed for one database, so what is demanded is: more than this one has."""
    monkeypatch.setattr(server, "_KEPT", {**server._KEPT, "wal_level": "logical"})
    with pytest.raises(BadLedger, match="keeps no charge for sure"):
        Ledger.at(place).open()


@pytest.mark.parametrize(
    "address",
    [
        "postgresql+psycopg://ann@127.0.0.1/ledger",
        "postgresql+psycopg://ann@/ledger",
        "postgresql+psycopg://ann@/ledger?host=db.example",
        "postgresql+psycopg://ann:secret@/ledger?host=/run/postgresql",
    ],
)
def test_a_ledger_is_reached_by_a_unix_socket_without_a_password_or_not_at_all(address: str) -> None:
    with pytest.raises(BadLedger, match="unix socket only") as caught:
        Ledger.at(address).open()
    assert "secret" not in str(caught.value)

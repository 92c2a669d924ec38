"""Several vaults charge at once, and any of them may be killed at any step: never under-charged, never stuck."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from ag_vault.ledger import Ledger, Reading, Receipt
from ag_vault.ledger.connect import file_engine
from ag_vault.ledger.modes import writing
from tests.vault.ledgers import budget, charge

FORK = multiprocessing.get_context("fork")


def run(target: Callable[..., None], *arguments: Any) -> Any:
    process = FORK.Process(target=target, args=arguments)
    process.start()
    return process


def killed_at(engine: sa.Engine, step: int) -> None:
    """This process dies by SIGKILL as SQLite begins its ``step``-th statement, or before its commit, counted together."""
    left = iter(range(step, -1, -1))

    def count(*_arguments: object) -> None:
        if next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    sa.event.listen(engine, "connect", lambda raw, _: raw.set_trace_callback(count))
    sa.event.listen(engine, "commit", count)


def charge_until_killed(path: Path, step: int, told: Any) -> None:
    ledger = Ledger.at(path)
    killed_at(ledger._engine, step)
    for _ in range(2):
        if isinstance(charge(ledger, 1), Receipt):
            told.send_bytes(b"charged")
    os._exit(0)


def test_a_vault_killed_at_any_step_never_under_charges_and_the_next_one_starts(tmp_path: Path) -> None:
    step, deaths = 0, 0
    while True:
        path = tmp_path / f"{step}.sqlite"
        if step % 2:
            charge(Ledger.at(path), 1)
        told, tell = FORK.Pipe(duplex=False)
        process = run(charge_until_killed, path, step, tell)
        tell.close()
        process.join(30)
        receipts = heard(told)
        again = Ledger.at(path)
        charged = again.verify() - step % 2
        assert receipts <= charged <= receipts + 1
        assert isinstance(charge(again, 1), Receipt)
        found = again.reading("Clinic", "ann", budget())
        assert isinstance(found, Reading)
        assert found.epsilon_spent == charged + step % 2 + 1
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
        step, deaths = step + 1, deaths + 1
    assert deaths > 20


def heard(pipe: Any) -> int:
    count = 0
    try:
        while pipe.recv_bytes():
            count += 1
    except EOFError:
        return count
    return count


def race(place: str, start: Any, results: Any, number: int) -> None:
    ledger = Ledger.at(place)
    start.wait()
    won = [
        isinstance(charge(ledger, 10, within=budget(everyone=10), analyst=f"a{number}-{i}"), Receipt) for i in range(8)
    ]
    results.put(sum(won))


def test_of_64_requests_for_the_whole_budget_from_8_processes_exactly_one_wins(place: str) -> None:
    """Neither file nor tables exist when they start: they also race to make them."""
    start, results = FORK.Barrier(8), FORK.Queue()
    processes = [run(race, place, start, results, number) for number in range(8)]
    wins = sum(results.get(timeout=60) for _ in processes)
    for process in processes:
        process.join(30)
    assert wins == 1
    assert Ledger.at(place).verify() == 1


def spend(place: str, start: Any, number: int) -> None:
    ledger = Ledger.at(place)
    start.wait()
    for _ in range(10):
        assert isinstance(charge(ledger, 1, session=str(number)), Receipt)


def test_charges_of_several_processes_make_one_chain(place: str) -> None:
    start = FORK.Barrier(2)
    processes = [run(spend, place, start, number) for number in range(2)]
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert Ledger.at(place).verify() == 20
    found = Ledger.at(place).reading("Clinic", "ann", budget())
    assert isinstance(found, Reading)
    assert (found.epsilon_spent, found.epsilon_left) == (20, 0)


def test_a_writer_excludes_others_before_its_first_statement(tmp_path: Path) -> None:
    """What one reads to decide must still hold when it writes: by order, not by luck."""
    path = tmp_path / "ledger.sqlite"
    Ledger.at(path).open()
    one, other = (writing(file_engine(path, patience_seconds=0.05)) for _ in range(2))
    with one.begin(), pytest.raises(DBAPIError, match="locked"), other.begin():
        pytest.fail("two writers at once")

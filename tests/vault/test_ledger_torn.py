"""A vault that dies in the middle of a write or of any instruction of SQLite's leaves a ledger that is whole; a million spends add up.

The kernel itself ends the process at a byte of the write-ahead log (SIGXFSZ), or the process ends itself between two instructions of
SQLite's machine (its progress handler): commits are torn at every place, with no stand-in for the database or the disk.
"""

import os
import resource
import signal
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ag_plan.messages import Released
from ag_plan.releases import Size
from ag_vault.account import EPSILON_UNIT, Cap
from ag_vault.catalog import Budget
from ag_vault.ledger import Ledger, Reading, Receipt
from ag_vault.ledger.schema import BALANCES
from tests.vault import doors, owners
from tests.vault.ledgers import budget, charge
from tests.vault.test_ledger_processes import FORK, heard, run
from tests.vault.test_replay import DEPTH

HALF_A_FRAME = 2060
"""Bytes: two to a page in the log, so that headers and pages are torn apart."""
INSTRUCTIONS = 29
"""Of SQLite's machine, from one death to the next; a prime, so that they fall everywhere."""
PATIENCE = 60


def torn(path: Path, size: int, told: Any) -> None:
    """Charge until the kernel lets no file grow beyond this size."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    _charge_twice(Ledger.at(path), told)


def stopped(path: Path, step: int, told: Any) -> None:
    """Charge until SQLite has done so many times the usual number of instructions."""
    left = iter(range(step, -1, -1))

    def count() -> int:
        if next(left, 1) == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return 0

    ledger = Ledger.at(path)
    sa.event.listen(ledger._engine, "connect", lambda raw, _: raw.set_progress_handler(count, INSTRUCTIONS))
    _charge_twice(ledger, told)


def _charge_twice(ledger: Ledger, told: Any) -> None:
    for _ in range(2):
        if isinstance(charge(ledger, 1), Receipt):
            told.send_bytes(b"charged")
    os._exit(0)


def survived(path: Path, target: Callable[..., None], where: int) -> bool:
    """Whether the process lived to its end; fails unless every receipt is a charge, and the next vault goes on."""
    told, tell = FORK.Pipe(duplex=False)
    process = run(target, path, where, tell)
    tell.close()
    receipts = heard(told)
    process.join(PATIENCE)
    again = Ledger.at(path)
    charged = again.verify()
    assert receipts <= charged <= receipts + 1
    assert isinstance(charge(again, 1), Receipt)
    found = again.reading("Clinic", "ann", budget())
    assert isinstance(found, Reading)
    assert found.epsilon_spent == charged + 1
    again.close()
    return bool(process.exitcode == 0)


WAYS: dict[str, tuple[Callable[..., None], int]] = {
    "at every half frame of the log": (torn, HALF_A_FRAME),
    "between any instructions": (stopped, 1),
}


@pytest.mark.parametrize("made", [False, True], ids=["new ledger", "old ledger"])
@pytest.mark.parametrize("way", WAYS)
def test_a_vault_killed_within_a_write_never_under_charges(tmp_path: Path, way: str, made: bool) -> None:
    target, stride = WAYS[way]
    stride *= 1 if DEPTH > 1 else 2 if made else 5
    where, deaths = stride, 0
    while True:
        path = tmp_path / f"{where}.sqlite"
        if made:
            # An old ledger has no log left, so that deaths fall into the charges and not into making it.
            ledger = Ledger.at(path)
            ledger.open()
            ledger.close()
        if survived(path, target, where):
            break
        where, deaths = where + stride, deaths + 1
    assert deaths >= 3


def test_after_a_torn_write_the_enclaves_vault_starts_and_goes_on(tmp_path: Path) -> None:
    dataset, path = owners.clinic(tmp_path), tmp_path / "ledger.sqlite"
    size = 20_000
    while survived(path, torn, size):
        size -= HALF_A_FRAME
    with doors.served(dataset, path) as served:
        assert isinstance(served.release(Size()), Released)
    assert Ledger.at(path).verify() > 1


def test_tiny_spends_add_up_to_the_last_unit_through_the_ledger_itself() -> None:
    """A third of a millionth of ε is 334 units rounded up, each time; a million of them with ``make proof``."""
    ledger, spends = Ledger.in_memory(), 1_000_000 if DEPTH > 1 else 600
    epsilon, units = Fraction(1, 3 * 10**6), 334
    cap = Cap(epsilon=Fraction(units * spends, EPSILON_UNIT))
    exact = {"Clinic": Budget(everyone=cap, per_analyst=cap, per_call=cap)}
    for number in range(spends):
        assert isinstance(charge(ledger, epsilon, within=exact, session=str(number % 7)), Receipt)
    assert not isinstance(charge(ledger, epsilon, within=exact), Receipt)
    with ledger._engine.connect() as connection:
        assert set(connection.execute(sa.select(BALANCES.c.epsilon)).scalars()) == {units * spends}
    assert ledger.verify() == spends

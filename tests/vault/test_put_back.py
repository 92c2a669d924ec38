"""A ledger that is put back while it is open takes no further charge, however it was put back and however far it has grown again."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from ag_vault.errors import BadLedger, Refusal
from ag_vault.ledger import Ledger, Receipt
from ag_vault.ledger.connect import file_engine
from ag_vault.ledger.register import Register
from tests.vault.ledgers import budget, charge


def saved(path: Path) -> Path:
    """A copy of the ledger as it is now."""
    copy = path.with_name("older.sqlite")
    with sqlite3.connect(path) as source, sqlite3.connect(copy) as target:
        source.backup(target)
    return copy


def renamed(older: Path, path: Path) -> None:
    """As `mv` does it: the name leads to another file."""
    for name in (f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)
    shutil.move(older, path)


def written_over(older: Path, path: Path) -> None:
    """As a backup of SQLite's is put back: the same file, with older contents."""
    with sqlite3.connect(older) as source, sqlite3.connect(path) as target:
        source.backup(target)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.mark.parametrize("put_back", [renamed, written_over])
@pytest.mark.parametrize("again", [0, 1, 4])
def test_an_open_ledger_that_was_put_back_takes_no_charge(
    path: Path, put_back: Callable[[Path, Path], None], again: int
) -> None:
    """``again``: charges that the older one has had since, so that it is shorter than, as long as or longer than it was."""
    opened = Ledger.at(path)
    assert isinstance(charge(opened, 1), Receipt)
    older = saved(path)
    assert isinstance(charge(opened, 2), Receipt)
    put_back(older, path)
    other = Ledger.at(path)
    for _ in range(again):
        assert isinstance(charge(other, 1, analyst="bob"), Receipt)
    for _ in range(2):
        refused = charge(opened, 1)
        assert isinstance(refused, Refusal)
        assert refused.code == "ledger"
    assert isinstance(opened.reading("Clinic", "ann", budget()), Refusal)
    assert Ledger.at(path).verify() == 1 + again


@pytest.mark.parametrize("put_back", [renamed, written_over])
def test_the_clerk_notices_it_at_its_next_look(path: Path, put_back: Callable[[Path, Path], None]) -> None:
    ledger, register = Ledger.at(path), Register(file_engine(path))
    charge(ledger, 1)
    older = saved(path)
    charge(ledger, 1)
    register.look()
    put_back(older, path)
    with pytest.raises(BadLedger, match="older than it was"):
        register.look()


def test_what_others_charge_is_no_reason_to_refuse(path: Path) -> None:
    one, two = Ledger.at(path), Ledger.at(path)
    one.reading("Clinic", "ann", budget())  # has seen the empty log
    for _ in range(3):
        for ledger in (one, two, two):
            assert isinstance(charge(ledger, 1), Receipt)


def test_a_ledger_whose_file_is_gone_takes_no_charge(path: Path) -> None:
    ledger = Ledger.at(path)
    charge(ledger, 1)
    path.rename(path.with_name("moved.sqlite"))
    assert isinstance(charge(ledger, 1), Refusal)

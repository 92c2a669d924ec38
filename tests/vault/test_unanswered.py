"""Whether an answer comes at all may depend on rows, so how often one may fail to come is bounded, over all of an analyst's sessions."""

import multiprocessing
import os
import signal
import threading
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from ag_plan.releases import Mean, Sum
from ag_vault.account import Event
from ag_vault.clerk.keeper import head_of
from ag_vault.clerk.restoring import forward
from ag_vault.errors import MapperFailed, Refusal
from ag_vault.evaluate import DuckData
from ag_vault.ledger import Ledger, Receipt, log
from ag_vault.ledger.connect import engine_at
from ag_vault.ledger.register import Filter, Register
from tests.vault.doors import served
from tests.vault.ledgers import budget, claim
from tests.vault.owners import clinic

MOST = 3
PRICE = Event(mechanism="discrete Laplace", epsilon=Fraction(1, 100))
FORK = multiprocessing.get_context("fork")


def charged(ledger: Ledger, number: int, **changes: Any) -> Receipt | Refusal:
    return ledger.charge(PRICE, claim(plan=bytes([number]), **changes), budget(), most_lost=MOST)


def lost(place: str | Path) -> dict[str, int]:
    """Counts by analyst, as owners see them."""
    register = Register(engine_at(str(place)) if not isinstance(place, Path) else engine_at(place))
    found = {each["who"]: each["unanswered"] for each in register.totals("Clinic") if each["who"]}
    register.close()
    return found


def test_charges_whose_answers_are_not_kept_are_counted_and_bounded(place: str) -> None:
    ledger = Ledger.at(place)
    for number in range(10):
        receipt = charged(ledger, number)
        assert isinstance(receipt, Receipt)
        ledger.remember(receipt, claim(plan=bytes([number])), b"kept")
    for number in range(10, 10 + MOST):
        assert isinstance(charged(ledger, number, session=f"s{number}"), Receipt)
    refused = charged(ledger, 20)
    assert isinstance(refused, Refusal)
    assert refused.code == "lost"
    assert refused.why.startswith("3 answers of yours")
    assert isinstance(charged(ledger, 20, analyst="bob"), Receipt)
    assert ledger.recall(claim(plan=bytes([1]))) == b"kept"
    assert ledger.verify() == 10 + MOST + 1
    ledger.close()
    assert lost(place) == {"ann": MOST, "bob": 1}


def test_an_answer_that_comes_late_makes_room_again(place: str) -> None:
    ledger = Ledger.at(place)
    receipts = [charged(ledger, number) for number in range(MOST)]
    assert isinstance(charged(ledger, 9), Refusal)
    assert isinstance(receipts[1], Receipt)
    ledger.remember(receipts[1], claim(plan=bytes([1])), b"kept")
    assert isinstance(charged(ledger, 9), Receipt)
    assert isinstance(charged(ledger, 8), Refusal)
    ledger.close()


def asks_and_dies(place: str, number: int) -> None:
    charged(Ledger.at(place), number)
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_vault_that_is_killed_before_it_answers_has_lost_one(place: str) -> None:
    for number in range(2):
        process = FORK.Process(target=asks_and_dies, args=(place, number))
        process.start()
        process.join(30)
        assert process.exitcode == -signal.SIGKILL
    assert lost(place) == {"ann": 2}


def test_no_count_goes_astray_where_vaults_charge_and_keep_side_by_side(place: str) -> None:
    Ledger.at(place).open()

    def work(worker: int) -> None:
        ledger = Ledger.at(place)
        for number in range(20):
            asked = claim(plan=bytes([worker, number]))
            receipt = ledger.charge(PRICE, asked, budget(), most_lost=100)
            assert isinstance(receipt, Receipt)
            if number % 10:
                ledger.remember(receipt, asked, b"kept")
        ledger.close()

    workers = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert lost(place) == {"ann": 8}


def test_a_ledger_that_is_brought_forward_has_lost_no_fewer(place: str) -> None:
    ledger = Ledger.at(place)
    for number in range(2):
        charged(ledger, number)
    ledger.close()
    register = Register(engine_at(place))
    with register.reading() as connection:
        known = head_of(connection, log.head(connection))
    assert known["unanswered"] == [["Clinic", "ann", 2]]
    known |= {"unanswered": [["Clinic", "ann", 1], ["Clinic", "bob", MOST]], "sequence": 99}
    known |= {"spent": [*known["spent"], ["Clinic", "bob", 7, 0, 0, 0, 0]]}
    with register.writing() as connection:
        forward(connection, known)
    register.close()
    assert lost(place) == {"ann": 2, "bob": MOST}


@pytest.mark.parametrize("problem", [MemoryError, MapperFailed])
def test_a_patient_analyst_learns_a_bounded_number_of_bits_from_answers_that_are_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problem: type[Exception]
) -> None:
    dataset, ledger = clinic(tmp_path), tmp_path / "ledger.sqlite"
    with served(dataset, ledger, most_lost=MOST) as doors:
        known = doors.release(Sum(columns=("age",)))
    codes = []
    with monkeypatch.context() as patched:
        patched.setattr(DuckData, "rows", lambda *_: (_ for _ in ()).throw(problem()))
        for session in range(MOST + 2):
            with served(dataset, ledger, session=f"s{session}", most_lost=MOST) as doors:
                codes.append(doors.release(Mean(columns=("age",))).code)
    assert codes == ["internal"] * MOST + ["lost"] * 2
    with served(dataset, ledger, session="after", most_lost=MOST) as doors:
        assert doors.release(Mean(columns=("age",))).code == "lost"
        assert doors.release(Sum(columns=("age",))).values == known.values
    register = Register(engine_at(ledger))
    told = [entry["details"]["outcome"] for entry in register.history(Filter(action="release"))]
    register.close()
    assert told.count("lost") == MOST
    assert Ledger.at(ledger).verify() == MOST + 1

"""Two enclaves on one PostgreSQL, eight vaults, sixty-four clients, and deaths among all of them: no overspend, and no answer without its charge.

The ledger alone goes through the same in ``tests/vault/test_ledger_server.py``, in every run of the tests.
"""

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from ag_enclave.place import settle
from ag_enclave.state import open_state
from ag_vault.account import EPSILON_UNIT, Cap, Totals, admits
from ag_vault.ledger import Ledger
from tests import cluster, warm
from tests.enclave.people import add_user
from tests.enclave.processes import children
from tests.enclave.raw_client import RawClient, only
from tests.enclave_server import Enclave, running_enclave
from tests.vault.ledgers import told

METADATA = """
description: People.
budget: {epsilon: 1, delta: 0, per_analyst: {epsilon: 1, delta: 0}, per_call: {epsilon: 1, delta: 0}}
tables: {train: {unit: row, columns: {age: {type: int, lower: 0, upper: 120}}}}
"""
SESSIONS, CLIENTS = 4, 8
PRICE = 10**6
"""In units of ε, of which a question has some more: its number, by which its charge is found again."""
CAP = Cap(epsilon=Fraction(1), delta=Fraction(0))

pytestmark = pytest.mark.skipif("AG_TORTURE_ROUNDS" not in os.environ, reason="two whole enclaves more: make torture")


class Crowd:
    """Clients of one enclave, and what they were answered."""

    def __init__(self, enclave: Enclave, numbers: Iterator[int]) -> None:
        self.enclave = enclave
        self.answered: list[int] = []
        self.refused: list[str] = []
        self._numbers = numbers
        self._threads: list[threading.Thread] = []

    def join(self, account: dict[str, str]) -> None:
        """As many clients as a session may have connections, in a new session of this analyst."""
        analyst = RawClient(self.enclave, account=account).login()
        kernel = analyst.open("People")
        for _ in range(CLIENTS):
            self._threads.append(threading.Thread(target=self._ask, args=(analyst, kernel)))
            self._threads[-1].start()

    def _ask(self, analyst: RawClient, kernel: str) -> None:
        """One question after the other, until there is no budget or no session any more."""
        with contextlib.suppress(ConnectionClosed, OSError, TimeoutError), analyst.channels(kernel) as channels:
            while True:
                number = next(self._numbers)
                seen = channels.execute(f'people["age"].count(eps={PRICE + number} / 10**9)')
                reply = only(seen, "execute_reply")["content"]
                if reply["status"] == "error":
                    self.refused.append(str(reply["evalue"]))
                    return
                if reply["status"] == "ok":  # else another client's refusal came before it in the line
                    self.answered.append(PRICE + number)

    def wait(self) -> None:
        for thread in self._threads:
            thread.join(180)
            assert not thread.is_alive()


@pytest.fixture
def place(tmp_path: Path) -> str:
    (tmp_path / "m.yaml").write_text(METADATA)
    (tmp_path / "people.csv").write_text("age\n" + "\n".join(str(n % 90) for n in range(100)) + "\n")
    address = cluster.database()
    for name in ("one", "other"):
        settle(open_state(tmp_path / name), address)
        words = ("People", "--metadata", "m.yaml", "--table", "train=people.csv", "--state", name)
        warm.run("dataset", "add", *words, cwd=tmp_path, check=True)
    return address


def test_two_enclaves_with_64_clients_of_8_vaults_overspend_nothing_and_lose_no_charge_whoever_dies(
    place: str, tmp_path: Path
) -> None:
    config = f'[state]\ndatabase_url = "{place}"\n[vault]\nschedule = "immediate"\n'
    people = [add_user(tmp_path / "one", f"ann{number}", "analyst") for number in range(SESSIONS)]
    numbers = iter(range(1, 10**6))
    with contextlib.ExitStack() as stack:
        one, other = (stack.enter_context(running_enclave(tmp_path / name, config=config)) for name in ("one", "other"))
        crowds = [Crowd(each, numbers) for each in (one, other)]
        for account in people:
            for crowd in crowds:
                crowd.join(account)
        killed = 0
        for each in (one, other):
            time.sleep(0.3)  # a death at no particular point of anybody's charge: whichever it is, nothing may be lost
            for vault in children(each, "vault")[:1]:
                vault.kill()
                killed += 1
        time.sleep(0.3)  # as above
        one.process.kill()  # and with it all that it has borne
        for crowd in crowds:
            crowd.wait()
        again = stack.enter_context(running_enclave(tmp_path / "one", config=config))
        last = Crowd(again, numbers)
        last.join(people[0])
        last.wait()
        assert killed == 2
        assert any("exceeded" in each for each in (*crowds[1].refused, *last.refused))
        whole = warm.run("audit", "verify", "--state", tmp_path / "other", check=True).stdout
        assert "agrees with the ledger" in whole
    verify(place, [number for crowd in (*crowds, last) for number in crowd.answered])


def verify(place: str, answered: list[int]) -> None:
    """Every answer has its charge, what was charged is within the cap, and another question would not have been."""
    ledger = Ledger.at(place)
    assert ledger.verify() >= len(answered) > 100
    ledger.close()
    charged = [int(row[0]) for row in told(place, "SELECT epsilon FROM events")]
    assert set(answered) <= set(charged)
    assert len(set(answered)) == len(answered)
    assert sum(charged) <= EPSILON_UNIT
    spent = Totals(epsilon=sum(charged), rho=10**18)
    assert admits(CAP, spent)
    assert not admits(CAP, spent + Totals(epsilon=2 * PRICE, rho=10**18))

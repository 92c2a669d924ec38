"""A checker that is left alone ends, and the next one knows what it knew."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ag_kernel.compiler import checker
from ag_kernel.compiler.checker_client import CheckerClient
from ag_kernel.compiler.history import History
from ag_kernel.compiler.inference import Inference
from ag_sandbox.nursery import Grants, Nursery
from tests.kernel.compiler.conftest import NAMES, Session
from tests.kernel.notebook import House

REST = 0.3


class Relay:
    """Checkers one after the other at the same end of a socket, as the gateway bears them."""

    def __init__(self, nursery: Nursery, theirs: socket.socket, rest: float) -> None:
        self.nursery, self.theirs, self.rest = nursery, theirs, rest
        self.born = 0
        self.resting = threading.Event()

    def run(self) -> None:
        grants = Grants(memory_bytes=1 << 30)
        while self.theirs.recv(1, socket.MSG_PEEK):
            self.born += 1
            self.resting.clear()
            settings = {"rest_seconds": self.rest}
            with self.nursery.spawn(sockets={"checker": self.theirs}, settings=settings, grants=grants) as child:
                assert child.wait(60) == 0
            self.resting.set()


@pytest.fixture
def nursery(house: House) -> Nursery:
    return house.checkers


@pytest.fixture(scope="module")
def inference() -> Inference:
    return Inference()


@contextmanager
def relayed(nursery: Nursery, rest: float = REST) -> Iterator[tuple[CheckerClient, Relay]]:
    ours, theirs = socket.socketpair()
    relay = Relay(nursery, theirs, rest)
    with ours, theirs:
        thread = threading.Thread(target=relay.run)
        thread.start()
        yield CheckerClient(ours, patience=60), relay
        ours.shutdown(socket.SHUT_RDWR)
        thread.join(30)
        assert not thread.is_alive()


def test_types_of_earlier_cells_outlast_the_checker(nursery: Nursery) -> None:
    with relayed(nursery) as (client, relay):
        session = Session(client).start()
        assert session.run("x = 1\nclass A:\n    def f(self) -> str: return 'a'") == ()
        assert session.run("1 / 0\nhalf = 2", completed=False) == ()
        assert session.run("y = A()") == ()
        assert session.run("class A: pass") == ()
        assert session.run("old = patients[age > 60]") == ()
        before = [[one.message for one in session.check(each)] for each in QUESTIONS]
        client.reject()
        assert relay.resting.wait(60)
        after = [[one.message for one in session.check(each)] for each in QUESTIONS]
        assert relay.born == 2
        assert after == before
        assert [bool(one) for one in before] == [True, False, True, True, False, True]


QUESTIONS = ("x.upper()", "y.f().upper()", "y.g()", "len(old)", "half.anything", "A().f()")


def test_a_cell_that_runs_for_long_is_known_to_the_checker_born_after_it(nursery: Nursery) -> None:
    with relayed(nursery) as (client, relay):
        session = Session(client).start()
        assert session.check("x = 'a'") == ()
        assert relay.resting.wait(60)
        client.accept(completed=True)
        time.sleep(0.05)
        assert relay.resting.is_set(), "what a cell did is no reason to wake anybody"
        assert session.run("x.upper()") == ()
        assert "no attribute" in session.check("x.uper()")[0].message


def test_a_question_that_crosses_the_farewell_is_answered_by_the_next(nursery: Nursery) -> None:
    """Asked at the very moment of the rest, again and again: whoever hears it, the answer is the same."""
    with relayed(nursery, rest=0.02) as (client, relay):
        client.start(NAMES)
        client.declare({"later": "series"})
        for turn in range(40):
            time.sleep(0.0195 + turn % 8 * 0.0002)
            (problem,) = client.check(1, "len(later)")
            assert "no len()" in problem.message
        assert relay.born > 1


def test_only_what_names_hang_on_is_told_again(inference: Inference) -> None:
    history = History(inference, {})
    cells = ("a = 1", "b = a + 1", "a = 's'", "c = 3", "c = 4", "def f(): return later", "later = 2", "c = 5")
    for cell in cells:
        history.check(cell)
        history.accept(completed=True)
    assert history.needed()[0] == (0, 1, 2, 5, 6, 7)
    assert history.needed()[1] > 0


def test_what_changes_others_classes_is_told_again_though_it_binds_nothing(inference: Inference) -> None:
    history = History(inference, {})
    for cell in ("class A: pass", "A.h = lambda self: 3", "0"):
        history.check(cell)
        history.accept(completed=True)
    assert history.needed()[0] == (0, 1)


def test_a_long_history_earns_a_long_wait(monkeypatch: pytest.MonkeyPatch, inference: Inference) -> None:
    monkeypatch.setattr(checker.Desk, "needed", lambda _self: (0, (), 0.004))
    ours, theirs = socket.socketpair()
    with ours, theirs:
        start = time.monotonic()
        desk = checker.Desk(inference)
        assert checker._rested(theirs, desk, 0.01)
        assert time.monotonic() - start >= 0.4 - 0.01
        client = CheckerClient(ours)
        client._listen()
        assert client._resting


@pytest.mark.parametrize("word", [b'{"rested": 1, "needed": [4]}', b'{"rested": "x", "needed": []}', b'{"rested": 1}'])
def test_a_garbled_farewell_lets_nothing_pass(word: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        client = CheckerClient(ours, patience=0.05)
        client.start(NAMES)
        checker.send_frame(theirs, word)
        assert client.check(1, "x = 1") != ()

"""One conversation over a socket: whose answer is whose, what was charged, interrupts, and a vault that goes away."""

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from fractions import Fraction

import pytest

import op_pandas
from ag_plan import messages as m
from ag_plan.codec import decode_message, encode_message
from ag_plan.errors import MalformedPlan
from ag_plan.frames import receive_frame, send_frame
from op_pandas.errors import VaultGone
from op_pandas.vault import Charge, SocketVault, ask
from tests.private_pandas import clinic

Answer = Callable[[m.Message], m.Message]


class Served:
    """A vault in a thread at the other end of a socket pair."""

    def __init__(self, answer: Answer) -> None:
        here, self.there = socket.socketpair()
        self.vault = SocketVault(here)
        self.seen: list[m.Message] = []
        self.answer = answer
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        with contextlib.suppress(OSError, MalformedPlan):
            while (frame := receive_frame(self.there)) is not None:
                request = decode_message(frame, m.REQUESTS)
                self.seen.append(request)
                send_frame(self.there, encode_message(self.answer(request)))


@pytest.fixture
def clinic_served() -> Iterator[Served]:
    served = Served(clinic.vault().answer)
    op_pandas.bind(served.vault)
    yield served
    served.there.close()


def test_an_analysis_over_a_real_socket(clinic_served: Served) -> None:
    data = op_pandas.load_dataset("The Clinic")
    assert data.groupby("sex").mean(eps=0.5).loc["f", "age"] == 40.0
    assert clinic_served.vault.charges() == (
        Charge(dataset="clinic", epsilon=Fraction(1, 2), delta=0.0, library="op_pandas"),
    )
    assert clinic_served.vault.charges() == ()


def test_requests_are_numbered_apart(clinic_served: Served) -> None:
    op_pandas.load_dataset("The Clinic")
    op_pandas.load_dataset("The Clinic")
    numbers = [each.id for each in clinic_served.seen]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("ValueError", ValueError),
        ("KeyError", KeyError),
        ("TypeError", TypeError),
        ("AttributeError", AttributeError),
        ("PermissionError", PermissionError),
        ("RuntimeError", RuntimeError),
        ("SystemExit", RuntimeError),
    ],
)
def test_a_refusal_is_raised_as_the_exception_it_names(name: str, error: type[Exception]) -> None:
    served = Served(lambda r: m.Refused(id=r.id, code="no", why="The budget is spent.", instead="wait", error=name))
    with pytest.raises(error, match="The budget is spent; wait") as caught:
        served.vault.ask(m.AskOdometer(id=0))
    assert vars(caught.value) == {"code": "no", "why": "The budget is spent.", "instead": "wait"}
    served.there.close()


def test_a_refusal_of_unreadable_bytes_answers_whoever_waits() -> None:
    served = Served(lambda _: m.Refused(id=0, code="malformed", why="the bytes are not a message"))
    with pytest.raises(ValueError, match="not a message"):
        served.vault.ask(m.AskOdometer(id=0))
    served.there.close()


def test_an_answer_of_another_kind_is_out_of_turn() -> None:
    served = Served(lambda r: m.Odometer(id=r.id, balances=()))
    with pytest.raises(VaultGone, match="out of turn"):
        ask(served.vault, m.AskCatalog(id=0), m.Catalog)
    served.there.close()


def test_a_vault_that_went_away_is_one_sentence() -> None:
    here, there = socket.socketpair()
    there.close()
    with pytest.raises(VaultGone, match="start a new session"):
        SocketVault(here).ask(m.AskCatalog(id=0))


def test_a_vault_that_goes_away_while_answering_is_one_sentence() -> None:
    here, there = socket.socketpair()

    def half() -> None:
        receive_frame(there)
        there.sendall(b"\x00\x00\x00\x09half")
        there.close()

    threading.Thread(target=half, daemon=True).start()
    with pytest.raises((VaultGone, ValueError)):
        SocketVault(here).ask(m.AskCatalog(id=0))


def test_an_interrupted_question_is_forgotten_but_its_cost_is_told() -> None:
    fake = clinic.vault()
    hold = threading.Event()
    interrupted = threading.Event()

    def slow(request: m.Message) -> m.Message:
        if isinstance(request, m.AskRelease) and not interrupted.is_set():
            hold.set()
            interrupted.wait(10)
        return fake.answer(request)

    served = Served(slow)
    op_pandas.bind(served.vault)
    ages = op_pandas.load_dataset("The Clinic")["age"]

    def interrupt() -> None:
        hold.wait(10)
        time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        ages.sum(eps=0.25)
    interrupted.set()
    assert ages.count(eps=0.5) == 6
    assert [charge.epsilon for charge in served.vault.charges()] == [Fraction(1, 4), Fraction(1, 2)]
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    served.there.close()


def test_an_answer_that_takes_long_is_slept_for() -> None:
    def slowly(request: m.Message) -> m.Message:
        time.sleep(0.3)
        return clinic.vault().answer(request)

    served = Served(slowly)
    spent = time.thread_time()
    for _ in range(3):
        served.vault.ask(m.AskCatalog(id=0))
    served.there.close()
    assert time.thread_time() - spent < 0.1  # of 0.9 seconds


def test_a_repeated_answer_is_free() -> None:
    fake = clinic.vault()

    def repeated(request: m.Message) -> m.Message:
        reply = fake.answer(request)
        if not isinstance(reply, m.Released):
            return reply
        return m.Released(**{name: getattr(reply, name) for name in reply.__struct_fields__} | {"repeated": True})

    served = Served(repeated)
    op_pandas.bind(served.vault)
    mean = op_pandas.load_dataset("The Clinic")["age"].mean(eps=1)
    assert mean.ag.repeated
    assert served.vault.charges() == ()
    served.there.close()


def test_values_too_large_to_send_are_one_sentence() -> None:
    served = Served(clinic.vault().answer)
    op_pandas.bind(served.vault)
    with pytest.raises(ValueError, match="64 MiB"):
        op_pandas.PrivateSeries(["x" * 1_000_000] * 70)
    assert op_pandas.load_dataset("The Clinic")["age"].count(eps=1) == 6
    served.there.close()

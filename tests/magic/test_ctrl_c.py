"""Ctrl-C at every line of the client that a login, a cell, an attachment and an import go through, also twice: nothing hangs, leaks, or answers another request."""

import contextlib
import linecache
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, Self

import pytest

from antigranular.login import attach, login
from antigranular.session import Session
from antigranular.view import PlainView
from tests.magic.fake_enclave import FakeEnclave, Stage

PATIENCE = 20.0
"""Seconds; only what hangs takes so long."""


class Pressed:
    """Raises KeyboardInterrupt at the ``at``-th line of ours that this thread comes to (0: at none), and ``again`` so many lines later."""

    def __init__(self, at: int, again: int | None = None) -> None:
        self._due = {at} if again is None or not at else {at, at + again}
        self.lines = 0

    def _trace(self, frame: FrameType, event: str, _argument: object) -> Any:
        if not str(frame.f_globals.get("__name__")).startswith("antigranular."):
            return None
        # A with block's own line comes again at its end, where CPython lets no signal in before the block is left.
        if event == "line" and not linecache.getline(frame.f_code.co_filename, frame.f_lineno).lstrip().startswith(
            "with "
        ):
            self.lines += 1
            if self.lines in self._due:
                raise KeyboardInterrupt
        return self._trace

    def __enter__(self) -> Self:
        sys.settrace(self._trace)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)


class Heard(PlainView):
    """What was printed."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def stream(self, name: str, text: str) -> None:
        self.text += text

    def notice(self, text: str) -> None:
        pass

    def export(self, name: str, value: Any) -> None:
        pass


def works(stage: Stage) -> None:
    stage.print("one\n")
    stage.export("x", {"t": "int", "v": "2"})
    stage.print("two\n")


def enclave_at_work() -> FakeEnclave:
    return FakeEnclave({"works": works, "says": lambda stage: stage.print("here")})


def started(enclave: FakeEnclave) -> Session:
    return login("ada", "s3cret", dataset="Breast Cancer", transport=enclave)


def still_good(session: Session) -> None:
    """Another cell runs, and hears its own answer only."""
    heard = Heard()
    session.execute("says", view=heard, timeout=PATIENCE)
    assert heard.text == "here"


def threads() -> set[threading.Thread]:
    return {one for one in threading.enumerate() if one.name.startswith("antigranular")}


def soon(condition: Callable[[], bool]) -> bool:
    due = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < due:
        time.sleep(0.001)
    return condition()


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    before = threads()  # of sessions that other tests keep
    yield
    assert soon(lambda: threads() <= before), f"threads are left: {threads() - before}"


def everywhere(attempt: Callable[[int], int]) -> int:
    """``attempt`` undisturbed, and then at each of the lines that it came to; how many these were."""
    lines = attempt(0)
    for at in range(1, lines + 1):
        attempt(at)
    return lines


@pytest.mark.parametrize("again", [None, 1, 7])
def test_a_cell_interrupted_anywhere_leaves_a_session_that_works(again: int | None) -> None:
    enclave = enclave_at_work()
    session = started(enclave)

    def attempt(at: int) -> int:
        with Pressed(at, again) as pressed, contextlib.suppress(KeyboardInterrupt):
            session.execute("works", view=Heard())
        still_good(session)
        return pressed.lines

    assert everywhere(attempt) > 100
    session.terminate_session()
    assert enclave.sessions == {}


@pytest.mark.parametrize("again", [None, 3])
def test_a_login_interrupted_anywhere_leaves_no_session(again: int | None, capsys: pytest.CaptureFixture[str]) -> None:
    enclave = enclave_at_work()

    def attempt(at: int) -> int:
        session = None
        with Pressed(at, again) as pressed, contextlib.suppress(KeyboardInterrupt):
            session = started(enclave)
        if session is not None:
            session.terminate_session()
        elif enclave.sessions:
            orphans.append(at)
            enclave.sessions.clear()
        return pressed.lines

    orphans: list[int] = []
    tried = everywhere(attempt)
    capsys.readouterr()
    assert tried > 100
    # While its answer is read: the enclave itself ends a session whose asker is gone, but not one whose asker got the answer.
    assert len(orphans) < 25, (orphans, tried)


def test_an_attachment_interrupted_anywhere_leaves_the_session_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    enclave = enclave_at_work()
    first = started(enclave)
    first.execute("works", view=Heard())

    def attempt(at: int) -> int:
        second = None
        with Pressed(at) as pressed, contextlib.suppress(KeyboardInterrupt):
            second = attach(first.session_id, "ada", "s3cret", transport=enclave)
        if second is not None:
            second.leave()
        assert list(enclave.sessions) == [first.session_id]
        return pressed.lines

    assert everywhere(attempt) > 100
    still_good(first)
    first.terminate_session()
    capsys.readouterr()

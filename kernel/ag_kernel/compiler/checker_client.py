"""The kernel's side of the conversation with the checker: one question per cell, and fail closed where no answer comes.

A checker that was left alone for long ends, and the next question is heard by another one: it is told first what the session did so far,
as much of it as the one before said is needed. It must not know types. Interrupts may end a question half way: replies to older questions are passed over.
"""

from __future__ import annotations

import json
import select
import time
from typing import TYPE_CHECKING, Any, Final

from ag_kernel.compiler.problem import Problem
from ag_plan.errors import MalformedPlan
from ag_plan.frames import framed, receive_frame

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

    from ag_kernel.compiler.session_names import Named

PATIENCE_SECONDS: Final = 20.0
_GONE: Final = (
    "The types of this cell can't be checked: the checker has stopped.",
    "start a new session; this one can run nothing more",
)
_SLOW: Final = (
    "The types of this cell couldn't be checked in {seconds:g} seconds.",
    "split the cell into smaller ones",
)


class CheckerClient:
    """One session's checker. After `start` ask `check` for every cell, then say `accept` once it was run."""

    def __init__(self, stream: socket.socket, *, patience: float = PATIENCE_SECONDS) -> None:
        self._stream = stream
        self._patience = patience
        self._asked = 0
        self._held = b""
        self._alive = True
        self._resting = False
        self._beginning: dict[str, Any] = {}
        self._steps: list[dict[str, Any]] = []
        """What another checker would have to be told, after the beginning."""
        self._pending: str | None = None

    def start(self, names: Mapping[str, Named], *, strict: bool = False) -> None:
        """The session's own names by kind (``session_names.kinds_of``), and the mode."""
        self._beginning = {"op": "start", "names": dict(names), "strict": strict}
        self._steps.clear()
        self._say(self._beginning)

    def declare(self, names: Mapping[str, Named]) -> None:
        """Names that the session put there later."""
        self._step({"op": "declare", "names": dict(names)}, {"op": "declare", "names": dict(names)})

    def accept(self, *, completed: bool) -> None:
        """The cell asked about last was run: to its end, or not."""
        source, self._pending = self._pending, None
        done = {"completed": completed}
        self._step({"op": "accept", **done}, {"op": "again", "source": source or "", **done}, held=True)

    def reject(self) -> None:
        """The cell asked about last will not be run; the next `check` says so, too."""
        self._pending = None
        self._listen()
        self._say({"op": "reject"})

    def check(self, cell: int, source: str) -> tuple[Problem, ...]:
        """What is wrong with the types of a cell; one problem that says so where no answer comes."""
        del cell
        self._listen()
        self._ask(source)
        reply = self._reply(time.monotonic() + self._patience) if self._alive else None
        if reply is None:
            message, instead = _SLOW if self._alive else _GONE
            return (_failed(message.format(seconds=self._patience), instead),)
        return reply

    def _ask(self, source: str) -> None:
        """Put the question, after what one who has just begun must know."""
        if self._resting:
            self._resting = False
            for message in (self._beginning, *self._steps):
                self._say(message)
        self._pending = source
        self._asked += 1
        self._say({"op": "check", "id": self._asked, "source": source})

    def _step(self, message: dict[str, Any], later: dict[str, Any], *, held: bool = False) -> None:
        """Say what is done now; and what to say of it to another checker."""
        self._listen()
        self._steps.append(later)
        self._say(message, held=held)

    def _say(self, message: dict[str, Any], *, held: bool = False) -> None:
        """Send it, after what was ``held`` back until the checker would be woken anyway: the reply to a cell needn't wait for its turn."""
        if self._alive and not self._resting:
            try:
                self._held += framed(json.dumps(message).encode())
                if not held:
                    whole, self._held = self._held, b""
                    self._stream.sendall(whole)
            except (OSError, MalformedPlan):
                self._alive = False

    def _listen(self) -> None:
        """Take in what was said unasked: that the checker rests. What else lies there nobody waits for any more."""
        while self._alive and select.select([self._stream], [], [], 0)[0]:
            self._hear()

    def _reply(self, deadline: float) -> tuple[Problem, ...] | None:
        """The reply to the last question; None where it doesn't come in time, or the checker is gone or talks nonsense."""
        while (left := deadline - time.monotonic()) > 0 and select.select([self._stream], [], [], left)[0]:
            found = self._hear()
            if found is not None or not self._alive:
                return found
            if self._resting and self._pending is not None:
                self._ask(self._pending)  # it rested before it heard: whoever hears now knows nothing yet
        return None

    def _hear(self) -> tuple[Problem, ...] | None:
        """One frame: the reply to the last question, or None. Nonsense ends the conversation."""
        try:
            reply = json.loads(receive_frame(self._stream) or b"")
            if "rested" in reply:
                self._rest(reply["rested"], reply["needed"])
                return None
            number, told = reply["id"], reply["problems"]
            found = tuple(_problem(**one) for one in told)
        except (OSError, MalformedPlan, ValueError, TypeError, LookupError, RecursionError):
            self._alive = False
            return None
        return found if number == self._asked else None

    def _rest(self, known: int, needed: list[int]) -> None:
        """The checker is gone. Of the ``known`` steps that it had heard of, another must be told the ``needed`` ones."""
        self._steps = [*(self._steps[:known][step] for step in needed), *self._steps[known:]]
        self._resting = True
        self._held = b""


def _problem(*, line: int, column: int, end_column: int, message: str, instead: str) -> Problem:
    """One thing that is wrong, as the checker tells it. TypeError for what has other fields, or of other types."""
    if any(type(number) is not int for number in (line, column, end_column)):
        raise TypeError("a place is told in whole numbers")
    if not isinstance(message, str) or not isinstance(instead, str):
        raise TypeError("what is wrong is told in text")
    return Problem(line=line, column=column, end_column=end_column, message=message, instead=instead, kind="types")


def _failed(message: str, instead: str) -> Problem:
    return Problem(line=1, column=0, end_column=1, message=message, instead=instead, kind="types")

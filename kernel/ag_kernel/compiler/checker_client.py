"""The kernel's side of the conversation with the checker: one question per cell, and fail closed where no answer comes.

It must not know types. Interrupts may end a question half way: replies to older questions are passed over.
"""

from __future__ import annotations

import json
import select
import time
from typing import TYPE_CHECKING, Any, Final

from ag_kernel.compiler.problem import Problem
from ag_plan.errors import MalformedPlan
from ag_plan.frames import receive_frame, send_frame

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
        self._alive = True

    def start(self, names: Mapping[str, Named], *, strict: bool = False) -> None:
        """The session's own names by kind (``session_names.kinds_of``), and the mode."""
        self._say({"op": "start", "names": dict(names), "strict": strict})

    def declare(self, names: Mapping[str, Named]) -> None:
        """Names that the session put there later."""
        self._say({"op": "declare", "names": dict(names)})

    def accept(self, *, completed: bool) -> None:
        """The cell asked about last was run: to its end, or not."""
        self._say({"op": "accept", "completed": completed})

    def reject(self) -> None:
        """The cell asked about last will not be run; the next `check` says so, too."""
        self._say({"op": "reject"})

    def check(self, cell: int, source: str) -> tuple[Problem, ...]:
        """What is wrong with the types of a cell; one problem that says so where no answer comes."""
        del cell
        self._asked += 1
        self._say({"op": "check", "id": self._asked, "source": source})
        reply = self._reply(time.monotonic() + self._patience) if self._alive else None
        if reply is None:
            message, instead = _SLOW if self._alive else _GONE
            return (_failed(message.format(seconds=self._patience), instead),)
        return reply

    def _say(self, message: dict[str, Any]) -> None:
        if self._alive:
            try:
                send_frame(self._stream, json.dumps(message).encode())
            except (OSError, MalformedPlan):
                self._alive = False

    def _reply(self, deadline: float) -> tuple[Problem, ...] | None:
        """The reply to the last question; None where it doesn't come in time, or the checker is gone or talks nonsense."""
        while select.select([self._stream], [], [], max(0.0, deadline - time.monotonic()))[0]:
            try:
                payload = receive_frame(self._stream)
                reply = json.loads(payload or b"")
                number, told = reply["id"], reply["problems"]
                found = tuple(Problem(kind="types", **one) for one in told)
            except (OSError, MalformedPlan, ValueError, TypeError, LookupError):
                self._alive = False
                return None
            if number == self._asked:
                return found
        return None


def _failed(message: str, instead: str) -> Problem:
    return Problem(line=1, column=0, end_column=1, message=message, instead=instead, kind="types")

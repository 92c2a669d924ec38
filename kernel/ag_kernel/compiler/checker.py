"""The checker's process: answers one kernel's questions about the types of its cells, over an inherited socket.

Left alone for long it says what to tell the next one, and ends: an idle session needs none.
It must not run anything it is sent: it sees source text only. Whatever it can't make sense of ends the conversation.
"""

from __future__ import annotations

import json
import select
import signal
import socket
import sys
from typing import TYPE_CHECKING, Any, Final

from ag_kernel.compiler.findings import problems
from ag_kernel.compiler.history import HELPERS, History
from ag_kernel.compiler.inference import Inference, freeze
from ag_kernel.compiler.rebuilding import Rebuilding
from ag_kernel.compiler.session_names import valid
from ag_plan.errors import MalformedPlan
from ag_plan.frames import framed, receive_frame, send_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ag_kernel.compiler.problem import Problem

_LONGEST_SECONDS: Final = 15.0
_MOST_CHARACTERS: Final = 2_000_000
_MALFORMED: Final = 1
_PAUSES_PER_SECOND: Final = 100
"""Who is to be told again what took a second may rest after so many seconds: nobody waits longer than a hundredth of the pause."""
_LONGEST_FAREWELL: Final = 16 << 10
"""So that it is sent whole or not at all: a kernel that isn't reading must not be waited for."""
_CANARY: Final = "ag_canary"
_WRONG: Final = "from op_pandas import PrivateSeries\nx: PrivateSeries = 'a'\ny: int = 1\n"
_REHEARSED: Final = {"export": "export", "frame": "frame", "series": "series", "dataset": "dataset"}
_REHEARSAL: Final = """
import numpy as np, pandas as pd
values = [x * 2 for x in range(3) if x > 1]
def f(a, b=1, *rest, key: int = 0, **more): return {"a": a + b, **more}
class Point:
    def __init__(self, x): self.x = x
print(f"{f(1)['a']:.2f}", sorted(values, key=lambda v: -v), Point(2).x, np.zeros(3).mean(), pd.DataFrame({"a": values}))
kept = frame[frame["a"] > 3]; export(kept.mean(eps=1), "x"); export(dataset["a"].count(eps=1), "y")
if series > 3: len(series)
text = "a".uper()
"""
"""One cell of everything, so that what mypy builds when first needed is there before the first session is forked."""

_warmed: list[Inference | Rebuilding] = []
"""Written by `warm` alone, in the nursery, so that all children share one analysed state."""


def warm() -> None:
    """Analyse the packages once, before any session is forked."""
    _warmed[:] = [_built()]
    freeze()


def main(sockets: Mapping[str, socket.socket], settings: Mapping[str, Any]) -> None:
    """Answer until the kernel is gone, or silent for long.

    Settings: `check_seconds`, after which a check ends the process; `rest_seconds` of silence, after which it ends itself (0: never).
    """
    longest, silence = float(settings.get("check_seconds", _LONGEST_SECONDS)), float(settings.get("rest_seconds", 0))
    stream = sockets["checker"]
    # Compiled code hears no handler of Python's: a check that never ends is ended with the process, by the jail's disposition or the usual one.
    desk = Desk(_warmed[0] if _warmed else _built())
    while not (silence and _rested(stream, desk, silence)):
        try:
            payload = receive_frame(stream)
        except OSError:
            return
        except MalformedPlan:
            sys.exit(_MALFORMED)
        if payload is None:
            return
        signal.setitimer(signal.ITIMER_REAL, longest)
        reply = desk.answer(payload)
        signal.setitimer(signal.ITIMER_REAL, 0)
        if reply is None:
            sys.exit(_MALFORMED)
        if reply:
            try:
                send_frame(stream, json.dumps(reply).encode())
            except OSError:
                return


def _rested(stream: socket.socket, desk: Desk, silence: float) -> bool:
    """Wait for a question; True where none came for so long that the next checker may begin anew, which the kernel was told then."""
    question = select.poll()
    question.register(stream, select.POLLIN)
    waited = 0.0
    while not question.poll((silence - waited) * 1000):
        waited = silence
        steps, needed, seconds = desk.needed()
        word = framed(json.dumps({"rested": steps, "needed": needed}).encode())
        if seconds * _PAUSES_PER_SECOND > waited or len(word) > _LONGEST_FAREWELL:
            silence = max(2 * waited, seconds * _PAUSES_PER_SECOND)
            continue
        try:
            stream.send(word, socket.MSG_DONTWAIT)
        except BlockingIOError:
            silence = 2 * waited
            continue
        except OSError:
            pass
        return True
    return False


def chosen() -> Inference | Rebuilding:
    """The quick way where mypy's insides are as we know them, else the slow one, which needs its public entry alone. RuntimeError where neither checks."""
    told: list[str] = []
    ways: tuple[Callable[[], Inference | Rebuilding], ...] = (Inference, Rebuilding)
    for way in ways:
        try:
            inference = way()
            codes = [one.code for one in inference.check(_CANARY, _WRONG) or ()]
            inference.forget((_CANARY,))
        except Exception as problem:  # noqa: BLE001 - whatever another release of mypy's does
            codes = [f"{type(problem).__name__}: {problem}"]
        if codes == ["assignment"]:
            if told:
                sys.stderr.write(
                    f"mypy's insides have changed {told}: cells are checked by its public entry, some seconds each\n"
                )
            return inference
        told.append(f"{way}: {codes}")
    raise RuntimeError(f"mypy finds nothing wrong where something is: {told}")


def _built() -> Inference | Rebuilding:
    inference = chosen()
    for module, text in HELPERS.items():
        inference.check(module, text)
    rehearsal = Desk(inference)
    rehearsal.answer(json.dumps({"op": "start", "names": _REHEARSED, "strict": False}).encode())
    rehearsal.answer(json.dumps({"op": "check", "id": 1, "source": _REHEARSAL}).encode())
    # What mypy remembers of a cell it drops when the next one comes, in pages that all sessions would otherwise share.
    for _ in range(2):
        rehearsal.answer(b'{"op": "check", "id": 2, "source": "pass"}')
    rehearsal.answer(b'{"op": "reject"}')
    return inference


Reply = dict[str, Any]


class Desk:
    """One session's questions. A reply is None for what is no question, empty where none is due."""

    def __init__(self, inference: Inference | Rebuilding) -> None:
        self._inference = inference
        self._history = History(inference, {})
        self._strict = False

    def answer(self, payload: bytes) -> Reply | None:
        """Answer one frame."""
        try:
            message = json.loads(payload)
        except (ValueError, RecursionError):
            return None
        operation = message.get("op") if isinstance(message, dict) else None
        handler = self._OPERATIONS.get(operation) if isinstance(operation, str) else None
        return handler(self, message) if handler is not None else None

    def _start(self, message: Reply) -> Reply | None:
        names, strict = message.get("names"), message.get("strict")
        if not valid(names) or not isinstance(strict, bool):
            return None
        self._strict = strict
        (self._inference.strict if strict else self._inference.standard)()
        self._history = History(self._inference, names)
        return {}

    def _declare(self, message: Reply) -> Reply | None:
        names = message.get("names")
        if not valid(names):
            return None
        self._history.declare(names)
        return {}

    def _check(self, message: Reply) -> Reply | None:
        number, source = message.get("id"), message.get("source")
        if not isinstance(number, int) or not isinstance(source, str) or len(source) > _MOST_CHARACTERS:
            return None
        checked = self._history.check(source)
        found = problems(checked, strict=self._strict) if checked is not None else ()
        return {"id": number, "problems": [_plain(one) for one in found]}

    def _accept(self, message: Reply) -> Reply | None:
        completed = message.get("completed")
        if not isinstance(completed, bool):
            return None
        self._history.accept(completed=completed)
        return {}

    def _again(self, message: Reply) -> Reply | None:
        """What a checker before this one was asked about, and accepted: nobody waits for what is wrong with it."""
        source, completed = message.get("source"), message.get("completed")
        if not isinstance(source, str) or len(source) > _MOST_CHARACTERS or not isinstance(completed, bool):
            return None
        self._history.check(source)
        self._history.accept(completed=completed)
        return {}

    def needed(self) -> tuple[int, tuple[int, ...], float]:
        """How many steps there were (`declare`, `accept`, `again`), which of them another checker must be told, and how many seconds these took."""
        return self._history.steps, *self._history.needed()

    def _reject(self, _message: Reply) -> Reply | None:
        self._history.reject()
        return {}

    _OPERATIONS: Final[dict[str, Callable[[Desk, Reply], Reply | None]]] = {
        "start": _start,
        "declare": _declare,
        "check": _check,
        "accept": _accept,
        "again": _again,
        "reject": _reject,
    }


def _plain(one: Problem) -> Reply:
    return {
        "line": one.line,
        "column": one.column,
        "end_column": one.end_column,
        "message": one.message,
        "instead": one.instead,
    }

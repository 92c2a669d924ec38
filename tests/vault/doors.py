"""A served vault for tests: the real entry point in a thread, real sockets, questions by message."""

import json
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ag_plan.codec import decode_message, encode_message, encode_plan
from ag_plan.frames import receive_frame, send_frame
from ag_plan.messages import REPLIES, AskRelease, Message
from ag_plan.relations import Source
from ag_plan.releases import Epsilon, GroupKey, Measure, Release
from ag_vault import serve
from ag_vault.evaluate import DuckData


class Doors:
    """Both ends of a session's sockets, as guest and gateway hold them."""

    def __init__(self, plan: socket.socket, control: socket.socket, thread: threading.Thread) -> None:
        self.plan, self.control, self.thread = plan, control, thread
        plan.settimeout(30)
        control.settimeout(30)

    def ask(self, message: Message) -> Any:
        send_frame(self.plan, encode_message(message))
        return self.hear()

    def hear(self) -> Any:
        frame = receive_frame(self.plan)
        return None if frame is None else decode_message(frame, REPLIES)

    def release(self, measure: Measure, epsilon: int = 1, **more: Any) -> Any:
        return self.ask(AskRelease(id=7, release=released(measure, epsilon, **more)))

    def control_asks(self, **question: Any) -> Any:
        send_frame(self.control, json.dumps(question).encode())
        frame = receive_frame(self.control)
        return None if frame is None else json.loads(frame)

    def ended(self) -> bool:
        self.thread.join(10)
        return not self.thread.is_alive()


def released(
    measure: Measure, epsilon: int = 1, *, table: str = "clinic/train", by: tuple[GroupKey, ...] = ()
) -> bytes:
    spend = Epsilon(numerator=epsilon, denominator=1)
    return encode_plan(Release(relation=Source(table=table), measure=measure, spend=spend, by=by))


@contextmanager
def served(dataset: Path, ledger: Path, **more: Any) -> Iterator[Doors]:
    """A session of ``ann`` over one data set, without a schedule unless asked for."""
    settings = {
        "session": "s",
        "analyst": "ann",
        "datasets": [{"name": "Clinic", "path": str(dataset)}],
        "ledger": str(ledger),
        "schedule": "immediate",
        "memory_bytes": 1 << 29,
        "threads": 2,
    } | more
    (plan, plan_end), (control, control_end) = socket.socketpair(), socket.socketpair()
    thread = threading.Thread(target=serve.main, args=({"plan": plan_end, "control": control_end}, settings))
    thread.start()
    try:
        yield Doors(plan, control, thread)
    finally:
        plan.close()
        control.close()
        thread.join(10)
        plan_end.close()
        control_end.close()


def charged_before(method: str, ledger: Path, patch: pytest.MonkeyPatch) -> list[int]:
    """How many charges were on disk each time that this method of the data was called."""
    charged: list[int] = []
    read = getattr(DuckData, method)

    def watch(data: DuckData, asked: Any) -> Any:
        with sqlite3.connect(ledger) as connection:
            charged.append(connection.execute("SELECT count(*) FROM events").fetchone()[0])
        return read(data, asked)

    patch.setattr(DuckData, method, watch)
    return charged

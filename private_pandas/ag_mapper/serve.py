"""The mapper's process: one program over one socket, rows in and results out, then it ends. Keeps nothing and knows nobody else.

Everything it needs is imported here, before the jail closes.
"""

import gc
import socket
import sys
from collections.abc import Mapping
from typing import Any

from ag_mapper import wire
from ag_mapper.machine import Machine
from ag_plan.codec import decode_plan
from ag_plan.expressions import Code
from ag_plan.frames import receive_frame, send_frame

_DEEPEST = 10_000
"""Calls of Python's: more than the deepest program has words waiting for each other (``MOST_DEPTH`` times ``MOST_CALLS``)."""


def main(sockets: Mapping[str, socket.socket], settings: Mapping[str, Any]) -> None:
    """Run one program on all the rows that come, until told that there are no more, or nobody is there."""
    del settings
    sys.setrecursionlimit(_DEEPEST)
    gc.disable()  # no value refers to itself
    stream = sockets["map"]
    with stream:
        one(stream)


def one(stream: socket.socket) -> bool:
    """One program; False where the conversation is over. MalformedPlan and BadProgram end the process: no vault says such things."""
    first = receive_frame(stream)
    if first is None:
        return False
    asked = wire.asked(first)
    machine = Machine(decode_plan(asked.program, Code), asked.kinds, asked.kind)
    while True:
        frame = receive_frame(stream)
        if not frame:
            return frame is not None
        send_frame(stream, wire.encoded(machine.results(wire.rows(frame))))


def warm() -> None:
    """Nothing beyond the imports."""

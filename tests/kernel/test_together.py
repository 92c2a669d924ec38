"""Messages that follow each other at once leave together: each one sent alone wakes the gateway and its client."""

import contextlib
import json
import resource
import select
import socket
import struct
import threading
import time

from ag_kernel.channel import Channel
from ag_kernel.compiler.checker_client import CheckerClient
from ag_kernel.interrupts import Interrupts
from ag_kernel.wire import Message, decode
from ag_plan.frames import Frames

REQUEST = Message(channel="shell", header={"msg_id": "1"}, parent_header={}, content={}, buffers=())


def test_what_is_held_leaves_with_the_next_message_in_order() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        channel = Channel(theirs, session="s", interrupts=Interrupts())
        channel.publish("status", {"execution_state": "busy"}, held=True)
        channel.reply(REQUEST, "execute_reply", {"status": "ok"}, held=True)
        assert not select.select([ours], [], [], 0)[0]
        channel.publish("status", {"execution_state": "idle"})
        told = [decode(frame) for frame in Frames().take(ours.recv(1 << 16))]
    assert [(one.kind, one.channel) for one in told] == [
        ("status", "iopub"),
        ("execute_reply", "shell"),
        ("status", "iopub"),
    ]


def test_a_question_sends_what_is_held_before_it_waits() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        channel = Channel(theirs, session="s", interrupts=Interrupts())
        channel.publish("status", {"execution_state": "busy"}, held=True)
        ours.sendall(struct.pack(">I", 0))  # no message: passed over
        ours.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionError):
            channel.ask("predictions", {})
        assert [decode(frame).kind for frame in Frames().take(ours.recv(1 << 16))] == ["status", "predictions_request"]


def test_that_a_cell_was_accepted_is_heard_before_the_next_question() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        client = CheckerClient(theirs, patience=0)
        client.check(1, "x = 1")
        assert ours.recv(1 << 16)
        client.accept(completed=True)
        assert not select.select([ours], [], [], 0)[0]
        client.check(2, "x")
        asked = [json.loads(frame) for frame in Frames().take(ours.recv(1 << 16))]
    assert [one["op"] for one in asked] == ["accept", "check"]


def test_who_waits_for_a_request_sleeps_while_the_gateway_takes_what_was_said() -> None:
    """Woken for each message that is taken, a kernel would stand in the way of who takes them, and before its next request."""
    ours, theirs = socket.socketpair()
    switches: list[int] = []

    def wait() -> None:
        before = resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw
        channel.receive()
        switches.append(resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw - before)

    with ours, theirs:
        channel = Channel(theirs, session="s", interrupts=Interrupts())
        for _ in range(50):
            channel.publish("status", {"execution_state": "busy"})
        waiting = threading.Thread(target=wait)
        waiting.start()
        time.sleep(0.1)  # it waits by now
        while select.select([ours], [], [], 0)[0]:
            ours.recv(64)
            time.sleep(0.001)  # time to be woken by each
        ours.shutdown(socket.SHUT_WR)
        waiting.join()
    assert switches[0] < 10, "the wait itself, its end, and turns of the interpreter"

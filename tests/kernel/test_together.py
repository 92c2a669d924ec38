"""Messages that follow each other at once leave together: each one sent alone wakes the gateway and its client."""

import contextlib
import json
import select
import socket
import struct

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

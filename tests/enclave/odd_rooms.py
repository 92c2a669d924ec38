"""Rooms that misbehave on command: a kernel, a vault and a checker for tests of the gateway. They run in the real jail.

The kernel obeys the first word of a cell; see ``DEEDS``.
"""

import json
import os
import signal
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

from tests.enclave.raw_client import pack_v1, unpack_v1

Json = dict[str, Any]


class _Interrupted(Exception):
    pass


def _interrupt(_number: int, _frame: object) -> None:
    raise _Interrupted


def _receive(stream: socket.socket) -> bytes | None:
    head = b""
    while len(head) < 4:
        part = stream.recv(4 - len(head))
        if not part:
            return None
        head += part
    (length,) = struct.unpack(">I", head)
    payload = b""
    while len(payload) < length:
        payload += stream.recv(length - len(payload))
    return payload


def _send(stream: socket.socket, payload: bytes) -> None:
    stream.sendall(struct.pack(">I", len(payload)) + payload)


class Kernel:
    def __init__(self, stream: socket.socket) -> None:
        self.stream = stream
        self.parent: Json = {}
        self.cells = 0

    def say(self, channel: str, kind: str, content: Json, *, buffers: tuple[bytes, ...] = (), **header: Any) -> None:
        heading = {
            "msg_id": "k",
            "session": "of the kernel",
            "username": "root",
            "date": "",
            "msg_type": kind,
            **header,
        }
        message = {
            "channel": channel,
            "header": heading,
            "parent_header": self.parent,
            "metadata": {"m": 1},
            "content": content,
            "buffers": buffers,
        }
        _send(self.stream, pack_v1(message))

    def live(self) -> None:
        while (payload := _receive(self.stream)) is not None:
            request = unpack_v1(payload)
            self.parent = request["header"]
            self.say("iopub", "status", {"execution_state": "busy"})
            self.answer(request)
            self.say("iopub", "status", {"execution_state": "idle"})

    def answer(self, request: Json) -> None:
        if request["header"]["msg_type"] != "execute_request":
            return
        self.cells += 1
        word, _, rest = request["content"]["code"].partition(" ")
        reply: Json = {"status": "ok", "execution_count": self.cells}
        try:
            DEEDS[word](self, rest, request)
        except _Interrupted:
            error = {"ename": "KeyboardInterrupt", "evalue": "", "traceback": []}
            self.say("iopub", "error", error)
            reply = {"status": "error", "execution_count": self.cells, **error}
        self.say("shell", "execute_reply", reply)

    def print(self, text: str) -> None:
        self.say("iopub", "stream", {"name": "stdout", "text": text})


def _show_request(kernel: Kernel, _rest: str, request: Json) -> None:
    kernel.print(json.dumps({name: request[name] for name in ("header", "metadata", "content")}))


def _show(kernel: Kernel, rest: str, _request: Json) -> None:
    kernel.say("iopub", "display_data", {"data": json.loads(rest), "metadata": {}, "secret": 1})


def _say(kernel: Kernel, rest: str, _request: Json) -> None:
    said = json.loads(rest)
    kernel.say(said["channel"], said["kind"], said["content"], **said.get("header", {}))


def _submit(kernel: Kernel, rest: str, _request: Json) -> None:
    """Several questions at once, as JSON; then prints as many answers."""
    for content in json.loads(rest):
        kernel.say("stdin", "submit_request", content)
    for _ in json.loads(rest):
        payload = _receive(kernel.stream)
        if payload is not None:
            kernel.print(json.dumps(unpack_v1(payload)["content"]) + "\n")


def _forge_parent(kernel: Kernel, rest: str, _request: Json) -> None:
    mine, kernel.parent = kernel.parent, {"msg_id": rest, "evil": True}
    kernel.print("forged")
    kernel.parent = mine


def _count(kernel: Kernel, rest: str, _request: Json) -> None:
    for number in range(int(rest)):
        kernel.print(f"{number}\n")


def _blow(kernel: Kernel, rest: str, _request: Json) -> None:
    kernel.print("x" * int(rest))


def _export(kernel: Kernel, rest: str, _request: Json) -> None:
    data = {"application/vnd.antigranular.export+json": {"name": "x"}, "text/plain": "exported"}
    kernel.say("iopub", "display_data", {"data": data, "metadata": {}}, buffers=(bytes(int(rest)), b"two"))


def _claim(kernel: Kernel, rest: str, _request: Json) -> None:
    kernel.stream.sendall(struct.pack(">I", int(rest)))
    time.sleep(60)


def _garbage(kernel: Kernel, _rest: str, _request: Json) -> None:
    _send(kernel.stream, b"\xff" * 100)
    time.sleep(60)


def _sleep(kernel: Kernel, rest: str, _request: Json) -> None:
    kernel.print("asleep\n")
    time.sleep(float(rest))


def _late(kernel: Kernel, rest: str, request: Json) -> None:
    kernel.print("late\n")
    time.sleep(2)
    _count(kernel, rest, request)


def _babble(kernel: Kernel, _rest: str, _request: Json) -> None:
    """Go on talking when nobody asked."""
    signal.signal(signal.SIGALRM, lambda _number, _frame: kernel.print("still here\n"))
    signal.setitimer(signal.ITIMER_REAL, 0.3, 0.3)


def _stubborn(kernel: Kernel, rest: str, _request: Json) -> None:
    kernel.print("deaf\n")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    time.sleep(float(rest))


DEEDS: dict[str, Callable[[Kernel, str, Json], None]] = {
    "show_request": _show_request,
    "show": _show,
    "say": _say,
    "submit": _submit,
    "forge_parent": _forge_parent,
    "count": _count,
    "blow": _blow,
    "export": _export,
    "claim": _claim,
    "garbage": _garbage,
    "sleep": _sleep,
    "late": _late,
    "stubborn": _stubborn,
    "babble": _babble,
    "exit": lambda _kernel, rest, _request: os._exit(int(rest)),
    "nothing": lambda _kernel, _rest, _request: None,
}


def kernel(sockets: dict[str, socket.socket], _settings: Json) -> None:
    signal.signal(signal.SIGINT, _interrupt)
    Kernel(sockets["channel"]).live()


def vault(sockets: dict[str, socket.socket], settings: Json) -> None:
    while (payload := _receive(sockets["control"])) is not None:
        question = json.loads(payload)
        _send(sockets["control"], json.dumps({"asked": question["op"], "settings": settings}).encode())


def checker(sockets: dict[str, socket.socket], _settings: Json) -> None:
    while sockets["checker"].recv(1024):
        pass

"""A notebook for the tests: a kernel and a checker as real processes over socketpairs, and what each cell said."""

import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from ag_kernel.wire import Message, decode, encode
from antigranular.values import decode_export
from tests.house.tree import ROOMS, ROOT

EXPORT = "application/vnd.antigranular.export+json"
BUDGET = "application/vnd.antigranular.budget+json"

_START = """
import json, socket, sys
from importlib import import_module
module, _, name = sys.argv[1].partition(":")
sockets = {key: socket.socket(fileno=number) for key, number in json.loads(sys.argv[2]).items()}
getattr(import_module(module), name)(sockets, json.loads(sys.argv[3]))
"""


def start(entry: str, sockets: dict[str, socket.socket], settings: dict[str, Any]) -> subprocess.Popen[bytes]:
    """A process that runs an entry point over its ends of socketpairs, as a nursery's child would."""
    import json

    numbers = {name: one.fileno() for name, one in sockets.items()}
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(str(ROOT / room) for room in ROOMS)}
    command = [sys.executable, "-c", _START, entry, json.dumps(numbers), json.dumps(settings)]
    process = subprocess.Popen(command, pass_fds=tuple(numbers.values()), env=environment)
    for one in sockets.values():
        one.close()
    return process


@dataclass
class Ran:
    """What one request brought: messages in order, and picked from them what tests ask for."""

    messages: list[Message] = field(default_factory=list)
    reply: dict[str, Any] = field(default_factory=dict)
    arrived: list[float] = field(default_factory=list)

    def _contents(self, kind: str) -> list[Any]:
        return [message.content for message in self.messages if message.kind == kind]

    @property
    def text(self) -> str:
        return "".join(one["text"] for one in self._contents("stream") if one["name"] == "stdout")

    @property
    def errors(self) -> str:
        return "".join(one["text"] for one in self._contents("stream") if one["name"] == "stderr")

    @property
    def result(self) -> Any:
        shown = self._contents("execute_result")
        return shown[0]["data"] if shown else None

    @property
    def plain(self) -> Any:
        return None if self.result is None else self.result["text/plain"]

    @property
    def fault(self) -> Any:
        found = self._contents("error")
        return found[0] if found else None

    @property
    def trace(self) -> str:
        return "\n".join(self.fault["traceback"]) if self.fault else ""

    @property
    def exports(self) -> dict[str, Any]:
        found = (m for m in self.messages if m.kind == "display_data" and EXPORT in m.content["data"])
        return dict(decode_export(m.content["data"][EXPORT], list(m.buffers)) for m in found)

    @property
    def budget(self) -> list[Any]:
        return [one["data"] for one in self._contents("display_data") if BUDGET in one["data"]]


class Notebook:
    """One kernel, driven message by message."""

    def __init__(
        self, plan: socket.socket, checker: socket.socket | None = None, limits: dict[str, Any] | None = None
    ) -> None:
        self.stream, theirs = socket.socketpair()
        self.stream.settimeout(60)
        self.checker: subprocess.Popen[bytes] | None = None
        if checker is None:
            checker, other = socket.socketpair()
            self.checker = start("ag_kernel.compiler.checker:main", {"checker": other}, {"session": "test"})
        sockets = {"channel": theirs, "plan": plan, "checker": checker}
        settings = {"session": "test", "limits": limits or {}, "strict": False}
        self.kernel = start("ag_kernel.life:main", sockets, settings)
        self._asked = 0
        assert self.receive().content == {"execution_state": "starting"}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()
        assert self.kernel.wait(10) is not None
        if self.checker is not None:
            self.checker.wait(10)

    def send(self, kind: str, content: dict[str, Any], channel: str = "shell") -> str:
        self._asked += 1
        number = f"ask-{self._asked}"
        self.send_raw(encode(Message(channel=channel, header={"msg_id": number, "msg_type": kind}, content=content)))
        return number

    def send_raw(self, payload: bytes) -> None:
        self.stream.sendall(struct.pack(">I", len(payload)) + payload)

    def receive(self) -> Message:
        (length,) = struct.unpack(">I", self._exactly(4))
        return decode(self._exactly(length))

    def _exactly(self, count: int) -> bytes:
        parts = b""
        while len(parts) < count:
            part = self.stream.recv(count - len(parts))
            if not part:
                raise EOFError("the kernel is gone")
            parts += part
        return parts

    def collect(self, number: str, watch: Callable[[Message], None] | None = None) -> Ran:
        ran = Ran()
        while True:
            message = self.receive()
            if message.parent_header.get("msg_id") != number:
                continue
            ran.messages.append(message)
            ran.arrived.append(time.monotonic())
            if watch is not None:
                watch(message)
            if message.kind.endswith("_reply"):
                ran.reply = dict(message.content)
            if message.content.get("execution_state") == "idle":
                return ran

    def ask(self, kind: str, **content: Any) -> dict[str, Any]:
        return self.collect(self.send(kind, content)).reply

    def run(self, source: str, watch: Callable[[Message], None] | None = None, **more: Any) -> Ran:
        return self.collect(self.send("execute_request", {"code": source, **more}), watch)

    def interrupt(self) -> None:
        os.kill(self.kernel.pid, signal.SIGINT)

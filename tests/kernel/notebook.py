"""A notebook for the tests: a kernel and a checker as real processes over socketpairs, and what each cell said."""

import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from ag_kernel.wire import Message, decode, encode
from ag_sandbox.nursery import Child, Grants, Nursery
from antigranular.values import decode_export
from tests.kernel.fake_vault import FakeVault

EXPORT = "application/vnd.antigranular.export+json"
BUDGET = "application/vnd.antigranular.budget+json"

GRANTS = Grants(memory_bytes=2 << 30, processes=0, cpu_seconds=None, file_bytes=0)


@dataclass(frozen=True)
class House:
    """The nurseries that sessions of the tests come from: the same jails as in an enclave."""

    kernels: Nursery
    checkers: Nursery

    @classmethod
    def open(cls, log: Path) -> Self:
        return cls(
            kernels=Nursery.start(
                profile="kernel",
                entry="ag_kernel.life:main",
                preload=("ag_kernel.life",),
                warm="ag_kernel.warm:warm",
                log=log / "kernels.log",
            ),
            checkers=Nursery.start(
                profile="checker",
                entry="ag_kernel.compiler.checker:main",
                warm="ag_kernel.compiler.checker:warm",
                log=log / "checkers.log",
            ),
        )

    def close(self) -> None:
        self.kernels.close()
        self.checkers.close()


def born(nursery: Nursery, sockets: dict[str, socket.socket], settings: dict[str, Any]) -> Child:
    """A locked child over its ends of socketpairs."""
    child = nursery.spawn(sockets=sockets, settings=settings, grants=GRANTS)
    for one in sockets.values():
        one.close()
    return child


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
        self,
        house: House,
        plan: socket.socket,
        *,
        checker: socket.socket | None = None,
        limits: dict[str, Any] | None = None,
        vault: FakeVault | None = None,
    ) -> None:
        self.vault = vault
        self.stream, theirs = socket.socketpair()
        self.stream.settimeout(60)
        self.checker: Child | None = None
        if checker is None:
            checker, other = socket.socketpair()
            self.checker = born(house.checkers, {"checker": other}, {"session": "test"})
        sockets = {"channel": theirs, "plan": plan, "checker": checker}
        self.kernel = born(house.kernels, sockets, {"session": "test", "limits": dict(limits or {}), "strict": False})
        self._asked = 0
        assert self.receive().content == {"execution_state": "starting"}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()
        for child in (self.kernel, self.checker):
            if child is not None:
                assert child.wait(10) == 0
                child.close()

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
        parts = bytearray()
        while len(parts) < count:
            part = self.stream.recv(min(count - len(parts), 1 << 20))
            if not part:
                raise EOFError("the kernel is gone")
            parts += part
        return bytes(parts)

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
        self.kernel.interrupt()

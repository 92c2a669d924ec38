"""One cell's life on the wire: ask, pass on what it says as it says it, and end as it ends. Must not know sockets or notebooks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from antigranular.channel import Channel, Event, Inbox
from antigranular.errors import (
    AgError,
    CellError,
    CellInterrupted,
    CellRefused,
    ConnectionLost,
    SessionError,
    WireError,
)
from antigranular.values import decode_export
from antigranular.view import Shown, View
from antigranular.wire import Message, request

EXPORT = "application/vnd.antigranular.export+json"
BUDGET = "application/vnd.antigranular.budget+json"
_ENDS = {
    "dead": "the session has ended; ag.login(...) starts a new one",
    "restarting": "the session's kernel was restarted",
}
"""Statuses that belong to no request and end all of them, with what to say where the enclave gave no reason."""


@dataclass(slots=True, kw_only=True)
class CellResult:
    """What a cell left: exported values by name, the last expression's mime bundle, and what it spent."""

    exports: dict[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] | None = None
    budget: list[Mapping[str, Any]] = field(default_factory=list)
    execution_count: int | None = None


def run_cell(source: str, *, channel: Channel, client: str, view: View, interrupt: Callable[[], object]) -> CellResult:
    """Run one cell and wait for its end.

    Raises CellError where it fails, CellInterrupted after a Ctrl-C here (``interrupt`` is called and the cell's end awaited;
    a second Ctrl-C stops waiting), SessionError where the session ends, ConnectionLost where the connection can't be kept.
    """
    content = {
        "code": source,
        "silent": False,
        "store_history": True,
        "user_expressions": {},
        "allow_stdin": False,
        "stop_on_error": True,
    }
    asked = request("shell", "execute_request", content, client)
    with channel.listening() as inbox:
        run = _Run(asked, channel, inbox, view)
        sent = interrupted = early = False
        while not run.ended:
            try:
                if not sent:
                    sent = True
                    channel.send(asked, inbox)
                run.take(inbox.get())
                if early and run.started:
                    early = False
                    interrupt()
            except KeyboardInterrupt:
                interrupt()
                if interrupted:
                    raise
                # Before the cell has begun over there, the interrupt meets an idle kernel: it is repeated once it has.
                interrupted, early = True, not run.started
    return run.outcome(interrupted=interrupted)


class _Run:
    """What is known of one running cell."""

    def __init__(self, asked: Message, channel: Channel, inbox: Inbox, view: View) -> None:
        self._asked = asked
        self._channel = channel
        self._inbox = inbox
        self._view = view
        self._probe = ""
        self._news = ""
        self.started = False
        self._idle = False
        self._reply: Mapping[str, Any] | None = None
        self._error: Mapping[str, Any] | None = None
        self._result = CellResult()

    @property
    def ended(self) -> bool:
        """Both channels have said their last: the reply and the idle status."""
        return self._idle and self._reply is not None

    def take(self, event: Event) -> None:
        """One message, or the news that the connection broke."""
        if isinstance(event, ConnectionLost):
            self._resume(event)
        elif isinstance(event, AgError):
            raise event
        elif not event.parent:
            self._told_everybody(event)
        elif event.parent == self._probe:
            self._probed(event)
        else:
            handle = _HANDLERS.get(event.kind)
            if handle is not None:
                handle(self, event)

    def outcome(self, *, interrupted: bool) -> CellResult:
        """The result, or the error that the cell ended with."""
        reply = self._reply or {}
        failed = self._error or (reply if reply.get("status") != "ok" else None)
        if interrupted:
            raise CellInterrupted(_lines(failed or {}))
        if failed is not None:
            raise _cell_error(failed)
        return self._result

    def _resume(self, problem: ConnectionLost) -> None:
        """Take the connection up again, and ask something whose answer comes after all that the cell still has to say."""
        if problem.code in _FINAL_CLOSES:
            raise _FINAL_CLOSES[problem.code](str(problem))
        self._view.notice("The connection to the enclave broke; taking it up again…")
        self._channel.reopen()
        probe = request("shell", "kernel_info_request", {}, str(self._asked.header["session"]))
        self._probe = str(probe.header["msg_id"])
        self._channel.send(probe, self._inbox)

    def _probed(self, message: Message) -> None:
        if message.kind == "kernel_info_reply" and not self.ended:
            state = "what it still had to say is lost" if self.started else "it may not have reached the kernel"
            raise ConnectionLost(f"the connection broke while the cell ran, and {state}; the session goes on")

    def _told_everybody(self, message: Message) -> None:
        if message.kind == "stream":
            self._news = str(message.content.get("text", "")).strip()
        elif message.kind == "status":
            end = _ENDS.get(str(message.content.get("execution_state")))
            if end is not None:
                raise SessionError(self._news or end)

    def stream(self, message: Message) -> None:
        """Printed text."""
        self._view.stream(str(message.content.get("name", "stdout")), str(message.content.get("text", "")))

    def display(self, message: Message) -> None:
        """Something shown, a budget line or an export."""
        shown = _shown(message)
        if EXPORT in shown.data:
            name, value = decode_export(shown.data[EXPORT], message.buffers)
            self._result.exports[name] = value
            self._view.export(name, value)
        elif BUDGET in shown.data:
            self._result.budget.append(shown.data[BUDGET])
            self._view.budget(shown)
        else:
            self._view.display(shown)

    def executed(self, message: Message) -> None:
        """The value of the last expression."""
        shown = _shown(message)
        self._result.data = shown.data
        self._view.result(shown)

    def input(self, message: Message) -> None:
        """The session's number of this cell."""
        count = message.content.get("execution_count")
        if isinstance(count, int):
            self._result.execution_count = count
            self._view.started(count)

    def status(self, message: Message) -> None:
        """Busy, then idle."""
        self.started = True
        self._idle = message.content.get("execution_state") == "idle"

    def failed(self, message: Message) -> None:
        """The error, before the reply that repeats it."""
        self._error = message.content

    def replied(self, message: Message) -> None:
        """The reply."""
        self._reply = message.content

    def clear(self, message: Message) -> None:
        """The cell clears its output."""
        self._view.clear(wait=bool(message.content.get("wait")))


_HANDLERS: Mapping[str, Callable[[_Run, Message], None]] = {
    "stream": _Run.stream,
    "display_data": _Run.display,
    "update_display_data": _Run.display,
    "execute_result": _Run.executed,
    "execute_input": _Run.input,
    "status": _Run.status,
    "error": _Run.failed,
    "execute_reply": _Run.replied,
    "clear_output": _Run.clear,
}
"""What a kernel may say while a cell runs. Anything else is not for a notebook and is passed over."""

_SESSION_ERRORS = frozenset({"SessionLost", "KernelRestarted"})
"""What the gateway says in the kernel's place when it is gone."""

_FINAL_CLOSES: Mapping[int | None, Callable[[str], Exception]] = {
    1003: WireError,
    1009: lambda reason: CellRefused("CellRefused", f"the cell is larger than the enclave accepts: {reason}", []),
}
"""Websocket close codes after which another connection would end the same way."""


def _shown(message: Message) -> Shown:
    content = message.content
    data, metadata, transient = (content.get(key) or {} for key in ("data", "metadata", "transient"))
    if not all(isinstance(each, dict) for each in (data, metadata, transient)):
        raise WireError("the enclave sent a display that is not a mime bundle")
    name = transient.get("display_id")
    return Shown(data=data, metadata=metadata, display_id=name, update=message.kind == "update_display_data")


def _lines(failed: Mapping[str, Any]) -> list[str]:
    lines = failed.get("traceback")
    return [str(line) for line in lines] if isinstance(lines, list) else []


def _cell_error(failed: Mapping[str, Any]) -> AgError:
    name, text = str(failed.get("ename") or "CellError"), str(failed.get("evalue", ""))
    if name in _SESSION_ERRORS:
        return SessionError(text)
    kind = CellRefused if name == "CellRefused" else CellError
    return kind(name, text, _lines(failed))

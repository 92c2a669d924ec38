"""One cell's life on the wire: ask, pass on what it says as it says it, and end as it ends. Must not know sockets or notebooks."""

import time
from collections.abc import Callable, Mapping
from queue import Empty
from typing import Any

from antigranular.channel import Channel
from antigranular.errors import (
    AgError,
    CellError,
    CellInterrupted,
    CellRefused,
    CellTimedOut,
    ConnectionLost,
    SessionError,
    WireError,
)
from antigranular.hearing import CellResult, Hearing, lines_of
from antigranular.inbox import Event, Inbox
from antigranular.view import View
from antigranular.wire import Message, request

_ENDS = {
    "dead": "the session has ended; ag.login(...) starts a new one",
    "restarting": "the session's kernel was restarted",
}
"""Statuses that belong to no request and end all of them, with what to say where the enclave gave no reason."""

_NOTHING: Mapping[str, Any] = {}
_PATIENCE = 2.0
"""Seconds after which a cell that runs on is worth a line."""
_TICK = 1.0


def run_cell(
    source: str,
    *,
    channel: Channel,
    client: str,
    view: View,
    interrupt: Callable[[], object],
    timeout: float | None = None,
    mock: bool = False,
) -> CellResult:
    """Run one cell, against mocks if ``mock``, and wait for its end; after ``timeout`` seconds it is interrupted.

    Raises CellError where it fails, CellTimedOut, CellInterrupted after a Ctrl-C here (``interrupt`` is called and the cell's end awaited;
    a second Ctrl-C stops waiting; a cell that was not sent yet is not sent), SessionError where the session ends, ConnectionLost where the connection can't be kept.
    """
    content = {
        "code": source,
        "silent": False,
        "store_history": True,
        "user_expressions": {},
        "allow_stdin": False,
        "stop_on_error": True,
        **({"ag_mock": True} if mock else {}),
    }
    asked = request("shell", "execute_request", content, client)
    wait = _Wait(view, timeout)
    with channel.listening() as inbox:
        run = _Run(asked, channel, inbox, Hearing(view, mock=mock))
        try:
            interrupted = _follow(run, inbox, wait, interrupt)
        finally:
            wait.over()
    return run.outcome(interrupted=interrupted, timed_out=timeout if wait.passed else None)


def _follow(run: "_Run", inbox: Inbox, wait: "_Wait", interrupt: Callable[[], object]) -> bool:
    """Send the request and take what comes until the cell has ended; whether it was interrupted from here."""
    sent = interrupted = early = False
    while not run.ended:
        try:
            if not sent:
                sent = True
                run.send()
            try:
                _hear(run, inbox, wait.next())
            except Empty:
                if wait.tick():
                    interrupt()
                    early = not run.started
            if early and run.started:
                early = False
                interrupt()
        except KeyboardInterrupt:
            if not interrupted and run.withdrawn():
                raise CellInterrupted([]) from None
            interrupt()
            if interrupted:
                raise
            # Before the cell has begun over there, the interrupt meets an idle kernel: it is repeated once it has.
            interrupted, early = True, not run.started
    return interrupted


def _hear(run: "_Run", inbox: Inbox, seconds: float) -> None:
    """Take the next event. One that the end may depend on is dropped when it was taken, others before: those are shown once. Raises Empty."""
    event = inbox.first(timeout=seconds)
    if isinstance(event, Message) and event.parent and event.kind not in _TURNS:
        inbox.drop()
        run.take(event)
    else:
        run.take(event)
        inbox.drop()


_TURNS = frozenset({"status", "execute_reply", "error", "kernel_info_reply"})
"""Messages that change where a cell is; taking one twice is taking it once."""


class _Wait:
    """How long a cell has been running, and what follows from it."""

    def __init__(self, view: View, timeout: float | None) -> None:
        self._view = view
        self._timeout = timeout
        self._began = time.monotonic()
        self._due = _PATIENCE
        self.passed = False

    def next(self) -> float:
        """Seconds until there is something to do."""
        ends = [self._due] if self._timeout is None or self.passed else [self._due, self._timeout]
        return max(0.0, min(ends) - self._seconds())

    def tick(self) -> bool:
        """Say how long it has been; True, once, when that is too long."""
        seconds = self._seconds()
        if seconds >= self._due:
            self._view.waiting(seconds)
            self._due = seconds + _TICK
        if self._timeout is not None and seconds >= self._timeout and not self.passed:
            self.passed = True
            return True
        return False

    def over(self) -> None:
        """The cell has ended."""
        self._view.waited(self._seconds())

    def _seconds(self) -> float:
        return time.monotonic() - self._began


class _Run:
    """What is known of one running cell."""

    def __init__(self, asked: Message, channel: Channel, inbox: Inbox, hearing: Hearing) -> None:
        self._asked = asked
        self._channel = channel
        self._inbox = inbox
        self._view = hearing.view
        self._hearing = hearing
        self._probe = ""
        self._asked_on = 0
        self._repeated = False
        self._news = ""
        self.started = False
        self._idle = False
        self._reply: Mapping[str, Any] | None = None

    @property
    def ended(self) -> bool:
        """Both channels have said their last: the reply and the idle status."""
        return self._idle and self._reply is not None

    def send(self) -> None:
        """Ask for the cell to be run."""
        self._channel.send(self._asked, self._inbox)

    def withdrawn(self) -> bool:
        """Whether the cell has not been sent, and now never will be."""
        return not self.started and not self._repeated and self._channel.withdraw(self._asked)

    def take(self, event: Event) -> None:
        """One message, or the news that the connection broke."""
        if isinstance(event, ConnectionLost):
            self._resume(event)
        elif isinstance(event, AgError):
            raise event
        elif not event.parent:
            self._told_everybody(event)
        elif event.parent == self._probe:
            self._tell_news()
            self._probed(event)
        elif event.parent != self._asked.header["msg_id"]:
            return  # of a question from before another break
        elif event.kind == "status":
            self.started = True
            self._idle = event.content.get("execution_state") == "idle"
        elif event.kind == "execute_reply":
            self._reply = event.content
        else:
            self._tell_news(event.content)
            self._hearing.hear(event)

    def outcome(self, *, interrupted: bool, timed_out: float | None) -> CellResult:
        """The result, or the error that the cell ended with."""
        reply = self._reply or {}
        failed = self._hearing.error or (reply if reply.get("status") != "ok" else None)
        self._tell_news(failed or {})
        if interrupted:
            raise CellInterrupted(lines_of(failed or {}))
        if failed is not None and timed_out is not None:
            reason = f"the cell ran longer than {timed_out:g} seconds and was interrupted; the session goes on"
            raise CellTimedOut("CellTimedOut", reason, lines_of(failed))
        if failed is not None:
            raise failure(failed)
        if self._hearing.taken is not None:
            raise self._hearing.taken
        return self._hearing.result

    def _resume(self, problem: ConnectionLost) -> None:
        """Take the connection up again, and ask something whose answer comes after all that the cell still has to say."""
        check_final(problem)
        if problem.line is not None and problem.line < self._asked_on:
            return  # The reader and the writer may both tell of one break.
        self._view.notice("The connection to the enclave broke; taking it up again…")
        self._channel.reopen()
        self._asked_on = self._channel.opened
        self._ask_whether_done()

    def _ask_whether_done(self) -> None:
        probe = request("shell", "kernel_info_request", {}, str(self._asked.header["session"]))
        self._probe = str(probe.header["msg_id"])
        self._channel.send(probe, self._inbox)

    def _probed(self, message: Message) -> None:
        if message.kind != "kernel_info_reply" or self.ended:
            return
        if not self.started and not self._repeated:
            # It was lost on its way: the enclave runs a request once, however often it comes.
            self._repeated = True
            self.send()
            self._ask_whether_done()
            return
        state = "what it still had to say is lost" if self.started else "it did not reach the kernel"
        raise ConnectionLost(f"the connection broke while the cell ran, and {state}; the session goes on")

    def _tell_news(self, said: Mapping[str, Any] = _NOTHING) -> None:
        """Show what the gateway said to everybody, unless the error that is ``said`` next says the same."""
        if self._news and said.get("evalue") != self._news:
            self._view.notice(self._news)
            self._news = ""

    def _told_everybody(self, message: Message) -> None:
        if message.kind == "stream":
            self._tell_news()
            self._news = str(message.content.get("text", "")).strip()
        else:
            check_alive(message, self._news)


_SESSION_ERRORS = frozenset({"SessionLost", "KernelRestarted"})
"""What the gateway says in the kernel's place when it is gone."""

_FINAL_CLOSES: Mapping[int | None, Callable[[str], Exception]] = {
    1003: WireError,
    1009: lambda reason: CellRefused("CellRefused", f"the cell is larger than the enclave accepts: {reason}", []),
}
"""Websocket close codes after which another connection would end the same way."""


def check_final(problem: ConnectionLost) -> None:
    """Raise what a break means that another connection wouldn't mend."""
    if problem.code in _FINAL_CLOSES:
        raise _FINAL_CLOSES[problem.code](str(problem))


def check_alive(message: Message, news: str = "") -> None:
    """Raise SessionError where a message to everybody says that the kernel is gone; ``news`` is the reason it gave."""
    end = _ENDS.get(str(message.content.get("execution_state"))) if message.kind == "status" else None
    if end is not None:
        raise SessionError(news or end)


def failure(failed: Mapping[str, Any]) -> AgError:
    """What a reply that is no success means."""
    name, text = str(failed.get("ename") or "CellError"), str(failed.get("evalue", ""))
    if name in _SESSION_ERRORS:
        return SessionError(text)
    kind = CellRefused if name == "CellRefused" else CellError
    return kind(name, text, lines_of(failed))

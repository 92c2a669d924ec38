"""The bench: runs reviewed code on lent tables, and looks at what is to leave, each in a process that is thrown away.

Wires sockets from lenders to the process, reads none of the rows that pass there, and takes one outcome and one value back, both bounded.
"""

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ag_enclave.bridge.frames import frame, read_frame
from ag_enclave.config import Review as Limits
from ag_enclave.errors import MalformedMessage, Refusal, SessionLost
from ag_enclave.review import Ended
from ag_enclave.session.nurseries import Nurseries
from ag_sandbox.nursery import Child

_LONGEST_HEAD = 4 << 20
_LONGEST_TEXT = 128 << 10
_RUN = "run"
_KINDS = ("result", "refused", "error")
_DIED = "It ended without an outcome: it used more memory or processor time than it may."
_LATE = "It did not end within {} seconds and was stopped."


@dataclass(frozen=True, slots=True, kw_only=True)
class Lent:
    """An argument and the table that is lent for it: of this folder, or made up from what is public about it."""

    argument: str
    folder: Path
    table: str
    mock: bool


class Bench:
    """So many runs on data at once, and as many on mocks; others wait. Whoever submits code must not feel how long another's keeps data."""

    def __init__(self, nurseries: Nurseries, limits: Limits) -> None:
        self._nurseries = nurseries
        self.limits = limits
        self._places = {mock: asyncio.Semaphore(limits.at_once) for mock in (True, False)}

    async def run(self, source: str, function: str, tables: Sequence[Lent]) -> Ended:
        """Run a function on tables; what it gives is looked at and written anew by another process before anybody has it."""
        asked = {"mode": _RUN, "source": source, "function": function}
        async with self._places[all(each.mock for each in tables)]:
            ended = await self._once(asked, tables, None)
            if ended.value is None:
                return ended
            checked = await self._once({"mode": "airlock"}, tables, ended.value)
        return Ended(
            outcome=checked.outcome,
            seconds=ended.seconds,
            lines=checked.lines,
            printed=ended.printed,
            warnings=checked.warnings,
            value=checked.value,
        )

    async def look(self, value: bytes, tables: Sequence[Lent]) -> Ended:
        """A value that an owner gives: what there is to look at, and the same written anew."""
        async with self._places[all(each.mock for each in tables)]:
            return await self._once({"mode": "airlock"}, tables, value)

    async def _once(self, asked: dict[str, Any], tables: Sequence[Lent], value: bytes | None) -> Ended:
        limits = self.limits
        bounds = {"result_bytes": limits.result_bytes, "printed_bytes": limits.printed_bytes}
        settings = {**asked, **bounds, "arguments": [each.argument for each in tables]}
        try:
            await self._nurseries.ready_to_review()
        except SessionLost as problem:
            raise Refusal(503, str(problem)) from problem
        began = time.monotonic()
        async with contextlib.AsyncExitStack() as ending:
            try:
                async with asyncio.timeout(limits.seconds):
                    channel = await self._wired(settings, tables, value, ending)
                    said = await self._outcome(channel)
            except TimeoutError:
                return Ended(outcome="died", seconds=limits.seconds, lines=_LATE.format(limits.seconds))
            except SessionLost as problem:
                raise Refusal(503, str(problem)) from problem
            except (MalformedMessage, ValueError, OSError):
                return Ended(outcome="died", seconds=round(time.monotonic() - began, 2), lines=_DIED)
        return _ended(said, seconds=round(time.monotonic() - began, 2))

    async def _wired(
        self, settings: dict[str, Any], tables: Sequence[Lent], value: bytes | None, ending: contextlib.AsyncExitStack
    ) -> asyncio.StreamReader:
        """A process for the code, one for its types and a lender for each of its tables, all of which end with ``ending``; the outcome comes from here."""
        ours, theirs = _pair(ending)
        sockets = {"channel": theirs}
        types: socket.socket | None = None
        if settings["mode"] == _RUN:
            sockets["checker"], types = _pair(ending)
        ends = {each.argument: _pair(ending) for each in tables}
        sockets |= {f"table {name}": end[1] for name, end in ends.items()}
        giving: socket.socket | None = None
        if value is not None:
            giving, sockets["value"] = _pair(ending)
        born = await self._nurseries.reviewer(sockets, settings)
        ending.callback(_end, born)
        if types is not None:
            ending.callback(_end, await self._nurseries.review_checker(types))
            types.close()
        for each in tables:
            lender = await self._nurseries.lender(ends[each.argument][0], each.folder, each.table, mock=each.mock)
            ending.callback(_end, lender)
        for end in (theirs, *(end for pair in ends.values() for end in pair), *sockets.values()):
            end.close()  # so that the end of one process is the end of what the other reads
        if giving is not None and value is not None:
            await _give(giving, value)
        reader, writer = await asyncio.open_unix_connection(sock=ours)
        ending.callback(writer.close)
        return reader

    async def _outcome(self, channel: asyncio.StreamReader) -> tuple[dict[str, Any], bytes]:
        head = await read_frame(channel, _LONGEST_HEAD)
        value = await read_frame(channel, self.limits.result_bytes)
        if head is None or value is None:
            raise MalformedMessage("there was no outcome")
        said = json.loads(head)
        if not isinstance(said, dict) or said.get("kind") not in _KINDS:
            raise MalformedMessage("the outcome is none")
        return said, value


def _pair(ending: contextlib.AsyncExitStack) -> tuple[socket.socket, socket.socket]:
    pair = socket.socketpair()
    for end in pair:
        ending.callback(end.close)
    return pair


async def _give(stream: socket.socket, value: bytes) -> None:
    stream.setblocking(False)
    await asyncio.get_running_loop().sock_sendall(stream, frame(value))


def _end(child: Child) -> None:
    with contextlib.suppress(OSError):
        child.kill()
        child.close()


def _ended(said: tuple[dict[str, Any], bytes], *, seconds: float) -> Ended:
    """The outcome as what it may be: bounded texts, a list of sentences, and a value only where there is a result. The process is not trusted."""
    head, value = said
    kind = str(head["kind"])
    lines, warnings = head.get("lines"), head.get("warnings")
    return Ended(
        outcome=kind,
        seconds=seconds,
        lines=_text("\n".join(map(str, lines)) if isinstance(lines, list) else ""),
        printed=_text(str(head.get("printed", ""))),
        warnings=tuple(_text(str(each)[:500], lines=False) for each in warnings[:100])
        if isinstance(warnings, list)
        else (),
        value=value if kind == "result" else None,
    )


def _text(text: str, *, lines: bool = True) -> str:
    """As an owner may be shown it, in whatever terminal: what the code says can't erase or hide what the enclave says of it."""
    kept = text.encode("utf-8", "replace")[:_LONGEST_TEXT].decode("utf-8", "ignore").replace("\r", "\n")
    allowed = "\n\t" if lines else ""
    return "".join(each if each.isprintable() or each in allowed else "\N{REPLACEMENT CHARACTER}" for each in kept)

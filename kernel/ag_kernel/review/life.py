"""The life of a process for reviewed code: it reads the tables it is lent, does one thing, writes one outcome, and ends.

Two things may be done, never both in one process: ``run`` a function on tables, or, without running anything, look at a value that leaves
(``airlock``). It must not know who wrote the function, nor whom the value is for.
"""

import linecache
import socket
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
import pandas as pd

import ag_utils
import ag_utils.desk
from ag_kernel import parcel, reserve
from ag_kernel.builtin_names import BUILTINS
from ag_kernel.compiler.checker_client import CheckerClient
from ag_kernel.compiler.examine import Examined, examine
from ag_kernel.compiler.problem import Problem, in_order, render_all
from ag_kernel.decode import decode
from ag_kernel.errors import KernelError
from ag_kernel.export import Encoder
from ag_kernel.facade import imports
from ag_kernel.faults import describe
from ag_kernel.review.airlock import warnings
from ag_kernel.review.desk import ReviewDesk
from ag_kernel.review.tables import read_table
from ag_kernel.run import execute
from ag_plan.frames import receive_frame, send_frame

_LONGEST_LINES: Final = 16 << 10


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """``arguments``: the function's arguments, each a table that comes over the socket of the same name; ``strict``: of the types."""

    mode: str
    arguments: tuple[str, ...]
    source: str = ""
    function: str = ""
    strict: bool = False
    result_bytes: int = 8 << 20
    printed_bytes: int = 64 << 10


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it: ``result`` (bytes follow), ``refused`` by policy or types, or ``error``; lines to show, what was printed, what to look at."""

    kind: str
    lines: tuple[str, ...] = ()
    printed: str = ""
    warnings: tuple[str, ...] = ()


def main(sockets: Mapping[str, socket.socket], settings: Mapping[str, Any]) -> None:
    """Do what is asked, and write two frames: the outcome as JSON, and the value's bytes, empty where there is none."""
    asked = msgspec.convert(dict(settings), Settings)
    channel = sockets["channel"]
    outcome, value = _MODES[asked.mode](asked, sockets)
    send_frame(channel, msgspec.json.encode(outcome))
    send_frame(channel, value)


def _run(asked: Settings, sockets: Mapping[str, socket.socket]) -> tuple[Outcome, bytes]:
    """Judge the text, and where nothing is wrong run it: its value encoded, or its error cut to its own lines."""
    desk = ReviewDesk(limit=asked.printed_bytes)
    ag_utils.desk.bind(desk)
    namespace: dict[str, Any] = {
        "__name__": "__main__",
        "__builtins__": {**BUILTINS, "print": ag_utils.ag_print, "__import__": imports().import_},
    }
    examined = examine(asked.source, 1)
    problems = [*examined.problems, *_types(examined, sockets["checker"], strict=asked.strict)]
    if examined.body is None or problems:
        lines = render_all(list(in_order(problems)), examined.source, 1).split("\n")
        return Outcome(kind="refused", lines=_bounded(lines)), b""
    linecache.cache[examined.filename] = (
        len(examined.source),
        None,
        examined.source.splitlines(keepends=True),
        examined.filename,
    )
    try:
        tables = _tables(asked, sockets)
        with reserve.kept():
            execute(examined.body, examined.last, namespace, lambda _value: None)
            value = _called(namespace, asked.function, tables)
            run = _encoded(value, asked.result_bytes)
    except BaseException as error:  # noqa: BLE001 - whatever the code raises is its outcome
        fault = describe(error, {examined.filename: examined.source})
        return Outcome(kind="error", lines=_bounded(fault.lines), printed=desk.text), b""
    return Outcome(kind="result", printed=desk.text), run


def _types(examined: Examined, stream: socket.socket, *, strict: bool) -> tuple[Problem, ...]:
    """The types' word on the text; that which is no Python has none. The checker is let go before anything runs."""
    with stream:
        if any(problem.kind == "syntax" for problem in examined.problems):
            return ()
        checker = CheckerClient(stream)
        checker.start({}, strict=strict)
        return checker.check(1, examined.source)


def _airlock(asked: Settings, sockets: Mapping[str, socket.socket]) -> tuple[Outcome, bytes]:
    """Decode the value, look at it beside the tables, and write it anew: nothing travels but what the value is."""
    given = receive_frame(sockets["value"]) or b""
    try:
        head, buffers = parcel.unpack(bytearray(given))
        value = decode(head.get("value"), buffers)
        run = _encoded(value, asked.result_bytes)
    except (KernelError, ValueError, RecursionError) as problem:
        return Outcome(kind="refused", lines=_bounded([str(problem)])), b""
    tables = _tables(asked, sockets)
    return Outcome(kind="result", warnings=tuple(warnings(value, tables, size=len(run)))), run


def _tables(asked: Settings, sockets: Mapping[str, socket.socket]) -> dict[str, pd.DataFrame]:
    found = {}
    for name in asked.arguments:
        with sockets[f"table {name}"] as stream:
            found[name] = read_table(stream)
    return found


def _called(namespace: Mapping[str, Any], name: str, tables: Mapping[str, pd.DataFrame]) -> Any:
    function = namespace.get(name)
    if not callable(function):
        raise TypeError(f"the text defines no function {name}")
    return function(**tables)


def _encoded(value: Any, most: int) -> bytes:
    """The value as bytes. ValueError where it is no data or too large."""
    encoder = Encoder()
    run = b"".join(parcel.pack({"value": encoder.encode(value)}, encoder.buffers))
    if len(run) > most:
        raise ValueError(f"the value takes {len(run):,} bytes, and a result may have {most:,}")
    return run


def _bounded(lines: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    text = "\n".join(lines)
    return tuple(text[:_LONGEST_LINES].split("\n"))


_MODES: Final[Mapping[str, Callable[[Settings, Mapping[str, socket.socket]], tuple[Outcome, bytes]]]] = {
    "run": _run,
    "airlock": _airlock,
}

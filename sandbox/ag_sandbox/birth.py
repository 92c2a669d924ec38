"""A child's life from the fork to its entry point: hear the order, lock, say so, run. Knows nothing of the nursery's other children."""

import importlib
import os
import socket
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ag_sandbox import line as wire
from ag_sandbox.errors import JailRefused
from ag_sandbox.inmate import Inmate, sizes
from ag_sandbox.jail import lock
from ag_sandbox.numbers import Numbers
from ag_sandbox.profile import JSON, Grants, Profile

EXIT_REFUSED = 70
EXIT_FAILED = 1
_STDERR = 2
_LONGEST_REASON = 300

Entry = Callable[[dict[str, socket.socket], dict[str, JSON]], None]
Before = Callable[[dict[str, JSON]], tuple[int, ...]]
"""What is opened before the jail closes, from settings that no guest has a say in; its descriptors."""


def entry_point(name: str) -> Entry:
    """The callable behind ``package.module:function``."""
    module, _, function = name.partition(":")
    found: Entry = getattr(importlib.import_module(module), function)
    return found


def before_point(name: str) -> Before:
    """The callable behind ``package.module:function`` that runs before the jail closes."""
    found: Any = entry_point(name)
    return found  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """What a nursery passes on to every child: where public code is, descriptors of /proc and of itself, what children have of their own."""

    profile: Profile
    entry: Entry
    before: Before | None
    python: tuple[str, ...]
    proc: int
    enclosed: bool
    parted: bool
    numbers: Numbers
    space: int
    users: bool
    parent: int
    guardian: int


def live(line: socket.socket, home: Home) -> int:
    """Live one child's life in this process; its exit status."""
    # A session of its own: no terminal, no group to be signalled with; and hosts that share processors among sessions ("autogroup")
    # then weigh this child by itself, so that one that computes can stand back behind its siblings.
    os.setsid()
    profile = home.profile
    address_space, data = sizes(home.proc)
    order, descriptors = wire.hear(line)
    if order is None:
        return EXIT_REFUSED
    names: Any = order["sockets"]
    settings: Any = order["settings"]
    sockets = {str(name): socket.socket(fileno=d) for name, d in zip(names, descriptors, strict=True)}
    try:
        brought = home.before(settings) if home.before is not None else ()
    except Exception as error:  # noqa: BLE001 - whatever it was, nothing has begun
        wire.say(line, {"refused": f"{error}"[:_LONGEST_REASON]})
        return EXIT_REFUSED
    inmate = Inmate(
        profile=profile,
        grants=_grants(order["grants"]),
        python=home.python,
        keep=frozenset({*descriptors, *brought, line.fileno(), *((_STDERR,) if profile.logs else ())}),
        parent=home.parent,
        proc=home.proc,
        address_space_bytes=address_space,
        data_bytes=data,
        guardian=home.guardian,
        enclosed=home.enclosed,
        alone=home.numbers is not Numbers.SHARED,
    )
    try:
        lock(inmate)
    except JailRefused as reason:
        wire.say(line, {"refused": str(reason)})
        return EXIT_REFUSED
    wire.say(line, {"locked": True})
    line.close()
    return _run(home.entry, sockets, settings)


def _run(entry: Entry, sockets: dict[str, socket.socket], settings: dict[str, JSON]) -> int:
    sys.dont_write_bytecode = True
    try:
        entry(sockets, settings)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else EXIT_FAILED * (end.code is not None)
    except BaseException as error:  # noqa: BLE001 - the last frame of the process: say where, then end
        _report(error)
        return EXIT_FAILED
    return 0


def _report(error: BaseException) -> None:
    """Where it failed and with what kind of error. Never the message: it could quote a private value."""
    frames = traceback.extract_tb(error.__traceback__)
    places = "".join(f"  {frame.filename}:{frame.lineno} in {frame.name}\n" for frame in frames)
    os.write(_STDERR, f"{type(error).__name__} at\n{places}".encode(errors="replace"))


def _grants(value: Any) -> Grants:
    return Grants(
        read=tuple(map(Path, value["read"])),
        write=tuple(map(Path, value["write"])),
        memory_bytes=value["memory_bytes"],
        processes=value["processes"],
        cpu_seconds=value["cpu_seconds"],
        file_bytes=value["file_bytes"],
        user=value["user"],
        group=value["group"],
    )

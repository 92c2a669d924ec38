"""Nurseries as the gateway sees them: start one per profile, spawn locked children, interrupt, end and await them.

Run as a module it is the nursery itself. Never imports what the children run.
"""

import contextlib
import os
import socket
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from ag_sandbox import line as wire
from ag_sandbox.child import Child
from ag_sandbox.errors import JailRefused, NurseryGone
from ag_sandbox.profile import JSON, Grants
from ag_sandbox.profiles import PROFILES

__all__ = ["Child", "Grants", "JailRefused", "Nursery", "NurseryGone"]

_WARM_SECONDS = 300.0
_BIRTH_SECONDS = 60.0
_END_SECONDS = 5.0
_DYING_SECONDS = 1.0
_KEPT_ENVIRONMENT = ("HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "PYTHONPATH")
"""All that a nursery inherits of the gateway's environment: secrets are handed over in environments."""
_SOMEWHERE_PUBLIC = sysconfig.get_path("stdlib")
"""Working directory of a nursery: an empty entry on the import path means the working directory, and the path is readable."""


class Nursery:
    """A warm process that bears locked children of one profile. All methods may be called from any thread.

    ``enclosed``: its children have a file tree of their own, with nothing in it but public code; ``parted``: no network and
    no shared memory with the host; ``alone``: process numbers of their own;    ``users``: they may be given a user of their own.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", control: socket.socket, profile: str) -> None:
        self.profile = profile
        self.enclosed = self.parted = self.alone = self.users = False
        self._process = process
        self._control = control
        self._turn = threading.Lock()

    @classmethod
    def start(
        cls,
        *,
        profile: str,
        entry: str,
        preload: Sequence[str] = (),
        warm: str | None = None,
        log: Path | None = None,
        user: int | None = None,
        before: str | None = None,
    ) -> "Nursery":
        """Start a nursery and wait until it is warm. ``entry``, ``warm``, ``before`` as ``package.module:function``. Raises NurseryGone.

        ``user``: one of those its children shall be given, to be tried. ``before``: what each child does with its settings before its jail
        closes, and which descriptors it keeps of that: for a connection that no jailed process could open.
        """
        control, theirs = wire.pair()
        arguments = ["--profile", profile, "--entry", entry, "--control", str(theirs.fileno())]
        arguments += [word for module in preload for word in ("--preload", module)]
        arguments += ["--warm", warm] if warm else []
        arguments += ["--user", str(user)] if user is not None else []
        arguments += ["--before", before] if before else []
        with theirs, _log_file(log) as errors:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "ag_sandbox.nursery", *arguments],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env=_environment(profile),
                cwd=_SOMEWHERE_PUBLIC,
                start_new_session=True,
            )
        nursery = cls(process, control, profile)
        try:
            nursery._await_warmth()
        except BaseException:
            nursery.close()
            raise
        return nursery

    @property
    def pid(self) -> int:
        """The nursery's own process number."""
        return self._process.pid

    def alive(self) -> bool:
        """Whether it still runs. A dead one is replaced by starting a new one; its children died with it."""
        return self._process.poll() is None

    def spawn(self, *, sockets: Mapping[str, socket.socket], settings: Mapping[str, JSON], grants: Grants) -> Child:
        """A child that is locked and proven so. Raises JailRefused or NurseryGone. The caller closes its own copies of ``sockets``."""
        line, theirs = wire.pair()
        try:
            with theirs, self._turn:
                try:
                    wire.say(self._control, {"birth": True}, (theirs.fileno(),))
                except OSError:
                    raise NurseryGone(f"the {self.profile} nursery is gone; start a new one") from None
            wire.say(line, _order(sockets, settings, grants), [s.fileno() for s in sockets.values()])
            return _await_lock(line, self.profile)
        except BaseException as problem:
            line.close()
            if isinstance(problem, NurseryGone | OSError):
                self._settle()
            raise

    def _settle(self) -> None:
        """Let a death be seen: its sockets close a moment before it can be waited for, and ``alive`` must not say otherwise."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_DYING_SECONDS)

    def close(self) -> None:
        """End the nursery and all its children."""
        self._control.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _await_warmth(self) -> None:
        self._control.settimeout(_WARM_SECONDS)
        try:
            word, _ = wire.hear(self._control)
        except TimeoutError:
            raise NurseryGone(f"the {self.profile} nursery was not warm after {_WARM_SECONDS:.0f} s") from None
        self._control.settimeout(None)
        if word is None:
            raise NurseryGone(f"the {self.profile} nursery died while it started")
        if "failed" in word:
            raise NurseryGone(f"the {self.profile} nursery could not start: {word['failed']}")
        self.enclosed, self.parted = word.get("enclosed") is True, word.get("parted") is True
        self.alone, self.users = word.get("alone") is True, word.get("users") is True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@contextlib.contextmanager
def _log_file(log: Path | None) -> Iterator[int]:
    """A descriptor to append to, or one that swallows everything."""
    descriptor = os.open(log or os.devnull, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _environment(profile: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    return kept | dict(PROFILES[profile].environment)


def _order(sockets: Mapping[str, socket.socket], settings: Mapping[str, JSON], grants: Grants) -> wire.Word:
    return {
        "sockets": list(sockets),
        "settings": dict(settings),
        "grants": {
            "read": [str(path) for path in grants.read],
            "write": [str(path) for path in grants.write],
            "memory_bytes": grants.memory_bytes,
            "processes": grants.processes,
            "cpu_seconds": grants.cpu_seconds,
            "file_bytes": grants.file_bytes,
            "user": grants.user,
            "group": grants.group,
        },
    }


def _await_lock(line: socket.socket, profile: str) -> Child:
    """The child, once it is born and locked. The two words come from two processes, in either order."""
    deadline = time.monotonic() + _BIRTH_SECONDS
    pid, pidfd, locked = 0, -1, False
    refusal: str | None = None
    gone = False
    while refusal is None and not (locked and pidfd >= 0):
        line.settimeout(max(0.001, deadline - time.monotonic()))
        try:
            word, descriptors = wire.hear(line)
        except TimeoutError:
            refusal = f"it was not locked after {_BIRTH_SECONDS:.0f} s"
            break
        if word is None:
            refusal, gone = "its nursery died", True
        elif "born" in word:
            pid, pidfd = _whole(word["born"]), descriptors[0]
        elif "locked" in word:
            locked = True
        elif "refused" in word:
            refusal = str(word["refused"])
        else:
            refusal = f"it ended with status {word.get('exited')} before it was locked"
    line.settimeout(None)
    if pidfd >= 0:
        child = Child(pid, pidfd, line)
        if refusal is None:
            return child
        child.close()
    raise (NurseryGone if gone else JailRefused)(f"a {profile} child was not started: {refusal}")


def _whole(value: JSON) -> int:
    if not isinstance(value, int):
        raise NurseryGone("a nursery said something that is not a number")
    return value


def _main() -> int:
    import argparse

    from ag_sandbox import birth, warm

    words = argparse.ArgumentParser(prog="python -m ag_sandbox.nursery")
    words.add_argument("--profile", required=True, choices=sorted(PROFILES))
    words.add_argument("--entry", required=True)
    words.add_argument("--preload", action="append", default=[])
    words.add_argument("--warm")
    words.add_argument("--control", type=int, required=True)
    words.add_argument("--user", type=int)
    words.add_argument("--before")
    given = words.parse_args()
    control = socket.socket(fileno=given.control)
    control.set_inheritable(False)
    try:
        entry = warm.warm_up(given.entry, given.preload, given.warm)
        before = birth.before_point(given.before) if given.before else None
        home = warm.settle(PROFILES[given.profile], entry, given.user, before)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a preloaded module raises is the starter's to know
        wire.say(control, {"failed": f"{type(error).__name__}: {error}"[:2000]})
        return 1
    return warm.main(control, home)


if __name__ == "__main__":
    os._exit(_main())

"""Control groups, version 2: what a session's processes may use together, and one word that ends them all. Knows files, no sessions.

Used where a subtree is delegated to whoever serves: in a container with a cgroup namespace of its own, under a systemd unit with
``Delegate=yes``, or where the operator names one. Elsewhere the limits are per process (rlimits) alone.
"""

import contextlib
import errno
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

CONTROLLERS: Final = ("memory", "pids", "cpu")
_MARKS = ("user.delegate", "trusted.delegate")
"""How systemd marks a subtree that its unit may divide."""
_GATEWAY = "ag-gateway"
_SETTLED = "ag-sessions"


class NotDelegated(Exception):
    """There is no subtree to divide here, and why."""


@dataclass(frozen=True, slots=True)
class Group:
    """One session's group."""

    path: Path

    def add(self, pid: int) -> None:
        """Put a process in. Raises OSError."""
        _write(self.path / "cgroup.procs", str(pid))

    def kill(self) -> None:
        """End every process in it at once, also one that is just being born."""
        with contextlib.suppress(OSError):
            _write(self.path / "cgroup.kill", "1")

    def ran_out(self) -> bool:
        """Whether the kernel ended a process of it for want of memory."""
        try:
            lines = (self.path / "memory.events").read_text(encoding="ascii").splitlines()
        except OSError:
            return False
        return any(line.startswith("oom_kill ") and line != "oom_kill 0" for line in lines)

    def remove(self) -> None:
        """Give it back; its processes are gone."""
        with contextlib.suppress(OSError):
            self.path.rmdir()


@dataclass(frozen=True, slots=True)
class Groups:
    """A subtree that is ours to divide. ``controllers``: those of memory, pids and cpu that can be limited in it."""

    path: Path
    controllers: tuple[str, ...]

    @classmethod
    def settle(cls, home: Path) -> Self:
        """Move this process into a leaf (only leaves may hold processes) and hand the controllers down. NotDelegated where that fails."""
        try:
            for leaf in (home / _GATEWAY, home / _SETTLED):
                leaf.mkdir(exist_ok=True)
            _write(home / _GATEWAY / "cgroup.procs", str(os.getpid()))
        except OSError as reason:
            raise NotDelegated(f"{home} can't be divided: {reason.strerror}") from None
        offered = (home / "cgroup.controllers").read_text(encoding="ascii").split()
        wanted = [name for name in CONTROLLERS if name in offered]
        settled = tuple(name for name in wanted if _enable(home, name) and _enable(home / _SETTLED, name))
        if not settled:
            raise NotDelegated(f"{home} holds other processes, or hands no controller down")
        for left in (home / _SETTLED).iterdir():
            if left.is_dir():
                Group(left).kill()
                Group(left).remove()
        return cls(home / _SETTLED, settled)

    def group(self, name: str, limits: Mapping[str, str]) -> Group:
        """A new group with these limits: file of the group → its text; those whose controller isn't here are left out. Raises OSError."""
        group = Group(self.path / name)
        group.path.mkdir()
        for file, text in limits.items():
            if file.partition(".")[0] in self.controllers and (group.path / file).exists():
                _write(group.path / file, text)
        return group


def delegated(mounts: str, own: str) -> Path:
    """The delegated subtree, from the texts of /proc/self/mountinfo and /proc/self/cgroup. NotDelegated with the reason."""
    roots = [line.split() for line in mounts.splitlines() if " - cgroup2 " in line]
    place = next((line[3:] for line in own.splitlines() if line.startswith("0::")), "")
    if not roots or not place:
        raise NotDelegated("control groups of version 2 are not mounted")
    home = Path(roots[0][4]) / place.lstrip("/")
    offered = _controllers(home)
    if not offered:
        raise NotDelegated(f"none of {', '.join(CONTROLLERS)} is offered at {home}")
    if not os.access(home / "cgroup.procs", os.W_OK):
        raise NotDelegated(f"{home} belongs to somebody else")
    if place != "/" and not any(_marked(home, mark) for mark in _MARKS):
        raise NotDelegated(
            f"{home} is not marked as delegated (systemd: Delegate=yes); jail.cgroup may name it all the same"
        )
    return home


def here() -> Path:
    """The delegated subtree of this process. NotDelegated with the reason."""
    try:
        texts = [Path(path).read_text(encoding="utf-8") for path in ("/proc/self/mountinfo", "/proc/self/cgroup")]
    except OSError as reason:
        raise NotDelegated(f"/proc can't be read: {reason.strerror}") from None
    return delegated(*texts)


def _controllers(home: Path) -> list[str]:
    try:
        offered = (home / "cgroup.controllers").read_text(encoding="ascii").split()
    except OSError:
        return []
    return [name for name in CONTROLLERS if name in offered]


def _marked(home: Path, mark: str) -> bool:
    try:
        return os.getxattr(home, mark) == b"1"
    except OSError:
        return False


def _enable(group: Path, controller: str) -> bool:
    try:
        _write(group / "cgroup.subtree_control", f"+{controller}")
    except OSError as reason:
        if reason.errno in {errno.EBUSY, errno.ENOENT, errno.EACCES, errno.EPERM, errno.EINVAL}:
            return False
        raise
    return True


def _write(file: Path, text: str) -> None:
    """One write of the whole text: these files take a word at a time."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, text.encode("ascii"))
    finally:
        os.close(descriptor)

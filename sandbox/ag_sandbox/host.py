"""What this host offers a jail, for whoever runs ``ag-enclave doctor``. Looks and reports; changes nothing.

The last rows are no look but a trial: one process per profile is really locked, and its probe must find no hole.
"""

import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ag_sandbox import cgroup
from ag_sandbox import linux_unsafe as linux
from ag_sandbox.errors import HostTooOld
from ag_sandbox.profiles import PROFILES
from ag_sandbox.syscalls import machine

_TRIAL_SECONDS = 20
A_USER = 1_090_000_000
"""Nobody's on a usual host."""
_TRIES_NUMBERS = """from ag_sandbox import inmate, numbers, view
if view.can_part():
    view.part()
raise SystemExit(numbers.way(numbers.home(inmate.open_proc())) is numbers.Numbers.SHARED)
"""
_TRIED = (
    (
        "process numbers of their own",
        _TRIES_NUMBERS,
        "every process of a session is the first and only one it can see",
        "can't be made here: processes of a session know each other's numbers, and may do nothing with them",
    ),
    (
        "network and shared memory of their own",
        "from ag_sandbox.view import can_part; raise SystemExit(not can_part())",
        "the processes of sessions have no network interface at all",
        "can't be made here: seccomp alone denies sockets",
    ),
    (
        "users of their own",
        "import os; os.setgroups([]); os.setresgid(*[1090000000] * 3); os.setresuid(*[1090000000] * 3)",
        "every process of a session is a user nobody else is",
        "needs root with the capability to become others: sessions share the enclave's user, kept apart by Landlock and seccomp",
    ),
)
"""Name, a program that ends well where the host allows it, what it means where it does, and where not."""
_TRIES_A_VIEW = "from ag_sandbox.view import can_enclose; raise SystemExit(not can_enclose(['/usr']))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing a host has or lacks. ``needed``: without it nothing may be started. ``meaning``: one sentence for the operator."""

    name: str
    present: bool
    needed: bool
    meaning: str


def report() -> tuple[Finding, ...]:
    """Everything that bears on the jail, the needed first. The host will do if every needed one is present."""
    return tuple(finding for look in LOOKS for finding in look())


def _processor() -> Iterator[Finding]:
    try:
        yield Finding(name="processor", present=True, needed=True, meaning=f"{machine()}: its system calls are known")
    except HostTooOld as reason:
        yield Finding(name="processor", present=False, needed=True, meaning=str(reason))


def _landlock() -> Iterator[Finding]:
    abi = linux.landlock_abi()
    said = (
        f"ABI {abi} on kernel {platform.release()}" if abi else "missing: Linux 5.13 with landlock among lsm= is needed"
    )
    yield Finding(name="landlock", present=abi >= 1, needed=True, meaning=said)
    for since, what in (
        (3, "truncating by path"),
        (4, "TCP ports"),
        (5, "driving devices"),
        (6, "signals and abstract sockets"),
    ):
        meaning = (
            "denied by Landlock too" if abi >= since else f"denied by seccomp alone (ABI {since} would add a wall)"
        )
        yield Finding(name=f"landlock {what}", present=abi >= since, needed=False, meaning=meaning)


def _seccomp() -> Iterator[Finding]:
    actions = _read("/proc/sys/kernel/seccomp/actions_avail").split()
    sound = {"allow", "errno", "kill_process"} <= set(actions)
    meaning = (
        "filters, refusals and killing are available"
        if sound
        else "missing: a kernel with CONFIG_SECCOMP_FILTER is needed"
    )
    yield Finding(name="seccomp", present=sound, needed=True, meaning=meaning)


def _extras() -> Iterator[Finding]:
    alone = _tries([sys.executable, "-P", "-c", _TRIES_A_VIEW])
    meaning = (
        "kernel and checker live in a tree of public code, where no other file has a name"
        if alone
        else "can't be made here: a guest that knows a file's path can ask for its size and times; keep the state directory "
        "under a path nobody can guess"
    )
    yield Finding(name="own file tree for guests", present=alone, needed=False, meaning=meaning)
    yield from _more_walls()
    swap = len(_read("/proc/swaps").splitlines()) > 1
    meaning = (
        "off: rows never reach a disk that way"
        if not swap
        else "on: rows may reach the swap disk; encrypt it or switch it off"
    )
    yield Finding(name="no swap", present=not swap, needed=False, meaning=meaning)


def _more_walls() -> Iterator[Finding]:
    for name, program, here, otherwise in _TRIED:
        present = _tries([sys.executable, "-P", "-c", program])
        yield Finding(name=name, present=present, needed=False, meaning=here if present else otherwise)
    try:
        groups, meaning = True, f"can be set beneath {cgroup.here()}"
    except cgroup.NotDelegated as reason:
        groups, meaning = False, f"can't be set here: {reason}; memory and threads are bounded per process by rlimits"
    yield Finding(name="cgroup v2 limits", present=groups, needed=False, meaning=meaning)


def _trials() -> Iterator[Finding]:
    for profile in PROFILES.values():
        begun = time.monotonic()
        locked = _tries([sys.executable, "-P", "-m", "ag_sandbox.run", "--profile", profile.name])
        said = (
            f"locked, no hole found, in {1000 * (time.monotonic() - begun):.0f} ms with its interpreter"
            if locked
            else "can't be locked here"
        )
        yield Finding(name=f"jail of the {profile.name}", present=locked, needed=True, meaning=said)


def _loader() -> Iterator[Finding]:
    present = can_be_a_user("loader", A_USER)
    meaning = (
        "who parses an owner's files is a user that nobody else is, in a file tree of these files"
        if present
        else "needs root, code that everybody may read, and a file tree of its own: the loader is the enclave's user, kept in by Landlock and seccomp"
    )
    yield Finding(name="a user of its own for the loader", present=present, needed=False, meaning=meaning)


def can_be_a_user(profile: str, user: int) -> bool:
    """Whether ``run`` can lock this profile as that user here: tried in a process of its own."""
    return _tries([sys.executable, "-P", "-m", "ag_sandbox.run", "--profile", profile, "--user", str(user)])


def _tries(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=_TRIAL_SECONDS, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""


LOOKS: tuple[Callable[[], Iterator[Finding]], ...] = (_processor, _landlock, _seccomp, _trials, _extras, _loader)
"""Needed things first."""

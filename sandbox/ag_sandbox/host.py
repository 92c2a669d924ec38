"""What this host offers a jail, for whoever runs ``ag-enclave doctor``. Looks and reports; changes nothing.

The last rows are no look but a trial: one process per profile is really locked, and its probe must find no hole.
"""

import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ag_sandbox import linux_unsafe as linux
from ag_sandbox.errors import HostTooOld
from ag_sandbox.profiles import PROFILES
from ag_sandbox.syscalls import machine

_TRIAL_SECONDS = 20
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
            f"{what}: denied by Landlock too"
            if abi >= since
            else f"{what}: denied by seccomp alone (ABI {since} would add a wall)"
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
    groups = os.access("/sys/fs/cgroup/cgroup.controllers", os.R_OK) and os.access(
        "/sys/fs/cgroup/cgroup.procs", os.W_OK
    )
    meaning = "can be set here" if groups else "can't be set here; memory is bounded per process by rlimits"
    yield Finding(name="cgroup v2 limits", present=groups, needed=False, meaning=meaning)
    swap = len(_read("/proc/swaps").splitlines()) > 1
    meaning = (
        "off: rows never reach a disk that way"
        if not swap
        else "on: rows may reach the swap disk; encrypt it or switch it off"
    )
    yield Finding(name="no swap", present=not swap, needed=False, meaning=meaning)


def _trials() -> Iterator[Finding]:
    for profile in PROFILES.values():
        begun = time.monotonic()
        locked = _tries([sys.executable, "-P", "-m", "ag_sandbox.run", "--profile", profile.name, "ag_sandbox.errors"])
        said = (
            f"locked, no hole found, in {1000 * (time.monotonic() - begun):.0f} ms with its interpreter"
            if locked
            else "can't be locked here"
        )
        yield Finding(name=f"jail of the {profile.name}", present=locked, needed=True, meaning=said)


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


LOOKS: tuple[Callable[[], Iterator[Finding]], ...] = (_processor, _landlock, _seccomp, _trials, _extras)
"""Needed things first."""

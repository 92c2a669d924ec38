"""The probe: tries from inside what must be impossible, before the child may say "locked". Believes no step.

Every attempt is harmless where it succeeds. What a profile allows by condition is tried on the far side of the condition.
"""

import ctypes
import errno
import mmap
import os
import resource
import select
import signal
import struct
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from ag_sandbox import linux_unsafe as linux
from ag_sandbox.inmate import Inmate
from ag_sandbox.syscalls import ARCHITECTURES, NUMBERS, machine

_TRIED_NUMBERS = (*range(335), *range(424, 512))
"""Up to beyond the newest call of any kernel we know; an allow-list refuses the unknown alike. The gap in the middle is no hole:
numbers there belong to the kernel's own probes, which seccomp never sees and which end whoever else uses them."""
_NOT_TRIED_BLINDLY = frozenset({"fork", "vfork", "rt_sigsuspend"})
"""Calls without arguments that could go wrong: they would do harm where they succeed. A fork is tried with care below."""
_REFUSALS = frozenset({errno.EPERM, errno.EACCES, errno.ENOSYS})
_CAN_NOT_BE_MADE = _REFUSALS | {errno.EROFS, errno.EOPNOTSUPP}
"""A file system that nobody can write, or that makes no file without a name, says so before Landlock is asked."""
_F_SETOWN, _F_SETLEASE, _TIOCSTI = 8, 1024, 0x5412

_HIGHEST_DESCRIPTOR = 1024
_OTHERS_DIRECTORIES = ("/", "/proc", "/root", "/home", "/etc", "/tmp", "/dev/shm", "/var", "/run", "/sys")  # noqa: S108 - tried, not used
_OTHERS_FILES = ("/etc/passwd", "/proc/self/mem", "/proc/self/maps", "/proc/1/environ")

Check = Callable[[Inmate], Iterator[str]]
"""Yields one phrase per hole."""


def holes(inmate: Inmate) -> list[str]:
    """What is possible though it must not be; empty for a sound jail. Stops at the first kind of hole: it must not dig."""
    for check in CHECKS:
        found = list(check(inmate))
        if found:
            return found
    return []


def _refused(attempt: Callable[[], object], refusals: frozenset[int] = _REFUSALS) -> bool:
    try:
        attempt()
    except OSError as reason:
        return reason.errno in refusals
    return False


def _granted(inmate: Inmate) -> set[str]:
    """Every path the child may read beneath, without symbolic links."""
    paths = {*map(str, inmate.grants.read), *map(str, inmate.grants.write), *inmate.python}
    return {os.path.realpath(path) for path in paths | {row.path for row in inmate.profile.readable}}


def _is_beneath(path: str, granted: set[str]) -> bool:
    return bool(granted & {path, *map(str, Path(path).parents)})


def privileges(inmate: Inmate) -> Iterator[str]:
    """No capability, no way to one, no debugger, no life after the parent, nobody else's name or number."""
    if linux.held_capabilities():
        yield "capabilities are left"
    if linux.process_control(linux.PR_GET_NO_NEW_PRIVS) != 1:
        yield "a program could gain privileges"
    if linux.process_control(linux.PR_GET_DUMPABLE) != 0:
        yield "a debugger could attach"
    if linux.parent_death_signal() != signal.SIGKILL:
        yield "it would outlive its parent"
    if inmate.grants.user is not None and {os.getuid(), os.geteuid()} != {inmate.grants.user}:
        yield "it is another user than was granted"
    if inmate.alone and os.getpid() != 1:
        yield "it has a number among others"


def dispositions(inmate: Inmate) -> Iterator[str]:
    """Signals do in the child what its profile says."""
    wanted = signal.default_int_handler if inmate.profile.interruptible else signal.SIG_IGN
    if signal.getsignal(signal.SIGINT) is not wanted:
        yield "an interrupt would run another's handler"
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield "a termination would run another's handler"


def limits(inmate: Inmate) -> Iterator[str]:
    """Hard limits stand, and can't be raised."""
    if resource.getrlimit(resource.RLIMIT_CORE) != (0, 0):
        yield "memory could be dumped to disk"
    for name, limit in (("memory", resource.RLIMIT_DATA), ("address space", resource.RLIMIT_AS)):
        if resource.getrlimit(limit)[1] == resource.RLIM_INFINITY:
            yield f"{name} is unlimited"
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] > inmate.profile.open_files:
        yield "too many files can be open"
    unchanged = struct.pack("=QQ", *resource.getrlimit(resource.RLIMIT_CORE))
    if not _refused(lambda: linux.system_call("prlimit64", 0, resource.RLIMIT_CORE, unchanged, None)):
        yield "limits can be set"


def descriptors(inmate: Inmate) -> Iterator[str]:
    """Nothing is open but what was handed over."""
    span = inmate.profile.open_files
    for first in range(3, _HIGHEST_DESCRIPTOR, span):
        # One call asks about many: what is closed is reported as invalid.
        poller = select.poll()
        asked = set(range(first, first + span))
        for descriptor in asked:
            poller.register(descriptor, 0)
        closed = {descriptor for descriptor, event in poller.poll(0) if event & select.POLLNVAL}
        for descriptor in asked - closed - inmate.keep:
            yield f"descriptor {descriptor} of somebody else is open"


def files(inmate: Inmate) -> Iterator[str]:
    """Nothing outside the granted paths can be listed, read or made."""
    granted = _granted(inmate)
    for directory in _OTHERS_DIRECTORIES:
        if _is_beneath(directory, granted) or not Path(directory).is_dir():
            continue
        if not _refused(partial(os.listdir, directory)):
            yield f"{directory} can be listed"
        if not _refused(partial(os.open, directory, os.O_TMPFILE | os.O_WRONLY), _CAN_NOT_BE_MADE):
            yield f"a file can be made in {directory}"
    if inmate.enclosed:
        yield from (f"{file} can be seen" for file in _OTHERS_FILES if Path(file).exists())
    for file in (*_OTHERS_FILES, f"/proc/{inmate.parent}/mem"):
        if not _is_beneath(file, granted) and Path(file).exists() and not _refused(partial(os.open, file, os.O_RDONLY)):
            yield f"{file} can be read"


def calls(inmate: Inmate) -> Iterator[str]:
    """Every call without a row is refused, also those nobody has a name for."""
    column = ARCHITECTURES[machine()][0]
    named = {row[column]: name for name, row in NUMBERS.items()}
    allowed = {name for row in inmate.profile.calls for name in row.names} | {"seccomp"}
    for number in _TRIED_NUMBERS:
        name = named.get(number, f"system call {number}")
        if name in allowed or name in _NOT_TRIED_BLINDLY:
            continue
        expected = errno.ENOSYS if name in inmate.profile.absent else errno.EPERM
        if linux.system_call_numbered(number) != expected:
            yield f"{name} is not refused"
            return


def conditions(inmate: Inmate) -> Iterator[str]:
    """Calls that are allowed by condition are refused on the far side of it."""
    for what, attempt in _beyond_conditions(inmate):
        if not _refused(attempt):
            yield what


def _beyond_conditions(inmate: Inmate) -> Iterator[tuple[str, Callable[[], object]]]:
    parent, call = inmate.parent, linux.system_call
    yield "another process can be signalled", lambda: call("kill", parent, 0)
    yield "a thread of another process can be signalled", lambda: call("tgkill", parent, parent, 0)
    yield "all processes can be signalled", lambda: call("kill", -1, 0)
    yield "limits of another process can be read", lambda: call("prlimit64", parent, resource.RLIMIT_CORE, None, None)
    yield "debuggers can be let in", lambda: linux.process_control(linux.PR_SET_DUMPABLE, 1)
    yield "the parent's death can be survived", lambda: linux.process_control(linux.PR_SET_PDEATHSIG, 0)
    yield "memory can be writable and code", lambda: _map(mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    yield "memory without a file can be code", lambda: _map(mmap.PROT_READ | mmap.PROT_EXEC)
    yield "memory can be turned into code", _turn_into_code
    yield "a descriptor can signal others", lambda: call("fcntl", 0, _F_SETOWN, parent)
    yield "a lease can be taken", lambda: call("fcntl", 0, _F_SETLEASE, 0)
    yield "a terminal can be typed into", lambda: call("ioctl", 0, _TIOCSTI, b"x")
    yield "a process can be started", _fork

    if not _allowed("pwrite64", inmate):
        yield "files can be opened for writing", lambda: os.open("/dev/null", os.O_WRONLY)
    if not _allowed("clone", inmate):
        yield "a thread can be started", lambda: call("clone", 0x10000, 0, 0, 0, 0)


def _allowed(name: str, inmate: Inmate) -> bool:
    return any(name in row.names for row in inmate.profile.calls)


def _map(protection: int) -> None:
    mmap.mmap(-1, mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=protection)


def _turn_into_code() -> None:
    page = mmap.mmap(-1, mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    linux.system_call("mprotect", address, mmap.PAGESIZE, mmap.PROT_READ | mmap.PROT_EXEC)


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)


CHECKS: tuple[Check, ...] = (privileges, dispositions, limits, descriptors, files, calls, conditions)
"""In this order: the later ones lean on the earlier to be harmless where they find a hole."""

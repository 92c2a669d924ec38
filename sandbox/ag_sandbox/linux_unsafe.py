"""The kernel interfaces Python has no name for, through ctypes. Only words: what is asked of them is decided elsewhere.

Every call raises OSError with the kernel's errno. "Unsafe" as in: numbers and pointers, checked by nobody but the kernel.
"""

import ctypes
import os
import struct
from collections.abc import Sequence
from functools import cache

from ag_sandbox.syscalls import machine, number

PR_SET_PDEATHSIG = 1
PR_GET_PDEATHSIG = 2
PR_GET_DUMPABLE = 3
PR_SET_DUMPABLE = 4
PR_SET_NO_NEW_PRIVS = 38
PR_GET_NO_NEW_PRIVS = 39
PR_SET_CHILD_SUBREAPER = 36
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4

_LANDLOCK_VERSION_QUESTION = 1
_LANDLOCK_RULE_PATH_BENEATH = 1
_SECCOMP_SET_MODE_FILTER = 1
_SECCOMP_FILTER_FLAG_TSYNC = 1
_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


@cache
def _number(call: str) -> int:
    found = number(call, machine())
    if found is None:
        raise OSError(38, f"{call} does not exist on this processor")
    return found


def system_call(call: str, *arguments: int | bytes | ctypes.Array[ctypes.c_char] | None) -> int:
    """Enter the kernel by name. Integers are passed as longs, bytes as pointers. Raises OSError."""
    passed = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    ctypes.set_errno(0)
    result = int(_libc.syscall(ctypes.c_long(_number(call)), *passed))
    if result == -1:
        raise _failure(call)
    return result


def _failure(call: str) -> OSError:
    code = ctypes.get_errno()
    return OSError(code, f"{call}: {os.strerror(code)}")


def process_control(option: int, second: int = 0, third: int = 0) -> int:
    """prctl(2). Unused arguments are zero, as newer options demand."""
    return system_call("prctl", option, second, third, 0, 0)


def parent_death_signal() -> int:
    """The signal that comes when the parent dies; 0 for none."""
    found = ctypes.c_int(0)
    system_call("prctl", PR_GET_PDEATHSIG, ctypes.addressof(found), 0, 0, 0)
    return found.value


def system_call_numbered(call_number: int) -> int:
    """Enter the kernel by number with six arguments that are valid for nothing (-1); the errno, or 0 where it succeeded."""
    ctypes.set_errno(0)
    result = _libc.syscall(ctypes.c_long(call_number), *[ctypes.c_long(-1)] * 6)
    return ctypes.get_errno() if result == -1 else 0


def end_on(signal_number: int) -> None:
    """Have a signal end this process, with its number as exit status: process 1 of a namespace is spared by the usual disposition."""
    ctypes.set_errno(0)
    if _libc.signal(signal_number, _libc["_exit"]) == -1:
        raise _failure("signal")


def weigh(process: int, *, niceness: int, turn_nanoseconds: int) -> None:
    """How much of the processors a process gets beside others, and how long its turns are (0: as usual; kernels before 6.12 pass it over)."""
    attributes = struct.pack("=IIQiIQQQ", 48, 0, 0, niceness, 0, turn_nanoseconds, 0, 0)
    system_call("sched_setattr", process, attributes, 0)


def drop_capabilities() -> None:
    """Empty the effective, permitted, inheritable and ambient sets of this thread, for good."""
    process_control(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    system_call("capset", header, struct.pack("=6I", 0, 0, 0, 0, 0, 0))


def held_capabilities() -> int:
    """Every capability this thread holds, effective, permitted or inheritable, as one bit set."""
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    sets = ctypes.create_string_buffer(24)
    system_call("capget", header, sets)
    low = struct.unpack("=6I", sets.raw)
    return int(low[0] | low[1] | low[2] | (low[3] | low[4] | low[5]) << 32)


def landlock_abi() -> int:
    """The Landlock ABI the kernel offers; 0 where it has none or it is switched off at boot."""
    try:
        return system_call("landlock_create_ruleset", None, 0, _LANDLOCK_VERSION_QUESTION)
    except OSError:
        return 0


def landlock_ruleset(*, files: int, tcp: int | None, scoped: int | None) -> int:
    """A descriptor of an empty ruleset that handles the rights given. None: the kernel is too old for that field."""
    words = [word for word in (files, tcp, scoped) if word is not None]
    attributes = struct.pack(f"={len(words)}Q", *words)
    return system_call("landlock_create_ruleset", attributes, len(attributes), 0)


def landlock_allow_beneath(ruleset: int, path: int, rights: int) -> None:
    """Allow ``rights`` on the file hierarchy under an open descriptor."""
    rule = struct.pack("=Qi", rights, path)
    system_call("landlock_add_rule", ruleset, _LANDLOCK_RULE_PATH_BENEATH, rule, 0)


def landlock_restrict_self(ruleset: int) -> None:
    """Put this thread, and whatever it starts, under the ruleset for good."""
    system_call("landlock_restrict_self", ruleset, 0)


def install_filter(program: Sequence[bytes]) -> None:
    """Load a seccomp program into every thread of this process at once. Raises OSError, also where a thread can't follow."""
    code = ctypes.create_string_buffer(b"".join(program))
    header = struct.pack("@HP", len(program), ctypes.addressof(code))
    strayed = system_call("seccomp", _SECCOMP_SET_MODE_FILTER, _SECCOMP_FILTER_FLAG_TSYNC, header)
    if strayed:
        raise OSError(11, f"seccomp: thread {strayed} could not be put under the filter")

"""Landlock: which files, and neither TCP nor signals nor abstract sockets to anyone outside. Knows paths, no calls.

Newer kernels handle more; an older one is used as far as it goes, and seccomp denies the rest in any case. A kernel without it is refused.
"""

import os
import stat
from collections.abc import Iterator

from ag_sandbox import linux_unsafe as linux
from ag_sandbox.errors import JailRefused
from ag_sandbox.inmate import Inmate

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REMOVE_DIR, REMOVE_FILE, MAKE_DIR, MAKE_REG = 1 << 4, 1 << 5, 1 << 7, 1 << 8
REFER, TRUNCATE = 1 << 13, 1 << 14

_FILES_BY_ABI = {1: (1 << 13) - 1, 2: REFER, 3: TRUNCATE, 5: 1 << 15}
"""File rights each ABI added: thirteen at first, then moving between directories, truncating, driving devices."""
_TCP_SINCE, _BIND_AND_CONNECT = 4, 0b11
_SCOPES_SINCE, _ABSTRACT_SOCKETS_AND_SIGNALS = 6, 0b11

_READ = READ_FILE | READ_DIR
_WRITE = _READ | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | REFER | TRUNCATE
_OF_A_FILE = READ_FILE | WRITE_FILE | TRUNCATE


def apply(inmate: Inmate) -> None:
    """Deny every file but the profile's and the grants', every TCP port, and every signal to others."""
    abi = linux.landlock_abi()
    if abi < 1:
        raise JailRefused("landlock: the kernel has none (Linux 5.13 or newer, with lsm=landlock, is needed)")
    _refuse_public_secrets(inmate)
    handled = handled_rights(abi)
    ruleset = linux.landlock_ruleset(
        files=handled,
        tcp=_BIND_AND_CONNECT if abi >= _TCP_SINCE else None,
        scoped=_ABSTRACT_SOCKETS_AND_SIGNALS if abi >= _SCOPES_SINCE else None,
    )
    try:
        for path, rights, must_exist in _rules(inmate):
            _allow(ruleset, path, rights & handled, must_exist=must_exist)
        linux.landlock_restrict_self(ruleset)
    finally:
        os.close(ruleset)
    if abi >= _SCOPES_SINCE:
        _prove_scope(inmate)


def handled_rights(abi: int) -> int:
    """All file rights that this ABI can deny."""
    return sum(rights for since, rights in _FILES_BY_ABI.items() if since <= abi)


def _refuse_public_secrets(inmate: Inmate) -> None:
    """What one child may write must not lie where every guest may read: a state directory inside a library's would be no secret."""
    public = {os.path.realpath(path) for path in (*inmate.python, *(row.path for row in inmate.profile.readable))}
    for granted in inmate.grants.write:
        if public & {os.path.realpath(path) for path in (granted, *granted.absolute().parents)}:
            raise JailRefused(
                f"landlock: {granted} lies beneath public code, which every guest may read; keep it elsewhere"
            )


def _rules(inmate: Inmate) -> Iterator[tuple[str, int, bool]]:
    """Path, rights, and whether its absence is an error."""
    for directory in inmate.python:
        yield directory, _READ, False
    for row in inmate.profile.readable:
        yield row.path, _READ, False
    for granted in inmate.grants.read:
        yield str(granted), _READ, True
    for granted in inmate.grants.write:
        yield str(granted), _WRITE, True


def _allow(ruleset: int, path: str, rights: int, *, must_exist: bool) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        if must_exist:
            raise JailRefused(f"landlock: the granted path {path} does not exist") from None
        return
    try:
        is_directory = stat.S_ISDIR(os.fstat(opened).st_mode)
        linux.landlock_allow_beneath(ruleset, opened, rights if is_directory else rights & _OF_A_FILE)
    finally:
        os.close(opened)


def _prove_scope(inmate: Inmate) -> None:
    """Signals to the parent must fail here already, before seccomp denies the call as a whole; who is alone has no number to ask for."""
    try:
        os.kill(inmate.parent, 0)
    except PermissionError:
        return
    except ProcessLookupError:
        if inmate.alone:
            return
    raise JailRefused("landlock: a signal to another process was not denied")

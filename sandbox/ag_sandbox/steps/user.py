"""Users: a child may be one of its own, whom no file and no other process belongs to. Knows numbers, no names.

Where the host's root starts the nurseries, every child gets a number nobody else has: without Landlock and seccomp, too, the kernel
would let it signal, trace and read nobody.
"""

import errno
import os

from ag_sandbox.errors import JailRefused
from ag_sandbox.inmate import Inmate

_FOR_THE_GROUP = 0o007


def apply(inmate: Inmate) -> None:
    """Become the granted user for good, in the granted group only; stay who it is where none is granted."""
    user, group = inmate.grants.user, inmate.grants.group
    if user is None:
        return
    if group is not None:
        os.umask(_FOR_THE_GROUP)  # what one child of the group makes in its grants, the next must be able to use
    group = user if group is None else group
    os.setgroups([])
    os.setresgid(group, group, group)
    os.setresuid(user, user, user)
    if os.getresuid() != (user,) * 3 or os.getresgid() != (group,) * 3 or os.getgroups():
        raise JailRefused("user: it is still somebody else")


def try_out(user: int, python: tuple[str, ...]) -> None:
    """Become this user and read public code, to see whether one can. Raises OSError where not."""
    if os.geteuid() != 0:
        raise PermissionError(errno.EPERM, "only root may become somebody else")
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    for directory in python:
        with os.scandir(directory) as entries:
            if not all(os.access(entry.path, os.R_OK) for entry in entries if entry.name.endswith((".py", ".so"))):
                raise PermissionError(errno.EACCES, f"not everybody may read {directory}")

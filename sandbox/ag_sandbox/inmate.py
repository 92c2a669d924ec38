"""One process to be locked: its profile, its grants, the descriptors it keeps. Inert; made once, before the first step."""

import os
from dataclasses import dataclass

from ag_sandbox.profile import Grants, Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Inmate:
    """What the steps need to know.

    ``keep``: descriptors that stay open and as they are; of the standard three, those not among them lead nowhere.
    ``proc``: a descriptor of /proc, which its own view may no longer show; the steps that need it come before it is closed.
    ``address_space_bytes``, ``data_bytes``: what it was born with. ``python``: directories of public code.
    ``parent``: the process it must not outlive, and ``guardian`` a descriptor that becomes readable when that dies; the step that asks closes it.
    ``enclosed``, ``alone``: whether it was born into a view, and into process numbers, of its own.
    """

    profile: Profile
    grants: Grants
    python: tuple[str, ...]
    keep: frozenset[int]
    parent: int
    guardian: int
    proc: int
    address_space_bytes: int
    data_bytes: int
    enclosed: bool
    alone: bool


def open_proc() -> int:
    """A descriptor of /proc to look things up under."""
    return os.open("/proc", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)


def sizes(proc: int) -> tuple[int, int]:
    """Bytes of this process's address space, and of its private writable memory."""
    status = os.open("self/status", os.O_RDONLY | os.O_CLOEXEC, dir_fd=proc)
    try:
        lines = os.read(status, 1 << 16).decode("ascii", errors="replace").splitlines()
    finally:
        os.close(status)
    found = {name: value for name, _, value in (line.partition(":") for line in lines)}
    return int(found["VmSize"].split()[0]) << 10, int(found["VmData"].split()[0]) << 10

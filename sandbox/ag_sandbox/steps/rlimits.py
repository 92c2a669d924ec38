"""Resource limits: memory, files, time, core dumps. Knows nothing of what is worth protecting."""

import resource

from ag_sandbox import linux_unsafe as linux
from ag_sandbox.inmate import Inmate

_GRACE_SECONDS = 5
"""Between the signal that a CPU limit sends and the one that can't be caught."""

_LOG_BYTES = 64 << 20
"""A log longer than this no longer takes a child's words; the limit can't tell one file from another."""


def apply(inmate: Inmate) -> None:
    """Set every limit, hard and soft alike, and forbid dumps and debuggers."""
    for limit, value in _limits(inmate).items():
        _, hard = resource.getrlimit(limit)
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (most, most))
    if inmate.grants.cpu_seconds is not None:
        resource.setrlimit(resource.RLIMIT_CPU, (inmate.grants.cpu_seconds, inmate.grants.cpu_seconds + _GRACE_SECONDS))
    linux.process_control(linux.PR_SET_DUMPABLE, 0)


def _limits(inmate: Inmate) -> dict[int, int]:
    """Limit → value. Memory is counted from what the child was born with: shared pages of the nursery cost it nothing."""
    limits = {
        resource.RLIMIT_DATA: inmate.data_bytes + inmate.grants.memory_bytes,
        resource.RLIMIT_AS: inmate.address_space_bytes
        + inmate.grants.memory_bytes
        + inmate.profile.address_slack_bytes,
        resource.RLIMIT_NOFILE: inmate.profile.open_files,
        resource.RLIMIT_FSIZE: max(inmate.grants.file_bytes, _LOG_BYTES if inmate.profile.logs else 0),
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_RTPRIO: 0,
        resource.RLIMIT_NICE: 0,
    }
    if inmate.grants.processes == 0:
        limits[resource.RLIMIT_NPROC] = 0
    elif inmate.grants.user is not None:
        limits[resource.RLIMIT_NPROC] = inmate.grants.processes + 1  # the host counts per user, and this one is alone
    return limits

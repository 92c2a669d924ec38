"""How many files and sockets the gateway may have open: as many as its sessions need, as far as the host lets it. Knows settings, no session."""

import resource

import structlog

from ag_enclave.config import Config

_OF_ITS_OWN = 256
"""Libraries, databases, nurseries, requests under way."""
_PER_SESSION = 16
"""Sockets to its processes and descriptors of these, while they change too."""
_log = structlog.get_logger(__name__)


def needed(config: Config) -> int:
    """Descriptors of a gateway whose sessions are all open, with all connections."""
    sessions = config.sessions
    return _OF_ITS_OWN + sessions.capacity * (_PER_SESSION + sessions.connections)


def provide(config: Config) -> None:
    """Raise this process's own limit to what is needed; what the host forbids is said in the log, as sessions then fail before the last."""
    wanted = needed(config)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        if most < wanted:
            _log.warning("too few descriptors for all sessions", allowed=most, needed=wanted)

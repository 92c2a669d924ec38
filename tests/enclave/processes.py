"""Looks at the processes of a running enclave from outside."""

import time
from collections.abc import Callable

import psutil

from tests.enclave_server import Enclave

NURSERIES = 6
"""Five, and the clerk that one of them has borne."""


def descendants(enclave: Enclave) -> list[psutil.Process]:
    """Everything the server started, and what that started."""
    return [each for each in psutil.Process(enclave.process.pid).children(recursive=True) if not dead(each)]


def dead(process: psutil.Process) -> bool:
    """Whether it has ended, also where its parent hasn't asked how."""
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def children(enclave: Enclave, role: str) -> list[psutil.Process]:
    """The session processes of one role, oldest first."""
    living = (child for nursery in nurseries(enclave, role) for child in nursery.children() if not dead(child))
    return sorted(living, key=lambda child: child.create_time())


def nurseries(enclave: Enclave, role: str) -> list[psutil.Process]:
    """The living nurseries of one role: one, but for the moments between two."""
    return [each for each in psutil.Process(enclave.process.pid).children() if role in _command(each)]


def _command(process: psutil.Process) -> list[str]:
    """What it was started with; nothing of one that has ended, which it may do between any two looks."""
    try:
        return list(process.cmdline())
    except psutil.NoSuchProcess:  # a zombie is none either
        return []


def eventually(true: Callable[[], bool], seconds: float = 60.0) -> bool:
    """Whether it becomes true in time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True

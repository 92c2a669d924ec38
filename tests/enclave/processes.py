"""Looks at the processes of a running enclave from outside."""

import time
from collections.abc import Callable

import psutil

from tests.enclave_server import Enclave

NURSERIES = 3


def descendants(enclave: Enclave) -> list[psutil.Process]:
    """Everything the server started, and what that started."""
    return psutil.Process(enclave.process.pid).children(recursive=True)


def children(enclave: Enclave, role: str) -> list[psutil.Process]:
    """The session processes of one role, oldest first."""
    nurseries = psutil.Process(enclave.process.pid).children()
    mine = [nursery for nursery in nurseries if role in nursery.cmdline()]
    return sorted((child for nursery in mine for child in nursery.children()), key=lambda child: child.create_time())


def eventually(true: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether it becomes true in time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True

"""A real vault in a process of its own, and real mappers in another, without jails: forked from a process that has imported both, as a nursery's children are."""

import multiprocessing
import os
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from op_pandas.vault import SocketVault

_NURSERY = multiprocessing.get_context("forkserver")
_NURSERY.set_forkserver_preload(["ag_vault.serve", "ag_mapper.serve"])
_GOODBYE_SECONDS = 10


@contextmanager
def running_vault(settings: Mapping[str, Any]) -> Iterator[SocketVault]:
    """The guest's end of a vault with these settings; it ends with the block."""
    (ours, theirs), (control, their_control) = socket.socketpair(), socket.socketpair()
    process = _NURSERY.Process(target=_serve, args=(theirs, their_control, dict(settings)))
    process.start()
    theirs.close()
    their_control.close()
    try:
        yield SocketVault(ours)
    finally:
        ours.close()
        control.close()
        process.join(_GOODBYE_SECONDS)
        process.kill()
        process.join()


def _serve(plan: socket.socket, control: socket.socket, settings: dict[str, Any]) -> None:
    from ag_vault.serve import main

    ours, theirs = socket.socketpair()
    mapper = os.fork()
    if mapper == 0:
        for stream in (ours, plan, control):
            stream.close()
        _map(theirs)
    theirs.close()
    main({"plan": plan, "control": control, "map": ours}, settings)
    ours.close()
    os.waitpid(mapper, 0)


def _map(stream: socket.socket) -> None:
    """Real mappers, one after the other."""
    from ag_mapper.serve import one

    sys.setrecursionlimit(10_000)
    while one(stream):
        pass
    os._exit(0)

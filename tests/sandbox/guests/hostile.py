"""A guest that runs whatever Python it is sent: the jail must hold against that. Stands in for an analyst who broke every guard."""

import contextlib
import ctypes
import json
import os
import signal
import socket
import sys

LIBC = ctypes.CDLL(None, use_errno=True)


def call(number, *arguments):
    """A raw system call: its result, or the name of the error."""
    ctypes.set_errno(0)
    result = LIBC.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments])
    return result if result != -1 else os.strerror(ctypes.get_errno())


def main(sockets, settings):
    line = sockets["channel"]
    scope = {
        "call": call,
        "os": os,
        "sys": sys,
        "socket": socket,
        "signal": signal,
        "settings": settings,
        "sockets": sockets,
    }
    while code := line.recv(1 << 20):
        try:
            scope["answer"] = None
            exec(code.decode(), scope)
            reply = repr(scope["answer"])
        except BaseException as error:  # noqa: BLE001 - an interrupt, too, is an answer
            reply = f"{type(error).__name__}: {error}"
        with contextlib.suppress(BrokenPipeError):
            line.sendall(json.dumps(reply).encode())

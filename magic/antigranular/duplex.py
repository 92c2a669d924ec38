"""A TLS connection that one thread reads while another writes. Must not know what travels on it.

OpenSSL's connections are not made for two threads at once, and Python only locks them from 3.13 on. So every call is
short, non-blocking and under a lock, and waiting is done outside of it.
"""

import contextlib
import selectors
import socket
import ssl
from collections.abc import Callable
from threading import Lock
from typing import Any, TypeVar

T = TypeVar("T")
_LOOK_AGAIN_SECONDS = 1.0
"""Who closes wakes whoever waits; but a descriptor that is closed before the other thread has seen why it was woken is forgotten by epoll, and then nothing wakes it."""


class Duplex:
    """Looks like a blocking socket to the websocket library."""

    def __init__(self, stream: ssl.SSLSocket) -> None:
        stream.setblocking(False)
        self._stream = stream
        self._lock = Lock()

    def recv(self, count: int) -> bytes:
        """Up to ``count`` bytes; none at the end."""
        return self._patiently(lambda: self._stream.recv(count))

    def sendall(self, data: bytes) -> None:
        """All of the bytes."""
        rest = memoryview(data)
        while rest:
            sent = self._patiently(lambda piece=rest: self._stream.send(piece))  # type: ignore[misc]
            rest = rest[sent:]

    def settimeout(self, seconds: float | None) -> None:
        """Nothing: who gives up on this connection closes it, and that wakes whoever waits."""

    def shutdown(self, how: int) -> None:
        """End one or both directions, without forgetting that the other one is encrypted, as SSLSocket.shutdown would."""
        socket.socket.shutdown(self._stream, how)

    def close(self) -> None:
        """Wake whoever waits, and close."""
        with contextlib.suppress(OSError):
            self.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._stream.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _patiently(self, action: Callable[[], T]) -> T:
        while True:
            with self._lock:
                try:
                    return action()
                except ssl.SSLWantReadError:
                    wanted = selectors.EVENT_READ
                except ssl.SSLWantWriteError:
                    wanted = selectors.EVENT_WRITE
            self._wait(wanted)

    def _wait(self, wanted: int) -> None:
        with selectors.DefaultSelector() as selector:
            try:
                selector.register(self._stream, wanted)
            except ValueError:
                raise OSError("the connection is closed") from None
            selector.select(_LOOK_AGAIN_SECONDS)

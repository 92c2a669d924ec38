"""A network that can be made bad: a TCP relay that cuts, stalls, truncates, or swallows what its connections carry."""

import contextlib
import socket
import threading
from collections.abc import Iterator


class BadNetwork:
    """Listens on ``port`` and relays to ``target``. Counts connections; knows only bytes."""

    def __init__(self, target: int) -> None:
        self.target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._flowing = threading.Event()
        self._flowing.set()
        self._truncate_at: int | None = None
        self._swallowed: set[socket.socket] = set()
        self.connections = 0
        self.open = True
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Close every connection."""
        for pair in self._pairs:
            for end in pair:
                _close(end)
        self._pairs.clear()

    def truncate_after(self, count: int) -> None:
        """Close the next connection that has carried so many bytes from the enclave, whatever it is in the middle of."""
        self._truncate_at = count

    def stall(self) -> None:
        """Carry nothing until ``resume``."""
        self._flowing.clear()

    def resume(self) -> None:
        self._flowing.set()

    def swallow(self) -> None:
        """Connections of now carry nothing any more, and never close; later ones work. A laptop wakes up to this."""
        self._swallowed.update(end for pair in self._pairs for end in pair)

    def close(self) -> None:
        self.open = False
        _close(self._listener)
        self._swallowed.clear()
        self.resume()
        self.cut()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                self.connections += 1
                try:
                    far = socket.create_connection(("127.0.0.1", self.target))
                except OSError:  # nobody listens there now
                    _close(near)
                    continue
                self._pairs.append((near, far))
                threading.Thread(target=self._relay, args=(near, far, False), daemon=True).start()
                threading.Thread(target=self._relay, args=(far, near, True), daemon=True).start()

    def _relay(self, source: socket.socket, sink: socket.socket, outbound: bool) -> None:
        carried = 0
        with contextlib.suppress(OSError):
            while data := source.recv(4096):
                self._flowing.wait()
                if source in self._swallowed:
                    continue
                carried += len(data)
                limit = self._truncate_at
                if outbound and limit is not None and carried > limit:
                    self._truncate_at = None
                    sink.sendall(data[: max(1, len(data) // 2)])
                    break
                sink.sendall(data)
        if source not in self._swallowed:
            _close(source)
            _close(sink)


def _close(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    with contextlib.suppress(OSError):
        end.close()


@contextlib.contextmanager
def bad_network(target: int) -> Iterator[BadNetwork]:
    network = BadNetwork(target)
    try:
        yield network
    finally:
        network.close()

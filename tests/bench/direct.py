"""A session's channel in the thread that measures: what a client's own threads take for handing messages to each other isn't measured.

Knows websockets' protocol without its clients; nothing of what messages say.
"""

import contextlib
import socket
import ssl
import time
import uuid
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from tests.enclave.raw_client import PATIENCE, V1, Channels, RawClient

_PART = 1 << 16


class DirectSocket:
    """One websocket over one blocking socket: ``send`` and ``recv`` as of websockets' own client, for messages in one frame."""

    subprotocol: str | None

    def __init__(self, url: str, context: ssl.SSLContext) -> None:
        where = parse_uri(url)
        plain = socket.create_connection((where.host, where.port), PATIENCE)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._stream = context.wrap_socket(plain, server_hostname=where.host)
        self._protocol = ClientProtocol(where, subprotocols=[Subprotocol(V1)], max_size=None)
        self._arrived: deque[Frame] = deque()
        self._protocol.send_request(self._protocol.connect())
        self._say()
        while self._protocol.state is State.CONNECTING:
            self._hear(PATIENCE)
        if self._protocol.handshake_exc is not None:
            raise self._protocol.handshake_exc
        self.subprotocol = self._protocol.subprotocol

    def send(self, payload: bytes) -> None:
        """One binary message."""
        self._protocol.send_binary(payload)
        self._say()

    def recv(self, timeout: float | None = None) -> bytes:
        """The next message. TimeoutError where none comes, ConnectionError where none can."""
        deadline = time.monotonic() + (PATIENCE if timeout is None else timeout)
        while not self._arrived:
            self._hear(max(0.001, deadline - time.monotonic()))
        return bytes(self._arrived.popleft().data)

    def rest(self) -> None:
        """Answer what the server asked meanwhile, such as whether anybody is there, and wait for nothing."""
        with contextlib.suppress(TimeoutError):
            while True:
                self._hear(0.001)

    def close(self) -> None:
        """Leave, without ceremony."""
        self._stream.close()

    def _hear(self, seconds: float) -> None:
        self._stream.settimeout(seconds)
        part = self._stream.recv(_PART)
        if not part:
            raise ConnectionError("the enclave closed this channel")
        self._protocol.receive_data(part)
        found: Any = self._protocol.events_received()
        self._arrived += (one for one in found if isinstance(one, Frame) and one.opcode in (Opcode.BINARY, Opcode.TEXT))
        self._say()

    def _say(self) -> None:
        for part in self._protocol.data_to_send():
            if part:
                self._stream.sendall(part)


@contextlib.contextmanager
def direct_session(client: RawClient, dataset: str) -> Iterator[Channels]:
    """A new session with such a channel; ended afterwards."""
    kernel = client.open(dataset)
    try:
        query = urlencode({"token": client.token, "session_id": ""})
        url = f"wss://127.0.0.1:{client.enclave.port}/api/kernels/{kernel}/channels?{query}"
        socket: Any = DirectSocket(url, client.context)
        with contextlib.closing(socket):
            channels = Channels(socket, uuid.uuid4().hex)
            channels.kernel = kernel
            yield channels
    finally:
        client.ask("DELETE", f"/api/kernels/{kernel}")


def rest(everyone: Sequence[Channels]) -> None:
    """Of all these channels, so that none is taken for left: nobody reads them but who measures."""
    for channels in everyone:
        direct: Any = channels.socket
        direct.rest()

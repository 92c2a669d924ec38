"""Bytes to and from the enclave over TLS: one HTTP exchange, or one websocket. Must not know what they mean.

Certificates are always verified; there is no switch for it.
"""

import http.client
import inspect
import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from antigranular.config import Target
from antigranular.duplex import Duplex
from antigranular.errors import ConnectionLost, EnclaveUnreachable, RequestRefused, UntrustedEnclave

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

PATIENCE_SECONDS = 30.0
PULSE_SECONDS = 20.0
"""How often a websocket is asked whether it still leads anywhere, and how long the answer may take."""
MAX_MESSAGE_BYTES = 256 << 20
MAX_BODY_BYTES = 48 << 20
"""What an owner may deposit (``review.result_bytes`` of an enclave's settings, 32 MiB at most) has room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request; ``headers`` may hold a token and so are in no repr."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What came back."""

    status: int
    body: bytes


class Line(Protocol):
    """An open websocket. ``receive`` blocks; both raise ConnectionLost when the other side is gone."""

    def send(self, message: bytes) -> None:
        """Send one binary message."""

    def receive(self) -> bytes:
        """The next message."""

    def close(self) -> None:
        """Close the websocket."""


class Transport(Protocol):
    """The two things a client asks of the network."""

    def exchange(self, request: Request) -> Response:
        """One HTTP request and its response."""

    def open_line(self, request: Request, subprotocol: str) -> Line:
        """An open websocket that speaks the subprotocol."""


class TlsTransport:
    """The network itself. Directly to the enclave: proxies of the environment are not used."""

    def __init__(self, target: Target, *, pulse: float = PULSE_SECONDS) -> None:
        self._target = target
        self._pulse = pulse
        self._trust = _trust(target.ca)

    def exchange(self, request: Request) -> Response:
        """Send one request on a connection of its own. Raises EnclaveUnreachable, UntrustedEnclave or ConnectionLost."""
        connection = http.client.HTTPConnection(self._target.host, self._target.port)
        connection.sock = self._connect()
        try:
            connection.request(request.method, request.path, body=request.body, headers=dict(request.headers))
            answer = connection.getresponse()
            body = answer.read(MAX_BODY_BYTES)
            if answer.length:
                raise http.client.IncompleteRead(body, answer.length)
            return Response(status=answer.status, body=body)
        except (OSError, http.client.HTTPException) as problem:
            raise ConnectionLost(f"the enclave at {self._target.url} broke off: {problem}") from problem
        finally:
            connection.close()

    def open_line(self, request: Request, subprotocol: str) -> Line:
        """Open a websocket. Raises what ``exchange`` raises, and RequestRefused where the enclave refuses it."""
        from websockets.exceptions import InvalidStatus, WebSocketException
        from websockets.sync.client import connect
        from websockets.typing import Subprotocol

        # TLS is already around the socket, hence ws: and no second place that decides about verification.
        uri = f"{self._target.url.replace('https', 'ws', 1)}{request.path}"
        stream: Any = Duplex(self._connect())
        try:
            opening = connect(
                uri,
                sock=stream,
                subprotocols=[Subprotocol(subprotocol)],
                additional_headers=dict(request.headers),
                compression=None,
                max_size=MAX_MESSAGE_BYTES,
                open_timeout=PATIENCE_SECONDS,
                close_timeout=2,
                **_pulse(connect, self._pulse),
            )
            # Entered because newer versions of the library insist; left by closing the line.
            line = ExitStack().enter_context(opening)
        except InvalidStatus as refusal:
            stream.close()
            raise _refusal(refusal.response.status_code, refusal.response.body) from None
        except (WebSocketException, OSError, EOFError, ValueError, LookupError) as problem:
            # LookupError: what the library makes of a header that an answer has twice.
            stream.close()
            # ValueError: of a redirect, which leads nowhere from here, newer versions of the library make this instead of a status.
            if isinstance(problem.__cause__, InvalidStatus):
                raise _refusal(problem.__cause__.response.status_code, None) from None
            raise ConnectionLost(f"the enclave at {self._target.url} broke off: {problem}") from problem
        return _WebSocketLine(line)

    def _connect(self) -> ssl.SSLSocket:
        url = self._target.url
        try:
            plain = socket.create_connection((self._target.host, self._target.port), timeout=PATIENCE_SECONDS)
        except OSError as problem:
            raise EnclaveUnreachable(
                f"no enclave answers at {url} ({problem.strerror or problem}); is it running, and is url= or AG_ENCLAVE_URL right?"
            ) from problem
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _keep_alive(plain, self._pulse)
        try:
            return self._trust.wrap_socket(plain, server_hostname=self._target.host)
        except ssl.SSLCertVerificationError as problem:
            plain.close()
            raise UntrustedEnclave(
                f"the certificate of {url} is not trusted ({problem.verify_message}); {_remedy(problem)}"
            ) from problem
        except OSError as problem:
            plain.close()
            raise EnclaveUnreachable(f"what answers at {url} does not speak TLS: {problem}") from problem


_OFF_TIME = frozenset({9, 10})
"""OpenSSL's codes for a certificate that is not valid yet, and for one no longer."""


def _trust(authority: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=authority)
    except ssl.SSLError as problem:
        raise UntrustedEnclave(
            f"the file {authority!r} holds no certificate of an authority ({problem.reason or problem}); it comes from ca= or AG_ENCLAVE_CA"
        ) from problem


def _remedy(problem: ssl.SSLCertVerificationError) -> str:
    if problem.verify_code in _OFF_TIME:
        return "compare this computer's clock with the enclave's, and its certificate with both"
    return "give its authority's file with ca= or AG_ENCLAVE_CA"


def _pulse(connect: Callable[..., Any], seconds: float) -> dict[str, Any]:
    """The websocket's own pings, where the library's version has them on threads."""
    names = ("ping_interval", "ping_timeout")
    return dict.fromkeys(names, seconds) if set(names) <= set(inspect.signature(connect).parameters) else {}


def _keep_alive(plain: socket.socket, seconds: float) -> None:
    """Let the operating system find out that nobody is there any more, also where the library doesn't: after a laptop's sleep, say."""
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", seconds), ("TCP_KEEPINTVL", seconds / 4), ("TCP_KEEPCNT", 4)):
        option = getattr(socket, name, None)  # not everywhere
        if option is not None:
            plain.setsockopt(socket.IPPROTO_TCP, option, max(1, round(value)))


def _refusal(status: int, body: bytes | bytearray | None) -> RequestRefused:
    text = bytes(body or b"").decode("utf-8", "replace").strip()
    return RequestRefused(text or f"the enclave refused the channel with status {status}", status)


class _WebSocketLine:
    """A Line over the websockets library; its errors become ours."""

    def __init__(self, socket_: "ClientConnection") -> None:
        self._socket = socket_

    def send(self, message: bytes) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            self._socket.send(message)
        except (ConnectionClosed, OSError) as problem:
            raise _lost(problem) from None

    def receive(self) -> bytes:
        from websockets.exceptions import ConnectionClosed

        try:
            received = self._socket.recv()
        except (ConnectionClosed, OSError) as problem:
            raise _lost(problem) from None
        return received if isinstance(received, bytes) else received.encode()

    def close(self) -> None:
        self._socket.close()


def _lost(problem: Exception) -> ConnectionLost:
    """ConnectionLost with the close code, where the enclave gave one."""
    frame = getattr(problem, "rcvd", None)
    lost = ConnectionLost(frame.reason if frame is not None and frame.reason else f"the connection closed: {problem}")
    lost.code = frame.code if frame is not None else None
    return lost

"""TLS with a real socket: who is not trusted is not spoken to, and every failure is one sentence."""

import datetime as dt
import http.server
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import antigranular as ag
from antigranular.config import find_target
from antigranular.transport import Request, TlsTransport


def certificate(folder: Path, host: str = "127.0.0.1") -> Path:
    """A certificate that signs itself, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    raw = serialization.Encoding.PEM
    private = key.private_bytes(raw, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / f"{host}.pem"
    path.write_bytes(made.public_bytes(raw) + private)
    return path


class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(418)
        self.send_header("Content-Length", str(len(body) + len(self.headers["X-Word"])))
        self.end_headers()
        self.wfile.write(body + self.headers["X-Word"].encode())

    def do_GET(self) -> None:
        if self.path == "/half":
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"cut")
            self.close_connection = True
        elif self.path.startswith("/moved"):
            self.send_response(302)
            self.send_header("Location", self.path.partition("?to=")[2])
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.path == "/twice":
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self.send_error(403, "no channel for you")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def serve(tmp_path: Path) -> Iterator:
    servers = []

    def begin(host: str = "127.0.0.1") -> tuple[str, Path]:
        path = certificate(tmp_path, host)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        servers.append(server)
        return f"https://127.0.0.1:{server.server_port}", path

    yield begin
    for server in servers:
        server.shutdown()
        server.server_close()


def transport(url: str, ca: Path | None) -> TlsTransport:
    return TlsTransport(find_target(url, ca, {}))


def test_a_request_travels_and_its_answer_comes_back_whatever_its_status(serve) -> None:
    url, ca = serve()
    answer = transport(url, ca).exchange(Request(method="POST", path="/x", headers={"X-Word": "!"}, body=b"hello"))
    assert (answer.status, answer.body) == (418, b"hello!")


def test_a_certificate_of_an_unknown_authority_is_not_trusted(serve) -> None:
    url, _ = serve()
    for use in (
        lambda net: net.exchange(Request(method="GET", path="/")),
        lambda net: net.open_line(Request(method="GET", path="/"), "v1"),
    ):
        with pytest.raises(ag.UntrustedEnclave, match="AG_ENCLAVE_CA"):
            use(transport(url, None))


def test_a_certificate_of_another_host_is_not_trusted(serve) -> None:
    url, ca = serve("127.0.0.2")
    with pytest.raises(ag.UntrustedEnclave, match="certificate"):
        transport(url, ca).exchange(Request(method="GET", path="/"))


def test_nothing_listening_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(ag.EnclaveUnreachable, match=f"no enclave answers at https://127.0.0.1:{port}") as caught:
        transport(f"https://127.0.0.1:{port}", None).exchange(Request(method="GET", path="/"))
    assert isinstance(caught.value, ConnectionError)


def test_something_that_speaks_no_tls_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            peer, _ = server.accept()
            with peer:
                peer.recv(100)
                peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(ag.EnclaveUnreachable, match="does not speak TLS"):
            transport(f"https://127.0.0.1:{server.getsockname()[1]}", None).exchange(Request(method="GET", path="/"))


def test_an_answer_that_breaks_off_is_a_lost_connection(serve) -> None:
    url, ca = serve()
    with pytest.raises(ag.ConnectionLost, match="broke off"):
        transport(url, ca).exchange(Request(method="GET", path="/half"))


def test_a_refused_websocket_tells_the_status(serve) -> None:
    url, ca = serve()
    with pytest.raises(ag.RequestRefused) as caught:
        transport(url, ca).open_line(Request(method="GET", path="/channels"), "v1")
    assert caught.value.status == 403


@pytest.mark.parametrize("to", ["wss://127.0.0.2:1/", "ws://127.0.0.1:1/x", "/elsewhere", "ftp://x", "http://[", ""])
def test_a_redirect_is_a_refusal_and_what_it_names_hears_nothing(serve, to: str) -> None:
    url, ca = serve()
    asked = Request(method="GET", path=f"/moved?to={to}", headers={"Authorization": "Bearer mine"})
    assert transport(url, ca).exchange(asked).status == 302
    with pytest.raises((ag.RequestRefused, ag.ConnectionLost)):
        transport(url, ca).open_line(asked, "v1")


def test_a_length_that_is_said_twice_is_a_lost_connection(serve) -> None:
    url, ca = serve()
    with pytest.raises(ag.ConnectionLost, match="broke off"):
        transport(url, ca).open_line(Request(method="GET", path="/twice"), "v1")


def test_proxies_of_the_environment_see_nothing(serve, monkeypatch) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    url, ca = serve()
    answer = transport(url, ca).exchange(Request(method="POST", path="/x", headers={"X-Word": ""}, body=b"direct"))
    assert answer.body == b"direct"
    with pytest.raises(ag.RequestRefused):
        transport(url, ca).open_line(Request(method="GET", path="/channels"), "v1")

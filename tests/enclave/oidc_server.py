"""A small real OpenID Connect issuer over TLS: discovery, keys that can be changed, tokens of any claims; and plain misbehaviour on demand."""

import contextlib
import json
import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, Key, RSAKey

from ag_enclave.tls import current_time, ensure_certificates

AUDIENCE = "the-enclave"


class OidcServer:
    """An issuer with one key at a time. ``fetched`` counts its key set's readers."""

    def __init__(self, folder: Path) -> None:
        certificates = ensure_certificates(folder, "127.0.0.1", current_time())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates.certificate, certificates.key)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.ca = str(certificates.ca)
        self.issuer = f"https://127.0.0.1:{self._server.server_address[1]}/realm"
        self.named = self.issuer
        self.fetched = 0
        self.status = 200
        self.rotate("first")

    def rotate(self, kid: str, kind: str = "EC") -> None:
        """Sign with another key from now on, and publish no other."""
        parameters = {"kid": kid, "use": "sig"}
        self.key: Key = (
            ECKey.generate_key("P-256", parameters) if kind == "EC" else RSAKey.generate_key(2048, parameters)
        )
        self.algorithm = "ES256" if kind == "EC" else "RS256"

    def token(self, *, key: Key | None = None, algorithm: str = "", **claims: Any) -> str:
        """A token for the enclave; claims of None are left out."""
        now = int(time.time())
        full = {"iss": self.issuer, "aud": AUDIENCE, "sub": "ada", "iat": now, "exp": now + 300, "role": "analyst"}
        said = {name: value for name, value in (full | claims).items() if value is not None}
        signer = key or self.key
        header = {"alg": algorithm or self.algorithm, "kid": str(self.key.kid)}
        return jwt.encode(header, said, signer, algorithms=[header["alg"]])

    def public(self) -> bytes:
        """The published key as text, which careless verifiers take for a shared secret."""
        return json.dumps(self.key.as_dict(private=False)).encode()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, path: str) -> dict[str, Any] | None:
        if path == "/realm/.well-known/openid-configuration":
            return {"issuer": self.named, "jwks_uri": f"{self.issuer}/keys"}
        if path == "/realm/keys":
            self.fetched += 1
            return {"keys": [self.key.as_dict(private=False)]}
        return None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer = issuer._answer(self.path)
                body = json.dumps(answer).encode()
                self.send_response(issuer.status if answer else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


@contextlib.contextmanager
def oidc_server(folder: Path) -> Iterator[OidcServer]:
    server = OidcServer(folder)
    try:
        yield server
    finally:
        server.close()

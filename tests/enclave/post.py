"""Where notices arrive in tests: a small real SMTP server and a small real web server, both on this host."""

import contextlib
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Postbox:
    """What arrived: mails as (from, to, text), posts as (headers, body). ``refusing`` counts what shall still be refused."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, list[str], str]] = []
        self.posts: list[tuple[dict[str, str], bytes]] = []
        self.refusing = 0
        self.status = 204
        self.ports: dict[str, int] = {}

    def refuse(self) -> bool:
        self.refusing -= self.refusing > 0
        return self.refusing > 0


@contextlib.contextmanager
def postbox() -> Iterator[Postbox]:
    box = Postbox()
    servers: list[socketserver.BaseServer] = [
        _Threaded(("127.0.0.1", 0), _smtp(box)),
        ThreadingHTTPServer(("127.0.0.1", 0), _http(box)),
    ]
    for name, server in zip(("smtp", "http"), servers, strict=True):
        box.ports[name] = int(server.server_address[1])
        threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield box
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


class _Threaded(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


def _smtp(box: Postbox) -> type[socketserver.StreamRequestHandler]:
    class Handler(socketserver.StreamRequestHandler):
        """RFC 5321, as much of it as a client needs that sends one mail after the other."""

        def handle(self) -> None:
            self._say("220 post.example")
            sender, receivers = "", []
            while line := self.rfile.readline().decode().rstrip("\r\n"):
                word, _, rest = line.partition(" ")
                match word.upper():
                    case "EHLO" | "HELO":
                        self._say("250 post.example")
                    case "MAIL":
                        sender = rest
                        self._say("451 later" if box.refuse() else "250 ok")
                    case "RCPT":
                        receivers.append(rest.partition(":")[2].strip("<>"))
                        self._say("250 ok")
                    case "DATA":
                        self._say("354 go on")
                        lines = []
                        while (text := self.rfile.readline().decode().rstrip("\r\n")) != ".":
                            lines.append(text)
                        box.mails.append((sender, receivers, "\n".join(lines)))
                        receivers = []
                        self._say("250 kept")
                    case "QUIT":
                        self._say("221 bye")
                        return
                    case _:
                        self._say("250 ok")

        def _say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

    return Handler


def _http(box: Postbox) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = 503 if box.refuse() else box.status
            if status == 204:
                box.posts.append((dict(self.headers), body))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"http://127.0.0.1:{box.ports['http']}/elsewhere")
            self.end_headers()

        def do_GET(self) -> None:
            box.posts.append(({"followed": self.path}, b""))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    return Handler

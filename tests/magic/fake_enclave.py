"""An enclave in memory behind the client's Transport: REST by a table, cells as Python functions, lines that can be cut."""

import json
import threading
import uuid
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any
from urllib.parse import parse_qs, urlsplit

from antigranular.errors import ConnectionLost, RequestRefused
from antigranular.transport import Line, Request, Response
from antigranular.wire import Message, decode, encode

Cell = Callable[["Stage"], None]
VIEWS = [{"key": "train_x", "kind": "frame"}, {"key": "train_y", "kind": "series"}, {"key": "test_x", "kind": "public"}]


class FakeEnclave:
    """``cells`` maps a cell's stripped source to what it does on a Stage."""

    def __init__(self, cells: dict[str, Cell] | None = None) -> None:
        self.cells = cells or {}
        self.requests: list[Request] = []
        self.lines: list[FakeLine] = []
        self.said: list[bytes] = []
        self.keeps = True
        self.sessions: dict[str, dict[str, Any]] = {}
        self.interrupted = threading.Event()
        self.tokens: list[str] = []
        self.lifetime = 600
        self.wire = 1
        self.unreachable = 0
        self.frail = False
        self.loses = 0
        self.count = 0
        self.restarts = 0
        self.decisions: list[dict[str, Any]] = []
        self.lock = threading.RLock()
        self._asked: SimpleQueue[Callable[[], object]] = SimpleQueue()
        threading.Thread(target=self._serve, daemon=True).start()

    # The Transport

    def exchange(self, request: Request) -> Response:
        self.requests.append(request)
        path = urlsplit(request.path).path
        if path == "/api":
            return _answer(200, {"version": "7", "ag": {"wire": self.wire, "release": "0.1.0"}})
        if path == "/oauth/token":
            return self._token(request)
        if request.headers.get("Authorization") != f"Bearer {self.tokens[-1]}":
            return _answer(401, {"message": "the token has expired"})
        return self._authorized(request.method, path, request)

    def open_line(self, request: Request, subprotocol: str) -> Line:
        if self.unreachable:
            self.unreachable -= 1
            raise ConnectionLost("refused")
        if request.headers.get("Authorization") != f"Bearer {self.tokens[-1]}":
            raise RequestRefused("the token has expired", 401)
        parts = urlsplit(request.path)
        if parts.path.split("/")[3] not in self.sessions:
            raise RequestRefused("no such session", 404)
        query = parse_qs(parts.query)
        with self.lock:
            line = FakeLine(self, query["session_id"][0], subprotocol, int(query["after"][0]))
            self.lines.append(line)
            if self.frail:
                line.cut()
            return line

    # What it knows

    def _token(self, request: Request) -> Response:
        form = parse_qs((request.body or b"").decode())
        if form.get("client_secret") != ["s3cret"] or form["grant_type"] != ["client_credentials"]:
            return _answer(401, {"error": "invalid_client", "error_description": "unknown user or wrong secret"})
        self.tokens.append(uuid.uuid4().hex)
        return _answer(200, {"access_token": self.tokens[-1], "token_type": "Bearer", "expires_in": self.lifetime})

    def _authorized(self, method: str, path: str, request: Request) -> Response:
        if (method, path) == ("GET", "/ag/v1/datasets"):
            return _answer(
                200, [{"name": "Breast Cancer", "variable": "breast_cancer", "description": "", "views": VIEWS}]
            )
        if (method, path) == ("POST", "/api/kernels"):
            return self._start(json.loads(request.body or b"")["ag"])
        if (method, path) == ("GET", "/api/kernels"):
            return _answer(200, [self._model(each) for each in self.sessions])
        if path.startswith("/ag/v1/requests"):
            return _answer(200, self.decisions) if method == "GET" else Response(status=204, body=b"")
        session = path.split("/")[4] if path.startswith("/ag") else path.split("/")[3]
        if session not in self.sessions:
            return _answer(404, {"message": f"there is no session {session}"})
        return self._of_session(method, path, session)

    def _of_session(self, method: str, path: str, session: str) -> Response:
        if method == "DELETE":
            del self.sessions[session]
            return Response(status=204, body=b"")
        if path.endswith("/interrupt"):
            self.interrupted.set()
            return Response(status=204, body=b"")
        if path.startswith("/api"):
            self.restarts += path.endswith("/restart")
            return _answer(200, self._model(session))
        balance = {"dataset": "Breast Cancer", "epsilon_spent": "1/2", "delta_spent": 0.0, "epsilon_left": 19.5}
        more = {"delta_left": 1e-6, "epsilon_per_call": 10, "libraries": {"op_pandas": {"epsilon": "1/2", "delta": 0}}}
        return _answer(200, {"balances": [{**balance, **more}]})

    def _start(self, wanted: dict[str, Any]) -> Response:
        if wanted.get("dataset") != "Breast Cancer":
            return _answer(404, {"message": f"There is no {wanted}; there are: Breast Cancer."})
        session = str(uuid.uuid4())
        self.sessions[session] = wanted
        return _answer(201, self._model(session))

    def _model(self, session: str) -> dict[str, Any]:
        facts = {"session_id": session, "dataset": "Breast Cancer", "variable": "breast_cancer", "views": VIEWS}
        state = {"execution_state": "idle", "last_activity": "2026-01-01T00:00:00.000000Z", "connections": 1}
        return {"id": session, "name": "antigranular", **state, "ag": {**facts, "idle_timeout_seconds": 1500}}

    # What its kernel does

    def hear(self, message: Message) -> None:
        stage = Stage(self, message)
        if message.kind == "kernel_info_request":
            self._asked.put(lambda: stage.say("shell", "kernel_info_reply", {"status": "ok"}))
        else:
            self._asked.put(lambda: stage.play(self.cells[message.content["code"].strip()]))

    def _serve(self) -> None:
        """The kernel: one request after the other."""
        while True:
            self._asked.get()()

    def record(self, message: Message) -> None:
        with self.lock:
            self.said.append(encode(message))
            for line in self.lines:
                line.flush()


class FakeLine:
    """One websocket on what the kernel said, from the message asked for on."""

    def __init__(self, enclave: FakeEnclave, client: str, subprotocol: str, after: int) -> None:
        self.enclave, self.client, self.subprotocol = enclave, client, subprotocol
        self.place = after if enclave.keeps else len(enclave.said)
        self.inbox: SimpleQueue[bytes | ConnectionLost] = SimpleQueue()
        self.open = True
        self.flush()

    def flush(self) -> None:
        while self.open and self.place < len(self.enclave.said):
            self.inbox.put(self.enclave.said[self.place])
            self.place += 1

    def send(self, message: bytes) -> None:
        if not self.open:
            raise ConnectionLost("cut")
        if self.enclave.loses:
            self.enclave.loses -= 1
            self.cut()
            return
        self.enclave.hear(decode(message))

    def receive(self) -> bytes:
        got = self.inbox.get()
        if isinstance(got, ConnectionLost):
            raise got
        return got

    def close(self) -> None:
        self.cut()

    def cut(self, *, code: int | None = None, reason: str = "the connection closed") -> None:
        """Break."""
        with self.enclave.lock:
            if self.open:
                self.open = False
                lost = ConnectionLost(reason)
                lost.code = code
                self.inbox.put(lost)


class Stage:
    """What one cell may do: say things in answer to its request."""

    def __init__(self, enclave: FakeEnclave, asked: Message) -> None:
        self.enclave, self.asked = enclave, asked

    def say(self, channel: str, kind: str, content: dict[str, Any], buffers: tuple[bytes, ...] = ()) -> None:
        header = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "session": "kernel", "version": "5.4"}
        self.enclave.record(
            Message(channel=channel, header=header, parent_header=self.asked.header, content=content, buffers=buffers)
        )

    def announce(self, kind: str, content: dict[str, Any]) -> None:
        """Something that answers nobody."""
        header = {"msg_id": uuid.uuid4().hex, "msg_type": kind}
        self.enclave.record(Message(channel="iopub", header=header, content=content))

    def print(self, text: str, name: str = "stdout") -> None:
        self.say("iopub", "stream", {"name": name, "text": text})

    def show(
        self, data: dict[str, Any], kind: str = "display_data", buffers: tuple[bytes, ...] = (), **more: Any
    ) -> None:
        self.say("iopub", kind, {"data": data, "metadata": {}, "transient": {}, **more}, buffers)

    def export(self, name: str, value: dict[str, Any], buffers: tuple[bytes, ...] = ()) -> None:
        payload = {"name": name, "value": value, "version": 1}
        self.show(
            {"application/vnd.antigranular.export+json": payload, "text/plain": f"exported {name}"}, buffers=buffers
        )

    def fail(self, ename: str, evalue: str, traceback: list[str]) -> dict[str, Any]:
        error = {"ename": ename, "evalue": evalue, "traceback": traceback}
        self.say("iopub", "error", error)
        return {"status": "error", **error}

    def play(self, cell: Cell) -> None:
        self.enclave.count += 1
        self.say("iopub", "status", {"execution_state": "busy"})
        self.say("iopub", "execute_input", {"code": "", "execution_count": self.enclave.count})
        reply = cell(self) or {"status": "ok"}
        self.say("shell", "execute_reply", {**reply, "execution_count": self.enclave.count})
        self.say("iopub", "status", {"execution_state": "idle"})


def _answer(status: int, content: Any) -> Response:
    return Response(status=status, body=json.dumps(content).encode())

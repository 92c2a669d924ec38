"""A client made of nothing but http.client and websockets, so that tests can also say what no client of ours would."""

import base64
import contextlib
import http.client
import json
import ssl
import struct
import time
import uuid
from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

from websockets.sync.client import ClientConnection, connect

from tests.enclave_server import Enclave

V1 = "v1.kernel.websocket.jupyter.org"
PATIENCE = 120.0
"""Seconds; only what hangs ever takes so long, also where the machine is busy."""
Json = dict[str, Any]
_TOKENS: dict[tuple[str, str, str], str] = {}
"""The last token by enclave, account and secret."""


class Answer:
    """A response: status, headers, and its JSON."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        body = response.read()
        self.text = body.decode()
        self.json: Any = json.loads(body) if body and "json" in (response.headers["Content-Type"] or "") else None


class RawClient:
    """Requests as one account."""

    def __init__(self, enclave: Enclave, role: str = "analyst", *, account: Json | None = None) -> None:
        self.enclave = enclave
        self.account = account or dict(enclave.accounts[role])
        self.context = ssl.create_default_context(cafile=enclave.ca)
        self.token = ""

    def login(self) -> "RawClient":
        """With the last token of this account, where it still opens something: a new one costs a quarter of a second, on purpose."""
        key = (self.enclave.url, self.account["user_id"], self.account["user_secret"])
        self.token = _TOKENS.get(key, "")
        if not self.token or self.ask("GET", "/ag/v1/me").status != 200:
            _TOKENS[key] = self.login_anew().token
        return self

    def login_anew(self) -> "RawClient":
        answer = self.form(client_id=self.account["user_id"], client_secret=self.account["user_secret"])
        assert answer.status == 200, answer.json
        self.token = answer.json["access_token"]
        return self

    def form(self, *, basic: str | None = None, grant_type: str = "client_credentials", **fields: str) -> Answer:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if basic is not None:
            headers["Authorization"] = "Basic " + base64.b64encode(basic.encode()).decode()
        return self.send("POST", "/oauth/token", urlencode({"grant_type": grant_type, **fields}), headers)

    def send(self, method: str, path: str, body: str | bytes | None, headers: dict[str, str]) -> Answer:
        connection = http.client.HTTPSConnection("127.0.0.1", self.enclave.port, context=self.context, timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers)
            return Answer(connection.getresponse())

    def ask(self, method: str, path: str, body: Any = None, scheme: str = "token") -> Answer:
        headers = {"Authorization": f"{scheme} {self.token}"} if self.token else {}
        return self.send(method, path, None if body is None else json.dumps(body), headers)

    def open(self, dataset: str | None = None) -> str:
        body = {"name": "antigranular", **({"ag": {"dataset": dataset}} if dataset else {})}
        answer = self.ask("POST", "/api/kernels", body)
        assert answer.status == 201, answer.json
        return str(answer.json["id"])

    @contextlib.contextmanager
    def channels(
        self, kernel: str, *, v1: bool = True, session: str = "", after: int | None = None
    ) -> Iterator["Channels"]:
        query = urlencode({"token": self.token, "session_id": session, **({} if after is None else {"after": after})})
        url = f"wss://127.0.0.1:{self.enclave.port}/api/kernels/{kernel}/channels?{query}"
        protocols: Any = [V1] if v1 else None
        with connect(
            url,
            ssl=self.context,
            subprotocols=protocols,
            max_size=None,
            compression=None,
            open_timeout=PATIENCE,
            close_timeout=0.5,
        ) as socket:
            yield Channels(socket, session or uuid.uuid4().hex)

    @contextlib.contextmanager
    def session(self, dataset: str | None = None, **how: Any) -> Iterator["Channels"]:
        """A new session and a connection to it; ended afterwards."""
        kernel = self.open(dataset)
        try:
            with self.channels(kernel, **how) as channels:
                channels.kernel = kernel
                yield channels
        finally:
            self.ask("DELETE", f"/api/kernels/{kernel}")


class Channels:
    """One websocket, in either layout."""

    kernel = ""

    def __init__(self, socket: ClientConnection, session: str) -> None:
        self.socket = socket
        self.session = session
        self.v1 = socket.subprotocol == V1

    def request(self, kind: str, content: Json, *, channel: str = "shell", **parts: Any) -> str:
        """Send a request; its id."""
        msg_id = uuid.uuid4().hex
        header = {
            "msg_id": msg_id,
            "session": self.session,
            "username": "somebody",
            "date": "",
            "msg_type": kind,
            "version": "5.3",
        }
        message = {
            "channel": channel,
            "header": header,
            "parent_header": {},
            "metadata": {},
            "content": content,
            "buffers": [],
            **parts,
        }
        self.socket.send(pack_v1(message) if self.v1 else json.dumps({**message, "buffers": []}))
        return msg_id

    def receive(self, timeout: float = PATIENCE) -> Json:
        payload = self.socket.recv(timeout)
        return unpack_v1(payload) if isinstance(payload, bytes) and self.v1 else unpack_json(payload)

    def until(self, done: Any, timeout: float = PATIENCE) -> list[Json]:
        """Messages up to the first one that ``done`` accepts, included."""
        seen: list[Json] = []
        deadline = time.monotonic() + timeout
        while not seen or not done(seen[-1]):
            seen.append(self.receive(max(0.01, deadline - time.monotonic())))
        return seen

    def execute(self, code: str, timeout: float = PATIENCE, **content: Any) -> list[Json]:
        """Run a cell; everything that belongs to it, with the reply and idle."""
        msg_id = self.request("execute_request", {"code": code, "silent": False, **content})
        return self.answers(msg_id, timeout)

    def answers(self, msg_id: str, timeout: float = PATIENCE) -> list[Json]:
        """Everything about one request, until both its reply and its idle status have come."""
        mine: list[Json] = []
        wanted = {"reply", "idle"}
        deadline = time.monotonic() + timeout
        while wanted:
            message = self.receive(max(0.01, deadline - time.monotonic()))
            if message["parent_header"].get("msg_id") == msg_id:
                mine.append(message)
                wanted -= {"idle"} if is_idle(message) else {"reply"} if kind(message).endswith("_reply") else set()
        return mine


def kind(message: Json) -> str:
    return str(message["header"]["msg_type"])


def is_idle(message: Json) -> bool:
    return kind(message) == "status" and message["content"]["execution_state"] == "idle"


def only(messages: list[Json], wanted: str) -> Json:
    """The one message of this type."""
    found = [message for message in messages if kind(message) == wanted]
    assert len(found) == 1, [kind(message) for message in messages]
    return found[0]


def printed(messages: list[Json]) -> str:
    return "".join(message["content"]["text"] for message in messages if kind(message) == "stream")


def pack_v1(message: Json) -> bytes:
    names = ("header", "parent_header", "metadata", "content")
    parts = [message["channel"].encode(), *(json.dumps(message[name]).encode() for name in names), *message["buffers"]]
    offsets = [8 * (len(parts) + 2)]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    return struct.pack(f"<{len(offsets) + 1}Q", len(offsets), *offsets) + b"".join(parts)


def unpack_v1(payload: bytes) -> Json:
    (count,) = struct.unpack_from("<Q", payload)
    offsets = struct.unpack_from(f"<{count}Q", payload, 8)
    channel, header, parent, metadata, content, *buffers = [payload[start:end] for start, end in pairwise(offsets)]
    return {
        "channel": channel.decode(),
        "header": json.loads(header),
        "parent_header": json.loads(parent),
        "metadata": json.loads(metadata),
        "content": json.loads(content),
        "buffers": buffers,
    }


def unpack_json(payload: str | bytes) -> Json:
    if isinstance(payload, str):
        text: Json = json.loads(payload)
        return text
    (count,) = struct.unpack_from(">I", payload)
    offsets = (*struct.unpack_from(f">{count}I", payload, 4), len(payload))
    body, *buffers = [payload[start:end] for start, end in pairwise(offsets)]
    return {**json.loads(body), "buffers": buffers}

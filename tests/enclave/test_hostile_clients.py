"""What a client must not be able to do: reach the kernel with more than a cell, or bother anybody else."""

import json
import socket
import time
from typing import Any

import psutil
import pytest
from websockets.exceptions import ConnectionClosed

from tests.enclave.raw_client import Channels, Json, RawClient, kind, only, pack_v1, printed
from tests.enclave_server import Enclave


def _reached(answers: list[Json]) -> Json:
    """The request as the kernel saw it."""
    request: Json = json.loads(printed(answers))
    return request


@pytest.mark.parametrize("v1", [True, False], ids=["binary", "default"])
def test_only_the_cell_reaches_the_kernel(analyst: RawClient, v1: bool) -> None:
    asked = {"user_expressions": {"x": "1"}, "allow_stdin": True, "evil": 1, "store_history": False}
    with analyst.session(v1=v1) as channels:
        parts: Json = {"metadata": {"a": 1}, "parent_header": {"b": 2}}
        request = channels.request("execute_request", {"code": "show_request", **asked}, **parts)
        seen = _reached(channels.answers(request))
    code = {"code": "show_request", "silent": False, "store_history": False, "stop_on_error": True}
    assert seen["content"] == {**code, "user_expressions": {}, "allow_stdin": False}
    assert seen["metadata"] == {}
    assert set(seen["header"]) == {"msg_id", "session", "username", "date", "msg_type", "version"}
    assert seen["header"]["username"] == "analyst"
    assert seen["header"]["date"]


@pytest.mark.parametrize(
    ("channel", "name"),
    [
        ("shell", "debug_request"),
        ("control", "debug_request"),
        ("control", "usage_request"),
        ("control", "create_subshell_request"),
        ("control", "execute_request"),
        ("shell", "connect_request"),
        ("shell", "shutdown_request"),
        ("shell", "x" * 200 + "_request"),
    ],
)
def test_a_request_that_is_not_served_is_answered_so(analyst: RawClient, channel: str, name: str) -> None:
    with analyst.session() as channels:
        reply = channels.answers(channels.request(name, {"code": "exit 1"}, channel=channel))
        assert reply[-2]["content"]["ename"] == "NotServed"
        assert only(channels.execute("nothing"), "execute_reply")["content"]["execution_count"] == 1


@pytest.mark.parametrize(
    ("channel", "name"),
    [
        ("shell", "comm_open"),
        ("shell", "comm_msg"),
        ("stdin", "input_reply"),
        ("iopub", "stream"),
        ("iopub", "execute_request"),
    ],
)
def test_messages_nobody_waits_for_are_dropped(analyst: RawClient, channel: str, name: str) -> None:
    with analyst.session() as channels:
        channels.request(name, {"code": "exit 1"}, channel=channel)
        assert only(channels.execute("nothing"), "execute_reply")["content"]["execution_count"] == 1


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"code": 1},
        {"code": None},
        {"code": ["x"]},
        {"code": "x", "silent": "yes"},
        {"code": "x", "stop_on_error": 1},
    ],
)
def test_a_malformed_request_is_answered_and_the_socket_lives(analyst: RawClient, content: Json) -> None:
    with analyst.session() as channels:
        answers = channels.answers(channels.request("execute_request", content))
        assert only(answers, "execute_reply")["content"]["ename"] == "MalformedRequest"
        assert only(channels.execute("nothing"), "execute_reply")["content"]["status"] == "ok"


def test_buffers_do_not_pass(analyst: RawClient) -> None:
    with analyst.session() as channels:
        answers = channels.answers(channels.request("execute_request", {"code": "nothing"}, buffers=[b"x"]))
        assert only(answers, "error")["content"]["ename"] == "CellRefused"


PIECE = {"name": "x", "import_id": "1", "size": 1, "piece": 0, "pieces": 1}


@pytest.mark.parametrize(
    ("content", "buffers", "name"),
    [
        (PIECE, [], "ImportRefused"),
        (PIECE, [b"x", b"y"], "ImportRefused"),
        (PIECE, [bytes(9 << 20)], "ImportRefused"),
        ({**PIECE, "size": 1 << 40}, [b"x"], "ImportRefused"),
        ({**PIECE, "size": "1"}, [b"x"], "MalformedRequest"),
        ({**PIECE, "name": 3}, [b"x"], "MalformedRequest"),
        ({}, [b"x"], "MalformedRequest"),
    ],
    ids=[
        "no buffer",
        "two buffers",
        "a giant buffer",
        "a giant import",
        "a size that is none",
        "a name that is none",
        "nothing",
    ],
)
def test_a_piece_of_an_import_that_is_none_is_answered_and_does_not_pass(
    analyst: RawClient, content: Json, buffers: list[bytes], name: str
) -> None:
    with analyst.session() as channels:
        answers = channels.answers(channels.request("import_request", content, buffers=buffers))
        assert only(answers, "import_reply")["content"]["ename"] == name
        assert only(channels.execute("nothing"), "execute_reply")["content"]["status"] == "ok"


GARBAGE: dict[str, Any] = {
    "empty": b"",
    "zeros": bytes(1000),
    "ones": b"\xff" * 1000,
    "text on the binary wire": "hello",
    "half a table": (6).to_bytes(8, "little"),
    "many offsets": (1 << 60).to_bytes(8, "little") + bytes(100),
    "no header": pack_v1(
        {"channel": "shell", "header": {}, "parent_header": {}, "metadata": {}, "content": {}, "buffers": []}
    ),
    "no such channel": pack_v1(
        {"channel": "root", "header": {}, "parent_header": {}, "metadata": {}, "content": {}, "buffers": []}
    ),
    "long id": pack_v1(
        {
            "channel": "shell",
            "header": {"msg_id": "x" * 999, "msg_type": "execute_request"},
            "parent_header": {},
            "metadata": {},
            "content": {},
            "buffers": [],
        }
    ),
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
def test_garbage_closes_its_own_socket_only(analyst: RawClient, garbage: Any) -> None:
    with analyst.session() as channels:
        with analyst.channels(channels.kernel) as other:
            other.socket.send(garbage)
            with pytest.raises(ConnectionClosed) as closed:
                other.receive(5)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1003
            assert closed.value.rcvd.reason
        assert only(channels.execute("nothing"), "execute_reply")["content"]["status"] == "ok"


@pytest.mark.parametrize("garbage", ["hello", "[]", "{}", b"\x00", '{"channel": "shell", "header": {"msg_id": 1}}'])
def test_garbage_on_the_default_layout_closes_its_own_socket_only(analyst: RawClient, garbage: Any) -> None:
    with analyst.session() as channels:
        with analyst.channels(channels.kernel, v1=False) as other:
            other.socket.send(garbage)
            with pytest.raises(ConnectionClosed):
                other.receive(5)
        assert only(channels.execute("nothing"), "execute_reply")["content"]["status"] == "ok"


def test_bytes_that_are_no_tls_and_no_http_bother_nobody(odd_enclave: Enclave, analyst: RawClient) -> None:
    for noise in (b"GET / HTTP/1.1\r\n\r\n", bytes(1000), b"\x16\x03\x01" + b"\xff" * 500):
        with socket.create_connection(("127.0.0.1", odd_enclave.port)) as raw:
            raw.sendall(noise)
    assert analyst.ask("GET", "/api/status").status == 200


@pytest.mark.parametrize("v1", [True, False], ids=["binary", "default"])
@pytest.mark.parametrize("size", [1_000_001, 100_000_000])
def test_a_giant_cell_gets_one_clear_error_while_others_are_served(analyst: RawClient, size: int, v1: bool) -> None:
    with analyst.session(v1=v1) as channels, analyst.session() as others:
        began = time.monotonic()
        giant = channels.request("execute_request", {"code": "x" * size})
        while time.monotonic() - began < 0.3:
            assert only(others.execute("nothing", timeout=30), "execute_reply")["content"]["status"] == "ok"
        answers = channels.answers(giant)
        assert only(answers, "error")["content"]["ename"] == "CellTooLarge"
        assert "at most 1000000 bytes" in only(answers, "execute_reply")["content"]["evalue"]
        assert only(channels.execute("nothing"), "execute_reply")["content"]["execution_count"] == 1


def test_a_cell_of_just_the_limit_passes(analyst: RawClient) -> None:
    with analyst.session() as channels:
        code = "nothing " + "é" * ((1_000_000 - len("nothing ")) // 2)
        assert only(channels.execute(code), "execute_reply")["content"]["status"] == "ok"
        assert only(channels.execute(code + "ée"), "execute_reply")["content"]["ename"] == "CellTooLarge"


def test_a_client_that_vanishes_mid_cell_leaves_the_session_running(analyst: RawClient) -> None:
    kernel = analyst.open()
    with analyst.channels(kernel, session="s") as channels:
        request = channels.request("execute_request", {"code": "sleep 1"})
        channels.until(lambda message: kind(message) == "stream")
        channels.socket.socket.shutdown(socket.SHUT_RDWR)
    time.sleep(1.2)
    with analyst.channels(kernel, session="s", after=0) as channels:
        assert only(channels.answers(request), "execute_reply")["content"]["status"] == "ok"
    analyst.ask("DELETE", f"/api/kernels/{kernel}")


def test_more_requests_than_may_wait_are_refused(analyst: RawClient) -> None:
    with analyst.session() as channels:
        channels.request("execute_request", {"code": "sleep 60"})
        channels.until(lambda message: kind(message) == "stream")
        refused = _flood(channels, 6000)
        assert refused["content"]["ename"] == "TooManyRequests"
        analyst.ask("POST", f"/api/kernels/{channels.kernel}/interrupt")


def _flood(channels: Channels, count: int) -> Json:
    padding = "nothing " + "x" * 2000
    for _ in range(count):
        channels.request("execute_request", {"code": padding})
    return channels.until(lambda message: kind(message) == "execute_reply")[-1]


def test_a_reader_that_stalls_holds_its_own_kernel_and_no_memory(odd_enclave: Enclave, analyst: RawClient) -> None:
    server = psutil.Process(odd_enclave.process.pid)
    with analyst.session() as channels, analyst.session() as others:
        before = server.memory_info().rss
        for _ in range(40):
            channels.request("execute_request", {"code": "blow 2000000"})
        time.sleep(2)
        assert only(others.execute("nothing", timeout=30), "execute_reply")["content"]["status"] == "ok"
        assert server.memory_info().rss - before < 60 << 20

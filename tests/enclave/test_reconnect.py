"""A connection may be lost; what the session said is not."""

import time

from tests.enclave.processes import eventually
from tests.enclave.raw_client import Json, RawClient, is_idle, kind, only, printed


def test_a_reconnecting_client_gets_what_it_missed_once(analyst: RawClient) -> None:
    kernel = analyst.open()
    with analyst.channels(kernel, session="mine") as channels:
        request = channels.request("execute_request", {"code": "sleep 1"})
        channels.until(lambda message: kind(message) == "stream")
    time.sleep(1.2)
    with analyst.channels(kernel, session="mine") as channels:
        missed = channels.answers(request)
        assert "stream" not in [kind(message) for message in missed]
        assert only(missed, "execute_reply")["content"]["status"] == "ok"
        assert printed(channels.execute("count 1")) == "0\n"
    analyst.ask("DELETE", f"/api/kernels/{kernel}")


def test_a_new_client_starts_now_and_one_that_asks_gets_all(analyst: RawClient) -> None:
    with analyst.session() as channels:
        channels.execute("count 3")
        with analyst.channels(channels.kernel, session="late") as late:
            request = late.request("execute_request", {"code": "count 1"})
            seen = late.until(lambda message: is_idle(message) and message["parent_header"]["msg_id"] == request)
            assert printed(seen) == "0\n"
        with analyst.channels(channels.kernel, session="other", after=0) as other:
            seen = other.until(lambda message: is_idle(message) and message["parent_header"]["msg_id"] == request)
            assert printed(seen) == "0\n1\n2\n0\n"


def test_both_layouts_replay_the_same(analyst: RawClient) -> None:
    def replay(kernel: str, *, v1: bool) -> list[Json]:
        with analyst.channels(kernel, v1=v1, after=0) as channels:
            seen = channels.until(is_idle)
        return [
            {name: message[name] for name in ("channel", "header", "parent_header", "content", "buffers")}
            for message in seen
        ]

    with analyst.session() as channels:
        channels.execute("export 1000")
        assert replay(channels.kernel, v1=True) == replay(channels.kernel, v1=False)


def test_what_was_dropped_is_counted_aloud(analyst: RawClient) -> None:
    with analyst.session() as channels:
        kernel = channels.kernel
    kernel = analyst.open()
    with analyst.channels(kernel, session="mine") as channels:
        request = channels.request("execute_request", {"code": "count 5000"})
        channels.until(lambda message: message["header"]["msg_type"] == "stream")
    assert eventually(lambda: analyst.ask("GET", f"/api/kernels/{kernel}").json["execution_state"] == "idle", 60)
    with analyst.channels(kernel, session="mine") as channels:
        seen = channels.answers(request)
        seen_all = printed(seen)
        assert seen_all.endswith("4999\n")
        assert 0 < seen_all.count("\n") <= 2000
    with analyst.channels(kernel, after=0) as channels:
        notice = channels.receive()
        assert notice["content"]["name"] == "stderr"
        assert "older messages of this session were dropped" in notice["content"]["text"]
    analyst.ask("DELETE", f"/api/kernels/{kernel}")


def test_a_connected_client_loses_nothing_of_a_long_output(analyst: RawClient) -> None:
    with analyst.session() as channels:
        lines = printed(channels.execute("count 20000", timeout=60)).split()
    assert lines == [str(number) for number in range(20000)]


def test_two_connections_see_the_same(analyst: RawClient) -> None:
    with analyst.session() as first, analyst.channels(first.kernel, v1=False) as second:
        request = first.request("execute_request", {"code": "count 5"})
        assert printed(first.answers(request)) == printed(second.answers(request)) == "0\n1\n2\n3\n4\n"


def test_a_cell_that_comes_twice_runs_once(analyst: RawClient) -> None:
    with analyst.session() as channels:
        header = {"msg_id": "once", "session": "mine", "username": "", "date": "", "version": "5.3"}
        for _ in range(2):
            channels.request("execute_request", {"code": "count 1"}, header={**header, "msg_type": "execute_request"})
        assert printed(channels.answers("once")) == "0\n"
        assert only(channels.execute("nothing"), "execute_reply")["content"]["execution_count"] == 2

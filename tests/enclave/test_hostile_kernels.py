"""What a kernel must not be able to do: show, forge or send more than the bridge lists."""

import json

import pytest

from tests.enclave.processes import NURSERIES, descendants, eventually
from tests.enclave.raw_client import Channels, Json, RawClient, kind, only, printed
from tests.enclave_server import Enclave

EXPORT = "application/vnd.antigranular.export+json"


def _show(channels: Channels, data: Json) -> Json:
    content: Json = only(channels.execute(f"show {json.dumps(data)}"), "display_data")["content"]
    return content


def test_only_listed_mime_types_pass(analyst: RawClient) -> None:
    data = {
        "text/plain": "fallback",
        "text/html": "<b>x</b>",
        "application/javascript": "alert(1)",
        "application/vnd.jupyter.widget-view+json": {"model_id": "x"},
        "application/vnd.plotly.v1+json": {},
        "application/vnd.antigranular.else+json": {},
    }
    with analyst.session() as channels:
        content = _show(channels, data)
        assert content == {"data": {"text/plain": "fallback", "text/html": "<b>x</b>"}, "metadata": {}}
        nothing = _show(channels, {"application/javascript": "alert(1)"})
        assert list(nothing["data"]) == ["text/plain"]


def test_headers_are_the_gateway_s_own(analyst: RawClient) -> None:
    with analyst.session() as channels:
        answers = channels.execute("count 1")
        assert {message["header"]["session"] for message in answers} == {channels.kernel}
        assert {message["header"]["username"] for message in answers} == {"kernel"}
        assert len({message["header"]["msg_id"] for message in answers}) == len(answers)
        assert {json.dumps(message["metadata"]) for message in answers} == {"{}"}


def test_a_forged_parent_is_cut_and_a_true_one_is_the_gateway_s_copy(analyst: RawClient) -> None:
    with analyst.session() as channels:
        request = channels.request("execute_request", {"code": "forge_parent unknown"})
        seen = channels.until(lambda message: kind(message) == "execute_reply")
        forged = next(message for message in seen if message["content"].get("text") == "forged")
        assert forged["parent_header"] == {}
        copy = channels.request("execute_request", {"code": f"forge_parent {request}"})
        seen = channels.until(lambda message: _replies_to(message, copy))
        parent = next(message["parent_header"] for message in seen if message["content"].get("text") == "forged")
        assert parent["msg_id"] == request
        assert "evil" not in parent


def _replies_to(message: Json, request: str) -> bool:
    return kind(message) == "execute_reply" and message["parent_header"]["msg_id"] == request


@pytest.mark.parametrize(
    ("channel", "name"),
    [
        ("stdin", "input_request"),
        ("iopub", "comm_open"),
        ("iopub", "debug_event"),
        ("iopub", "execute_reply"),
        ("shell", "stream"),
        ("control", "shutdown_reply"),
        ("control", "interrupt_reply"),
    ],
)
def test_messages_that_are_not_listed_do_not_pass(analyst: RawClient, channel: str, name: str) -> None:
    said = {"channel": channel, "kind": name, "content": {"status": "ok", "name": "stdout", "text": "x"}}
    with analyst.session() as channels:
        kinds = [(message["channel"], kind(message)) for message in channels.execute(f"say {json.dumps(said)}")]
    assert kinds == [("iopub", "status"), ("shell", "execute_reply"), ("iopub", "status")]


MALFORMED: list[tuple[str, Json]] = [
    ("stream", {"name": "stdlog", "text": "x"}),
    ("stream", {"name": "stdout"}),
    ("stream", {"name": "stdout", "text": 1}),
    ("status", {"execution_state": "dead"}),
    ("execute_result", {"data": {"text/plain": "x"}, "execution_count": "1"}),
    ("execute_result", {"data": {"text/plain": {"no": "text"}}, "execution_count": 1}),
    ("error", {"ename": "E", "evalue": "e", "traceback": "not a list"}),
    ("execute_input", {"code": "x", "execution_count": 1 << 60}),
]


@pytest.mark.parametrize(("name", "content"), MALFORMED)
def test_a_kernel_that_lies_about_a_listed_message_is_stopped(analyst: RawClient, name: str, content: Json) -> None:
    said = {"channel": "iopub", "kind": name, "content": content}
    with analyst.session() as channels:
        answers = channels.execute(f"say {json.dumps(said)}")
        assert "broke the protocol" in only(answers, "error")["content"]["evalue"]


@pytest.mark.parametrize(
    "content",
    [
        {"predictions": [1]},
        {"number": "1", "predictions": [1]},
        {"number": 1, "predictions": {"0": 1}},
        {"number": 1, "predictions": [[1]]},
        {"number": 1, "predictions": [{"label": 1}]},
    ],
)
def test_a_kernel_that_submits_what_are_no_predictions_is_stopped(analyst: RawClient, content: Json) -> None:
    with analyst.session() as channels:
        answers = channels.execute(f"submit {json.dumps([content])}")
        assert "broke the protocol" in only(answers, "error")["content"]["evalue"]


def test_submissions_are_answered_to_the_kernel_alone_and_one_at_a_time(analyst: RawClient) -> None:
    asked = [{"number": number, "predictions": ["x"] * 3, "analyst": "root"} for number in range(50)]
    with analyst.session() as channels:
        answers = channels.execute(f"submit {json.dumps(asked)}")
        told = [json.loads(line) for line in printed(answers).splitlines()]
        assert {message["channel"] for message in answers} == {"iopub", "shell"}
        assert sorted(each["number"] for each in told) == list(range(50))
        assert {each["status"] for each in told} == {"error"}
        reasons = {each["evalue"] for each in told}
        assert any("belongs to no competition" in reason for reason in reasons)
        assert only(channels.execute("nothing"), "execute_reply")["content"]["status"] == "ok"


@pytest.mark.parametrize("code", ["garbage", "claim 4294967295", "claim 0"])
def test_garbage_and_false_lengths_stop_the_kernel_and_nobody_else(
    odd_enclave: Enclave, analyst: RawClient, code: str
) -> None:
    with analyst.session() as others:
        with analyst.session() as channels:
            assert "broke the protocol" in only(channels.execute(code), "error")["content"]["evalue"]
            assert eventually(lambda: len(descendants(odd_enclave)) == NURSERIES + 3)
        assert only(others.execute("nothing"), "execute_reply")["content"]["status"] == "ok"


def test_a_text_over_the_limit_is_cut_and_says_so(analyst: RawClient) -> None:
    with analyst.session() as channels:
        text = printed(channels.execute(f"blow {17 << 20}"))
    assert text.endswith(f"… {1 << 20} more characters were cut\n")
    assert len(text) < (16 << 20) + 100


def test_an_export_passes_with_its_buffers_and_other_messages_lose_theirs(analyst: RawClient) -> None:
    with analyst.session() as channels:
        export = only(channels.execute("export 1000000"), "display_data")
        assert [len(buffer) for buffer in export["buffers"]] == [1_000_000, 3]
        assert export["content"]["data"][EXPORT] == {"name": "x"}


def test_an_export_of_the_largest_size_passes_though_the_replay_buffer_is_smaller(analyst: RawClient) -> None:
    with analyst.session() as channels:
        export = only(channels.execute(f"export {100_000_000}", timeout=60), "display_data")
        assert len(export["buffers"][0]) == 100_000_000


def test_an_export_over_the_limit_stops_the_kernel(analyst: RawClient) -> None:
    with analyst.session() as channels:
        answers = channels.execute(f"export {105 << 20}", timeout=60)
        assert "larger than it may be" in only(answers, "error")["content"]["evalue"]

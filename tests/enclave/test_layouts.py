"""Both websocket layouts: what one side writes the other reads, and garbage is refused without a traceback."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ag_enclave.bridge import wire_json, wire_v1
from ag_enclave.bridge.message import CHANNELS, Incoming, Message, parse_object
from ag_enclave.errors import MalformedMessage
from tests.enclave.raw_client import pack_v1, unpack_json, unpack_v1

LIMIT = 1 << 20
texts = st.text(st.characters(), max_size=20)
objects = st.dictionaries(texts, st.one_of(texts, st.integers(-(2**53), 2**53), st.booleans(), st.none()), max_size=4)
messages = st.builds(
    Message,
    channel=st.sampled_from(CHANNELS),
    header=objects,
    parent_header=objects,
    metadata=objects,
    content=objects,
    buffers=st.lists(st.binary(max_size=30), max_size=3).map(tuple),
)


def _same(message: Message, incoming: Incoming) -> None:
    assert incoming.channel == message.channel
    assert incoming.header == message.header
    assert incoming.parent_header == message.parent_header
    assert incoming.content == message.content
    assert tuple(bytes(buffer) for buffer in incoming.buffers) == message.buffers


@given(messages)
def test_the_binary_layout_carries_every_message(message: Message) -> None:
    _same(message, wire_v1.decode(wire_v1.encode(message), LIMIT))


@given(messages)
def test_the_default_layout_carries_every_message(message: Message) -> None:
    _same(message, wire_json.decode(wire_json.encode(message), LIMIT))


@given(messages)
def test_an_independent_reader_agrees_with_both_layouts(message: Message) -> None:
    parts = {
        "channel": message.channel,
        "header": message.header,
        "content": message.content,
        "metadata": message.metadata,
    }
    for read in (unpack_v1(wire_v1.encode(message)), unpack_json(wire_json.encode(message))):
        assert {name: read[name] for name in parts} == parts
        assert [bytes(buffer) for buffer in read["buffers"]] == list(message.buffers)


@pytest.mark.parametrize("decode", [wire_v1.decode, wire_json.decode])
@given(garbage=st.binary(max_size=200))
def test_garbage_is_refused(decode: Any, garbage: bytes) -> None:
    with pytest.raises(MalformedMessage):
        decode(garbage, LIMIT)


@given(messages, st.data())
def test_a_damaged_message_is_read_or_refused_but_never_fails_otherwise(message: Message, data: st.DataObject) -> None:
    payload = bytearray(wire_v1.encode(message))
    for _ in range(3):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(MalformedMessage):
        wire_v1.decode(bytes(payload), LIMIT)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{",
        '{"channel": "shell", "header": 1}',
        '{"channel": "root"}',
        "[" * 100_000,
        '{"a": ' + "9" * 5000 + "}",
    ],
)
def test_a_text_that_is_no_message_is_refused(text: str) -> None:
    with pytest.raises(MalformedMessage):
        wire_json.decode(text, LIMIT)


def test_numbers_that_json_lacks_arrive_as_null() -> None:
    assert parse_object('{"a": NaN, "b": -Infinity}') == {"a": None, "b": None}


@pytest.mark.parametrize("encode", [pack_v1, lambda message: json.dumps({**message, "buffers": []})])
def test_content_over_the_limit_is_left_unread(encode: Any) -> None:
    parts: dict[str, Any] = {"header": {}, "parent_header": {}, "metadata": {}}
    message = {"channel": "shell", **parts, "content": {"code": "x" * 200_000}, "buffers": []}
    payload = encode(message)
    decode = wire_json.decode if isinstance(payload, str) else wire_v1.decode
    assert decode(payload, 100_000).content is None
    assert decode(payload, 300_000).content == message["content"]

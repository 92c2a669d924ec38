"""One message there and back, and bytes that are none."""

import contextlib
import itertools
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ag_kernel.errors import MalformedMessage
from ag_kernel.wire import Message, decode, encode
from antigranular import wire as clients

MESSAGE = Message(
    channel="shell",
    header={"msg_id": "1", "msg_type": "execute_request"},
    parent_header={"msg_id": "0"},
    metadata={"a": [1, None]},
    content={"code": "print('é')"},
    buffers=(b"", b"\x00\xff"),
)


def test_a_message_survives_the_way() -> None:
    assert decode(encode(MESSAGE)) == MESSAGE


def test_the_layout_is_jupyters() -> None:
    data = encode(MESSAGE)
    (count,) = struct.unpack_from("<Q", data)
    offsets = struct.unpack_from(f"<{count}Q", data, 8)
    parts = [data[a:b] for a, b in itertools.pairwise(offsets)]
    assert parts[0] == b"shell"
    assert parts[4:] == [b'{"code":"print(\'\xc3\xa9\')"}', b"", b"\x00\xff"]
    assert offsets[-1] == len(data)


def test_a_number_that_json_cannot_say_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        encode(Message(channel="iopub", header={}, content={"x": float("nan")}))


@given(st.binary(max_size=300))
def test_any_bytes_are_a_message_or_malformed(data: bytes) -> None:
    with contextlib.suppress(MalformedMessage):
        decode(data)


@given(st.data())
def test_a_damaged_message_is_a_message_or_malformed(data: st.DataObject) -> None:
    whole = bytearray(encode(MESSAGE))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(MalformedMessage):
        decode(bytes(whole))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        struct.pack("<Q", 2**63),
        struct.pack("<3Q", 2, 24, 24),
        encode(Message(channel="elsewhere", header=MESSAGE.header)),
        encode(Message(channel="shell", header={"msg_id": 1, "msg_type": "x"})),
        encode(Message(channel="shell", header={})),
        encode(MESSAGE)[:-1],
    ],
)
def test_what_is_no_message_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedMessage):
        decode(data)


def test_the_client_reads_what_the_kernel_writes() -> None:
    got = clients.decode(encode(MESSAGE))
    assert (got.channel, got.header, got.content, got.buffers) == (
        MESSAGE.channel,
        MESSAGE.header,
        MESSAGE.content,
        MESSAGE.buffers,
    )

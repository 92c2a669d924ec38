"""Messages survive the wire's layout, and anything that is not one message is refused."""

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antigranular.errors import WireError
from antigranular.wire import Message, decode, encode, request

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
OBJECTS = st.dictionaries(st.text(), JSON, max_size=4)


@given(OBJECTS, OBJECTS, OBJECTS, OBJECTS, st.lists(st.binary(max_size=64), max_size=3).map(tuple))
def test_a_message_survives_the_round_trip(header, parent, metadata, content, buffers) -> None:
    message = Message(
        channel="iopub", header=header, parent_header=parent, metadata=metadata, content=content, buffers=buffers
    )
    assert decode(encode(message)) == message


def test_the_layout_is_the_one_that_jupyter_servers_speak() -> None:
    from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1

    channel, parts = deserialize_msg_from_ws_v1(encode(request("shell", "kernel_info_request", {"a": 1}, "me")))
    assert channel == "shell"
    assert parts[3] == b'{"a": 1}'


@given(st.binary(max_size=200))
def test_garbage_is_refused(raw: bytes) -> None:
    with pytest.raises(WireError):
        decode(raw)


@given(st.integers(0, 60), st.integers(0, 255))
def test_a_damaged_table_of_offsets_is_refused_or_still_a_message(at: int, value: int) -> None:
    raw = bytearray(encode(request("shell", "x", {}, "me")))
    raw[at] = value
    with contextlib.suppress(WireError):
        assert isinstance(decode(bytes(raw)), Message)


def test_a_huge_count_of_offsets_allocates_nothing() -> None:
    with pytest.raises(WireError):
        decode(struct.pack("<QQ", 2**60, 0))

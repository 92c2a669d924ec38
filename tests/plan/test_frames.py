"""Frames out of a stream that arrives in any pieces."""

import random
import socket

import pytest

from ag_plan.errors import MalformedPlan
from ag_plan.frames import MAX_FRAME_BYTES, Frames, framed, receive_frame, send_frame

PAYLOADS = [b"", b"a", b"hello" * 100, b"\0" * 70_000, b"end"]
STREAM = b"".join(map(framed, PAYLOADS))


def test_frames_come_whole_and_in_order_however_the_stream_is_cut() -> None:
    chance = random.Random(4)
    for _ in range(50):
        cuts = sorted(chance.sample(range(1, len(STREAM)), 12))
        frames = Frames()
        found = []
        for start, end in zip([0, *cuts], [*cuts, len(STREAM)], strict=True):
            found += frames.take(STREAM[start:end])
        assert found == PAYLOADS
        assert not frames.half


def test_frames_byte_by_byte_are_the_same() -> None:
    stream = b"".join(map(framed, PAYLOADS[:3]))
    frames = Frames()
    assert [frame for byte in stream for frame in frames.take(bytes([byte]))] == PAYLOADS[:3]


def test_a_frame_that_has_begun_is_known_and_read_in_larger_parts() -> None:
    frames = Frames()
    small = frames.wanted
    assert frames.take(framed(b"hello")[:6]) == []
    assert frames.half
    assert frames.wanted > small


@pytest.mark.parametrize("already", [b"", framed(b"x"), framed(b"x")[:3]])
def test_a_frame_over_the_limit_is_none_however_much_of_it_came(already: bytes) -> None:
    rest = framed(b"x" * 1)[len(already) :] if len(already) == 3 else b""
    frames = Frames(longest=10)
    frames.take(already)
    with pytest.raises(MalformedPlan):
        frames.take(rest + framed(b"y" * 11))


def test_a_message_too_long_to_send_is_no_frame_and_nothing_is_written() -> None:
    here, there = socket.socketpair()
    with here, there, pytest.raises(MalformedPlan, match="64 MiB"):
        send_frame(here, bytes(MAX_FRAME_BYTES + 1))
    here, there = socket.socketpair()
    with there:
        with here:
            send_frame(here, b"whole")
        assert receive_frame(there) == b"whole"
        assert receive_frame(there) is None

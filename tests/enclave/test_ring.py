"""What a session said is kept within bounds, and readers know what they missed."""

import asyncio

import pytest

from ag_enclave.bridge import replies, wire_json, wire_v1
from ag_enclave.bridge.message import Message
from ag_enclave.bridge.mimes import EXPORT
from ag_enclave.bridge.outbound import Outbound
from ag_enclave.config import Wire
from ag_enclave.session.ring import Reader, Ring


def _ring(*, most_bytes: int = 1 << 20, most_messages: int = 100, said: int = 0) -> Ring:
    ring = Ring(most_bytes=most_bytes, most_messages=most_messages)
    for number in range(said):
        ring.append(replies.notice(str(number)))
    return ring


async def _take(ring: Ring, reader: Reader) -> tuple[int, str]:
    found = await ring.next(reader)
    assert found is not None
    dropped, said = found
    ring.taken(reader, said)
    return dropped, said.message.content["text"].strip()


@pytest.mark.parametrize(("said", "start"), [(0, 0), (100, 0), (101, 1), (250, 150)])
def test_the_oldest_messages_go_first(said: int, start: int) -> None:
    ring = _ring(said=said)
    assert (ring.start, ring.end) == (start, said)


def test_bytes_are_bounded_but_the_newest_message_stays() -> None:
    ring = _ring(most_bytes=100, said=5)
    assert ring.end - ring.start == 1


def test_a_reader_is_told_how_much_it_missed() -> None:
    ring = _ring(said=150)
    reader = Reader(position=20)
    assert asyncio.run(_take(ring, reader)) == (30, "50")
    assert asyncio.run(_take(ring, reader)) == (0, "51")


def test_a_reader_waits_for_news_and_ends_with_the_session() -> None:
    async def run() -> list[str]:
        ring, heard = _ring(), []
        reader = Reader(position=0)

        async def listen() -> None:
            while (found := await ring.next(reader)) is not None:
                heard.append(found[1].message.content["text"].strip())
                ring.taken(reader, found[1])

        listener = asyncio.create_task(listen())
        for word in ("a", "b"):
            await asyncio.sleep(0)
            ring.append(replies.notice(word))
        ring.finish()
        await asyncio.wait_for(listener, 5)
        return heard

    assert asyncio.run(run()) == ["a", "b"]


def test_the_kernel_waits_for_a_reader_that_would_lose_messages() -> None:
    async def run() -> tuple[bool, bool]:
        ring = _ring(most_messages=10)
        reader = Reader(position=0)
        ring.readers.add(reader)
        for number in range(12):
            ring.append(replies.notice(str(number)))
        waiting = asyncio.create_task(ring.room(60))
        await asyncio.sleep(0.01)
        before = waiting.done()
        for _ in range(2):
            await _take(ring, reader)
        await asyncio.wait_for(waiting, 5)
        return before, reader.cut.is_set()

    assert asyncio.run(run()) == (False, False)


def test_a_reader_that_never_moves_is_cut_and_nobody_waits_for_it_again() -> None:
    async def run() -> Reader:
        ring, reader = _ring(most_messages=10), Reader(position=0)
        ring.readers.add(reader)
        for number in range(11):
            ring.append(replies.notice(str(number)))
        await asyncio.wait_for(ring.room(0.01), 5)
        assert ring.readers == set()
        return reader

    assert asyncio.run(run()).cut.is_set()


def test_a_connected_reader_loses_nothing_to_one_very_large_message() -> None:
    ring = _ring(most_bytes=10_000)
    reader = Reader(position=0)
    ring.readers.add(reader)
    for text in ("small", "x" * 50_000):
        ring.append(replies.notice(text))
    assert asyncio.run(_take(ring, reader)) == (0, "small")
    assert asyncio.run(_take(ring, reader))[0] == 0
    assert ring.end - ring.start == 1


def test_without_readers_the_kernel_never_waits() -> None:
    ring = _ring(most_messages=10, said=30)
    asyncio.run(asyncio.wait_for(ring.room(60), 1))


def test_buffers_are_held_once_and_counted_and_encoded_in_both_layouts() -> None:
    ring = Ring(most_bytes=10_000, most_messages=10)
    buffers = (b"x" * 6_000,)
    ring.append(Message(channel="iopub", header={"msg_type": "display_data"}, content={}, buffers=buffers))
    reader = Reader(position=0)
    _, said = asyncio.run(ring.next(reader))
    assert 6_000 < said.size < 7_000
    assert said.message.buffers is buffers
    for encoded, decode in ((said.v1(), wire_v1.decode), (said.json(), wire_json.decode), (said.v1(), wire_v1.decode)):
        assert [bytes(part) for part in decode(encoded, 10_000).buffers] == list(buffers)
    ring.append(Message(channel="iopub", header={"msg_type": "display_data"}, content={}, buffers=buffers))
    assert ring.start == 1, "two of them are more than there may be"


@pytest.mark.parametrize(("ballast", "held"), [(0, memoryview), (100_000, bytes)])
def test_an_export_keeps_nothing_in_memory_that_nobody_counts(ballast: int, held: type) -> None:
    told = {"data": {EXPORT: {"name": "x"}}, "metadata": {}}
    header, metadata = {"msg_type": "display_data"}, {"ballast": "x" * ballast}
    sent = Message(channel="iopub", header=header, content=told, metadata=metadata, buffers=(b"x" * 10_000, b"y"))
    admitted = Outbound(session="s", limits=Wire()).admit(wire_v1.decode(wire_v1.encode(sent), 1 << 20))
    assert admitted is not None
    assert [bytes(part) for part in admitted.buffers] == list(sent.buffers)
    assert {type(part) for part in admitted.buffers} == {held}

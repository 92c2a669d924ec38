"""The default websocket layout: a JSON text, or with buffers a table of offsets, the JSON and the buffers.

Knows the layout, not what a message may say.
"""

import struct
from itertools import pairwise

from ag_enclave.bridge.message import CHANNELS, Incoming, Message, dump, parse_object
from ag_enclave.errors import MalformedMessage

_WORD = 4
_MOST_PARTS = 1024
_ENVELOPE = 65536


def encode(message: Message) -> str | bytes:
    """A text where the message has no buffers, else the binary layout."""
    body = dump(
        {
            "channel": message.channel,
            "header": message.header,
            "parent_header": message.parent_header,
            "metadata": message.metadata,
            "content": message.content,
            "msg_id": message.header.get("msg_id"),
            "msg_type": message.header.get("msg_type"),
            **({} if message.buffers else {"buffers": []}),
        }
    )
    return _with_buffers(body, message.buffers) if message.buffers else body.decode("ascii")


def _with_buffers(body: bytes, buffers: tuple[bytes | memoryview, ...]) -> bytes:
    parts: list[bytes | memoryview] = [body, *buffers]
    position = _WORD * (len(parts) + 1)
    offsets = []
    for part in parts:
        offsets.append(position)
        position += len(part)
    return b"".join([struct.pack(f">{len(parts) + 1}I", len(parts), *offsets), *parts])


def decode(payload: str | bytes, content_limit: int) -> Incoming:
    """Cut a message into parts; content that must be longer than ``content_limit`` bytes is dropped. MalformedMessage for garbage."""
    if isinstance(payload, str):
        return _incoming(payload, (), content_limit)
    view = memoryview(payload)
    body, *buffers = _parts(view)
    return _incoming(body, tuple(buffers), content_limit)


def _parts(view: memoryview) -> list[memoryview]:
    if len(view) < _WORD:
        raise MalformedMessage("the message is shorter than its own table")
    (count,) = struct.unpack_from(">I", view)
    if not 0 < count <= _MOST_PARTS or len(view) < _WORD * (count + 1):
        raise MalformedMessage("the message's table has an impossible length")
    offsets = (*struct.unpack_from(f">{count}I", view, _WORD), len(view))
    if offsets[0] != _WORD * (count + 1) or any(start > end for start, end in pairwise(offsets)):
        raise MalformedMessage("the message's parts don't lie where its table says")
    return [view[start:end] for start, end in pairwise(offsets)]


def _incoming(body: str | memoryview, buffers: tuple[memoryview, ...], content_limit: int) -> Incoming:
    fields = parse_object(body)
    channel = fields.get("channel", "shell")
    header, parent, content = (fields.get(name, {}) for name in ("header", "parent_header", "content"))
    if channel not in CHANNELS or not all(isinstance(part, dict) for part in (header, parent, content)):
        raise MalformedMessage("the message lacks a part that every message has")
    too_long = len(body) > content_limit + _ENVELOPE
    return Incoming(
        channel=channel,
        header=header,
        parent_header=parent,
        content=None if too_long else content,
        buffers=buffers,
    )

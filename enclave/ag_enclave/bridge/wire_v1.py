"""The binary layout ``v1.kernel.websocket.jupyter.org``, on the websocket and on the session channel.

u64 offset count, u64 offsets (all little-endian), then channel, header, parent header, metadata, content, buffers.
Knows the layout, not what a message may say.
"""

import struct
from itertools import pairwise

from ag_enclave.bridge.message import CHANNELS, Incoming, Message, dump, parse_object
from ag_enclave.errors import MalformedMessage

SUBPROTOCOL = "v1.kernel.websocket.jupyter.org"
_WORD = 8
_FIXED_PARTS = 5
_MOST_PARTS = 1024


def encode(message: Message) -> bytes:
    """The layout of a message."""
    parts: list[bytes | memoryview] = [
        message.channel.encode(),
        dump(message.header),
        dump(message.parent_header),
        dump(message.metadata),
        dump(message.content),
        *message.buffers,
    ]
    position = _WORD * (len(parts) + 2)
    offsets = [position]
    for part in parts:
        position += len(part)
        offsets.append(position)
    return b"".join([struct.pack(f"<{len(offsets) + 1}Q", len(offsets), *offsets), *parts])


def decode(payload: bytes, content_limit: int) -> Incoming:
    """Cut a message into parts; content longer than ``content_limit`` bytes is left unread. MalformedMessage for garbage."""
    view = memoryview(payload)
    offsets = _offsets(view)
    channel, header, parent, _metadata, content, *buffers = [view[start:end] for start, end in pairwise(offsets)]
    return Incoming(
        channel=_channel(channel),
        header=parse_object(header),
        parent_header=parse_object(parent),
        content=parse_object(content) if len(content) <= content_limit else None,
        buffers=tuple(buffers),
    )


def _offsets(view: memoryview) -> tuple[int, ...]:
    if len(view) < _WORD:
        raise MalformedMessage("the message is shorter than its own table")
    (count,) = struct.unpack_from("<Q", view)
    if not _FIXED_PARTS < count <= _MOST_PARTS or len(view) < _WORD * (count + 1):
        raise MalformedMessage("the message's table has an impossible length")
    offsets: tuple[int, ...] = struct.unpack_from(f"<{count}Q", view, _WORD)
    ordered = all(start <= end for start, end in pairwise(offsets))
    if not ordered or offsets[0] != _WORD * (count + 1) or offsets[-1] != len(view):
        raise MalformedMessage("the message's parts don't lie where its table says")
    return offsets


def _channel(part: memoryview) -> str:
    name = bytes(part)
    for channel in CHANNELS:
        if name == channel.encode():
            return channel
    raise MalformedMessage("the message names no known channel")

"""Jupyter messages as bytes: the layout of ``v1.kernel.websocket.jupyter.org``. Knows nothing of sockets or of what cells mean.

A message is: how many offsets (u64, little-endian), the offsets, and then between them the channel's name, four JSON
objects (header, parent header, metadata, content) and any number of buffers.
"""

import itertools
import json
import struct
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from antigranular.errors import WireError

SUBPROTOCOL = "v1.kernel.websocket.jupyter.org"
PROTOCOL_VERSION = "5.3"
WIRE = 1
"""The version of ours beyond Jupyter: exports, budget lines, the session's own fields."""

Buffer = bytes | memoryview
"""Raw bytes; a view is of single bytes, so that its length is theirs."""
_OFFSET = struct.Struct("<Q")
_JSON_PARTS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One Jupyter message."""

    channel: str
    header: Mapping[str, Any]
    parent_header: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    content: Mapping[str, Any] = field(default_factory=dict)
    buffers: tuple[Buffer, ...] = ()

    @property
    def kind(self) -> str:
        """The message type."""
        return str(self.header.get("msg_type", ""))

    @property
    def parent(self) -> str:
        """The id of the request this answers, or an empty string."""
        return str(self.parent_header.get("msg_id", ""))


def request(channel: str, kind: str, content: Mapping[str, Any], client: str) -> Message:
    """A new request of ours; ``client`` names this client to the kernel, the same over reconnections."""
    header = {
        "msg_id": uuid.uuid4().hex,
        "msg_type": kind,
        "session": client,
        "username": "",
        "date": datetime.now(UTC).isoformat(),
        "version": PROTOCOL_VERSION,
    }
    return Message(channel=channel, header=header, content=content)


def encode(message: Message) -> bytes:
    """The message as bytes."""
    objects = (message.header, message.parent_header, message.metadata, message.content)
    parts: list[Buffer] = [message.channel.encode(), *(json.dumps(each).encode() for each in objects), *message.buffers]
    ends = [_OFFSET.size * (len(parts) + 2)]
    for part in parts:
        ends.append(ends[-1] + len(part))
    return b"".join([_OFFSET.pack(len(ends)), *(_OFFSET.pack(end) for end in ends), *parts])


def decode(raw: bytes) -> Message:
    """The message in the bytes, its buffers as views of them. Raises WireError for anything that is not exactly one."""
    parts = _split(raw)
    try:
        channel = str(parts[0], "utf-8")
        header, parent, metadata, content = (json.loads(bytes(part)) for part in parts[1 : 1 + _JSON_PARTS])
    except (ValueError, RecursionError) as problem:
        raise WireError(f"the enclave sent a message that is not JSON: {problem}") from None
    if not all(isinstance(each, dict) for each in (header, parent, metadata, content)):
        raise WireError("the enclave sent a message whose parts are not objects")
    return Message(
        channel=channel,
        header=header,
        parent_header=parent,
        metadata=metadata,
        content=content,
        buffers=tuple(parts[1 + _JSON_PARTS :]),
    )


def _split(raw: bytes) -> list[memoryview]:
    """The parts between the offsets, which must rise, stay inside and end at the end."""
    try:
        (count,) = _OFFSET.unpack_from(raw)
        if count < _JSON_PARTS + 2 or count * _OFFSET.size >= len(raw):
            raise WireError("the enclave sent a message with a broken table of offsets")
        ends = struct.unpack_from(f"<{count}Q", raw, _OFFSET.size)
    except struct.error:
        raise WireError("the enclave sent a message that is too short to be one") from None
    rising = all(start <= end for start, end in itertools.pairwise(ends))
    if not rising or ends[0] != _OFFSET.size * (count + 1) or ends[-1] != len(raw):
        raise WireError("the enclave sent a message with a broken table of offsets")
    view = memoryview(raw)
    return [view[start:end] for start, end in itertools.pairwise(ends)]

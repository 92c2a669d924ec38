"""One Jupyter message ⇄ bytes, in the layout of ``v1.kernel.websocket.jupyter.org``.

Little-endian u64 count of offsets, the offsets, then channel, header, parent, metadata, content and buffers.
It must not know what a message is for.
"""

import itertools
import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from ag_kernel.errors import MalformedMessage

PROTOCOL: Final = "5.3"
CHANNELS: Final = frozenset({"shell", "control", "iopub", "stdin"})
_U64: Final = struct.Struct("<Q")
_JSON_PARTS: Final = ("header", "parent_header", "metadata", "content")
_MOST_PARTS: Final = 1024
_numbers = itertools.count(1)

Json = dict[str, Any]
Buffer = bytes | memoryview
"""Raw bytes; a view is of single bytes, so that its length is theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message: ``header`` and ``parent_header`` as Jupyter has them, ``buffers`` raw."""

    channel: str
    header: Mapping[str, Any]
    parent_header: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    content: Mapping[str, Any] = field(default_factory=dict)
    buffers: Sequence[Buffer] = ()

    @property
    def kind(self) -> str:
        """Jupyter's ``msg_type``."""
        return str(self.header["msg_type"])


def new_header(kind: str, session: str) -> Json:
    """A fresh header for a message of this kernel."""
    return {
        "msg_id": f"{session}_{next(_numbers)}",
        "msg_type": kind,
        "session": session,
        "username": "kernel",
        "date": datetime.now(UTC).isoformat(),
        "version": PROTOCOL,
    }


def encode(message: Message) -> bytes:
    """Bytes of a message. ValueError where content holds NaN or infinity, which JSON can't say."""
    return b"".join(parts_of(message))


def parts_of(message: Message) -> list[Buffer]:
    """The same bytes one part after the other, the buffers as they are. ValueError as above."""
    texts = (getattr(message, name) for name in _JSON_PARTS)
    parts: list[Buffer] = [message.channel.encode(), *(_dump(text) for text in texts), *message.buffers]
    offsets = [_U64.size * (len(parts) + 2)]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    head = struct.pack(f"<{len(offsets) + 1}Q", len(offsets), *offsets)
    return [head, *parts]


def _dump(text: object) -> bytes:
    try:
        return json.dumps(text, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # half a surrogate pair has no UTF-8, only an escape
        return json.dumps(text, allow_nan=False, separators=(",", ":")).encode()


def decode(data: bytes) -> Message:
    """The message in the bytes. Total: MalformedMessage for anything else."""
    parts = _split(data)
    if len(parts) < 1 + len(_JSON_PARTS):
        raise MalformedMessage("a message has at least five parts")
    try:
        channel = parts[0].decode()
        texts = {name: json.loads(part) for name, part in zip(_JSON_PARTS, parts[1:5], strict=True)}
    except (ValueError, RecursionError):
        raise MalformedMessage("a part of the message is not JSON text") from None
    if channel not in CHANNELS or not all(isinstance(text, dict) for text in texts.values()):
        raise MalformedMessage("the message has an unknown channel, or a part that is not an object")
    if not all(isinstance(texts["header"].get(name), str) for name in ("msg_id", "msg_type")):
        raise MalformedMessage("the message's header lacks its id or its type")
    return Message(channel=channel, **texts, buffers=tuple(parts[5:]))


def _split(data: bytes) -> list[bytes]:
    """The parts between consecutive offsets."""
    if len(data) < _U64.size:
        raise MalformedMessage("the message is shorter than its own head")
    (count,) = _U64.unpack_from(data)
    if not 1 < count <= _MOST_PARTS or _U64.size * (count + 1) > len(data):
        raise MalformedMessage("the message's offsets don't fit into it")
    offsets = struct.unpack_from(f"<{count}Q", data, _U64.size)
    if (
        offsets[0] != _U64.size * (count + 1)
        or offsets[-1] != len(data)
        or any(a > b for a, b in itertools.pairwise(offsets))
    ):
        raise MalformedMessage("the message's offsets don't lie in order")
    return [data[a:b] for a, b in itertools.pairwise(offsets)]

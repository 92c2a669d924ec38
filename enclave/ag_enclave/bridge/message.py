"""A kernel message, as the bridge sees it. Knows no layout: ``wire_v1`` and ``wire_json`` do."""

import json
from dataclasses import dataclass, field
from typing import Any

from ag_enclave.errors import MalformedMessage

CHANNELS = ("shell", "iopub", "control", "stdin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message on one channel."""

    channel: str
    header: dict[str, Any]
    content: dict[str, Any]
    parent_header: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    buffers: tuple[bytes | memoryview, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A message from outside, cut into parts; ``content`` is None where it is longer than was worth reading."""

    channel: str
    header: dict[str, Any]
    parent_header: dict[str, Any]
    content: dict[str, Any] | None
    buffers: tuple[memoryview, ...]


def _null(_name: str) -> None:
    """NaN and the infinities are not JSON: browsers reject the whole message."""


_DECODER = json.JSONDecoder(parse_constant=_null)


def parse_object(text: bytes | bytearray | memoryview | str) -> dict[str, Any]:
    """A JSON object. MalformedMessage for anything else."""
    try:
        value = _DECODER.decode(text if isinstance(text, str) else str(text, "utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as problem:
        raise MalformedMessage("a part of the message is not JSON") from problem
    if not isinstance(value, dict):
        raise MalformedMessage("a part of the message is not a JSON object")
    return value


def dump(value: object) -> bytes:
    """Compact JSON, ASCII only, so that half a surrogate pair can't break a client's decoder."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii")

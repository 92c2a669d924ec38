"""Exports as they arrive: whole, or a large one piece by piece. Must not know the wire's forms, nor where values go."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from antigranular.parcel import Arriving, unpack
from antigranular.values import decode_export, decoded, name_of
from antigranular.wire import Buffer

IN_PIECES = 2
"""The version of an export that travels in pieces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What one message brought: a ``whole`` value, or ``done`` of ``size`` bytes of one; ``lost``: a part of it is gone."""

    name: str
    whole: bool = False
    value: Any = None
    done: int = 0
    size: int = 0
    lost: bool = False


class Exports:
    """One cell's exports, whole or in pieces."""

    def __init__(self) -> None:
        self._arriving: dict[Any, Arriving] = {}
        self.lost: set[Any] = set()

    def take(self, payload: Any, buffers: Sequence[Buffer]) -> Piece:
        """One message of an export. Raises WireError for anything outside the closed set."""
        if not isinstance(payload, dict) or payload.get("version") != IN_PIECES:
            name, value = decode_export(payload, buffers)
            return Piece(name=name, whole=True, value=value)
        name, number = name_of(payload), (payload.get("name"), payload.get("number"))
        if payload.get("piece") == 0:
            self._arriving[number] = Arriving(payload)
        arriving = self._arriving.get(number)
        if arriving is None or arriving.misses(payload):
            self._arriving.pop(number, None)
            return Piece(name=name, lost=self._lose(number))
        if not arriving.take(payload, buffers):
            return Piece(name=name, done=len(arriving.run), size=arriving.size)
        del self._arriving[number]
        head, parts = unpack(arriving.run)
        return Piece(name=name, whole=True, value=decoded(name, head.get("value"), parts), size=arriving.size)

    def _lose(self, number: Any) -> bool:
        """A piece of what never came whole, said once: this process joined, or came back, too late."""
        first = number not in self.lost
        self.lost.add(number)
        return first

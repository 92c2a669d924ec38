"""The vault's end of a mapper: programs and values go out, one value for each comes back, of the kind that was asked for, or null.

Knows frames and kinds. A mapper holds nothing but what it is sent here, and whatever it says is read as results of one kind.
"""

import math
import socket
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Protocol

from ag_mapper import wire
from ag_mapper.values import MOST_ITEMS
from ag_plan.errors import MalformedPlan
from ag_plan.frames import receive_frame, send_frame
from ag_vault.errors import MapperFailed
from ag_vault.expressions.term import Lookup

_MANY, _FEW = 4096, 512
"""Rows at once without a text, and texts at once: however long all of them are, a frame holds them, and no patience ends."""
_PATIENCE_SECONDS = 180.0
"""For one frame: more than all of its rows may take."""

Row = Sequence[Any]


class Mapper(Protocol):
    """Runs programs."""

    @property
    def is_there(self) -> bool:
        """Whether it can be asked. Said before anything is charged."""
        ...

    def mapped(self, lookup: Lookup, rows: Iterable[Row]) -> Iterator[tuple[list[Row], list[Any]]]:
        """The rows in parts, and the results of each part. MapperFailed where it breaks down."""
        ...


class NoMapper:
    """There is none: plans that need one are refused."""

    is_there = False

    def mapped(self, lookup: Lookup, rows: Iterable[Row]) -> Iterator[tuple[list[Row], list[Any]]]:
        """As the protocol says."""
        raise MapperFailed(f"{len(lookup.keys)} columns for nobody: {type(rows).__name__}")


def at_once(kinds: Iterable[str]) -> int:
    """How many rows of these kinds may be on the way together: whether they fit must never follow from what they hold."""
    texts = sum(kind == "str" for kind in kinds)
    return max(1, _FEW // texts) if texts else _MANY


class SocketMapper:
    """Mappers at the other end of a socket: a new one for each program, which ends with it. One that fails is the last."""

    def __init__(self, stream: socket.socket) -> None:
        stream.settimeout(_PATIENCE_SECONDS)
        self._stream = stream
        self.is_there = True

    def mapped(self, lookup: Lookup, rows: Iterable[Row]) -> Iterator[tuple[list[Row], list[Any]]]:
        """As the protocol says."""
        asked = wire.Asked(program=lookup.program, kinds=lookup.kinds, kind=lookup.kind)
        size = min(at_once(lookup.kinds), at_once((lookup.kind,)))
        self.is_there, well = False, self.is_there
        if not well:
            raise MapperFailed("it has failed before")
        try:
            waiting = iter(rows)
            send_frame(self._stream, wire.encoded(asked))
            while part := list(islice(waiting, size)):
                send_frame(self._stream, wire.encoded(part))
                yield part, self._results(lookup.kind, len(part))
            send_frame(self._stream, b"")
        except (OSError, MalformedPlan) as problem:
            raise MapperFailed(type(problem).__name__) from None
        self.is_there = True

    def _results(self, kind: str, count: int) -> list[Any]:
        frame = receive_frame(self._stream)
        if frame is None:
            raise MapperFailed("it has ended")
        found = wire.results(frame, kind)
        if len(found) != count:
            raise MapperFailed("it gave another number of results")
        return [_held(value) for value in found]

    def close(self) -> None:
        """Hang up."""
        self._stream.close()


def _held(value: Any) -> Any:
    """A result that a column can hold; None else."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, str) and (len(value) > MOST_ITEMS or "\x00" in value):
        return None
    return value

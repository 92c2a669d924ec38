"""What is said between a vault and a mapper: once what is to be run, then rows of values and their results by turns, then nothing.

Knows records and bytes. A result has one of five kinds; whatever else arrives is no result.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec

from ag_plan.errors import MalformedPlan

Row = Sequence[Any]
_Whole = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A program in the bytes of a plan, the kinds of its arguments, and the kind of its results."""

    program: bytes
    kinds: tuple[str, ...]
    kind: str


_encode = msgspec.msgpack.Encoder().encode
_asked = msgspec.msgpack.Decoder(Asked)
_rows: msgspec.msgpack.Decoder[list[list[Any]]] = msgspec.msgpack.Decoder(list[list[bool | int | float | str | None]])
_RESULTS: Final[dict[str, msgspec.msgpack.Decoder[Any]]] = {
    "float": msgspec.msgpack.Decoder(list[float | None]),
    "int": msgspec.msgpack.Decoder(list[_Whole | None]),
    "bool": msgspec.msgpack.Decoder(list[bool | None]),
    "str": msgspec.msgpack.Decoder(list[str | None]),
    "datetime": msgspec.msgpack.Decoder(list[_Whole | None]),
}


def encoded(word: Any) -> bytes:
    """Bytes of what is asked, of rows, or of results."""
    return _encode(word)


def asked(data: bytes) -> Asked:
    """What is to be run. MalformedPlan for anything else."""
    return _decoded(_asked, data)  # type: ignore[no-any-return]


def rows(data: bytes) -> list[list[Any]]:
    """Rows of values. MalformedPlan for anything else."""
    return _decoded(_rows, data)  # type: ignore[no-any-return]


def results(data: bytes, kind: str) -> list[Any]:
    """Results of a kind. MalformedPlan for anything else."""
    return _decoded(_RESULTS[kind], data)  # type: ignore[no-any-return]


def _decoded(decoder: msgspec.msgpack.Decoder[Any], data: bytes) -> Any:
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, RecursionError, ValueError, OverflowError):
        raise MalformedPlan("the bytes are not of a mapping") from None

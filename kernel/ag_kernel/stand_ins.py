"""What stands, for cells, in the place of standard functions that write to, or read from, any object by names that are given as text.

Named by the rows of `offers`. It must not know the kernel.
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any


def wraps(wrapped: Any) -> Callable[[Any], Any]:
    """`functools.wraps` with its usual attributes, of functions. TypeError where anything else would be written to."""

    def decorate(wrapper: Any) -> Any:
        if not isinstance(wrapper, FunctionType):
            raise TypeError(f"wraps: {type(wrapper).__name__} is no function written in a cell")
        return functools.wraps(wrapped)(wrapper)

    return decorate


class _Settled(dataclasses.Field):  # type: ignore[type-arg]
    """A field whose name, by which `asdict` and `replace` read, is its class's word alone."""

    __slots__ = ()

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "name" and getattr(self, "name", None) not in (None, value):
            raise AttributeError("the name of a field is where its class puts it")
        super().__setattr__(name, value)


def field(**words: Any) -> Any:
    """`dataclasses.field`."""
    made = dataclasses.field(**words)
    made.__class__ = _Settled
    return made


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A field of a data class, to be read."""

    name: str
    type: Any
    default: Any
    default_factory: Any
    init: bool
    repr: bool
    hash: bool | None
    compare: bool
    metadata: Mapping[Any, Any]
    kw_only: Any


def fields(of: Any) -> tuple[Shown, ...]:
    """`dataclasses.fields`, to be read only."""
    words = [one.name for one in dataclasses.fields(Shown)]
    return tuple(Shown(**{word: getattr(one, word) for word in words}) for one in dataclasses.fields(of))

"""What stands, for cells, in the place of standard functions that write to, or read from, any object by names that are given as text.

Named by the rows of `offers`. It must not know the kernel.
"""

import collections
import dataclasses
import functools
import importlib
import typing
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

from ag_kernel.compiler.patterns import settled


def wraps(wrapped: Any) -> Callable[[Any], Any]:
    """`functools.wraps` with its usual attributes, of functions. TypeError where anything else would be written to."""

    def decorate(wrapper: Any) -> Any:
        if not isinstance(wrapper, FunctionType):
            raise TypeError(f"wraps: {type(wrapper).__name__} is no function written in a cell")
        return functools.wraps(wrapped)(wrapper)

    return decorate


def dataclass(kind: Any = None, /, **words: Any) -> Any:
    """`dataclasses.dataclass`, of classes written in cells. TypeError for any other: it would be written to."""

    def decorate(of: Any) -> Any:
        if not isinstance(of, type) or of.__module__ != "__main__":
            raise TypeError(f"dataclass: {of!r} is no class written in a cell")
        return settled(dataclasses.dataclass(**words)(of))

    return decorate if kind is None else decorate(kind)


def namedtuple(typename: str, field_names: Any, *, rename: bool = False, defaults: Any = None) -> Any:
    """`collections.namedtuple`."""
    return settled(
        collections.namedtuple(typename, field_names, rename=rename, defaults=defaults, module="__main__")  # noqa: PYI024 - the stand-in for this very name
    )


def gettz(name: str | None = None) -> Any:
    """`dateutil.tz.gettz`, by the name or the rule of a zone. ValueError for the path of a file."""
    if name is not None and (".." in name or str(name).lstrip(":").startswith(("/", "~", "\\"))):
        raise ValueError(f"gettz: {name!r} is no name of a zone, and there are no files inside the enclave")
    return importlib.import_module("dateutil.tz").gettz(name)


class _NamedTuple:
    """`typing.NamedTuple`: a base that makes its heirs named tuples, and a function that makes some."""

    def __call__(self, typename: str, fields: Any = (), /) -> Any:
        made = typing.NamedTuple(typename, fields)  # type: ignore[misc]
        made.__module__ = "__main__"
        return settled(made)

    def __mro_entries__(self, bases: tuple[Any, ...]) -> Any:
        others = tuple(base for base in bases if base is not self)
        return typing.NamedTuple.__mro_entries__((typing.NamedTuple, *others))  # type: ignore[attr-defined]

    def __repr__(self) -> str:
        return "<function NamedTuple>"


NamedTuple = _NamedTuple()


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

"""What stands, for cells, in the place of standard functions that write to, or read from, any object by names that are given as text.

Named by the rows of `offers`. It must not know the kernel.
"""

import collections
import dataclasses
import enum
import functools
import importlib
import typing
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

from ag_kernel.compiler import names
from ag_kernel.compiler.guarded import guarded_getattr
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


class cached_property:  # noqa: N801 - the stand-in for this very name
    """`functools.cached_property`, which writes where its class put it and nowhere else."""

    __slots__ = ("_function", "_name")
    _function: Callable[[Any], Any]
    _name: str

    def __init__(self, func: Callable[[Any], Any]) -> None:
        object.__setattr__(self, "_function", func)

    def __set_name__(self, owner: type, name: str) -> None:
        if type(name) is not str or name.startswith("__") or getattr(self, "_name", name) != name:
            raise TypeError(f"cached_property: it is called as it is in {owner.__name__}, and once")
        object.__setattr__(self, "_name", name)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("a cached_property can't be changed")

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        kept = instance.__dict__
        if self._name not in kept:
            kept[self._name] = self._function(instance)
        return kept[self._name]


class attrgetter:  # noqa: N801 - the stand-in for this very name
    """`operator.attrgetter` under the rules for attributes in a cell."""

    __slots__ = ("_paths",)

    def __init__(self, *paths: str) -> None:
        if not paths or any(type(path) is not str for path in paths):
            raise TypeError("attrgetter expects names of attributes")
        self._paths = paths

    def __call__(self, value: Any) -> Any:
        """The attribute, or a tuple of them."""
        found = tuple(functools.reduce(guarded_getattr, path.split("."), value) for path in self._paths)
        return found[0] if len(found) == 1 else found


class methodcaller:  # noqa: N801 - the stand-in for this very name
    """`operator.methodcaller` under the rules for attributes in a cell."""

    __slots__ = ("_args", "_name", "_words")

    def __init__(self, name: str, /, *args: Any, **words: Any) -> None:
        self._name, self._args, self._words = name, args, words

    def __call__(self, value: Any) -> Any:
        """What the method gives."""
        return guarded_getattr(value, self._name)(*self._args, **self._words)


class _ByName(enum.EnumType):
    """Enums made by a call: their members are called as a cell might call them."""

    def _create_(cls, class_name: str, names: Any, **words: Any) -> Any:
        return super()._create_(class_name, _members(names), **words)  # type: ignore[misc]  # stubs don't tell of it


def _members(given: Any) -> list[Any]:
    """Names, or names and values. ValueError for one that Python would take for something of its own."""
    if isinstance(given, str):
        given = given.replace(",", " ").split()
    found = [(one, given[one]) if isinstance(given, Mapping) else one for one in given]
    found = [one if isinstance(one, str) else tuple(one) for one in found]
    for one in found:
        name = one if isinstance(one, str) else one[0]
        if type(name) is not str or name.startswith("_") or names.attribute_problem(name) is not None:
            raise ValueError(f"{name!r} can't be the name of a member")
    return found


class Enum(enum.Enum, metaclass=_ByName):
    """`enum.Enum`."""


class IntEnum(enum.IntEnum, metaclass=_ByName):
    """`enum.IntEnum`."""


class StrEnum(enum.StrEnum, metaclass=_ByName):
    """`enum.StrEnum`."""


class Flag(enum.Flag, metaclass=_ByName):
    """`enum.Flag`."""


class IntFlag(enum.IntFlag, metaclass=_ByName):
    """`enum.IntFlag`."""


for _kind in (Enum, IntEnum, StrEnum, Flag, IntFlag):
    _kind.__module__ = "enum"

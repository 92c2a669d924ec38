"""Types that a cell may ask about and not call: called with the right arguments, they read raw memory, or files.

The policy refuses to hand their names on; here they are kept where a cell meets them by asking for the type of a value. It must not know cells.
"""

from __future__ import annotations

from types import GenericAlias
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from types import ModuleType

_READERS: Final = {
    ("numpy", "ndarray"): "it makes arrays over raw memory; use `np.array`, `np.zeros` or `np.empty`",
    ("dateutil", "tzfile"): "it reads files; use `gettz` with the name of a zone",
}
_HARMLESS: Final = frozenset({("numpy", "MaskedArray"), ("numpy", "matrix")})
"""Made of these, and called with values only."""
_REAL: Final[dict[type, type]] = {}
"""What a cell sees → what it is, of this process."""
_SHOWN: Final[dict[type, type]] = {}


class _Kept(type):
    """What calling, testing and reading such a type means in a cell."""

    def __call__(cls, *_: Any, **__: Any) -> Any:
        raise TypeError(f"`{cls.__name__}(...)` is not available inside the enclave: {_why(_REAL[cls])}")

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, _REAL[cls])

    def __subclasscheck__(cls, kind: type) -> bool:
        return issubclass(_REAL.get(kind, kind), _REAL[cls])

    def __getattr__(cls, name: str) -> Any:
        return getattr(_REAL[cls], name)

    def __dir__(cls) -> list[str]:
        return dir(_REAL[cls])

    def __repr__(cls) -> str:
        return repr(_REAL[cls])


def shown(kind: type) -> type:
    """The type as a cell sees it: itself, but for one that is kept."""
    known = _SHOWN.get(kind)
    if known is not None:
        return known
    return _made(kind) if _why(kind) and not any(_called(base) in _HARMLESS for base in kind.__mro__) else kind


def keep(module: ModuleType) -> None:
    """In a module as cells see it, show the kept types for what they are."""
    for name, value in list(vars(module).items()):
        if type(value) is GenericAlias and isinstance(value.__origin__, type):
            vars(module)[name] = GenericAlias(shown(value.__origin__), value.__args__)
        elif isinstance(value, type) and not name.startswith("_") and type(value) is not _Kept:
            vars(module)[name] = shown(value)


def _made(kind: type) -> type:
    def refused(cls: type) -> None:
        raise TypeError(f"{cls.__name__}: {kind.__name__} is no base class inside the enclave")

    words: dict[str, Any] = {
        "__doc__": kind.__doc__,
        "__module__": kind.__module__,
        "__init_subclass__": classmethod(refused),
        "__class_getitem__": classmethod(GenericAlias),
    }
    found = _Kept(kind.__name__, (), words)
    found.__qualname__ = kind.__qualname__
    _REAL[found], _SHOWN[kind] = kind, found
    return found


def _called(kind: type) -> tuple[str, str]:
    return kind.__module__.partition(".")[0], kind.__name__


def _why(kind: type) -> str:
    """Why a type is kept; empty where it isn't."""
    return next((_READERS[_called(base)] for base in kind.__mro__ if _called(base) in _READERS), "")

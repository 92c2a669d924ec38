"""What the compiled cell calls around the few operations whose danger is decided at run time.

``compiler.policy`` decides which operations those are. Guards are hygiene and clear errors; the wall is the jail and the vault.
"""

import operator
import re
import string
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from RestrictedPython.Guards import guarded_iter_unpack_sequence, guarded_unpack_sequence

from ag_kernel.compiler.names import GUARDED_ATTRIBUTES, attribute_problem

_INPLACE: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+=": operator.iadd,
    "-=": operator.isub,
    "*=": operator.imul,
    "/=": operator.itruediv,
    "%=": operator.imod,
    "**=": operator.ipow,
    "<<=": operator.ilshift,
    ">>=": operator.irshift,
    "|=": operator.ior,
    "^=": operator.ixor,
    "&=": operator.iand,
    "//=": operator.ifloordiv,
    "@=": operator.imatmul,
}
_QUERY: Final = re.compile(r"@|__|\(|\.\s*[^\W\d]")


def public_name(name: object) -> str:
    """The attribute name, if code may reach it by text; AttributeError otherwise."""
    if type(name) is not str:
        raise TypeError("attribute name must be a string")
    denied = attribute_problem(name)
    if denied is not None:
        raise AttributeError(f"{denied.why} {denied.instead}".strip())
    if name.startswith("_") and not name.startswith("__"):
        raise AttributeError(f"`.{name}` is private to its class; use its public methods")
    return name


class SafeFormatter(string.Formatter):
    """``str.format`` whose fields reach only what a cell could reach by a dot."""

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> Any:
        """The value of a field such as ``0.name[key]``."""
        first, rest = string._string.formatter_field_name_split(field_name)  # type: ignore[attr-defined]  # noqa: SLF001
        value = self.get_value(first, args, kwargs)
        for is_attribute, name in rest:
            value = guarded_getattr(value, name) if is_attribute else value[name]
        return value, first


_formatter: Final = SafeFormatter()


def _safe_format(value: str, name: str) -> Callable[..., str]:
    """``str.format`` or ``str.format_map`` of this text."""
    if name == "format_map":
        return lambda mapping: _formatter.vformat(value, (), mapping)
    return lambda *args, **named: _formatter.vformat(value, args, named)


def _query(method: Callable[..., Any]) -> Callable[..., Any]:
    """pandas' ``query`` and ``eval``, for comparisons and arithmetic of columns only."""

    def asked(expression: str, **options: Any) -> Any:
        if type(expression) is not str or _QUERY.search(expression):
            raise ValueError("only comparisons and arithmetic of columns can be written as text; use a mask: df[df.a > 1]")
        allowed = {key: value for key, value in options.items() if key == "inplace"}
        return method(expression, engine="python", local_dict={}, global_dict={}, resolvers=(), **allowed)

    return asked


def _check_function_names(value: Any) -> None:
    """A function given to pandas as text must be one a cell could call by a dot."""
    if isinstance(value, str):
        public_name(value)
    elif isinstance(value, Mapping):
        for one in value.values():
            _check_function_names(one)
    elif isinstance(value, list | tuple):
        for one in value:
            _check_function_names(one)


def _named_functions(method: Callable[..., Any]) -> Callable[..., Any]:
    """pandas' ``agg`` and its kin, which take methods by name."""

    def called(*args: Any, **options: Any) -> Any:
        for value in (*args, *options.values()):
            _check_function_names(value)
        return method(*args, **options)

    return called


_TEXT_METHODS: Final = frozenset({"format", "format_map"})
_QUERY_METHODS: Final = frozenset({"query", "eval"})
_NAMED_METHODS: Final = frozenset({"agg", "aggregate", "apply", "transform", "pipe"})


def guarded_attribute(value: Any, name: str) -> Any:
    """The attribute, where what it does is decided by a text given at run time."""
    if name in _TEXT_METHODS and isinstance(value, str):
        return _safe_format(value, name)
    if name in _TEXT_METHODS and isinstance(value, type) and issubclass(value, str):
        return lambda text, *args, **named: _safe_format(text, name)(*args, **named)
    found = getattr(value, name)
    if not type(value).__module__.startswith("pandas."):
        return found
    if name in _QUERY_METHODS:
        return _query(found)
    return _named_functions(found) if name in _NAMED_METHODS else found


_MISSING: Final = object()


def guarded_getattr(value: Any, name: str, default: Any = _MISSING) -> Any:
    """``getattr`` for public names."""
    public_name(name)
    try:
        return guarded_attribute(value, name) if name in GUARDED_ATTRIBUTES else getattr(value, name)
    except AttributeError:
        if default is _MISSING:
            raise
        return default


def guarded_hasattr(value: Any, name: str) -> bool:
    """``hasattr`` for public names."""
    try:
        guarded_getattr(value, name)
    except AttributeError:
        return False
    return True


def guarded_setattr(value: Any, name: str, new: Any) -> None:
    """``setattr`` for public names."""
    setattr(value, public_name(name), new)


def guarded_delattr(value: Any, name: str) -> None:
    """``delattr`` for public names."""
    delattr(value, public_name(name))


def guarded_dir(*values: Any) -> list[str]:
    """The public names of a value."""
    if not values:
        raise TypeError("dir() without a value would list the notebook's variables; give it one")
    return [name for name in dir(*values) if not name.startswith("_")]


def _inplace(sign: str, left: Any, right: Any) -> Any:
    return _INPLACE[sign](left, right)


def _same(value: Any) -> Any:
    return value


def _apply(function: Callable[..., Any], *args: Any, **named: Any) -> Any:
    return function(*args, **named)


def _iterate(values: Iterable[Any]) -> Iterable[Any]:
    return values


GUARDS: Final[dict[str, Any]] = {
    "_attribute_": guarded_attribute,
    "_getattr_": guarded_getattr,
    "_getitem_": operator.getitem,
    "_write_": _same,
    "_inplacevar_": _inplace,
    "_getiter_": _iterate,
    "_iter_unpack_sequence_": guarded_iter_unpack_sequence,
    "_unpack_sequence_": guarded_unpack_sequence,
    "_apply_": _apply,
    "__metaclass__": type,
}
"""Names the compiled cell may call; a cell's own source can't spell them."""

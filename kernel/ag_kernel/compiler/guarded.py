"""What the policy's one guard does at run time: `value.name` where a text given to it decides what happens.

It must not know cells or the namespace; the kernel puts `GUARDS` among a cell's built-ins.
"""

from __future__ import annotations

import copy
import re
import string
import unicodedata
from types import GenericAlias
from typing import TYPE_CHECKING, Any, Final

from ag_kernel.compiler import names
from ag_kernel.compiler.kept_types import shown
from ag_kernel.compiler.patterns import HOMELY, build_class

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# Any dunder, a private attribute, or an attribute of a variable of the notebook (`@pd.io…` in DataFrame.query).
_LEADS_OUT: Final = re.compile(r"__|\._|^_[a-z]|@\s*[A-Za-z_]\w*\s*[.\[]|@\s*[A-Za-z_]\w*\s*\(")
_REACHED: Final = re.compile(r"\.[\s\\]*([^\W\d]\w*)")
_MISSING: Final = object()
_TEXT_KINDS: Final = frozenset("OUST")  # dtypes that hold text
_LOOK_AROUND: Final = frozenset({"query", "eval"})
_DEEPEST: Final = 6
_CALL_BY_NAME: Final = frozenset({"agg", "aggregate", "apply", "transform", "pipe"})
_NOT_BY_NAME: Final = names.GUARDED_ATTRIBUTES | names.DENIED_ATTRIBUTES.keys()
_TABLES: Final = frozenset({"pivot_table", "crosstab"})
_NAMING: Final = frozenset({"func", "aggfunc"})
_PLAIN: Final = (list, tuple, set)
_TEXT_METHODS: Final = frozenset({"format", "format_map"})
_TEXT_DESCRIPTORS: Final = (str.format, str.format_map)
_TEXT_HOMES: Final = ("pandas", "numpy")  # whose methods take the names of other methods as text


class _SafeFormatter(string.Formatter):
    """`str.format` whose fields obey the rules for attributes."""

    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, str]:
        for part in re.split(r"[.\[\]]", field_name)[1:]:
            _demand(part)
        found: tuple[Any, str] = super().get_field(field_name, args, kwargs)
        return found


def attribute(value: Any, name: str) -> Any:
    """`value.name`, wrapped where `name` is one that takes a text as an instruction. Raises what `getattr` raises."""
    if name == "__class__":
        return GUARDS["type"](value)
    if name.startswith("_") and not _is_own(value, name):
        raise AttributeError(f"`.{name}`: attributes with an underscore are private to the object.")
    found = getattr(value, name)
    if name in _TEXT_METHODS:
        text = getattr(found, "__self__", None)
        if isinstance(text, str):
            return _formatting(text, name)
        if found in _TEXT_DESCRIPTORS:
            return _formatting(str, name)
    if name in names.LIBRARY_ATTRIBUTES and _is_of_a_library(value):
        raise AttributeError(f"`.{name}` is not available inside the enclave: {names.LIBRARY_ATTRIBUTES[name]}")
    if name not in names.GUARDED_ATTRIBUTES or not callable(found) or not _takes_instructions(value, found):
        return found
    return _returning_text(found, name) if name in names.TEXT_WRITERS else _watching(found, name)


def owner(value: Any, name: str) -> Any:
    """The value, where a cell may write its private attribute. AttributeError where it belongs to a library."""
    if not _is_own(value, name):
        raise AttributeError(f"`.{name}`: attributes with an underscore are private to the object.")
    return value


def _of_a_cell(value: Any) -> bool:
    """Whether a value's class was written in a cell."""
    kind = value if isinstance(value, type) else type(value)
    return kind.__module__ == "__main__"


def _is_own(value: Any, name: str) -> bool:
    """Whether a private attribute is a cell's: what a library's class keeps stays its own, also in classes that a cell derives from it."""
    if not _of_a_cell(value):
        return False
    lines = (value if isinstance(value, type) else type(value)).__mro__
    if all(HOMELY.issuperset({str(base.__module__).partition(".")[0]}) for base in lines):
        return True
    return any(name in vars(base) for base in lines if base.__module__ == "__main__")


def _takes_instructions(value: Any, found: Any) -> bool:
    """Whether this belongs to pandas or numpy, whose methods take names of other methods and expressions as text."""
    return _is_of_a_library(value) or str(getattr(found, "__module__", "")).partition(".")[0] in _TEXT_HOMES


def _is_of_a_library(value: Any) -> bool:
    kind = value if isinstance(value, type) else type(value)
    return not {str(base.__module__).partition(".")[0] for base in kind.__mro__}.isdisjoint(_TEXT_HOMES)


class _Asking(type):
    """What calling and testing `type` means in a cell."""

    def __call__(cls, *values: Any, **words: Any) -> type:
        if len(values) != 1 or words:
            raise TypeError(
                "type(...) makes no classes inside the enclave: give it one value, and it says of which type that is"
            )
        (value,) = values
        found = type(value)
        if issubclass(found, type):
            raise TypeError(f"type({value.__name__}): {value.__name__} is a type itself; give a value")
        return shown(found)

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, type)

    def __subclasscheck__(cls, kind: type) -> bool:
        return issubclass(kind, type)

    def __repr__(cls) -> str:
        return "<class 'type'>"


class Type(metaclass=_Asking):
    """`type` in a cell: asks for the type of a value, tests whether a value is a type, annotates; never makes classes.

    TypeError where the answer would itself be something that makes classes. Whatever name a cell gives it, it can do no more.
    """

    def __init_subclass__(cls) -> None:
        raise TypeError("type is no base class inside the enclave")

    def __class_getitem__(cls, item: Any) -> GenericAlias:
        return GenericAlias(Type, item)


Type.__name__ = Type.__qualname__ = "type"


def guarded_getattr(value: Any, name: str, default: Any = _MISSING) -> Any:
    """`getattr` under the rules for attributes in a cell."""
    _demand(name)
    found = attribute if name in names.GUARDED_ATTRIBUTES else getattr
    try:
        return found(value, name)
    except AttributeError:
        if default is _MISSING:
            raise
        return default


def guarded_hasattr(value: Any, name: str) -> bool:
    """`hasattr` under the rules for attributes in a cell."""
    absent = object()
    return guarded_getattr(value, name, absent) is not absent


def guarded_setattr(value: Any, name: str, new: Any) -> None:
    """`setattr` under the rules for attributes in a cell."""
    _demand(name)
    setattr(value, name, new)


def guarded_delattr(value: Any, name: str) -> None:
    """`delattr` under the rules for attributes in a cell."""
    _demand(name)
    delattr(value, name)


def guarded_vars(*values: Any) -> dict[str, Any]:
    """A copy of the attributes of an object of a cell's own class. TypeError for anything else."""
    if len(values) != 1:
        raise TypeError("vars() without a value would list the notebook's variables; give it one object")
    (value,) = values
    homes = {str(base.__module__).partition(".")[0] for base in type(value).__mro__}
    if isinstance(value, type) or not _of_a_cell(value) or not homes <= HOMELY:
        raise TypeError(f"vars shows objects whose class was written in a cell, and not a {type(value).__name__}")
    return {name: one for name, one in vars(value).items() if not name.startswith("__")}


def _demand(name: str) -> None:
    """Nothing, or AttributeError with the sentence the policy would have said."""
    if type(name) is not str:
        raise TypeError("attribute names are plain strings")
    if name in names.METACLASSES or name in names.NOT_CALLED:
        raise AttributeError(f"`.{name}` is only reached by its name in the cell's own text")
    problem = names.attribute_problem(name)
    if problem is not None or (name.startswith("_") and name not in names.NAMED_TUPLE | names.READABLE_DUNDERS):
        why = (
            problem.why
            if problem is not None
            else f"`.{name}`: attributes with an underscore are private to the object."
        )
        raise AttributeError(why)


def _formatting(value: Any, name: str) -> Callable[..., str]:
    def formatted(*args: Any, **kwargs: Any) -> str:
        text, rest = (args[0], args[1:]) if isinstance(value, type) else (value, args)
        if not isinstance(text, str):
            raise TypeError(f"descriptor '{name}' requires a 'str'")
        if name == "format_map":
            return _SafeFormatter().vformat(str(text), (), rest[0])
        return _SafeFormatter().vformat(str(text), rest, kwargs)

    return formatted


def _watching(found: Callable[..., Any], name: str) -> Callable[..., Any]:
    def watched(*args: Any, **kwargs: Any) -> Any:
        for text in _texts((args, kwargs), _DEEPEST):
            if _leads_out(text, name):
                raise ValueError(
                    f"`.{name}` takes no text that names insides, files or attributes of variables: {text[:60]!r}"
                )
        if name in _CALL_BY_NAME or name in _TABLES:
            args, kwargs = _settled(
                args, kwargs, first=0 if hasattr(found, "__self__") else 1, all_of_it=name in _TABLES
            )
        if name in _LOOK_AROUND:
            kwargs["level"] = kwargs.get("level", 0) + 1  # pandas looks for `@name` in the frame of whoever called it
        return found(*args, **kwargs)

    return watched


def _leads_out(text: str, name: str) -> bool:
    """Whether a text given to the method of this name says more than columns and harmless methods; letters count as Python reads them."""
    said = unicodedata.normalize("NFKC", text)
    if _LEADS_OUT.search(said) or (name in _CALL_BY_NAME and said in _NOT_BY_NAME):
        return True
    return name in _LOOK_AROUND and not _NOT_BY_NAME.isdisjoint(_REACHED.findall(said))


def _settled(
    args: tuple[Any, ...], kwargs: dict[str, Any], *, first: int, all_of_it: bool
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments, those that name methods as copies of our own: a function among them can't change its neighbours while it is called."""
    mine = [_copied(one) if all_of_it or place == first else one for place, one in enumerate(args)]
    named = {
        word: _copied(one) if all_of_it or word in _NAMING or isinstance(one, tuple) or _is_named_agg(one) else one
        for word, one in kwargs.items()
    }
    return tuple(mine), named


def _copied(value: Any, depth: int = _DEEPEST) -> Any:
    if not depth:
        return value
    if type(value) in _PLAIN:
        return type(value)(_copied(part, depth - 1) for part in value)
    if isinstance(value, dict):
        return {key: _copied(part, depth - 1) for key, part in value.items()}
    if _is_named_agg(value):
        own = copy.copy(value)
        object.__setattr__(own, "aggfunc", _copied(value.aggfunc, depth - 1))
        return own
    return value


def _is_named_agg(value: Any) -> bool:
    return type(value).__name__ == "NamedAgg" and _is_of_a_library(value)


def _returning_text(found: Callable[..., Any], name: str) -> Callable[..., Any]:
    def returning(*args: Any, **kwargs: Any) -> Any:
        mine = args[1:] if not hasattr(found, "__self__") else args
        if (mine and mine[0] is not None) or any(
            kwargs.get(word) is not None for word in ("path_or_buf", "buf", "path_or_buffer")
        ):
            raise ValueError(
                f"`.{name}` works without a path inside the enclave, where there are no files: it returns the text"
            )
        return found(*args, **kwargs)

    return returning


def _texts(value: Any, depth: int) -> list[str]:
    """All texts in nested lists and dicts: what pandas would take as names of methods or as an expression."""
    if isinstance(value, str | list | tuple | set | dict) and any(_of_a_cell(base) for base in type(value).__mro__):
        raise ValueError(f"{type(value).__name__}: names and what holds them are plain texts, lists and dicts here")
    if _is_named_agg(value):
        return _texts(value.aggfunc, depth)
    if isinstance(value, str):
        return [value]
    dtype = getattr(value, "dtype", None)
    if getattr(dtype, "kind", "") in _TEXT_KINDS and callable(getattr(value, "tolist", None)):
        value = value.tolist()
    if depth and isinstance(value, list | tuple | set):
        return [text for part in value for text in _texts(part, depth - 1)]
    if depth and isinstance(value, dict):
        return [text for part in value.values() for text in _texts(part, depth - 1)]
    return []


GUARDS: Final[dict[str, Callable[..., Any]]] = {
    "_attribute_": attribute,
    "_owner_": owner,
    "__build_class__": build_class,
    "type": Type,
    "getattr": guarded_getattr,
    "hasattr": guarded_hasattr,
    "setattr": guarded_setattr,
    "delattr": guarded_delattr,
    "vars": guarded_vars,
}

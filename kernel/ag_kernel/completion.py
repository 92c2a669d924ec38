"""Names that may follow the cursor, read off names, types and classes; nothing of the guest's is evaluated.

It must not call ``getattr`` on a guest's object: a property is code.
"""

import inspect
import keyword
import re
from collections.abc import Mapping
from typing import Any, Final

from ag_kernel.compiler.names import attribute_problem
from op_pandas.statistic import statistic

_PATH: Final = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*\.?$|^$")
_MOST: Final = 1000
_MISSING: Final = object()


def path_before(text: str) -> str:
    """The dotted name that the text ends in; empty where it ends in none."""
    found = _PATH.search(text)
    return found.group() if found else ""


def look_up(path: list[str], namespace: Mapping[str, Any]) -> Any:
    """The object a dotted name stands for, without running anything; ``MISSING`` where that can't be known."""
    builtins = namespace["__builtins__"]
    value = namespace.get(path[0], builtins.get(path[0], _MISSING))
    for name in path[1:]:
        value = static_attribute(value, name)
    return value


def is_missing(value: Any) -> bool:
    """Whether ``look_up`` could not know."""
    return value is _MISSING


def static_attribute(value: Any, name: str) -> Any:
    """An attribute as it is stored: no property, no ``__getattr__``, nothing private."""
    if value is _MISSING or name.startswith("_") or attribute_problem(name) is not None:
        return _MISSING
    try:
        found = inspect.getattr_static(value, name, _MISSING)
    except Exception:  # noqa: BLE001 - a hostile class may break even the static look; then nothing is known
        return _MISSING
    if isinstance(found, staticmethod | classmethod):
        return found.__func__
    if isinstance(found, statistic):
        return found.function
    return found


def public_names(value: Any) -> list[str]:
    """The public attributes of an object, by its dictionary and its classes."""
    if value is _MISSING:
        return []
    names: set[str] = set()
    own = _own_names(value)
    kinds = type.__dict__["__mro__"].__get__(value if isinstance(value, type) else type(value))
    for kind in kinds:
        names.update(type.__dict__["__dict__"].__get__(kind))
    return sorted(name for name in names | own if not name.startswith("_") and attribute_problem(name) is None)


def _own_names(value: Any) -> set[str]:
    try:
        own = object.__getattribute__(value, "__dict__") if not isinstance(value, type) else {}
    except AttributeError:
        return set()
    return {name for name in own if isinstance(name, str)} if isinstance(own, dict) else set()


def complete(code: str, cursor: int, namespace: Mapping[str, Any]) -> tuple[list[str], int]:
    """The names that may stand at the cursor, and where the part they replace begins (in characters)."""
    path = path_before(code[:cursor].rpartition("\n")[2])
    *parents, begun = path.split(".")
    if parents:
        names = public_names(look_up(parents, namespace))
    else:
        known = {*namespace, *namespace["__builtins__"], *keyword.kwlist}
        names = sorted(name for name in known if not name.startswith("_"))
    return [name for name in names if name.startswith(begun)][:_MOST], cursor - len(begun)

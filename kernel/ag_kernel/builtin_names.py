"""The built-in names a cell finds without import.

It must not know a session: ``print`` and ``import`` are given by the namespace.
"""

import builtins
from typing import Any, Final

from ag_kernel.compiler.guarded import GUARDS

_PLAIN: Final = (
    "None False True Ellipsis NotImplemented abs all any ascii bin bool bytearray bytes callable chr classmethod complex dict divmod "
    "enumerate filter float format frozenset hash hex id int isinstance issubclass iter len list map max min next object oct ord pow "
    "property range repr reversed round set slice sorted staticmethod str sum super tuple type zip"
)


def _public_dir(*values: Any) -> list[str]:
    """The public names of a value."""
    if not values:
        raise TypeError("dir() without a value would list the notebook's variables; give it one")
    return [name for name in dir(*values) if not name.startswith("_")]


def _errors() -> dict[str, Any]:
    """Every built-in exception and warning."""
    found = ((name, getattr(builtins, name)) for name in dir(builtins))
    return {name: value for name, value in found if isinstance(value, type) and issubclass(value, BaseException)}


BUILTINS: Final[dict[str, Any]] = {
    **{name: getattr(builtins, name) for name in _PLAIN.split()},
    **_errors(),
    **GUARDS,
    "dir": _public_dir,
}

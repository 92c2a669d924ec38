"""The built-in names a cell finds without import.

It must not know a session: ``print`` and ``import`` are given by the namespace.
"""

import builtins
from typing import Any, Final

from ag_kernel.guards import guarded_delattr, guarded_dir, guarded_getattr, guarded_hasattr, guarded_setattr

_PLAIN: Final = (
    "None False True Ellipsis NotImplemented abs all any ascii bin bool bytearray bytes callable chr classmethod complex dict divmod "
    "enumerate filter float format frozenset hash hex id int isinstance issubclass iter len list map max min next object oct ord pow "
    "property range repr reversed round set slice sorted staticmethod str sum super tuple type zip __build_class__"
)
_GUARDED: Final[dict[str, Any]] = {
    "getattr": guarded_getattr,
    "hasattr": guarded_hasattr,
    "setattr": guarded_setattr,
    "delattr": guarded_delattr,
    "dir": guarded_dir,
}


def _errors() -> dict[str, Any]:
    """Every built-in exception and warning."""
    found = ((name, getattr(builtins, name)) for name in dir(builtins))
    return {name: value for name, value in found if isinstance(value, type) and issubclass(value, BaseException)}


BUILTINS: Final[dict[str, Any]] = {
    **{name: getattr(builtins, name) for name in _PLAIN.split()},
    **_errors(),
    **_GUARDED,
}

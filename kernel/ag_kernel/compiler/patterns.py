"""What classes written in cells read by names of fields: positional patterns of `match`, and `asdict`, `astuple`, `replace` of data classes.

Neither asks the guard, so fields whose names it would be asked for are cut from the one and refused to the other. It must not know cells.
"""

from __future__ import annotations

import builtins
import sys
from typing import TYPE_CHECKING, Any, Final

from ag_kernel.compiler import names

if TYPE_CHECKING:
    from collections.abc import Callable

HOMELY: Final = sys.stdlib_module_names | {"__main__", "typing_extensions"}


def settled(kind: Any) -> Any:
    """The class, reading by position only what a cell might read by a dot.

    TypeError where a field of a data class has the name of what a library keeps for itself or has a guard before.
    """
    if not isinstance(kind, type) or kind.__module__ != "__main__":
        return kind
    for name in getattr(kind, "__dataclass_fields__", ()):
        if _is_kept(name) and any(_may_have(base, name) for base in kind.__mro__):
            raise TypeError(
                f"{kind.__name__}: a field can't be called `{name}` in a class derived from one that has it"
            )
    matched = kind.__match_args__ if "__match_args__" in vars(kind) else ()  # type: ignore[attr-defined]
    open_ones = next((place for place, name in enumerate(matched) if _is_kept(name)), len(matched))
    if open_ones < len(matched):
        kind.__match_args__ = matched[:open_ones]  # type: ignore[attr-defined,misc]
    return kind


def build_class(body: Callable[..., Any], name: str, /, *bases: Any, **words: Any) -> Any:
    """What a `class` statement of a cell calls."""
    return settled(builtins.__build_class__(body, name, *bases, **words))


def _is_kept(name: str) -> bool:
    return name.startswith("_") or name in names.NOT_MATCHED or names.attribute_problem(name) is not None


def _may_have(base: type, name: str) -> bool:
    """Whether a class from elsewhere has an attribute; libraries also set some on their values alone."""
    home = str(base.__module__).partition(".")[0]
    return home not in HOMELY or (home != "__main__" and name in vars(base))

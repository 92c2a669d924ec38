"""A mypy plugin: `export` and `ag_print` take public values, said at the place where a private one is handed to them.

It must not know cells. mypy has no type for "anything but these", so that the call itself is looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mypy.plugin import FunctionContext, Plugin
from mypy.types import AnyType, Instance, TupleType, Type, UnionType, get_proper_type

if TYPE_CHECKING:
    from collections.abc import Callable

NOT_PRIVATE: Final = "Please ensure export function is called on a non-private type."
_PRIVATE: Final = "op_pandas.private.Private"
_WATCHED: Final = frozenset({"ag_utils.export", "ag_utils.ag_print"})
_DEEPEST: Final = 4


class PrivateCalls(Plugin):
    """Looks at the arguments of the watched functions."""

    def get_function_hook(self, fullname: str) -> Callable[[FunctionContext], Type] | None:
        """Mypy asks for every function called."""
        return _look if fullname in _WATCHED else None


def _look(context: FunctionContext) -> Type:
    for types, arguments in zip(context.arg_types, context.args, strict=True):
        for kind, argument in zip(types, arguments, strict=True):
            if holds_private(kind, _DEEPEST):
                context.api.fail(NOT_PRIVATE, argument)
    return context.default_return_type


def holds_private(kind: Type, depth: int) -> bool:
    """Whether a type is private, or a container of private things."""
    proper = get_proper_type(kind)
    if isinstance(proper, AnyType) or not depth:
        return False
    if isinstance(proper, TupleType | UnionType):
        return any(holds_private(item, depth - 1) for item in proper.items)
    if not isinstance(proper, Instance):
        return False
    if any(base.fullname == _PRIVATE for base in proper.type.mro):
        return True
    inside = proper.type.module_name in ("builtins", "typing", "collections")
    return inside and any(holds_private(item, depth - 1) for item in proper.args)

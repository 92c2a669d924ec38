"""A mypy plugin: `export`, `ag_print` and `submit_predictions` take public values, said at the place where a private one is handed to them.

It must not know cells. mypy has no type for "anything but these", so that the call itself is looked at.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from mypy.nodes import DictExpr, ListExpr, SetExpr, TupleExpr
from mypy.plugin import FunctionContext, Plugin
from mypy.types import AnyType, Instance, TupleType, Type, UnionType, get_proper_type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy.nodes import Expression

NOT_PRIVATE: Final = "Please ensure export function is called on a non-private type."
NOT_SUBMITTED: Final = "Please ensure submit_predictions is called on a non-private type."
NOT_PRINTED: Final = "What is private can't be printed."
_PRIVATE: Final = "op_pandas.private.Private"
_TRUTH: Final = 'Argument has type "{name}" which does not implement __bool__'
_DEEPEST: Final = 4


class PrivateCalls(Plugin):
    """Looks at the arguments of the watched functions."""

    def get_function_hook(self, fullname: str) -> Callable[[FunctionContext], Type] | None:
        """Mypy asks for every function called."""
        return _WATCHED.get(fullname)


def _look(context: FunctionContext, said: str = NOT_PRIVATE) -> Type:
    for types, arguments in zip(context.arg_types, context.args, strict=True):
        for kind, argument in zip(types, arguments, strict=True):
            if holds_private(kind, _DEEPEST) or _written_private(argument, context, _DEEPEST):
                context.api.fail(said, argument)
    return context.default_return_type


def _written_private(argument: Expression, context: FunctionContext, depth: int) -> bool:
    """Whether a container written out in the call holds something private; mypy's type for `[series, 1]` is a list of objects."""
    parts: list[Expression | None] = []
    if isinstance(argument, ListExpr | TupleExpr | SetExpr):
        parts = list(argument.items)
    elif isinstance(argument, DictExpr):
        parts = [value for _, value in argument.items]
    return bool(depth) and any(
        _written_private(part, context, depth - 1) or holds_private(context.api.get_expression_type(part), depth)
        for part in parts
        if part is not None
    )


def _truth(context: FunctionContext) -> Type:
    for types, arguments in zip(context.arg_types, context.args, strict=True):
        for kind, argument in zip(types, arguments, strict=True):
            if name := private_name(kind):
                context.api.fail(_TRUTH.format(name=name), argument)
    return context.default_return_type


_WATCHED: Final[Mapping[str, Callable[[FunctionContext], Type]]] = {
    "ag_utils.export": _look,
    "ag_utils.ag_print": partial(_look, said=NOT_PRINTED),
    "ag_utils.submit_predictions": partial(_look, said=NOT_SUBMITTED),
    "builtins.bool": _truth,
}


def holds_private(kind: Type, depth: int) -> bool:
    """Whether a type is private, or a container of private things."""
    proper = get_proper_type(kind)
    if isinstance(proper, AnyType) or not depth:
        return False
    if isinstance(proper, TupleType | UnionType):
        return any(holds_private(item, depth - 1) for item in proper.items)
    if not isinstance(proper, Instance):
        return False
    if private_name(proper):
        return True
    inside = proper.type.module_name in ("builtins", "typing", "collections")
    return inside and any(holds_private(item, depth - 1) for item in proper.args)


def private_name(kind: Type) -> str:
    """The class of a private type; empty for all others."""
    proper = get_proper_type(kind)
    if isinstance(proper, Instance) and any(base.fullname == _PRIVATE for base in proper.type.mro):
        return proper.type.name
    return ""

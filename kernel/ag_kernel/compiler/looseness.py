"""Standard mode's one change to a cell before mypy sees it: containers written out in assignments hold anything.

`d = {"a": 1}` followed by `d["b"] = "x"` is ordinary Python; mypy would settle on the first value's type.
It must not know cells or messages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mypy import nodes
from mypy.types import AnyType, TypeOfAny, UnboundType

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy.types import Type

# Where other statements are: mypy's own visitors can't be extended from interpreted code.
_INSIDE: Final[tuple[tuple[Any, Callable[[Any], list[nodes.Node | None]]], ...]] = (
    (nodes.Block, lambda node: node.body),
    (nodes.FuncDef, lambda node: [node.body]),
    (nodes.Decorator, lambda node: [node.func]),
    (nodes.OverloadedFuncDef, lambda node: [*node.items]),
    (nodes.ClassDef, lambda node: [node.defs]),
    (nodes.IfStmt, lambda node: [*node.body, node.else_body]),
    (nodes.ForStmt, lambda node: [node.body, node.else_body]),
    (nodes.WhileStmt, lambda node: [node.body, node.else_body]),
    (nodes.WithStmt, lambda node: [node.body]),
    (nodes.TryStmt, lambda node: [node.body, *node.handlers, node.else_body, node.finally_body]),
    (nodes.MatchStmt, lambda node: [*node.bodies]),
)

# What is written, and the name under which the prelude module offers its type.
_DISPLAYS: Final[tuple[tuple[type[nodes.Expression], str], ...]] = (
    (nodes.ListExpr, "list"),
    (nodes.DictExpr, "dict"),
    (nodes.SetExpr, "set"),
    (nodes.ListComprehension, "list"),
    (nodes.SetComprehension, "set"),
    (nodes.DictionaryComprehension, "dict"),
)
_CONSTRUCTORS: Final = frozenset({"list", "dict", "set", "defaultdict", "OrderedDict", "deque", "Counter"})


def loosen(tree: nodes.MypyFile) -> None:
    """Change the tree in place, after parsing and before semantic analysis."""
    pending: list[nodes.Node | None] = [*tree.defs]
    while pending:
        node = pending.pop()
        if isinstance(node, nodes.AssignmentStmt):
            if node.unanalyzed_type is None:
                node.rvalue = _loosened(node.rvalue)
        elif node is not None:
            for kind, inside in _INSIDE:
                if isinstance(node, kind):
                    pending.extend(inside(node))


def _loosened(value: nodes.Expression) -> nodes.Expression:
    if isinstance(value, nodes.TupleExpr):
        value.items = [_loosened(item) for item in value.items]
        return value
    kind = _kind(value)
    if kind is None:
        return value
    cast = nodes.CastExpr(value, kind)
    cast.set_line(value.line, value.column, value.end_line, value.end_column)
    return cast


def _kind(value: nodes.Expression) -> Type | None:
    """The type to pretend, or None where the value's own will do."""
    for written, name in _DISPLAYS:
        if isinstance(value, written):
            return UnboundType(f"__ag_{name}", line=value.line, column=value.column)
    if isinstance(value, nodes.OpExpr):  # `[None] * 3`
        return _kind(value.left) or _kind(value.right)
    if isinstance(value, nodes.CallExpr):
        callee = value.callee
        name = callee.name if isinstance(callee, nodes.NameExpr | nodes.MemberExpr) else ""
        if name in _CONSTRUCTORS:
            return AnyType(TypeOfAny.explicit)
    return None

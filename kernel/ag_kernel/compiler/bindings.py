"""Which names a cell binds at its top level, which it reads and where: what ties one cell's types to another's.

It must not know mypy or the cells before.
"""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import dataclass, field

Place = tuple[int, int, int, int]
"""Line (from 1), column (UTF-8 bytes, from 0), end line, end column."""

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(slots=True, kw_only=True)
class Bindings:
    """Names of one cell. Lines count from 1.

    `bound` says how often each top-level name is bound, `fixed` which of them by def, class, import or annotation (their type
    doesn't follow the flow), `defined` which by def or class, `nested` which are bound inside other statements. `read_now` is read while the cell runs, `read_later`
    inside functions. `tried` are lines under a `try` with handlers, `tested` comparisons whose truth decides something, `redefined`
    functions defined more than once in one place and classes that a decorator changes, `unpacking` lines of calls with `*` or `**`.
    """

    bound: Counter[str] = field(default_factory=Counter)
    fixed: set[str] = field(default_factory=set)
    defined: set[str] = field(default_factory=set)
    nested: set[str] = field(default_factory=set)
    read_now: set[str] = field(default_factory=set)
    read_later: set[str] = field(default_factory=set)
    set_attributes: set[str] = field(default_factory=set)
    annotated_lines: set[int] = field(default_factory=set)
    tried: set[int] = field(default_factory=set)
    unpacking: set[int] = field(default_factory=set)
    redefined: set[str] = field(default_factory=set)
    tested: set[Place] = field(default_factory=set)


def bindings(tree: ast.Module) -> Bindings:
    """Look through a parsed cell once."""
    found = Bindings()
    _note_redefined(tree, found)
    for statement in tree.body:
        plain = isinstance(
            statement, ast.Assign | ast.AnnAssign | ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom
        )
        before = set(found.bound)
        _walk(statement, found, top=True, deep=False)
        if not plain:
            found.nested |= set(found.bound) - before
    return found


def argument_depth(tree: ast.Module) -> int:
    """How deep calls are nested in the arguments of calls, `f(g(h(1)))` being 3."""
    deepest, pending = 0, [(part, 0) for part in ast.iter_child_nodes(tree)]
    while pending:
        node, depth = pending.pop()
        inner = depth + isinstance(node, ast.Call)
        deepest = max(deepest, inner)
        handle = node.func if isinstance(node, ast.Call) else None
        pending.extend((part, depth if part is handle else inner) for part in ast.iter_child_nodes(node))
    return deepest


def _walk(node: ast.AST, found: Bindings, *, top: bool, deep: bool) -> None:
    """`top`: names bound here are the cell's own; `deep`: inside a function, run later if at all."""
    handler = _HANDLERS.get(type(node))
    if handler is not None:
        handler(node, found, top, deep)
    _note_redefined(node, found)
    function, inner = isinstance(node, _SCOPES), isinstance(node, (*_SCOPES, ast.ClassDef))
    for name, value in ast.iter_fields(node):
        within = inner and name in ("body", "args")
        for part in value if isinstance(value, list) else (value,):
            if isinstance(part, ast.AST):
                here = top and not within and not isinstance(part, ast.comprehension)
                _walk(part, found, top=here, deep=deep or (within and function))


def _note_redefined(node: ast.AST, found: Bindings) -> None:
    for field_name in ("body", "orelse"):
        body = getattr(node, field_name, None)
        if isinstance(body, list):
            names = Counter(one.name for one in body if isinstance(one, ast.FunctionDef | ast.ClassDef))
            found.redefined.update(name for name, times in names.items() if times > 1)


def _bind(found: Bindings, name: str | None, *, top: bool, fixed: bool = False) -> None:
    if name and top:
        found.bound[name] += 1
        if fixed:
            found.fixed.add(name)


def _name(node: ast.AST, found: Bindings, top: bool, deep: bool) -> None:
    assert isinstance(node, ast.Name)  # noqa: S101 - by the table
    if isinstance(node.ctx, ast.Load):
        (found.read_later if deep else found.read_now).add(node.id)
    else:
        _bind(found, node.id, top=top)


def _definition(node: ast.AST, found: Bindings, top: bool, _deep: bool) -> None:
    name = getattr(node, "name", None)
    _bind(found, name, top=top, fixed=True)
    if top and name:
        found.defined.add(name)


def _pattern(node: ast.AST, found: Bindings, top: bool, _deep: bool) -> None:
    _bind(found, getattr(node, "name", None) or getattr(node, "rest", None), top=top)


def _class(node: ast.AST, found: Bindings, top: bool, deep: bool) -> None:
    assert isinstance(node, ast.ClassDef)  # noqa: S101 - by the table
    _definition(node, found, top, deep)
    if any("dataclass" not in ast.unparse(one) for one in node.decorator_list):
        found.redefined.add(node.name)


def _call(node: ast.AST, found: Bindings, _top: bool, _deep: bool) -> None:
    assert isinstance(node, ast.Call)  # noqa: S101 - by the table
    if any(isinstance(one, ast.Starred) for one in node.args) or any(one.arg is None for one in node.keywords):
        found.unpacking.add(node.lineno)


def _import(node: ast.AST, found: Bindings, top: bool, _deep: bool) -> None:
    assert isinstance(node, ast.Import | ast.ImportFrom)  # noqa: S101 - by the table
    for alias in node.names:
        _bind(found, alias.asname or alias.name.partition(".")[0], top=top, fixed=True)


def _augmented(node: ast.AST, found: Bindings, _top: bool, deep: bool) -> None:
    assert isinstance(node, ast.AugAssign)  # noqa: S101 - by the table
    if isinstance(node.target, ast.Name):
        (found.read_later if deep else found.read_now).add(node.target.id)


def _annotated(node: ast.AST, found: Bindings, top: bool, _deep: bool) -> None:
    assert isinstance(node, ast.AnnAssign)  # noqa: S101 - by the table
    found.annotated_lines.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    if isinstance(node.target, ast.Name) and top:
        found.fixed.add(node.target.id)


def _attribute(node: ast.AST, found: Bindings, _top: bool, _deep: bool) -> None:
    assert isinstance(node, ast.Attribute)  # noqa: S101 - by the table
    if not isinstance(node.ctx, ast.Load):
        found.set_attributes.add(node.attr)


def _try(node: ast.AST, found: Bindings, _top: bool, _deep: bool) -> None:
    assert isinstance(node, ast.Try)  # noqa: S101 - by the table
    if node.handlers:
        found.tried.update(range(node.body[0].lineno, (node.body[-1].end_lineno or node.body[-1].lineno) + 1))


def _condition(node: ast.AST, found: Bindings, _top: bool, _deep: bool) -> None:
    for field_name in ("test", "values", "operand", "ifs", "guard"):
        value = getattr(node, field_name, None)
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, ast.Compare) and not (
                isinstance(node, ast.UnaryOp) and not isinstance(node.op, ast.Not)
            ):
                found.tested.add((part.lineno, part.col_offset, part.end_lineno or 0, part.end_col_offset or 0))


_HANDLERS = {
    **dict.fromkeys(
        (ast.If, ast.While, ast.IfExp, ast.Assert, ast.BoolOp, ast.UnaryOp, ast.comprehension, ast.match_case),
        _condition,
    ),
    ast.Name: _name,
    ast.FunctionDef: _definition,
    ast.ClassDef: _class,
    ast.Call: _call,
    ast.ExceptHandler: _pattern,
    ast.MatchAs: _pattern,
    ast.MatchStar: _pattern,
    ast.MatchMapping: _pattern,
    ast.Import: _import,
    ast.ImportFrom: _import,
    ast.AugAssign: _augmented,
    ast.AnnAssign: _annotated,
    ast.Attribute: _attribute,
    ast.Try: _try,
}

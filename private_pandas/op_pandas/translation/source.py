"""From a function to its syntax tree: its text is what ``linecache`` has of the cell it was written in. Runs nothing."""

import ast
import linecache
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any, TypeAlias

from op_pandas.errors import Untranslatable

Node: TypeAlias = ast.FunctionDef | ast.Lambda
_GUARD = "_attribute_"
"""What the compiler of cells puts in place of some attributes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A function's tree, what it is called, and the names around it. ``globals``, ``cells``: as they are now."""

    node: Node
    name: str
    filename: str
    globals: Mapping[str, Any]
    cells: Mapping[str, Any]
    defaults: Mapping[str, Any]

    def place(self, node: ast.AST) -> str:
        """Where a node stands, for people."""
        line = getattr(node, "lineno", self.node.lineno)
        return f"on line {line - self.node.lineno + 1} of {self.name} ({self.filename}, line {line})"


def source_of(function: FunctionType) -> Source:
    """The source of a function written in a notebook. Untranslatable where its text isn't known any more."""
    code = function.__code__
    lines = linecache.getlines(code.co_filename, function.__globals__)
    name = "the lambda" if code.co_name == "<lambda>" else code.co_name
    found = [node for node in _nodes("".join(lines)) if _is_of(node, code)] if lines else []
    if not found:
        raise Untranslatable(
            f"the text of {name} isn't known here, so that it can't be translated; define it in a cell"
        )
    node = min(found, key=lambda each: _extent(each.body if isinstance(each, ast.Lambda) else each))
    return Source(
        node=node,
        name=name,
        filename=code.co_filename,
        globals=function.__globals__,
        cells=_cells(function),
        defaults=_defaults(function),
    )


@lru_cache(maxsize=64)
def _nodes(text: str) -> tuple[Node, ...]:
    """The functions of a cell, which may have many, each asked for by itself."""
    return tuple(node for node in ast.walk(_tree(text)) if isinstance(node, ast.FunctionDef | ast.Lambda))


def _tree(text: str) -> ast.AST:
    """The tree of a cell; lines that aren't Python (magics of a local notebook) are left out."""
    lines = text.splitlines(keepends=True)
    plain = "".join("\n" if line.lstrip()[:1] in "%!?" and line.strip() else line for line in lines)
    for candidate in (text, plain):
        try:
            return ast.parse(candidate)
        except (SyntaxError, ValueError, RecursionError):
            continue
    return ast.Module(body=[], type_ignores=[])


def _is_of(node: Node, code: CodeType) -> bool:
    """Whether compiling the node gives this code: same first line, same arguments, the same places and names inside."""
    is_lambda = isinstance(node, ast.Lambda)
    if is_lambda != (code.co_name == "<lambda>") or (isinstance(node, ast.FunctionDef) and node.name != code.co_name):
        return False
    decorators = [] if isinstance(node, ast.Lambda) else node.decorator_list
    if min([node.lineno, *(each.lineno for each in decorators)]) != code.co_firstlineno:
        return False
    written = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    names = tuple(argument.arg for argument in written)
    if names != code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]:
        return False
    return _is_inside(node, code) and _has_names(node, code)


def _is_inside(node: Node, code: CodeType) -> bool:
    """Whether every instruction stands inside the body: tells lambdas on one line apart."""
    if not isinstance(node, ast.Lambda):
        return True
    start, end = _span(node.body)
    places = [place for place in code.co_positions() if None not in place and place[2:] != (0, 0)]
    return all(start <= (line, column) and (last, stop) <= end for line, last, column, stop in places)


def _has_names(node: Node, code: CodeType) -> bool:
    """Whether the code's names all occur in the text: they don't where a cell's text is another one's by now."""
    written: set[str] = {_GUARD}
    for part in ast.walk(node):
        written.update(
            value for value in (getattr(part, key, None) for key in ("id", "attr", "name", "module")) if value
        )
        written.update(getattr(part, "asname", None) or "" for _ in (0,))
    dotted = {piece for name in written for piece in str(name).split(".")}
    return all(name in written | dotted for name in code.co_names)


def _span(node: ast.expr) -> tuple[tuple[int, int], tuple[int, int]]:
    return (node.lineno, node.col_offset), (node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)


def _extent(node: ast.AST) -> tuple[int, int]:
    line, end = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0)
    return end - line, getattr(node, "end_col_offset", 0) - getattr(node, "col_offset", 0)


def _cells(function: FunctionType) -> dict[str, Any]:
    """Captured variables that have a value by now."""
    found: dict[str, Any] = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:
            continue
    return found


def _defaults(function: FunctionType) -> dict[str, Any]:
    code, given = function.__code__, function.__defaults__ or ()
    names = code.co_varnames[: code.co_argcount]
    return {**dict(zip(names[len(names) - len(given) :], given, strict=True)), **(function.__kwdefaults__ or {})}

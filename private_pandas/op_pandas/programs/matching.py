"""Calls of ``re`` and of its patterns as words of a program. Must not know how a pattern becomes an automaton."""

import ast
import re
from typing import Any

from ag_plan.expressions import Code
from ag_plan.programs import Automaton, Items, Method
from op_pandas.programs import known, patterns
from op_pandas.programs.meaning import pattern, public, value
from op_pandas.programs.writing import NOTHING, Scene

_KEYWORDS = {"sub": ("pattern", "repl", "string", "count"), "split": ("pattern", "string", "maxsplit")}


def of_module(scene: Scene, node: ast.Call, function: Any) -> Code | None:
    """``re.search(pattern, text, flags)`` and its like; None for any other function."""
    if function is re.compile:
        return _compiled(scene, node.args[0], *_flags(scene, node, 1))
    name = known.OF_PATTERNS.get(id(function))
    if name is None:
        return None
    order = _KEYWORDS.get(name, ("pattern", "string"))
    given = dict(zip(order, node.args, strict=False)) | {str(each.arg): each.value for each in node.keywords}
    given.pop("flags", None)
    if set(given) - set(order) or len(node.args) > len(order) + 1 or not {*order[:2], "string"} <= set(given):
        scene.refuse(f"re.{name} with these arguments", "give a pattern, a text, and flags at most")
    owner = _compiled(scene, given["pattern"], *_flags(scene, node, len(order)))
    return of_pattern(scene, name, owner, [given[each] for each in order[1:] if each in given])


def of_pattern(scene: Scene, name: str, owner: Code, given: list[ast.expr]) -> Code:
    """A method of a pattern."""
    if name != "sub":
        return Method(name=name, owner=owner, arguments=tuple(value(scene, each) for each in given))
    replacement = public(scene, given[0])
    if not isinstance(replacement, str):
        scene.refuse("re.sub with a function or a private text", "give a text, or loop over re.finditer")
    try:
        parts = patterns.template(replacement, dict(owner.names) if isinstance(owner, Automaton) else {})
    except patterns.Unwritable as part:
        scene.refuse(str(part), r"use plain texts, \1 and \g<1>")
    template = Items(kind="tuple", values=parts)
    return Method(name=name, owner=owner, arguments=(template, *(value(scene, each) for each in given[1:])))


def _compiled(scene: Scene, node: ast.expr, flags: int = 0) -> Code:
    found = public(scene, node)
    return value(scene, node) if found is NOTHING else pattern(scene, found, flags)


def _flags(scene: Scene, node: ast.Call, place: int) -> tuple[int, ...]:
    """The flags of a call, where it has some."""
    named = [each.value for each in node.keywords if each.arg == "flags"]
    given = named or node.args[place : place + 1]
    found = [_of_flags(scene, each) for each in given]
    return tuple(found)


def _of_flags(scene: Scene, node: ast.expr) -> int:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _of_flags(scene, node.left) | _of_flags(scene, node.right)
    found = public(scene, node)
    if not isinstance(found, int):
        scene.refuse("these flags", "use re.IGNORECASE and its like")
    return int(found)

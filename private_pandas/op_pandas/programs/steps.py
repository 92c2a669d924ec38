"""Python's statements as words of a program, by a table. Must not know where a function comes from."""

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ag_plan.expressions import Code
from ag_plan.programs import (
    Block,
    Branch,
    Do,
    Fail,
    Give,
    Guard,
    Item,
    Operate,
    Put,
    Slot,
    Stop,
    Store,
    Unpack,
    While,
)
from op_pandas.programs import known
from op_pandas.programs.calls import NONE
from op_pandas.programs.loops import Loop, targets
from op_pandas.programs.meaning import public, value
from op_pandas.programs.values import OPERATORS
from op_pandas.programs.writing import Scene


def block(scene: Scene, nodes: Sequence[ast.stmt]) -> Code:
    """The word for statements. Untranslatable where there is none."""
    written = tuple(_statement(scene, node) for node in nodes if not _says_nothing(node))
    return written[0] if len(written) == 1 else Block(steps=written)


def _says_nothing(node: ast.stmt) -> bool:
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def _statement(scene: Scene, node: ast.stmt) -> Code:
    scene.node = node
    write = _TABLE.get(type(node))
    if write is None:
        scene.refuse(f"`{type(node).__name__.lower()}`", "a function has variables, conditions, loops and errors only")
    return write(scene, node)


def _assigned(scene: Scene, node: ast.Assign) -> Code:
    found = value(scene, node.value)
    if len(node.targets) == 1:
        return _into(scene, node.targets[0], found)
    held = scene.fresh()
    steps = [Store(index=held, value=found), *(_into(scene, each, Slot(index=held)) for each in node.targets)]
    return Block(steps=tuple(steps))


def _into(scene: Scene, target: ast.expr, found: Code) -> Code:
    if isinstance(target, ast.Name):
        return Store(index=scene.variable(target.id), value=found)
    if isinstance(target, ast.Tuple | ast.List):
        return Unpack(indices=targets(scene, target), value=found)
    if isinstance(target, ast.Subscript) and not isinstance(target.slice, ast.Slice):
        return Put(owner=value(scene, target.value), index=value(scene, target.slice), value=found)
    return scene.refuse("changing an attribute or a slice", "keep values in variables, lists and dicts")


def _annotated(scene: Scene, node: ast.AnnAssign) -> Code:
    return Block() if node.value is None else _into(scene, node.target, value(scene, node.value))


def _changed(scene: Scene, node: ast.AugAssign) -> Code:
    operator, found = OPERATORS.get(type(node.op)), value(scene, node.value)
    if operator is None:
        scene.refuse("this operator", "write it in simpler steps")
    if isinstance(node.target, ast.Name):
        place = scene.variable(node.target.id)
        return Store(index=place, value=Operate(operator=operator, left=Slot(index=place), right=found))
    if not isinstance(node.target, ast.Subscript) or isinstance(node.target.slice, ast.Slice):
        scene.refuse("changing an attribute or a slice", "keep values in variables, lists and dicts")
    owner, index = scene.fresh(), scene.fresh()
    there = Item(owner=Slot(index=owner), index=Slot(index=index))
    return Block(
        steps=(
            Store(index=owner, value=value(scene, node.target.value)),
            Store(index=index, value=value(scene, node.target.slice)),
            Put(
                owner=Slot(index=owner),
                index=Slot(index=index),
                value=Operate(operator=operator, left=there, right=found),
            ),
        )
    )


def _looped(scene: Scene, node: ast.For) -> Code:
    loop = Loop(scene, node.target, node.iter)
    return loop.around(block(scene, node.body), block(scene, node.orelse))


def _while(scene: Scene, node: ast.While) -> Code:
    condition = value(scene, node.test)
    return While(condition=condition, body=block(scene, node.body), last=block(scene, node.orelse))


def _if(scene: Scene, node: ast.If) -> Code:
    condition = value(scene, node.test)
    return Branch(condition=condition, then=block(scene, node.body), otherwise=block(scene, node.orelse))


def _raised(scene: Scene, node: ast.Raise) -> Code:
    named = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    found = known.errors(public(scene, named)) if named is not None else None
    if found is None or len(found) != 1:
        scene.refuse("raising this", "raise a built-in error, as ValueError")
    return Fail(error=found[0])


def _asserted(scene: Scene, node: ast.Assert) -> Code:
    return Branch(condition=value(scene, node.test), then=Block(), otherwise=Fail(error="AssertionError"))


def _tried(scene: Scene, node: ast.Try) -> Code:
    body = block(scene, node.body)
    names: list[tuple[str, ...]] = []
    handlers: list[Code] = []
    for handler in node.handlers:
        scene.node = handler
        if handler.name is not None:
            scene.refuse("an error as a value", "catch it without `as`")
        names.append(_caught(scene, handler.type))
        handlers.append(block(scene, handler.body))
    return Guard(
        body=body,
        errors=tuple(names),
        handlers=tuple(handlers),
        otherwise=block(scene, node.orelse),
        last=block(scene, node.finalbody),
    )


def _caught(scene: Scene, node: ast.expr | None) -> tuple[str, ...]:
    if node is None:
        return ("Exception",)
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    found = [known.errors(public(scene, part)) for part in parts]
    if any(each is None for each in found):
        scene.refuse("catching this", "name built-in errors")
    return tuple(name for each in found if each is not None for name in each)


_TABLE: Mapping[type[ast.stmt], Callable[[Scene, Any], Code]] = {
    ast.Assign: _assigned,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _changed,
    ast.For: _looped,
    ast.While: _while,
    ast.If: _if,
    ast.Raise: _raised,
    ast.Assert: _asserted,
    ast.Try: _tried,
    ast.Pass: lambda _scene, _node: Block(),
    ast.Break: lambda _scene, _node: Stop(kind="break"),
    ast.Continue: lambda _scene, _node: Stop(kind="continue"),
    ast.Return: lambda scene, node: Give(value=NONE if node.value is None else value(scene, node.value)),
    ast.Expr: lambda scene, node: Do(value=value(scene, node.value)),
}

"""Python's expressions as words of a program, by a table; calls and comprehensions have files of their own. Must not know steps."""

import ast
from collections.abc import Callable, Mapping
from typing import Any

from ag_plan.expressions import Code
from ag_plan.programs import Collect, Cut, Field, Item, Junction, Literally, Operate, Pick, Shown, Single, Slot, Store
from op_pandas.programs import known
from op_pandas.programs.calls import NONE, called, together
from op_pandas.programs.loops import comprehended
from op_pandas.programs.meaning import public, spoken, value
from op_pandas.programs.writing import Row, Scene

OPERATORS: Mapping[type[ast.AST], Any] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.FloorDiv: "floordiv", ast.Mod: "mod", ast.Pow: "pow",
    ast.BitAnd: "bit_and", ast.BitOr: "bit_or", ast.BitXor: "bit_xor", ast.LShift: "left", ast.RShift: "right",
    ast.Eq: "eq", ast.NotEq: "ne", ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge",
    ast.In: "in", ast.NotIn: "not_in", ast.Is: "is", ast.IsNot: "is_not",
    ast.USub: "neg", ast.UAdd: "pos", ast.Not: "not", ast.Invert: "invert", ast.And: "and", ast.Or: "or",
}  # fmt: skip


def _local(scene: Scene, node: ast.Name) -> Code:
    found = scene.local(node.id)
    if found is None:
        scene.refuse(f"{node.id}, which nobody has defined,", "define it first")
    return found


def _binary(scene: Scene, node: ast.BinOp) -> Code:
    if isinstance(node.op, ast.Mod) and isinstance(public(scene, node.left), str):
        scene.refuse("a text filled in by %", "write an f-string")
    operator = OPERATORS.get(type(node.op))
    if operator is None:
        scene.refuse(spoken(node.op), "write it in simpler steps")
    return Operate(operator=operator, left=value(scene, node.left), right=value(scene, node.right))


def _compared(scene: Scene, node: ast.Compare) -> Code:
    left = value(scene, node.left)
    tests: list[Code] = []
    for place, (operator, right) in enumerate(zip(node.ops, node.comparators, strict=True)):
        word = value(scene, right)
        if place < len(node.ops) - 1:
            held = scene.fresh()
            word, following = Store(index=held, value=word), Slot(index=held)
        else:
            following = Slot(index=0)
        tests.append(Operate(operator=OPERATORS[type(operator)], left=left, right=word))
        left = following
    return tests[0] if len(tests) == 1 else Junction(operator="and", operands=tuple(tests))


def _joined(scene: Scene, node: ast.JoinedStr) -> Code:
    parts: list[Code] = []
    for part in node.values:
        if isinstance(part, ast.Constant):
            parts.append(Literally(value=str(part.value)))
        elif isinstance(part, ast.FormattedValue):
            parts.append(_shown(scene, part))
    return together(scene, parts)


def _shown(scene: Scene, node: ast.FormattedValue) -> Code:
    layout = ""
    if node.format_spec is not None:
        pieces = node.format_spec.values if isinstance(node.format_spec, ast.JoinedStr) else []
        if not all(isinstance(piece, ast.Constant) for piece in pieces):
            scene.refuse("a layout that is computed", "write it out, as in f'{x:.2f}'")
        layout = "".join(str(piece.value) for piece in pieces if isinstance(piece, ast.Constant))
    if node.conversion not in (-1, ord("s")):
        scene.refuse("!r", "show the value itself")
    return Shown(value=value(scene, node.value), layout=layout)


def _subscript(scene: Scene, node: ast.Subscript) -> Code:
    column = column_of(scene, node)
    if column is not None:
        return column
    owner = value(scene, node.value)
    if isinstance(node.slice, ast.Slice):
        ends = [
            NONE if end is None else value(scene, end) for end in (node.slice.lower, node.slice.upper, node.slice.step)
        ]
        return Cut(owner=owner, start=ends[0], stop=ends[1], step=ends[2])
    return Item(owner=owner, index=value(scene, node.slice))


def column_of(scene: Scene, node: ast.expr) -> Code | None:
    """``row["name"]``, ``row.name``, ``row.get("name")``; None where it is something else."""
    owner: ast.expr | None = None
    name: Any = None
    if isinstance(node, ast.Subscript):
        owner, name = node.value, public(scene, node.slice)
    elif isinstance(node, ast.Attribute):
        owner, name = node.value, node.attr
    if not isinstance(owner, ast.Name) or not isinstance(row := scene.names.get(owner.id), Row):
        return None
    if name not in row.columns:
        scene.refuse(f"{name!r}, which is no column,", f"use one of {', '.join(map(repr, row.columns))}")
    return Slot(index=row.columns[name])


def _attribute(scene: Scene, node: ast.Attribute) -> Code:
    column = column_of(scene, node)
    if column is not None:
        return column
    if node.attr not in known.FIELDS:
        scene.refuse(f"`.{node.attr}`", "use fields of dates, or methods of texts, lists and dicts")
    return Field(name=node.attr, owner=value(scene, node.value))


def _dict(scene: Scene, node: ast.Dict) -> Code:
    items: list[Code] = []
    for one, other in zip(node.keys, node.values, strict=True):
        if one is None:
            scene.refuse("`**`", "write the items out")
        items += [value(scene, one), value(scene, other)]
    return Collect(kind="dict", items=tuple(items))


def _collected(kind: Any) -> Callable[[Scene, Any], Code]:
    return lambda scene, node: Collect(kind=kind, items=tuple(value(scene, each) for each in node.elts))


def _lambda(scene: Scene, _node: ast.Lambda) -> Code:
    return scene.refuse("a lambda here", "give it as key= of sorted, min or max, or define a function in a cell")


TABLE: Mapping[type[ast.expr], Callable[[Scene, Any], Code]] = {
    ast.Name: _local,
    ast.BinOp: _binary,
    ast.Compare: _compared,
    ast.UnaryOp: lambda scene, node: Single(operator=OPERATORS[type(node.op)], operand=value(scene, node.operand)),
    ast.BoolOp: lambda scene, node: Junction(
        operator=OPERATORS[type(node.op)], operands=tuple(value(scene, each) for each in node.values)
    ),
    ast.IfExp: lambda scene, node: Pick(
        condition=value(scene, node.test), then=value(scene, node.body), otherwise=value(scene, node.orelse)
    ),
    ast.NamedExpr: lambda scene, node: Store(index=scene.variable(node.target.id), value=value(scene, node.value)),
    ast.JoinedStr: _joined,
    ast.Subscript: _subscript,
    ast.Attribute: _attribute,
    ast.List: _collected("list"),
    ast.Tuple: _collected("tuple"),
    ast.Set: _collected("set"),
    ast.Dict: _dict,
    ast.ListComp: comprehended("list"),
    ast.GeneratorExp: comprehended("list"),
    ast.SetComp: comprehended("set"),
    ast.DictComp: comprehended("dict"),
    ast.Lambda: _lambda,
    ast.Call: called,
}

"""Loops and comprehensions as words of a program. Must not know other syntax."""

import ast
from collections.abc import Callable, Sequence
from typing import Any

from ag_plan.expressions import Code
from ag_plan.programs import (
    After,
    Block,
    Branch,
    Collect,
    Do,
    Each,
    Literally,
    Method,
    Operate,
    Put,
    Single,
    Slot,
    Stop,
    Store,
    Unpack,
)
from op_pandas.programs.meaning import public, value
from op_pandas.programs.writing import Scene


def comprehended(kind: Any) -> Callable[[Scene, Any], Code]:
    """What writes a comprehension of a kind: a new list, set or dict, and a loop that fills it."""

    def write(scene: Scene, node: Any) -> Code:
        into = scene.fresh()
        made: Code = Collect(kind=kind, items=())

        def keep() -> Code:
            if kind == "dict":
                return Put(owner=Slot(index=into), index=value(scene, node.key), value=value(scene, node.value))
            method = "append" if kind == "list" else "add"
            return Do(value=Method(name=method, owner=Slot(index=into), arguments=(value(scene, node.elt),)))

        return After(
            step=Block(steps=(Store(index=into, value=made), _rounds(scene, node.generators, keep))),
            value=Slot(index=into),
        )

    return write


def _rounds(scene: Scene, generators: Sequence[ast.comprehension], keep: Callable[[], Code]) -> Code:
    """The loops of a comprehension around what is done in the innermost; its names are its own."""
    if not generators:
        return keep()
    first, before = generators[0], dict(scene.names)
    loop = Loop(scene, first.target, first.iter, own=True)
    conditions = [value(scene, each) for each in first.ifs]
    body = _rounds(scene, generators[1:], keep)
    for condition in reversed(conditions):
        body = Branch(condition=condition, then=body, otherwise=Block())
    scene.names.clear()
    scene.names.update(before)
    return loop.around(body, Block())


class Loop:
    """``for target in iterable``: numbers of enumerate are counted along, and things are taken apart, before the body."""

    def __init__(self, scene: Scene, target: ast.expr, iterable: ast.expr, *, own: bool = False) -> None:
        self._before: list[Code] = []
        self._first: list[Code] = []
        things = _enumerated(scene, target, iterable)
        if things is None:
            self._values = value(scene, iterable)
        else:
            self._values, counter = value(scene, things), scene.fresh()
            one = Operate(operator="add", left=Slot(index=counter), right=Literally(value=1))
            self._before.append(Store(index=counter, value=Literally(value=0)))
            place, target = target.elts  # type: ignore[attr-defined]
            (number,) = targets(scene, place, own=own)
            self._first += [Store(index=number, value=Slot(index=counter)), Store(index=counter, value=one)]
        self._indices = self._apart(scene, target, own=own)

    def _apart(self, scene: Scene, target: ast.expr, *, own: bool) -> tuple[int, ...]:
        """The variables of a target; a tuple in a tuple is taken apart in a step of its own."""
        found: list[int] = []
        for each in target.elts if isinstance(target, ast.Tuple | ast.List) else [target]:
            if isinstance(each, ast.Tuple | ast.List):
                held = scene.fresh()
                place = len(self._first)
                inner = self._apart(scene, each, own=own)
                self._first.insert(place, Unpack(indices=inner, value=Slot(index=held)))
                found.append(held)
            else:
                found += targets(scene, each, own=own)
        return tuple(found)

    def around(self, body: Code, last: Code) -> Code:
        """The loop with its body."""
        whole = Block(steps=(*self._first, body)) if self._first else body
        each = Each(indices=self._indices, values=self._values, body=whole, last=last)
        return Block(steps=(*self._before, each)) if self._before else each


def _enumerated(scene: Scene, target: ast.expr, iterable: ast.expr) -> ast.expr | None:
    """What ``for place, thing in enumerate(things)`` goes through; None where it is no such loop."""
    is_pair = isinstance(target, ast.Tuple) and len(target.elts) == 2 and isinstance(target.elts[0], ast.Name)  # noqa: PLR2004 - a pair
    if not is_pair or not isinstance(iterable, ast.Call) or len(iterable.args) != 1 or iterable.keywords:
        return None
    return iterable.args[0] if public(scene, iterable.func) is enumerate else None


def targets(scene: Scene, node: ast.expr, *, own: bool = False) -> tuple[int, ...]:
    """The variables of names that something is put into; ``own``: new ones, which hide others of their name."""
    names = node.elts if isinstance(node, ast.Tuple | ast.List) else [node]
    found: list[int] = []
    for each in names:
        if not isinstance(each, ast.Name):
            scene.refuse("taking apart into more than names", "take it apart in steps")
        if own:
            scene.names[each.id] = scene.fresh()
        found.append(scene.variable(each.id))
    return tuple(found)


def decided(scene: Scene, node: ast.GeneratorExp, *, wanted: bool) -> Code:
    """``any`` and ``all`` of a comprehension: as Python, they stop at the first that decides."""
    found = scene.fresh()

    def keep() -> Code:
        element = value(scene, node.elt)
        test = element if wanted else Single(operator="not", operand=element)
        steps = (Store(index=found, value=Literally(value=wanted)), Stop(kind="break"))
        return Branch(condition=test, then=Block(steps=steps), otherwise=Block())

    begin = Store(index=found, value=Literally(value=not wanted))
    return After(step=Block(steps=(begin, _rounds(scene, node.generators, keep))), value=Slot(index=found))

"""Python's expressions, evaluated on what their names stand for: a table over syntax nodes; what isn't in it is refused.

Must not know statements; calls of the analyst's own functions go to ``calls`` given at birth.
"""

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from ag_plan.expressions import BinaryOperator
from op_pandas.translation import texts
from op_pandas.translation.access import attribute, call_method, item
from op_pandas.translation.arithmetic import Arithmetic, arithmetic, publicly
from op_pandas.translation.callables import items_of
from op_pandas.translation.merging import merge, spread
from op_pandas.translation.numbers import negative, of_number
from op_pandas.translation.scene import Scene
from op_pandas.translation.truth import compare, contains, identical, truth
from op_pandas.translation.values import (
    NEVER,
    UNBOUND,
    Closure,
    Display,
    Known,
    Method,
    Typed,
    Unbound,
    Value,
)
from op_pandas.translation.words import TRUE

_ARITHMETIC: Mapping[type[ast.operator], Arithmetic] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.FloorDiv: "floordiv", ast.Mod: "mod", ast.Pow: "pow",
}  # fmt: skip
_COMPARISONS: Mapping[type[ast.cmpop], BinaryOperator] = {
    ast.Eq: "eq", ast.NotEq: "ne", ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge",
}  # fmt: skip


class Caller(Protocol):
    """What expressions ask of statements: names around a function, and its calls."""

    def outer(self, name: str) -> Value:
        """A name that isn't the function's own."""
        ...

    def call(self, function: Value, given: Sequence[Value], keywords: Mapping[str, Value]) -> Value:
        """What a call gives."""
        ...


class Evaluation:
    """Expressions of one function in one place; ``environment`` are its variables there."""

    def __init__(self, scene: Scene, environment: dict[str, Value], caller: Caller) -> None:
        self.scene = scene
        self.environment = environment
        self.caller = caller

    def value(self, node: ast.expr) -> Value:
        """What the expression gives on each row."""
        before = self.scene.node
        self.scene.step(node)
        evaluate = _TABLE.get(type(node))
        if evaluate is None:
            what, instead = _REFUSED.get(type(node), (type(node).__name__, "write it in simpler steps"))
            self.scene.refuse(what, instead)
        result = evaluate(self, node)
        self.scene.node = before
        return result

    def values(self, nodes: Sequence[ast.expr]) -> list[Value]:
        """Several, in order."""
        return [self.value(node) for node in nodes]

    # Names and literals -----------------------------------------------------------------------------------

    def constant(self, node: ast.Constant) -> Value:
        if node.value is Ellipsis or isinstance(node.value, bytes | complex):
            self.scene.refuse("this literal", "use numbers and texts")
        return Known(node.value)

    def name(self, node: ast.Name) -> Value:
        found = self.environment.get(node.id)
        return self.caller.outer(node.id) if found is None else spread(self.scene, _bound, found)

    def container(self, node: ast.List | ast.Tuple | ast.Set) -> Value:
        items = self.values(node.elts)
        if all(isinstance(each, Known) for each in items):
            make: Callable[[Any], Any] = {ast.List: list, ast.Tuple: tuple, ast.Set: set}[type(node)]
            return publicly(self.scene, make, [each.value for each in items if isinstance(each, Known)])
        return Display(tuple(items))

    def dictionary(self, node: ast.Dict) -> Value:
        if any(key is None for key in node.keys):
            self.scene.refuse("** in a dict", "write the keys")
        keys = self.values([key for key in node.keys if key is not None])
        values = self.values(node.values)
        if not all(isinstance(each, Known) for each in (*keys, *values)):
            self.scene.refuse("a dict with private values", "use if and elif")
        pairs = zip(keys, values, strict=True)
        return Known(
            {key.value: value.value for key, value in pairs if isinstance(key, Known) and isinstance(value, Known)}
        )

    # Operators --------------------------------------------------------------------------------------------

    def binary(self, node: ast.BinOp) -> Value:
        name = _ARITHMETIC.get(type(node.op))
        if name is None:
            return self._logic_of_bits(node)
        return arithmetic(self.scene, name, self.value(node.left), self.value(node.right))

    def _logic_of_bits(self, node: ast.BinOp) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(node.op, ast.BitAnd | ast.BitOr) and all(_is_truth(each) for each in (left, right)):
            join = self.scene.words.both if isinstance(node.op, ast.BitAnd) else self.scene.words.either
            return Typed("bool", join(truth(self.scene, left), truth(self.scene, right)))
        self.scene.refuse("an operator on bits", "use and, or, not and arithmetic")

    def unary(self, node: ast.UnaryOp) -> Value:
        operand = self.value(node.operand)
        if isinstance(node.op, ast.Not):
            return Typed("bool", self.scene.words.negated(truth(self.scene, operand)))
        if isinstance(operand, Known):
            return publicly(self.scene, _PUBLIC_UNARY[type(node.op)], operand.value)
        if isinstance(node.op, ast.USub):
            return of_number(negative)(self.scene, operand)
        if isinstance(node.op, ast.UAdd):
            return of_number(lambda _, value: value)(self.scene, operand)
        self.scene.refuse("~", "use not")

    def logic(self, node: ast.BoolOp) -> Value:
        """``and``, ``or``: the operand that decides, and errors only where Python gets to."""
        first, *rest = node.values
        result = self.value(first)
        for other in rest:
            found = truth(self.scene, result)
            goes_on = isinstance(node.op, ast.And)
            known = self.scene.truth(found)
            if known is not None and known is not goes_on:
                return result
            with self.scene.under(found, truth=goes_on):
                after = self.value(other)
            result = merge(self.scene, found, after, result) if goes_on else merge(self.scene, found, result, after)
        return result

    def comparison(self, node: ast.Compare) -> Value:
        """Chains compare from the left and stop at the first that fails."""
        left = self.value(node.left)
        result: Value = Known(True)
        for operator, right_node in zip(node.ops, node.comparators, strict=True):
            so_far = truth(self.scene, result)
            if self.scene.truth(so_far) is False:
                return result
            with self.scene.under(so_far):
                right = self.value(right_node)
                after = self._compared(operator, left, right)
            result = merge(self.scene, so_far, after, result) if so_far is not TRUE else after
            left = right
        return result

    def _compared(self, operator: ast.cmpop, left: Value, right: Value) -> Value:
        if type(operator) in _COMPARISONS:
            return compare(self.scene, _COMPARISONS[type(operator)], left, right)
        test = contains if isinstance(operator, ast.In | ast.NotIn) else identical
        found = test(self.scene, left, right)
        if isinstance(operator, ast.NotIn | ast.IsNot):
            return Typed("bool", self.scene.words.negated(truth(self.scene, found)))
        return found

    def conditional(self, node: ast.IfExp) -> Value:
        test = truth(self.scene, self.value(node.test))
        known = self.scene.truth(test)
        if known is not None:
            return self.value(node.body if known else node.orelse)
        with self.scene.under(test):
            then = self.value(node.body)
        with self.scene.under(test, truth=False):
            otherwise = self.value(node.orelse)
        return merge(self.scene, test, then, otherwise)

    def assignment(self, node: ast.NamedExpr) -> Value:
        if self.scene.is_conditional:
            self.scene.refuse(":= where it isn't always reached", "assign on a line of its own")
        value = self.value(node.value)
        self.environment[node.target.id] = value
        return value

    # Parts and calls --------------------------------------------------------------------------------------

    def subscript(self, node: ast.Subscript) -> Value:
        owner = self.value(node.value)
        if isinstance(node.slice, ast.Slice):
            bounds = [
                None if part is None else self.value(part)
                for part in (node.slice.lower, node.slice.upper, node.slice.step)
            ]
            return spread(self.scene, lambda scene, each: _slice(scene, each, bounds), owner)
        return item(self.scene, owner, self.value(node.slice))

    def attribute(self, node: ast.Attribute) -> Value:
        return attribute(self.scene, self.value(node.value), node.attr)

    def call(self, node: ast.Call) -> Value:
        if any(isinstance(each, ast.Starred) for each in node.args) or any(each.arg is None for each in node.keywords):
            self.scene.refuse("* or ** in a call", "write the arguments")
        function = self.value(node.func)
        given = self.values(node.args)
        keywords = {each.arg: self.value(each.value) for each in node.keywords if each.arg is not None}
        self.scene.node = node
        return spread(self.scene, lambda scene, each: self._called(scene, each, given, keywords), function)

    def _called(self, scene: Scene, function: Value, given: Sequence[Value], keywords: Mapping[str, Value]) -> Value:
        if isinstance(function, Method):
            return spread(
                scene, lambda inner, owner: call_method(inner, owner, function.name, given, keywords), function.owner
            )
        return self.caller.call(function, given, keywords)

    def function(self, node: ast.Lambda) -> Value:
        return Closure(node, dict(self.environment), self.scene.sources[-1])

    def formatted(self, node: ast.JoinedStr) -> Value:
        return texts.concatenated(self.scene, self.values(node.values))

    def formatted_value(self, node: ast.FormattedValue) -> Value:
        value = self.value(node.value)
        if node.conversion not in (-1, ord("s")):
            self.scene.refuse("!r in an f-string", "leave it out")
        if node.format_spec is None:
            return texts.text_of(self.scene, value)
        layout = self.value(node.format_spec)
        if not isinstance(layout, Known):
            self.scene.refuse("a private layout in an f-string", "write it as a constant")
        return texts.formatted(self.scene, value, layout.value)

    def comprehension(self, node: ast.ListComp | ast.GeneratorExp | ast.SetComp) -> Value:
        """Over a list whose length is public: written out."""
        if len(node.generators) != 1 or not isinstance(node.generators[0].target, ast.Name):
            self.scene.refuse("a comprehension of several variables", "use one variable")
        (part,) = node.generators
        name, found = part.target.id, []  # type: ignore[attr-defined]
        before = self.environment.get(name)
        for each in items_of(self.scene, self.value(part.iter)):
            self.environment[name] = each
            tests = [self.scene.truth(truth(self.scene, self.value(test))) for test in part.ifs]
            if None in tests:
                self.scene.refuse(
                    "a private condition in a comprehension", "use sum(1 for …) with arithmetic, or a loop"
                )
            if all(tests):
                found.append(self.value(node.elt))
        self.environment.pop(name)
        if before is not None:
            self.environment[name] = before
        if all(isinstance(each, Known) for each in found):
            return Known([each.value for each in found if isinstance(each, Known)])
        return Display(tuple(found))


def _bound(scene: Scene, value: Value) -> Value:
    if isinstance(value, Unbound):
        scene.fault(TRUE, UnboundLocalError)
        return NEVER
    return value


def _is_truth(value: Value) -> bool:
    return (isinstance(value, Typed) and value.kind == "bool") or (
        isinstance(value, Known) and isinstance(value.value, bool)
    )


def _slice(scene: Scene, owner: Value, bounds: Sequence[Value | None]) -> Value:
    plain: list[Any] = [None if each is None else each.value if isinstance(each, Known) else UNBOUND for each in bounds]
    if any(not isinstance(each, int | None) for each in plain):
        scene.refuse("a slice with private places", "use constants")
    if isinstance(owner, Known):
        return publicly(scene, lambda value: value[slice(*plain)], owner.value)
    if isinstance(owner, Display):
        return Display(owner.items[slice(*plain)])
    if isinstance(owner, Typed) and owner.kind == "str":
        if plain[2] not in (None, 1):
            scene.refuse("a slice with a step", "use text[start:stop]")
        return texts.sliced(scene, owner, plain[0], plain[1])
    scene.fault(TRUE, TypeError)
    return NEVER


_PUBLIC_UNARY: Mapping[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: lambda value: -value,
    ast.UAdd: lambda value: +value,
    ast.Invert: lambda value: ~value,
}
_TABLE: Mapping[type[ast.expr], Callable[[Evaluation, Any], Value]] = {
    ast.Constant: Evaluation.constant,
    ast.Name: Evaluation.name,
    ast.List: Evaluation.container,
    ast.Tuple: Evaluation.container,
    ast.Set: Evaluation.container,
    ast.Dict: Evaluation.dictionary,
    ast.BinOp: Evaluation.binary,
    ast.UnaryOp: Evaluation.unary,
    ast.BoolOp: Evaluation.logic,
    ast.Compare: Evaluation.comparison,
    ast.IfExp: Evaluation.conditional,
    ast.NamedExpr: Evaluation.assignment,
    ast.Subscript: Evaluation.subscript,
    ast.Attribute: Evaluation.attribute,
    ast.Call: Evaluation.call,
    ast.Lambda: Evaluation.function,
    ast.JoinedStr: Evaluation.formatted,
    ast.FormattedValue: Evaluation.formatted_value,
    ast.ListComp: Evaluation.comprehension,
    ast.SetComp: Evaluation.comprehension,
    ast.GeneratorExp: Evaluation.comprehension,
}
_REFUSED: Mapping[type[ast.expr], tuple[str, str]] = {
    ast.DictComp: ("a dict comprehension", "make the dict outside the function"),
    ast.Await: ("await", "leave it out"),
    ast.Yield: ("yield", "return one value"),
    ast.YieldFrom: ("yield from", "return one value"),
    ast.Starred: ("*", "write the items"),
}

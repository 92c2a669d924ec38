"""A function and its private arguments in, a program and its operands out; or one sentence that says what stands in the way. Runs nothing."""

import ast
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

from ag_plan.expressions import Code, Expression
from ag_plan.programs import Block, Define, Give, Program, Store
from op_pandas.errors import Untranslatable
from op_pandas.originals import original_of
from op_pandas.programs.known import is_function, public
from op_pandas.programs.meaning import value
from op_pandas.programs.steps import block
from op_pandas.programs.values import TABLE
from op_pandas.programs.writing import Row, Scene
from op_pandas.rows import Term
from op_pandas.translation.source import Source, source_of

Defaults = Mapping[str, Any]


def programmed(
    function: Callable[..., Any], argument: "Term | Mapping[str, Term]"
) -> tuple[Program, tuple[Expression, ...]]:
    """What the function does, as a program, and the columns that it gets. Untranslatable with one sentence."""
    own = is_function(original_of(function))
    if own is None:
        name = getattr(function, "__name__", type(function).__name__)
        raise Untranslatable(
            f"{name} can't be used on private values; define a function in a cell that says what it does"
        )
    writer = Writer()
    try:
        operands = writer.root(own, argument)
    except RecursionError:
        raise Untranslatable(f"{own.__name__} is nested too deeply; write it in simpler steps") from None
    return Program(functions=tuple(writer.written)), operands


class Writer:
    """The functions of one program: the first is the one asked for, further ones are those that it calls."""

    def __init__(self) -> None:
        self.table = TABLE
        self.written: list[Code] = []
        self._numbers: dict[int, tuple[int, tuple[str, ...], Defaults]] = {}
        self._kept: list[Any] = []

    def root(self, function: FunctionType, argument: "Term | Mapping[str, Term]") -> tuple[Expression, ...]:
        """Write the first function; the columns that it gets."""
        source = source_of(function)
        parameters = _parameters(source)
        rest = {name: source.defaults[name] for name in parameters[1:] if name in source.defaults}
        if not parameters or len(rest) < len(parameters) - 1:
            raise Untranslatable(f"{source.name} takes {len(parameters)} arguments, and map gives it one")
        if isinstance(argument, Term):
            names: dict[str, int | Row] = {parameters[0]: 0}
            operands: tuple[Expression, ...] = (argument.expression,)
        else:
            columns = _read(source, parameters[0], argument)
            names = {parameters[0]: Row({name: place for place, name in enumerate(columns)})}
            operands = tuple(argument[name].expression for name in columns)
        self._write(source, names, len(operands), rest)
        return operands

    def function(self, function: FunctionType) -> tuple[int, tuple[str, ...], Defaults]:
        """The number of a function that is called, its parameters and their defaults; written where it is new."""
        known = self._numbers.get(id(function))
        if known is None:
            source = source_of(function)
            parameters = _parameters(source)
            self._kept.append(function)
            known = self._numbers[id(function)] = (len(self.written), parameters, source.defaults)
            self._write(source, {name: place for place, name in enumerate(parameters)}, len(parameters), {})
        return known

    def _write(self, source: Source, names: Mapping[str, int | Row], arguments: int, rest: Defaults) -> None:
        """One function, in its place among the others: the place is taken before what it calls takes the next."""
        place = len(self.written)
        self.written.append(Define(arguments=arguments, variables=arguments, body=Block()))
        scene = Scene(source=source, program=self, names=dict(names), variables=arguments, node=source.node)
        before: list[Code] = []
        for name, default in rest.items():
            found = public(default)
            if found is None:
                scene.refuse(f"the default of {name}", "use numbers, texts, dates, and lists or dicts of them")
            before.append(Store(index=scene.variable(name), value=found))
        for name in _assigned(source.node):
            if name not in scene.names:
                scene.variable(name)
        body = self._body(scene, source.node)
        self.written[place] = Define(
            arguments=arguments, variables=scene.variables, body=Block(steps=(*before, body)) if before else body
        )

    @staticmethod
    def _body(scene: Scene, node: ast.FunctionDef | ast.Lambda) -> Code:
        if isinstance(node, ast.Lambda):
            return Give(value=value(scene, node.body))
        return block(scene, node.body)


def _parameters(source: Source) -> tuple[str, ...]:
    arguments = source.node.args
    if arguments.vararg or arguments.kwarg:
        raise Untranslatable(f"{source.name} takes any number of arguments; name them")
    return tuple(each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs))


def _assigned(node: ast.AST) -> list[str]:
    """Names that are local because something is put into them, but for those of comprehensions."""
    found: list[str] = []
    waiting: list[ast.AST] = list(ast.iter_child_nodes(node))
    while waiting:
        each = waiting.pop()
        if isinstance(
            each, ast.FunctionDef | ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
        ):
            continue
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
            found.append(each.id)
        waiting.extend(ast.iter_child_nodes(each))
    return sorted(set(found))


def _read(source: Source, row: str, columns: Mapping[str, Term]) -> list[str]:
    """The columns that a function of a row reads by name, in the order of the frame."""
    wanted: set[str] = set()
    for node in ast.walk(source.node):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == row:
            wanted.add(node.attr)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            wanted.add(node.value)
    return [name for name in columns if name in wanted]

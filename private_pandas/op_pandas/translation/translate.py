"""A function and its private arguments in, one column expression out; or one sentence that says what stands in the way.

Must not know series or frames. An error that Python would raise on a value makes that value null.
"""

import ast
from collections.abc import Callable, Mapping
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from ag_plan.expressions import Expression
from op_pandas.errors import Untranslatable
from op_pandas.originals import original_of
from op_pandas.rows import Term
from op_pandas.translation.callables import known_call
from op_pandas.translation.expressions import Evaluation
from op_pandas.translation.merging import is_infinite, merge, typed
from op_pandas.translation.outcomes import Branch, Outcome, Returned
from op_pandas.translation.scene import Scene
from op_pandas.translation.source import Source, source_of
from op_pandas.translation.statements import Function
from op_pandas.translation.values import NONE, Bounds, Kind, Known, Never, Row, Split, Typed, Value
from op_pandas.translation.words import NULL

_NUMBERS = {"int", "float", "bool"}
_KINDS = {"float", "int", "bool", "str", "datetime"}
_CALLED = "_value_"


def translated(
    function: Callable[..., Any], argument: "Term | Mapping[str, Term]", *, keep_missing: bool = False
) -> Expression:
    """What the function gives, row by row. ``argument``: a column, or the columns of a row by name.

    ``keep_missing``: missing values stay missing and the function doesn't see them (pandas' ``na_action="ignore"``). Raises
    Untranslatable with one sentence.
    """
    function = original_of(function)
    source = _source(function)
    scene = Scene(source)
    if isinstance(argument, Mapping):
        value: Value = Row(_Columns(scene, argument))
    else:
        value = column(scene, argument)
    try:
        tree = _outcome(scene, source, function, value)
        result = _finished(scene, tree)
    except RecursionError:
        raise Untranslatable(
            f"{source.name} is nested too deeply to be translated; write it in simpler steps"
        ) from None
    if keep_missing and isinstance(argument, Term):
        missing = scene.words.is_null(argument.expression)
        result = scene.words.choose(missing, NULL, result)
    return result


def _outcome(scene: Scene, source: Source, function: Callable[..., Any], value: Value) -> Outcome:
    written = Function(scene, source, {})
    if isinstance(function, FunctionType) and source.node.lineno:
        return written.outcome(written.bound([value], {}))
    return written._evaluated({_CALLED: value}, lambda at: Returned(_of_library(at, function)))  # noqa: SLF001 - one room


def _of_library(at: Evaluation, function: Callable[..., Any]) -> Value:
    """``map(len)``, ``map(str.lower)``: a function that is no analyst's."""
    from op_pandas.translation.access import call_method
    from op_pandas.translation.merging import spread
    from op_pandas.translation.steps import Step

    value = at.environment[_CALLED]
    if isinstance(function, Step):
        return function.work(at.scene, value)
    if getattr(str, getattr(function, "__name__", ""), None) is function:
        return spread(at.scene, lambda scene, owner: call_method(scene, owner, function.__name__, [], {}), value)
    if isinstance(function, MethodType | BuiltinFunctionType) and type(getattr(function, "__self__", None)) is dict:
        table = Known(dict(function.__self__))  # type: ignore[call-overload]
        return call_method(at.scene, table, function.__name__, [value], {})
    return known_call(at.scene, function, [value], {})


def _source(function: Callable[..., Any]) -> Source:
    if isinstance(function, FunctionType) and not _is_of_library(function):
        return source_of(function)
    name = getattr(function, "__name__", type(function).__name__)
    nothing: Mapping[str, Any] = {}
    node = ast.Lambda(args=_NO_ARGUMENTS, body=ast.Constant(value=None), lineno=0, col_offset=0)
    return Source(node=node, name=name, filename="a library", globals=nothing, cells=nothing, defaults=nothing)


def _is_of_library(function: FunctionType) -> bool:
    from op_pandas.translation.statements import is_library

    return is_library(function)


_NO_ARGUMENTS = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])


class _Columns(dict[str, Value]):
    """The columns of a row. To read the id of a unit is refused, to leave it alone is not."""

    def __init__(self, scene: Scene, terms: "Mapping[str, Term]") -> None:
        super().__init__({name: NONE if term.kind == "id" else column(scene, term) for name, term in terms.items()})
        self._scene, self._ids = scene, {name: term for name, term in terms.items() if term.kind == "id"}

    def __getitem__(self, name: str) -> Value:
        return column(self._scene, self._ids[name]) if name in self._ids else super().__getitem__(name)


def column(scene: Scene, term: Term) -> Value:
    """What a function sees of a column: NaN or NaT for missing numbers and moments, None for missing texts and truths."""
    kind: Kind = term.kind  # type: ignore[assignment]
    if term.kind == "null":
        return NONE
    if term.kind not in _KINDS:
        scene.refuse(f"a column of kind {term.kind}", "count it, or group by it")
    bounds: Bounds | None = None
    if term.schema.lower is not None and term.schema.upper is not None:
        bounds = term.schema.lower, term.schema.upper
    nullable = term.schema.nullable
    if kind in ("str", "bool"):
        present = Typed(kind, term.expression)
        return merge(scene, scene.words.is_null(term.expression), NONE, present) if nullable else present
    return Typed(kind, term.expression, nullable, bounds)


# The result -----------------------------------------------------------------------------------------------


def _finished(scene: Scene, tree: Outcome) -> Expression:
    """The outcome as one expression: null where an error was raised or None given."""
    kinds: set[str] = set()
    result = _expression(scene, tree, kinds)
    if len(kinds) > 1 and not kinds <= _NUMBERS:
        scene.node = scene.sources[0].node
        scene.refuse(
            f"a result that is {' on some rows and '.join(sorted(kinds))} on others", "give values of one kind"
        )
    return result


def _expression(scene: Scene, tree: Outcome, kinds: set[str]) -> Expression:
    if isinstance(tree, Branch):
        known = scene.truth(tree.condition)
        if known is not None:
            return _expression(scene, tree.then if known else tree.otherwise, kinds)
        with scene.assuming(tree.condition):
            then = _expression(scene, tree.then, kinds)
        with scene.assuming(tree.condition, truth=False):
            otherwise = _expression(scene, tree.otherwise, kinds)
        return scene.words.choose(tree.condition, then, otherwise)
    return _plain(scene, tree.value, kinds) if isinstance(tree, Returned) else NULL


def _plain(scene: Scene, value: Value, kinds: set[str]) -> Expression:
    if isinstance(value, Split):
        return _expression(scene, Branch(value.condition, Returned(value.then), Returned(value.otherwise)), kinds)
    if isinstance(value, Never) or is_infinite(value) or (isinstance(value, Known) and value.value is None):
        return NULL
    found = typed(scene, value)
    if found is None:
        what = type(value.value).__name__ if isinstance(value, Known) else type(value).__name__.lower()
        scene.node = scene.sources[0].node
        scene.refuse(f"a result that is a {what}", "give one number, text, truth or date")
    if found.kind == "timedelta":
        scene.node = scene.sources[0].node
        scene.refuse("a result that is a timedelta", "return .days or .total_seconds()")
    if found.expression is not NULL:
        kinds.add(found.kind)
    return found.expression

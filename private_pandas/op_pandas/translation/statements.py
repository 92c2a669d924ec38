"""Python's statements, run on all paths at once: a table over syntax nodes; what isn't in it is refused.

Nothing of the analyst's is ever called here: functions are read.
"""

import ast
import builtins
from collections.abc import Callable, Mapping, Sequence
from types import FunctionType, ModuleType
from typing import Any

from op_pandas.originals import original_of
from op_pandas.translation.callables import is_function, items_of, known_call
from op_pandas.translation.cases import matched
from op_pandas.translation.expressions import Evaluation
from op_pandas.translation.merging import frozen
from op_pandas.translation.outcomes import (
    Branch,
    Broke,
    Continued,
    Environment,
    Fell,
    Outcome,
    Raised,
    Returned,
    branch,
    graft,
    replaced,
    value_of,
)
from op_pandas.translation.scene import Beyond, Scene
from op_pandas.translation.source import Source, source_of
from op_pandas.translation.truth import truth
from op_pandas.translation.values import Closure, Display, Known, Value
from op_pandas.translation.words import TRUE

MOST_CALLS = 16
_MOST_ROUNDS = 200


class Function:
    """One function of the analyst's, while it is translated."""

    def __init__(self, scene: Scene, source: Source, around: Environment, callers: tuple[ast.AST, ...] = ()) -> None:
        self.scene = scene
        self.source = source
        self.around = around
        self.callers = (*callers, source.node)

    def value(self, arguments: Environment) -> Value:
        """What the function gives for these arguments; its errors are noted in the scene."""
        return value_of(self.scene, self.outcome(arguments))

    def outcome(self, arguments: Environment) -> Outcome:
        """How the function ends, by row."""
        self.scene.sources.append(self.source)
        before = self.scene.node
        try:
            node = self.source.node
            if isinstance(node, ast.Lambda):
                return self._evaluated(arguments, lambda at: Returned(at.value(node.body)))
            return self.block(node.body, arguments)
        finally:
            self.scene.sources.pop()
            self.scene.node = before

    def block(self, statements: Sequence[ast.stmt], environment: Environment) -> Outcome:
        """Statements one after another."""
        tree: Outcome = Fell(environment)
        for statement in statements:
            tree = graft(self.scene, tree, Fell, lambda at, each=statement: self._statement(each, at))  # type: ignore[misc]
        return tree

    def _statement(self, statement: ast.stmt, environment: Environment) -> Outcome:
        self.scene.step(statement)
        run = _TABLE.get(type(statement))
        if run is None:
            what, instead = _REFUSED.get(type(statement), (type(statement).__name__.lower(), "return one value"))
            self.scene.refuse(what, instead)
        return run(self, statement, environment)

    def _evaluated(self, environment: Environment, go_on: Callable[[Evaluation], Outcome]) -> Outcome:
        """An outcome that needs values: before it, the errors that these raise."""
        before, self.scene.faults = self.scene.faults, []
        try:
            tree = go_on(Evaluation(self.scene, dict(environment), self))
            faults = self.scene.faults
        finally:
            self.scene.faults = before
        for fault in reversed(faults):
            tree = branch(fault.condition, Raised(fault.error, environment), tree)
        return tree

    # Names and calls --------------------------------------------------------------------------------------

    def outer(self, name: str) -> Value:
        """A name from around the function, as it is now."""
        if name in self.around:
            return self.around[name]
        missing = object()
        for place in (self.source.cells, self.source.globals, _builtins(self.source.globals)):
            found = place.get(name, missing)
            if found is not missing:
                return self._captured(name, found)
        self.scene.fault(TRUE, NameError)
        self.scene.refuse(f"the name {name}, which is not defined,", "define it first")

    def _captured(self, name: str, value: Any) -> Value:
        if isinstance(value, ModuleType) or is_function(value):
            return Known(value)
        try:
            return Known(frozen(value))
        except TypeError as kind:
            if type(value).__module__ == "re":
                return Known(value)
            self.scene.refuse(f"the variable {name}, a {kind},", "use a number, text, date, list, tuple, set or dict")

    def call(self, function: Value, given: Sequence[Value], keywords: Mapping[str, Value]) -> Value:
        """What a call gives: of the analyst's own functions, what their text says; of others, what the table says."""
        if isinstance(function, Closure):
            return self._inlined(function.home, function.node, function.environment, given, keywords)
        if not isinstance(function, Known):
            self.scene.refuse("calling this", "call a function by its name")
        found = original_of(function.value)
        if isinstance(found, FunctionType) and not is_library(found):
            return self._inlined(source_of(found), None, {}, given, keywords)
        return known_call(self.scene, found, given, keywords)

    def _inlined(
        self, source: Source, node: Any, around: Environment, given: Sequence[Value], keywords: Mapping[str, Value]
    ) -> Value:
        if node is not None:
            own = dict(source.defaults) if node is source.node else {}
            source = Source(
                node=node,
                name=getattr(node, "name", "the lambda"),
                filename=source.filename,
                globals=source.globals,
                cells=source.cells,
                defaults=own,
            )
        if source.node in self.callers or len(self.callers) > MOST_CALLS:
            self.scene.refuse(f"recursion ({source.name} calls itself)", "write a loop over a range")
        inner = Function(self.scene, source, {**self.around, **around} if node is not None else around, self.callers)
        return inner.value(inner.bound(given, keywords))

    def bound(self, given: Sequence[Value], keywords: Mapping[str, Value]) -> Environment:
        """Arguments by name."""
        arguments = self.source.node.args
        if arguments.vararg or arguments.kwarg:
            self.scene.refuse("a function with * or ** arguments", "name its arguments")
        names = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
        if len(given) > len(names):
            self.scene.refuse(f"{self.source.name} with {len(given)} arguments", f"it takes {len(names)}")
        found: dict[str, Value] = {**dict(zip(names, given, strict=False)), **keywords}
        for name, value in self._defaults().items():
            found.setdefault(name, value)
        wanted = [*names, *(each.arg for each in arguments.kwonlyargs)]
        missing = [name for name in wanted if name not in found]
        unknown = [name for name in found if name not in wanted]
        if missing or unknown:
            which = f"without {missing[0]}" if missing else f"with {unknown[0]}="
            self.scene.refuse(f"{self.source.name} {which}", f"it takes {', '.join(wanted)}")
        return found

    def _defaults(self) -> Environment:
        """Defaults as they are now; of functions inside functions, as they are written."""
        if self.source.defaults:
            return {name: self._captured(name, value) for name, value in self.source.defaults.items()}
        arguments = self.source.node.args
        at = Evaluation(self.scene, {}, self)
        names = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
        pairs = list(zip(names[len(names) - len(arguments.defaults) :], arguments.defaults, strict=True))
        pairs += [
            (key.arg, value) for key, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if value
        ]
        return {name: at.value(value) for name, value in pairs}

    # Statements -------------------------------------------------------------------------------------------

    def returns(self, node: ast.Return, environment: Environment) -> Outcome:
        if node.value is None:
            return Returned(Known(None))
        value = node.value
        return self._evaluated(environment, lambda at: Returned(at.value(value)))

    def assigns(self, node: ast.Assign, environment: Environment) -> Outcome:
        def go_on(at: Evaluation) -> Outcome:
            value = at.value(node.value)
            for target in node.targets:
                self._bind(at, target, value)
            return Fell(at.environment)

        return self._evaluated(environment, go_on)

    def _bind(self, at: Evaluation, target: ast.expr, value: Value) -> None:
        if isinstance(target, ast.Name):
            at.environment[target.id] = value
        elif isinstance(target, ast.Tuple | ast.List) and isinstance(value, Known | Display):
            items = items_of(self.scene, value)
            if len(items) != len(target.elts):
                self.scene.refuse("unpacking into another number of names", "name each value")
            for each, part in zip(target.elts, items, strict=True):
                self._bind(at, each, part)
        elif isinstance(target, ast.Attribute | ast.Subscript):
            self.scene.refuse(
                "changing an item or an attribute",
                "a function of private values may only give a value back: use a name of its own",
            )
        else:
            self.scene.refuse("this assignment", "assign one name")

    def annotates(self, node: ast.AnnAssign, environment: Environment) -> Outcome:
        if node.value is None:
            return Fell(environment)
        return self.assigns(ast.copy_location(ast.Assign(targets=[node.target], value=node.value), node), environment)

    def augments(self, node: ast.AugAssign, environment: Environment) -> Outcome:
        if not isinstance(node.target, ast.Name):
            self.scene.refuse(
                "changing an item or an attribute",
                "a function of private values may only give a value back: use a name of its own",
            )
        before = ast.copy_location(ast.Name(id=node.target.id, ctx=ast.Load()), node.target)
        value = ast.copy_location(ast.BinOp(left=before, op=node.op, right=node.value), node)
        return self.assigns(ast.copy_location(ast.Assign(targets=[node.target], value=value), node), environment)

    def decides(self, node: ast.If, environment: Environment) -> Outcome:
        def go_on(at: Evaluation) -> Outcome:
            test = truth(self.scene, at.value(node.test))
            return self._branches(test, node.body, node.orelse, at.environment)

        return self._evaluated(environment, go_on)

    def _branches(
        self, test: Any, body: Sequence[ast.stmt], orelse: Sequence[ast.stmt], environment: Environment
    ) -> Outcome:
        known = self.scene.truth(test)
        if known is not None:
            return self.block(body if known else orelse, environment)
        with self.scene.assuming(test):
            then = self.block(body, environment)
        with self.scene.assuming(test, truth=False):
            otherwise = self.block(orelse, environment)
        return branch(test, then, otherwise)

    def repeats(self, node: ast.For, environment: Environment) -> Outcome:
        def go_on(at: Evaluation) -> Outcome:
            items = items_of(self.scene, at.value(node.iter))
            if len(items) > _MOST_ROUNDS:
                self.scene.refuse(f"a loop of {len(items)} rounds", f"go through at most {_MOST_ROUNDS} values")
            tree: Outcome = Fell(at.environment)
            for each in items:
                tree = graft(self.scene, tree, Fell, lambda here, item=each: self._round(node, item, here))  # type: ignore[misc]
                tree = replaced(self.scene, tree, Continued, Fell)
            tree = graft(self.scene, tree, Fell, lambda here: self.block(node.orelse, here))
            return replaced(self.scene, tree, Broke, Fell)

        return self._evaluated(environment, go_on)

    def _round(self, node: ast.For, item: Value, environment: Environment) -> Outcome:
        at = Evaluation(self.scene, dict(environment), self)
        self._bind(at, node.target, item)
        return self.block(node.body, at.environment)

    def tries(self, node: ast.Try, environment: Environment) -> Outcome:
        if node.finalbody:
            self.scene.refuse("finally", "write it after the try")
        tree = self.block(node.body, environment)
        tree = graft(self.scene, tree, Fell, lambda at: self.block(node.orelse, at)) if node.orelse else tree
        return self._handled(node, tree)

    def _handled(self, node: ast.Try, tree: Outcome) -> Outcome:
        if isinstance(tree, Branch):
            with self.scene.assuming(tree.condition):
                then = self._handled(node, tree.then)
            with self.scene.assuming(tree.condition, truth=False):
                otherwise = self._handled(node, tree.otherwise)
            return branch(tree.condition, then, otherwise)
        if not isinstance(tree, Raised) or tree.error is Beyond:
            return tree
        for handler in node.handlers:
            if self._catches(handler, tree.error):
                return self.block(handler.body, tree.environment)
        return tree

    def _catches(self, handler: ast.ExceptHandler, error: type[Exception]) -> bool:
        if handler.type is None:
            return True
        wanted = Evaluation(self.scene, {}, self).value(handler.type)
        kinds = wanted.value if isinstance(wanted, Known) else ()
        kinds = kinds if isinstance(kinds, tuple) else (kinds,)
        if not kinds or not all(isinstance(each, type) and issubclass(each, BaseException) for each in kinds):
            self.scene.refuse("except with this", "name the errors")
        return issubclass(error, tuple(kinds))

    def raises(self, node: ast.Raise, environment: Environment) -> Outcome:
        target = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        found = None if target is None else Evaluation(self.scene, dict(environment), self).value(target)
        kind = found.value if isinstance(found, Known) else None
        if not isinstance(kind, type) or not issubclass(kind, Exception):
            self.scene.refuse("this raise", "return None, which is null, or raise ValueError(…)")
        return Raised(kind, environment)

    def asserts(self, node: ast.Assert, environment: Environment) -> Outcome:
        def go_on(at: Evaluation) -> Outcome:
            test = truth(self.scene, at.value(node.test))
            return branch(test, Fell(at.environment), Raised(AssertionError, environment))

        return self._evaluated(environment, go_on)

    def expression(self, node: ast.Expr, environment: Environment) -> Outcome:
        if isinstance(node.value, ast.Constant):
            return Fell(environment)

        def go_on(at: Evaluation) -> Outcome:
            at.value(node.value)
            return Fell(at.environment)

        return self._evaluated(environment, go_on)

    def matches(self, node: ast.Match, environment: Environment) -> Outcome:
        def go_on(at: Evaluation) -> Outcome:
            return self._cases(node.cases, at.value(node.subject), at)

        return self._evaluated(environment, go_on)

    def _cases(self, cases: Sequence[ast.match_case], subject: Value, at: Evaluation) -> Outcome:
        if not cases:
            return Fell(at.environment)
        first, *rest = cases
        test, bound = matched(at, first.pattern, subject)
        here = Evaluation(self.scene, {**at.environment, **bound}, self)
        with self.scene.assuming(test):
            if first.guard is not None:
                test = self.scene.words.both(test, truth(self.scene, here.value(first.guard)))
            then = self.block(first.body, here.environment)
        with self.scene.assuming(test, truth=False):
            otherwise = then if test is TRUE else self._cases(rest, subject, at)
        return branch(test, then, otherwise)

    def defines(self, node: ast.FunctionDef, environment: Environment) -> Outcome:
        if node.decorator_list:
            self.scene.refuse("a decorated function inside", "leave the decorator out")
        return Fell({**environment, node.name: Closure(node, dict(environment), self.source)})


def _builtins(names: Mapping[str, Any]) -> Mapping[str, Any]:
    found = names.get("__builtins__", builtins)
    return found if isinstance(found, dict) else vars(found)


def is_library(function: FunctionType) -> bool:
    """Whether a function is of an installed module, and not of a notebook: these are known by the table or not at all."""
    module = str(function.__globals__.get("__name__", ""))
    return module.partition(".")[0] in _LIBRARIES


_LIBRARIES = {
    "pandas",
    "numpy",
    "math",
    "re",
    "datetime",
    "statistics",
    "random",
    "json",
    "itertools",
    "functools",
    "collections",
    "ag_utils",
    "op_pandas",
    "dateutil",
    "builtins",
    "string",
    "time",
}
_TABLE: Mapping[type[ast.stmt], Callable[[Function, Any, Environment], Outcome]] = {
    ast.Return: Function.returns,
    ast.Assign: Function.assigns,
    ast.AnnAssign: Function.annotates,
    ast.AugAssign: Function.augments,
    ast.If: Function.decides,
    ast.For: Function.repeats,
    ast.Try: Function.tries,
    ast.Raise: Function.raises,
    ast.Assert: Function.asserts,
    ast.Expr: Function.expression,
    ast.Match: Function.matches,
    ast.FunctionDef: Function.defines,
    ast.Pass: lambda _, __, environment: Fell(environment),
    ast.Break: lambda _, __, environment: Broke(environment),
    ast.Continue: lambda _, __, environment: Continued(environment),
}
_CHANGES_OUTSIDE = "a function of private values may only give a value back"
_REFUSED: Mapping[type[ast.stmt], tuple[str, str]] = {
    ast.Global: ("global", _CHANGES_OUTSIDE),
    ast.Nonlocal: ("nonlocal", _CHANGES_OUTSIDE),
    ast.While: ("a while loop", "write `for i in range(n)`, with break"),
    ast.With: ("with", "leave it out"),
    ast.ClassDef: ("a class", "use functions"),
    ast.Delete: ("del", "leave it out"),
    ast.Import: ("an import inside a function", "import at the top of a cell"),
    ast.ImportFrom: ("an import inside a function", "import at the top of a cell"),
}

"""Code for review as a notebook writes it: a function, what its arguments are bound to, and how often it may run. Must not know how it travels."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import update_wrapper
from typing import Any

from antigranular.errors import AgError


class ExactMatch:
    """Binds each argument to one table of one data set, in the version that it has now: ``ExactMatch(data="Iris")``, ``ExactMatch(data="Iris/train")``.

    A data set of one table, or anything with a ``dataset`` and a ``name`` or ``table``, will do as well as its name.
    """

    def __init__(self, **assets: Any) -> None:
        if not assets:
            raise AgError("ExactMatch needs an argument of the function: ExactMatch(data=asset)")
        self.inputs = tuple(_bound(argument, asset) for argument, asset in assets.items())

    def __repr__(self) -> str:
        inside = ", ".join(f"{each['argument']}={each['dataset']}/{each['table'] or '*'}" for each in self.inputs)
        return f"ExactMatch({inside})"


@dataclass(frozen=True, slots=True)
class Executions:
    """It may run so often on the data; ``reader``: the one analyst who may fetch the result: whoever submits, unless it is somebody who takes part in a project with them."""

    runs: int
    reader: str | None = None


def SingleExecution(reader: str | None = None) -> Executions:  # noqa: N802 - it is written like a policy, and is one
    """It may run on the data once."""
    return Executions(1, reader)


class Draft:
    """A function that is ready to be submitted: ``session.submit(function)``. Called, it is the ordinary function it was."""

    def __init__(self, function: Callable[..., Any], inputs: ExactMatch, output: Executions) -> None:
        self._function = function
        self.name = function.__name__
        self.source = source_of(function)
        self.inputs = inputs
        self.output = output
        missing = _unbound(function, {each["argument"] for each in inputs.inputs})
        if missing:
            raise AgError(f"{self.name} and its input policy don't fit: {missing}")
        update_wrapper(self, function)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Run the function here, on what it is given."""
        return self._function(*arguments, **named)

    def body(self, project: str | None) -> dict[str, Any]:
        """As it is submitted."""
        return {
            "function": self.name,
            "source": self.source,
            "inputs": [dict(each) for each in self.inputs.inputs],
            "runs": self.output.runs,
            "reader": self.output.reader or "",
            "project": project or "",
        }

    def __repr__(self) -> str:
        return f"<code for review {self.name}, {self.inputs!r}, {self.output!r}>"


def code_request(
    *, input_policy: ExactMatch, output_policy: Executions | None = None
) -> Callable[[Callable[..., Any]], Draft]:
    """Make a function one that an owner can review and run: the decorator. It brings its own imports, and reads nothing outside itself.

    ``@ag.code_request(input_policy=ag.ExactMatch(data="Our Village/people"))`` above ``def oldest(data): …`` gives it the table ``people`` of the
    data set Our Village as a pandas frame, for one run (``output_policy=``); ``session.submit(oldest)`` hands it in. Raises AgError where its source can't be found or its arguments aren't the policy's.
    """
    output = output_policy if output_policy is not None else SingleExecution()
    return lambda function: Draft(function, input_policy, output)


def source_of(function: Callable[..., Any]) -> str:
    """The function's own text, without decorators. Raises AgError where there is none."""
    try:
        text = textwrap.dedent(inspect.getsource(function))
        (definition,) = ast.parse(text).body
    except (OSError, TypeError, SyntaxError, ValueError) as problem:
        raise AgError(f"the source of {function!r} can't be found: write it as a function of its own") from problem
    if not isinstance(definition, ast.FunctionDef):
        raise AgError("code for review is one ordinary function: def name(data): …")
    return "".join(text.splitlines(keepends=True)[definition.lineno - 1 : definition.end_lineno])


def _unbound(function: Callable[..., Any], bound: set[str]) -> str:
    """How the function's arguments and the bound names differ; empty where they don't."""
    parameters = inspect.signature(function).parameters
    needed = {name for name, each in parameters.items() if each.default is each.empty}
    if needed - bound:
        return f"nothing is bound to {', '.join(sorted(needed - bound))}"
    return f"it has no argument {', '.join(sorted(bound - set(parameters)))}" if bound - set(parameters) else ""


def _bound(argument: str, asset: Any) -> Mapping[str, str]:
    if isinstance(asset, str):
        dataset, _, table = asset.partition("/")
    else:
        within = _name(getattr(asset, "dataset", None))
        dataset = within or _name(asset)
        table = (_name(getattr(asset, "table", None)) or _name(asset)) if within else ""
    if not dataset:
        raise AgError(f"{argument} is bound to an asset or its name, 'Data set/table', and not to {asset!r}")
    return {"argument": argument, "dataset": dataset, "table": table}


def _name(thing: Any) -> str:
    """A text, or the name of what has one."""
    found = thing if isinstance(thing, str) else getattr(thing, "name", "")
    return found if isinstance(found, str) else ""

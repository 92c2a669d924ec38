"""The mark of every method that spends: a method as any other, with ``.preview``, and ``rho``, ``accuracy`` and ``sigma`` in its signature.

Must not know which statistics there are.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, overload

from op_pandas.previews import Preview, previewed

S = TypeVar("S")
P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

_OTHERS = ("rho", "accuracy", "sigma")
_SPENDS = (
    "eps: what the call may spend in all. In its place: rho (zCDP), accuracy (the 95 % half-width of counts, sums and histograms), "
    "or sigma (the deviation of the noise). .preview(…) with the same arguments tells cost and error for nothing."
)
"""What the help of each statistic ends with."""


class Bound(Protocol[P, R_co]):
    """A statistic of some object, to be called or previewed."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """The answer; charged."""
        ...

    def preview(self, *args: P.args, **kwargs: P.kwargs) -> Preview:
        """What the same call would cost, and how far off its answer would be; free."""
        ...


class statistic(Generic[S, P, R]):  # noqa: N801 - used as a decorator, like property
    """A method that spends. ``object.method(…)`` charges and answers; ``object.method.preview(…)`` says what it would cost, free.

    ``function`` is the method as written, with its documentation, for whoever looks names up without running anything.
    """

    def __init__(self, function: Callable[Concatenate[S, P], R]) -> None:
        self.function = function
        written: Any = function
        written.__doc__ = f"{inspect.cleandoc(function.__doc__ or '')}\n\n{_SPENDS}".lstrip()
        self.__doc__ = function.__doc__
        written.__signature__ = _signature(function)
        written.preview = _documented(function)
        self._bound = written.__signature__.replace(parameters=list(written.__signature__.parameters.values())[1:])

    @overload
    def __get__(self, instance: None, owner: type) -> Callable[Concatenate[S, P], R]: ...
    @overload
    def __get__(self, instance: S, owner: type) -> Bound[P, R]: ...
    def __get__(self, instance: S | None, owner: type) -> Any:
        function: Callable[..., R] = self.function
        if instance is None:
            return function

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> R:
            return function(instance, *args, **kwargs)

        @functools.wraps(_preview)
        def preview(*args: Any, **kwargs: Any) -> Preview:
            return previewed(function, function.__name__, (instance, *args), kwargs)

        bound: Any = call
        bound.__signature__ = self._bound
        bound.preview = preview
        preview.__signature__ = self._bound.replace(return_annotation=Preview)  # type: ignore[attr-defined]
        return bound


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    """The signature as analysts may use it: with what may stand in the place of eps."""
    found = inspect.signature(function)
    parameters = list(found.parameters.values())
    spread = next((i for i, each in enumerate(parameters) if each.kind is each.VAR_KEYWORD), len(parameters))
    more = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None)
        for name in _OTHERS
        if name not in found.parameters
    ]
    return found.replace(parameters=[*parameters[:spread], *more, *parameters[spread:]])


def _preview() -> None:
    """What the same call would cost, and how far off its answer would be; free."""


def _documented(function: Callable[..., Any]) -> Callable[..., Any]:
    """What is looked up as ``method.preview`` where nothing is run: documentation and signature."""

    @functools.wraps(_preview)
    def preview(instance: Any, *args: Any, **kwargs: Any) -> Preview:
        return previewed(function, function.__name__, (instance, *args), kwargs)

    made: Any = preview
    made.__signature__ = inspect.signature(function).replace(return_annotation=Preview)
    return preview

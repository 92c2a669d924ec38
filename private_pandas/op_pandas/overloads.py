"""Types of the statistics whose result depends on their arguments: ``statistic`` by other names, which type checkers tell apart.

Must not know how anything is computed; at run time these are ``statistic`` itself.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar, overload

from op_pandas.calls import Probabilities
from op_pandas.epsilon import Number
from op_pandas.previews import Preview
from op_pandas.results import ReleasedFloat, ReleasedFrame, ReleasedSeries
from op_pandas.statistic import statistic

if TYPE_CHECKING:
    from op_pandas.series import PrivateSeries

Down = Literal[0, "index"]
Across = Literal[1, "columns"]
K_co = TypeVar("K_co", covariant=True)


class Overloaded(Protocol, Generic[K_co]):
    """A method whose types are said by a protocol."""

    def __get__(self, instance: object, owner: type) -> K_co:
        """The method of an object."""
        ...


class FrameSum(Protocol):
    """Down the rows a release; across the columns a private series, free."""

    @overload
    def __call__(self, eps: Number | None = None, axis: Down = 0, **ignored: object) -> ReleasedSeries: ...
    @overload
    def __call__(self, eps: Number | None = None, *, axis: Across, **ignored: object) -> "PrivateSeries": ...
    def preview(self, eps: Number | None = None, axis: Down = 0, **ignored: object) -> Preview:
        """What the same call would cost, and how far off its answer would be; free."""
        ...


class FrameQuantile(Protocol):
    """One quantile is a series by column, several are a frame."""

    @overload
    def __call__(  # type: ignore[overload-overlap]
        self, *given: Number, eps: Number | None = None, q: Number | None = None, axis: Down = 0, **ignored: object
    ) -> ReleasedSeries: ...
    @overload
    def __call__(
        self,
        *given: Probabilities,
        eps: Number | None = None,
        q: Probabilities | None = None,
        axis: Down = 0,
        **ignored: object,
    ) -> ReleasedFrame: ...
    def preview(
        self, *given: Probabilities, eps: Number | None = None, q: Probabilities | None = None, **ignored: object
    ) -> Preview:
        """What the same call would cost, and how far off its answer would be; free."""
        ...


class SeriesQuantile(Protocol):
    """One quantile is a number, several are a series."""

    @overload
    def __call__(  # type: ignore[overload-overlap]
        self, *given: Number, q: Number | None = None, eps: Number | None = None, **ignored: object
    ) -> ReleasedFloat: ...
    @overload
    def __call__(
        self, *given: Probabilities, q: Probabilities | None = None, eps: Number | None = None, **ignored: object
    ) -> ReleasedSeries: ...
    def preview(
        self, *given: Probabilities, q: Probabilities | None = None, eps: Number | None = None, **ignored: object
    ) -> Preview:
        """What the same call would cost, and how far off its answer would be; free."""
        ...


def frame_sum(function: Callable[..., Any]) -> Overloaded[FrameSum]:
    """``statistic`` of a frame that can also run across its columns."""
    found: Any = statistic(function)
    typed: Overloaded[FrameSum] = found
    return typed


def frame_quantile(function: Callable[..., Any]) -> Overloaded[FrameQuantile]:
    """``statistic`` of a frame's quantiles."""
    found: Any = statistic(function)
    typed: Overloaded[FrameQuantile] = found
    return typed


def series_quantile(function: Callable[..., Any]) -> Overloaded[SeriesQuantile]:
    """``statistic`` of a series' quantiles."""
    found: Any = statistic(function)
    typed: Overloaded[SeriesQuantile] = found
    return typed

"""Lazy pointers to an array of an owner's: arithmetic and statistics are free to write, ``publish`` releases, ``get`` gives the result.

Must not know prices or noise: a pointer is a private series and, beside it, the made-up rows of the mock, computed in the same way.
"""

from collections.abc import Callable
from typing import Any, Final, Literal

import pandas as pd

from op_pandas.dataset import load_dataset, load_mock
from op_pandas.epsilon import Number
from op_pandas.private import Private
from op_pandas.results import ReleasedFloat
from op_pandas.series import PrivateSeries

VALUE: Final = "value"
"""The column of a table that an array becomes; its unit is the data subject."""
Statistic = Literal["count", "sum", "mean", "std", "var"]


def tensor(name: str) -> "TensorPointer":
    """The array of that name, or the one named column of a data set. ValueError where the session has no such data set, or it is no array."""
    found = load_dataset(name)
    if not isinstance(found, Private) or VALUE not in getattr(found, "columns", ()):
        raise ValueError(f"{name!r} is no array: load_dataset({name!r}) has it")
    mocks = load_mock(name)
    shown = next((each for each in mocks.values() if isinstance(each, pd.DataFrame) and VALUE in each.columns), None)
    mock = pd.Series(dtype="float64") if shown is None else shown[VALUE]
    column: PrivateSeries = found[VALUE]  # type: ignore[index]
    return TensorPointer(column, mock)


class TensorPointer:
    """An array whose values are private. ``+ - * /`` with numbers and with pointers to the same array, ``clip``, and the statistics."""

    __slots__ = ("_column", "_mock")

    def __init__(self, column: PrivateSeries, mock: "pd.Series[Any]") -> None:
        self._column = column
        self._mock = mock

    @property
    def column(self) -> PrivateSeries:
        """The private values as a series, for all that pointers have no word for."""
        return self._column

    @property
    def mock(self) -> "pd.Series[Any]":
        """The same of made-up, public values."""
        return self._mock.copy()

    def count(self) -> "StatisticPointer":
        """How many values there are."""
        return StatisticPointer(self, "count")

    def sum(self) -> "StatisticPointer":
        """Their sum."""
        return StatisticPointer(self, "sum")

    def mean(self) -> "StatisticPointer":
        """Their mean."""
        return StatisticPointer(self, "mean")

    def std(self) -> "StatisticPointer":
        """Their standard deviation."""
        return StatisticPointer(self, "std")

    def var(self) -> "StatisticPointer":
        """Their variance."""
        return StatisticPointer(self, "var")

    def clip(self, lower: float, upper: float) -> "TensorPointer":
        """Values kept between tighter bounds: less noise for the same cost."""
        return TensorPointer(self._column.clip(lower, upper), self._mock.clip(lower, upper))

    def __add__(self, other: "TensorPointer | float") -> "TensorPointer":
        return self._with(other, lambda one, more: one + more)

    __radd__ = __add__

    def __sub__(self, other: "TensorPointer | float") -> "TensorPointer":
        return self._with(other, lambda one, more: one - more)

    def __rsub__(self, other: float) -> "TensorPointer":
        return self._with(other, lambda one, more: more - one)

    def __mul__(self, other: "TensorPointer | float") -> "TensorPointer":
        return self._with(other, lambda one, more: one * more)

    __rmul__ = __mul__

    def __truediv__(self, other: "TensorPointer | float") -> "TensorPointer":
        return self._with(other, lambda one, more: one / more)

    def __neg__(self) -> "TensorPointer":
        return self._with(-1, lambda one, more: one * more)

    def publish(self, **_spend: object) -> None:
        """TypeError: values themselves are never published, statistics are."""
        raise TypeError(
            "an array's values are private: publish a statistic of it, e.g. pointer.mean().publish(sigma=2)"
        )

    def __repr__(self) -> str:
        return f"pointer to private values; of the mock:\n{self._mock.head()!r}"

    def _with(self, other: "TensorPointer | float", combine: Callable[[Any, Any], Any]) -> "TensorPointer":
        if isinstance(other, TensorPointer):
            return TensorPointer(combine(self._column, other.column), combine(self._mock, other.mock))
        return TensorPointer(combine(self._column, other), combine(self._mock, other))


class StatisticPointer:
    """A statistic that nothing has been asked of yet. ``preview`` says what it would cost, ``publish`` charges and releases it."""

    __slots__ = ("_of", "_published", "_what")

    def __init__(self, of: TensorPointer, what: Statistic) -> None:
        self._of = of
        self._what = what
        self._published: ReleasedFloat | None = None

    @property
    def mock(self) -> float:
        """The same of made-up, public values."""
        return float(getattr(self._of.mock, self._what)())

    def preview(self, sigma: Number | None = None, **spend: Any) -> Any:
        """What ``publish`` with the same arguments would cost; it follows from σ, the plan and public bounds alone. Free."""
        return self._method().preview(**_spend(sigma, spend))

    def publish(self, sigma: Number | None = None, **spend: Any) -> "StatisticPointer":
        """Release it with Gaussian noise of deviation ``sigma`` at most (or for ``eps=`` or ``rho=``); charged. ``get`` gives the result.

        σ counts as ``.preview`` tells scales: of a sum in its own unit, of everything else in rows (a mean of n values is off by about σ/n of its bounds' width). TypeError or ValueError
        before anything is sent.
        """
        self._published = self._method()(**_spend(sigma, spend))
        return self

    def get(self) -> ReleasedFloat:
        """What was published, with its provenance. RuntimeError where nothing was."""
        if self._published is None:
            raise RuntimeError("nothing was published yet: .publish(sigma=…) first")
        return self._published

    def __repr__(self) -> str:
        said = "not published" if self._published is None else f"published: {self._published!r}"
        return f"pointer to the {self._what} of private values, {said}; of the mock: {self.mock:.6g}"

    def _method(self) -> Any:
        return getattr(self._of.column, self._what)


def _spend(sigma: Number | None, spend: dict[str, Any]) -> dict[str, Any]:
    return spend if sigma is None else {"sigma": sigma, **spend}

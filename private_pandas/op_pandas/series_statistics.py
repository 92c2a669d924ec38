"""Releases of one private column: what a PrivateSeries answers under ε.

Must not know prices or noise; each method parses its arguments, asks once and shapes the answer.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import pandas as pd

from ag_plan.messages import Released
from ag_plan.releases import Count, Describe, GroupKey, Histogram, Mean, Measure, Quantile, Size, Std, Sum, Var
from op_pandas import results
from op_pandas.arguments import Bins, edges
from op_pandas.calls import Call, Quantiles, called, freedom, quantiles
from op_pandas.epsilon import Number
from op_pandas.overloads import series_quantile
from op_pandas.releases import release
from op_pandas.results import ReleasedFloat, ReleasedInt, ReleasedSeries, ReleasedTuple
from op_pandas.rows import Rows, Term
from op_pandas.schema import key_values
from op_pandas.statistic import statistic

UNNAMED = "this series"
"""What a refusal calls a column that has no name."""


class SeriesStatistics(ABC):
    """Statistics of one column. Every ``eps`` is the total for the call; pandas' other keywords are accepted and ignored."""

    __slots__ = ()

    @abstractmethod
    def _column(self) -> tuple[Rows, Term, str | None]:
        """The rows, the term and the name of the column."""

    @property
    def _label(self) -> str:
        """What the plan, and so every refusal, calls the column."""
        return self._column()[2] or UNNAMED

    @statistic
    def count(self, /, eps: Number | None = None, **ignored: object) -> ReleasedInt:
        """The number of values that are not null."""
        return results.whole_number(self._ask(called("count", eps, ignored), Count, columns=(self._label,)))

    @statistic
    def sum(self, /, eps: Number | None = None, **ignored: object) -> ReleasedFloat:
        """The sum of the values."""
        return results.number(self._ask(called("sum", eps, ignored), Sum, columns=(self._label,)))

    @statistic
    def mean(self, /, eps: Number | None = None, **ignored: object) -> ReleasedFloat:
        """The mean of the values."""
        return results.number(self._ask(called("mean", eps, ignored), Mean, columns=(self._label,)))

    @statistic
    def std(self, /, eps: Number | None = None, ddof: int = 1, **ignored: object) -> ReleasedFloat:
        """The standard deviation of the values."""
        return results.number(self._ask(called("std", eps, ignored), Std, columns=(self._label,), ddof=freedom(ddof)))

    @statistic
    def var(self, /, eps: Number | None = None, ddof: int = 1, **ignored: object) -> ReleasedFloat:
        """The variance of the values."""
        return results.number(self._ask(called("var", eps, ignored), Var, columns=(self._label,), ddof=freedom(ddof)))

    @statistic
    def median(self, /, eps: Number | None = None, **ignored: object) -> ReleasedFloat:
        """The median of the values."""
        return results.number(
            self._ask(called("median", eps, ignored), Quantile, columns=(self._label,), probabilities=(0.5,))
        )

    @statistic
    def min(self, /, eps: Number | None = None, **ignored: object) -> ReleasedFloat:
        """The quantile at 0: a differentially private stand-in for the minimum."""
        return results.number(
            self._ask(called("min", eps, ignored), Quantile, columns=(self._label,), probabilities=(0.0,))
        )

    @statistic
    def max(self, /, eps: Number | None = None, **ignored: object) -> ReleasedFloat:
        """The quantile at 1: a differentially private stand-in for the maximum."""
        return results.number(
            self._ask(called("max", eps, ignored), Quantile, columns=(self._label,), probabilities=(1.0,))
        )

    @series_quantile
    def quantile(self, /, *given: Any, q: Any = None, eps: Any = None, **ignored: object) -> Any:
        """The value(s) below which a share q of the values lies: ``quantile(q, eps)``, q in [0, 1]."""
        return self._quantile(quantiles("quantile", given, {"eps": eps, "q": q}, ignored, q_first=True))

    @series_quantile
    def percentile(self, /, *given: Any, q: Any = None, eps: Any = None, **ignored: object) -> Any:
        """As ``quantile``, with q in [0, 100]."""
        return self._quantile(quantiles("percentile", given, {"eps": eps, "q": q}, ignored, q_first=True))

    @statistic
    def describe(self, /, eps: Number | None = None, **ignored: object) -> ReleasedSeries:
        """count, mean, std, min, quartiles and max of the values, for one ε together."""
        _, _, name = self._column()
        released = self._ask(called("describe", eps, ignored), Describe, columns=(self._label,))
        return results.series(released, _labels(released), _first_column, name=name)

    @statistic
    def hist(self, /, eps: Number | None = None, bins: Bins = 10, **ignored: object) -> ReleasedTuple:
        """``(counts, edges)`` between given edges, or in so many equal bins between the public bounds."""
        _, term, name = self._column()
        call = called("hist", eps, ignored)
        found = edges(bins, term.schema.lower, term.schema.upper, name or UNNAMED)
        released = self._ask(call, Histogram, column=self._label, edges=found)
        return results.histogram(released, found)

    @statistic
    def value_counts(self, /, eps: Number | None = None, **ignored: object) -> ReleasedSeries:
        """The number of rows of each category, the most frequent first; every public category appears."""
        rows, term, name = self._column()
        call = called("value_counts", eps, ignored)
        key_values(term, name or UNNAMED)
        released = release(rows, {self._label: term}, Size(), call.spend, by=(GroupKey(column=self._label),))
        counts = [row[0] or 0 for row in released.values]  # noqa: PD011 - a message, not a pandas object
        order = sorted(range(len(counts)), key=lambda i: -counts[i])
        labels = pd.Index([released.index[i][0] for i in order], name=name)
        return results.series(released, labels, lambda cells: [cells[i][0] for i in order], name="count", whole=True)

    def _quantile(self, asked: Quantiles) -> ReleasedFloat | ReleasedSeries:
        released = self._ask(asked.call, Quantile, columns=(self._label,), probabilities=asked.probabilities)
        if asked.is_one:
            return results.number(released)
        return results.series(released, asked.labels, _first_column, name=self._column()[2])

    def _ask(self, call: Call, measure: Callable[..., Measure], **fields: object) -> Released:
        rows, term, _ = self._column()
        return release(rows, {self._label: term}, measure(**fields), call.spend)


def _labels(released: Released) -> list[Any]:
    return [key[-1] for key in released.index]


def _first_column(cells: results.Cells) -> list[float | int | None]:
    return [row[0] for row in cells]

"""Releases of the numeric columns of a private frame: what a PrivateDataFrame answers under ε.

Must not know prices or noise; all columns of a call are one question, and share its ε the cheapest way the vault knows.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from ag_plan.messages import Released
from ag_plan.releases import Count, Describe, Histogram, Kurt, Mean, Measure, Nunique, Quantile, Skew, Std, Sum, Var
from op_pandas import associations, results
from op_pandas.arguments import Bins, edges
from op_pandas.calls import Call, Quantiles, called, free, freedom, quantiles
from op_pandas.epsilon import Number
from op_pandas.histograms import Bins2d, Range2d, histogram2d
from op_pandas.overloads import Across, Down, frame_quantile, frame_sum
from op_pandas.releases import needed, release
from op_pandas.reshaping import row_extreme
from op_pandas.results import ReleasedFrame, ReleasedSeries, ReleasedTuple
from op_pandas.row_statistics import row_mean, row_sum
from op_pandas.rows import Rows, Term
from op_pandas.statistic import statistic

_ACROSS = (1, "columns")


class FrameStatistics(ABC):
    """Statistics of the numeric columns. ``eps`` is the total for the call; pandas' other keywords are accepted and ignored."""

    __slots__ = ()

    @abstractmethod
    def _parts(self) -> tuple[Rows, dict[str, Term]]:
        """The rows and the terms of the columns, in order."""

    @statistic
    def count(self, /, eps: Number | None = None, axis: Down = 0, **ignored: object) -> ReleasedSeries:
        """The number of values that are not null, of every column."""
        released = self._ask(called("count", eps, ignored, axis), "kind", Count)
        return results.series(released, released.columns, _first_row, whole=True)

    @frame_sum
    def sum(self, /, eps: Number | None = None, axis: Down | Across = 0, **ignored: object) -> Any:
        """The sum of each numeric column; with ``axis=1`` a private column of row sums, free."""
        if axis in _ACROSS:
            free("sum", eps, ignored)
            return row_sum(*self._parts())
        return self._numeric(called("sum", eps, ignored, axis), Sum)

    @frame_sum
    def mean(self, /, eps: Number | None = None, axis: Down | Across = 0, **ignored: object) -> Any:
        """The mean of each numeric column; with ``axis=1`` a private column of row means, free."""
        if axis in _ACROSS:
            free("mean", eps, ignored)
            return row_mean(*self._parts())
        return self._numeric(called("mean", eps, ignored, axis), Mean)

    @statistic
    def std(self, /, eps: Number | None = None, axis: Down = 0, ddof: int = 1, **ignored: object) -> ReleasedSeries:
        """The standard deviation of each numeric column."""
        return self._numeric(called("std", eps, ignored, axis), Std, ddof=freedom(ddof))

    @statistic
    def var(self, /, eps: Number | None = None, axis: Down = 0, ddof: int = 1, **ignored: object) -> ReleasedSeries:
        """The variance of each numeric column."""
        return self._numeric(called("var", eps, ignored, axis), Var, ddof=freedom(ddof))

    @statistic
    def skew(self, /, eps: Number | None = None, axis: Down = 0, **ignored: object) -> ReleasedSeries:
        """The skewness of each numeric column, corrected for bias as pandas does."""
        return self._numeric(called("skew", eps, ignored, axis), Skew)

    @statistic
    def kurt(self, /, eps: Number | None = None, axis: Down = 0, **ignored: object) -> ReleasedSeries:
        """The excess kurtosis of each numeric column, corrected for bias as pandas does."""
        return self._numeric(called("kurt", eps, ignored, axis), Kurt)

    @statistic
    def kurtosis(self, /, eps: Number | None = None, axis: Down = 0, **ignored: object) -> ReleasedSeries:
        """As ``kurt``."""
        return self._numeric(called("kurtosis", eps, ignored, axis), Kurt)

    @statistic
    def cov(self, /, eps: Number | None = None, *, ddof: int = 1, **ignored: object) -> ReleasedFrame:
        """The covariances of the numeric columns, over the rows with a value in all of them; without negative eigenvalues."""
        return self._associated(called("cov", eps, ignored), ddof=ddof)

    @statistic
    def corr(self, /, eps: Number | None = None, *, method: str = "pearson", **ignored: object) -> ReleasedFrame:
        """The correlations of the numeric columns, over the rows with a value in all of them; without negative eigenvalues."""
        return self._associated(called("corr", eps, ignored), method=method)

    @statistic
    def median(self, /, eps: Number | None = None, axis: Down = 0, **ignored: object) -> ReleasedSeries:
        """The median of each numeric column."""
        return self._at(called("median", eps, ignored, axis), 0.5)

    @frame_sum
    def min(self, /, eps: Number | None = None, axis: Down | Across = 0, **ignored: object) -> Any:
        """The quantile at 0 of each numeric column: a differentially private stand-in for the minimum; with ``axis=1`` that of each row, private and free."""
        if axis in _ACROSS:
            free("min", eps, ignored)
            return row_extreme(*self._parts(), "min", "least")
        return self._at(called("min", eps, ignored, axis), 0.0)

    @frame_sum
    def max(self, /, eps: Number | None = None, axis: Down | Across = 0, **ignored: object) -> Any:
        """The quantile at 1 of each numeric column: a differentially private stand-in for the maximum; with ``axis=1`` that of each row, private and free."""
        if axis in _ACROSS:
            free("max", eps, ignored)
            return row_extreme(*self._parts(), "max", "greatest")
        return self._at(called("max", eps, ignored, axis), 1.0)

    @frame_quantile
    def quantile(self, /, *given: Any, eps: Any = None, q: Any = None, axis: Any = 0, **ignored: object) -> Any:
        """The value(s) of each numeric column below which a share q lies: ``quantile(eps, q)``, q in [0, 1], 0.5 unless given."""
        return self._quantile(quantiles("quantile", given, {"eps": eps, "q": q, "axis": axis}, ignored, q_first=False))

    @frame_quantile
    def percentile(self, /, *given: Any, eps: Any = None, q: Any = None, axis: Any = 0, **ignored: object) -> Any:
        """As ``quantile``, with q in [0, 100]."""
        return self._quantile(
            quantiles("percentile", given, {"eps": eps, "q": q, "axis": axis}, ignored, q_first=False)
        )

    @statistic
    def describe(self, /, eps: Number | None = None, *, include: Any = None, **ignored: object) -> ReleasedFrame:
        """count, mean, std, min, quartiles and max × numeric columns, for one ε together.

        count, unique, top and freq of categories with ``include="all"``, or where there are no numbers: a release for each, ε in equal parts.
        """
        from op_pandas import descriptions

        call, (rows, terms) = called("describe", eps, ignored), self._parts()
        chosen = descriptions.chosen(terms, include)
        if not all(term.is_number for term in chosen.values()):
            return descriptions.described(rows, chosen, call)
        released = self._ask(call, "is_number", Describe)
        return results.frame(released, [key[-1] for key in released.index], released.columns, list)

    @statistic
    def nunique(self, /, eps: Number | None = None, axis: Down = 0, **ignored: object) -> ReleasedSeries:
        """The number of different values that are not null, of every column."""
        released = self._ask(called("nunique", eps, ignored, axis), "kind", Nunique)
        return results.series(released, released.columns, _first_row, whole=True)

    @statistic
    def mode(self, /, eps: Number | None = None, axis: Down = 0, **ignored: object) -> ReleasedFrame:
        """The most frequent value of each column of categories, truths or whole numbers between close bounds: ε in equal parts."""
        from op_pandas import modes

        return modes.modes(*self._parts(), called("mode", eps, ignored, axis))

    @statistic
    def value_counts(
        self,
        /,
        eps: Number | None = None,
        subset: list[str] | None = None,
        normalize: bool = False,
        sort: bool = True,
        ascending: bool = False,
        *,
        delta: Number | None = None,
        **ignored: object,
    ) -> ReleasedSeries:
        """The number of rows of each combination of values of the subset (all columns unless given), the most frequent first."""
        from op_pandas import frequencies
        from op_pandas.keys import delta_of, keys_of

        call, exact = called("value_counts", eps, ignored), delta_of(delta)
        rows, terms = self._parts()
        keys = {f"key {number}": key for number, key in enumerate(keys_of(list(subset or terms), rows, terms))}
        found = frequencies.frequencies(rows, keys, call, exact)
        names = [key.name for key in keys.values()]
        return frequencies.counted(found, names, normalize=normalize, sort=sort, ascending=ascending)

    @statistic
    def hist(
        self, /, column: str | None = None, eps: Number | None = None, bins: Bins = 10, **ignored: object
    ) -> ReleasedTuple:
        """``(counts, edges)`` of one column, between given edges or in so many equal bins between its public bounds."""
        if not isinstance(column, str):
            raise TypeError("hist needs the name of one column, e.g. hist('age', eps=0.5)")
        rows, terms = self._parts()
        if column not in terms:
            raise ValueError(f"Column {column} does not exist")
        spend = called("hist", eps, ignored).spend
        found = edges(bins, terms[column].schema.lower, terms[column].schema.upper, column)
        measure = Histogram(column=column, edges=found)
        return results.histogram(release(rows, {column: terms[column]}, measure, spend), found)

    @statistic
    def hist2d(
        self,
        /,
        x: str,
        y: str,
        eps: Number | None = None,
        bins: Bins2d = 10,
        range: Range2d | None = None,  # noqa: A002 - as numpy names it
        **ignored: object,
    ) -> ReleasedTuple:
        """``(counts, xedges, yedges)`` of two columns together; ``bins`` and ``range`` as of numpy's histogram2d."""
        rows, terms = self._parts()
        return histogram2d(called("hist2d", eps, ignored), rows, terms, (x, y), (bins, range))

    def _at(self, call: Call, probability: float) -> ReleasedSeries:
        released = self._ask(call, "is_number", Quantile, probabilities=(probability,))
        return results.series(released, released.columns, _first_row)

    def _numeric(self, call: Call, measure: Callable[..., Measure], **fields: object) -> ReleasedSeries:
        released = self._ask(call, "is_summable", measure, **fields)
        return results.series(released, released.columns, _first_row)

    def _associated(self, call: Call, *, ddof: int = 1, method: str = "pearson") -> ReleasedFrame:
        rows, terms = self._parts()
        chosen = needed(terms, "is_summable", call.name)
        measure = associations.measure(call.name, list(chosen), ddof, method)
        return associations.matrix(release(rows, chosen, measure, call.spend), list(chosen))

    def _quantile(self, asked: Quantiles) -> ReleasedSeries | ReleasedFrame:
        released = self._ask(asked.call, "is_number", Quantile, probabilities=asked.probabilities)
        if asked.is_one:
            return results.series(released, released.columns, _first_row, name=asked.labels[0])
        return results.frame(released, asked.labels, released.columns, list)

    def _ask(self, call: Call, attribute: str, measure: Callable[..., Measure], **fields: object) -> Released:
        rows, terms = self._parts()
        chosen = needed(terms, attribute, call.name)
        return release(rows, chosen, measure(columns=tuple(chosen), **fields), call.spend)


def _first_row(cells: results.Cells) -> list[float | int | None]:
    return list(cells[0])

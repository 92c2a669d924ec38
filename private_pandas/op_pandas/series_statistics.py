"""Releases of one private column: what a PrivateSeries answers under ε.

Must not know prices or noise; each method parses its arguments, asks once and shapes the answer.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ag_plan.messages import Released
from ag_plan.relations import Distinct
from ag_plan.releases import (
    Corr,
    Count,
    Cov,
    Describe,
    Histogram,
    Kurt,
    Mean,
    Measure,
    Nunique,
    Quantile,
    Size,
    Skew,
    Std,
    Sum,
    Var,
)
from op_pandas import results
from op_pandas.arguments import Bins, edges
from op_pandas.associations import check_method, of_two
from op_pandas.calls import Call, Quantiles, called, freedom, quantiles
from op_pandas.epsilon import Number
from op_pandas.overloads import series_quantile
from op_pandas.releases import release
from op_pandas.results import ReleasedArray, ReleasedFloat, ReleasedInt, ReleasedSeries, ReleasedTuple
from op_pandas.rows import Rows, Term, projected
from op_pandas.statistic import statistic

if TYPE_CHECKING:
    from op_pandas.frequencies import Frequencies
    from op_pandas.keys import Listed
    from op_pandas.series import PrivateSeries

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
    def skew(self, /, eps: Number | None = None, **ignored: object) -> ReleasedFloat:
        """The skewness of the values, corrected for bias as pandas does."""
        return results.number(self._ask(called("skew", eps, ignored), Skew, columns=(self._label,)))

    @statistic
    def kurt(self, /, eps: Number | None = None, **ignored: object) -> ReleasedFloat:
        """The excess kurtosis of the values, corrected for bias as pandas does."""
        return results.number(self._ask(called("kurt", eps, ignored), Kurt, columns=(self._label,)))

    @statistic
    def kurtosis(self, /, eps: Number | None = None, **ignored: object) -> ReleasedFloat:
        """As ``kurt``."""
        return results.number(self._ask(called("kurtosis", eps, ignored), Kurt, columns=(self._label,)))

    @statistic
    def cov(
        self, /, other: "PrivateSeries", eps: Number | None = None, *, ddof: int = 1, **ignored: object
    ) -> ReleasedFloat:
        """The covariance with another column of the same rows, over those with both values."""
        freed = freedom(ddof)
        call = called("cov", eps, ignored)
        return of_two(call, self._column(), other, lambda names: Cov(columns=names, ddof=freed, own=False))

    @statistic
    def corr(
        self, /, other: "PrivateSeries", eps: Number | None = None, *, method: str = "pearson", **ignored: object
    ) -> ReleasedFloat:
        """The correlation with another column of the same rows, over those with both values."""
        check_method(method)
        return of_two(called("corr", eps, ignored), self._column(), other, lambda names: Corr(columns=names))

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
        """count, mean, std, min, quartiles and max of the values, for one ε together; of categories count, unique, top and freq."""
        _, term, name = self._column()
        if term.kind == "bool" or (term.kind == "str" and term.schema.categories):
            from op_pandas import frequencies

            return frequencies.described(self._frequencies("describe", eps, None, ignored))
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
    def value_counts(
        self,
        /,
        eps: Number | None = None,
        normalize: bool = False,
        sort: bool = True,
        ascending: bool = False,
        *,
        bins: Bins | None = None,
        keys: "Listed | None" = None,
        delta: Number | None = None,
        **ignored: object,
    ) -> ReleasedSeries:
        """The number of rows of each value, the most frequent first. Public values all appear; of other text and integers those found, at a δ."""
        from op_pandas import frequencies

        found = self._frequencies("value_counts", eps, delta, ignored, keys=keys, bins=bins)
        return frequencies.counted(found, [found.name], normalize=normalize, sort=sort, ascending=ascending)

    @statistic
    def unique(self, /, eps: Number | None = None, *, delta: Number | None = None, **ignored: object) -> ReleasedArray:
        """The values that some row has: of public ones those whose noisy count leaves no doubt (5 % for all of them), else those found."""
        from op_pandas import frequencies

        return frequencies.unique(self._frequencies("unique", eps, delta, ignored))

    @statistic
    def nunique(self, /, eps: Number | None = None, **ignored: object) -> ReleasedInt:
        """The number of different values that are not null."""
        rows, term, _ = self._column()
        call = called("nunique", eps, ignored)
        if term.kind == "id":
            # A unit has one id, however many rows: as rows of ids that differ, it counts once.
            ids = projected(rows, {self._label: term.expression})
            units = Rows(vault=rows.vault, relation=Distinct(relation=ids, columns=(self._label,)))
            return results.whole_number(release(units, units.base(), Size(), call.spend))
        return results.whole_number(self._ask(call, Nunique, columns=(self._label,)))

    @statistic
    def mode(self, /, eps: Number | None = None, *, delta: Number | None = None, **ignored: object) -> ReleasedSeries:
        """The most frequent value, by noisy counts."""
        from op_pandas import frequencies

        return frequencies.mode(self._frequencies("mode", eps, delta, ignored))

    def _frequencies(
        self,
        name: str,
        eps: object,
        delta: Number | None,
        ignored: Mapping[str, object],
        *,
        keys: "Listed | None" = None,
        bins: Bins | None = None,
    ) -> "Frequencies":
        from op_pandas.frequencies import frequencies
        from op_pandas.keys import delta_of, key_of

        rows, term, own = self._column()
        call, exact = called(name, eps, ignored), delta_of(delta)
        if ignored.get("dropna") is False:
            raise ValueError("null is no group of its own; give it a value with fillna first")
        key = key_of(rows, term, own, self._label, keys=keys, bins=bins)
        return frequencies(rows, {self._label: key}, call, exact)

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

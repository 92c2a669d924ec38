"""Groups of private rows: disjoint, so that every group gets the whole ε of a call.

Must not know prices or noise. Groups of public keys all appear, also empty ones; keys that are not public are found, at a δ.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, overload

import pandas as pd

from ag_plan.messages import Released
from ag_plan.releases import (
    Count,
    Delta,
    Describe,
    GroupKey,
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
from op_pandas import associations, names, results, schema
from op_pandas.calls import Call, Probabilities, Quantiles, called, freedom, quantiles
from op_pandas.columns import label, labels
from op_pandas.epsilon import Number
from op_pandas.frame import PrivateDataFrame
from op_pandas.keys import Key, delta_of, in_words
from op_pandas.private import Private
from op_pandas.releases import needed, release
from op_pandas.results import ReleasedFrame, ReleasedSeries
from op_pandas.rows import Rows, Term, joined
from op_pandas.series import PrivateSeries
from op_pandas.statistic import statistic

_SIZE = "size"


class Groups(Private, ABC):
    """Groups of rows, and the statistics of each."""

    __slots__ = ("_delta", "_flat", "_keys", "_rows", "_terms")
    _delta: Delta | None

    def __init__(
        self,
        rows: Rows,
        terms: Mapping[str, Term],
        keys: tuple[Key, ...],
        delta: Delta | None = None,
        *,
        flat: bool = False,
    ) -> None:
        self._rows, self._terms, self._keys, self._delta, self._flat = rows, dict(terms), keys, delta, flat

    def __repr__(self) -> str:
        return schema.as_text(type(self).__name__, self._terms, in_words(self._keys))

    def _repr_html_(self) -> str:
        return schema.as_html(type(self).__name__, self._terms, in_words(self._keys))

    @abstractmethod
    def _columns(self, released: Released) -> list[Any]:
        """The columns of the answer's frame."""

    @statistic
    def count(self, /, eps: Number | None = None, **ignored: object) -> ReleasedFrame:
        """The number of values that are not null, by group."""
        return self._statistic(called("count", eps, ignored), ignored, "kind", Count, whole=True)

    @statistic
    def nunique(self, /, eps: Number | None = None, **ignored: object) -> ReleasedFrame:
        """The number of different values that are not null, by group."""
        return self._statistic(called("nunique", eps, ignored), ignored, "kind", Nunique, whole=True)

    @statistic
    def sum(self, /, eps: Number | None = None, **ignored: object) -> ReleasedFrame:
        """The sum of each numeric column, by group."""
        return self._statistic(called("sum", eps, ignored), ignored, "is_summable", Sum)

    @statistic
    def mean(self, /, eps: Number | None = None, **ignored: object) -> ReleasedFrame:
        """The mean of each numeric column, by group."""
        return self._statistic(called("mean", eps, ignored), ignored, "is_summable", Mean)

    @statistic
    def std(self, /, eps: Number | None = None, ddof: int = 1, **ignored: object) -> ReleasedFrame:
        """The standard deviation of each numeric column, by group."""
        return self._statistic(called("std", eps, ignored), ignored, "is_summable", Std, ddof=freedom(ddof))

    @statistic
    def var(self, /, eps: Number | None = None, ddof: int = 1, **ignored: object) -> ReleasedFrame:
        """The variance of each numeric column, by group."""
        return self._statistic(called("var", eps, ignored), ignored, "is_summable", Var, ddof=freedom(ddof))

    @statistic
    def skew(self, /, eps: Number | None = None, **ignored: object) -> ReleasedFrame:
        """The skewness of each numeric column, by group."""
        return self._statistic(called("skew", eps, ignored), ignored, "is_summable", Skew)

    @statistic
    def kurt(self, /, eps: Number | None = None, **ignored: object) -> ReleasedFrame:
        """The excess kurtosis of each numeric column, by group."""
        return self._statistic(called("kurt", eps, ignored), ignored, "is_summable", Kurt)

    @statistic
    def median(self, /, eps: Number | None = None, **ignored: object) -> ReleasedFrame:
        """The median of each numeric column, by group."""
        return self._statistic(called("median", eps, ignored), ignored, "is_number", Quantile, probabilities=(0.5,))

    @statistic
    def min(self, /, eps: Number | None = None, **ignored: object) -> ReleasedFrame:
        """The quantile at 0 of each numeric column, by group."""
        return self._statistic(called("min", eps, ignored), ignored, "is_number", Quantile, probabilities=(0.0,))

    @statistic
    def max(self, /, eps: Number | None = None, **ignored: object) -> ReleasedFrame:
        """The quantile at 1 of each numeric column, by group."""
        return self._statistic(called("max", eps, ignored), ignored, "is_number", Quantile, probabilities=(1.0,))

    @statistic
    def quantile(
        self, /, *given: Probabilities, eps: Number | None = None, q: Probabilities | None = None, **ignored: object
    ) -> ReleasedFrame:
        """The value(s) below which a share q lies, by group: ``quantile(eps, q)``; several q add a level to the index."""
        return self._quantile(quantiles("quantile", given, {"eps": eps, "q": q}, ignored, q_first=False), ignored)

    @statistic
    def percentile(
        self, /, *given: Probabilities, eps: Number | None = None, q: Probabilities | None = None, **ignored: object
    ) -> ReleasedFrame:
        """As ``quantile``, with q in [0, 100]."""
        return self._quantile(quantiles("percentile", given, {"eps": eps, "q": q}, ignored, q_first=False), ignored)

    @statistic
    def describe(self, /, eps: Number | None = None, **ignored: object) -> ReleasedFrame:
        """count, mean, std, min, quartiles and max of each numeric column, by group: statistics add a level to the index."""
        released = self._ask(called("describe", eps, ignored), ignored, "is_number", Describe)
        return self._framed(released, self._index(released, last=[row[-1] for row in released.index]))

    @statistic
    def size(self, /, eps: Number | None = None, **ignored: object) -> ReleasedSeries:
        """The number of rows of each group."""
        call = called(_SIZE, eps, ignored)
        terms, by = self._question({})
        released = release(self._rows, terms, Size(), call.spend, by=by, delta=self._at(ignored))
        index = self._index(released)
        made = results.series(released, index, lambda cells: [row[0] for row in cells], name=_SIZE, whole=True)
        return made.reset_index() if self._flat else made  # type: ignore[return-value]

    def get_group(self, name: Any) -> Any:
        """The private rows of one group, by its key (a tuple of keys where rows are grouped by several). KeyError where there is none of that name."""
        wanted = name if isinstance(name, tuple) else (name,)
        if len(wanted) != len(self._keys):
            raise ValueError(f"a group is named by {len(self._keys)} keys, not by {len(wanted)}")
        each = tuple(key.equals(value) for key, value in zip(self._keys, wanted, strict=True))
        return self._of_rows(self._rows.filtered(joined("and", each)))

    @abstractmethod
    def _of_rows(self, rows: Rows) -> Any:
        """What is grouped, on some of the rows."""

    def _at(self, given: Mapping[str, Any]) -> Delta | None:
        """The δ of a call: its own, else that of the groups."""
        return delta_of(given.get("delta")) or self._delta

    def _quantile(self, asked: Quantiles, given: Mapping[str, Any]) -> ReleasedFrame:
        released = self._ask(asked.call, given, "is_number", Quantile, probabilities=asked.probabilities)
        if asked.is_one:
            return self._framed(released, self._index(released))
        groups = len(released.index) // len(asked.labels)
        return self._framed(released, self._index(released, last=list(asked.labels) * groups))

    def _statistic(
        self,
        call: Call,
        given: Mapping[str, Any],
        attribute: str,
        measure: Callable[..., Measure],
        *,
        whole: bool = False,
        **fields: object,
    ) -> ReleasedFrame:
        released = self._ask(call, given, attribute, measure, **fields)
        return self._framed(released, self._index(released), whole=whole)

    def _framed(
        self, released: Released, index: "pd.Index[Any]", columns: list[Any] | None = None, *, whole: bool = False
    ) -> ReleasedFrame:
        """The answer by group; keys as columns where groups were asked for without an index."""
        named = self._columns(released) if columns is None else columns
        made = results.frame(released, index, named, list, whole=whole)
        if not self._flat:
            return made
        flat: ReleasedFrame = made.rename(columns=dict(zip(named, released.columns, strict=True))).reset_index()
        return flat

    def _ask(
        self, call: Call, given: Mapping[str, Any], attribute: str, measure: Callable[..., Measure], **fields: object
    ) -> Released:
        grouped = {key.column for key in self._keys}
        free = {name: term for name, term in self._terms.items() if name not in grouped}
        chosen = needed(free, attribute, call.name)
        terms, by = self._question(chosen)
        asked = measure(columns=tuple(chosen), **fields)
        return release(self._rows, terms, asked, call.spend, by=by, delta=self._at(given))

    def _question(self, chosen: Mapping[str, Term]) -> tuple[dict[str, Term], tuple[GroupKey, ...]]:
        """The terms to ask about with the keys among them, under names that no column has."""
        terms, by = dict(chosen), []
        for number, key in enumerate(self._keys):
            name = f"key {number}"
            while name in terms:
                name += "'"
            terms[name] = key.term
            by.append(key.asked(name))
        return terms, tuple(by)

    def _index(self, released: Released, last: list[Any] | None = None) -> "pd.Index[Any]":
        """The groups of the answer's rows, with one level more where ``last`` names a row within its group."""
        levels = [[_shown(row[i]) for row in released.index] for i in range(len(self._keys))]
        found: list[str | None] = [key.name for key in self._keys]
        if last is not None:
            levels.append(last)
            found.append(None)
        if len(levels) == 1:
            single: pd.Index[Any] = pd.Index(levels[0], name=found[0])
            return single
        made: pd.Index[Any] = pd.MultiIndex.from_arrays(levels, names=found)
        return made

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            raise AttributeError(names.refusal(type(self).__name__, name))


def _shown(value: Any) -> Any:
    """A key's value in an index: booleans as 0 and 1, as notebooks know them."""
    return int(value) if isinstance(value, bool) else value


class SeriesGroupBy(Groups):
    """Groups of a series, or of one column of a frame: answers have the one column 0, as notebooks expect."""

    __slots__ = ()

    def _columns(self, released: Released) -> list[Any]:
        return list(range(len(released.columns)))

    def _of_rows(self, rows: Rows) -> PrivateSeries:
        ((name, term),) = self._terms.items()
        return PrivateSeries.of(rows, term, name)


class FrameGroupBy(Groups):
    """Groups of a frame: answers have its numeric columns, without the keys."""

    __slots__ = ()

    @overload
    def __getitem__(self, key: str) -> SeriesGroupBy: ...
    @overload
    def __getitem__(self, key: "list[str] | tuple[str, ...] | pd.Index[str]") -> "FrameGroupBy": ...
    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, list | tuple | pd.Index):
            chosen = {name: self._terms[name] for name in labels(key, self._terms)}
            return FrameGroupBy(self._rows, chosen, self._keys, self._delta, flat=self._flat)
        name = label(key, self._terms)
        return SeriesGroupBy(self._rows, {name: self._terms[name]}, self._keys, self._delta, flat=self._flat)

    @statistic
    def cov(self, /, eps: Number | None = None, *, ddof: int = 1, **ignored: object) -> ReleasedFrame:
        """The covariances of the numeric columns, by group: columns add a level to the index."""
        return self._associated(called("cov", eps, ignored), ignored, ddof=ddof)

    @statistic
    def corr(self, /, eps: Number | None = None, *, method: str = "pearson", **ignored: object) -> ReleasedFrame:
        """The correlations of the numeric columns, by group: columns add a level to the index."""
        return self._associated(called("corr", eps, ignored), ignored, method=method)

    def _associated(
        self, call: Call, given: Mapping[str, Any], *, ddof: int = 1, method: str = "pearson"
    ) -> ReleasedFrame:
        asked: list[str] = []

        def measure(columns: tuple[str, ...]) -> Measure:
            asked.extend(columns)
            return associations.measure(call.name, columns, ddof, method)

        released = self._ask(call, given, "is_summable", measure)
        whole = associations.squared(released, asked)
        return self._framed(whole, self._index(whole, last=[row[-1] for row in whole.index]), asked)

    def __getattr__(self, name: str) -> SeriesGroupBy:
        if not name.startswith("_") and name in self._terms:
            return self[name]
        raise AttributeError(names.refusal("FrameGroupBy", name))

    def _columns(self, released: Released) -> list[Any]:
        return list(released.columns)

    def _of_rows(self, rows: Rows) -> PrivateDataFrame:
        return PrivateDataFrame.of(rows, self._terms)

"""``frame.loc`` and ``series.loc``: rows by a condition and columns by their names, as pandas has it; rows have no labels here.

Must not know releases.
"""

from typing import TYPE_CHECKING, Any, overload

from ag_plan.expressions import Choose, Constant, Expression
from ag_plan.relations import Filter, GroupUnit
from op_pandas.columns import label
from op_pandas.construct import SERIES
from op_pandas.operators import Operand
from op_pandas.private import Private
from op_pandas.rows import Term, lifted
from op_pandas.scalars import constant
from op_pandas.series import PrivateSeries, condition, public

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from op_pandas.frame import PrivateDataFrame

_PAIR = 2
_LABELS = "rows have no labels; keep rows with a condition, e.g. frame.loc[frame['age'] > 40, 'cost']"


class FrameLocator(Private):
    """``frame.loc[condition]``, ``frame.loc[condition, columns]``, and the same set to a value."""

    __slots__ = ("_frame",)

    def __init__(self, frame: "PrivateDataFrame") -> None:
        self._frame = frame

    @overload
    def __getitem__(self, key: "tuple[PrivateSeries | Callable[[Any], Any] | slice, str]") -> PrivateSeries: ...
    @overload
    def __getitem__(
        self,
        key: "PrivateSeries | Callable[[Any], Any] | slice | tuple[PrivateSeries | Callable[[Any], Any] | slice, list[str] | pd.Index[str] | slice]",
    ) -> "PrivateDataFrame": ...
    @overload
    def __getitem__(self, key: object) -> Any: ...
    def __getitem__(self, key: Any) -> Any:
        where, names = _split(key)
        rows = self._frame if _is_all(where) else self._frame[_tested(where)]
        if isinstance(names, slice):
            return rows if names == slice(None) else rows[_between(rows, names)]
        return rows[list(names) if isinstance(names, tuple) else names]

    def __setitem__(self, key: Any, value: Operand) -> None:
        where, names = _split(key)
        if isinstance(names, slice):
            names = _between(self._frame, names)
        several = [names] if isinstance(names, str) else list(names)
        for name in several:
            if _is_all(where):
                self._frame[name] = value
            else:
                self._frame[name] = _set(self._frame, name, condition(_tested(where), self._frame), value)


def _set(frame: "PrivateDataFrame", name: str, test: Expression, value: Operand) -> PrivateSeries:
    """The column with another value where the condition is true; a new one is null elsewhere."""
    own: Term | None = frame.terms.get(name)
    if isinstance(value, PrivateSeries):
        then = lifted(value.term.expression, value.rows, frame.rows)
    else:
        then = constant(public(value), None if own is None else own.kind)
    otherwise = Constant(value=None) if own is None else own.expression
    return PrivateSeries.of(frame.rows, frame.rows.term(Choose(condition=test, then=then, otherwise=otherwise)), name)


class SeriesLocator(Private):
    """``series.loc[condition]``."""

    __slots__ = ("_series",)

    def __init__(self, series: PrivateSeries) -> None:
        self._series = series

    def __getitem__(self, key: "PrivateSeries | Callable[[Any], Any] | slice") -> PrivateSeries:
        return self._series if _is_all(key) else self._series[_tested(key)]


def _split(key: Any) -> tuple[Any, Any]:
    if isinstance(key, tuple):
        if len(key) != _PAIR:
            raise TypeError("loc takes a condition and the names of columns, e.g. frame.loc[condition, ['a', 'b']]")
        return key[0], key[1]
    return key, slice(None)


def _is_all(where: Any) -> bool:
    return isinstance(where, slice) and where == slice(None)


def _tested(where: Any) -> Any:
    if isinstance(where, PrivateSeries) or (callable(where) and not isinstance(where, Private)):
        return where
    raise TypeError(_LABELS)


def _between(frame: "PrivateDataFrame", names: slice) -> list[str]:
    """The columns from one name to another, both among them."""
    all_ = list(frame.terms)
    first = 0 if names.start is None else all_.index(label(names.start, frame.terms))
    last = len(all_) if names.stop is None else all_.index(label(names.stop, frame.terms)) + 1
    return all_[first : last : names.step]


class FramePlaces(Private):
    """``frame.iloc[:, places]``: columns by their places, which are public; rows have none."""

    __slots__ = ("_frame",)

    def __init__(self, frame: "PrivateDataFrame") -> None:
        self._frame = frame

    def __getitem__(self, key: Any) -> Any:
        if not isinstance(key, tuple) or len(key) != _PAIR or not _is_all(key[0]):
            raise TypeError(
                "rows have no places; keep rows with frame[condition], and select columns with frame.iloc[:, 0:3]"
            )
        chosen = self._frame.columns[key[1]]
        return self._frame[chosen] if isinstance(chosen, str) else self._frame[list(chosen)]


def keyed(series: "PrivateSeries") -> "PrivateDataFrame":
    """A frame of the series and, before it, of the keys of units' groups where its rows are such."""
    from op_pandas.frame import PrivateDataFrame

    under = series.rows.relation
    while isinstance(under, Filter):
        under = under.relation
    base = series.rows.base() if isinstance(under, GroupUnit) else {}
    keys = {name: base[name] for name in (under.by if isinstance(under, GroupUnit) else ())}
    return PrivateDataFrame.of(series.rows, {**keys, series.name or SERIES: series.term})

"""pandas' own functions as cells call them: with a private object among their arguments they are op_pandas', else pandas'.

Must not know rows or releases. What costs ε is never a function of pandas': it says which method takes ``eps`` instead.
"""

import functools
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, TypeAlias

import pandas as pd

from op_pandas.bins import cut as _cut
from op_pandas.dummies import get_dummies as _get_dummies
from op_pandas.frame import PrivateDataFrame
from op_pandas.functions import to_datetime as _to_datetime
from op_pandas.joins import merge as _merge
from op_pandas.originals import stand_for
from op_pandas.private import Private
from op_pandas.series import PrivateSeries
from op_pandas.stacks import concat as _concat

Function: TypeAlias = Callable[..., Any]


def _either(original: Function, private: Function) -> Function:
    """A function of pandas', and what it is where an argument is private, or holds something private."""

    @functools.wraps(original)
    def call(*given: Any, **named: Any) -> Any:
        # What is walked once would be used up by looking.
        given = tuple(list(each) if isinstance(each, Iterator) else each for each in given)
        held = any(_holds_private(each) for each in (*given, *named.values()))
        return (private if held else original)(*given, **named)

    return stand_for(call, original)


def _holds_private(value: object) -> bool:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return isinstance(value, Private) or any(isinstance(each, Private) for each in inside)


def _refused(original: Function, instead: str) -> Function:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise TypeError(f"pd.{original.__name__} is not available on private rows; {instead}")

    return _either(original, refuse)


def _method(name: str) -> Function:
    """The method of the same meaning."""

    def call(obj: Any) -> Any:
        if not isinstance(obj, Private):
            raise TypeError(f"pd.{name} needs one private frame or series, not a {type(obj).__name__} of them")
        return getattr(obj, name)()

    return call


def _numbers(arg: Any, errors: str = "raise", **_: object) -> PrivateSeries:
    """Texts as numbers, null where one is none; numbers as they are. TypeError for what is no series, ValueError for ``errors``."""
    if not isinstance(arg, PrivateSeries):
        raise TypeError(f"pd.to_numeric needs one column, not a {type(arg).__name__}; use frame.astype('float')")
    if errors not in {"coerce", "raise", "ignore"}:
        raise ValueError(f"errors must be 'coerce', 'raise' or 'ignore', not {errors!r}")
    return arg if arg.term.kind in ("int", "float") else arg.astype("float")


def _moments(arg: Any, errors: str = "coerce", *_: object, format: str | None = None, **named: Any) -> PrivateSeries:  # noqa: A002 - pandas' name
    """As ``op_pandas.to_datetime``; points in time are as they are."""
    if isinstance(arg, PrivateDataFrame):
        raise TypeError("pd.to_datetime needs one private column; write the parts together as text first")
    if isinstance(arg, PrivateSeries) and arg.term.kind == "datetime":
        return arg
    return _to_datetime(arg, errors, format, **named)


_COUNTS = "its cells are counts, which cost eps: frame.groupby(['a', 'b']).size(eps=…).unstack()"
_CELLS = "its cells are statistics, which cost eps: frame.groupby(['a', 'b']).mean(eps=…), and unstack what it releases"
_RESHAPED = "rows are private, so they can't become columns; group by what you need, and reshape what is released"

concat = _either(pd.concat, _concat)
crosstab = _refused(pd.crosstab, _COUNTS)
cut = _either(pd.cut, _cut)
factorize = _refused(
    pd.factorize, "values are numbered in the order of rows; use op_pandas.OrdinalEncoder, or map(dict)"
)
get_dummies = _either(pd.get_dummies, _get_dummies)
isna = _either(pd.isna, _method("isna"))
isnull = _either(pd.isnull, _method("isna"))
lreshape = _refused(pd.lreshape, _RESHAPED)
melt = _refused(pd.melt, _RESHAPED)
merge = _either(pd.merge, _merge)
merge_asof = _refused(pd.merge_asof, "rows have no order; use pd.merge on equal keys, e.g. of rounded values")
merge_ordered = _refused(pd.merge_ordered, "rows have no order; use pd.merge")
notna = _either(pd.notna, _method("notna"))
notnull = _either(pd.notnull, _method("notna"))
pivot = _refused(pd.pivot, _CELLS)
pivot_table = _refused(pd.pivot_table, _CELLS)
qcut = _refused(
    pd.qcut, "its edges are quantiles, which cost eps: pd.cut(series, series.quantile([0, 0.25, 0.5, 0.75, 1], eps=…))"
)
to_datetime = _either(pd.to_datetime, _moments)
to_numeric = _either(pd.to_numeric, _numbers)
to_timedelta = _refused(
    pd.to_timedelta, "take differences of points in time, e.g. (frame['end'] - frame['start']).dt.days"
)
unique = _refused(
    pd.unique, "which values there are costs eps: series.unique(eps=…), or read series.categorical_metadata"
)
wide_to_long = _refused(pd.wide_to_long, _RESHAPED)

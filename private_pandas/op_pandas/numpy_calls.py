"""Numpy's functions on private columns: ``np.where``, ``np.select`` and few others, row by row; the rest say what to use instead.

Must not know releases. Numpy's ufuncs are in ``operators``.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ag_plan.expressions import Choose, Expression
from op_pandas.private import Private
from op_pandas.rows import Rows, common, lifted
from op_pandas.scalars import constant

if TYPE_CHECKING:
    from op_pandas.series import PrivateSeries

_METHODS = {
    "amin": "min", "amax": "max", "average": "mean", "corrcoef": "corr", "histogram": "hist", "histogram2d": "hist2d",
    **{name: name.removeprefix("nan") for name in (
        "sum", "mean", "std", "var", "median", "min", "max", "percentile", "quantile", "cov", "unique",
        "nansum", "nanmean", "nanstd", "nanvar", "nanmedian", "nanmin", "nanmax", "nanpercentile", "nanquantile",
    )},
}  # fmt: skip
"""Numpy's statistics, and the methods of frames and series that are these."""


def called(function: Callable[..., Any], given: Sequence[Any], named: Mapping[str, Any]) -> Any:
    """A function of numpy's with a private object among its arguments. TypeError for those that aren't row by row."""
    known = _ROW_BY_ROW.get(function)
    name = getattr(function, "__name__", "this function")
    if known is None:
        instead = (
            f"use the method {_METHODS[name]}, which takes eps"
            if name in _METHODS
            else "use operators and methods of the series, or release a statistic of it"
        )
        raise TypeError(f"np.{name} is not available on private rows; {instead}")
    return known(*given, **named)


def _where(condition: Any, x: Any = None, y: Any = None) -> "PrivateSeries":
    """One value where the condition is true, else the other."""
    if x is None and y is None:
        raise TypeError("np.where of a private condition needs both values: np.where(condition, 1, 0)")
    return _chosen([condition], [x], y)


def _select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> "PrivateSeries":
    """The value of the first condition that is true, else the default."""
    if len(condlist) != len(choicelist) or not condlist:
        raise ValueError("np.select needs as many values as conditions, and at least one")
    return _chosen(list(condlist), list(choicelist), default)


def _chosen(conditions: Sequence[Any], values: Sequence[Any], default: Any) -> "PrivateSeries":
    from op_pandas.series import PrivateSeries, condition

    tests = [each for each in conditions if isinstance(each, PrivateSeries)]
    if len(tests) < len(conditions):
        raise TypeError("conditions must be private series of true and false, e.g. frame['age'] > 40")
    rows = tests[0].rows
    for each in (*tests[1:], *values, default):
        rows = common(rows, each.rows) if isinstance(each, PrivateSeries) else rows
    beside = next((each.term.kind for each in (*values, default) if isinstance(each, PrivateSeries)), None)
    whole = PrivateSeries.of(rows, tests[0].term, None)
    made = _operand(default, rows, beside)
    for test, value in reversed(list(zip(tests, values, strict=True))):
        made = Choose(condition=condition(test, whole), then=_operand(value, rows, beside), otherwise=made)
    return PrivateSeries.of(rows, rows.term(made), None)


def _operand(value: Any, rows: Rows, beside: str | None) -> Expression:
    from op_pandas.series import PrivateSeries, public

    if isinstance(value, PrivateSeries):
        return lifted(value.term.expression, value.rows, rows)
    return constant(public(value), beside)


def _method(name: str) -> Callable[..., Any]:
    """The method of the same meaning."""

    def call(of: Any, *given: Any, **named: Any) -> Any:
        if not isinstance(of, Private):
            raise TypeError(
                f"np.{name} with private values beside public ones is not available; use the series' own {name}"
            )
        return getattr(of, name)(*given, **{word: value for word, value in named.items() if word != "out"})

    return call


_ROW_BY_ROW: Mapping[Callable[..., Any], Callable[..., Any]] = {
    np.where: _where,
    np.select: _select,
    np.clip: _method("clip"),
    np.round: _method("round"),
    np.around: _method("round"),
    np.isin: _method("isin"),
}

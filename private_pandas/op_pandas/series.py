"""PrivateSeries: one private column. Every method gives a longer plan, or asks for a release.

Must not know where rows are or what a release costs.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
import pandas as pd

from ag_plan.expressions import (
    BinaryOperator,
    Choose,
    Clamp,
    Coalesce,
    Expression,
    IsIn,
    Unary,
    UnaryOperator,
)
from op_pandas import construct, mapping, names, nobody, schema
from op_pandas.accessors import Accessors
from op_pandas.arguments import Bound, bound
from op_pandas.epsilon import Number
from op_pandas.operators import Operand, Operators
from op_pandas.private import Private
from op_pandas.rows import Rows, Term, common, lifted
from op_pandas.scalars import PublicScalar, constant, plain
from op_pandas.series_statistics import SeriesStatistics
from op_pandas.spans import of_kinds

if TYPE_CHECKING:
    from op_pandas.frame import PrivateDataFrame
    from op_pandas.groupby import SeriesGroupBy
    from op_pandas.keys import Cuts, Listed
    from op_pandas.locating import SeriesLocator

Piped = TypeVar("Piped")
_ROWS = "rows are private"

_INCLUSIVE: dict[str, tuple[BinaryOperator, BinaryOperator]] = {
    "both": ("ge", "le"),
    "left": ("ge", "lt"),
    "right": ("gt", "le"),
    "neither": ("gt", "lt"),
}


class PrivateSeries(SeriesStatistics, Accessors, Operators["PrivateSeries"], Private):
    """One private column with a public name and schema.

    ``PrivateSeries(series, metadata=(lower, upper), categorical_metadata=[…])`` wraps public values of the analyst's own in the
    session's scratch data set. Raises ValueError or TypeError where they don't fit.
    """

    __slots__ = ("_name", "_rows", "_term")
    _rows: Rows
    _term: Term
    _name: str | None

    def __init__(
        self,
        series: "pd.Series[Any] | Iterable[Any]",
        metadata: construct.SeriesMetadata | None = None,
        categorical_metadata: Iterable[PublicScalar] | None = None,
        _id: object = None,
    ) -> None:
        values = construct.public_series(series)
        name = construct.SERIES if values.name is None else str(values.name)
        rows, terms = construct.ingested_series(values, name, metadata, categorical_metadata)
        self._rows, self._term, self._name = rows, terms[name], name if values.name is not None else None

    @classmethod
    def of(cls, rows: Rows, term: Term, name: str | None) -> "PrivateSeries":
        """A series from its parts."""
        made = object.__new__(PrivateSeries)
        made._rows, made._term, made._name = rows, term, name
        return made

    # What is public ---------------------------------------------------------------------------------------

    @property
    def rows(self) -> Rows:
        """The rows the series stands on: a plan, not values."""
        return self._rows

    @property
    def term(self) -> Term:
        """What the series is computed as: a plan, not values."""
        return self._term

    @property
    def name(self) -> str | None:
        """The name of the column."""
        return self._name

    @name.setter
    def name(self, name: str | None) -> None:
        self._name = name

    @property
    def dtype(self) -> "np.dtype[Any]":
        """The dtype of the column."""
        return schema.dtype(self._term)

    @property
    def dtypes(self) -> "np.dtype[Any]":
        """The dtype of the column."""
        return self.dtype

    @property
    def ndim(self) -> Literal[1]:
        """1."""
        return 1

    @property
    def metadata(self) -> tuple[Any, Any] | None:
        """The public bounds (lower, upper), None where undeclared."""
        return schema.bounds(self._term)

    @property
    def categorical_metadata(self) -> list[Any] | None:
        """The public categories, None where undeclared."""
        return schema.categories(self._term)

    def info(self, **_: object) -> object:
        """Print what is public about the column."""
        print(self)  # noqa: T201 - it is what info() is for
        return None

    def __repr__(self) -> str:
        return schema.as_text("PrivateSeries", {self._name or "": self._term}, _ROWS)

    def _repr_html_(self) -> str:
        return schema.as_html("PrivateSeries", {self._name or "": self._term}, _ROWS)

    # Row by row -------------------------------------------------------------------------------------------

    def copy(self, deep: bool = True) -> "PrivateSeries":  # noqa: ARG002 - plans never change, so depth means nothing
        """A series that can be renamed without renaming this one."""
        return PrivateSeries.of(self._rows, self._term, self._name)

    def __copy__(self) -> "PrivateSeries":
        return self.copy()

    def __deepcopy__(self, _: object) -> "PrivateSeries":
        return self.copy()

    def rename(self, index: str | None = None, *, inplace: bool = False, **_: object) -> "PrivateSeries":
        """The series under another name."""
        return self._become(PrivateSeries.of(self._rows, self._term, index), inplace=inplace)

    def isin(self, values: "Iterable[PublicScalar] | PrivateSeries") -> "PrivateSeries":
        """Whether each value is one of the public values."""
        if isinstance(values, Private):
            raise TypeError(
                "isin needs public values; to keep the units that another frame has, merge with it on their id"
            )
        if isinstance(values, str):
            raise TypeError("isin needs a list of public values")
        listed = tuple(plain(value) for value in values)
        nobody.listed(self._term, self._name, listed)
        return self._made(IsIn(operand=self._term.expression, values=listed))

    def pipe(self, func: Callable[..., Piped], *args: Any, **kwargs: Any) -> Piped:
        """What a function makes of the series."""
        return func(self, *args, **kwargs)

    def isna(self) -> "PrivateSeries":
        """Whether each value is null."""
        return self._unary("is_null")

    def notna(self) -> "PrivateSeries":
        """Whether each value is not null."""
        return ~self._unary("is_null")

    isnull, notnull = isna, notna

    def between(
        self, left: Operand, right: Operand, inclusive: Literal["both", "left", "right", "neither"] = "both"
    ) -> "PrivateSeries":
        """Whether each value lies between two others."""
        if inclusive not in _INCLUSIVE:
            raise ValueError(f"inclusive must be one of {', '.join(_INCLUSIVE)}, not {inclusive!r}")
        above, below = _INCLUSIVE[inclusive]
        return self._binary(above, left) & self._binary(below, right)

    def clip(self, lower: Bound | None = None, upper: Bound | None = None, **_: object) -> "PrivateSeries":
        """Each value moved into [lower, upper], public guesses of the analyst: safe, and it gives the column bounds."""
        lowest = self._term.schema.lower if lower is None else bound(lower, "lower")
        highest = self._term.schema.upper if upper is None else bound(upper, "upper")
        if lowest is None or highest is None:
            raise ValueError("clip needs both lower and upper here: the column has no public bounds of its own")
        return self._made(Clamp(operand=self._term.expression, lower=lowest, upper=highest))

    def round(self, decimals: int = 0) -> "PrivateSeries":
        """Each value rounded."""
        if decimals == 0:
            return self._unary("round")
        shift = 10.0**decimals
        return (self * shift).round() / shift

    def __round__(self, decimals: int = 0) -> "PrivateSeries":
        return self.round(decimals)

    def astype(self, dtype: Any) -> "PrivateSeries":
        """Each value in another type, null where it can't be."""
        return self._made(construct.cast(self._term.expression, self._term.schema, dtype))

    def fillna(self, value: PublicScalar = None, *, inplace: bool = False, **_: object) -> "PrivateSeries":
        """Each value, or the public value where it is null."""
        if value is None:
            raise TypeError("fillna needs a public value; filling from other rows is not available")
        fallback = constant(value, self._term.kind)
        return self._become(self._made(Coalesce(operand=self._term.expression, fallback=fallback)), inplace=inplace)

    def where(
        self, cond: "PrivateSeries | Callable[[Any], Any]", other: Operand = None, *, inplace: bool = False, **_: object
    ) -> "PrivateSeries":
        """Each value where the condition is true, else ``other`` (null unless given); as many rows as before."""
        return self._become(self._where(condition(cond, self), other, keep=True), inplace=inplace)

    def mask(
        self, cond: "PrivateSeries | Callable[[Any], Any]", other: Operand = None, *, inplace: bool = False, **_: object
    ) -> "PrivateSeries":
        """Each value where the condition is not true, else ``other``; as many rows as before."""
        return self._become(self._where(condition(cond, self), other, keep=False), inplace=inplace)

    def replace(self, to_replace: Any, value: "PublicScalar | list[Any]" = None) -> "PrivateSeries":
        """Public values made others: ``replace(old, new)``, ``replace([…], new)`` or ``replace({old: new})``."""
        from op_pandas.reshaping import replaced

        return PrivateSeries.of(self._rows, replaced(self, to_replace, value), self._name)

    def case_when(self, caselist: "Iterable[tuple[Any, Any]]") -> "PrivateSeries":
        """The value beside the first condition that is true, e.g. ``case_when([(s > 3, 1), (s > 1, 0)])``; else the column's own."""
        from op_pandas.reshaping import cases

        return PrivateSeries.of(self._rows, cases(self, caselist), self._name)

    def combine_first(self, other: "PrivateSeries") -> "PrivateSeries":
        """Each value, or that of another series over the same rows where it is null."""
        fallback = lifted(other.term.expression, other.rows, self._rows)
        return self._made(Coalesce(operand=self._term.expression, fallback=fallback))

    def sample(
        self, n: object = None, frac: float | None = None, *, random_state: int | None = None, **_: object
    ) -> "PrivateSeries":
        """About this share of all units, each with all its rows. Statistics of a sample cost as much as of all rows."""
        from op_pandas.splitting import sampled

        made: PrivateSeries = sampled(self, n, frac, random_state)
        return made

    def dropna(self, *, inplace: bool = False, **_: object) -> "PrivateSeries":
        """The rows whose value is not null."""
        kept = self.to_frame().dropna()
        return self._become(PrivateSeries.of(kept.rows, next(iter(kept.terms.values())), self._name), inplace=inplace)

    def map(
        self,
        arg: mapping.Mapper,
        eps: Number = 0,
        na_action: mapping.NaAction = None,
        output_bounds: mapping.Limits | None = None,
        output_categories: Iterable[PublicScalar] | None = None,
        **_: object,
    ) -> "PrivateSeries":
        """What a function of one value, a dict or a public Series gives for each; an error on a value makes it null.

        The function is translated, or called on public values, or run by a mapper; it never meets a private value here. Bounds and
        categories follow by themselves where they can, so that ``eps`` is never spent; ``output_bounds`` moves results into them,
        ``output_categories`` makes others null, and what a mapper runs needs one of both. TypeError for what goes none of these ways.
        """
        if isinstance(arg, Mapping):
            nobody.looked_up(self._term, self._name, arg)
        term = mapping.mapped(
            self._rows,
            self._term,
            arg,
            eps=eps,
            na_action=na_action,
            output_bounds=output_bounds,
            output_categories=output_categories,
        )
        return PrivateSeries.of(self._rows, term, self._name)

    def apply(self, func: mapping.Mapper, **given: Any) -> "PrivateSeries":
        """As ``map``."""
        return self.map(func, **given)

    def make_series_non_categorical(self, output_bounds: mapping.Limits) -> "PrivateSeries":
        """The categories as numbers within bounds; null where a text says no number."""
        term = mapping.without_categories(self._rows, self._term, output_bounds)
        return PrivateSeries.of(self._rows, term, self._name)

    def __getitem__(self, key: "PrivateSeries | Callable[[Any], Any]") -> "PrivateSeries":
        if not isinstance(key, PrivateSeries) and not callable(key):
            raise TypeError("a PrivateSeries is filtered by a condition, series[condition]; single values are private")
        kept = self._rows.filtered(condition(key, self))
        return PrivateSeries.of(kept, self._term, self._name)

    def drop_duplicates(self, *, keep: str = "first", inplace: bool = False, **_: object) -> "PrivateSeries":
        """One row for each value."""
        made = self.to_frame().drop_duplicates(keep=keep)
        return self._become(PrivateSeries.of(made.rows, next(iter(made.terms.values())), self._name), inplace=inplace)

    def to_frame(self, name: str | None = None) -> "PrivateDataFrame":
        """A frame of this one column."""
        from op_pandas.frame import PrivateDataFrame

        return PrivateDataFrame.of(self._rows, {name or self._name or construct.SERIES: self._term})

    @property
    def loc(self) -> "SeriesLocator":
        """Rows by a condition: ``series.loc[condition]``, as ``series[condition]``."""
        from op_pandas.locating import SeriesLocator

        return SeriesLocator(self)

    def reset_index(self, *, drop: bool = False, **_: object) -> "PrivateSeries | PrivateDataFrame":
        """A frame of the series, with the keys where its rows are groups of units; ``drop``: a copy."""
        from op_pandas.locating import keyed

        return self.copy() if drop else keyed(self)

    def groupby(
        self,
        by: Any,
        *,
        keys: "Listed | None" = None,
        bins: "Cuts | None" = None,
        delta: Number | None = None,
        **others: object,
    ) -> "SeriesGroupBy":
        """Groups by a series or a list of them, as ``PrivateDataFrame.groupby``; disjoint, so that each gets the whole ε."""
        from op_pandas.groupby import SeriesGroupBy
        from op_pandas.keys import check_nulls, delta_of, keys_of

        check_nulls(others)
        found = keys_of(by, self._rows, {}, keys=keys, bins=bins)
        return SeriesGroupBy(self._rows, {self._name or construct.SERIES: self._term}, found, delta_of(delta))

    # The parts --------------------------------------------------------------------------------------------

    def _column(self) -> tuple[Rows, Term, str | None]:
        return self._rows, self._term, self._name

    def _made(self, expression: Expression) -> "PrivateSeries":
        return PrivateSeries.of(self._rows, self._rows.term(expression), self._name)

    def _become(self, made: "PrivateSeries", *, inplace: bool) -> "PrivateSeries":
        if inplace:
            self._rows, self._term, self._name = made.rows, made.term, made.name
        return made

    def _unary(self, operator: UnaryOperator) -> "PrivateSeries":
        return self._made(Unary(operator=operator, operand=self._term.expression))

    def _binary(self, operator: BinaryOperator, other: Operand, *, reflected: bool = False) -> "PrivateSeries":
        rows, name = self._rows, self._name
        if isinstance(other, PrivateSeries):
            rows = common(self._rows, other.rows)
            name = name if name == other.name else None
            beside = other.term.expression
        else:
            beside = constant(public(other), self._term.kind)
            nobody.compared(self._term, name, operator, other)
        left, right = (beside, self._term.expression) if reflected else (self._term.expression, beside)
        return PrivateSeries.of(rows, rows.term(of_kinds(operator, left, right, self._term, other)), name)

    def _where(self, cond: Expression, other: Operand, *, keep: bool) -> "PrivateSeries":
        if isinstance(other, PrivateSeries):
            beside = lifted(other.term.expression, other.rows, self._rows)
        else:
            beside = constant(public(other), self._term.kind)
        own = self._term.expression
        then, otherwise = (own, beside) if keep else (beside, own)
        return self._made(Choose(condition=cond, then=then, otherwise=otherwise))

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            raise AttributeError(names.refusal("PrivateSeries", name))

        def __contains__(self, _: object) -> bool:
            raise TypeError("whether a value occurs is private; use isin([...]) and count(eps)")


def condition(cond: object, of: "PrivateSeries | PrivateDataFrame") -> Expression:
    """The expression of a boolean series over the rows of ``of``, or of a function of it, of a value or of a row. TypeError else."""
    if callable(cond):
        cond = _of_function(cond, of)
    if not isinstance(cond, PrivateSeries):
        raise TypeError(f"a condition must be a PrivateSeries of true and false, not a {type(cond).__name__}")
    if cond.term.kind != "bool":
        raise TypeError(
            f"a condition must be true or false on each row, but {cond.name or 'it'} is {cond.term.kind}; compare it first"
        )
    return lifted(cond.term.expression, cond.rows, of.rows)


def _of_function(function: Callable[[Any], Any], of: "PrivateSeries | PrivateDataFrame") -> object:
    """As in pandas the function gets the whole object; one that needs single values (``and``, ``if``) is translated instead."""
    try:
        found = function(of)
    except (TypeError, AttributeError):
        found = None
    if isinstance(found, Private):
        return found
    if isinstance(of, PrivateSeries):
        return PrivateSeries.of(of.rows, mapping.mapped(of.rows, of.term, function, kind="bool"), None)
    return PrivateSeries.of(of.rows, mapping.of_rows(of.rows, of.terms, function, kind="bool"), None)


def public(value: object) -> PublicScalar:
    """A value that may stand beside every row. TypeError for private frames and for public lists, whose rows match none."""
    if isinstance(value, Private):
        raise TypeError(f"a {type(value).__name__} can't stand beside a PrivateSeries; take the columns one by one")
    if isinstance(value, pd.Series | pd.DataFrame | pd.Index | np.ndarray | list | tuple | dict | set):
        raise TypeError(
            f"a public {type(value).__name__} can't be paired with private rows, whose number and order are private; use one value"
        )
    return value  # type: ignore[return-value]

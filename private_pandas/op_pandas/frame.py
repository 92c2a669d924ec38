"""PrivateDataFrame: private columns over the same rows. Every method gives a longer plan, or asks for a release.

Must not know where rows are or what a release costs.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

import pandas as pd

from ag_plan.expressions import Binary, BinaryOperator, Expression, IsIn, Unary, UnaryOperator
from op_pandas import construct, mapping, names, nulls, schema, units
from op_pandas.arguments import Bound
from op_pandas.columns import Labels, by_name, drop_labels, label, labels, renamed
from op_pandas.discarded import result_is_discarded
from op_pandas.epsilon import Number
from op_pandas.frame_statistics import FrameStatistics
from op_pandas.operators import Operand, Operators
from op_pandas.private import Private
from op_pandas.reshaping import FrameReshaping
from op_pandas.rows import Rows, Term, lifted
from op_pandas.scalars import PublicScalar, constant, plain
from op_pandas.series import PrivateSeries, condition, public

if TYPE_CHECKING:
    from op_pandas.keys import Cuts, Listed

Piped = TypeVar("Piped")


class PrivateDataFrame(FrameStatistics, FrameReshaping, Operators["PrivateDataFrame"], Private):
    """Private columns over the same rows, with public names and schema.

    ``PrivateDataFrame(df, metadata={column: (lower, upper)}, categorical_metadata={column: […]})`` wraps public values of the analyst's
    own in the session's scratch data set; bounds left out are taken from those values. ``_id``: where it names a column, that says whose each row is,
    and the privacy unit is that person, not a row. Raises ValueError or TypeError where they don't fit.
    """

    __slots__ = ("_rows", "_terms")
    _walk_instead = "its columns are in frame.columns"
    _rows: Rows
    _terms: dict[str, Term]

    def __init__(
        self,
        df: pd.DataFrame | Mapping[Any, Any],
        metadata: construct.FrameMetadata | None = None,
        categorical_metadata: Mapping[Any, Iterable[PublicScalar]] | None = None,
        _id: object = None,
    ) -> None:
        rows, terms = construct.ingested(construct.public_frame(df), metadata or {}, categorical_metadata or {}, _id)
        self._set(rows, terms)

    @classmethod
    def of(cls, rows: Rows, terms: Mapping[str, Term]) -> "PrivateDataFrame":
        """A frame from its parts."""
        made = object.__new__(PrivateDataFrame)
        made._set(rows, terms)
        return made

    # What is public ---------------------------------------------------------------------------------------

    @property
    def rows(self) -> Rows:
        """The rows the frame stands on: a plan, not values."""
        return self._rows

    @property
    def terms(self) -> Mapping[str, Term]:
        """What each column is computed as: plans, not values."""
        return self._terms

    @property
    def columns(self) -> "pd.Index[str]":
        """The names of the columns."""
        return pd.Index(list(self._terms), dtype="object")

    @columns.setter
    def columns(self, columns: Iterable[str]) -> None:
        self._set(self._rows, renamed(self._terms, dict(zip(self._terms, columns, strict=True))))

    @property
    def dtypes(self) -> "pd.Series[Any]":
        """The dtype of each column."""
        return schema.dtypes(self._terms)

    @property
    def metadata(self) -> dict[str, tuple[Any, Any]]:
        """The public bounds (lower, upper) of each column that has them."""
        found = {name: schema.bounds(term) for name, term in self._terms.items()}
        return {name: bounds for name, bounds in found.items() if bounds is not None}

    @property
    def categorical_metadata(self) -> dict[str, list[Any]]:
        """The public categories of each column that has them."""
        found = {name: schema.categories(term) for name, term in self._terms.items()}
        return {name: categories for name, categories in found.items() if categories is not None}

    @property
    def ndim(self) -> Literal[2]:
        """2."""
        return 2

    def info(self, **_: object) -> object:
        """Print each column with its type, bounds and categories."""
        print(self)  # noqa: T201 - it is what info() is for
        return None

    def keys(self) -> "pd.Index[str]":
        """The names of the columns."""
        return self.columns

    def __contains__(self, key: object) -> bool:
        return key in self._terms

    def items(self) -> Iterator[tuple[str, PrivateSeries]]:
        """Name and private series of each column."""
        return iter([(name, self._one(name)) for name in self._terms])

    def __repr__(self) -> str:
        return schema.as_text(type(self).__name__, self._terms)

    def _repr_html_(self) -> str:
        return schema.as_html(type(self).__name__, self._terms)

    # Columns and rows -------------------------------------------------------------------------------------

    @overload
    def __getitem__(self, key: str | int | tuple[Any, ...]) -> PrivateSeries: ...
    @overload
    def __getitem__(
        self, key: "list[str] | pd.Index[str] | PrivateSeries | PrivateDataFrame | Callable[[Any], Any]"
    ) -> "PrivateDataFrame": ...
    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, PrivateDataFrame):
            return self.where(key)
        if isinstance(key, PrivateSeries) or (callable(key) and not isinstance(key, Private)):
            return PrivateDataFrame.of(self._rows.filtered(condition(key, self)), self._terms)
        if isinstance(key, slice):
            raise TypeError("rows have no public position to slice by; keep rows with frame[condition]")
        if isinstance(key, tuple):
            raise TypeError(
                "several columns are selected by a list: frame[['a', 'b']]; rows and columns by frame.loc[condition, 'a']"
            )
        if isinstance(key, list | pd.Index | set):
            return PrivateDataFrame.of(self._rows, {name: self._terms[name] for name in labels(key, self._terms)})
        return self._one(label(key, self._terms))

    def __setitem__(
        self, key: "str | list[str] | pd.Index[str] | PrivateSeries | PrivateDataFrame", value: Operand
    ) -> None:
        if isinstance(key, list | pd.Index):
            made = {name: self._assigned(each) for name, each in by_name(list(key), value)}
        elif isinstance(key, str):
            ((_, one),) = by_name([key], value)
            made = {key: self._assigned(one)}
        else:
            raise TypeError(
                "columns are set by their names: frame['name'] = series; on some rows: frame.loc[condition, 'name'] = value"
            )
        self._set(self._rows, {**self._terms, **made})

    def __delitem__(self, key: str) -> None:
        gone = label(key, self._terms)
        self._set(self._rows, {name: term for name, term in self._terms.items() if name != gone})

    def __getattr__(self, name: str) -> PrivateSeries:
        if not name.startswith("_") and name in self._terms:
            return self._one(name)
        raise AttributeError(names.refusal(type(self).__name__, name, self._terms))

    def get(self, key: str, default: Any = None) -> Any:
        """A column, or the default where there is none of that name."""
        return self._one(key) if key in self._terms else default

    def pop(self, item: str) -> PrivateSeries:
        """A column, taken out of the frame."""
        taken = self._one(label(item, self._terms))
        del self[item]
        return taken

    def assign(self, **columns: "Operand | Callable[[PrivateDataFrame], Operand]") -> "PrivateDataFrame":
        """A copy with more columns, each a series, a public value or a function of the frame."""
        made = self.copy()
        for name, value in columns.items():
            made[name] = value(made) if callable(value) else value
        return made

    def select_dtypes(self, include: Any = None, exclude: Any = None) -> "PrivateDataFrame":
        """The columns whose dtype pandas would select."""
        empty = pd.DataFrame({name: pd.Series(dtype=schema.dtype(term)) for name, term in self._terms.items()})
        return self[list(empty.select_dtypes(include=include, exclude=exclude).columns)]

    def pipe(self, func: Callable[..., Piped], *args: Any, **kwargs: Any) -> Piped:
        """What a function makes of the frame."""
        return func(self, *args, **kwargs)

    def copy(self, deep: bool = True) -> "PrivateDataFrame":  # noqa: ARG002 - plans never change, so depth means nothing
        """A frame whose columns can be set without setting this one's."""
        return PrivateDataFrame.of(self._rows, self._terms)

    def __copy__(self) -> "PrivateDataFrame":
        return self.copy()

    def __deepcopy__(self, _: object) -> "PrivateDataFrame":
        return self.copy()

    def drop(
        self,
        labels: Labels | None = None,
        *,
        axis: Literal[0, 1, "index", "columns"] = 1,  # noqa: ARG002 - a label is a column's: rows have none
        columns: Labels | None = None,
        name: Labels | None = None,
        inplace: bool | None = None,
        errors: Literal["raise", "ignore"] = "raise",
    ) -> "PrivateDataFrame":
        """The frame without the columns named; changes this one where ``inplace``, or where the result is not used at all."""
        named = [each for each in (labels, columns, name) if each is not None]
        if len(named) != 1:
            raise TypeError("drop needs the names of columns, e.g. drop(columns=['name'])")
        gone = drop_labels(named[0], self._terms, errors)
        kept = {each: term for each, term in self._terms.items() if each not in gone}
        change = result_is_discarded() if inplace is None else inplace
        return self._become(PrivateDataFrame.of(self._rows, kept), inplace=change)

    def rename(
        self,
        mapper: Mapping[str, str] | Callable[[str], str] | None = None,
        *,
        columns: Mapping[str, str] | Callable[[str], str] | None = None,
        inplace: bool = False,
        **_: object,
    ) -> "PrivateDataFrame":
        """The frame with columns under other names, from a dict or a function of the name."""
        change = columns if mapper is None else mapper
        if change is None:
            raise TypeError("rename needs the new names, e.g. rename(columns={'old': 'new'})")
        return self._become(PrivateDataFrame.of(self._rows, renamed(self._terms, change)), inplace=inplace)

    # Row by row -------------------------------------------------------------------------------------------

    def isin(self, values: Iterable[PublicScalar] | Mapping[str, Iterable[PublicScalar]]) -> "PrivateDataFrame":
        """Whether each value is one of the public values (of its column, where a dict is given)."""
        if isinstance(values, Mapping):
            listed = {name: tuple(plain(value) for value in values.get(name, ())) for name in self._terms}
        else:
            listed = dict.fromkeys(self._terms, tuple(plain(value) for value in values))
        return self._each(lambda name, term: IsIn(operand=term.expression, values=listed[name]))

    def isna(self) -> "PrivateDataFrame":
        """Whether each value is null."""
        return self._unary("is_null")

    def notna(self) -> "PrivateDataFrame":
        """Whether each value is not null."""
        return ~self._unary("is_null")

    isnull, notnull = isna, notna

    def clip(self, lower: Bound | None = None, upper: Bound | None = None, **_: object) -> "PrivateDataFrame":
        """Each number moved into [lower, upper], public guesses of the analyst: safe, and it gives the columns bounds."""
        return self._numbers(lambda series: series.clip(lower, upper))

    def round(self, decimals: int = 0) -> "PrivateDataFrame":
        """Each number rounded."""
        return self._numbers(lambda series: series.round(decimals))

    def __round__(self, decimals: int = 0) -> "PrivateDataFrame":
        return self.round(decimals)

    def astype(self, dtype: Any, **_: object) -> "PrivateDataFrame":
        """Each value in another type (of its column, where a dict is given), null where it can't be."""
        given = dtype if isinstance(dtype, Mapping) else dict.fromkeys(self._terms, dtype)
        wanted: dict[str, Expression] = {
            label(name, self._terms): construct.cast(self._terms[name].expression, self._terms[name].schema, each)
            for name, each in given.items()
        }
        return PrivateDataFrame.of(self._rows, {**self._terms, **self._rows.terms(wanted)})

    def applymap(
        self,
        func: Callable[[Any], Any],
        eps: Number = 0,
        output_bounds: Mapping[Any, mapping.Limits] | None = None,
        na_action: mapping.NaAction = None,
    ) -> "PrivateDataFrame":
        """A function of one value on the columns named in ``output_bounds``; without it, on all columns that it fits.

        The function never meets a private value here, and ``eps`` is never spent; see ``PrivateSeries.map``. Other columns stay as they are.
        """
        changed = mapping.of_cells(self, func, eps=eps, na_action=na_action, output_bounds=output_bounds)
        return PrivateDataFrame.of(self._rows, {**self._terms, **changed})

    def map(self, func: Callable[[Any], Any], na_action: mapping.NaAction = None, **given: Any) -> "PrivateDataFrame":
        """As ``applymap``, which is its older name."""
        return self.applymap(func, na_action=na_action, **given)

    def apply(
        self,
        func: Callable[[Any], Any],
        axis: Literal[0, 1, "index", "columns"] = 0,
        *,
        output_bounds: mapping.Limits | None = None,
        output_categories: Iterable[PublicScalar] | None = None,
    ) -> PrivateSeries:
        """``axis=1``: what a function of one row, ``row["name"]`` or ``row.name``, gives; see ``PrivateSeries.map``. TypeError for axis 0."""
        if axis not in (1, "columns"):
            raise TypeError(
                "a function can't get a whole private column; use apply(func, axis=1) for rows, or frame['name'].map(func)"
            )
        term = mapping.of_rows(self._rows, self._terms, func, output_bounds, output_categories)
        return PrivateSeries.of(self._rows, term, None)

    def where(self, cond: Any, other: Operand = None, *, inplace: bool = False, **_: object) -> "PrivateDataFrame":
        """Each value where the condition is true, else ``other`` (null unless given); as many rows as before."""
        return self._become(nulls.chosen(self, cond, other, keep=True), inplace=inplace)

    def mask(self, cond: Any, other: Operand = None, *, inplace: bool = False, **_: object) -> "PrivateDataFrame":
        """Each value where the condition is not true, else ``other``; as many rows as before."""
        return self._become(nulls.chosen(self, cond, other, keep=False), inplace=inplace)

    def dropna(
        self,
        *,
        axis: Literal[0, 1, "index", "columns"] = 0,
        how: Literal["any", "all"] = "any",
        subset: Labels | None = None,
        inplace: bool = False,
        **_: object,
    ) -> "PrivateDataFrame":
        """The rows without a null, or (``how="all"``) with a value, in the columns of ``subset`` (all unless given)."""
        return self._become(nulls.dropped(self, axis, how, subset), inplace=inplace)

    def fillna(
        self, value: PublicScalar | Mapping[str, PublicScalar] = None, *, inplace: bool = False, **_: object
    ) -> "PrivateDataFrame":
        """Each value, or a public value (of its column, where a dict is given) where it is null; one value fills columns of its kind."""
        return self._become(nulls.filled(self, value), inplace=inplace)

    def merge(self, right: Any, how: str = "inner", on: Labels | None = None, **given: Any) -> "PrivateDataFrame":
        """Pairs of rows with equal keys, as ``op_pandas.merge``: on the id of private rows, or on the keys of a public table."""
        from op_pandas.joins import merge

        return merge(self, right, how, on, **given)

    def join(
        self,
        other: Any,
        on: Labels | None = None,
        how: str = "left",
        lsuffix: str = "",
        rsuffix: str = "",
        *,
        suffixes: tuple[str, str] | None = None,
        **_: object,
    ) -> "PrivateDataFrame":
        """The columns of another object over the same rows; with ``on``, a merge on that key."""
        from op_pandas.joins import beside

        return beside(self, other, on, how, suffixes or (lsuffix, rsuffix))

    def drop_duplicates(
        self, subset: Labels | None = None, *, keep: str = "first", inplace: bool = False, **_: object
    ) -> "PrivateDataFrame":
        """One row for each combination of values in the subset (all columns unless given); with the id in it, of each unit."""
        return self._become(units.distinct(self, subset, keep), inplace=inplace)

    def limit_per_unit(self, rows: int) -> "PrivateDataFrame":
        """At most so many rows of each privacy unit, chosen by a secret order: fewer than the owner's cap mean less noise."""
        return units.limited(self, rows)

    def groupby(
        self,
        by: Any,
        *,
        keys: "Listed | None" = None,
        bins: "Cuts | None" = None,
        delta: Number | None = None,
        as_index: bool = True,
        **others: object,
    ) -> Any:
        """Groups by columns, series, bins (``op_pandas.cut``) or a list of them; disjoint, so that each gets the whole ε.

        Public keys all appear: categories, booleans, integers with narrow bounds, those listed in ``keys``, the ``bins`` of numbers. Other
        text and integers are grouped by what enough rows have, found at a δ. By the id of a privacy unit: one private row per unit, no ε.
        """
        from op_pandas.groupby import FrameGroupBy
        from op_pandas.keys import check_nulls, delta_of, keys_of
        from op_pandas.unit_groups import UnitGroupBy, names_id

        check_nulls(others)
        if names_id(by, self._terms):
            return UnitGroupBy(self._rows, self._terms, by, flat=not as_index)
        found = keys_of(by, self._rows, self._terms, keys=keys, bins=bins)
        return FrameGroupBy(self._rows, self._terms, found, delta_of(delta), flat=not as_index)

    # The parts --------------------------------------------------------------------------------------------

    def _set(self, rows: Rows, terms: Mapping[str, Term]) -> None:
        self._rows, self._terms = rows, dict(terms)

    def _parts(self) -> tuple[Rows, dict[str, Term]]:
        return self._rows, self._terms

    def _one(self, name: str) -> PrivateSeries:
        return PrivateSeries.of(self._rows, self._terms[name], name)

    def _become(self, made: "PrivateDataFrame", *, inplace: bool) -> "PrivateDataFrame":
        if inplace:
            self._set(made.rows, made.terms)
        return made

    def _assigned(self, value: Operand) -> Term:
        if not isinstance(value, PrivateSeries):
            return self._rows.term(constant(public(value)))
        expression = lifted(value.term.expression, value.rows, self._rows)
        return value.term if expression is value.term.expression else self._rows.term(expression)

    def _each(self, expression: Callable[[str, Term], Expression]) -> "PrivateDataFrame":
        wanted = {name: expression(name, term) for name, term in self._terms.items()}
        return PrivateDataFrame.of(self._rows, self._rows.terms(wanted))

    def _numbers(self, change: Callable[[PrivateSeries], PrivateSeries]) -> "PrivateDataFrame":
        numbers = {name: change(self._one(name)).term for name, term in self._terms.items() if term.is_number}
        return PrivateDataFrame.of(self._rows, {**self._terms, **numbers})

    def _unary(self, operator: UnaryOperator) -> "PrivateDataFrame":
        return self._each(lambda _, term: Unary(operator=operator, operand=term.expression))

    def _binary(self, operator: BinaryOperator, other: Operand, *, reflected: bool = False) -> "PrivateDataFrame":
        if isinstance(other, PrivateSeries):
            raise TypeError("a frame and a series don't combine row by row in pandas; take the columns one by one")

        def expression(name: str, term: Term) -> Expression:
            beside = self._beside(other, name, term)
            left, right = (beside, term.expression) if reflected else (term.expression, beside)
            return Binary(operator=operator, left=left, right=right)

        return self._each(expression)

    def _beside(self, other: object, name: str, term: Term) -> Expression:
        if isinstance(other, PrivateDataFrame):
            return lifted(other[label(name, other.terms)].term.expression, other.rows, self._rows)
        return constant(public(other), term.kind)

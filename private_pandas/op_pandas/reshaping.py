"""Rows of a frame or series changed by public names and values: prefixes, replacements, cases, samples, the largest of a row.

Must not know releases; everything here is row by row, and free.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from ag_plan.expressions import Binary, BinaryOperator, Choose, Coalesce, Constant, Expression, Recode, Unary
from op_pandas.columns import label
from op_pandas.releases import needed
from op_pandas.rows import Rows, Term, joined, lifted
from op_pandas.scalars import constant, plain
from op_pandas.series import PrivateSeries, condition, public

if TYPE_CHECKING:
    from op_pandas.frame import PrivateDataFrame
    from op_pandas.locating import FrameLocator, FramePlaces

_NULL = Constant(value=None)
_ACROSS = (1, "columns")
_FARTHEST = 1e300
"""Beyond every bound that a number can have."""


class FrameReshaping(ABC):
    """What a frame makes of its public names, row by row."""

    __slots__ = ()

    @abstractmethod
    def _parts(self) -> tuple[Rows, dict[str, Term]]:
        """The rows and the terms of the columns, in order."""

    @property
    def iloc(self: Any) -> "FramePlaces":
        """Columns by their places: ``frame.iloc[:, 0:3]``; rows have none."""
        from op_pandas.locating import FramePlaces

        return FramePlaces(self)

    @property
    def loc(self: Any) -> "FrameLocator":
        """Rows by a condition and columns by their names, to read or to set: ``frame.loc[frame["age"] > 40, "cost"]``."""
        from op_pandas.locating import FrameLocator

        return FrameLocator(self)

    def reset_index(self, *, drop: bool = False, **_: object) -> "PrivateDataFrame":  # noqa: ARG002 - there is no index to keep
        """A copy: rows have no labels, and keys of groups are columns already."""
        return self._over(self._parts()[1])

    def add_prefix(self, prefix: str) -> "PrivateDataFrame":
        """The columns under their names with another before each."""
        return self._over({f"{prefix}{name}": term for name, term in self._parts()[1].items()})

    def add_suffix(self, suffix: str) -> "PrivateDataFrame":
        """The columns under their names with another after each."""
        return self._over({f"{name}{suffix}": term for name, term in self._parts()[1].items()})

    def filter(
        self, items: Sequence[str] | None = None, like: str | None = None, regex: str | None = None, axis: Any = 1
    ) -> "PrivateDataFrame":
        """The columns whose names are listed, hold a text, or match a pattern."""
        if axis not in _ACROSS or sum(each is not None for each in (items, like, regex)) != 1:
            raise TypeError("filter takes one of items, like and regex, for the names of columns")
        terms = self._parts()[1]
        if items is not None:
            return self._over({name: terms[name] for name in items if name in terms})
        wanted: Callable[[str], Any] = (
            (lambda name: like in name) if like is not None else re.compile(regex or "").search
        )
        return self._over({name: term for name, term in terms.items() if wanted(name)})

    def combine_first(self, other: "PrivateDataFrame") -> "PrivateDataFrame":
        """Each value, or that of another frame over the same rows where it is null; columns that only the other has come last."""
        rows, terms = self._parts()
        others = {name: lifted(term.expression, other.rows, rows) for name, term in other.terms.items()}
        wanted = {
            name: Coalesce(operand=terms[name].expression, fallback=each) if name in terms else each
            for name, each in others.items()
        }
        return self._over({**terms, **rows.terms(wanted)})

    def replace(self, to_replace: Any, value: Any = None) -> "PrivateDataFrame":
        """Public values made others, in every column of their kind: ``replace(old, new)``, ``replace([…], new)``, ``replace({old: new})``.

        ``replace({column: {old: new}})``: in these columns.
        """
        rows, terms = self._parts()
        pairs = _by_column(to_replace, value, terms)
        changed = {name: _replaced(term, pairs[name]) for name, term in terms.items()}
        wanted = {name: each for name, each in changed.items() if each is not terms[name].expression}
        return self._over({**terms, **rows.terms(wanted)})

    def sample(
        self, n: object = None, frac: float | None = None, *, random_state: int | None = None, **_: object
    ) -> Any:
        """About this share of all units, each with all its rows. Statistics of a sample cost as much as of all rows."""
        from op_pandas.splitting import sampled

        return sampled(self, n, frac, random_state)

    def idxmax(self, axis: Any = 0, **_: object) -> PrivateSeries:
        """``axis=1``: the name of the column that has the largest number of each row, the first of several; null where all are null."""
        return self._named(axis, "idxmax", "greatest")

    def idxmin(self, axis: Any = 0, **_: object) -> PrivateSeries:
        """``axis=1``: the name of the column that has the smallest number of each row, the first of several; null where all are null."""
        return self._named(axis, "idxmin", "least")

    def _named(self, axis: Any, call: str, operator: BinaryOperator) -> PrivateSeries:
        if axis not in _ACROSS:
            raise ValueError(f"which row has it would show a row; {call}(axis=1) gives the column of each row")
        rows, terms = self._parts()
        chosen = needed(terms, "is_number", call)
        extreme = _extreme(chosen, operator)
        made: Expression = _NULL
        for name, term in reversed(list(chosen.items())):
            same = Binary(operator="eq", left=term.expression, right=extreme)
            made = Choose(condition=same, then=Constant(value=name), otherwise=made)
        return PrivateSeries.of(rows, rows.term(made), None)

    def _over(self, terms: Mapping[str, Term]) -> "PrivateDataFrame":
        from op_pandas.frame import PrivateDataFrame

        return PrivateDataFrame.of(self._parts()[0], terms)


def row_extreme(rows: Rows, terms: Mapping[str, Term], call: str, operator: BinaryOperator) -> PrivateSeries:
    """The largest or smallest number of each row; nulls are left out, null where all are."""
    chosen = needed(terms, "is_number", call)
    nothing = joined("and", tuple(Unary(operator="is_null", operand=term.expression) for term in chosen.values()))
    expression = Choose(condition=nothing, then=_NULL, otherwise=_extreme(chosen, operator))
    return PrivateSeries.of(rows, rows.term(expression), None)


def _extreme(terms: Mapping[str, Term], operator: BinaryOperator) -> Expression:
    """The extreme of all numbers of a row, where nulls stand for the farthest that any column can be."""
    ends = [term.schema.lower if operator == "greatest" else term.schema.upper for term in terms.values()]
    known = [end for end in ends if end is not None]
    pick = min if operator == "greatest" else max
    far = pick(known) if len(known) == len(ends) else (-_FARTHEST if operator == "greatest" else _FARTHEST)
    parts = tuple(
        Coalesce(operand=term.expression, fallback=Constant(value=far)) if term.schema.nullable else term.expression
        for term in terms.values()
    )
    return joined(operator, parts)


def replaced(series: PrivateSeries, to_replace: Any, value: Any) -> Term:
    """A column with public values made others."""
    expression = _replaced(series.term, _pairs(to_replace, value))
    return series.term if expression is series.term.expression else series.rows.term(expression)


def _by_column(to_replace: Any, value: Any, terms: Mapping[str, Term]) -> Mapping[str, Mapping[Any, Any]]:
    """What is replaced in each column. ValueError for a column that doesn't exist."""
    if not isinstance(to_replace, Mapping) or not any(isinstance(each, Mapping) for each in to_replace.values()):
        return dict.fromkeys(terms, _pairs(to_replace, value))
    named = {label(name, terms): _pairs(each, value) for name, each in to_replace.items()}
    return {name: named.get(name, {}) for name in terms}


def _pairs(to_replace: Any, value: Any) -> dict[Any, Any]:
    if isinstance(to_replace, Mapping):
        if value is not None:
            raise TypeError("replace takes a dict of old and new values, or old values and a new one, not both")
        return {_missing(old): public(new) for old, new in to_replace.items()}
    several = to_replace if isinstance(to_replace, list | tuple | set) else [to_replace]
    if isinstance(value, list | tuple):
        if not isinstance(to_replace, list | tuple) or len(value) != len(to_replace):
            raise ValueError("replace needs as many new values as old ones, or one for all")
        return {_missing(old): public(new) for old, new in zip(to_replace, value, strict=True)}
    return {_missing(old): public(value) for old in several}


def _missing(old: Any) -> Any:
    """An old value; None for every way to say that there is none."""
    return None if plain(old) is None else old


_MOMENTS = datetime, date, np.datetime64
_OF_KIND: dict[str, tuple[type, ...]] = {
    "float": (int, float, np.number), "int": (int, float, np.number), "str": (str,), "bool": (bool,), "datetime": _MOMENTS,
}  # fmt: skip


def _replaced(term: Term, pairs: Mapping[Any, Any]) -> Expression:
    """All replacements look at the value as it was; those of another kind than the column's change nothing."""
    made = term.expression
    if term.kind == "str" and term.schema.categories is not None:
        return _recoded(term, term.schema.categories, pairs)
    for old, new in reversed(list(pairs.items())):
        if old is None:
            same: Expression = Unary(operator="is_null", operand=term.expression)
        elif isinstance(old, _OF_KIND.get(term.kind, ())) and isinstance(old, bool) == (term.kind == "bool"):
            same = Binary(operator="eq", left=term.expression, right=constant(old, term.kind))
        else:
            continue
        made = Choose(condition=same, then=constant(new, term.kind), otherwise=made)
    return made


def _recoded(term: Term, categories: Sequence[Any], pairs: Mapping[Any, Any]) -> Expression:
    """Categories under other names, or made numbers where each of them is. TypeError where some would stay texts beside numbers."""
    new = {old: plain(value) for old, value in pairs.items() if old is None or old in categories}
    if not new:
        return term.expression
    table = {old: new.get(old, old) for old in categories}
    kept = [old for old in categories if old not in new]
    other = next((value for value in new.values() if value is not None and not isinstance(value, str)), None)
    if kept and other is not None:
        raise TypeError(
            f"replace would leave texts beside {other!r}: say what becomes of {', '.join(map(repr, kept))}, too"
        )
    made: Expression = Recode(operand=term.expression, keys=tuple(table), values=tuple(table.values()))
    return Coalesce(operand=made, fallback=Constant(value=new[None])) if None in new and term.schema.nullable else made


def cases(series: PrivateSeries, caselist: Iterable[tuple[Any, Any]]) -> Term:
    """The value beside the first condition that is true on a row, else the column's own."""
    made = series.term.expression
    for test, value in reversed(list(caselist)):
        beside = lifted(value.term.expression, value.rows, series.rows) if isinstance(value, PrivateSeries) else None
        then = constant(public(value), series.term.kind) if beside is None else beside
        made = Choose(condition=condition(test, series), then=then, otherwise=made)
    return series.rows.term(made)

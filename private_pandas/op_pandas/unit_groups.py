"""Groups by the id of a privacy unit: one private row per unit, free, where groups by public keys are released.

Must not know bounds of what it makes: the vault says what a unit's rows can add up to.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_args

import pandas as pd

from ag_plan.relations import Aggregate, GroupUnit
from op_pandas import names, schema
from op_pandas.columns import label, labels
from op_pandas.private import Private
from op_pandas.rows import Rows, Term, projected

if TYPE_CHECKING:
    from op_pandas.frame import PrivateDataFrame

FUNCTIONS: tuple[Aggregate, ...] = get_args(Aggregate)
_SUMMED = ("sum", "mean")
_ORDERED = ("min", "max")
_WORK = {"any": "max", "all": "min"}
Wanted = dict[str, tuple[Aggregate, str]]
"""What each new column is: a function of a column."""


def names_id(by: object, terms: Mapping[str, Term]) -> bool:
    """Whether a ``groupby`` is by a unit's id, alone or among other columns."""
    several = by if isinstance(by, list | tuple) else [by]
    return any(isinstance(each, str) and each in terms and terms[each].kind == "id" for each in several)


class UnitGroupBy(Private):
    """The rows of each unit. Its statistics are private frames of one row per unit, with the keys as columns; they take no eps."""

    __slots__ = ("_by", "_chosen", "_flat", "_rows", "_single", "_terms")
    _chosen: Sequence[str]

    def __init__(
        self,
        rows: Rows,
        terms: Mapping[str, Term],
        by: object,
        chosen: Sequence[str] | None = None,
        *,
        flat: bool = False,
    ) -> None:
        self._rows, self._terms, self._flat = rows, dict(terms), flat
        self._by = labels(by if isinstance(by, list | tuple) else [by], terms)
        self._single = False
        self._chosen = [name for name in terms if name not in self._by] if chosen is None else chosen

    def __getitem__(self, key: Any) -> "UnitGroupBy":
        several = isinstance(key, list | tuple | pd.Index)
        chosen = labels(key, self._terms) if several else [label(key, self._terms)]
        made = UnitGroupBy(self._rows, self._terms, self._by, chosen, flat=self._flat)
        made._single = not several
        return made

    def __repr__(self) -> str:
        return schema.as_text(type(self).__name__, self._shown(), self._note())

    def _repr_html_(self) -> str:
        return schema.as_html(type(self).__name__, self._shown(), self._note())

    def _shown(self) -> dict[str, Term]:
        return {name: self._terms[name] for name in self._chosen}

    def _note(self) -> str:
        return f"grouped by {', '.join(self._by)}, rows are private; statistics are private too, one row per unit, and free"

    def size(self, *given: object, **ignored: object) -> Any:
        """The number of rows of each unit."""
        _no_eps("size", given, ignored)
        made = self._made({"size": ("size", "")})
        return made if self._flat else made["size"]

    def count(self, *given: object, **ignored: object) -> Any:
        """The number of a unit's values that are not null, of each column."""
        return self._each("count", given, ignored)

    def nunique(self, *given: object, **ignored: object) -> Any:
        """The number of a unit's different values, of each column."""
        return self._each("nunique", given, ignored)

    def sum(self, *given: object, **ignored: object) -> Any:
        """The sum of a unit's values, of each numeric column; it needs bounds."""
        return self._each("sum", given, ignored)

    def mean(self, *given: object, **ignored: object) -> Any:
        """The mean of a unit's values, of each numeric column; it needs bounds."""
        return self._each("mean", given, ignored)

    def min(self, *given: object, **ignored: object) -> Any:
        """The least of a unit's values, of each column that is ordered."""
        return self._each("min", given, ignored)

    def max(self, *given: object, **ignored: object) -> Any:
        """The greatest of a unit's values, of each column that is ordered."""
        return self._each("max", given, ignored)

    def first(self, *given: object, **ignored: object) -> Any:
        """A unit's first value that is not null, in an order that is secret, of each column."""
        return self._each("first", given, ignored)

    def agg(self, func: Any = None, *given: object, **named: Any) -> Any:
        """``agg("sum")``, ``agg(["sum", "mean"])``, ``agg({"cost": "sum"})`` or ``agg(total=("cost", "sum"))``.

        Several functions of a column make columns ``cost_sum``, ``cost_mean``.
        """
        _no_eps("agg", given, {name: value for name, value in named.items() if name == "eps"})
        if isinstance(func, str):
            return self._each(_function(func), (), {})
        return self._made(self._wanted(func, named))

    aggregate = agg

    def _wanted(self, func: Any, named: Mapping[str, Any]) -> Wanted:
        if func is None:
            if not named:
                raise TypeError("agg needs functions, e.g. agg({'cost': 'sum'}) or agg(total=('cost', 'sum'))")
            return {name: (_function(pair[1]), label(pair[0], self._terms)) for name, pair in named.items()}
        table = func if isinstance(func, Mapping) else dict.fromkeys(self._chosen, func)
        wanted: Wanted = {}
        for column, functions in table.items():
            name = label(column, self._terms)
            if isinstance(functions, str):
                wanted[name] = _function(functions), name
            else:
                wanted |= {f"{name}_{each}": (_function(each), name) for each in functions}
        return wanted

    def _each(self, function: Aggregate, given: Sequence[object], ignored: Mapping[str, object]) -> Any:
        _no_eps(function, given, ignored)
        fitting = [name for name in self._chosen if self._single or _fits(function, self._terms[name])]
        if not fitting:
            raise ValueError(f"there is no column to take the {function} of")
        made = self._made({name: (function, name) for name in fitting})
        return made[fitting[0]] if self._single and not self._flat else made

    def _made(self, wanted: Wanted) -> "PrivateDataFrame":
        from op_pandas.frame import PrivateDataFrame

        if clash := wanted.keys() & set(self._by):
            raise ValueError(f"Column {min(clash)} is a key of the groups; give what is made of it another name")
        used = [*self._by, *(column for _, column in wanted.values() if column)]
        under = projected(self._rows, {name: self._terms[name].expression for name in dict.fromkeys(used)})
        relation = GroupUnit(
            relation=under,
            by=tuple(self._by),
            names=tuple(wanted),
            functions=tuple(function for function, _ in wanted.values()),
            columns=tuple(column for _, column in wanted.values()),
        )
        rows = Rows(vault=self._rows.vault, relation=relation)
        return PrivateDataFrame.of(rows, rows.base())

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if not name.startswith("_") and name in self._terms:
                return self[name]
            raise AttributeError(names.refusal(type(self).__name__, name))


def _function(given: Any) -> Aggregate:
    word = _WORK.get(str(given), str(given))
    for function in FUNCTIONS:
        if word == function:
            return function
    raise ValueError(f"{given!r} is no function of a unit's rows; use {', '.join(FUNCTIONS)}")


def _fits(function: Aggregate, term: Term) -> bool:
    """Whether pandas would take the function of such a column without being told to."""
    if function in _SUMMED:
        return term.is_summable
    if function in _ORDERED:
        return term.is_summable or term.kind == "datetime"
    return term.kind != "id"


def _no_eps(call: str, given: Sequence[object], ignored: Mapping[str, object]) -> None:
    if given or "eps" in ignored:
        raise TypeError(
            f"groups by an id are private: {call}() makes one private row per unit and takes no eps; "
            f"release a statistic of the result, e.g. {call}().mean(eps)"
        )

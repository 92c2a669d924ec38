"""``series.cat``: the public categories of a column and their numbers, in the order that ``astype("category")`` gives them in pandas.

Must not know releases. Categories are declared, never found in the rows.
"""

from typing import TYPE_CHECKING, Literal

import pandas as pd

from ag_plan.expressions import Choose, Constant, Recode, Unary
from op_pandas.keys import public_keys
from op_pandas.private import Private

if TYPE_CHECKING:
    from op_pandas.series import PrivateSeries

_MISSING = -1


class Categories(Private):
    """The categories of one column, and the number of each row's. TypeError for a column without public ones."""

    __slots__ = ("_known", "_series")

    def __init__(self, series: "PrivateSeries") -> None:
        known = public_keys(series.term)
        if known is None:
            raise TypeError(
                f"{series.name or 'this series'} has no public categories; name them with map(lambda v: v, output_categories=[…])"
            )
        self._known = list(pd.Categorical(list(known)).categories)
        self._series = series

    @property
    def categories(self) -> "pd.Index[str]":
        """The public categories, sorted."""
        known: pd.Index[str] = pd.Index(self._known)
        return known

    @property
    def ordered(self) -> Literal[False]:
        """False."""
        return False

    @property
    def codes(self) -> "PrivateSeries":
        """The number of each value among the sorted categories, -1 where it is missing."""
        of = self._series
        numbers = Recode(operand=of.term.expression, keys=tuple(self._known), values=tuple(range(len(self._known))))
        missing = Unary(operator="is_null", operand=of.term.expression)
        coded = Choose(condition=missing, then=Constant(value=_MISSING), otherwise=numbers)
        return type(of).of(of.rows, of.rows.term(coded), of.name)

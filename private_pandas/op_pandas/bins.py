"""``cut``: a private column of numbers or dates as intervals between public edges, named as pandas names them.

Must not know groups; the result is a column with public categories like any other.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from ag_plan.expressions import Binary, BinaryOperator, Choose, Constant, Expression, Scalar
from op_pandas.arguments import Bins, bound, finite
from op_pandas.epsilon import exact
from op_pandas.rows import Rows, Term
from op_pandas.scalars import constant, plain, timestamp
from op_pandas.series import PrivateSeries

Names: TypeAlias = Sequence[str] | Sequence[float] | bool | None
"""Labels of bins; None: the intervals' own, False: the bins' numbers."""

MOST_BINS = 500
"""Each is a part of the plan."""
_ORDERED = {"float", "int", "bool", "datetime"}
_MOST_DIGITS = 17


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutting:
    """How values meet edges: intervals closed on the right (else the left), the first one on both sides or not."""

    edges: tuple[int | float, ...]
    right: bool
    include_lowest: bool
    kind: str

    @property
    def public(self) -> Any:
        """The edges as pandas has them."""
        return (
            pd.DatetimeIndex([timestamp(edge) for edge in self.edges]) if self.kind == "datetime" else list(self.edges)
        )

    def compared(self, operator: BinaryOperator, value: Expression, edge: float) -> Expression:
        """A value beside an edge."""
        beside = constant(timestamp(edge)) if self.kind == "datetime" else Constant(value=edge)
        return Binary(operator=operator, left=value, right=beside)

    def numbered(self, value: Expression, labels: Sequence[Scalar]) -> Expression:
        """The label of each value's bin, null outside of all bins; found by bisection."""
        first: BinaryOperator = "ge" if self.include_lowest or not self.right else "gt"
        above = self.compared(first, value, self.edges[0])
        below = self.compared(self._below, value, self.edges[-1])
        inside = Binary(operator="and", left=above, right=below)
        return Choose(condition=inside, then=self._within(value, labels, 0), otherwise=Constant(value=None))

    @property
    def _below(self) -> BinaryOperator:
        return "le" if self.right else "lt"

    def _within(self, value: Expression, labels: Sequence[Scalar], first: int) -> Expression:
        if len(labels) == 1:
            return Constant(value=labels[0])
        middle = len(labels) // 2
        return Choose(
            condition=self.compared(self._below, value, self.edges[first + middle]),
            then=self._within(value, labels[:middle], first),
            otherwise=self._within(value, labels[middle:], first + middle),
        )


def cut(
    x: PrivateSeries,
    bins: Bins,
    right: bool = True,
    labels: Names = None,
    retbins: bool = False,
    *,
    precision: int = 3,
    include_lowest: bool = False,
    duplicates: str = "raise",
    ordered: bool = True,  # noqa: ARG001 - categories are public and in order either way
) -> Any:
    """The bin of each value, as ``pandas.cut`` names it: a private series with the bins as its categories, null outside of them.

    ``bins``: increasing edges, or so many equal bins between the column's public bounds. TypeError or ValueError for what can't be meant.
    """
    if not isinstance(x, PrivateSeries):
        raise TypeError(f"op_pandas.cut needs a PrivateSeries, not a {type(x).__name__}; use pandas.cut")
    term, edges = binned(
        x.rows, x.term, x.name or "this series", bins,
        right=right, labels=labels, precision=precision, include_lowest=include_lowest, duplicates=duplicates,
    )  # fmt: skip
    made = PrivateSeries.of(x.rows, term, x.name)
    return (made, np.asarray(edges)) if retbins else made


def binned(
    rows: Rows,
    term: Term,
    name: str,
    bins: Bins,
    *,
    right: bool = True,
    labels: Names = None,
    precision: int = 3,
    include_lowest: bool = False,
    duplicates: str = "raise",
) -> tuple[Term, Any]:
    """The term of a column's bins, and the edges as pandas has them."""
    if term.kind not in _ORDERED:
        raise TypeError(f"{name} has no order to cut it by (it is {term.kind}); its values are groups already")
    edges = _edges(bins, term, name, right=right, duplicates=duplicates)
    cutting = Cutting(edges=edges, right=right, include_lowest=include_lowest, kind=term.kind)
    named = _labels(labels, cutting, precision)
    return rows.term(cutting.numbered(term.expression, named)), cutting.public


def _edges(bins: Any, term: Term, name: str, *, right: bool, duplicates: str) -> tuple[int | float, ...]:
    if isinstance(bins, pd.IntervalIndex):
        raise TypeError("cut needs the edges of its bins, not an IntervalIndex; use labels to name bins")
    if isinstance(bins, list | tuple | np.ndarray | pd.Index | pd.Series | range):
        found = tuple(bound(edge, "an edge of bins") for edge in bins)
        if duplicates == "drop":
            found = tuple(dict.fromkeys(found))
    else:
        found = _equal(bins, term, name, right=right)
    if not 2 <= len(found) <= MOST_BINS + 1:  # noqa: PLR2004 - one bin has two edges
        raise ValueError(f"cut needs between 2 and {MOST_BINS + 1} edges")
    if any(a >= b for a, b in itertools.pairwise(found)):
        raise ValueError("bins must increase monotonically.")
    return found


def _equal(bins: object, term: Term, name: str, *, right: bool) -> tuple[float, ...]:
    """So many equal bins between the public bounds, the outermost a little wider, as pandas has it."""
    number = finite(bins, "bins")
    if not isinstance(number, int) or not 1 <= number <= MOST_BINS:
        raise ValueError(f"bins must be a whole number between 1 and {MOST_BINS}, or the edges themselves")
    lower, upper = term.schema.lower, term.schema.upper
    if lower is None or upper is None or term.kind == "datetime":
        raise ValueError(f"{name} has no bounds to cut between; give the edges of the bins")
    _, edges = pd.cut([lower, upper], number, right=right, retbins=True)
    return tuple(float(edge) for edge in edges)


def _labels(labels: Any, cutting: Cutting, precision: object) -> list[Scalar]:
    """One public label per bin, all of one kind."""
    count = len(cutting.edges) - 1
    if labels is False:
        return list(range(count))
    if labels is None:
        return _intervals(cutting, precision)
    if labels is True or isinstance(labels, str) or not hasattr(labels, "__iter__"):
        raise ValueError("Bin labels must either be False, None or passed in as a list-like argument")
    found = [plain(label) for label in labels]
    if len(found) != count:
        raise ValueError("Bin labels must be one fewer than the number of bin edges")
    if len(set(found)) < count or None in found:
        raise ValueError("bin labels must be unique, and none of them missing")
    return found


def _intervals(cutting: Cutting, precision: object) -> list[Scalar]:
    digits = exact(precision, "precision")
    if digits.denominator != 1 or not 0 <= digits <= _MOST_DIGITS:
        raise ValueError(f"precision must be a whole number from 0 to {_MOST_DIGITS}")
    edges = cutting.public
    named = pd.cut(edges, edges, right=cutting.right, include_lowest=cutting.include_lowest, precision=int(digits))
    return [str(interval) for interval in named.categories]

"""Covariances and correlations of private columns: asked as pairs, shaped as pandas' matrices.

Must not know prices or noise. A matrix counts the rows that have a value in all of its columns, so that it is one of a real sample.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import msgspec
import numpy as np

from ag_plan.messages import Released
from ag_plan.releases import Corr, Cov
from op_pandas import results
from op_pandas.calls import Call, freedom
from op_pandas.projection import Matrix, correlation, known, semidefinite
from op_pandas.releases import release
from op_pandas.results import ReleasedFloat, ReleasedFrame
from op_pandas.rows import Rows, Term, common

Cells: TypeAlias = tuple[tuple[float | int | None, ...], ...]
Column: TypeAlias = tuple[Rows, Term, str | None]
_LEAST = 2


def measure(name: str, columns: Sequence[str], ddof: object, method: object) -> Cov | Corr:
    """What a frame asks for by a name, ``cov`` or ``corr``. ValueError where there are too few columns, or for other methods."""
    check_method(method)
    if len(columns) < _LEAST:
        raise ValueError(f"{name} needs at least two numeric columns")
    return Cov(columns=tuple(columns), ddof=freedom(ddof)) if name == "cov" else Corr(columns=tuple(columns))


def check_method(method: object) -> None:
    """ValueError for a correlation other than Pearson's."""
    if method != "pearson":
        raise ValueError("corr is Pearson's; correlations of ranks are not available")


def matrix(released: Released, columns: Sequence[str]) -> ReleasedFrame:
    """A release of pairs as a symmetric matrix."""
    whole = squared(released, columns)
    return results.frame(whole, list(columns), list(columns), list)


def squared(released: Released, columns: Sequence[str]) -> Released:
    """A release of pairs as one of rows of matrices, one per group: index and columns as those of the release that it isn't."""
    is_cov = released.columns == ("cov",)
    pairs = len(columns) * (len(columns) - 1) // 2
    size = pairs + (len(columns) if is_cov else 0)
    starts = range(0, len(released.index), size)
    values: list[tuple[float | None, ...]] = []
    widths: list[tuple[float | None, ...]] = []
    for start in starts:
        cells = released.values[start : start + size]
        values += _rows(_projected(_square(cells, len(columns), 1.0), semidefinite if is_cov else correlation))
        widths += _rows(_square(released.half_widths[start : start + size], len(columns), 0.0))
    index = tuple((*released.index[start][:-2], name) for start in starts for name in columns)
    return msgspec.structs.replace(
        released, index=index, columns=tuple(columns), values=tuple(values), half_widths=tuple(widths)
    )


def _square(cells: Cells, size: int, diagonal: float) -> Matrix:
    """Pairs (and then each column with itself, where there are more) as a matrix; NaN where nothing is known."""
    flat = np.array([np.nan if cell[0] is None else cell[0] for cell in cells], dtype=np.float64)
    found = np.full((size, size), diagonal)
    above = np.triu_indices(size, 1)
    found[above] = flat[: len(above[0])]
    found.T[above] = found[above]
    if len(flat) > len(above[0]):
        np.fill_diagonal(found, flat[len(above[0]) :])
    else:
        unknown = np.isnan(found).sum(axis=1) == size - 1
        found[unknown, unknown] = np.nan
    return found


def _projected(found: Matrix, onto: Callable[[Matrix], Matrix]) -> Matrix:
    kept = known(found)
    if kept.any():
        found[np.ix_(kept, kept)] = onto(found[np.ix_(kept, kept)])
    return found


def _rows(found: Matrix) -> list[tuple[float | None, ...]]:
    return [tuple(None if np.isnan(value) else float(value) for value in row) for row in found]


def of_two(call: Call, one: Column, other: object, ask: Callable[[tuple[str, str]], Cov | Corr]) -> ReleasedFloat:
    """A number of two columns of the same rows. TypeError where the other isn't private, ValueError where rows aren't the same."""
    from op_pandas.series import PrivateSeries

    if not isinstance(other, PrivateSeries):
        raise TypeError(f"{call.name} needs another PrivateSeries over the same rows, not a {type(other).__name__}")
    rows, term, name = one
    first = name or "this series"
    second = other.name or "the other series"
    if second == first:
        second = f"{second} (other)"
    terms: Mapping[str, Term] = {first: term, second: other.term}
    for label, each in terms.items():
        if not each.is_summable:
            raise TypeError(f"{label} is not a numeric column (it is {each.kind})")
    return results.number(release(common(rows, other.rows), terms, ask((first, second)), call.spend))

"""Bounds and bins as analysts write them, parsed once, before anything is sent.

Must not know columns; every refusal is one sentence that names the argument.
"""

import itertools
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from op_pandas.epsilon import Number, exact
from op_pandas.scalars import micros

Bound: TypeAlias = Number | datetime | date | pd.Timestamp | np.datetime64
Bounds: TypeAlias = tuple[Bound, Bound] | list[Any]
Bins: TypeAlias = int | Sequence[float] | npt.NDArray[Any]

MAX_BINS = 10_000
_INT64 = range(-(2**63), 2**63)


def finite(value: object, what: str) -> int | float:
    """A finite number as int or float. TypeError or ValueError, named after ``what``."""
    number = exact(value, what)
    try:
        result: int | float = int(number) if number.denominator == 1 and not _is_floating(value) else float(number)
    except OverflowError:
        raise ValueError(f"{what} must be a finite number, not {value!r}") from None
    if isinstance(result, int) and result not in _INT64:
        raise ValueError(f"{what} must fit in 64 bits")
    return result


def _is_floating(value: object) -> bool:
    return isinstance(value, float | np.floating)


def bound(value: object, what: str) -> int | float:
    """A bound: a finite number, or a point in time in microseconds."""
    if isinstance(value, datetime | date | np.datetime64):
        return micros(value)
    return finite(value, what)


def bounds(value: object, what: str) -> tuple[int | float, int | float]:
    """A pair (lower, upper), lower ≤ upper."""
    if not isinstance(value, tuple | list) or len(value) != 2:  # noqa: PLR2004 - a pair
        raise TypeError(f"{what} must be a pair (lower, upper)")
    lower, upper = bound(value[0], f"the lower bound of {what}"), bound(value[1], f"the upper bound of {what}")
    if lower > upper:
        raise ValueError(f"the lower bound of {what} must not exceed the upper bound")
    return lower, upper


def edges(bins: object, lower: float | None, upper: float | None, column: str) -> tuple[float, ...]:
    """Edges of a histogram: those given, or so many equal bins between the column's public bounds."""
    if isinstance(bins, list | tuple | np.ndarray | pd.Index | pd.Series | range):
        return _given_edges(bins)
    number = finite(bins, "bins")
    if not isinstance(number, int) or not 1 <= number <= MAX_BINS:
        raise ValueError(f"bins must be a whole number between 1 and {MAX_BINS}, or the edges themselves")
    if lower is None or upper is None:
        raise ValueError(f"{column} has no bounds; give the edges of the bins, or bounds with clip(lower, upper)")
    if lower == upper:
        lower, upper = lower - 0.5, upper + 0.5
    return tuple(float(edge) for edge in np.linspace(lower, upper, number + 1))


def _given_edges(bins: Any) -> tuple[float, ...]:
    if not 2 <= len(bins) <= MAX_BINS + 1:  # noqa: PLR2004 - one bin has two edges
        raise ValueError(f"bins must have between 2 and {MAX_BINS + 1} edges")
    found = tuple(float(finite(edge, "an edge of bins")) for edge in bins)
    if any(a >= b for a, b in itertools.pairwise(found)):
        raise ValueError("the edges of bins must increase")
    return found

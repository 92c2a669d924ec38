"""Histograms of two columns together: bins as numpy's ``histogram2d`` takes them, parsed before anything is sent.

Must not know prices or noise.
"""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ag_plan.releases import JointHistogram
from op_pandas import results
from op_pandas.arguments import Bins, bounds, edges
from op_pandas.calls import Call
from op_pandas.columns import label
from op_pandas.releases import release
from op_pandas.results import ReleasedTuple
from op_pandas.rows import Rows, Term

Bins2d: TypeAlias = Bins | Sequence[Bins] | npt.NDArray[Any]
"""A number for both columns or one for each, edges for both or for each, or a number for one and edges for the other."""
Range2d: TypeAlias = Sequence[Sequence[float]] | npt.NDArray[Any]

MOST_CELLS = 50_000
_TWO = 2
_SEQUENCES = (list, tuple, np.ndarray, pd.Index, pd.Series, range)


def histogram2d(
    call: Call, rows: Rows, terms: Mapping[str, Term], columns: tuple[object, object], spread: tuple[object, object]
) -> ReleasedTuple:
    """``(h, xedges, yedges)`` of two different columns; ``spread``: bins and range. TypeError or ValueError for what can't be meant."""
    names = tuple(label(each, terms) for each in columns)
    if names[0] == names[1]:
        raise ValueError(
            f"{call.name} needs two different columns, not {names[0]} twice; use hist('{names[0]}', eps=…)"
        )
    for name in names:
        if terms[name].kind in {"str", "id"}:
            raise TypeError(f"{name} is not a numeric column")
    bins, within = spread
    limits = _limits(within, names, terms)
    both = tuple(edges(each, *limit, name) for each, limit, name in zip(_each(bins), limits, names, strict=True))
    if prod(len(found) - 1 for found in both) > MOST_CELLS:
        raise ValueError(f"{call.name} has up to {MOST_CELLS} bins in all; ask for fewer")
    chosen = {name: terms[name] for name in names}
    released = release(rows, chosen, JointHistogram(columns=names, edges=both), call.spend)
    return results.joint_histogram(released, both)


def _each(bins: Any) -> tuple[Any, Any]:
    """The bins of either column, told apart as numpy does: two things are one for each, anything else is for both."""
    if isinstance(bins, _SEQUENCES) and len(bins) == _TWO:
        first, second = bins
        return first, second
    return bins, bins


def _limits(
    within: object, names: Sequence[str], terms: Mapping[str, Term]
) -> list[tuple[int | float | None, int | float | None]]:
    """Between what equal bins lie: the range given, or each column's public bounds."""
    if within is None:
        return [(terms[name].schema.lower, terms[name].schema.upper) for name in names]
    if not isinstance(within, _SEQUENCES) or len(within) != _TWO:
        raise TypeError("range must be a pair of pairs (lower, upper), one for each column")
    return [bounds(tuple(each) if isinstance(each, _SEQUENCES) else each, "range") for each in within]

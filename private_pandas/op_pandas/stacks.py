"""Frames one above the other (``concat``), or columns of the same rows side by side.

Must not know what rows cost: the vault adds up what each side may hold of a unit.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from ag_plan.expressions import Constant, Expression
from ag_plan.relations import Append, Relation
from op_pandas import construct
from op_pandas.frame import PrivateDataFrame
from op_pandas.joins import beside
from op_pandas.rows import Rows, projected
from op_pandas.series import PrivateSeries

_NULL = Constant(value=None)


def concat(
    objs: Iterable[Any], axis: Any = 0, join: str = "outer", ignore_index: bool = False, **others: object
) -> Any:
    """``axis=0``: the rows of all objects, columns matched by name, null where one has none of it; ``axis=1``: columns of the same rows.

    Series alone give a series. Public frames may be among them. Raises ValueError or TypeError; nothing is charged.
    """
    del ignore_index  # rows have no index
    if join not in {"outer", "inner"}:
        raise ValueError(f"join must be 'outer' or 'inner', not {join!r}")
    meaningful = [name for name, value in others.items() if name not in {"sort", "copy"} and value not in (None, False)]
    if meaningful:
        raise TypeError(f"concat has no {meaningful[0]} here: rows have no index")
    if isinstance(objs, Mapping | str | PrivateDataFrame | PrivateSeries):
        raise TypeError("concat needs a list of frames or series")
    given = list(objs)
    if not any(isinstance(each, PrivateDataFrame | PrivateSeries) for each in given):
        raise TypeError("op_pandas.concat needs at least one private object; use pandas.concat for public ones")
    if axis in (1, "columns"):
        return _side_by_side(given, join)
    if all(isinstance(each, PrivateSeries) for each in given):
        names = {each.name for each in given}
        name = names.pop() if len(names) == 1 else None
        made = _above([each.to_frame(construct.SERIES) for each in given], join)
        return PrivateSeries.of(made.rows, made.terms[construct.SERIES], name)
    return _above([_frame(each) for each in given], join)


def _frame(each: Any) -> PrivateDataFrame:
    if isinstance(each, PrivateSeries):
        return each.to_frame()
    if isinstance(each, pd.DataFrame):
        return PrivateDataFrame(each)
    if not isinstance(each, PrivateDataFrame):
        raise TypeError(f"concat needs frames or series, not a {type(each).__name__}")
    return each


def _side_by_side(given: list[Any], join: str) -> PrivateDataFrame:
    frames = [_frame(each) for each in given]
    made = frames[0]
    for frame in frames[1:]:
        made = beside(made, frame, None, join, ("", ""))
    return made


def _above(frames: list[PrivateDataFrame], join: str) -> PrivateDataFrame:
    """All rows, in a balanced tree so that many frames don't nest deeply."""
    names = list(dict.fromkeys(name for frame in frames for name in frame.terms))
    if join == "inner":
        names = [name for name in names if all(name in frame.terms for frame in frames)]
    if not names:
        raise ValueError("the frames have no column to put above each other")
    layer: list[Relation] = [projected(frame.rows, _completed(frame, names)) for frame in frames]
    while len(layer) > 1:
        pairs = [layer[i : i + 2] for i in range(0, len(layer), 2)]
        layer = [Append(left=pair[0], right=pair[1]) if len(pair) > 1 else pair[0] for pair in pairs]
    rows = Rows(vault=frames[0].rows.vault, relation=layer[0])
    return PrivateDataFrame.of(rows, rows.base())


def _completed(frame: PrivateDataFrame, names: list[str]) -> dict[str, Expression]:
    return {name: frame.terms[name].expression if name in frame.terms else _NULL for name in names}

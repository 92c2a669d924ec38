"""Indexes, series and frames: pandas' where pandas is installed, plain dictionaries where it is not.

Must not know the wire. Without pandas an index is a list, a series a dictionary by index, a frame a dictionary of columns.
"""

import re
from collections.abc import Sequence
from typing import Any

_DTYPE = re.compile(
    r"object|str|string|bool|boolean|category|float(32|64)|Float(32|64)|u?int(8|16|32|64)|U?Int(8|16|32|64)"
    r"|(datetime|timedelta)64\[(s|ms|us|ns)(, [\w/+:-]{1,64})?\]"
)
"""The types that a column may ask for by name; any other is left to what its values are."""


def _pandas() -> Any:
    try:
        import pandas as pd
    except ImportError:
        return None
    return pd


def _dtype(name: Any) -> str | None:
    return name if isinstance(name, str) and _DTYPE.fullmatch(name) else None


def column(values: Any, *, dtype: Any) -> Any:
    """The values of one column, as ``dtype`` where it is a known one."""
    pd = _pandas()
    named = _dtype(dtype)
    return values if pd is None or named is None else pd.array(values, dtype=named)


def index(values: Any, *, name: Any, dtype: Any) -> Any:
    """An index over the values, as ``dtype`` where it is a known one."""
    pd = _pandas()
    if pd is None:
        return list(values)
    return pd.Index(values, name=name, dtype=_dtype(dtype))


def multiindex(levels: Sequence[Any], codes: Sequence[Any], *, names: Sequence[Any]) -> Any:
    """An index of several levels; ``codes`` say per level which value each row has."""
    pd = _pandas()
    if pd is None:
        columns = [
            [level[code] if code >= 0 else None for code in line] for level, line in zip(levels, codes, strict=True)
        ]
        return list(zip(*columns, strict=True))
    return pd.MultiIndex(levels=levels, codes=codes, names=names)


def series(values: Any, *, index: Any, name: Any) -> Any:
    """One column with its index."""
    pd = _pandas()
    if pd is None:
        return dict(zip(index, values, strict=True))
    return pd.Series(values, index=index, name=name)


def frame(data: Sequence[Any], *, columns: Any, index: Any) -> Any:
    """Columns side by side over one index; column names may repeat."""
    pd = _pandas()
    if pd is None:
        return dict(zip(columns, (list(values) for values in data), strict=True))
    built = pd.DataFrame(dict(enumerate(data)), index=index)
    built.columns = columns
    return built

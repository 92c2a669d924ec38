"""Indexes, series and frames: pandas' where pandas is installed, plain dictionaries where it is not.

Must not know the wire. Without pandas an index is a list, a series a dictionary by label, a frame a dictionary of columns, each a list where
rows are only counted, else a dictionary by label. Labels that repeat leave lists in order: no row is lost.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from antigranular.errors import WireError

_DTYPE = re.compile(
    r"object|str|string|bool|boolean|category|float(32|64)|Float(32|64)|u?int(8|16|32|64)|U?Int(8|16|32|64)"
    r"|(datetime|timedelta)64\[(s|ms|us|ns)(, [\w/+:-]{1,64})?\]"
)
"""The types that a column may ask for by name; any other is left to what its values are."""


_ZONE = re.compile(r"[\w/+:-]{1,64}")
_FREQ = re.compile(r"[\w-]{1,32}")
_MICROSECONDS = {"s": 1_000_000, "ms": 1000, "us": 1, "ns": 0.001}


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


def missing(name: str) -> Any:
    """Pandas' ``NA`` or ``NaT``; None without it."""
    return getattr(_pandas(), name, None)


def texts(run: bytes, lengths: Sequence[int]) -> list[Any]:
    """Texts from one run of bytes, by their lengths. Raises WireError where these don't fit."""
    place = 0
    kinds = {-1: None, -2: float("nan"), -3: missing("NA"), -4: missing("NaT")}
    found: list[Any] = []
    for length in lengths:
        if length < 0:
            found.append(kinds[length])
            continue
        found.append(run[place : place + length].decode("utf-8", "surrogatepass"))
        place += length
    if place != len(run):
        raise WireError("an exported column of texts does not fit its lengths")
    return found


def masked(values: Any, mask: Any, *, dtype: Any) -> Any:
    """Numbers of which some are missing."""
    pd = _pandas()
    if pd is None:
        return [None if hidden else value for value, hidden in zip(values, mask, strict=True)]
    if dtype == "boolean":
        return pd.arrays.BooleanArray(values, mask)
    return (pd.arrays.FloatingArray if str(dtype).startswith("F") else pd.arrays.IntegerArray)(values, mask)


def zoned(values: Any, *, tz: Any) -> Any:
    """Moments in a time zone, from their time in UTC; without pandas they stay in UTC."""
    pd = _pandas()
    if pd is None:
        return [None if value is None else value.replace(tzinfo=UTC) for value in values]
    return pd.array(values).tz_localize("UTC").tz_convert(_fits(_ZONE, tz))


def categorical(categories: Any, codes: Any, *, ordered: Any) -> Any:
    """Values by the number of their category; -1 for none."""
    pd = _pandas()
    if pd is None:
        return [categories[code] if code >= 0 else None for code in codes]
    return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(categories, ordered=bool(ordered)))


def intervals(left: Any, right: Any, *, closed: Any) -> Any:
    """Intervals between two indexes; pairs without pandas."""
    pd = _pandas()
    if pd is None:
        return list(zip(left, right, strict=True))
    return pd.arrays.IntervalArray.from_arrays(left, right, closed=closed)


def interval(left: Any, right: Any, *, closed: Any) -> Any:
    """One of them."""
    pd = _pandas()
    return (left, right) if pd is None else pd.Interval(left, right, closed=closed)


def periods(ordinals: Any, *, freq: Any) -> Any:
    """Periods by their number since 1970; numbers without pandas."""
    pd = _pandas()
    return ordinals if pd is None else pd.PeriodIndex.from_ordinals(ordinals, freq=_fits(_FREQ, freq)).array


def period(ordinal: int, *, freq: Any) -> Any:
    """One of them."""
    pd = _pandas()
    return ordinal if pd is None else pd.Period(ordinal=ordinal, freq=_fits(_FREQ, freq))


def moment(ticks: int, *, unit: Any, tz: Any) -> Any:
    """A moment, exactly; a datetime in UTC, to the microsecond, without pandas."""
    pd = _pandas()
    if pd is None:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + span(ticks, unit=unit)
        return moment.replace(tzinfo=None) if tz is None else moment
    import numpy as np

    bare = pd.Timestamp(np.array(ticks, dtype=f"M8[{_unit(unit)}]")[()])
    found = bare if tz is None else bare.tz_localize("UTC").tz_convert(_fits(_ZONE, tz))
    repr(found)  # pandas holds moments that it can't show: refused here, where it is said of which value
    return found


def span(ticks: int, *, unit: Any) -> Any:
    """A span of time, exactly; a timedelta, to the microsecond, without pandas."""
    pd = _pandas()
    if pd is None:
        return timedelta(microseconds=ticks * _MICROSECONDS[_unit(unit)])
    import numpy as np

    return pd.Timedelta(np.array(ticks, dtype=f"m8[{_unit(unit)}]")[()])


def _unit(unit: Any) -> str:
    if unit not in _MICROSECONDS:
        raise WireError(f"an exported moment is counted in {unit!r}, which this client does not know")
    return str(unit)


def _fits(pattern: re.Pattern[str], text: Any) -> str:
    if not isinstance(text, str) or not pattern.fullmatch(text):
        raise WireError(f"an exported value names {text!r}, which this client does not know")
    return text


def run_of(start: int, stop: int, step: int, *, name: Any) -> Any:
    """The index that counts."""
    pd = _pandas()
    return list(range(start, stop, step)) if pd is None else pd.RangeIndex(start, stop, step, name=name)


def index(values: Any, *, name: Any, dtype: Any, freq: Any = None) -> Any:
    """An index over the values, as ``dtype`` where it is a known one."""
    pd = _pandas()
    if pd is None:
        return list(values)
    # Categories and intervals bring a type that is more than its name.
    known = None if hasattr(values, "categories") else _dtype(dtype)
    made = pd.Index(values, name=name, dtype=known)
    return made if freq is None else type(made)(made, freq=_fits(_FREQ, freq))


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
        return _labelled(values, index)
    return _series(pd, values, index).rename(name)


def _labelled(values: Any, labels: Any) -> dict[Any, Any] | list[Any]:
    return dict(zip(labels, values, strict=True)) if len(set(labels)) == len(labels) else list(values)


def _series(pd: Any, values: Any, index: Any) -> Any:
    # Objects are named as such, or pandas would make texts of those that happen to be.
    return pd.Series(values, index=index, dtype="object" if getattr(values, "dtype", None) == "object" else None)


def frame(data: Sequence[Any], *, columns: Any, index: Any) -> Any:
    """Columns side by side over one index; column names may repeat."""
    pd = _pandas()
    if pd is None:
        counted = list(index) == list(range(len(index)))
        return dict(zip(columns, (list(v) if counted else _labelled(v, index) for v in data), strict=True))
    built = pd.DataFrame({place: _series(pd, values, index) for place, values in enumerate(data)}, index=index)
    built.columns = columns
    return built

"""One column of a table that a value was made from, as far as one must know it to find it in the value again.

It must not know where in the value it is looked for.
"""

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

FEW: Final = 10
"""Rows, or persons: of so few something is told of each."""
_LONG: Final = 6
_SHORT: Final = 4
"""So many digits or letters don't agree by chance; fewer may, and then three values must; a whole number of fewer yet says nothing."""
_ENOUGH: Final = 3
_NUMBERS: Final = "iufb"
_SECOND: Final = 1_000_000
Plain = float | str | None
"""A value so that equal ones are equal however they are written; None for a missing one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. ``distinct``: how many values it has; ``often``: how many rows have each of those that are looked for."""

    distinct: int
    often: Mapping[Plain, int]

    def holds_most_of(self, values: Sequence[Plain]) -> bool:
        """Whether these are its values, in whatever order; also most of them, and the most of a long sample."""
        mine = [each for each in values if each is not None]
        if len(mine) < FEW or self.distinct < FEW or len(set(mine)) < FEW:
            return False
        return sum(each in self.often for each in mine) >= len(mine) * 0.9

    def shown_by(self, values: Iterable[Plain]) -> bool:
        """Whether these have some of its values that few rows hold: one person's, as a maximum is."""
        rare = {each for each in values if 0 < self.often.get(each, 0) < FEW and _says_much(each)}
        return len(rare) >= _ENOUGH or any(_length(each) >= _LONG for each in rare)


def column_of(values: "pd.Series[Any]", wanted: AbstractSet[Plain]) -> Column:
    """A column, looked at for these values. Keeps no more of it than these."""
    counted = _written(values).dropna().value_counts()
    found = counted[counted.index.isin(list(wanted))]
    often = dict(zip(found.index.tolist(), found.tolist(), strict=True))
    return Column(distinct=len(counted), often=often)


def _written(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """Its values as ``comparable`` has them."""
    kind = getattr(values.dtype, "kind", "O")
    if kind == "M":
        ticks = values.astype("datetime64[us]")
        return (ticks.astype("int64") / _SECOND).where(ticks.notna())
    if kind in _NUMBERS:
        return pd.Series(values.to_numpy(dtype="float64", na_value=np.nan))
    numbers = pd.to_numeric(values, errors="coerce")
    return numbers.astype("float64") if numbers.notna().mean() > 0.5 else values  # noqa: PLR2004 - most of it are numbers


def _says_much(value: Plain) -> bool:
    return isinstance(value, str) or (value is not None and (not value.is_integer() or _length(value) >= _SHORT))


def _length(value: Plain) -> int:
    """Letters of a text, digits of a number."""
    return len(value) if isinstance(value, str) else len(repr(value).partition("e")[0].replace(".", "").strip("-0"))


def comparable(value: Any) -> Plain:
    """A number (also one in a text) as a float, a moment as seconds since 1970, anything else as text."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, dt.date):
        moment = value if isinstance(value, dt.datetime) else dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001 - as those of the tables
        return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        return _number(value)
    return str(value)


def _number(value: float | str) -> Plain:
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return str(value)
    return found if math.isfinite(found) else None

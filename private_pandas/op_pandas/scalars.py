"""Public values an analyst writes beside private ones, as constants of the plan; and back, for what is shown.

Must not know columns or frames.
"""

import math
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from ag_plan.expressions import Constant, Expression, Instant, Scalar
from op_pandas.epsilon import Number

PublicScalar: TypeAlias = (
    bool | str | Number | datetime | date | pd.Timestamp | np.datetime64 | timedelta | np.timedelta64 | np.bool_ | None
)
"""What may stand beside a private column in an operator."""

_PLAIN: dict[type, Callable[[Any], Scalar]] = {
    bool: bool,
    int: int,
    float: float,
    str: str,
    type(None): lambda _: None,
    np.bool_: bool,
    np.str_: str,
}
_INSTANTS = (datetime, date, np.datetime64)


def is_public_scalar(value: object) -> bool:
    """Whether a value may be a constant of the plan."""
    return (
        type(value) in _PLAIN or value is pd.NaT or isinstance(value, int | float | str | np.generic | datetime | date)
    )


def plain(value: object) -> Scalar:
    """A public value as bool, int, float, str or None; NaN and NaT are None, datetimes are microseconds. TypeError else."""
    if value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, _INSTANTS):
        return micros(value)
    if isinstance(value, timedelta | np.timedelta64):
        return int(pd.Timedelta(value) / pd.Timedelta(microseconds=1))
    convert = _PLAIN.get(type(value))
    if convert is None:
        convert = next((c for kind, c in _FAMILIES if isinstance(value, kind)), None)
    if convert is None:
        raise TypeError(
            f"a {type(value).__name__} can't stand beside a private column; use a number, text, date or None"
        )
    result = convert(value)
    return None if isinstance(result, float) and math.isnan(result) else result


_FAMILIES: tuple[tuple[type | tuple[type, ...], Callable[[Any], Scalar]], ...] = (
    (np.integer, int),
    (np.floating, float),
    (int, int),
    (float, float),
    (str, str),
)


def micros(value: object) -> int:
    """Microseconds since 1970-01-01 of a point in time or of text that says one. ValueError where it says none."""
    try:
        stamp = pd.Timestamp(value)  # type: ignore[arg-type]
    except (ValueError, TypeError):
        raise ValueError(f"{value!r} is not a date or time") from None
    if pd.isna(stamp):
        raise ValueError(f"{value!r} is not a date or time")
    if stamp.tzinfo is not None:
        stamp = stamp.tz_convert("UTC").tz_localize(None)
    return int(stamp.to_datetime64().astype("datetime64[us]").astype(np.int64))


def timestamp(value: float) -> pd.Timestamp:
    """The point in time of so many microseconds."""
    return pd.Timestamp(int(value), unit="us")


def constant(value: object, beside: str | None = None) -> Expression:
    """The constant of a public value. Beside a datetime column (``beside``), text is read as a date, as pandas does."""
    if value is pd.NaT:
        return Constant(value=None)
    if isinstance(value, _INSTANTS):
        return Instant(micros=micros(value))
    if beside == "datetime" and isinstance(value, str):
        return Instant(micros=micros(value))
    return Constant(value=plain(value))

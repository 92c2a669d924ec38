"""The word ``DatePart``: a field of a point in time. Knows no column."""

from datetime import datetime, timedelta

from sqlglot import exp

from ag_plan.expressions import DatePart
from ag_vault.errors import Refusal
from ag_vault.expressions.term import (
    SQL_TYPES,
    Scope,
    Term,
    bounded,
    case,
    combine,
    convert,
    function,
    literal,
    wrong_kind,
)

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - points in time have no zone here
_FIRST = (datetime(1, 1, 1) - _EPOCH) // timedelta(microseconds=1)  # noqa: DTZ001 - all datetimes of the plan are UTC and naive
_LAST = (datetime(9999, 12, 31, 23, 59, 59, 999999) - _EPOCH) // timedelta(microseconds=1)  # noqa: DTZ001 - all datetimes of the plan are UTC and naive
_FIELDS: dict[str, tuple[str, int, int]] = {
    "year": ("YEAR", 1, 9999),
    "quarter": ("QUARTER", 1, 4),
    "month": ("MONTH", 1, 12),
    "day": ("DAY", 1, 31),
    "dayofweek": ("ISODOW", 0, 6),
    "dayofyear": ("DAYOFYEAR", 1, 366),
    "hour": ("HOUR", 0, 23),
    "minute": ("MINUTE", 0, 59),
    "second": ("SECOND", 0, 59),
    "microsecond": ("MICROSECOND", 0, 999_999),
}


def rule(node: DatePart, operands: tuple[Term, ...], scope: Scope) -> Term | Refusal:
    """Takes: a point in time. Gives: an integer within the field's own bounds. Why: one row in, one value out.

    Fails: on kinds; on no row: outside the years 1 to 9999 the field is null.
    """
    term = operands[0]
    if term.space.kind not in ("datetime", "null"):
        return wrong_kind(node.field, "a datetime", term)
    named = scope.steps.name(convert(term, "datetime"))
    bounds = named.space.bounds
    known = bounds is not None and bounds[0] >= _FIRST and bounds[1] <= _LAST
    inside = exp.And(
        this=exp.GTE(this=named.sql.copy(), expression=literal(_FIRST, "int")),
        expression=exp.LTE(this=named.sql.copy(), expression=literal(_LAST, "int")),
    )
    name, low, high = _FIELDS[node.field]
    # The guard is inside the call, so that no order of evaluation can meet a time that the engine hasn't.
    field = function(name, function("MAKE_TIMESTAMP", case((inside, named.sql.copy()))))
    if node.field == "dayofweek":
        field = exp.Sub(this=field, expression=literal(1, "int"))
    if node.field == "microsecond":
        field = exp.Mod(this=field, expression=literal(1_000_000, "int"))
    if node.field == "year" and bounds is not None and known:
        low, high = _year(int(bounds[0])), _year(int(bounds[1]))
    space = bounded("int", (low, high), nullable=named.space.nullable or not known)
    return combine(space, exp.Cast(this=field, to=SQL_TYPES["int"].copy()), named)


def _year(micros: int) -> int:
    return (_EPOCH + timedelta(microseconds=micros)).year

"""What each expression means, once more and in plain Python, for comparison. Knows no SQL and none of the vault."""

import datetime as dt
import math
from collections.abc import Callable, Mapping
from typing import Any

from ag_plan import expressions as words

LIMIT = 2**63


def value_of(node: words.Expression, row: Mapping[str, Any]) -> Any:
    """The value of an expression on a row; None for null."""
    return _MEANINGS[type(node)](node, row)


def _unary(node: words.Unary, row: Mapping[str, Any]) -> Any:
    value = value_of(node.operand, row)
    if node.operator == "is_null":
        return value is None
    return None if value is None else real(_UNARY[node.operator], value)


def _binary(node: words.Binary, row: Mapping[str, Any]) -> Any:
    left, right = value_of(node.left, row), value_of(node.right, row)
    if node.operator == "and":
        return False if left is False or right is False else None if left is None or right is None else True
    if node.operator == "or":
        return True if left is True or right is True else None if left is None or right is None else False
    return None if left is None or right is None else real(_BINARY[node.operator], left, right)


def real(operation: Callable[..., Any], *operands: Any) -> Any:
    """The operation's value where it is a real number that fits; None otherwise."""
    try:
        value = operation(*operands)
    except (ZeroDivisionError, OverflowError, ValueError):
        return None
    if isinstance(value, complex) or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value


_UNARY: dict[str, Callable[[Any], Any]] = {
    "neg": lambda a: -a,
    "not": lambda a: not a,
    "abs": abs,
    "floor": math.floor,
    "ceil": math.ceil,
    "round": round,
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
}
_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "floordiv": lambda a, b: math.floor(a / b) if isinstance(a, float) or isinstance(b, float) else a // b,
    "mod": lambda a, b: a % b,
    "pow": math.pow,
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "xor": lambda a, b: a != b,
    "least": lambda a, b: min(a, b) + 0,
    "greatest": lambda a, b: max(a, b) + 0,
}


def _is_in(node: words.IsIn, row: Mapping[str, Any]) -> bool:
    value = value_of(node.operand, row)
    return value is not None and any(
        other is not None and isinstance(other, bool) == isinstance(value, bool) and other == value
        for other in node.values
    )


def _choose(node: words.Choose, row: Mapping[str, Any]) -> Any:
    return value_of(node.then if value_of(node.condition, row) is True else node.otherwise, row)


def _coalesce(node: words.Coalesce, row: Mapping[str, Any]) -> Any:
    value = value_of(node.operand, row)
    return value_of(node.fallback, row) if value is None else value


def _clamp(node: words.Clamp, row: Mapping[str, Any]) -> Any:
    value = value_of(node.operand, row)
    return None if value is None else min(max(value, node.lower), node.upper)


def _cast(node: words.Cast, row: Mapping[str, Any]) -> Any:
    value = value_of(node.operand, row)
    return None if value is None else _CASTS[node.to](value)


def _to_int(value: Any) -> Any:
    if isinstance(value, str):
        return int(value) if value.isdigit() else None
    whole = math.trunc(value)
    return whole if -LIMIT <= whole < LIMIT else None


def _to_datetime(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        moment = dt.datetime.fromisoformat(value)
    except ValueError:
        return None
    return (moment - dt.datetime(1970, 1, 1)) // dt.timedelta(microseconds=1)  # noqa: DTZ001


def _to_float(value: Any) -> Any:
    try:
        return real(float, value)
    except ValueError:
        return None


_CASTS: dict[str, Callable[[Any], Any]] = {
    "float": _to_float,
    "int": _to_int,
    "bool": lambda value: {"true": True, "false": False}.get(value) if isinstance(value, str) else value != 0,
    "str": str,
    "datetime": _to_datetime,
}

_MEANINGS: dict[type, Callable[[Any, Mapping[str, Any]], Any]] = {
    words.Column: lambda node, row: row[node.name],
    words.Constant: lambda node, row: node.value,
    words.Instant: lambda node, row: node.micros,
    words.Unary: _unary,
    words.Binary: _binary,
    words.IsIn: _is_in,
    words.Choose: _choose,
    words.Coalesce: _coalesce,
    words.Clamp: _clamp,
    words.Cast: _cast,
}

"""What makes a value conform, as SQL expressions: each gives a value of its column's space, or null, for anything at all.

Pure: names, types and bounds in, expressions out; runs nothing. After it, no row can raise.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from ag_vault.catalog import ColumnRecord, Kind
from ag_vault.space import USUAL_CHARACTERS

CUT, TOO_LONG = "cut", "too long"
"""Texts beyond the length that was declared; beyond the usual one, where none was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conformed:
    """A column's parsed value, its conforming value, and what was coerced between, as predicates by name."""

    value: exp.Expr
    coercions: Mapping[str, exp.Expr]


def conform(column: ColumnRecord, raw: exp.Expr, engine_type: str) -> Conformed:
    """The column as its metadata wants it, from ``raw``, a value of the file of the engine's type ``engine_type``."""
    is_text = engine_type == "VARCHAR"
    present = _given(raw) if is_text else raw
    parsed = _PARSE[column.kind](present, engine_type)
    value, coercions = parsed, {"unreadable": _lost(present, parsed)}
    if column.kind == "float":
        value = _case(exp.func("ISFINITE", parsed), parsed)
        coercions["unreadable"] = _lost(present, value)
    if column.kind == "int" and not engine_type.endswith("INT"):
        number = _try(present, "DOUBLE")
        coercions["rounded"] = exp.NEQ(this=number, expression=exp.func("ROUND", number))
    if column.categories is not None:
        known = exp.In(this=parsed, expressions=[_literal(column.kind, each) for each in column.categories])
        coercions["unknown category"] = exp.and_(exp.not_(exp.paren(known)), _not_null(parsed))
        value = _case(known, parsed)
    elif column.lower is not None and column.upper is not None:
        lower, upper = (_literal(column.kind, bound) for bound in (column.lower, column.upper))
        outside = exp.or_(exp.LT(this=value, expression=lower), exp.GT(this=value, expression=upper))
        coercions["clamped"] = outside
        value = _case(_not_null(value), exp.func("LEAST", exp.func("GREATEST", value, lower), upper))
    elif column.kind == "str":
        value, long = _cut(parsed, column.longest)
        coercions[CUT if column.longest else TOO_LONG] = long
    return Conformed(value=value, coercions=coercions)


def _cut(text: exp.Expr, longest: int | None) -> tuple[exp.Expr, exp.Expr]:
    """A text's first characters, as many as its owner has said, and whether it has more; where nothing was said, it stays whole."""
    most = exp.Literal.number(longest or USUAL_CHARACTERS)
    long = exp.GT(this=exp.func("LENGTH", text), expression=most)
    return (exp.func("LEFT", text, most.copy()) if longest else text), long


def _float(raw: exp.Expr, _engine_type: str) -> exp.Expr:
    return _try(raw, "DOUBLE")


def _int(raw: exp.Expr, _engine_type: str) -> exp.Expr:
    """Fractions are rounded to the nearest; text goes through a wide decimal, so that ``1e3`` and 19 digits both survive."""
    return exp.func("COALESCE", _try(raw, "BIGINT"), _try(_try(raw, "DOUBLE"), "BIGINT"))


def _bool(raw: exp.Expr, engine_type: str) -> exp.Expr:
    if engine_type in ("BOOLEAN", "VARCHAR"):
        return _try(raw, "BOOLEAN")
    number = _try(raw, "DOUBLE")
    true, false = (exp.EQ(this=number, expression=exp.Literal.number(digit)) for digit in (1, 0))
    return exp.Case(ifs=[exp.If(this=true, true=exp.true()), exp.If(this=false, true=exp.false())])


def _str(raw: exp.Expr, _engine_type: str) -> exp.Expr:
    return _try(raw, "VARCHAR")


def _datetime(raw: exp.Expr, engine_type: str) -> exp.Expr:
    """Microseconds since 1970; text without a zone is UTC, and so are times without one."""
    zoned = (
        _try(raw, "TIMESTAMPTZ") if engine_type in ("VARCHAR", "TIMESTAMP WITH TIME ZONE") else _try(raw, "TIMESTAMP")
    )
    return _case(exp.func("ISFINITE", zoned), exp.func("EPOCH_US", zoned))


_PARSE: dict[Kind, Callable[[exp.Expr, str], exp.Expr]] = {
    "float": _float,
    "int": _int,
    "bool": _bool,
    "str": _str,
    "datetime": _datetime,
}


def _given(raw: exp.Expr) -> exp.Expr:
    """Text without surrounding blanks; nothing where that leaves nothing."""
    return exp.func("NULLIF", exp.func("TRIM", raw), exp.Literal.string(""))


def _lost(before: exp.Expr, after: exp.Expr) -> exp.Expr:
    return exp.and_(_not_null(before), exp.Is(this=exp.paren(after), expression=exp.null()))


def _not_null(value: exp.Expr) -> exp.Expr:
    return exp.not_(exp.Is(this=exp.paren(value), expression=exp.null()))


def _case(condition: exp.Expr, value: exp.Expr) -> exp.Expr:
    """The value where the condition is true, else null."""
    return exp.Case(ifs=[exp.If(this=condition, true=value)])


def _try(value: exp.Expr, to: str) -> exp.Expr:
    return exp.TryCast(this=value, to=exp.DataType.build(to, dialect="duckdb"))


def _literal(kind: Kind, value: object) -> exp.Expr:
    if kind == "str":
        return exp.Literal.string(str(value))
    # An exponent makes the engine read a double, exactly as written; without it, it would read a decimal.
    text = repr(value) if kind != "float" or "e" in repr(value) else f"{value!r}e0"
    return exp.Literal.number(text)

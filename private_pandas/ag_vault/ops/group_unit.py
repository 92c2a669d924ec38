"""The word ``GroupUnit``: one row per privacy unit. Knows no column by itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from ag_plan.relations import Aggregate, GroupUnit
from ag_vault.errors import Refusal
from ag_vault.exact import SumGrid
from ag_vault.expressions.term import SQL_TYPES, Scope, Term, bounded, case, fits, literal, real, wrong_kind
from ag_vault.ops.column import bounds_of, unknown_column, unusable
from ag_vault.ops.grids import on_sum_grid
from ag_vault.ops.rows import Rows, Stage, Unit, listed, stages_of
from ag_vault.ops.truncate import no_unit
from ag_vault.space import ColumnSpace


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A column of a unit's rows: its name and term, how many rows a unit has at most, and their order."""

    name: str
    term: Term
    most: int
    order: tuple[exp.Expression, ...]
    scope: Scope


Made = tuple[ColumnSpace, exp.Expression]


def rule(node: GroupUnit, rows: Rows) -> Rows | Refusal:
    """Takes: rows of units, the id and further keys, functions of columns. Gives: a row per unit, or per unit and key.

    Stability: 1; with further keys unchanged. Why: a unit's row is made of that unit's rows alone; sums are of integers on a grid and
    "first" is by the secret order, so that no order of work has a say. Bounds follow from at most ``stability`` rows per unit.
    Fails: without an id; on names, kinds and bounds.
    """
    ids = [name for name in node.by if rows.is_id(name)]
    if rows.unit is None or len(ids) != 1:
        return no_unit("group by privacy units")
    scope = rows.scope()
    values: dict[str, Made] = {}
    for name in node.by:
        if name not in rows.columns:
            return unknown_column(name)
        values[name] = rows.columns[name].space, rows.columns[name].sql
    for name, function, column in zip(node.names, node.functions, node.columns, strict=True):
        made = _made(function, column, rows, rows.unit, scope)
        if isinstance(made, Refusal):
            return made
        values[name] = made
    keys = tuple(values[name][1] for name in node.by)
    further = tuple(key for key in keys if key != rows.unit.column)
    unit = Unit(space=rows.unit.space, column=rows.unit.column, order=further)
    anew = listed(values, scope.steps.taken, unit)
    stage = Stage(columns=anew.aliases, alone=True, keys=tuple(key.copy() for key in keys))
    own = (*rows.stages, *stages_of(scope.steps))
    before = replace(rows, stages=own, text=scope.steps.text, scanned=scope.steps.scanned)
    return anew.over(before, stage=stage, stability=rows.stability if further else 1)


def _made(function: Aggregate, column: str, rows: Rows, unit: Unit, scope: Scope) -> Made | Refusal:
    if function == "size":
        return ColumnSpace(kind="int", lower=1, upper=rows.stability, nullable=False), exp.Count(this=exp.Star())
    term = rows.columns.get(column)
    if term is None:
        return unknown_column(column)
    return FUNCTIONS[function](Asked(name=column, term=term, most=rows.stability, order=unit.order, scope=scope))


def _count(asked: Asked) -> Made:
    least = 0 if asked.term.space.nullable else 1
    space = ColumnSpace(kind="int", lower=least, upper=asked.most, nullable=False)
    return space, exp.Count(this=asked.term.sql.copy())


def _nunique(asked: Asked) -> Made:
    distinct = exp.Distinct(expressions=[asked.term.sql.copy()])
    return _count(asked)[0], exp.Count(this=distinct)


def _summed(asked: Asked) -> tuple[SumGrid, tuple[float, float], Term] | Refusal:
    """The column on a grid of integers, whose sum is the same in every order."""
    bounds = bounds_of(asked.name, asked.term)
    if isinstance(bounds, Refusal):
        return bounds
    grid = SumGrid.over(*bounds, integral=asked.term.space.kind != "float")
    if grid is None:
        return unusable(asked.name)
    return grid, bounds, on_sum_grid(asked.term, grid, asked.scope)


def _sum(asked: Asked) -> Made | Refusal:
    """Between as many lower and as many upper bounds as a unit has rows; nothing at all sums to zero."""
    found = _summed(asked)
    if isinstance(found, Refusal):
        return found
    grid, (lower, upper), place = found
    low, high = min(0, lower * asked.most), max(0, upper * asked.most)
    total = exp.Coalesce(this=exp.Sum(this=place.sql.copy()), expressions=[exp.Literal.number(0)])
    if grid.exponent == 0 and asked.term.space.kind != "float" and fits((low, high)):
        return bounded("int", (low, high), nullable=False), exp.Cast(this=total, to=SQL_TYPES["int"].copy())
    value = exp.Mul(this=_double(total), expression=real(2.0**grid.exponent))
    space = bounded("float", (float(low), float(high)), nullable=False)
    return space, value if space.bounds is None else _between(value, float(low), float(high))


def _mean(asked: Asked) -> Made | Refusal:
    found = _summed(asked)
    if isinstance(found, Refusal):
        return found
    grid, (lower, upper), place = found
    number = exp.Count(this=place.sql.copy())
    share = exp.Div(this=_double(exp.Sum(this=place.sql.copy())), expression=_double(number))
    value = _between(
        exp.Mul(this=exp.Paren(this=share), expression=real(2.0**grid.exponent)), float(lower), float(upper)
    )
    some = exp.GT(this=number.copy(), expression=exp.Literal.number(0))
    return bounded("float", (float(lower), float(upper)), nullable=asked.term.space.nullable), case((some, value))


def _least(asked: Asked) -> Made | Refusal:
    return _extreme(asked, exp.Min)


def _greatest(asked: Asked) -> Made | Refusal:
    return _extreme(asked, exp.Max)


def _extreme(asked: Asked, function: type[exp.Min] | type[exp.Max]) -> Made | Refusal:
    if asked.term.space.kind in ("str", "id", "null"):
        return wrong_kind("min or max", "a number, a boolean or a datetime", asked.term)
    return asked.term.space, function(this=asked.term.sql.copy())


def _first(asked: Asked) -> Made | Refusal:
    if asked.term.space.kind == "id":
        return wrong_kind("first", "values", asked.term)
    ordered = [exp.Ordered(this=sql.copy(), nulls_first=False) for sql in asked.order]
    value = asked.term.sql.copy()
    first = exp.First(this=exp.Order(this=value, expressions=ordered) if ordered else value)
    there = exp.Not(this=exp.Is(this=asked.term.sql.copy(), expression=exp.Null()))
    return asked.term.space, exp.Filter(this=first, expression=exp.Where(this=there))


FUNCTIONS: Mapping[str, Callable[[Asked], Made | Refusal]] = {
    "count": _count,
    "nunique": _nunique,
    "sum": _sum,
    "mean": _mean,
    "min": _least,
    "max": _greatest,
    "first": _first,
}
"""Functions of one column; ``size`` needs none."""


def _double(value: exp.Expression) -> exp.Expression:
    return exp.Cast(this=value, to=SQL_TYPES["float"].copy())


def _between(value: exp.Expression, lower: float, upper: float) -> exp.Expression:
    """The value between its bounds, which rounding on the grid may have left by less than a step."""
    least = exp.Greatest(this=value, expressions=[literal(lower, "float")])
    return exp.Least(this=least, expressions=[literal(upper, "float")])

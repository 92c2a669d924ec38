"""Each unit's first so many rows, in memory that grows neither with the file nor with one unit's share of it: rows come sorted, a slice at a time.

Knows rows that lie by unit and draw, and an engine; what a unit is, is ``units``'s. That the cap holds doesn't rest on the engine's care for order: a slice
that doesn't go on where the last one ended is refused.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlglot import exp

from ag_vault.catalog import ORDER_COLUMN, UNIT_COLUMN
from ag_vault.errors import BadData

SLICE: Final = 1 << 18
"""Rows that are numbered together."""
Ask = Callable[[exp.Expr], list[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class _End:
    """Where a slice ended: its last row's unit and draw, and how many rows of that unit there were so far."""

    key: str
    unit: str
    rows: int


def count(ask: Ask, sorted_rows: exp.Table) -> int:
    """How many rows have a unit."""
    ((rows,),) = ask(exp.select(exp.Count(this=exp.Star())).from_(sorted_rows.copy()))
    return int(rows)


def slices(
    ask: Ask, sorted_rows: exp.Table, columns: Sequence[str], most: int, size: int = SLICE
) -> Iterator[exp.Select]:
    """The rows that stay, a query for each slice: with their columns' names, their unit and their place among its rows, 1 to ``most``; by both.

    ``sorted_rows``: what ``units.by_unit`` gives, written to a table in its order. BadData where it isn't.
    """
    end = _End("", "", 0)
    for first in range(0, max(1, count(ask, sorted_rows)), size):
        part = exp.select("*").from_(sorted_rows.copy()).where(_within(first, first + size))
        yield _numbered(part, columns, end, most)
        end = _ended(ask, part, end)


def _ended(ask: Ask, part: exp.Select, before: _End) -> _End:
    """Where a slice ends; its last unit's rows are counted on from the slice before."""
    unit = exp.cast(exp.column("u"), "TEXT")
    key = exp.DPipe(this=unit, expression=exp.cast(exp.column("d"), "TEXT"))
    ((begins, last),) = ask(exp.select(exp.Min(this=key), exp.Max(this=key.copy())).from_(part.subquery("s")))
    if last is None:
        return before
    if begins < before.key:
        raise BadData("The engine didn't keep the rows of units in their order; nothing was loaded.")
    whose = last[: len(last) // 2]
    same = exp.EQ(this=unit.copy(), expression=exp.Literal.string(whose))
    ((rows,),) = ask(exp.select(exp.Count(this=exp.Star())).from_(part.subquery("s")).where(same))
    return _End(last, whose, rows + (before.rows if whose == before.unit else 0))


def _numbered(part: exp.Select, columns: Sequence[str], before: _End, most: int) -> exp.Select:
    unit, place = exp.column(UNIT_COLUMN, quoted=True), exp.column(ORDER_COLUMN, quoted=True)
    named = [exp.alias_(exp.column(f"c{number}"), name, quoted=True) for number, name in enumerate(columns)]
    order = exp.Order(expressions=[exp.Ordered(this=exp.column("d"))])
    number: exp.Expr = exp.Window(this=exp.RowNumber(), partition_by=[exp.column("u")], order=order)
    if before.rows:
        goes_on = exp.EQ(this=exp.cast(exp.column("u"), "TEXT"), expression=exp.Literal.string(before.unit))
        so_many = [exp.If(this=goes_on, true=exp.Literal.number(before.rows))]
        number = exp.Add(this=number, expression=exp.Case(ifs=so_many, default=exp.Literal.number(0)))
    beside = exp.alias_(exp.column("u"), UNIT_COLUMN, quoted=True), exp.alias_(number, ORDER_COLUMN, quoted=True)
    within = exp.LTE(this=place, expression=exp.Literal.number(most))
    numbered = exp.select(*named, *beside).from_(part.subquery("p"))
    return exp.select("*").from_(numbered.subquery("n")).where(within).order_by(unit, place)


def _within(first: int, end: int) -> exp.Expr:
    number = exp.column("i")
    begun = exp.GT(this=number, expression=exp.Literal.number(first))
    return exp.and_(begun, exp.LTE(this=number.copy(), expression=exp.Literal.number(end)))

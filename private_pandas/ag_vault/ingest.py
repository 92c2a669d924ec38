"""A guest's own public values on their way into the scratch data set: checked and made to conform, as the loader does for owners.

Knows messages and spaces; no engine, no budget.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, get_args

from msgspec import structs

from ag_plan.messages import ColumnValues
from ag_plan.relations import MOST_ROWS
from ag_vault.catalog import ORDER_COLUMN, SCRATCH, UNIT_COLUMN, Kind, Table, UnitRecord
from ag_vault.errors import Refusal
from ag_vault.expressions.term import MOST_TEXT
from ag_vault.space import INT64, ColumnSpace

MOST_COLUMNS = 4096
_OF_A_COLUMN = 8 << 10
"""Bytes that engine and catalogue hold of a column, or of a table, of no row (measured)."""
_BOUNDED: dict[str, type[float] | type[int]] = {"float": float, "int": int, "datetime": int}
Columns = list[list[Any]]


def scratch_table(
    number: int, columns: Sequence[ColumnValues], unit: str | None = None
) -> tuple[Table, Columns] | Refusal:
    """The table that the values make, and the values, conforming; Refusal where they make none.

    Of a ``unit`` the values are ids, as owners' are: hashed, rows without one left out. Its cap is what its largest unit has: all of it is public.
    """
    trouble = _unnameable(columns)
    if trouble is not None:
        return trouble
    spaces: dict[str, ColumnSpace] = {}
    values: Columns = []
    for column in columns:
        space = _space(column)
        if isinstance(space, Refusal):
            return space
        conform = _CONFORM[space.kind]
        try:
            values.append([None if value is None else conform(value, space) for value in column.values])
        except TypeError:
            return _refused(f"Column {column.name} has a value that is not {column.kind}.", error="TypeError")
        longest = max((len(value) for value in values[-1] if isinstance(value, str)), default=1)
        if longest > MOST_TEXT:
            return _refused(f"Column {column.name} has a text of {longest:,} characters; at most {MOST_TEXT:,} go.")
        spaces[column.name] = structs.replace(space, longest=longest) if space.kind == "str" else space
    table = Table(key=f"{SCRATCH}/{number}", dataset=SCRATCH, columns=spaces)
    return (table, values) if unit is None else _of_units(table, values, unit)


def _unnameable(columns: Sequence[ColumnValues]) -> Refusal | None:
    """The refusal of columns that no table can have by their number, names and lengths."""
    # Engines take names that differ in case only for one.
    names = {column.name.lower() for column in columns}
    lengths = {len(column.values) for column in columns}
    reserved = next((name for name in (ORDER_COLUMN, UNIT_COLUMN) if name in names), None)
    if reserved is not None:
        return _refused(f"A column of the name {reserved} is not possible.")
    if (
        not 0 < len(columns) <= MOST_COLUMNS
        or len(names) != len(columns)
        or "" in names
        or any("\x00" in name for name in names)
    ):
        return _refused(f"A frame needs between 1 and {MOST_COLUMNS} columns with names of their own, apart from case.")
    if len(lengths) != 1:
        return _refused("All columns of a frame must be of one length.")
    return None


def _of_units(table: Table, values: Columns, unit: str) -> tuple[Table, Columns] | Refusal:
    """The table by units. No id-space of an owner's has such a name, and no id of an owner's such a hash."""
    space = table.columns.get(unit)
    if space is None or space.kind not in ("str", "int"):
        return _refused("The ids of a frame must be one of its columns, of text or of integers.")
    if len(table.columns) == 1:
        return _refused("A frame needs a column beside its ids.")
    place = list(table.columns).index(unit)
    kept = [row for row, value in enumerate(values[place]) if value is not None]
    values = [[column[row] for row in kept] for column in values]
    most = max(Counter(values[place]).values(), default=1)
    if most > MOST_ROWS:
        return _refused(f"A unit of a frame has at most {MOST_ROWS} rows.")
    values[place] = [hashlib.sha256(f"{SCRATCH}|{unit}|{value}".encode()).hexdigest()[:32] for value in values[place]]
    columns = {**table.columns, unit: ColumnSpace(kind="id", nullable=False)}
    record = UnitRecord(name=unit, space=f"{SCRATCH}.{unit}", max_rows=most)
    return replace(table, columns=columns, unit=record), values


def bytes_of(table: Table, values: Columns) -> int:
    """About what a table takes in engine and catalogue: a table and a column take something without a value, too, and so does a category."""
    of_columns = sum(4 * len(name) + _held(space.categories or ()) for name, space in table.columns.items())
    return _OF_A_COLUMN * (1 + len(table.columns)) + of_columns + sum(map(_held, values))


def _held(values: Sequence[Any]) -> int:
    """About what so many values take."""
    return sum(16 + (4 * len(value) if isinstance(value, str) else 0) for value in values)


def _space(column: ColumnValues) -> ColumnSpace | Refusal:
    """The column's space, from what the guest declares; its data is public, so its word is enough."""
    if column.kind not in get_args(Kind):
        return _refused(f"Column {column.name} is of no known kind.")
    kind: Any = column.kind
    lower, upper = column.lower, column.upper
    if (lower is None) != (upper is None):
        return _refused(f"Column {column.name} needs both bounds or neither.")
    if lower is not None and upper is not None:
        if kind not in _BOUNDED or not (math.isfinite(lower) and math.isfinite(upper) and lower <= upper):
            return _refused(
                f"Column {column.name} can't have these bounds: finite ones of a number or time, lower first."
            )
        lower, upper = _BOUNDED[kind](lower), _BOUNDED[kind](upper)
        if kind != "float" and not (INT64[0] <= lower and upper <= INT64[1]):
            return _refused(f"The bounds of column {column.name} must fit in 64 bits.")
    wanted = {"str": str, "int": int}.get(kind)
    if column.categories is not None and any(type(value) is not wanted for value in column.categories):
        return _refused(f"The categories of column {column.name} must be {kind}.")
    categories = None if not column.categories else tuple(dict.fromkeys(column.categories))
    return ColumnSpace(kind=kind, lower=lower, upper=upper, categories=categories)


def _number(value: Any, space: ColumnSpace) -> Any:
    if space.categories is not None:
        return value if value in space.categories else None
    if space.lower is None or space.upper is None:
        return value
    return min(max(value, space.lower), space.upper)


def _float(value: Any, space: ColumnSpace) -> float | None:
    if type(value) not in (float, int):
        raise TypeError
    return float(_number(float(value), space)) if math.isfinite(value) else None


def _int(value: Any, space: ColumnSpace) -> int | None:
    if type(value) is not int:
        raise TypeError
    conformed = _number(value, space)
    return conformed if conformed is not None and INT64[0] <= conformed <= INT64[1] else None


def _bool(value: Any, _space: ColumnSpace) -> bool:
    if type(value) is not bool:
        raise TypeError
    return value


def _str(value: Any, space: ColumnSpace) -> str | None:
    if type(value) is not str:
        raise TypeError
    return value if space.categories is None or value in space.categories else None


_CONFORM: dict[str, Callable[[Any, ColumnSpace], Any]] = {
    "float": _float,
    "int": _int,
    "bool": _bool,
    "str": _str,
    "datetime": _int,
}


def _refused(why: str, *, error: str = "ValueError") -> Refusal:
    return Refusal(code="ingest", why=why, error=error)

"""Neighbouring databases as nasty as can be: a data set of units and rows in DuckDB, and strategies for pairs that differ in one unit.

A database is a multiset of rows, each (table, unit, content). Knows no plan and no noise.
"""

import random
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
from hypothesis import strategies as st

from ag_plan.relations import Source
from ag_vault.account import Cap
from ag_vault.catalog import SCRATCH, Budget, Catalog, Dataset, Table, UnitRecord
from ag_vault.evaluate import DuckData
from ag_vault.space import ColumnSpace
from tests.vault import world

CAP = 3
"""Rows of a unit in each of the tables of ids."""
ACCOUNT = "space:patients"
ID = ColumnSpace(kind="id", nullable=False)
UNIT = UnitRecord(name="pid", space="patients", max_rows=CAP)
VISITS, LABS, ROWS, LOOKUP = (Source(table=key) for key in ("clinic/visits", "clinic/labs", "clinic/rows", "scratch/1"))
LAB_COLUMNS = {
    "y": ColumnSpace(kind="int", lower=0, upper=2),
    "v": ColumnSpace(kind="float", lower=-1.0, upper=1.0),
}
TABLES = {
    VISITS.table: Table(
        key=VISITS.table,
        dataset="Clinic",
        columns={"pid": ID} | world.COLUMNS,
        unit=UNIT,
        account=ACCOUNT,
        path=Path("v"),
        placed=frozenset(world.places(world.COLUMNS)),
    ),
    LABS.table: Table(
        key=LABS.table, dataset="Clinic", columns={"pid": ID} | LAB_COLUMNS, unit=UNIT, account=ACCOUNT, path=Path("l")
    ),
    ROWS.table: Table(key=ROWS.table, dataset="Clinic", columns=world.COLUMNS, account=ACCOUNT, path=Path("r")),
    LOOKUP.table: Table(
        key=LOOKUP.table,
        dataset=SCRATCH,
        columns={"k": ColumnSpace(kind="str"), "w": ColumnSpace(kind="int", lower=0, upper=9, nullable=False)},
    ),
}
PUBLIC_ROWS = (("x", 1), ("x", 9), ("y", 0), (None, 5), ("q", 3))
BUDGET = Budget(
    everyone=Cap(epsilon=Fraction(100), delta=Fraction(1, 10**6)),
    per_analyst=Cap(epsilon=Fraction(50), delta=Fraction(1, 10**6)),
    per_call=Cap(epsilon=Fraction(10), delta=Fraction(1, 10**6)),
)

Row = tuple[str, int, dict[str, Any]]
Database = tuple[Row, ...]


def catalog() -> Catalog:
    owned = {key: table for key, table in TABLES.items() if table.path}
    clinic = Dataset(
        name="Clinic", variable="clinic", version="1", budget=BUDGET, account=ACCOUNT, tables=owned, public={}
    )
    return Catalog(datasets={"Clinic": clinic}, tables=TABLES)


# Contents. Rows conform, as the loader makes them, at the edges of what conforming allows; and now and then one that the loader
# would never have let in, which must be as harmless.

FLOATS = (-2.0, 3.0, -0.0, 0.0, 5e-324, -5e-324, 2.0000000000000004, 0.3)
STRAYS: tuple[tuple[str, Any], ...] = (
    ("f", float("nan")), ("f", float("inf")), ("f", float("-inf")), ("f", 1e300), ("g", float("nan")), ("g", float("inf")),
    ("i", 10**12), ("i", -(2**63)), ("s", "unknown"), ("s", ""), ("d", -(2**63)), ("d", 2**63 - 1), ("n", -7),
)  # fmt: skip
CONTENT = st.fixed_dictionaries(
    {
        "f": st.none() | st.sampled_from(FLOATS) | st.floats(-2, 3),
        "g": st.none() | st.sampled_from([1.7976931348623157e308, 5e-324, -0.0]) | st.floats(-9, 9),
        "i": st.none() | st.integers(-5, 7),
        "j": st.none() | st.sampled_from([-(2**63), 2**63 - 1, 0, 7]),
        "b": st.none() | st.booleans(),
        "s": st.none() | st.sampled_from(["x", "y", "z"]),
        "t": st.none() | st.sampled_from(["", "a,b", " A1 ", "2020-01-02", "12", "x", "ß"]),
        "d": st.none() | st.integers(0, 10**15),
        "n": st.integers(0, 3),
    }
)
STRAY = st.tuples(CONTENT, st.sampled_from(STRAYS)).map(lambda pair: pair[0] | dict([pair[1]]))
HEAVIEST = st.sampled_from([-1, 1]).map(
    lambda sign: (
        {"f": 3.0 if sign > 0 else -2.0, "g": sign * 1e308, "i": 7 if sign > 0 else -5, "b": sign > 0, "n": 3}
        | {"j": sign * (2**63 - 1), "s": "x", "t": "x", "d": 10**15}
    )
)
NOTHING = st.just({**dict.fromkeys(world.COLUMNS), "n": 0})
ANY_ROW = CONTENT | CONTENT | STRAY | HEAVIEST | NOTHING
LAB = st.fixed_dictionaries(
    {"y": st.none() | st.integers(0, 2), "v": st.none() | st.sampled_from([-1.0, 1.0, 0.5, float("nan"), 7.0])}
)
_OTHERS = st.lists(
    st.tuples(st.just(VISITS.table), st.integers(1, 3), ANY_ROW)
    | st.tuples(st.just(LABS.table), st.integers(1, 3), LAB)
    | st.tuples(st.just(ROWS.table), st.just(0), ANY_ROW),
    max_size=7,
)


def _equal(rows: list[Row]) -> list[Row]:
    """The same places, all with the content of the first of their table."""
    first: dict[str, dict[str, Any]] = {}
    return [(table, unit, first.setdefault(table, content)) for table, unit, content in rows]


OTHERS = st.one_of(_OTHERS, _OTHERS, _OTHERS.map(_equal), _OTHERS.map(lambda rows: rows[:1]), st.just([]))
HEAVY = ANY_ROW.map(lambda content: [content] * CAP)
ONE_UNIT = st.tuples(st.lists(ANY_ROW, min_size=1, max_size=CAP) | HEAVY, st.lists(LAB, max_size=CAP)).map(
    lambda pair: [(VISITS.table, 9, content) for content in pair[0]] + [(LABS.table, 9, content) for content in pair[1]]
)
ONE_ROW = ANY_ROW.map(lambda content: [(ROWS.table, 0, content)])


@dataclass(frozen=True)
class Pair:
    """Two databases, one of which has a privacy unit more: in all its tables at once."""

    one: Database
    other: Database


def _pair(others: list[Row], extra: list[Row], *, more: bool, place: int) -> Pair:
    less = _capped(others)
    whole = (*less[:place], *extra, *less[place:])
    return Pair(one=less, other=whole) if more else Pair(one=whole, other=less)


def _capped(rows: Sequence[Row]) -> Database:
    kept: list[Row] = []
    held: Counter[tuple[str, int]] = Counter()
    for row in rows:
        held[row[:2]] += 1
        if row[0] == ROWS.table or held[row[:2]] <= CAP:
            kept.append(row)
    return tuple(kept)


def _pairs(extra: "st.SearchStrategy[list[Row]]") -> "st.SearchStrategy[Pair]":
    return st.builds(_pair, OTHERS, extra, more=st.booleans(), place=st.integers(0, 5))


PAIRS: "st.SearchStrategy[tuple[Pair, Pair]]" = st.tuples(_pairs(ONE_UNIT), _pairs(ONE_ROW))
"""Neighbours by a unit, and neighbours by a row of the table of rows: whichever a plan can see."""


# The engine --------------------------------------------------------------------------------------------------


@cache
def engine() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 1})
    for table in TABLES.values():
        plain = [f'"{n}" {world.SQL_TYPES[space.kind]}' for n, space in table.columns.items() if space.kind != "id"]
        hidden = ['"__unit" UUID', '"__order" BIGINT'] if table.unit else ['"__order" BIGINT DEFAULT 0']
        stored = world.places(table.columns).values() if table.placed else ()
        connection.execute(f'CREATE TABLE "{table.key}" ({", ".join([*plain, *hidden, *stored])})')
    connection.executemany(f'INSERT INTO "{LOOKUP.table}" VALUES (?, ?, 0)', PUBLIC_ROWS)
    return connection


class Put(DuckData):
    """The database in the engine, as a session's rows."""

    def close(self) -> None:
        """Nothing to let go of: the engine is everybody's."""


def put(database: Database, *, shuffled: int | None = None) -> Put:
    """Rows of a unit in an order of their own, as the loader leaves them; all rows in the order given, or in a random one."""
    connection = engine()
    for key, table in TABLES.items():
        if key == LOOKUP.table:
            continue
        connection.execute(f'DELETE FROM "{key}"')
        rows = _cells(table, [row for row in database if row[0] == key])
        if shuffled is not None:
            random.Random(shuffled).shuffle(rows)
        if rows:
            marks = ", ".join(f"({', '.join('?' for _ in row)})" for row in rows)
            connection.execute(f'INSERT INTO "{key}" VALUES {marks}', [cell for row in rows for cell in row])
    return Put(connection)


def _cells(table: Table, rows: Sequence[Row]) -> list[list[Any]]:
    """The order of a unit's rows follows from what they hold, as the loader's keyed hash does."""
    names = [name for name, space in table.columns.items() if space.kind != "id"]
    cells: list[list[Any]] = []
    places: Counter[int] = Counter()
    for _, unit, content in sorted(rows, key=lambda row: (row[1], repr(row[2]))) if table.unit else rows:
        places[unit] += 1
        # A row without a unit has a number drawn for it alone: here one that follows from what it holds.
        hidden = [uuid.UUID(int=unit), places[unit]] if table.unit else [sum(map(ord, repr(content)))]
        cells.append([*(content.get(name) for name in names), *hidden])
    return cells

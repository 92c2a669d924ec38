"""Tiny tables of several units in DuckDB, and what a relation makes of them row by row: for tests of stability.

A database is a multiset of rows, each (table, unit, content). What is known of a relation is the multiset of its visible rows.
"""

import itertools
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import duckdb
from sqlglot import exp

from ag_plan.relations import Relation, Source
from ag_vault import ops
from ag_vault.catalog import SCRATCH, Catalog, Table, UnitRecord
from ag_vault.evaluate import DuckData
from ag_vault.ops.rows import Rows, select
from ag_vault.space import ColumnSpace

CAP = 2
"""Rows of a unit in each of the tables of ids."""
X = ColumnSpace(kind="int", lower=0, upper=1)
K = ColumnSpace(kind="int", lower=0, upper=2, nullable=False)
ID = ColumnSpace(kind="id", nullable=False)
UNIT = UnitRecord(name="pid", space="patients", max_rows=CAP)
A, B, ROWS, PUBLIC = (Source(table=key) for key in ("clinic/a", "clinic/b", "clinic/rows", "scratch/1"))
TABLES = {
    A.table: Table(key=A.table, dataset="clinic", columns={"pid": ID, "x": X}, unit=UNIT, account="space:patients"),
    B.table: Table(key=B.table, dataset="clinic", columns={"pid": ID, "y": X}, unit=UNIT, account="space:patients"),
    ROWS.table: Table(key=ROWS.table, dataset="clinic", columns={"x": X, "z": X}, account="space:patients"),
    PUBLIC.table: Table(key=PUBLIC.table, dataset=SCRATCH, columns={"k": X, "w": K}),
    "other/a": Table(
        key="other/a",
        dataset="other",
        columns={"did": ID, "x": X},
        unit=UnitRecord(name="did", space="doctors", max_rows=CAP),
        account="space:doctors",
    ),
}
LOOKUP = ((0, 0), (0, 1), (1, 1), (1, 2), (None, 0))
"""The public table's rows: two keys that meet two rows each, and none."""

_NUMBERS = itertools.count()
_FILLED: set[str] = set()
Row = tuple[str, int, tuple[Any, ...]]
Database = tuple[Row, ...]


def catalog() -> Catalog:
    return Catalog(tables=TABLES)


def meaning(relation: Relation) -> Rows:
    found = ops.rows_of(relation, catalog())
    assert isinstance(found, Rows), found
    return found


def databases(kinds: Mapping[str, Iterable[tuple[Any, ...]]], most: int, units: int = 2) -> Iterator[Database]:
    """Every database of at most ``most`` rows of these contents by table, in which no unit of a table of ids is over its cap."""
    rows: list[Row] = [
        (table, unit, row) for table, each in kinds.items() for row in each for unit in _units(table, units)
    ]
    for count in range(most + 1):
        for database in itertools.combinations_with_replacement(rows, count):
            held = Counter((table, unit) for table, unit, _ in database if TABLES[table].unit)
            if max(held.values(), default=0) <= CAP and not _mirrored(database):
                yield database


def _mirrored(database: Database) -> bool:
    """Whether it is another database with its two units exchanged. What a unit alone has is never left out: it is a neighbour."""
    first, second = (sorted(repr((row[0], row[2])) for row in database if row[1] == unit) for unit in (1, 2))
    return bool(first) and first < second


def _units(table: str, units: int) -> range:
    return range(1, units + 1) if TABLES[table].unit else range(1)


def neighbours(database: Database) -> Iterator[Database]:
    """The database without one unit: all rows of one id, or one row of a table of rows."""
    for unit in {unit for table, unit, _ in database if TABLES[table].unit}:
        yield tuple(row for row in database if not (TABLES[row[0]].unit and row[1] == unit))
    for place, (table, _, _) in enumerate(database):
        if not TABLES[table].unit:
            yield database[:place] + database[place + 1 :]


@cache
def engine() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 1})
    for table in TABLES.values():
        plain = [f'"{name}" BIGINT' for name, space in table.columns.items() if space.kind != "id"]
        hidden = ['"__unit" UUID', '"__order" BIGINT'] if table.unit else ['"__order" BIGINT DEFAULT 0']
        connection.execute(f'CREATE TABLE "{table.key}" ({", ".join(plain + hidden)})')
    connection.executemany(f'INSERT INTO "{PUBLIC.table}" VALUES (?, ?, 0)', LOOKUP)
    return connection


def put(database: Database) -> DuckData:
    """The database in the engine: rows of a unit in an order of their own, as the loader leaves them."""
    connection = engine()
    for key, table in TABLES.items():
        if key == PUBLIC.table:
            continue
        if key in _FILLED:
            connection.execute(f'DELETE FROM "{key}"')
            _FILLED.discard(key)
        values: list[str] = []
        places: Counter[int] = Counter()
        for unit, row in sorted(((unit, row) for owner, unit, row in database if owner == key), key=repr):
            places[unit] += 1
            cells = ["NULL" if cell is None else str(cell) for cell in row]
            # A row without a unit has a number drawn for it alone: here one that follows from what it holds.
            hidden = [f"'{uuid.UUID(int=unit)}'", str(places[unit])] if table.unit else [str(sum(map(ord, repr(row))))]
            values.append(f"({', '.join(cells + hidden)})")
        if values:
            _FILLED.add(key)
            connection.execute(f'INSERT INTO "{key}" VALUES {", ".join(values)}')
    return DuckData(connection)


def sql_of(rows: Rows) -> str:
    """A query of all visible rows, an id as its number."""
    columns = [exp.alias_(term.sql.copy(), name, quoted=True) for name, term in rows.columns.items()]
    return select(rows.stages, exp.select(*columns)).sql("duckdb")


def prepared(sql: str) -> str:
    """The query, planned once: a statement that runs it."""
    name = f"q{next(_NUMBERS)}"
    engine().execute(f"PREPARE {name} AS {sql}")
    return f"EXECUTE {name}"


def visible(sql: str) -> Counter[tuple[Any, ...]]:
    """The multiset of a query's rows over the database that was put last."""
    found = engine().execute(sql).fetchall()
    return Counter(tuple(cell.int if isinstance(cell, uuid.UUID) else cell for cell in row) for row in found)


def apart(one: Counter[tuple[Any, ...]], other: Counter[tuple[Any, ...]]) -> int:
    """How many rows come or go."""
    return ((one - other) + (other - one)).total()

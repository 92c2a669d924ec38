"""The rows of a session: an embedded DuckDB whose tables are the catalogue's files, locked to these files before use.

Knows files and SQL types; no plan, no cost. Owners' tables are scanned where they lie, in the engine's own format, read-only: what is
used stays in the engine's memory as far as that goes, and reading nothing at the start of a session tells nothing about its rows.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from ag_vault.catalog import ORDER_COLUMN, ROWS_TABLE, UNIT_COLUMN, Catalog, Table
from ag_vault.errors import BadCatalog
from ag_vault.evaluate import DuckData
from ag_vault.mapper import Mapper
from ag_vault.ops.text import DIALECT, text
from ag_vault.space import Kind

TYPES: dict[Kind, str] = {
    "float": "DOUBLE",
    "int": "BIGINT",
    "bool": "BOOLEAN",
    "str": "VARCHAR",
    "datetime": "BIGINT",
    "id": "UUID",
}


class Rows(DuckData):
    """All tables of a session, those of owners and those that its guest brought."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, mapper: Mapper | None = None) -> None:
        super().__init__(connection, mapper)
        self._engine = connection

    def add(self, table: Table, values: Sequence[Sequence[Any]]) -> None:
        """Make a table in memory of columns of conforming values. MemoryError where they don't fit."""
        columns = [
            exp.alias_(_unnested(number, TYPES[space.kind]), _stored(name, space.kind), quoted=True)
            for number, (name, space) in enumerate(table.columns.items(), start=1)
        ]
        numbers = exp.Anonymous(
            this="unnest", expressions=[exp.func("RANGE", exp.Literal.number(0), exp.Literal.number(len(values[0])))]
        )
        columns.append(exp.alias_(numbers, ORDER_COLUMN, quoted=True))
        target = exp.table_(table.key, quoted=True)
        statement = exp.Create(this=target, kind="TABLE", expression=exp.select(*columns))
        try:
            self._engine.execute(statement.sql("duckdb"), [list(column) for column in values])
        except duckdb.OutOfMemoryException:
            raise MemoryError from None

    def public(self, table: Table, *, most: int) -> list[list[Any]] | None:
        """The values of a public table, by column; NaN as None. Nothing where there are more than ``most``."""
        ((rows_of_it,),) = self._engine.execute(
            exp.select(exp.Count(this=exp.Star())).from_(_scan(table)).sql("duckdb")
        ).fetchall()
        if rows_of_it * len(table.columns) > most:
            return None
        selected = [_public(name, space.kind) for name, space in table.columns.items()]
        rows = self._engine.execute(exp.select(*selected).from_(_scan(table)).sql("duckdb")).fetchall()
        return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in selected]

    def stream(self, sql: str, size: int) -> Iterator[Sequence[tuple[Any, ...]]]:
        """All rows of one query, so many at once."""
        found = self._engine.execute(sql)
        return iter(lambda: found.fetchmany(size), [])

    def brought(self, table: Table) -> list[list[Any]]:
        """The values of a guest's own table, by column."""
        selected = [exp.column(_stored(name, space.kind), quoted=True) for name, space in table.columns.items()]
        order = exp.column(ORDER_COLUMN, quoted=True)
        query = exp.select(*selected).from_(exp.table_(table.key, quoted=True)).order_by(order)
        rows = self._engine.execute(query.sql("duckdb")).fetchall()
        return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in selected]

    def close(self) -> None:
        """Let go of files and threads."""
        self._engine.close()


_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "async_threads": 0,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
}
_REHEARSAL = """
WITH r0 AS (SELECT range AS "x", range % 2 = 0 AS "b" FROM range(100)), r1 AS (SELECT *, TRY("x" * 2) AS "v" FROM r0 WHERE "b")
SELECT "b", sum(CAST("v" AS HUGEINT)), count(*), max(CASE WHEN "x" > 3 THEN CAST("v" AS DOUBLE) END) FROM r1 GROUP BY "b"
"""
_warm: list[duckdb.DuckDBPyConnection] = []
"""An engine without threads, files or rows, started by ``prepare`` alone: a process that is forked from this one takes it over, once."""


def prepare() -> None:
    """Start the engine before the first fork, which takes longer than all else that a session begins with. It has no thread yet.

    Children share what it is made of, its random state too: the engine draws nothing of a release.
    """
    _open_a_file()
    engine = _started()
    engine.execute(_REHEARSAL).fetchall()
    _warm[:] = [engine]


def _open_a_file() -> None:
    """Open a table and close it again: the engine's code for that is then in memory that children share."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rehearsal.duckdb"
        with duckdb.connect(str(path), config=_CONFIG) as made:
            made.execute(f"CREATE TABLE {ROWS_TABLE} AS {exp.select('1').sql(DIALECT)}")
        table = Table(key="rehearsal", dataset="", columns={}, path=path)
        open_rows(Catalog(tables={table.key: table}), threads=1, memory_bytes=1 << 28).close()


def _started() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config=_CONFIG)


def open_rows(
    catalog: Catalog, *, threads: int, memory_bytes: int, spill: Path | None = None, mapper: Mapper | None = None
) -> Rows:
    """The rows of the catalogue. BadCatalog where a file is missing or damaged.

    The engine may read these files and spill into ``spill``; after that the door is shut: no other file, no network, no
    extension, no change of settings.
    """
    tables = [*catalog.tables.values(), *(t for each in catalog.datasets.values() for t in each.public.values())]
    folders = sorted({str(table.path.parent) for table in tables if table.path is not None})
    engine = _warm.pop() if _warm else _started()
    try:
        engine.execute("SET memory_limit=$1", [f"{memory_bytes}B"])
        engine.execute("SET threads=$1", [threads])
        engine.execute("SET temp_directory=$1", ["" if spill is None else str(spill)])
        engine.execute("SET parquet_metadata_cache=true")
        engine.execute("SET allowed_directories=$1", [[*folders, *([str(spill)] if spill else [])]])
        engine.execute("SET enable_external_access=false")
        engine.execute("SET lock_configuration=true")
        for table in catalog.tables.values():
            engine.execute(_attached(table))
    except duckdb.Error as problem:
        engine.close()
        raise BadCatalog(f"a table's file can't be read: {str(problem).splitlines()[0]}") from problem
    return Rows(engine, mapper)


def open_mocks(catalog: Catalog, *, memory_bytes: int, mapper: Mapper | None = None) -> Rows:
    """Mocks under the names of the tables they stand in for, in an engine that can reach no other file. BadCatalog as above."""
    mocks = {key: replace(table, path=table.mock) for key, table in catalog.tables.items() if table.mock is not None}
    return open_rows(Catalog(tables=mocks), threads=1, memory_bytes=memory_bytes, mapper=mapper)


def _attached(table: Table) -> str:
    """The table's file under the table's key, which then names its rows: a view of them is bound anew by every query, all its columns."""
    name = exp.to_identifier(table.key, quoted=True)
    return f"ATTACH {text(exp.Literal.string(str(table.path)))} AS {text(name)} (READ_ONLY, DEFAULT_TABLE {ROWS_TABLE})"


def _stored(name: str, kind: Kind) -> str:
    """What a column is called in the engine: the unit's id as in owners' files."""
    return UNIT_COLUMN if kind == "id" else name


def _scan(table: Table) -> exp.Expr:
    return exp.Anonymous(this="read_parquet", expressions=[exp.Literal.string(str(table.path))])


def _public(name: str, kind: Kind) -> exp.Expr:
    column = exp.column(name, quoted=True)
    if kind != "float":
        return column
    finite = exp.Case(ifs=[exp.If(this=exp.func("ISFINITE", column.copy()), true=column)])
    return exp.alias_(finite, name, quoted=True)


def _unnested(number: int, engine_type: str) -> exp.Expr:
    parameter = exp.Parameter(this=exp.Literal.number(number))
    return exp.Anonymous(this="unnest", expressions=[exp.cast(parameter, f"{engine_type}[]", dialect="duckdb")])

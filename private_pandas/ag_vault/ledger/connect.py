"""Opens the ledger's database where its place says: SQLite with a write-ahead log, every commit synced to the disk before it counts.

Knows pragmas and transactions, no tables; PostgreSQL is ``postgres``'s. What a charge says to the database is written once and goes straight to the driver: SQLAlchemy's
way there takes several times as long as SQLite itself.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData
from sqlalchemy.pool import StaticPool

from ag_vault.ledger.modes import PATIENCE_SECONDS, driver, mode, told

_FIXED, _ELSEWHERE = "ledger_fixed", "ledger_elsewhere"
S = TypeVar("S", bound=sa.Executable)
Values = Mapping[str, Any] | Sequence[Mapping[str, Any]]


def engine_at(place: str | Path, *, patience_seconds: float = PATIENCE_SECONDS) -> sa.Engine:
    """The ledger's database: a file of SQLite's, or PostgreSQL's at an address. Nothing is touched until it is used."""
    if not is_address(place):
        return file_engine(Path(place), patience_seconds=patience_seconds)
    from ag_vault.ledger import postgres  # its driver is an extra

    return postgres.server_engine(str(place), patience_seconds=patience_seconds)


def is_address(place: str | Path) -> bool:
    """Whether the ledger is on a server."""
    return str(place).startswith("postgresql")


def file_engine(path: Path, *, patience_seconds: float = PATIENCE_SECONDS, synced: bool = True) -> sa.Engine:
    """The database at ``path``. Nothing is touched until it is used. Not ``synced``: for what may be lost, never for a charge."""
    engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": patience_seconds})
    return _prepared(engine, "FULL" if synced else "NORMAL")


def memory_engine() -> sa.Engine:
    """A database of this process alone, gone with it."""
    return _prepared(sa.create_engine("sqlite://", poolclass=StaticPool), "OFF")


def _prepared(engine: sa.Engine, synchronous: str) -> sa.Engine:
    def on_connect(connection: Any, _record: Any) -> None:
        # The driver must not open transactions by itself: it would open deferred ones, which can fail half-way through.
        connection.isolation_level = None
        cursor = connection.cursor()
        (mode,) = cursor.execute("PRAGMA journal_mode").fetchone()
        if mode == "delete":
            # Only the first opener ever does this; those who lose the race find it done.
            cursor.execute("BEGIN IMMEDIATE")
            cursor.execute("COMMIT")
            cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute(f"PRAGMA synchronous={synchronous}")
        cursor.execute("PRAGMA temp_store=MEMORY")  # a jail has no place for files of its own
        cursor.close()

    sa.event.listen(engine, "connect", on_connect)
    sa.event.listen(engine, "begin", _on_begin)
    return engine


def _on_begin(connection: sa.Connection) -> None:
    with told(connection):
        driver(connection).execute("BEGIN" if mode(connection) is None else "BEGIN IMMEDIATE")


def fixed(statement: S) -> S:
    """A statement that is made once and run for every question: written once for each kind of database, by its identity."""
    return statement.execution_options(**{_FIXED: True})


def upserting(
    table: sa.Table, *, on: Sequence[str] = (), sums: Sequence[str] = (), adding: Sequence[str] = ()
) -> sa.Insert:
    """A ``fixed`` insertion of rows, which replaces these columns of a row that is there already, or adds to them; without any, it stays as it is."""

    def of(insert: Callable[[sa.Table], Any]) -> Any:
        statement = insert(table)
        if not sums and not adding:
            return statement.on_conflict_do_nothing()
        replaced = {name: statement.excluded[name] for name in sums}
        added = {name: table.c[name] + statement.excluded[name] for name in adding}
        return statement.on_conflict_do_update(index_elements=list(on), set_=replaced | added)

    statement: sa.Insert = of(sqlite.insert)
    return fixed(statement.execution_options(**{_ELSEWHERE: {"postgresql": of(postgresql.insert)}}))


@contextmanager
def transaction(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction in which ``fixed`` statements go straight to the driver."""
    with _Straight(engine) as connection, connection.begin():
        yield connection


class _Straight(sa.Connection):
    """SQLAlchemy's connection, but for ``fixed`` statements. What these give is a result like any other, without ``rowcount``."""

    def execute(self, statement: Any, parameters: Any = None, **options: Any) -> Any:
        """As the base says."""
        if not statement.get_execution_options().get(_FIXED, False):
            return super().execute(statement, parameters, **options)
        given: Values = {} if parameters is None else parameters
        written = _written(statement, self.dialect, given)
        with told(self):
            cursor = driver(self).cursor()
            if not isinstance(given, Mapping):
                cursor.executemany(written.text, [written.values(each) for each in given])
            else:
                cursor.execute(written.text, written.values(given))
            rows = cursor.fetchall() if cursor.description else ()
        return IteratorResult(written.names, iter(rows))


@dataclass(frozen=True, slots=True)
class _Written:
    """A statement's text for one kind of database, what it does with the values by name, and the names of what it gives."""

    statement: Any
    text: str
    values: Callable[[Mapping[str, Any]], Any]
    names: SimpleResultMetaData


_known: dict[tuple[int, str], _Written] = {}
"""By identity, which stays theirs as they are held here, and database."""


def _written(statement: Any, dialect: Any, values: Values) -> _Written:
    found = _known.get((id(statement), dialect.name))
    if found is None:
        one = values if isinstance(values, Mapping) else values[0]
        meant = statement.get_execution_options().get(_ELSEWHERE, {}).get(dialect.name, statement)
        compiled = meant.compile(dialect=dialect, column_keys=list(one) or None)
        order = compiled.positiontup if compiled.positional else None
        names = [column.name for column in getattr(statement, "selected_columns", ())]
        found = _known[id(statement), dialect.name] = _Written(
            statement,
            str(compiled),
            dict if order is None else lambda given: [given[name] for name in order],
            SimpleResultMetaData(names),
        )
    return found

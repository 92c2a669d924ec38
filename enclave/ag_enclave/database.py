"""The gateway's own database: one engine, short transactions, and the registry that each noun's module adds its tables to.

SQLite in a file, or PostgreSQL at an address. Knows no table.
"""

import contextlib
import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import DataError, OperationalError

from ag_enclave.errors import BadState, Unfit

metadata = sa.MetaData()
SCHEMA = "ag_gateway"
"""On a server, where the ledger's tables lie in a schema of their own."""
_PATIENCE_SECONDS = 5


class Database:
    """An engine with transactions. Whatever uses them is called off the event loop. BadState where the address's driver is missing."""

    def __init__(self, place: str | Path) -> None:
        self._engine = _server(place) if isinstance(place, str) else _file(place)

    @property
    def engine(self) -> sa.Engine:
        """For migrations."""
        return self._engine

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """One transaction: all of it is durable at the end, or nothing. BadState where the database can't be used, Unfit for what it can't hold."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except DataError as problem:
            raise Unfit("A text has a character that can't be kept, or a number is too large.") from problem
        except OperationalError as problem:
            raise BadState(f"The accounts' database can't be used: {problem.orig}.") from problem

    @contextmanager
    def alone(self, work: int) -> Iterator[bool]:
        """Whether no other gateway on this database does the same work until the block ends. True for a file, which has one gateway."""
        if self._engine.dialect.name != "postgresql":
            yield True
            return
        with self.transaction() as connection:
            yield bool(connection.execute(sa.select(sa.func.pg_try_advisory_xact_lock(work))).scalar_one())

    @contextmanager
    def turn(self, work: int) -> Iterator[None]:
        """Wait until nobody else on this database does the same work, and exclude them until the block ends. BadState where that can't be."""
        if self._engine.dialect.name == "postgresql":
            with self.transaction() as connection:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(work)))
                yield
            return
        with Path(f"{self._engine.url.database}.turn").open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def forget(self) -> None:
        """Leave nothing of what was overwritten beside the file, unless somebody reads it at this moment. What a server keeps of it is its vacuum's."""
        if self._engine.dialect.name == "sqlite":
            with contextlib.suppress(OperationalError), self._engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()


def _file(path: Path) -> sa.Engine:
    engine = sa.create_engine(f"sqlite:///{path}", hide_parameters=True, connect_args={"timeout": _PATIENCE_SECONDS})
    sa.event.listen(engine, "connect", _set_up_connection)
    return engine


def _server(address: str) -> sa.Engine:
    """Every commit is flushed, whatever the server's own settings say; a connection that the server has dropped is replaced unseen."""
    settings = {"search_path": SCHEMA, "synchronous_commit": "on", "lock_timeout": f"{_PATIENCE_SECONDS}s"}
    try:
        return sa.create_engine(
            address,
            hide_parameters=True,
            pool_pre_ping=True,
            connect_args={
                "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
                "connect_timeout": _PATIENCE_SECONDS,
                "application_name": "ag-enclave gateway",
                "gssencmode": "disable",
                "sslmode": "disable",
                "client_encoding": "utf8",
            },
        )
    except ModuleNotFoundError as problem:
        raise BadState("PostgreSQL needs ag-enclave[postgres] installed.") from problem


def _set_up_connection(connection: sa.engine.interfaces.DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA secure_delete=ON")  # what was decided about code takes with it what its runs gave
    cursor.close()

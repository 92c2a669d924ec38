"""The gateway's own database: one engine, short transactions, and the registry that each noun's module adds its tables to.

Knows no table.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from ag_enclave.errors import BadState

metadata = sa.MetaData()


class Database:
    """An engine with transactions. Whatever uses them is called off the event loop."""

    def __init__(self, path: Path) -> None:
        self._engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": 5})
        sa.event.listen(self._engine, "connect", _set_up_connection)

    @property
    def engine(self) -> sa.Engine:
        """For migrations."""
        return self._engine

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """One transaction: all of it is durable at the end, or nothing. BadState where the database can't be used."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except OperationalError as problem:
            raise BadState(f"The accounts' database can't be used: {problem.orig}.") from problem

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()


def _set_up_connection(connection: sa.engine.interfaces.DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()

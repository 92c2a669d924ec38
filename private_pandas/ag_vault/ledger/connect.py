"""Opens the ledger's database: SQLite with a write-ahead log, every commit synced to the disk before it counts.

Knows pragmas and transactions, no tables.
"""

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

PATIENCE_SECONDS = 10.0
"""How long a charge waits for other vaults' charges before it is refused."""
_WRITES = "ledger_writes"


def file_engine(path: Path, *, patience_seconds: float = PATIENCE_SECONDS, synced: bool = True) -> sa.Engine:
    """The database at ``path``. Nothing is touched until it is used. Not ``synced``: for what may be lost, never for a charge."""
    engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": patience_seconds})
    return _prepared(engine, "FULL" if synced else "NORMAL")


def memory_engine() -> sa.Engine:
    """A database of this process alone, gone with it."""
    return _prepared(sa.create_engine("sqlite://", poolclass=StaticPool), "OFF")


def writing(engine: sa.Engine) -> sa.Engine:
    """The same engine, whose transactions lock out other writers from their first statement."""
    return engine.execution_options(**{_WRITES: True})


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
        cursor.close()

    sa.event.listen(engine, "connect", on_connect)
    sa.event.listen(engine, "begin", _on_begin)
    return engine


def _on_begin(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

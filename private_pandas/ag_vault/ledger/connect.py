"""Opens the ledger's database where its place says: SQLite with a write-ahead log, every commit synced to the disk before it counts.

Knows pragmas and transactions, no tables; PostgreSQL is ``postgres``'s.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from ag_vault.ledger.modes import ANSWERS, PATIENCE_SECONDS, WRITES, beginning

_BEGIN: Mapping[str | None, tuple[str, ...]] = {
    None: ("BEGIN",),
    WRITES: ("BEGIN IMMEDIATE",),
    ANSWERS: ("BEGIN IMMEDIATE",),
}


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
    return beginning(engine, _BEGIN)

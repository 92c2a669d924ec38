"""What a transaction of the ledger is for, and the way past SQLAlchemy to the driver. Knows no database's own words."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

_MODE = "ledger_mode"
PATIENCE_SECONDS = 10.0
"""How long a charge waits for other vaults' charges before it is refused."""
WRITES, ANSWERS = "writes", "answers"
"""``WRITES``: durable when it is committed, and no other writer beside it. ``ANSWERS``: what may be lost, never a charge."""


def writing(engine: sa.Engine) -> sa.Engine:
    """The same engine, whose transactions lock out other writers from their first statement."""
    return engine.execution_options(**{_MODE: WRITES})


def keeping(engine: sa.Engine) -> sa.Engine:
    """The same engine, for answers: what its transactions write may be lost."""
    return engine.execution_options(**{_MODE: ANSWERS})


def mode(connection: sa.Connection) -> str | None:
    """What the connection's transactions are for; None: they only read."""
    found: str | None = connection.get_execution_options().get(_MODE)
    return found


def driver(connection: sa.Connection) -> Any:
    """The driver's own connection."""
    return connection.connection.driver_connection


@contextmanager
def told(connection: sa.Connection) -> Iterator[None]:
    """What the driver raises, as SQLAlchemy tells it."""
    try:
        yield
    except connection.dialect.loaded_dbapi.Error as problem:
        raise sa.exc.DBAPIError(None, None, problem) from problem

"""What a transaction of the ledger is for, and the way past SQLAlchemy to the driver. Knows no database's own words."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

_MODE, _BEGINS = "ledger_mode", "ledger_begins"
PATIENCE_SECONDS = 10.0
"""How long a charge waits for other vaults' charges before it is refused."""
WRITES, ANSWERS = "writes", "answers"
"""``WRITES``: durable when it is committed, and no other writer beside it. ``ANSWERS``: what may be lost, never a charge."""


def writing(engine: sa.Engine) -> sa.Engine:
    """The same engine, whose transactions lock out other writers from their first statement."""
    return engine.execution_options(**{_MODE: WRITES})


def mode(connection: sa.Connection) -> str | None:
    """What the connection's transactions are for; None: they only read."""
    found: str | None = connection.get_execution_options().get(_MODE)
    return found


def driver(connection: sa.Connection) -> Any:
    """The driver's own connection."""
    return connection.connection.driver_connection


def beginning(engine: sa.Engine, words: Mapping[str | None, tuple[str, ...]]) -> sa.Engine:
    """The same engine, whose transactions begin with these words, by what they are for."""
    engine.update_execution_options(**{_BEGINS: words})
    sa.event.listen(engine, "begin", _on_begin)
    return engine


def begins(engine: sa.Engine) -> Mapping[str | None, tuple[str, ...]]:
    """The words with which the engine's transactions begin."""
    found: Mapping[str | None, tuple[str, ...]] = engine.get_execution_options()[_BEGINS]
    return found


def _on_begin(connection: sa.Connection) -> None:
    with told(connection):
        for words in begins(connection.engine)[mode(connection)]:
            driver(connection).execute(words)


@contextmanager
def told(connection: sa.Connection) -> Iterator[None]:
    """What the driver raises, as SQLAlchemy tells it."""
    try:
        yield
    except connection.dialect.loaded_dbapi.Error as problem:
        raise sa.exc.DBAPIError(None, None, problem) from problem

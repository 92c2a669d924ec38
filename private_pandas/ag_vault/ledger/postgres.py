"""Opens the ledger's database on a PostgreSQL server: over a unix socket, every charge flushed there before it counts.

Knows connections and transactions, no tables. A jailed process can open no socket: what it will use is opened before its jail closes
(``before``), and when that is lost, only a new process has another.
"""

import logging
from collections.abc import Mapping
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from ag_vault.errors import BadLedger
from ag_vault.ledger.modes import ANSWERS, PATIENCE_SECONDS, WRITES, beginning

_log = logging.getLogger(__name__)

PREFIX = "postgresql+psycopg://"
SCHEMA = "ag_ledger"
_TURN = 0x61676C64
"""Of the database's advisory locks, the one that a charge holds from its first statement to its end: one writer at a time, as on SQLite."""
_CONNECT_SECONDS = 10
_KEPT: Mapping[str, str] = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
"""What a commit means is the server's to say; with less than this, a charge that was receipted could be lost."""
BEGIN: Mapping[str | None, tuple[str, ...]] = {
    None: ("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",),
    # Every statement after the lock sees all that was committed before it: what is admitted and what is charged are one.
    WRITES: (
        "BEGIN ISOLATION LEVEL READ COMMITTED",
        "SET LOCAL synchronous_commit TO on",
        f"SELECT pg_advisory_xact_lock({_TURN})",
    ),
    ANSWERS: ("BEGIN ISOLATION LEVEL READ COMMITTED", "SET LOCAL synchronous_commit TO off"),
}
_brought: "dict[str, psycopg.Connection[Any]]" = {}
"""This process's only connection, by its address: opened before the jail closed."""


def connect(address: str, *, patience_seconds: float) -> "psycopg.Connection[Any]":
    """A connection to the server, its schema made where it is missing. BadLedger where it can't be had, or keeps no charge."""
    try:
        connection = psycopg.connect(**_parameters(address), autocommit=True)
        connection.execute(f"SET lock_timeout TO {int(patience_seconds * 1000)}")
        connection.execute(f"SET search_path TO {SCHEMA}")
        connection.execute("SET synchronous_commit TO on")
        for name, wanted in _KEPT.items():
            (found,) = connection.execute(f"SHOW {name}").fetchone() or ("",)
            if found != wanted:
                connection.close()
                raise BadLedger(f"PostgreSQL keeps no charge for sure: it runs with {name} = {found}")
        _make_schema(connection)
    except psycopg.Error as problem:
        _log.error("ledger: %s", problem)  # for the operator; it names users and sockets, and no password
        raise BadLedger(f"PostgreSQL can't be used: {type(problem).__name__}") from problem
    return connection


def server_engine(address: str, *, patience_seconds: float) -> sa.Engine:
    """The database at the address, over one connection: the one that was brought, or a new one at first use."""

    def creator() -> "psycopg.Connection[Any]":
        return _brought.get(address) or connect(address, patience_seconds=patience_seconds)

    engine = sa.create_engine(PREFIX, creator=creator, poolclass=StaticPool, use_native_hstore=False)
    return beginning(engine, BEGIN)


def before(settings: Mapping[str, Any]) -> tuple[int, ...]:
    """Open this process's connection, before its jail closes; its descriptor, which must stay open. BadLedger as in ``connect``.

    ``settings``: those of a vault or a clerk, which say where the ledger is.
    """
    address = str(settings["ledger"])
    _brought[address] = connection = connect(address, patience_seconds=PATIENCE_SECONDS)
    return (connection.fileno(),)


def lost(address: str) -> bool:
    """Whether the connection that was brought is gone, for good."""
    return address in _brought and _brought[address].closed


def _parameters(address: str) -> dict[str, Any]:
    """What the driver is told. BadLedger for anything but a unix socket, and for a password in the address, which would be seen in too many places."""
    try:
        url = sa.make_url(address)
    except sa.exc.ArgumentError as problem:
        raise BadLedger("the address of the database is none") from problem
    host = url.query.get("host", url.host or "")
    if not isinstance(host, str) or not host.startswith("/") or url.password is not None:
        raise BadLedger("PostgreSQL is reached by its unix socket only, and without a password in its address")
    passfile = url.query.get("passfile")
    return {
        "host": host,
        "port": url.query.get("port", url.port or 5432),
        "dbname": url.database,
        **({} if url.username is None else {"user": url.username}),
        **({} if passfile is None else {"passfile": passfile}),
        "connect_timeout": _CONNECT_SECONDS,
        "application_name": "ag-enclave ledger",
        "gssencmode": "disable",
        "sslmode": "disable",
        "client_encoding": "utf8",
    }


def _make_schema(connection: "psycopg.Connection[Any]") -> None:
    known = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [SCHEMA]).fetchone()
    if known is None:
        # Of two that come first, one waits and finds it made: the server's own IF NOT EXISTS doesn't wait.
        connection.execute(
            f"BEGIN; SELECT pg_advisory_xact_lock({_TURN}); CREATE SCHEMA IF NOT EXISTS {SCHEMA}; COMMIT"
        )

"""Brings the accounts' database to the current schema. Knows where the migrations are, not what they do.

Alembic is imported when there is something to migrate: that takes longer than most commands.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from ag_enclave.accounts import Accounts
from ag_enclave.database import SCHEMA, Database
from ag_enclave.errors import BadState

if TYPE_CHECKING:
    from alembic.config import Config

_NEWER = "The accounts' database is of a newer release (its revision is {}, and the newest that this one knows {}): use that release."
_MIGRATIONS = Path(__file__).with_name("migrations")
_TURN = 0x61676D69
"""Of PostgreSQL's advisory locks, the one for whoever migrates."""


def open_accounts(place: Path | str) -> Accounts:
    """The accounts in a file or at an address, made or upgraded first. BadState where they can't be used."""
    if isinstance(place, Path):
        _touch_private(place)
    database = Database(place)
    try:
        with database.engine.begin() as connection:
            _upgrade(connection)
    except (DatabaseError, BadState) as problem:
        database.close()
        reason = problem.orig if isinstance(problem, DatabaseError) else problem
        raise BadState(f"The accounts' database {place} can't be used: {reason}.") from problem
    return Accounts(database)


def _touch_private(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as problem:
        raise BadState(f"The accounts' database {path} can't be used: {problem.strerror}.") from problem


def newest() -> str:
    """The schema's current revision: that of the last file of the migrations, which is named for it."""
    return max(path.stem for path in (_MIGRATIONS / "versions").glob("v*.py")).partition("_")[0].removeprefix("v")


def _upgrade(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_TURN)))  # of two that come first, one waits
        connection.execute(sa.schema.CreateSchema(SCHEMA, if_not_exists=True))
    found = _revision(connection)
    if found is not None and found > newest():
        raise BadState(_NEWER.format(found, newest()))
    if found != newest():
        _migrate(connection)


def _revision(connection: sa.Connection) -> str | None:
    """The database's revision; None before the first."""
    table = sa.table("alembic_version", sa.column("version_num"))
    there = sa.inspect(connection).has_table(table.name)
    return connection.execute(sa.select(table.c.version_num)).scalar_one_or_none() if there else None


def _migrate(connection: sa.Connection) -> None:
    from alembic import command
    from alembic.util import CommandError

    config = _config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as problem:
        raise BadState(str(problem)) from problem


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config

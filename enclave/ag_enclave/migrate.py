"""Brings the accounts' database to the current schema. Knows where the migrations are, not what they do."""

import os
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.exc import DatabaseError

from ag_enclave.accounts import Accounts
from ag_enclave.database import SCHEMA, Database
from ag_enclave.errors import BadState

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
    except (DatabaseError, CommandError) as problem:
        database.close()
        reason = problem.orig if isinstance(problem, DatabaseError) else problem
        raise BadState(f"The accounts' database {place} can't be used: {reason}.") from problem
    return Accounts(database)


def _touch_private(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as problem:
        raise BadState(f"The accounts' database {path} can't be used: {problem.strerror}.") from problem


def newest() -> str | None:
    """The schema's current revision."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


def _upgrade(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_TURN)))  # of two that come first, one waits
        connection.execute(sa.schema.CreateSchema(SCHEMA, if_not_exists=True))
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")

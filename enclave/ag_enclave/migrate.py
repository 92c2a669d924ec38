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
from ag_enclave.database import Database
from ag_enclave.errors import BadState

_MIGRATIONS = Path(__file__).with_name("migrations")


def open_accounts(path: Path) -> Accounts:
    """The accounts at ``path``, made or upgraded first. BadState where the file can't be used."""
    _touch_private(path)
    database = Database(path)
    try:
        with database.engine.begin() as connection:
            _upgrade(connection)
    except (DatabaseError, CommandError) as problem:
        database.close()
        reason = problem.orig if isinstance(problem, DatabaseError) else problem
        raise BadState(f"The accounts' database {path} can't be used: {reason}.") from problem
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
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")

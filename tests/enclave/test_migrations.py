"""An accounts' database of any release, with people and their doings in it, comes to the newest one on both databases and loses nothing."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from ag_enclave.accounts import Accounts
from ag_enclave.database import SCHEMA, Database
from ag_enclave.deeds import Deeds
from ag_enclave.errors import BadState
from ag_enclave.migrate import _config, newest, open_accounts
from ag_enclave.schema import metadata
from tests import cluster

REVISIONS = [script.revision for script in reversed(list(ScriptDirectory.from_config(_config()).walk_revisions()))]
VALUES: dict[type[Any], Any] = {bool: False, int: 3, float: 0.5, str: "x", bytes: b"x"}
"""What a column of this kind holds; the same everywhere, so that what refers to another table finds its row."""


def row_of(table: sa.Table) -> dict[str, Any]:
    """A row of whatever the table can hold; numbers that the database gives are left to it."""
    given = {column.name for column in table.primary_key if column.type.python_type is int}
    row = {column.name: VALUES[column.type.python_type] for column in table.columns if column.name not in given}
    return row | ({"role": "operator"} if table.name == "accounts" else {})


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def accounts_place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    return tmp_path / "a.sqlite" if request.param == "SQLite" else cluster.database()


def as_of(database: Database, revision: str) -> dict[str, dict[str, Any]]:
    """The database as that release left it, with a row in every table it knew; these rows."""
    config = _config()
    with database.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.schema.CreateSchema(SCHEMA))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    kept: dict[str, dict[str, Any]] = {}
    with database.engine.begin() as connection:
        known = sa.MetaData()
        known.reflect(connection)
        for table in known.sorted_tables:
            if table.name != "alembic_version":
                kept[table.name] = row_of(table)
                connection.execute(sa.insert(table), kept[table.name])
    return kept


@pytest.mark.parametrize("revision", REVISIONS)
def test_what_an_older_release_knew_is_known_after_the_upgrade(accounts_place: Path | str, revision: str) -> None:
    database = Database(accounts_place)
    kept = as_of(database, revision)
    database.close()
    accounts = open_accounts(accounts_place)
    with accounts.database.engine.begin() as connection:
        context = MigrationContext.configure(connection)
        assert context.get_current_revision() == newest() == REVISIONS[-1]
        assert compare_metadata(context, metadata) == []
        for name, row in kept.items():
            found = connection.execute(sa.select(metadata.tables[name])).mappings().all()
            assert row in [{key: each[key] for key in row} for each in found]
            assert len(found) == 1 + (name == "dataset_owners")
    assert [(each.user_id, each.role, each.generation) for each in accounts.everyone()] == [("x", "operator", 3)]
    assert ("*", "*") in rows_of(accounts, "dataset_owners")  # nobody loses a data set by an upgrade
    accounts.add("bob", "analyst", "h", by="x")
    told = Deeds(accounts.database, None)  # type: ignore[arg-type]  # nothing is told here
    assert told.untold() == 1 + (revision != "0001")
    accounts.close()


def rows_of(accounts: Accounts, name: str) -> list[tuple[Any, ...]]:
    with accounts.database.engine.begin() as connection:
        return [tuple(row) for row in connection.execute(sa.select(metadata.tables[name])).all()]


def test_people_of_another_side_get_the_names_that_nobody_here_can_have(accounts_place: Path | str) -> None:
    database = Database(accounts_place)
    row = {**as_of(database, "0007")["code_requests"], "request_id": "y", "analyst": "ann@x", "reader": "bob@xx"}
    known = sa.MetaData()
    with database.engine.begin() as connection:
        known.reflect(connection)
        connection.execute(sa.insert(known.tables["code_requests"]), row)
        connection.execute(sa.insert(known.tables["sync_travels"]), {"request_id": "y", "peer": "x", "came": True})
    database.close()
    accounts = open_accounts(accounts_place)
    requests = metadata.tables["code_requests"]
    with accounts.database.engine.begin() as connection:
        found = connection.execute(sa.select(requests.c.analyst, requests.c.reader).order_by(requests.c.request_id))
        assert found.all() == [("x", "x"), ("x/ann", "bob@xx")]
    accounts.close()


def test_two_gateways_that_start_at_once_make_one_schema(accounts_place: Path | str) -> None:
    import threading

    found: list[list[str]] = []

    def begin() -> None:
        accounts = open_accounts(accounts_place)
        found.append([each.user_id for each in accounts.everyone()])
        accounts.close()

    threads = [threading.Thread(target=begin) for _ in range(3 if isinstance(accounts_place, str) else 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[]] * len(threads)


def test_a_database_of_a_newer_release_is_left_alone_and_said(accounts_place: Path | str) -> None:
    open_accounts(accounts_place).close()
    database = Database(accounts_place)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(BadState, match=f"of a newer release .its revision is 9999, .* knows {newest()}.: use that"):
        open_accounts(accounts_place)
    with database.engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one() == "9999"
    database.close()

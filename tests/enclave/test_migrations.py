"""An accounts' database of any release, with people and their doings in it, comes to the newest one on both databases and loses nothing."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from ag_enclave.accounts import Account, Accounts
from ag_enclave.database import SCHEMA, Database
from ag_enclave.deeds import Deeds
from ag_enclave.migrate import _config, newest, open_accounts
from ag_enclave.requests import Requests
from ag_enclave.schema import metadata
from tests import cluster

REVISIONS = [script.revision for script in reversed(list(ScriptDirectory.from_config(_config()).walk_revisions()))]
ROWS: dict[str, dict[str, dict[str, Any]]] = {
    "0001": {"accounts": {"user_id": "ann", "role": "operator", "secret_hash": "h", "generation": 3, "disabled": False}},
    "0002": {
        "deeds": {"at": "2026-01-01", "actor": "ann", "action": "user.add", "subject": "bob", "details": "{}",
                  "told": False},
        "login_failures": {"who": "ann", "count": 2, "until": 7.5},
    },
    "0003": {
        "budget_requests": {
            **dict.fromkeys(("decided_by", "decided_at", "granted", "cap", "answer"), ""),
            "request_id": "r", "analyst": "ann", "dataset": "Clinic", "epsilon": "1", "reason": "because",
            "asked_at": "2026-01-01", "state": "open", "seen": False,
        },
        "notices": {"deed": 1, "channel": "mail", "state": "waiting", "tries": 0, "due": 1.0},
    },
    "0004": {
        "competitions": {"name": "Cup", "rules": "{}", "scored": "[]"},
        "submissions": {"competition": "Cup", "analyst": "ann", "at": "2026-01-01", "score": 0.5, "half_width": 0.1},
    },
}  # fmt: skip
"""What each revision can hold that the one before couldn't."""


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def accounts_place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    return tmp_path / "a.sqlite" if request.param == "SQLite" else cluster.database()


def as_of(database: Database, revision: str) -> None:
    """The database as that release left it, with a row in every table it knew."""
    config = _config()
    with database.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.schema.CreateSchema(SCHEMA))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    with database.engine.begin() as connection:
        known = sa.MetaData()
        known.reflect(connection)
        for step in REVISIONS[: REVISIONS.index(revision) + 1]:
            for table, row in ROWS[step].items():
                connection.execute(sa.insert(known.tables[table]), row)


@pytest.mark.parametrize("revision", REVISIONS)
def test_what_an_older_release_knew_is_known_after_the_upgrade(accounts_place: Path | str, revision: str) -> None:
    database = Database(accounts_place)
    as_of(database, revision)
    database.close()
    accounts = open_accounts(accounts_place)
    with accounts.database.engine.begin() as connection:
        context = MigrationContext.configure(connection)
        assert context.get_current_revision() == newest() == REVISIONS[-1]
        assert compare_metadata(context, metadata) == []
        for step in REVISIONS[: REVISIONS.index(revision) + 1]:
            for name, row in ROWS[step].items():
                (found,) = connection.execute(sa.select(metadata.tables[name])).mappings().all()
                assert {key: found[key] for key in row} == row
    assert accounts.find("ann") == Account(
        user_id="ann", role="operator", secret_hash="h", generation=3, disabled=False
    )
    accounts.add("bob", "analyst", "h", by="ann")
    told = Deeds(accounts.database, None)  # type: ignore[arg-type]
    assert told.untold() == 1 + (revision != "0001")
    assert len(Requests(accounts.database).of(None)) == (revision > "0002")
    accounts.close()


def test_every_revision_has_its_rows_here() -> None:
    assert list(ROWS) == REVISIONS


def test_two_gateways_that_start_at_once_make_one_schema(accounts_place: Path | str) -> None:
    import threading

    found: list[list[str]] = []

    def begin() -> None:
        accounts: Accounts = open_accounts(accounts_place)
        found.append([each.user_id for each in accounts.everyone()])
        accounts.close()

    threads = [threading.Thread(target=begin) for _ in range(3 if isinstance(accounts_place, str) else 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[]] * len(threads)

"""One enclave with odd rooms, shared by the tests of the gateway."""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from ag_enclave.catalog import FORMAT
from ag_enclave.database import Database
from ag_enclave.migrate import open_accounts
from ag_enclave.place import accounts_at
from ag_enclave.state import State
from tests import cluster
from tests.enclave.people import add_user
from tests.enclave.raw_client import RawClient
from tests.enclave_server import Enclave, running_enclave

ROOT = Path(__file__).resolve().parents[2]
ODD_COMMAND = "tests.enclave.serve_odd_rooms"
ODD_ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
CONFIG = """
[accounts]
requests_at_once = 1000000
[sessions]
per_analyst = 6
[wire]
cell_bytes = 1000000
replay_bytes = 4000000
replay_messages = 2000
[kernel]
cell_output_bytes = 33554432
"""


def exchanged(enclave: Enclave) -> dict[str, str]:
    """The first operator, with the real secret that the one-time one was exchanged for."""
    first = RawClient(enclave, "operator").login()
    known = {"user_secret": enclave.accounts["operator"]["user_secret"]}
    return dict(first.ask("POST", "/ag/v1/me/secret", known).json)


@contextlib.contextmanager
def accounts_in(state: Path) -> Iterator[sa.Connection]:
    """The gateway's own database, wherever it is, beside whoever serves."""
    with (
        contextlib.closing(open_accounts(accounts_at(State(state)))) as accounts,
        accounts.database.engine.begin() as connection,
    ):
        yield connection


def put_catalogue(state: Path, variable: str, name: str) -> None:
    """A data set as the gateway sees it: its public part only."""
    folder = state / "datasets" / variable / "1"
    folder.mkdir(parents=True)
    views = [{"key": "train_x", "kind": "frame"}, {"key": "test_x", "kind": "public"}]
    public = {"format": FORMAT, "name": name, "description": "odd", "views": views}
    (folder / "catalog.json").write_text(json.dumps(public))


@pytest.fixture(scope="session")
def odd_enclave(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Enclave]:
    state = tmp_path_factory.mktemp("odd")
    put_catalogue(state, "odd_data", "Odd Data")
    with running_enclave(state, demo=False, config=CONFIG, command=ODD_COMMAND, environment=ODD_ENVIRONMENT) as enclave:
        accounts = {role: add_user(state, role, role) for role in ("analyst", "owner")}
        accounts["other"] = add_user(state, "other", "analyst")
        accounts["auditor"] = add_user(state, "auditor", "auditor")
        accounts["operator"] = exchanged(enclave)
        yield Enclave(
            url=enclave.url,
            ca=enclave.ca,
            accounts=accounts,
            datasets=enclave.datasets,
            state=state,
            process=enclave.process,
        )


@pytest.fixture
def analyst(odd_enclave: Enclave) -> RawClient:
    return RawClient(odd_enclave).login()


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """The gateway's own database, new and empty, on either."""
    accounts = open_accounts(tmp_path / "a.sqlite" if request.param == "SQLite" else cluster.database())
    yield accounts.database
    accounts.close()

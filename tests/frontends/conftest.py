"""An enclave for clients that are not ours: its address, its authority, and a token that lasts.

These tests run in a Python of their own (``make frontends``), with the newest releases of the clients; the enclave runs in ours.
"""

import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from antigranular.bearer import Token
from antigranular.config import Credentials, find_target
from antigranular.rest import Enclave as Routes
from antigranular.transport import TlsTransport
from tests.enclave_server import Enclave, running_enclave

ROOT = Path(__file__).resolve().parents[2]
OURS = ROOT / ".venv" / "bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What any Jupyter client needs. ``environment`` makes common TLS libraries trust the enclave's authority."""

    url: str
    token: str
    environment: dict[str, str]


@pytest.fixture(scope="session")
def enclave(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Enclave]:
    command = (str(OURS / "python"), "-m", "ag_enclave")
    with running_enclave(tmp_path_factory.mktemp("frontends"), demo=True, command=command) as running:
        yield running


@pytest.fixture(scope="session")
def analyst(enclave: Enclave) -> dict[str, str]:
    """The environment of an analyst."""
    who = enclave.accounts["analyst"]
    known = {"AG_ENCLAVE_URL": enclave.url, "AG_ENCLAVE_CA": enclave.ca}
    return {**os.environ, **known, "AG_USER_ID": who["user_id"], "AG_USER_SECRET": who["user_secret"]}


def routes_of(enclave: Enclave) -> Routes:
    """The enclave's routes, as the analyst."""
    transport = TlsTransport(find_target(enclave.url, enclave.ca))
    token = Token(Credentials(**enclave.accounts["analyst"]), transport, time.monotonic)
    return Routes(transport, token)


def sessions_of(enclave: Enclave) -> list[str]:
    """The ids of the analyst's running sessions."""
    return [str(each["id"]) for each in routes_of(enclave).sessions()]


@pytest.fixture(scope="session")
def door(enclave: Enclave, analyst: dict[str, str]) -> Door:
    command = [str(OURS / "antigranular"), "token", "--hours", "1"]
    said = subprocess.run(command, env=analyst, capture_output=True, text=True, timeout=60, check=True)
    trust = {"SSL_CERT_FILE": enclave.ca, "REQUESTS_CA_BUNDLE": enclave.ca, "WEBSOCKET_CLIENT_CA_BUNDLE": enclave.ca}
    return Door(url=enclave.url, token=said.stdout.strip(), environment={**os.environ, **trust})

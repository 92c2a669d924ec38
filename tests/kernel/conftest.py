"""One kernel for the tests that leave it as they found it, and a way to start one of their own."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.kernel.fake_vault import FakeVault
from tests.kernel.notebook import House, Notebook

Start = Callable[..., Notebook]


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House.open(tmp_path_factory.mktemp("logs"))
    yield house
    house.close()


@pytest.fixture(scope="session")
def opened(house: House) -> Start:
    def start(
        limits: dict[str, Any] | None = None, slow: float = 0.0, checker: socket.socket | None = None
    ) -> Notebook:
        ours, theirs = socket.socketpair()
        vault = FakeVault(ours, slow=slow)
        vault.start()
        return Notebook(house, theirs, checker=checker, limits=limits, vault=vault)

    return start


@pytest.fixture(scope="module")
def notebook(opened: Start) -> Iterator[Notebook]:
    with opened() as notebook:
        yield notebook

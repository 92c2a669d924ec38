"""A session on an enclave in memory, ready to run cells."""

from collections.abc import Callable, Iterator

import pytest

from antigranular.login import login
from antigranular.session import Session
from tests.magic.fake_enclave import Cell, FakeEnclave

Start = Callable[[dict[str, Cell]], tuple[Session, FakeEnclave]]


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AG_ENCLAVE_URL", "AG_ENCLAVE_CA", "AG_USER_ID", "AG_USER_SECRET"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def start() -> Iterator[Start]:
    sessions: list[Session] = []

    def begin(cells: dict[str, Cell]) -> tuple[Session, FakeEnclave]:
        enclave = FakeEnclave(cells)
        sessions.append(login("ada", "s3cret", dataset="Breast Cancer", transport=enclave))
        return sessions[-1], enclave

    yield begin
    for session in sessions:
        session.terminate_session()

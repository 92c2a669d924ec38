"""A session on an enclave in memory, ready to run cells; and a whole real enclave for those who need one."""

import time
from collections.abc import Callable, Iterator

import pytest

from antigranular.bearer import Token
from antigranular.config import Credentials, find_target
from antigranular.login import login
from antigranular.rest import Enclave as Rest
from antigranular.session import Session
from antigranular.transport import TlsTransport
from tests.demo_data import demo_state
from tests.enclave.people import cheapen
from tests.enclave_server import Enclave, running_enclave
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


@pytest.fixture(scope="session")
def demo_enclave(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Enclave]:
    """One enclave per worker, on the run's demo data."""
    with running_enclave(demo_state(tmp_path_factory), demo=True) as enclave:
        cheapen(enclave)
        yield enclave


@pytest.fixture
def at_demo(demo_enclave: Enclave, monkeypatch: pytest.MonkeyPatch) -> Iterator[Enclave]:
    """The environment of an analyst of the demo enclave, who afterwards has no session left."""
    analyst = demo_enclave.accounts["analyst"]
    monkeypatch.setenv("AG_ENCLAVE_URL", demo_enclave.url)
    monkeypatch.setenv("AG_ENCLAVE_CA", demo_enclave.ca)
    monkeypatch.setenv("AG_USER_ID", analyst["user_id"])
    monkeypatch.setenv("AG_USER_SECRET", analyst["user_secret"])
    yield demo_enclave
    enclave = enclave_of(demo_enclave)
    for session in running_sessions(demo_enclave):
        enclave.stop(session)


def enclave_of(demo: Enclave) -> Rest:
    """The demo enclave's routes, as its analyst."""
    transport = TlsTransport(find_target(demo.url, demo.ca))
    return Rest(transport, Token(Credentials(**demo.accounts["analyst"]), transport, time.monotonic))


def running_sessions(demo: Enclave) -> list[str]:
    """The ids of the analyst's sessions."""
    return [kernel["id"] for kernel in enclave_of(demo)._ask("GET", "/api/kernels")]

"""The network goes bad while a cell runs in a real enclave: every line arrives once, in order, and every export."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

import antigranular as ag
from antigranular.config import find_target
from antigranular.transport import TlsTransport
from antigranular.view import PlainView
from tests.enclave_server import Enclave
from tests.magic.bad_network import BadNetwork, bad_network

LINES = 60
CELL = f"""
import datetime
for line in range({LINES}):
    print(line)
    wait = datetime.datetime.now() + datetime.timedelta(milliseconds=25)
    while datetime.datetime.now() < wait:
        pass
export(line, "last")
"""


class Heard(PlainView):
    """What the cell printed, and what was said of the connection."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.notices: list[str] = []
        self.some = threading.Event()

    def stream(self, name: str, text: str) -> None:
        self.text += text
        self.some.set()

    def export(self, name: str, value: object) -> None:
        pass

    def notice(self, text: str) -> None:
        self.notices.append(text)


@pytest.fixture
def network(at_demo: Enclave) -> Iterator[BadNetwork]:
    with bad_network(at_demo.port) as network:
        yield network


@pytest.fixture
def session(at_demo: Enclave, network: BadNetwork) -> Iterator[ag.Session]:
    transport = TlsTransport(find_target(f"https://127.0.0.1:{network.port}", at_demo.ca), pulse=1.0)
    with ag.login(dataset="Breast Cancer", transport=transport) as started:
        yield started


def ran(session: ag.Session, trouble: Callable[[], None]) -> Heard:
    """Run the cell, and make trouble once it has begun to speak."""
    heard = Heard()

    def spoil() -> None:
        heard.some.wait(30)
        time.sleep(0.3)
        trouble()

    spoiler = threading.Thread(target=spoil)
    spoiler.start()
    result = session.execute(CELL, view=heard)
    spoiler.join()
    assert result.exports == {"last": LINES - 1}
    assert heard.text.split() == [str(line) for line in range(LINES)]
    return heard


@pytest.mark.slow
def test_connections_that_are_cut_again_and_again(session: ag.Session, network: BadNetwork) -> None:
    def trouble() -> None:
        for _ in range(3):
            network.cut()
            time.sleep(0.25)

    assert ran(session, trouble).notices
    assert network.connections > 3


@pytest.mark.slow
def test_a_connection_that_ends_in_the_middle_of_a_message(session: ag.Session, network: BadNetwork) -> None:
    assert ran(session, lambda: network.truncate_after(1)).notices


@pytest.mark.slow
def test_a_network_that_stands_still_for_a_while(session: ag.Session, network: BadNetwork) -> None:
    def trouble() -> None:
        network.stall()
        time.sleep(1.0)
        network.resume()

    ran(session, trouble)


@pytest.mark.slow
def test_a_connection_that_is_dead_and_does_not_say_so(session: ag.Session, network: BadNetwork) -> None:
    assert ran(session, network.swallow).notices, "found out by asking whether anybody is there"


@pytest.mark.slow
def test_a_break_between_cells_is_not_noticed(session: ag.Session, network: BadNetwork) -> None:
    session.execute("x = 1")
    network.cut()
    heard = Heard()
    assert session.execute("export(x, 'x')", view=heard).exports == {"x": 1}

"""What no connection survives: a laptop that sleeps, a gateway that is restarted, an absence longer than any buffer. Nothing is lost in silence."""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import antigranular as ag
from antigranular.config import find_target
from antigranular.transport import TlsTransport
from tests.enclave.conftest import CONFIG, ODD_COMMAND, ODD_ENVIRONMENT, put_catalogue
from tests.enclave.people import add_user
from tests.enclave.processes import eventually
from tests.enclave.raw_client import RawClient
from tests.enclave_server import Enclave, running_enclave
from tests.magic.bad_network import BadNetwork, bad_network
from tests.magic.test_bad_input import Heard
from tests.magic.test_nothing_lost import CELL, LINES


@contextlib.contextmanager
def odd(state: Path) -> Iterator[Enclave]:
    with running_enclave(state, config=CONFIG, command=ODD_COMMAND, environment=ODD_ENVIRONMENT) as enclave:
        yield enclave


def logged_in(enclave: Enclave, network: BadNetwork, account: dict[str, str]) -> ag.Session:
    transport = TlsTransport(find_target(f"https://127.0.0.1:{network.port}", enclave.ca), pulse=1.0)
    return ag.login(**account, dataset="Odd Data", transport=transport)


def test_a_gateway_that_restarts_and_an_absence_longer_than_the_buffer_are_told(tmp_path: Path) -> None:
    put_catalogue(tmp_path, "odd_data", "Odd Data")
    with odd(tmp_path) as first, bad_network(first.port) as network, contextlib.ExitStack() as second:
        account = add_user(tmp_path, "ann", "analyst")
        session = logged_in(first, network, account)
        _be_absent_for_long(session, network, RawClient(first, account=account).login())

        def restart() -> None:
            first.process.kill()
            first.process.wait()
            network.target = second.enter_context(odd(tmp_path)).port

        restarter = threading.Timer(0.5, restart)
        restarter.start()
        with pytest.raises(ag.SessionError, match=r"has ended; ag.login\(...\) starts a new one"):
            session.execute("sleep 60", view=Heard())
        restarter.join()
        with logged_in(first, network, account) as again:
            heard = Heard()
            again.execute("count 2", view=heard)
            assert heard.text == "0\n1\n"


def _be_absent_for_long(session: ag.Session, network: BadNetwork, beside: RawClient) -> None:
    """The cell says 5,000 things while nobody is connected, and 2,000 are kept."""
    heard = Heard()

    def leave() -> None:
        assert eventually(lambda: heard.text != "")
        network.stall()
        network.cut()
        path = f"/api/kernels/{session.session_id}"
        assert eventually(lambda: beside.ask("GET", path).json["execution_state"] == "idle")
        network.resume()

    absent = threading.Thread(target=leave)
    absent.start()
    session.execute("late 5000", view=heard)
    absent.join()
    lines = heard.text.split()
    assert lines[-1] == "4999"
    assert len(lines) <= 2001
    assert any("older messages of this session were dropped" in notice for notice in heard.notices), heard.notices


SLEEPER = """
import sys
import antigranular as ag
from antigranular.config import find_target
from antigranular.transport import TlsTransport
url, ca, cell = sys.argv[1:]
with ag.login(dataset="Breast Cancer", transport=TlsTransport(find_target(url, ca), pulse=1.0)) as session:
    print("begins", flush=True)
    result = session.execute(cell)
    print("last", result.exports["last"], flush=True)
"""


@pytest.mark.slow
def test_a_laptop_that_sleeps_while_its_cell_speaks_finds_every_line_when_it_wakes(at_demo: Enclave) -> None:
    with bad_network(at_demo.port) as network:
        command = [
            sys.executable,
            "-c",
            textwrap.dedent(SLEEPER),
            f"https://127.0.0.1:{network.port}",
            at_demo.ca,
            CELL,
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as laptop:
            assert laptop.stdout is not None
            said = []
            while "0" not in said:
                said.append(laptop.stdout.readline().strip())
            laptop.send_signal(signal.SIGSTOP)
            network.swallow()  # every router on the way has forgotten the connection
            time.sleep(4)
            laptop.send_signal(signal.SIGCONT)
            said += laptop.stdout.read().split("\n")
    begin = said.index("0")
    assert said[begin : begin + LINES] == [str(line) for line in range(LINES)]
    assert f"last {LINES - 1}" in said

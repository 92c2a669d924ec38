"""What can be wrong around an analyst is one clear sentence each, through real servers and real sockets; what only looks wrong disturbs nothing."""

import http.server
import json
import ssl
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import antigranular as ag
from antigranular.config import find_target
from antigranular.transport import TlsTransport
from antigranular.view import PlainView
from tests import warm
from tests.enclave.conftest import ODD_COMMAND, ODD_ENVIRONMENT, put_catalogue
from tests.enclave.people import add_user
from tests.enclave_server import Enclave, running_enclave
from tests.magic.bad_network import BadNetwork, bad_network
from tests.magic.test_transport import certificate

QUICK_TOKENS = "[accounts]\ntoken_seconds = 1\n"


class Heard(PlainView):
    """What was printed, and what was said beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.wrong = ""
        self.notices: list[str] = []

    def stream(self, name: str, text: str) -> None:
        if name == "stderr":
            self.wrong += text
        else:
            self.text += text

    def notice(self, text: str) -> None:
        self.notices.append(text)


@pytest.fixture(scope="module", params=[5, -5], ids=["a clock five hours ahead", "a clock five hours behind"])
def skewed(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Enclave, dict[str, str]]]:
    """An enclave whose clock is wrong, and whose tokens last a second; its rooms are odd, its gateway is the real one."""
    state = tmp_path_factory.mktemp("skewed")
    put_catalogue(state, "odd_data", "Odd Data")
    environment = {**ODD_ENVIRONMENT, "AG_TEST_HOURS": str(request.param)}
    with running_enclave(state, config=QUICK_TOKENS, command=ODD_COMMAND, environment=environment) as enclave:
        yield enclave, add_user(state, "ann", "analyst")


@pytest.fixture
def network(skewed: tuple[Enclave, dict[str, str]]) -> Iterator[BadNetwork]:
    with bad_network(skewed[0].port) as between:
        yield between


@pytest.fixture
def session(skewed: tuple[Enclave, dict[str, str]], network: BadNetwork) -> Iterator[ag.Session]:
    enclave, account = skewed
    transport = TlsTransport(find_target(f"https://127.0.0.1:{network.port}", enclave.ca), pulse=1.0)
    with ag.login(**account, dataset="Odd Data", transport=transport) as started:
        yield started


def test_a_connection_outlives_its_token_and_clocks_that_differ(session: ag.Session) -> None:
    heard = Heard()
    session.execute("sleep 2.2", view=heard)
    session.execute("count 3", view=heard)
    assert heard.text == "asleep\n0\n1\n2\n"
    assert heard.notices == [], "the websocket was never taken up again"
    assert session.state()["state"] in {"idle", "busy"}, "requests have a new token"


def test_a_cell_is_interrupted_after_its_token_s_end(session: ag.Session) -> None:
    threading.Timer(1.5, session.interrupt_kernel).start()
    with pytest.raises(ag.CellError, match="KeyboardInterrupt"):
        session.execute("sleep 30", view=Heard())


def test_a_connection_that_is_cut_after_its_token_s_end_is_taken_up_with_a_new_one(
    session: ag.Session, network: BadNetwork
) -> None:
    threading.Timer(1.5, network.cut).start()
    heard = Heard()
    session.execute("sleep 2.5", view=heard)
    assert heard.text == "asleep\n"
    assert any("broke" in notice for notice in heard.notices)


@pytest.mark.parametrize("skewed", [5], indirect=True, ids=["once"])
def test_a_secret_that_was_replaced_is_one_sentence_also_in_a_running_session(
    skewed: tuple[Enclave, dict[str, str]],
) -> None:
    enclave, _ = skewed
    account = add_user(enclave.state, f"rita-{time.monotonic_ns()}", "analyst")
    session = ag.login(**account, dataset="Odd Data", url=enclave.url, ca=enclave.ca)
    session.execute("nothing", view=Heard())
    warm.run("user", "rotate", account["user_id"], "--state", enclave.state, check=True)
    time.sleep(2.5)
    for use in (lambda: session.execute("nothing", view=Heard()), session.state, lambda: ag.login(**account, dataset="Odd Data", url=enclave.url, ca=enclave.ca)):  # fmt: skip
        with pytest.raises(ag.LoginError, match="did not accept this user id and secret") as caught:
            use()
        assert "\n" not in str(caught.value)


Serve = Callable[[bytes], tuple[str, Path]]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """A TLS server that answers everything with these bytes."""
    servers = []

    def begin(body: bytes) -> tuple[str, Path]:
        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        path = certificate(tmp_path, "127.0.0.1")
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        servers.append(server)
        return f"https://127.0.0.1:{server.server_port}", path

    yield begin
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        ({"version": "9.0", "ag": {"wire": 2, "release": "9.0"}}, ag.IncompatibleEnclave, "upgrade the client: pip install --upgrade ag-enclave"),
        ({"version": "0.0.1", "ag": {"wire": 0, "release": "0.0.1"}}, ag.IncompatibleEnclave, r"enclave \(release 0.0.1\) speaks wire 0 .* upgrade the enclave"),
        ({"version": "2.14.0"}, ag.IncompatibleEnclave, "not an enclave"),
        ([], ag.IncompatibleEnclave, "not an enclave"),
    ],
    ids=["an enclave of the future", "an enclave of the past", "a Jupyter server", "something else"],
)  # fmt: skip
def test_a_server_of_another_kind_or_age_is_one_sentence(serve: Serve, answer: Any, error: Any, says: str) -> None:
    url, ca = serve(json.dumps(answer).encode())
    with pytest.raises(error, match=says) as caught:
        ag.login("ann", "secret", dataset="Iris", url=url, ca=ca)
    assert "\n" not in str(caught.value)


def test_a_web_site_is_no_enclave(serve: Serve) -> None:
    url, ca = serve(b"<!doctype html><title>Welcome</title>")
    with pytest.raises(ag.AgError, match=r"not an enclave|not JSON"):
        ag.login("ann", "secret", dataset="Iris", url=url, ca=ca)


def test_a_host_that_does_not_exist_is_one_sentence() -> None:
    with pytest.raises(ag.EnclaveUnreachable, match=r"no enclave answers at https://no-such-host\.invalid"):
        ag.login("ann", "secret", dataset="Iris", url="https://no-such-host.invalid")


def test_a_wrong_authority_and_a_file_that_is_none_are_one_sentence(serve: Serve, tmp_path: Path) -> None:
    url, _ = serve(b"{}")
    (tmp_path / "other").mkdir()
    other = certificate(tmp_path / "other", "127.0.0.1")
    with pytest.raises(ag.UntrustedEnclave, match="AG_ENCLAVE_CA"):
        ag.login("ann", "secret", dataset="Iris", url=url, ca=other)
    garbage = tmp_path / "ca.pem"
    for held in (b"", b"not a certificate", b"\x00\xff"):
        garbage.write_bytes(held)
        with pytest.raises(ag.UntrustedEnclave, match="holds no certificate"):
            ag.login("ann", "secret", dataset="Iris", url=url, ca=garbage)


def test_without_budget_a_question_costs_nothing_and_says_what_is_left(at_demo: Enclave) -> None:
    with ag.login(dataset="Breast Cancer") as session:
        before = session.privacy_odometer()["total_epsilon_used"]
        with pytest.raises(ag.CellError, match="exceeded"):
            session.execute('export(breast_cancer["mean_radius"].mean(eps=1e6), "m")')
        assert session.privacy_odometer()["total_epsilon_used"] == before
        assert session.execute("export(1, 'one')").exports["one"] == 1


def test_a_huge_output_is_cut_says_so_and_the_session_goes_on(at_demo: Enclave) -> None:
    with ag.login(dataset="Breast Cancer") as session:
        heard = Heard()
        session.execute("for _ in range(20):\n    print('x' * 999_999)", view=heard)
        assert 1 << 20 < len(heard.text) <= 5 << 20
        assert "more bytes of output were dropped" in heard.wrong
        with pytest.raises(ag.CellError, match="may export"):
            session.execute("import numpy as np\nexport(np.zeros(15_000_000), 'big')", view=heard)
        assert session.execute("export(1, 'one')").exports["one"] == 1


def test_importing_the_client_touches_no_network() -> None:
    source = """
        import sys
        def refuse(event, arguments):
            if event.startswith("socket."):
                raise RuntimeError(event)
        sys.addaudithook(refuse)
        import antigranular as ag
        import antigranular.magics, antigranular.session, antigranular.transport, antigranular.command
        try:
            ag.login("ann", "secret", dataset="Iris", url="https://127.0.0.1:1")
        except RuntimeError as problem:
            print(problem)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(source)], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("socket."), f"the hook hears of sockets, and first at login: {done.stderr}"

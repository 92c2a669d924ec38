"""``ag-enclave serve`` as its operator meets it: readiness, refusals in one sentence, and a clean end."""

import json
import os
import shutil
import signal
import socket
import ssl
import stat
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner

from ag_enclave.cli import commands
from ag_enclave.config import Jail
from tests import warm
from tests.enclave.conftest import ODD_COMMAND, ODD_ENVIRONMENT, exchanged, put_catalogue
from tests.enclave.people import add_user
from tests.enclave.processes import NURSERIES, descendants, eventually, nurseries
from tests.enclave.raw_client import RawClient, kind
from tests.enclave_server import COMMAND, Enclave, running_enclave, stop


def refused(*arguments: str | Path, environment: dict[str, str] | None = None) -> str:
    """The one sentence of a command that must fail without a traceback."""
    done = warm.run(*arguments, environment=environment)
    assert done.returncode == 1, done.stderr
    lines = done.stderr.strip().splitlines()
    assert "Traceback" not in done.stderr
    assert lines[-1].startswith("ag-enclave: ")
    return lines[-1].removeprefix("ag-enclave: ")


def odd(folder: Path) -> AbstractContextManager[Enclave]:
    put_catalogue(folder / "state", "odd_data", "Odd Data")
    return running_enclave(folder / "state", command=ODD_COMMAND, environment=ODD_ENVIRONMENT)


@pytest.fixture
def enclave(tmp_path: Path) -> Iterator[Enclave]:
    """One that the test may end."""
    with odd(tmp_path) as running:
        yield running


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Enclave]:
    """One that goes on, whatever these tests do to it."""
    with odd(tmp_path_factory.mktemp("lasting")) as running:
        yield running


def test_ready_means_that_requests_are_accepted(lasting: Enclave) -> None:
    operator = RawClient(lasting, account=exchanged(lasting)).login()
    assert operator.ask("GET", "/api/status").status == 200
    assert lasting.datasets == ["Odd Data"]
    assert stat.S_IMODE((lasting.state / "ready.json").stat().st_mode) == 0o600


def test_the_state_is_its_user_s_alone(lasting: Enclave) -> None:
    for name in ("tls", "keys", "logs"):
        assert stat.S_IMODE((lasting.state / name).stat().st_mode) == 0o700, name
    for name in ("", "ledger", "datasets", "scratch"):
        found = (lasting.state / name).stat()
        shared = found.st_gid == Jail().users_first  # with the vaults, whose group nobody else has
        assert stat.S_IMODE(found.st_mode) & (0o007 if shared else 0o077) == 0, name
    for secret in ("keys/tokens.key", "tls/ca.key", "tls/server.key", "accounts.sqlite"):
        assert stat.S_IMODE((lasting.state / secret).stat().st_mode) == 0o600, secret


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_with_its_sessions(enclave: Enclave, number: signal.Signals) -> None:
    client = RawClient(enclave, account=add_user(enclave.state, "ann", "analyst")).login()
    with client.channels(client.open()) as channels:
        channels.request("execute_request", {"code": "sleep 60"})
        channels.until(lambda message: kind(message) == "stream")
        family = descendants(enclave)
        enclave.process.send_signal(number)
        assert enclave.process.wait(60) == 0
    assert not [process for process in family if process.is_running()]
    assert not (enclave.state / "ready.json").exists()
    assert list((enclave.state / "scratch").iterdir()) == []
    assert "Traceback" not in enclave.output()


def test_a_killed_gateway_leaves_no_orphan(enclave: Enclave) -> None:
    client = RawClient(enclave, account=add_user(enclave.state, "ann", "analyst")).login()
    client.open()
    family = descendants(enclave)
    assert len(family) == NURSERIES + 3
    enclave.process.kill()
    enclave.process.wait()
    assert eventually(lambda: not any(_lives(process) for process in family))


def _lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_killed_enclave_starts_again_with_the_same_authority_and_accounts(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with running_enclave(state, command=ODD_COMMAND, environment=ODD_ENVIRONMENT) as first:
        once = first.accounts["operator"]["user_secret"]
        assert first.output().count(once) == 1  # the first start shows it, and nothing else does
        assert not [path for path in (state / "logs").iterdir() if once in path.read_text()]
        operator, ca = exchanged(first), Path(first.ca).read_bytes()
        token = RawClient(first, account=operator).login().token
        first.process.kill()
        first.process.wait()
    with running_enclave(state, command=ODD_COMMAND, environment=ODD_ENVIRONMENT) as second:
        assert second.accounts == {}
        assert "secret" not in second.output()
        assert Path(second.ca).read_bytes() == ca
        client = RawClient(second, account=operator)
        client.token = token
        assert client.ask("GET", "/api/status").status == 200


def test_a_dead_nursery_is_replaced(lasting: Enclave) -> None:
    client = RawClient(lasting, account=add_user(lasting.state, "ann", "analyst")).login()
    for nursery in psutil.Process(lasting.process.pid).children():
        nursery.kill()
    with client.session() as channels:
        channels.execute("nothing")


def test_a_nursery_that_dies_while_nobody_asks_is_replaced_before_the_next_session(lasting: Enclave) -> None:
    client = RawClient(lasting, account=add_user(lasting.state, "bea", "analyst")).login()
    (worn,) = nurseries(lasting, "kernel")
    with client.session() as channels:
        channels.execute("nothing")
        (vault,) = nurseries(lasting, "vault")
    worn.kill()
    assert eventually(lambda: [each.pid for each in nurseries(lasting, "kernel")] not in ([], [worn.pid]))
    assert eventually(lambda: not worn.is_running())  # waited for: no zombie is left
    assert [each.pid for each in nurseries(lasting, "vault")] == [vault.pid]
    with client.session() as channels:
        channels.execute("nothing")


def test_a_second_enclave_on_the_same_state_is_refused(lasting: Enclave) -> None:
    assert "Another enclave is already serving" in refused("serve", "--state", lasting.state, "--port", "0")


def test_a_port_in_use_is_refused(lasting: Enclave, tmp_path: Path) -> None:
    sentence = refused("serve", "--state", tmp_path / "other", "--port", str(lasting.port))
    assert (
        sentence
        == f"Port {lasting.port} on 127.0.0.1 can't be used: Address already in use. Choose another with --port."
    )


def test_an_address_of_somebody_else_is_refused(tmp_path: Path) -> None:
    assert "can't be used" in refused("serve", "--state", tmp_path / "s", "--port", "0", "--host", "192.0.2.1")
    assert "can't be used" in refused("serve", "--state", tmp_path / "s", "--port", "0", "--host", "no such host")


def test_a_state_that_is_no_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/enclave")):
        assert "can't be used" in refused("serve", "--state", path, "--port", "0")


def test_a_full_disk_is_refused_at_the_start(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    if (
        os.geteuid() != 0
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", state], check=False).returncode
    ):
        pytest.skip("mounting a small file system needs root")
    try:
        (state / "filler").write_bytes(bytes(64 * 1024 - 4096 * 8))
        subprocess.run(["dd", "if=/dev/zero", f"of={state / 'rest'}"], check=False, capture_output=True)
        assert "No space left on device" in refused("serve", "--state", state, "--port", "0")
    finally:
        subprocess.run(["umount", state], check=True)


@pytest.fixture(scope="module")
def used_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state of an enclave that has served and ended."""
    state = tmp_path_factory.mktemp("used") / "state"
    with running_enclave(state, command=ODD_COMMAND, environment=ODD_ENVIRONMENT) as enclave:
        stop(enclave.process)
    return state


@pytest.mark.parametrize(
    "name", ["accounts.sqlite", "keys/tokens.key", "tls/ca.pem", "tls/server.pem", "tls/server.key"]
)
def test_a_damaged_file_is_named(used_state: Path, tmp_path: Path, name: str) -> None:
    state = tmp_path / "state"
    shutil.copytree(used_state, state)
    (state / name).write_bytes(b"damaged" * 1000)
    assert Path(name).name in refused("serve", "--state", state, "--port", "0")


def test_a_bad_settings_file_is_refused(tmp_path: Path) -> None:
    config = tmp_path / "enclave.toml"
    config.write_text("[sessions]\nidle_timeout = 5")
    sentence = refused("serve", "--state", tmp_path / "state", "--port", "0", "--config", config)
    assert sentence.startswith("There is no setting sessions.idle_timeout; known are")
    config.write_text("[server]\ncertificate = '/nowhere'")
    assert "belong together" in refused("serve", "--state", tmp_path / "state", "--port", "0", "--config", config)


def test_a_missing_settings_file_is_refused(tmp_path: Path) -> None:
    assert "can't be read" in refused("serve", "--state", tmp_path / "state", "--config", tmp_path / "none.toml")


def test_a_ready_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    sentence = refused("serve", "--state", tmp_path / "s", "--port", "0", "--ready-file", tmp_path / "no" / "r.json")
    assert "can't be written" in sentence


def test_an_own_certificate_is_served(used_state: Path, tmp_path: Path) -> None:
    tls = used_state / "tls"
    config = f'[server]\ncertificate = "{tls / "server.pem"}"\ncertificate_key = "{tls / "server.key"}"\n'
    with running_enclave(tmp_path / "own", config=config, command=ODD_COMMAND, environment=ODD_ENVIRONMENT) as own:
        assert json.loads((own.state / "ready.json").read_text())["ca"] is None
        context = ssl.create_default_context(cafile=tls / "ca.pem")
        with socket.create_connection(("127.0.0.1", own.port)) as raw:
            context.wrap_socket(raw, server_hostname="localhost").close()


@pytest.mark.parametrize(("certificate", "key"), [("ca.pem", "server.key"), ("server.key", "server.pem")])
def test_a_certificate_without_its_key_is_refused(used_state: Path, tmp_path: Path, certificate: str, key: str) -> None:
    tls, config = used_state / "tls", tmp_path / "enclave.toml"
    config.write_text(f'[server]\ncertificate = "{tls / certificate}"\ncertificate_key = "{tls / key}"\n')
    sentence = refused("serve", "--state", tmp_path / "state", "--port", "0", "--config", config)
    assert "can't be used together" in sentence


def test_accounts_are_listed_and_bad_names_refused(tmp_path: Path) -> None:
    warm.run("user", "add", "ann", "--role", "analyst", "--state", tmp_path, check=True)
    listed = warm.run("user", "list", "--state", tmp_path, check=True)
    assert listed.stdout == "ann\tanalyst\tactive\n"
    assert refused("user", "add", "ann", "--role", "owner", "--state", tmp_path) == "There is already a user ann."
    assert "letters" in refused("user", "add", "../x", "--role", "owner", "--state", tmp_path)
    assert refused("user", "disable", "bob", "--state", tmp_path) == "There is no user bob."


@pytest.mark.parametrize(
    "words", [[], *([name] for name, each in commands.commands.items() if hasattr(each, "commands"))]
)
def test_no_help_breaks_off_in_the_middle_of_a_sentence(words: list[str]) -> None:
    shown = CliRunner().invoke(commands, [*words, "--help"], terminal_width=80).output
    assert [line for line in shown.splitlines() if line.endswith("...") and "Usage" not in line] == []


def test_help_and_version_are_quick() -> None:
    before = os.times()
    done = subprocess.run([*COMMAND, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("ag-enclave, version ")
    after = os.times()
    assert after.children_user + after.children_system - before.children_user - before.children_system < 3


def test_the_doctor_reports(tmp_path: Path) -> None:
    done = warm.run("doctor")
    assert "landlock" in done.stdout
    assert done.returncode == (0 if "An enclave can run here." in done.stdout else 1)

"""Health, readiness and metrics as an operator's tools meet them: true, parseable, and silent about data and people."""

import dataclasses
import http.client
import json
import re
import shutil
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from ag_enclave.checkup import address_of, of_settings, of_state
from ag_enclave.cli import commands
from ag_enclave.metrics import Metrics, gauge, page
from ag_enclave.migrate import open_accounts
from ag_enclave.pace import Pace
from ag_enclave.tls import SERVER_LIFE, current_time, ensure_certificates
from ag_sandbox.host import Finding
from tests.enclave.conftest import ODD_COMMAND, ODD_ENVIRONMENT, exchanged
from tests.enclave.people import add_user
from tests.enclave.processes import children, eventually
from tests.enclave.raw_client import RawClient
from tests.enclave.test_console import Browser
from tests.enclave.test_serve_command import refused
from tests.enclave_server import Enclave, running_enclave
from tests.house.tree import ROOMS

SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*)\})? ([0-9.e+-]+|\+Inf)')


def parsed(text: str) -> dict[str, float]:
    """Every sample of the page. Fails where a line is none of the format's, or a sample's family was not announced."""
    kinds: dict[str, str] = {}
    samples: dict[str, float] = {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert kind in ("counter", "gauge", "histogram")
            kinds[name] = kind
        elif not line.startswith("# HELP "):
            found = SAMPLE.fullmatch(line)
            assert found, line
            assert found[1] in kinds or re.sub("_(bucket|sum|count)$", "", found[1]) in kinds
            samples[line.rpartition(" ")[0]] = float(found[3])
    assert text.endswith("\n")
    return samples


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Enclave, int]]:
    port = free_port()
    config = f"[server]\nmetrics_port = {port}\n[accounts]\nrequests_at_once = 20\nrequests_per_second = 1\n"
    state = tmp_path_factory.mktemp("scraped")
    with running_enclave(state, config=config, command=ODD_COMMAND, environment=ODD_ENVIRONMENT) as enclave:
        yield enclave, port


def fetch(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def test_a_scraper_on_this_host_needs_no_secret_and_gets_counts(scraped: tuple[Enclave, int]) -> None:
    enclave, port = scraped
    operator = RawClient(enclave, account=exchanged(enclave)).login()
    operator.ask("GET", "/ag/v1/users")
    operator.ask("GET", "/ag/v1/requests")
    status, text = fetch(port, "/metrics")
    samples = parsed(text)
    assert status == 200
    assert samples['ag_requests_total{method="GET",route="/ag/v1/users",status="200"}'] == 1
    assert samples['ag_requests_total{method="GET",route="/ag/v1/requests",status="403"}'] == 1
    assert samples['ag_request_seconds_bucket{method="GET",route="/ag/v1/users",le="+Inf"}'] == 1
    assert samples['ag_up{part="ledger"}'] == samples['ag_up{part="vault"}'] == samples['ag_up{part="database"}'] == 1
    assert "operator" not in text.replace("ag_", "")
    assert parsed(operator.ask("GET", "/metrics").text)['ag_waiting{what="requests"}'] == 0
    assert fetch(port, "/ag/v1/users")[0] == 404
    assert fetch(port, "/readyz")[0] == 200
    assert fetch(port, "/healthz") == (200, '{"status":"ok"}')


def test_readiness_tells_which_part_is_away_and_comes_back(scraped: tuple[Enclave, int]) -> None:
    enclave, _ = scraped
    client = RawClient(enclave, account={"user_id": ""})
    assert client.ask("GET", "/readyz").json["status"] == "ready"
    for clerk in children(enclave, "clerk"):
        clerk.kill()
    assert eventually(lambda: client.ask("GET", "/readyz").status == 503)
    assert eventually(lambda: client.ask("GET", "/readyz").status == 200)
    assert client.ask("GET", "/healthz").status == 200


def test_an_account_that_asks_without_end_waits_and_no_other_does(scraped: tuple[Enclave, int]) -> None:
    enclave, port = scraped
    hasty, other = (
        RawClient(enclave, account=add_user(enclave.state, name, "owner")).login_anew() for name in ("hasty", "calm")
    )
    answers = [hasty.ask("GET", path) for path in ["/ag/v1/me", "/ag/v1/users", "/api/status"] * 8]
    statuses = [answer.status for answer in answers]
    assert statuses[:18] == [200, 403, 200] * 6  # what the role may not counts like all else
    late = [answer for answer in answers if answer.status == 429]
    assert len(late) >= 24 - 20 - 2  # a slow machine has let a second or two pass
    assert {answer.headers["Retry-After"] for answer in late} == {"1"}
    assert "more slowly" in late[0].json["message"]
    visit = Browser(dataclasses.replace(enclave, accounts={"analyst": hasty.account}))
    visit.login(hasty.account)
    assert 429 in {visit.get("/console").status for _ in range(4)}
    assert other.ask("GET", "/ag/v1/me").status == 200
    assert 'route="/ag/v1/me",status="429"' in fetch(port, "/metrics")[1]
    assert eventually(lambda: hasty.ask("GET", "/ag/v1/me").status == 200)


def test_a_pace_is_so_many_at_once_and_then_so_many_a_second() -> None:
    now = [0.0]
    pace = Pace(per_second=2, at_once=3, clock=lambda: now[0])
    assert [pace.wait_seconds("ann") for _ in range(5)] == [0, 0, 0, 0.5, 0.5]
    assert pace.wait_seconds("bob") == 0
    for later, waits in ((0.5, [0, 0.5]), (1.0, [0, 0.5]), (100.0, [0, 0, 0, 0.5])):
        now[0] = later
        assert [pace.wait_seconds("ann") for _ in waits] == waits


def test_metrics_are_for_operators(odd_enclave: Enclave) -> None:
    assert RawClient(odd_enclave).ask("GET", "/metrics").status == 401
    assert RawClient(odd_enclave, "analyst").login().ask("GET", "/metrics").status == 403


def test_a_port_of_metrics_in_use_is_said(tmp_path: Path, odd_enclave: Enclave) -> None:
    (tmp_path / "c.toml").write_text(f"[server]\nmetrics_port = {odd_enclave.port}\n")
    sentence = refused("serve", "--state", tmp_path / "s", "--port", "0", "--config", tmp_path / "c.toml")
    assert "server.metrics_port can't be used" in sentence


def test_the_page_escapes_labels_and_counts_what_took_long() -> None:
    metrics = Metrics(clock=lambda: 0.0)
    for seconds in (0.001, 0.05, 100.0):
        metrics.served("GET", '/a"b\\c', 200, seconds)
    samples = parsed(page([*metrics.requests(), gauge("ag_x", "X.", {"a\nb": 1.0}, "of")]))
    name = 'ag_request_seconds_bucket{method="GET",route="/a\\"b\\\\c",le='
    assert [samples[f'{name}"{le}"}}'] for le in ("0.005", "0.1", "10.0", "+Inf")] == [1, 2, 2, 3]
    assert samples['ag_x{of="a\\nb"}'] == 1


# The files that operators copy

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "examples" / "ag-enclave.service"


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd here")
    program = tmp_path / "ag-enclave"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = tmp_path / "ag-enclave.service"
    unit.write_text(UNIT.read_text().replace("/opt/ag-enclave/bin/ag-enclave", str(program)))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_unit_takes_nothing_from_the_jail_and_calls_commands_that_exist() -> None:
    settings = dict(re.findall(r"^(\w+)=(.*)$", UNIT.read_text(), re.MULTILINE))
    harmful = ("RestrictNamespaces", "PrivateUsers", "SystemCallFilter", "ProtectProc", "ProcSubset")
    harmful += ("ProtectKernelTunables", "ProtectKernelLogs", "MemoryDenyWriteExecute", "PrivateNetwork")
    assert [name for name in harmful if name in settings] == []
    assert settings["NoNewPrivileges"] == "yes"
    for name in ("ExecStart", "ExecStartPre"):
        words = settings[name].split()
        known = commands.commands[words[1]]
        options = {flag for option in known.params for flag in option.opts}
        assert {word for word in words[2:] if word.startswith("--")} <= options


def test_the_container_file_copies_what_is_there_and_calls_what_exists() -> None:
    text = (ROOT / "enclave" / "Containerfile").read_text()
    for line in re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.MULTILINE):
        assert [name for name in line.split() if not (ROOT / name).exists()] == []
    (words,) = re.findall(r"^CMD (\[.*\])$", text, re.MULTILINE)
    options = {flag for option in commands.commands["serve"].params for flag in option.opts}
    assert {word for word in json.loads(words) if word.startswith("--")} <= options
    assert set(ROOMS) == set(re.findall(r"^COPY (\w+) \1$", text, re.MULTILINE))


# The doctor


def found(findings: Iterator[Finding]) -> dict[str, tuple[bool, bool, str]]:
    return {each.name: (each.present, each.needed, each.meaning) for each in findings}


def test_the_doctor_finds_what_is_wrong_with_settings(tmp_path: Path) -> None:
    now, path = current_time(), tmp_path / "c.toml"
    path.write_text("[sessions]\ncapacity = 0\n")
    assert found(of_settings(path, now))["settings"][:2] == (False, True)
    path.write_text('[notify]\nsmtp_host = "mail.example.org"\n')
    assert "notify.mail_from" in found(of_settings(path, now))["settings"][2]
    certificates = ensure_certificates(tmp_path, "127.0.0.1", now)
    path.write_text(f'[server]\ncertificate = "{certificates.certificate}"\ncertificate_key = "{certificates.key}"\n')
    assert found(of_settings(path, now))["certificate"][0]
    late = found(of_settings(path, now + SERVER_LIFE - timedelta(days=3)))
    assert (late["certificate"][0], late["certificate's renewal"][0]) == (True, False)
    assert not found(of_settings(path, now + SERVER_LIFE + timedelta(days=2)))["certificate"][0]


def test_the_doctor_asks_the_database_that_the_settings_name_before_the_first_start(tmp_path: Path) -> None:
    path, state = tmp_path / "c.toml", tmp_path / "state"
    state.mkdir(mode=0o700)
    path.write_text('[state]\ndatabase_url = "postgresql+psycopg://nobody@/none?host=/nowhere"\n')
    for there in (state, tmp_path / "not yet"):
        told = found(of_state(there, address_of(path)))
        assert (told["database"][:2], "/nowhere" in told["database"][2]) == ((False, True), True)
        assert "accounts" not in told
    assert (address_of(None), address_of(tmp_path / "none.toml")) == ("", "")
    assert "SQLite" in found(of_state(state, address_of(None)))["database"][2]


def test_the_doctor_finds_what_waits_in_a_state_and_changes_nothing(tmp_path: Path) -> None:
    assert found(of_state(tmp_path / "none"))["state"][:2] == (False, False)
    (tmp_path / "file").touch()
    for nowhere in ("file", "none/none"):
        assert found(of_state(tmp_path / nowhere))["state"][:2] == (False, True)
    tmp_path.chmod(0o755)
    assert not found(of_state(tmp_path))["state"][0]
    tmp_path.chmod(0o700)
    accounts = open_accounts(tmp_path / "accounts.sqlite")
    accounts.add("op", "operator", "h", by="t", one_time=True)
    told = found(of_state(tmp_path))
    assert all(told[name][0] for name in ("state", "disk", "accounts"))
    assert (told["secrets"][0], "op" in told["secrets"][2], told["audit log"][2]) == (
        False,
        True,
        "1 deeds are told at the next start",
    )
    with accounts.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    accounts.close()
    assert "upgrades them" in found(of_state(tmp_path))["accounts"][2]
    sqlite3.connect(tmp_path / "accounts.sqlite").execute("DROP TABLE alembic_version")
    assert found(of_state(tmp_path))["accounts"][:2] == (False, True)
    (tmp_path / "accounts.sqlite").write_bytes(b"damaged" * 1000)
    assert found(of_state(tmp_path))["accounts"][:2] == (False, True)

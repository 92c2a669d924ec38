"""Settings and certificates as values."""

import re
import ssl
import subprocess
import sys
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from cryptography import x509

from ag_enclave.config import SECTIONS, Config, read_config
from ag_enclave.errors import BadConfig
from ag_enclave.tls import RENEW_BEFORE, SERVER_LIFE, ensure_certificates

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "enclave.toml"
NOW = datetime(2030, 1, 1, tzinfo=UTC)


def test_the_example_is_the_defaults() -> None:
    assert read_config(EXAMPLE) == Config()


def test_the_example_names_and_explains_every_setting_in_its_section() -> None:
    section, named = "", list[tuple[str, str]]()
    for before, line in pairwise(EXAMPLE.read_text().splitlines()):
        section = line.strip("[]") if line.startswith("[") else section
        if " = " in line and not line.startswith("#"):
            named.append((section, line.partition(" ")[0]))
            assert before.startswith("# "), f"{line}: why would one change it?"
    assert sorted(named) == sorted((section, each.name) for section, kind in SECTIONS.items() for each in fields(kind))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[sessions]\nidle_timeout = 5", "There is no setting sessions.idle_timeout; known are"),
        ("[session]", "There is no section session; known are"),
        ("[sessions]\ncapacity = 0", "sessions.capacity must be from 1 to"),
        ("[sessions]\ncapacity = true", "sessions.capacity must be of type int."),
        ('[sessions]\ncapacity = "9"', "sessions.capacity must be of type int."),
        ("[vault]\nschedule = 'never'", "vault.schedule must be one of default, immediate."),
        ("sessions = 1", "[sessions] must be a section of settings."),
        ("[sessions", "is not valid TOML"),
        ("\xff", "is not valid TOML"),
    ],
)
def test_a_setting_that_is_unknown_or_out_of_range_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "enclave.toml").write_text(text)
    with pytest.raises(BadConfig, match=re.escape(sentence)):
        read_config(tmp_path / "enclave.toml")


def _serial(folder: Path, name: str) -> int:
    return x509.load_pem_x509_certificate((folder / name).read_bytes()).serial_number


@pytest.mark.parametrize(
    ("later", "renewed"), [(timedelta(days=1), False), (SERVER_LIFE - RENEW_BEFORE, True), (SERVER_LIFE * 2, True)]
)
def test_the_server_certificate_is_renewed_near_its_end_by_the_same_authority(
    tmp_path: Path, later: timedelta, renewed: bool
) -> None:
    ensure_certificates(tmp_path, "127.0.0.1", NOW)
    authority, server = _serial(tmp_path, "ca.pem"), _serial(tmp_path, "server.pem")
    ensure_certificates(tmp_path, "127.0.0.1", NOW + later)
    assert _serial(tmp_path, "ca.pem") == authority
    assert (_serial(tmp_path, "server.pem") != server) == renewed


def test_another_host_name_gets_its_certificate(tmp_path: Path) -> None:
    first = ensure_certificates(tmp_path, "127.0.0.1", NOW).certificate.read_bytes()
    paths = ensure_certificates(tmp_path, "enclave.example", NOW)
    assert paths.certificate.read_bytes() != first
    names = x509.load_pem_x509_certificate(paths.certificate.read_bytes()).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert names.value.get_values_for_type(x509.DNSName) == ["localhost", "enclave.example"]
    ssl.create_default_context(cafile=paths.ca)


@pytest.mark.parametrize(("soft", "hard", "after"), [(64, 4096, 1024), (2048, 4096, 2048), (64, 512, 512)])
def test_descriptors_are_raised_to_what_all_sessions_need_as_far_as_the_host_allows(
    soft: int, hard: int, after: int
) -> None:
    """In a process of its own, as a limit that was lowered can't be raised again."""
    program = (
        f"import resource; n = resource.RLIMIT_NOFILE; resource.setrlimit(n, ({soft}, {hard}))\n"
        "from ag_enclave import descriptors; from ag_enclave.config import Config\n"
        "descriptors.provide(Config()); print(descriptors.needed(Config()), *resource.getrlimit(n))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == f"1024 {after} {hard}"
    assert ("too few descriptors" in done.stdout + done.stderr) == (after == 512)

"""Every setting of the gateway: its name, its default, its limits. ``examples/enclave.toml`` explains each.

Reads one TOML file and nothing else: no environment, no defaults hidden in other modules.
"""

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from ag_enclave.errors import BadConfig

MIB = 1 << 20


def _int(default: int, least: int, most: int = 1 << 50) -> Any:
    return field(default=default, metadata={"least": least, "most": most})


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where accounts and ledger are kept."""

    database_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where the gateway listens and what it shows."""

    host: str = "127.0.0.1"
    port: int = _int(8443, 0, 65535)
    certificate: str = ""
    certificate_key: str = ""
    metrics_port: int = _int(0, 0, 65535)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """Access tokens, what failed logins cost, and how fast one account may ask."""

    token_seconds: int = _int(600, 1, 86400)
    longest_token_seconds: int = _int(43_200, 1, 604_800)
    console_seconds: int = _int(14_400, 60, 86_400)
    failures_allowed: int = _int(5, 1)
    failure_wait_seconds: int = _int(30, 1)
    requests_per_second: int = _int(50, 1)
    requests_at_once: int = _int(1000, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """How many sessions there may be, and when they end."""

    capacity: int = _int(32, 1)
    per_analyst: int = _int(4, 1)
    connections: int = _int(8, 1)
    idle_timeout_seconds: int = _int(3600, 1)
    cell_timeout_seconds: int = _int(3600, 0)
    cell_cpu_seconds: int = _int(600, 0)
    stand_back_percent: int = _int(5, 1)
    interrupt_grace_seconds: int = _int(10, 1)
    checker_rest_seconds: int = _int(30, 0)
    strict_types: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """Sizes on the websocket and in the buffer that serves a reconnecting client."""

    message_bytes: int = _int(160 * MIB, 1024)
    cell_bytes: int = _int(MIB, 64)
    output_bytes: int = _int(16 * MIB, 1024)
    export_bytes: int = _int(100 * MIB, 1024)
    import_bytes: int = _int(100 * MIB, 1024)
    replay_bytes: int = _int(64 * MIB, 0)
    replay_messages: int = _int(10_000, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """What one guest process may use."""

    memory_bytes: int = _int(2048 * MIB, 64 * MIB)
    processes: int = _int(64, 1)
    cpu_seconds: int = _int(0, 0)
    file_bytes: int = _int(64 * MIB, 0)
    cell_output_bytes: int = _int(4 * MIB, 1024)
    cell_messages: int = _int(100_000, 10)
    messages_per_second: int = _int(10_000, 10)
    bytes_per_second: int = _int(64 * MIB, 1024)
    cell_depth: int = _int(150, 20, 300)
    history_cells: int = _int(1000, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """What one vault process may use, and how it answers."""

    memory_bytes: int = _int(4096 * MIB, 64 * MIB)
    processes: int = _int(64, 1)
    threads: int = _int(2, 1)
    file_bytes: int = _int(16384 * MIB, 0)
    schedule: str = "default"
    scratch_budget: float = 100.0
    lost_answers: int = _int(50, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Jail:
    """What is demanded of the host beyond what every jail needs."""

    namespaces: str = "auto"
    users: str = "auto"
    cgroups: str = "auto"
    users_first: int = _int(1_090_000_000, 1000, 4_000_000_000)
    users_count: int = _int(65536, 16, 1 << 24)
    cgroup: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapper:
    """What one run of an analyst's program over a column may use; more than any of them needs, as programs have limits of their own."""

    memory_bytes: int = _int(512 * MIB, 64 * MIB)
    cpu_seconds: int = _int(3600, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    """How much an analyst may ask of the owners."""

    open_per_analyst: int = _int(10, 1)
    per_day: int = _int(50, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What one run of reviewed code may use, and how much code may wait for review."""

    memory_bytes: int = _int(4096 * MIB, 64 * MIB)
    cpu_seconds: int = _int(600, 1, 86_400)
    seconds: int = _int(900, 1, 86_400)
    at_once: int = _int(2, 1, 64)
    source_bytes: int = _int(100_000, 64, MIB)
    result_bytes: int = _int(8 * MIB, 64, 32 * MIB)
    printed_bytes: int = _int(65_536, 0, MIB)
    open_per_analyst: int = _int(20, 1, 1000)
    per_day: int = _int(50, 1, 10_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploads:
    """How much owners may send, and what loading it may take."""

    bytes_per_upload: int = _int(64 * 1024 * MIB, 1)
    bytes_per_owner: int = _int(128 * 1024 * MIB, 1)
    open_per_owner: int = _int(8, 1)
    chunk_bytes: int = _int(16 * MIB, 1024, 1024 * MIB)
    free_bytes: int = _int(2048 * MIB, 0)
    keep_hours: int = _int(72, 1, 24 * 365)
    loads_at_once: int = _int(2, 1, 64)
    load_seconds: int = _int(7200, 1)
    load_memory_bytes: int = _int(8192 * MIB, 1024 * MIB)
    load_file_bytes: int = _int(128 * 1024 * MIB, MIB)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """Where notices of requests and decisions go."""

    smtp_host: str = ""
    smtp_port: int = _int(587, 1, 65535)
    smtp_security: str = "starttls"
    smtp_user: str = ""
    smtp_password_file: str = ""
    mail_from: str = ""
    mail_to: str = ""
    webhook_url: str = ""
    webhook_secret_file: str = ""
    ca: str = ""
    retry_seconds: int = _int(30, 1, 3600)


@dataclass(frozen=True, slots=True, kw_only=True)
class Oidc:
    """Another issuer that vouches for people."""

    issuer: str = ""
    audience: str = ""
    ca: str = ""
    user_claim: str = "sub"
    role_claim: str = "role"
    analysts: str = "analyst"
    owners: str = ""
    auditors: str = ""
    operators: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All settings. One section per class above."""

    state: State = field(default_factory=State)
    server: Server = field(default_factory=Server)
    accounts: Accounts = field(default_factory=Accounts)
    sessions: Sessions = field(default_factory=Sessions)
    wire: Wire = field(default_factory=Wire)
    kernel: Kernel = field(default_factory=Kernel)
    vault: Vault = field(default_factory=Vault)
    jail: Jail = field(default_factory=Jail)
    mapper: Mapper = field(default_factory=Mapper)
    requests: Requests = field(default_factory=Requests)
    review: Review = field(default_factory=Review)
    uploads: Uploads = field(default_factory=Uploads)
    notify: Notify = field(default_factory=Notify)
    oidc: Oidc = field(default_factory=Oidc)


SECTIONS: dict[str, type] = {
    "state": State,
    "server": Server,
    "accounts": Accounts,
    "sessions": Sessions,
    "wire": Wire,
    "kernel": Kernel,
    "vault": Vault,
    "jail": Jail,
    "mapper": Mapper,
    "requests": Requests,
    "review": Review,
    "uploads": Uploads,
    "notify": Notify,
    "oidc": Oidc,
}

CHOICES = {
    ("notify", "smtp_security"): ("starttls", "tls", "none"),
    ("vault", "schedule"): ("default", "immediate"),
    **{("jail", wall): ("auto", "required") for wall in ("namespaces", "users", "cgroups")},
}


def read_config(path: Path) -> Config:
    """Parse a settings file. BadConfig with one sentence for anything that isn't a known setting of the right type and range."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise BadConfig(f"The settings file {path} can't be read: {problem}.") from problem
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise BadConfig(f"The settings file {path} is not valid TOML: {problem}.") from problem
    return parse_config(table)


def parse_config(table: dict[str, Any]) -> Config:
    """Parse the tables of a settings file."""
    _known("section", table, SECTIONS)
    return Config(**{name: _section(name, SECTIONS[name], body) for name, body in table.items()})


def _section(name: str, section: type, body: Any) -> Any:
    if not isinstance(body, dict):
        raise BadConfig(f"[{name}] must be a section of settings.")
    known = {item.name: item for item in fields(section)}
    _known("setting", body, known, f"{name}.")
    for key, value in body.items():
        _check(f"{name}.{key}", known[key].type, known[key].metadata, value)
        choices = CHOICES.get((name, key))
        if choices and value not in choices:
            raise BadConfig(f"{name}.{key} must be one of {', '.join(choices)}.")
    return section(**{key: float(value) if known[key].type is float else value for key, value in body.items()})


def _known(what: str, given: dict[str, Any], known: dict[str, Any], prefix: str = "") -> None:
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise BadConfig(f"There is no {what} {prefix}{unknown[0]}; known are {', '.join(sorted(known))}.")


def _check(name: str, kind: Any, limits: Any, value: Any) -> None:
    accepted = (int, float) if kind is float else kind
    if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
        raise BadConfig(f"{name} must be of type {kind.__name__}.")
    if limits and not limits["least"] <= value <= limits["most"]:
        raise BadConfig(f"{name} must be from {limits['least']} to {limits['most']}.")

"""Where an enclave's two databases are: files in its state directory, or a PostgreSQL server whose address the directory keeps for its commands.

Knows addresses, and opens nothing.
"""

from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from ag_enclave.errors import BadConfig, BadState
from ag_enclave.state import State, write_private

PREFIX = "postgresql+psycopg://"
_FILE = "database.url"


def checked(address: str) -> str:
    """The address, where it is one. BadConfig for any other server, another way than a unix socket, and a password in it."""
    if not address:
        return ""
    try:
        url = make_url(address)
    except ArgumentError as problem:
        raise BadConfig("state.database_url is no address of a database.") from problem
    if not address.startswith(PREFIX) or not url.database:
        raise BadConfig(f"state.database_url must be {PREFIX}USER@/DATABASE?host=/DIRECTORY/OF/THE/SOCKET, or empty.")
    if url.password is not None:
        raise BadConfig("state.database_url holds no password: use peer authentication, or &passfile=/FILE.")
    if not str(url.query.get("host", url.host or "")).startswith("/"):
        raise BadConfig(
            "state.database_url must name the server's unix socket (?host=/run/postgresql), not a host: what holds rows has no network."
        )
    return address


def address(state: State) -> str:
    """The server's address; empty where the databases are files."""
    try:
        return checked((state.root / _FILE).read_text(encoding="utf-8").strip())
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as problem:
        raise BadState(f"The file {state.root / _FILE} can't be read: {problem}.") from problem


def settle(state: State, wanted: str) -> None:
    """Keep the address of the settings for whoever is given the directory alone. BadState where ledger and accounts are elsewhere already."""
    known = address(state)
    if wanted == known:
        return
    if not known and (_used(state.accounts) or _used(state.ledger)):
        raise BadState(
            f"Accounts and ledger of {state.root} are SQLite files; state.database_url can be set for a new state directory only."
        )
    if known and not wanted:
        raise BadState(
            f"Accounts and ledger of {state.root} are on a server: serve it with settings whose state.database_url says so."
        )
    write_private(state.root / _FILE, (wanted + "\n").encode())


def accounts_at(state: State) -> str | Path:
    """The gateway's own database."""
    return address(state) or state.accounts


def ledger_at(state: State) -> str:
    """The ledger, as vaults and clerk are told."""
    return address(state) or str(state.ledger)


def _used(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0
